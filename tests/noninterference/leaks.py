"""Bugs that somebody could write, one switch each. Each is put into the real code, and the random lives must find it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from msgspec import structs

import kyozon.governance.flow
import kyozon.services.cache
import kyozon.services.deciding
import kyozon.services.provenance
import kyozon.services.reviewing
import kyozon.services.weighing
import kyozon.telemetry.spans
import tests.noninterference.machine
from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import NotPermitted, Refusal
from kyozon.domain.labels import Label, Level, Zone
from kyozon.domain.language import Text
from kyozon.domain.provenance import Exposed, StoredValue
from kyozon.domain.review import ReviewItem
from kyozon.domain.usage import Usage
from kyozon.governance.flow import may_flow
from kyozon.governance.labelling import request_label
from kyozon.governance.provenance import LOWEST, deliveries_of, joined, with_stored
from kyozon.governance.tools.session import result
from kyozon.ports.review import Lowered
from kyozon.services.cache import AnswerCache
from kyozon.services.chat import Answered, Ask, ChatService
from kyozon.services.egress import Egress
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.fallback import Attempts
from kyozon.services.provenance import Provenance
from kyozon.services.registry import Registry
from kyozon.services.reviewing import Reviewing
from kyozon.services.settling import Settler
from kyozon.services.weighing import Query, Verdict
from kyozon.telemetry.fan_out import FanOut
from kyozon.telemetry.spans import Spans
from tests.fakes.provenance import MemoryProvenance

Seed = Callable[[pytest.MonkeyPatch], None]
LEAKS: dict[str, Seed] = {}
PUBLIC = Label(Level.PUBLIC)
_EVERY_ROLE = frozenset(f"declassify:{name}" for name in ("level:restricted", "pii", "jp-only", "no-train"))


def leak(seed: Seed) -> Seed:
    """One more in the list; it goes by its function's name."""
    LEAKS[seed.__name__] = seed
    return seed


def setting(name: str, owner: Any, attribute: str, value: Any) -> None:
    """A leak that replaces one thing."""
    LEAKS[name] = lambda patch: patch.setattr(owner, attribute, value)


async def _nothing_checked(*_: Any) -> None:
    """The check is forgotten."""


async def _yes(*_: Any) -> bool:
    return True


def _without(rule: str) -> Seed:
    """The rules of the permit step, without one of them."""
    real = kyozon.services.weighing.weighed

    def leaky(registry: Registry, query: Query) -> Verdict:
        found = real(registry, query)
        return [(subject, tuple(one for one in against if one.rule != rule)) for subject, against in found]

    return lambda patch: patch.setattr(kyozon.services.deciding, "weighed", leaky)


LEAKS |= {f"no_rule_{name}": _without(name) for name in ("clearance", "region", "training", "reader")}
setting("choke_point_checks_nothing", Egress, "_check", lambda *_: None)
setting("choke_point_checks_no_call_but_streams", Egress, "_check_now", _nothing_checked)
setting("join_forgets_compartments", Label, "join", lambda a, b: structs.replace(max(a, b, key=lambda x: x.level.rank)))
setting("join_takes_the_last", Label, "join", lambda _, b: b)
setting("clearance_knows_levels_only", Label, "within", lambda a, b: a.level.rank <= b.level.rank)
setting(
    "clearance_knows_compartments_only",
    Label,
    "within",
    lambda a, b: "*" in b.compartments or a.compartments <= b.compartments,
)
setting("training_is_not_looked_at", kyozon.governance.flow, "trains_against", lambda *_: False)
setting("region_is_not_looked_at", kyozon.governance.flow, "in_region", lambda *_: True)
setting("stored_values_add_no_label", kyozon.services.deciding, "with_stored", lambda label, sources, _: (label, sources))
setting("raised_while_sent_is_not_seen", Provenance, "now", lambda *a: _same(a[1]))
setting("kept_answers_are_not_checked", Provenance, "readable", _nothing_checked)
setting("cached_answers_are_not_checked", Provenance, "still", _yes)
setting("adapters_are_loaded_anywhere", kyozon.services.provenance, "may_flow", lambda *_: True)
setting("lowering_needs_no_role", kyozon.services.reviewing, "roles_to_lower", lambda *_: frozenset())
setting("collector_hears_everything", Spans, "hears", lambda *_: True)
setting("exposure_forgets_what_was_derived", MemoryProvenance, "derived", lambda _, __, value: _same([value]))


