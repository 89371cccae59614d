"""How a request takes part in the trial of another version of the estimator: both are asked, one of the two decides."""

import hashlib
import logging
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct, structs

from kyozon.domain.decisions import Decision, Trial
from kyozon.domain.quality import Estimate
from kyozon.domain.requests import Json
from kyozon.routing.option import Ranking
from kyozon.services.candidates import estimated, estimates
from kyozon.services.registry import Registry, Tried
from kyozon.services.weighing import NO_ESTIMATES, NO_PACES, Paces, Verdict, options_of, ranked

_log = logging.getLogger(__name__)
_LARGEST = 1 << 64


class Asked(Struct, frozen=True):
    """What is read of a request: its words, and what begins its conversation. Neither is read where nobody asks.

    `paces` say how fast the models have answered, where it asks for an answer in time.
    """

    words: Callable[[], str]
    opening: Callable[[], bytes]
    paces: Paces = NO_PACES


class Looked(Struct, frozen=True):
    """What is expected of each model, by the version that decides; what the other version has to do with it."""

    estimates: Mapping[str, Estimate] = NO_ESTIMATES
    version: str = ""
    trial: Trial | None = None


def opening(chat: Json) -> bytes:
    """What a conversation begins with, up to the first words of the user: the same in each of its requests."""
    messages = chat.get("messages") or []
    said = next(
        (at for at, one in enumerate(messages) if isinstance(one, dict) and one.get("role") == "user"), len(messages)
    )
    return msgspec.json.encode(messages[: said + 1])


def looked(registry: Registry, asked: Asked, verdict: Verdict, draft: Decision) -> Looked:
    """Ask the version in use, and the one on trial where there is one, which decides for its share of the conversations.

    A version on trial that fails abstains, which is recorded. Where no answer is asked for there is nothing to try.
    """
    used, tried = registry.estimator, registry.tried
    found = estimates(used, asked.words, verdict)
    if used is None or not found:
        return Looked()
    if tried is None or draft.kind != "chat":
        return Looked(found, used.version)
    name, place = _conversation(tried, draft, asked.opening)
    trial = Trial(tried.estimator.version, tried.stage, used=False, share=tried.share, conversation=name)
    try:
        theirs = estimated(tried.estimator, asked.words, verdict)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with what is only tried, the request goes on
        _log.warning("the version %s on trial abstains (%s)", trial.version, type(error).__name__)
        return Looked(found, used.version, structs.replace(trial, failed=True))
    first, instead = (_first(registry, verdict, draft, one, asked.paces) for one in (found, theirs))
    trial = structs.replace(trial, differs=_plan(first) != _plan(instead))
    if tried.stage == "share" and place < tried.share / 100:
        return Looked(theirs, trial.version, _other(structs.replace(trial, used=True), first))
    return Looked(found, used.version, _other(trial, instead))


def _conversation(tried: Tried, draft: Decision, begins: Callable[[], bytes]) -> tuple[str, float]:
    """A conversation's hash, and its place from 0 up to 1 among all: by the caller's word for it, else by how it begins.

    Another trial gives it another place, and so does another key.
    """
    said = draft.session.encode() or begins()
    digest = hashlib.blake2b(f"{tried.rollout}\n{draft.key_id}\n".encode() + said, digest_size=8).digest()
    return digest.hex(), int.from_bytes(digest, "big") / _LARGEST


def _first(
    registry: Registry, verdict: Verdict, draft: Decision, found: Mapping[str, Estimate], paces: Paces
) -> Ranking | None:
    """What the router would choose by these estimates, if every model were well; None where it may choose nothing."""
    if draft.needs is None:
        return None
    options = options_of(verdict, draft.needs, draft.at.date(), found, paces)
    return ranked(registry, options, draft.needs) if options else None


def _plan(ranking: Ranking | None) -> tuple[str, ...]:
    """Whom a request would ask: the first model, and those behind it in a cascade."""
    if ranking is None:
        return ()
    behind = ranking.cascade
    return (ranking.options[0].card.id, *((behind.strong, behind.opinion or "") if behind else ()))


def _other(trial: Trial, ranking: Ranking | None) -> Trial:
    if ranking is None:
        return trial
    choice, behind = ranking.options[0], ranking.cascade
    quality = None if choice.estimate is None else choice.estimate.quality
    quality, cost = (quality, choice.cost) if behind is None else (behind.quality, behind.cost)
    first, *more = _plan(ranking)
    return structs.replace(
        trial, choice=first, provider=choice.card.provider, quality=quality, cost=cost, behind=tuple(more)
    )
