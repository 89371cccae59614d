"""No answer crosses a border: random requests against an oracle that knows who asked what, and seeded leaks it must find.

The model echoes who asked, so a leaked answer shows whose it was. Each leak is a partition that forgets one of its parts.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from msgspec import Struct, structs

from kyozon.domain.cache import CachedAnswer, Partition, Wanted
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import Refusal
from kyozon.domain.labels import Label, parse_label
from kyozon.domain.requests import ChatRequest, Dialect
from kyozon.governance.partition import PartitionOf, partition_of
from kyozon.services.cache import CacheOptions
from kyozon.services.chat import Answered, Ask
from kyozon.services.provenance import Provenance
from tests.fakes.answers import MemoryAnswers
from tests.fakes.installation import FakeInstallation, api_key, ask

WORDINGS = {
    "france": ("What is the capital of France?", "Tell me the capital of France"),
    "germany": ("What is the capital of Germany?", "Explain what the capital of Germany is"),
}


class Asker(Struct, frozen=True):
    """Everything an answer may depend on but for the question."""

    tenant: str = "acme"
    user: str = "ann"
    key: str = "k1"
    guest: str | None = None
    label: str = "internal"
    policy: str = "v1"
    model: str = "in-house"
    dialect: Dialect = "openai"
    system: str = "Be brief."
    ceiling: int | None = None


class Echo(Struct, frozen=True):
    """What the models answer: who asked which of them about what."""

    asker: Asker
    model: str
    about: str


ASKERS = st.builds(
    Asker,
    tenant=st.sampled_from(["acme", "other"]),
    user=st.sampled_from(["ann", "bob"]),
    key=st.sampled_from(["k1", "k2"]),
    guest=st.sampled_from([None, "g1", "g2"]),
    label=st.sampled_from(["internal", "internal+pii", "confidential"]),
    policy=st.sampled_from(["v1", "v2"]),
    model=st.sampled_from(["in-house", "cheap", "dear", "auto"]),
    dialect=st.sampled_from(["openai", "anthropic"]),
    system=st.sampled_from(["Be brief.", "Be long."]),
    ceiling=st.sampled_from([None, 50]),
)
CHANGES = st.sampled_from(Asker.__struct_fields__)
QUESTIONS = st.tuples(st.sampled_from(sorted(WORDINGS)), st.integers(0, 1))
WISHES = st.sampled_from(["exact", "semantic", "refresh"])


class Borders(RuleBasedStateMachine):
    """Subclasses seed a leak, and then only look whether it is seen (`complete`).

    `kept` is the oracle: when each asker was last answered by a model; `sure` are those whose answer must still be there.
    """

    partition: PartitionOf = staticmethod(partition_of)
    store: Callable[[list[str]], MemoryAnswers] = MemoryAnswers
    provenance: type[Provenance] = Provenance
    complete = True

    def __init__(self) -> None:
        super().__init__()
        self.house = FakeInstallation()
        self.house.answers = self.store(self.house.log)
        house = self.house
        house.provenance = self.provenance(house.stored, house.registry, house.time.world)
        self.house.use_cache(CacheOptions(keep_for=timedelta(minutes=10)), self.partition)
        self.runner = asyncio.Runner()
        self.kept: dict[tuple[Asker, str], datetime] = {}
        self.sure: set[tuple[Asker, str]] = set()

    def teardown(self) -> None:
        self.house.assert_settled()
        self.runner.close()

    @rule(asker=ASKERS, question=QUESTIONS, wish=WISHES)
    def ask(self, asker: Asker, question: tuple[str, int], wish: str) -> None:
        name, wording = question
        text = WORDINGS[name][wording]
        self._as_of(asker)
        for card, chat in zip(("in-house", "cheap", "dear"), self.house.chats.values(), strict=True):
            chat.whole = msgspec.json.encode(Echo(asker, card, name))
        try:
            answered = self.runner.run(self.house.chat.answer(_asked(asker, text, wish)))
        except Refusal:
            return
        self._check(answered, structs.replace(asker, model=answered.model), name, text, wish)

    @rule(base=ASKERS, other=ASKERS, changes=st.sets(CHANGES, max_size=1), question=QUESTIONS)
    def ask_twice(self, base: Asker, other: Asker, changes: set[str], question: tuple[str, int]) -> None:
        """The second asker differs in one thing at most: whatever crosses a border crosses one like this."""
        self.ask(base, question, "semantic")
        self.ask(structs.replace(base, **{name: getattr(other, name) for name in changes}), question, "semantic")

    @rule(minutes=st.integers(1, 12))
    def wait(self, minutes: int) -> None:
        self.house.time.advance(minutes=minutes)

    @rule(user=st.sampled_from(["ann", "bob", "g1", None]))
    def forget(self, user: str | None) -> None:
        self.runner.run(self.house.cache.forget("acme", user))
        gone = [at for at in self.kept if at[0].tenant == "acme" and user in (None, at[0].user, at[0].guest)]
        for at in gone:
            del self.kept[at]

    def _check(self, answered: Answered, asker: Asker, name: str, text: str, wish: str) -> None:
        assert answered.cache is not None
        now = self.house.time.now
        echo = msgspec.json.decode(answered.payload, type=Echo)
        whose = structs.replace(echo.asker, model=echo.model)
        assert (whose, echo.about) == (asker, name), "an answer crossed a border"
        given = self.kept.get((asker, text))
        fresh = given is not None and now < given + timedelta(minutes=10)
        if wish != "refresh":
            sure = fresh and (asker, text) in self.sure
            assert answered.cache.hit or not (sure and self.complete), "an answer that was there was not found"
        if answered.cache.result == "hit-exact":
            assert fresh or not self.complete, "an answer was given again after its time"
        if not answered.cache.hit:
            self.kept[asker, text] = now
            self.sure.add((asker, text))

    def _as_of(self, asker: Asker) -> None:
        registry = self.house.registry
        if registry.installation.policy_version != asker.policy:
            self.sure.clear()  # from now on what another policy gave may be deleted
        registry.installation = structs.replace(registry.installation, policy_version=asker.policy)


def _asked(asker: Asker, text: str, wish: Any) -> Ask:
    # Real keys have ids of their own. Here they are told apart by nothing else, so that each border is held alone.
    key = structs.replace(api_key(asker.key), tenant=asker.tenant, user=asker.user)
    messages = [{"role": "system", "content": asker.system}, {"role": "user", "content": text}]
    fields = {"max_tokens": asker.ceiling, "user": asker.guest}
    found = ask(asker.model, key=key, declared=parse_label(asker.label), cache=wish, messages=messages, **fields)
    body = found.request.body
    return structs.replace(found, request=ChatRequest(asker.dialect, body, body))


def test_no_answer_crosses_a_border_and_none_is_missed() -> None:
    run_state_machine_as_test(Borders, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))


def without(part: str) -> PartitionOf:
    def leaky(decision: Decision, request: ChatRequest, model: str) -> Partition:
        constant = () if part == "principals" else ""
        return structs.replace(partition_of(decision, request, model), **{part: constant})

    return leaky


def without_guests(decision: Decision, request: ChatRequest, model: str) -> Partition:
    found = partition_of(decision, request, model)
    return structs.replace(found, principals=found.principals[:2])


def without_key(decision: Decision, request: ChatRequest, model: str) -> Partition:
    return partition_of(structs.replace(decision, key_id=""), request, model)


class AnyModel(MemoryAnswers):
    """Asks not which models may answer now, which would hide that the partition has forgotten the model."""

    def _within(self, wanted: Wanted) -> list[CachedAnswer]:
        every = tuple(answer.deployment for answer in self.kept)
        return super()._within(structs.replace(wanted, deployments=every))


class Blind(Provenance):
    """Looks at no sources, which would show that an answer is of another tenant."""

    async def still(self, decision_id: str, tenant: str, label: Label) -> bool:  # noqa: ARG002 - as in `Provenance`
        return True


LEAKS = {part: without(part) for part in Partition.__struct_fields__} | {"guests": without_guests, "key": without_key}


@pytest.mark.parametrize("part", LEAKS)
def test_a_partition_that_forgets_a_part_is_found_out(part: str) -> None:
    class Leaky(Borders):
        partition = staticmethod(LEAKS[part])
        store = AnyModel
        provenance = Blind
        complete = False

    hunting = settings(
        max_examples=400,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        derandomize=True,
        print_blob=False,
    )
    with pytest.raises(AssertionError, match="crossed a border"):
        run_state_machine_as_test(Leaky, settings=hunting)