async def _same(value: Any) -> Any:
    return value


@leak
def streams_are_not_checked_again(patch: pytest.MonkeyPatch) -> None:
    def stream(egress: Egress, call: Any, label: Label, decision: Decision) -> Any:
        del label, decision
        return egress._chat[call.card.provider].stream(call)

    patch.setattr(Egress, "stream", stream)


@leak
def counting_is_not_sending(patch: pytest.MonkeyPatch) -> None:
    async def count(egress: Egress, call: Any, *_: Any) -> int | None:
        return await egress._chat[call.card.provider].count_tokens(call)

    patch.setattr(Egress, "count_tokens", count)


@leak
def embedding_is_not_sending(patch: pytest.MonkeyPatch) -> None:
    async def embed(egress: Egress, call: Any, *_: Any) -> Any:
        return await egress._embedding[call.card.provider].embed(call)

    patch.setattr(Egress, "embed", embed)


@leak
def the_cache_embeds_without_a_label(patch: pytest.MonkeyPatch) -> None:
    real = AnswerCache._embed

    async def embed(cache: AnswerCache, place: Any, ending: Any) -> None:
        unlabelled = structs.replace(place.decision, label=LOWEST, sources=())
        place.decision, decision = unlabelled, place.decision
        try:
            await real(cache, place, ending)
        finally:
            place.decision = decision

    patch.setattr(AnswerCache, "_embed", embed)


@leak
def unknown_is_public(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        kyozon.services.provenance, "joined", lambda labels: joined([label or LOWEST for label in labels]) or LOWEST
    )


@leak
def the_last_source_decides(patch: pytest.MonkeyPatch) -> None:
    def last(label: Label, sources: Any, stored: Mapping[str, Label]) -> Any:
        names = list(stored)[-1:]
        return with_stored(label, sources, {name: stored[name] for name in names})

    patch.setattr(kyozon.services.deciding, "with_stored", last)


@leak
def only_a_value_s_own_label_counts(patch: pytest.MonkeyPatch) -> None:
    async def labels(store: MemoryProvenance, tenant: str, values: Sequence[str]) -> Any:
        found = {value: await store.own(tenant, value) for value in values}
        return {value: frozenset({kept.label if kept is not None else None}) for value, kept in found.items()}

    patch.setattr(MemoryProvenance, "labels", labels)


@leak
def labels_are_copied_when_stored(patch: pytest.MonkeyPatch) -> None:
    real = Provenance.labels
    known: dict[tuple[int, str], Label] = {}

    async def labels(service: Provenance, tenant: str, values: Sequence[str]) -> Mapping[str, Label]:
        for value in values:
            if (id(service), value) not in known:
                known[id(service), value] = (await real(service, tenant, (value,)))[value]
        return {value: known[id(service), value] for value in values}

    patch.setattr(Provenance, "labels", labels)


@leak
def declaring_lower_works(patch: pytest.MonkeyPatch) -> None:
    real = Provenance.add

    async def add(service: Provenance, value: StoredValue) -> Label:
        return await real(service, structs.replace(value, sources=()) if value.label.level is Level.PUBLIC else value)

    patch.setattr(Provenance, "add", add)


@leak
def an_adapter_is_labelled_like_its_last_member(patch: pytest.MonkeyPatch) -> None:
    real = Provenance.add

    async def add(service: Provenance, value: StoredValue) -> Label:
        members = value.sources[-1:] if value.kind == "adapter" else value.sources
        return await real(service, structs.replace(value, sources=members))

    patch.setattr(Provenance, "add", add)


@leak
def answers_do_not_carry_the_adapter(patch: pytest.MonkeyPatch) -> None:
    async def labels(service: Provenance, tenant: str, values: Sequence[str], real: Any = Provenance.labels) -> Any:
        return await real(service, tenant, [value for value in values if not value.startswith("adapter")])

    patch.setattr(Provenance, "labels", labels)


@leak
def memories_carry_no_label(patch: pytest.MonkeyPatch) -> None:
    real = Provenance.add

    async def add(service: Provenance, value: StoredValue) -> Label:
        return await real(service, structs.replace(value, sources=()) if value.kind == "memory_item" else value)

    patch.setattr(Provenance, "add", add)


