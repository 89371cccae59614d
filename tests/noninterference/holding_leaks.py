"""Bugs in held answers that somebody could write, one switch each."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

import kyozon.services.reviewing
from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import HeldForReview, KyozonError
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.review import ReviewItem, ReviewRules
from kyozon.governance.partition import question_sha256
from kyozon.governance.releasing import held_by
from kyozon.services.cache import Place, Said
from kyozon.services.chat import Ask, ChatService
from kyozon.services.deciding import Decided
from kyozon.services.reviewing import Reviewing, Shown
from kyozon.services.settling import Ending
from tests.fakes.reviews import MemoryReviews
from tests.noninterference.leaks import Seed


def streams_pass_the_review_by(patch: pytest.MonkeyPatch) -> None:
    real = ChatService._held

    def held(chat: ChatService, ask: Ask, decided: Decided, *cards: ModelCard | None) -> bool:
        return not ask.request.stream and real(chat, ask, decided, *cards)

    patch.setattr(ChatService, "_held", held)


def the_zone_of_an_answer_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing.held

    def held(reviewing: Reviewing, decision: Decision, rules: ReviewRules, key: ApiKey, _: Sequence[ModelCard]) -> bool:
        return real(reviewing, decision, rules, key, [])

    patch.setattr(Reviewing, "held", held)


def only_the_rules_of_now_hold(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing.held

    def held(reviewing: Reviewing, decision: Decision, _: ReviewRules, *rest: Any) -> bool:
        return real(reviewing, decision, reviewing._registry.installation.review, *rest)

    patch.setattr(Reviewing, "held", held)


def only_the_rules_of_then_hold(patch: pytest.MonkeyPatch) -> None:
    def held(_: Reviewing, decision: Decision, rules: ReviewRules, key: ApiKey, cards: Sequence[ModelCard]) -> bool:
        return held_by(rules, decision.label, key) or any(card.zone in rules.zones for card in cards)

    patch.setattr(Reviewing, "held", held)


def only_the_very_label_is_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        kyozon.services.reviewing,
        "held_by",
        lambda rules, label, key: bool(rules.keys & {key.id, key.name}) or label in rules.labels,
    )


def keys_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        kyozon.services.reviewing,
        "held_by",
        lambda rules, label, key: held_by(structs.replace(rules, keys=frozenset()), label, key),
    )


def held_answers_are_cached(patch: pytest.MonkeyPatch) -> None:
    real = ChatService._kept_back

    async def kept_back(chat: ChatService, ask: Ask, decided: Decided, ending: Ending, said: Said) -> KyozonError:
        found = await chat._reviewing._records.decision(decided.decision.id)
        assert found is not None
        assert found[1] is not None
        place = Place(decided.decision, ask.request, question_sha256(ask.request))
        await chat._cache.keep(place, ending.card, found[1], said)
        return await real(chat, ask, decided, ending, said)

    patch.setattr(ChatService, "_kept_back", kept_back)


def held_answers_are_kept_for_a_repeat(patch: pytest.MonkeyPatch) -> None:
    real = ChatService._kept_back

    async def kept_back(chat: ChatService, ask: Ask, decided: Decided, ending: Ending, said: Said) -> KyozonError:
        found = await chat._reviewing._records.decision(decided.decision.id)
        kept = chat._replays.keep(ask.repeat, decided.decision.id, said.content_type, said.payload)
        assert found is not None
        assert found[1] is not None
        await chat._settler._journal.close(found[1], (), kept)
        return await real(chat, ask, decided, ending, said)

    patch.setattr(ChatService, "_kept_back", kept_back)


def whoever_knows_the_number_fetches_it(patch: pytest.MonkeyPatch) -> None:
    async def collect(reviewing: Reviewing, caller: Caller, item_id: str) -> tuple[ReviewItem, bytes]:
        item = await reviewing._item(caller, item_id)
        return item, await reviewing._reviews.content(item) or b""

    patch.setattr(Reviewing, "collect", collect)


def colleagues_fetch_it(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing.collect

    async def collect(reviewing: Reviewing, caller: Caller, item_id: str) -> tuple[ReviewItem, bytes]:
        item = await reviewing._item(caller, item_id)
        own = structs.replace(caller.key, user=item.claim.requester)
        return await real(reviewing, Caller(own), item_id)

    patch.setattr(Reviewing, "collect", collect)


def what_has_expired_is_delivered(patch: pytest.MonkeyPatch) -> None:
    real = MemoryReviews.deliver

    async def deliver(reviews: MemoryReviews, item: ReviewItem, event: Any) -> bytes | None:
        return await real(reviews, item, structs.replace(event, at=item.at))

    patch.setattr(MemoryReviews, "deliver", deliver)


def requesters_look_at_their_own(patch: pytest.MonkeyPatch) -> None:
    async def show(reviewing: Reviewing, caller: Caller, item_id: str) -> Shown:
        item = await reviewing._item(caller, item_id)
        return Shown(item, await reviewing._reviews.content(item))

    patch.setattr(Reviewing, "show", show)


def what_is_held_is_quoted(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing.hold

    async def hold(reviewing: Reviewing, *given: Any) -> HeldForReview:
        failure, payload = await real(reviewing, *given), given[-1]
        return HeldForReview(Text(f"{failure.text.en} {payload}", failure.text.ja), failure.review)

    patch.setattr(Reviewing, "hold", hold)


LEAKS: dict[str, Seed] = {
    seed.__name__: seed
    for seed in (
        streams_pass_the_review_by,
        the_zone_of_an_answer_is_not_looked_at,
        only_the_rules_of_now_hold,
        only_the_rules_of_then_hold,
        only_the_very_label_is_held,
        keys_are_not_looked_at,
        held_answers_are_cached,
        held_answers_are_kept_for_a_repeat,
        whoever_knows_the_number_fetches_it,
        colleagues_fetch_it,
        what_has_expired_is_delivered,
        requesters_look_at_their_own,
        what_is_held_is_quoted,
    )
}
