"""What is asked, by whom, and how the upstreams treat it: all of it follows from a seed and a request's number.

Clients and upstreams are processes of their own and compute the same plan; nothing has to be sent between them.
"""

import random
from collections.abc import Mapping
from typing import Literal, TypeVar

from msgspec import Struct, structs

from bench.reliability.parties import Dialect, keys

T = TypeVar("T")
Kind = Literal["answer", "trickle", "status", "hang", "reset", "cut", "garbage"]
Report = Literal["honest", "cached", "absent", "zero", "negative", "text", "huge", "inflated"]

MAX_TOKENS = 64
TOKENS_PER_WORD = 2
"""A word is eight characters of ASCII: two tokens by the upstreams' count, and two by Kyozon's estimate."""
MOST = 100_000
"""A request's number has five digits."""

_STORM = 250
_STORM_EVERY = 6
_TROUBLE, _TROUBLE_AGAIN = 14, 40
_LIES = 12
"""Of a hundred calls: first ones and later ones that meet trouble, and answers whose usage is not plain."""


class Behaviour(Struct, frozen=True):
    """How an upstream treats one call.

    `answer` whole, `trickle` whole in bits of a few bytes, `status` a failure with `retry_after`. The others begin an
    answer and then, after `words` words (-1: before its head), `hang`, `reset` the connection, `cut` it in good order, or
    send `garbage`. `report` is what the usage says; `pause` are seconds before the head and between words.
    """

    kind: Kind = "answer"
    words: int = 0
    status: int = 200
    retry_after: float | None = None
    report: Report = "honest"
    pause: float = 0.0


class Asked(Struct, frozen=True):
    """One request of the plan.

    `mistake` names what is wrong with it; `repeats` says that it carries an Idempotency-Key, is sent again when it fails
    and, with `asks_again`, once more after it was answered. Its client leaves after so many seconds or words.
    """

    number: int
    key: str
    model: str
    dialect: Dialect
    stream: bool
    words: int
    mistake: str = ""
    repeats: bool = False
    asks_again: bool = False
    leaves_after: float | None = None
    leaves_words: int | None = None


MISTAKES: Mapping[str, int] = {
    "no key": 401,
    "unknown key": 401,
    "no JSON": 400,
    "no messages": 400,
    "unknown model": 404,
    "unknown label": 400,
    "label too high": 403,
}
"""The status that each mistake must be answered with."""
_KEYS = {name: key.weight for name, key in keys(0).items()}
_ASKED_MODELS = {"auto": 15, "storm": 12, "swift": 30, "sound": 25, "scholar": 18}
_MANNERS = {"plain": 75, "mistaken": 3, "repeating": 17, "leaving": 5}
_TROUBLES: Mapping[Kind, int] = {"status": 45, "hang": 10, "reset": 15, "cut": 15, "garbage": 15}
_STATUSES: tuple[tuple[int, float | None], ...] = (
    *((status, None) for status in (500, 502, 503, 529)),
    *((status, seconds) for status in (429, 503) for seconds in (0.2, 1.0, 7.0)),
    (400, None),
)
_REPORTS: tuple[Report, ...] = ("cached", "absent", "zero", "negative", "text", "huge", "inflated")


def asked(seed: int, number: int) -> Asked:
    """The request of that number."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - a plan, no secret
    key, model = _drawn(chance, _KEYS), _drawn(chance, _ASKED_MODELS)
    dialect: Dialect = "anthropic" if _coin(chance, 30) else "openai"
    plain = Asked(number, key, model, dialect, stream=_coin(chance, 50), words=chance.randint(4, 24))
    manner = _drawn(chance, _MANNERS)
    if manner == "mistaken":
        return structs.replace(plain, mistake=chance.choice(list(MISTAKES)))
    if manner == "repeating":
        return structs.replace(plain, repeats=True, asks_again=_coin(chance, 50))
    if manner == "leaving":
        leaving = structs.replace(plain, repeats=_coin(chance, 30))
        if plain.stream and _coin(chance, 60):
            return structs.replace(leaving, leaves_words=chance.randint(1, plain.words))
        return structs.replace(leaving, leaves_after=chance.uniform(0.01, 0.4))
    return plain


def behaviour(seed: int, request: Asked, provider: str, nth: int) -> Behaviour:
    """How `provider` treats the `nth` call (from 0) that its process gets for `request`."""
    if provider == "storm" and stormy(request.number):
        return Behaviour("status", status=503)
    chance = random.Random(f"{seed}/{request.number}/{nth}")  # noqa: S311 - a plan, no secret
    pause = chance.choice((0.0, 0.0, 0.002, 0.01))
    if not _coin(chance, _TROUBLE_AGAIN if nth else _TROUBLE):
        report = chance.choice(_REPORTS) if _coin(chance, _LIES) else "honest"
        return Behaviour("trickle" if _coin(chance, 3) else "answer", report=report, pause=pause)
    kind = _drawn(chance, _TROUBLES)
    if kind == "status":
        status, seconds = chance.choice(_STATUSES)
        return Behaviour(kind, status=status, retry_after=seconds)
    least = 0 if kind in ("cut", "garbage") else -1
    return Behaviour(kind, words=chance.choice((least, 0, chance.randint(1, request.words))), pause=pause)


def stormy(number: int) -> bool:
    """Whether `storm` fails at this time of the run."""
    return number // _STORM % _STORM_EVERY == _STORM_EVERY - 1


def _drawn(chance: random.Random, weights: Mapping[T, int]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]


def _coin(chance: random.Random, percent: int) -> bool:
    return chance.randrange(100) < percent