@leak
def history_carries_no_label(patch: pytest.MonkeyPatch) -> None:
    real = Provenance.add

    async def add(service: Provenance, value: StoredValue) -> Label:
        return await real(service, structs.replace(value, sources=()) if value.kind == "message" else value)

    patch.setattr(Provenance, "add", add)


@leak
def a_hit_is_made_from_nothing(patch: pytest.MonkeyPatch) -> None:
    real = kyozon.services.cache._hit

    def hit(ending: Any, found: Any, similarity: float | None) -> None:
        real(ending, structs.replace(found, source=""), similarity)
        ending.cache = structs.replace(ending.cache, source=None)

    patch.setattr(kyozon.services.cache, "_hit", hit)


@leak
def a_fallback_asks_who_is_permitted_now(patch: pytest.MonkeyPatch) -> None:
    real: Any = Attempts._first

    async def first(attempts: Attempts, decided: Any, *rest: Any) -> Any:
        return await real(attempts, _Reconsidered(decided, attempts._settler._registry), *rest)

    class _Reconsidered:
        def __init__(self, decided: Any, registry: Registry) -> None:
            self._decided, self._registry = decided, registry

        def __getattr__(self, name: str) -> Any:
            return getattr(self._decided, name)

        @property
        def order(self) -> Any:
            return _Later(self._decided.order, self._registry)

    class _Later:
        def __init__(self, order: Any, registry: Registry) -> None:
            self._order, self._registry = order, registry

        def __getitem__(self, _: slice) -> Any:
            return self

        def __len__(self) -> int:
            return 3

        def __iter__(self) -> Any:
            yield self._order[0]
            yield from (card for card in self._registry.cards() if card.kind == "chat" and card != self._order[0])

    patch.setattr(Attempts, "_first", first)


