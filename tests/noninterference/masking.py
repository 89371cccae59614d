"""Lives in which words are looked through: what detectors find does not leave in any form, and comes back where it may."""

import asyncio
import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec import Struct, structs

from kyozon.domain.labels import Label, parse_label
from kyozon.services.chat import Ask
from tests.fakes.installation import ask
from tests.noninterference.looking import EYES
from tests.noninterference.machine import TENANTS, Lives
from tests.noninterference.oracle import PERSONAL, Secrecy, personal, tokens_in
from tests.noninterference.premises import LOOKED_THROUGH, Premises

LOOK: dict[str, Any] = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


class Looked(Struct, frozen=True):
    """A request with personal data: who sends it, where the value stands and how, and what goes wrong."""

    tenant: str
    who: str
    form: str
    stands: str
    secrecy: Secrecy
    model: str
    way: str
    cut: int = 0
    by_tool: bool = False
    trouble: tuple[str, ...] = ()
    eyes: str = "open"


LOOKS = st.builds(
    Looked,
    TENANTS,
    st.sampled_from(LOOKED_THROUGH),
    st.sampled_from(sorted(PERSONAL)),
    st.sampled_from(["content", "content", "content", "arguments", "name"]),
    st.sampled_from([Secrecy(), Secrecy(), Secrecy(1), Secrecy(2), Secrecy(0, frozenset({"pii"}))]),
    st.sampled_from(["cheap", "cheap", "twin", "partner", "auto"]),
    st.sampled_from(["answer", "stream", "stream", "count", "embed"]),
    st.sampled_from([0, 1, 3, 8]),
    st.booleans(),
    st.sampled_from([(), (), ("fails",), ("fails", "fails"), ("breaks",), ("breaks", "fails", "fails")]),
    st.sampled_from(["open", "open", "open", "open", "blind", "failing"]),
)


class Masked(Lives):
    """The detectors are the real ones. A zone that is not cleared for what they find gets tokens, or nothing."""

    @rule(cases=st.lists(LOOKS, min_size=4, max_size=4), policy=st.sampled_from(["open", "narrow", "narrow", "unmasked"]))
    def look_through(self, cases: list[Looked], policy: str) -> None:
        self.reload(policy)
        for case in cases:
            self.run(play(self.premises, case))

    @rule(pairs=st.lists(st.tuples(LOOKS, LOOKS), min_size=2, max_size=2))
    def look_at_two(self, pairs: list[tuple[Looked, Looked]]) -> None:
        """Two tenants in the same moment; the tokens of both have the same names."""
        for one, other in pairs:
            self.reload("open")
            mine, theirs = structs.replace(one, tenant="acme"), structs.replace(other, tenant="other", model=one.model)
            self.run(self._both_looked(mine, theirs))
        sure = [Looked(name, "looked-at", "address", "content", Secrecy(), "cheap", "answer") for name in ("acme", "other")]
        self.run(self._both_looked(*sure))

    @rule(tenant=TENANTS, model=st.sampled_from(["cheap", "twin"]), streamed=st.booleans())
    def unmask_meanwhile(self, tenant: str, model: str, streamed: bool) -> None:  # noqa: FBT001 - drawn
        """Between the decision and the delivery, or another try, a policy comes under which nobody takes masked words."""

        async def adopt() -> None:
            self.premises.adopt("unmasked")

        way = "stream" if streamed else "answer"
        case = Looked(tenant, "looked-at", "address", "content", Secrecy(), model, way, trouble=("fails",))
        for moment in ("before", "meanwhile"):
            self.reload("open")
            setattr(self.premises.trouble, moment, adopt)
            self.run(play(self.premises, case))
            setattr(self.premises.trouble, moment, None)

    @rule(tenant=TENANTS, form=st.sampled_from(sorted(PERSONAL)), cut=st.sampled_from([0, 3]))
    def go_on_elsewhere(self, tenant: str, form: str, cut: int) -> None:
        """A stream of masked words breaks, and another model goes on, which takes masked words only."""
        self.reload("narrow")
        case = Looked(tenant, "looked-at", form, "content", Secrecy(), "twin", "stream", cut, trouble=("breaks",))
        self.run(play(self.premises, case))

    async def _both_looked(self, one: Looked, other: Looked) -> None:
        await asyncio.gather(play(self.premises, one), play(self.premises, other))


async def play(premises: Premises, case: Looked) -> None:
    compartment = "secret" if case.form == "password" else "pii"
    token = premises.truth.plant(case.tenant, case.secrecy.with_(Secrecy(0, frozenset({compartment}))))
    premises.truth.personal.add(token)
    missed = case.eyes == "blind" and case.form == "password"  # for which there is no second look
    EYES.set("open" if missed else case.eyes)
    premises.trouble.plan, premises.trouble.cut = list(case.trouble), case.cut
    asked = _asked(premises, case, personal(token, case.form))
    if case.way == "embed":
        texts = [str(message["content"]) for message in asked.request.body["messages"]]
        await premises.put_to_embed(texts, asked.caller.key, "far-embedder", _label(case))
    elif case.way == "count":
        await premises.put_to_count(asked)
    else:
        for _ in range(2):  # the second is from the cache, where that may be
            await _answered(premises, case, asked, token)
    premises.trouble.cut = 0


async def _answered(premises: Premises, case: Looked, asked: Ask, token: str) -> None:
    """Ask. Who may read the value reads it: the model repeats whatever it has read."""
    answer = await premises.put(asked, case.who, "")
    if answer is None or case.stands == "name":
        return
    premises.happened[f"looked through for {case.who}"] += 1
    if case.who == "looked-at" and token not in tokens_in(answer.words):
        premises.leaks.append(f"{case.who} reads another word in the place of {token}")


def _label(case: Looked) -> Label:
    return parse_label(str(case.secrecy))


def _asked(premises: Premises, case: Looked, words: str) -> Ask:
    prompt = premises.truth.plant(case.tenant, case.secrecy)
    content = f"Write to {words} about {prompt}" if case.stands == "content" else f"Write about {prompt}"
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if case.stands == "arguments":
        function = {"name": "look", "arguments": json.dumps({"to": words})}
        call = {"id": "call_1", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": "call_1", "content": "done"})
    fields = {"tools": [LOOK]} if case.by_tool else {}
    named = {"metadata": {words: "yes"}} if case.stands == "name" else {}
    key, stream = premises.key(case.tenant, case.who), case.way == "stream"
    return ask(
        case.model, key=key, declared=_label(case), cache="exact", messages=messages, stream=stream, **fields, **named
    )
