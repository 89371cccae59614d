"""Bugs in masking that somebody could write, one switch each."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs

import kyozon.services.chat
import kyozon.services.continuing
import kyozon.services.deciding
import kyozon.services.egress
import kyozon.services.embeddings
import kyozon.services.masking
import kyozon.services.sending
from kyozon.domain.decisions import Decision
from kyozon.domain.labels import Label, Level, Zone, parse_clearance
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import EmbeddingRequest, Json
from kyozon.governance.flow import may_flow
from kyozon.governance.masking.tokens import Unmasking, unmasked
from kyozon.governance.masking.walking import changed
from kyozon.ports.provider import ChatCall, EmbeddingCall
from kyozon.services.deciding import Decided
from kyozon.services.masking import NOTHING, Found, masked_label
from kyozon.services.restoring import Restoring, restoring
from kyozon.services.sending import Sending, masked_for, sending
from tests.noninterference.leaks import Seed


def failing_detectors_find_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(kyozon.services.masking, "_unknown", lambda _: NOTHING)


def the_second_look_does_not_count(patch: pytest.MonkeyPatch) -> None:
    real = kyozon.services.masking._verdict

    def verdict(parts: Any, draft: Any, _: Any, checks: tuple[str, ...]) -> Found:
        return real(parts, draft, [], checks)

    patch.setattr(kyozon.services.masking, "_verdict", verdict)


def names_are_no_words(patch: pytest.MonkeyPatch) -> None:
    """What stands in names is neither looked at nor in the way."""
    patch.setattr(kyozon.services.masking, "doubtful", lambda _: iter(()))


def arguments_pass_as_they_are(patch: pytest.MonkeyPatch) -> None:
    def content_only(value: Any, change: Any) -> Any:
        return changed(value, lambda name, words: words if name == "to" else change(name, words))

    patch.setattr(kyozon.services.masking, "changed", content_only)


def masking_takes_away_what_was_declared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        kyozon.services.deciding,
        "masked_label",
        lambda label, found, stated: masked_label(label, found, structs.replace(stated, compartments=frozenset())),
    )


def masked_words_are_public(patch: pytest.MonkeyPatch) -> None:
    def public(label: Label, found: Found, stated: Label) -> Label | None:
        masked = masked_label(label, found, stated)
        return None if masked is None else structs.replace(masked, level=Level.PUBLIC)

    patch.setattr(kyozon.services.deciding, "masked_label", public)


def words_go_under_the_label_of_the_masked_ones(patch: pytest.MonkeyPatch) -> None:
    def leaky(decided: Decided, call: ChatCall) -> Sending:
        sent = sending(decided, call)
        return structs.replace(sent, call=call)

    patch.setattr(kyozon.services.chat, "sending", leaky)


def texts_to_embed_go_as_they_are(patch: pytest.MonkeyPatch) -> None:
    def leaky(decided: Decided, card: ModelCard, request: EmbeddingRequest) -> tuple[EmbeddingCall, Label]:
        return EmbeddingCall(card, request), masked_for(decided, card) or decided.decision.label

    patch.setattr(kyozon.services.embeddings, "embedding_sending", leaky)


def a_stream_goes_on_with_what_was_read(patch: pytest.MonkeyPatch) -> None:
    """The rest of an answer is asked for in the words that the caller has read, as if they were masked."""

    async def leaky(_: Any, decided: Decided, __: Any, call: ChatCall) -> Sending:
        return Sending(call, masked_for(decided, call.card) or decided.decision.label)

    patch.setattr(kyozon.services.continuing, "sending_anew", leaky)


def everybody_reads_the_values(patch: pytest.MonkeyPatch) -> None:
    real = kyozon.services.sending._masked

    def masked(decision: Decision, *rest: Any) -> Sending:
        return real(structs.replace(decision, clearance=parse_clearance("restricted+*")), *rest)

    patch.setattr(kyozon.services.sending, "_masked", masked)


def requests_at_once_share_their_way_back(patch: pytest.MonkeyPatch) -> None:
    shared: dict[str, str] = {}

    def leaky(values: Mapping[str, str], chat: Json) -> Restoring:
        shared.update(values)
        return restoring(shared, chat)

    patch.setattr(kyozon.services.sending, "restoring", leaky)


def masked_words_go_anywhere(patch: pytest.MonkeyPatch) -> None:
    def may_receive(label: Label | None, zone: Zone | None, _: Decision) -> bool:
        return label is not None and may_flow(label, zone)

    patch.setattr(kyozon.services.egress, "_may_receive", may_receive)


def tokens_are_looked_for_in_one_piece(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Unmasking, "feed", lambda run, text: unmasked(text, run._values, run._write))


LEAKS: dict[str, Seed] = {
    seed.__name__: seed
    for seed in (
        failing_detectors_find_nothing,
        the_second_look_does_not_count,
        names_are_no_words,
        arguments_pass_as_they_are,
        masking_takes_away_what_was_declared,
        masked_words_are_public,
        words_go_under_the_label_of_the_masked_ones,
        texts_to_embed_go_as_they_are,
        a_stream_goes_on_with_what_was_read,
        everybody_reads_the_values,
        requests_at_once_share_their_way_back,
        masked_words_go_anywhere,
        tokens_are_looked_for_in_one_piece,
    )
}