@leak
def lowering_needs_nobody(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing.request_lowering

    async def request(reviewing: Reviewing, caller: Caller, value: str, label: Label, purpose: str) -> ReviewItem:
        item = await real(reviewing, caller, value, label, purpose)
        somebody = structs.replace(caller.key, user="somebody", roles=_EVERY_ROLE)
        await reviewing.approve(Caller(somebody), item.id)
        return item

    patch.setattr(Reviewing, "request_lowering", request)


@leak
def approving_oneself(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing._decided

    async def decided(reviewing: Reviewing, key: ApiKey, *rest: Any) -> ReviewItem:
        return await real(reviewing, structs.replace(key, user="somebody"), *rest)

    patch.setattr(Reviewing, "_decided", decided)


@leak
def anybody_s_tenant_approves(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing.approve

    async def approve(reviewing: Any, caller: Caller, item_id: str) -> ReviewItem:
        tenant = reviewing._reviews.queue[item_id].claim.tenant
        return await real(reviewing, Caller(structs.replace(caller.key, tenant=tenant)), item_id)

    patch.setattr(Reviewing, "approve", approve)


@leak
def an_approval_undoes_a_raise(patch: pytest.MonkeyPatch) -> None:
    real = Reviewing._lowered

    async def lowered(reviewing: Reviewing, key: ApiKey, item: ReviewItem, *rest: Any) -> Lowered:
        now = await reviewing._provenance.own(item.claim.tenant, rest[0].value)
        claim = structs.replace(item.claim, label=now.label)
        return await real(reviewing, key, structs.replace(item, claim=claim), *rest)

    patch.setattr(Reviewing, "_lowered", lowered)


@leak
def errors_quote_the_request(patch: pytest.MonkeyPatch) -> None:
    real = ChatService.answer

    async def answer(service: ChatService, ask: Ask) -> Answered:
        try:
            return await real(service, ask)
        except Refusal as failure:
            said = f"{failure} {ask.request.chat['messages']}"
            raise NotPermitted(Text(said, said), {}) from failure

    patch.setattr(ChatService, "answer", answer)


@leak
def records_quote_the_request(patch: pytest.MonkeyPatch) -> None:
    real = Settler.close

    async def close(settler: Settler, decided: Any, ending: Any, kept: Any = None) -> Any:
        ending.finish = None if kept is None else str(kept.payload)
        return await real(settler, decided, ending, kept)

    patch.setattr(Settler, "close", close)


@leak
def requests_at_once_share_their_labels(patch: pytest.MonkeyPatch) -> None:
    real = Provenance.labels
    shared: dict[str, Label] = {}

    async def labels(service: Provenance, tenant: str, values: Sequence[str]) -> Mapping[str, Label]:
        shared["label"] = joined((await real(service, tenant, values)).values()) or LOWEST
        for _ in range(4):
            await asyncio.sleep(0)
        return dict.fromkeys(values, shared["label"])

    patch.setattr(Provenance, "labels", labels)


@leak
def undeclared_is_public(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        kyozon.services.deciding,
        "request_label",
        lambda declared, key, default: request_label(declared or PUBLIC, key, default),
    )


@leak
def a_key_s_floor_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        kyozon.services.deciding,
        "request_label",
        lambda declared, key, default: request_label(declared, structs.replace(key, label_floor=None), default),
    )


@leak
def a_tool_says_how_its_result_is_labelled(patch: pytest.MonkeyPatch) -> None:
    def leaky(session: Any, tool: Any, call: Any, content: Any, supplied: Label | None = None) -> Any:
        found = result(session, tool, call, content, supplied)
        return found if supplied is None else structs.replace(found, label=supplied)

    patch.setattr(tests.noninterference.machine, "result", leaky)


@leak
def results_of_writing_tools_are_public(patch: pytest.MonkeyPatch) -> None:
    def leaky(session: Any, tool: Any, call: Any, content: Any, supplied: Label | None = None) -> Any:
        found = result(session, tool, call, content, supplied)
        return structs.replace(found, label=LOWEST) if tool.acts else found

    patch.setattr(tests.noninterference.machine, "result", leaky)


@leak
def a_result_does_not_carry_its_arguments(patch: pytest.MonkeyPatch) -> None:
    def leaky(session: Any, tool: Any, call: Any, content: Any, supplied: Label | None = None) -> Any:
        found = result(session, tool, call, content, supplied)
        return structs.replace(found, label=tool.result, sources=frozenset())

    patch.setattr(tests.noninterference.machine, "result", leaky)


@leak
def the_collector_s_clearance_is_all_that_counts(patch: pytest.MonkeyPatch) -> None:
    def cleared(label: Label, zone: Zone | None) -> bool:
        return zone is not None and label.within(zone.clearance)

    patch.setattr(kyozon.telemetry.spans, "may_flow", cleared)


@leak
def watchers_hear_what_another_one_may(patch: pytest.MonkeyPatch) -> None:
    def ended(fan: FanOut, decision: Decision, outcome: Any, words: Any = None) -> None:
        for watcher in fan._watchers:
            watcher.ended(decision, outcome, words)

    patch.setattr(FanOut, "ended", ended)
    patch.setattr(FanOut, "hears", lambda *_: True)
    patch.setattr(Spans, "hears", lambda *_: True)


@leak
def stored_values_are_told_when_all_is_over(patch: pytest.MonkeyPatch) -> None:
    real = Settler.words

    def words(settler: Settler, decided: Any, request: Any) -> Any:
        unsourced = structs.replace(decided.decision, sources=())
        return real(settler, structs.replace(decided, decision=unsourced), request)

    patch.setattr(Settler, "words", words)


@leak
def texts_to_embed_come_from_nowhere(patch: pytest.MonkeyPatch) -> None:
    real = EmbeddingService.embed

    async def embed(service: EmbeddingService, caller: Any, request: Any, declared: Any, body: bytes, *_: Any) -> Any:
        return await real(service, caller, request, declared, body)

    patch.setattr(EmbeddingService, "embed", embed)


@leak
def exposure_names_only_who_answered(patch: pytest.MonkeyPatch) -> None:
    def answered(decision: Decision, outcome: Any) -> Any:
        last = outcome and structs.replace(outcome, attempts=outcome.attempts[-1:], usage=Usage())
        return deliveries_of(decision, last)

    patch.setattr(kyozon.services.provenance, "deliveries_of", answered)


@leak
def exposure_judges_by_the_label_of_then(patch: pytest.MonkeyPatch) -> None:
    def exposed(service: Provenance, found: Any, *_: Label) -> Any:
        return Exposed(found, may_flow(found.label, service._registry.installation.zones.get(found.zone)))

    patch.setattr(Provenance, "_exposed", exposed)
