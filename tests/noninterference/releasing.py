"""Lives in which words are released: a person asks, another decides, and the request is sent with the grant, or another."""

import asyncio
from datetime import timedelta

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.labels import Label, parse_label
from kyozon.services.chat import Ask
from tests.fakes.installation import ask
from tests.noninterference.approvals import Approval, Sender, without_how
from tests.noninterference.machine import SECRET, TENANTS, Lives
from tests.noninterference.oracle import LEVELS, Secrecy, tokens_in
from tests.noninterference.premises import Chat, Item, Premises
from tests.noninterference.reviewers import LIFETIME_HOURS, REVIEWERS, VERDICTS, Review, decide, show

EVERYTHING = Secrecy(3, frozenset({"pii", "jp-only", "no-train"}))
EVENTS = ("", "", "", "raise", "reload", "expire", "raise between", "reload between")


class Release(Struct, frozen=True):
    """What is to be released, who decides, what comes between, and how the grant is used."""

    tenant: str
    secrecy: Secrecy
    model: str
    reviewer: str
    verdict: str
    event: str
    manner: str
    streamed: bool
    wish: str | None


RELEASES = st.builds(
    Release,
    TENANTS,
    st.sampled_from([SECRET, Secrecy(3), Secrecy(1, frozenset({"no-train"}))]),
    st.sampled_from(["cheap", "twin", "partner"]),
    REVIEWERS,
    VERDICTS,
    st.sampled_from(EVENTS),
    st.sampled_from(["once", "at once", "fails", "breaks", "counted"]),
    st.booleans(),
    st.sampled_from([None, "exact", "semantic"]),
)


class Released(Lives):
    """Whatever differs from what was approved, nothing leaves; what does not, leaves once."""

    @rule(cases=st.lists(RELEASES, min_size=5, max_size=5))
    def release(self, cases: list[Release]) -> None:
        for case in cases:
            self.reload("open")
            self.run(play(self.premises, case))
            self.premises.trouble.before = None


async def play(premises: Premises, case: Release) -> None:
    document = await premises.ingest(case.tenant, case.secrecy)
    asked = _asked(premises, case, document)
    await premises.put(structs.replace(asked, asks_review=True), "cleared", "")
    if not premises.waiting:
        return
    grant = await _granted(premises, case, asked, premises.waiting.pop())
    if grant is None:
        return
    for deviation, other in _otherwise(premises, case, asked, grant).items():
        await premises.put(other, "officer" if deviation == "person" else "cleared", "")
    await _happen(premises, case, document)
    answer = await _use(premises, case, structs.replace(asked, grant=grant))
    await premises.put(structs.replace(asked, grant=grant), "cleared", "")
    await premises.put(asked, "cleared", "")
    if answer is not None:
        premises.happened["released"] += 1
        await premises.chat(case.tenant, [answer], Chat(model="cheap"))


def _asked(premises: Premises, case: Release, document: Item) -> Ask:
    prompt = premises.truth.plant(case.tenant, case.secrecy)
    messages = [{"role": "system", "content": document.words}, {"role": "user", "content": f"Say it: {prompt}"}]
    return ask(
        case.model,
        key=premises.key(case.tenant, "cleared"),
        declared=parse_label(str(case.secrecy)),
        sources=(document.name,),
        purpose="audit",
        cache="exact" if "between" in case.event else case.wish,
        messages=messages,
        stream=case.streamed,
    )


async def _granted(premises: Premises, case: Release, asked: Ask, name: str) -> str | None:
    """The grant, where the decision counts: the book then has what stood before the officer, in the oracle's own words."""
    until = premises.house.time.now + timedelta(hours=LIFETIME_HOURS)
    review = Review(name, asked.caller.key, case.reviewer, case.verdict)
    content = await show(premises, review)
    item = await decide(premises, review)
    if item is None:
        return None
    if review.rightful and case.verdict == "approve":
        shown, claim = _secrecy(item.claim.label), item.claim
        sender = Sender(claim.tenant, claim.requester, claim.purpose)
        words = without_how(msgspec.json.decode(content))
        premises.approvals.given.append(Approval(sender, claim.zone, words, shown, premises.policy_number, until))
        if shown.with_(premises.truth.of(tokens_in(content))) != shown:
            premises.leaks.append("an officer was told that words are less secret than they are")
    return item.grant_id


def _secrecy(label: Label) -> Secrecy:
    return Secrecy(LEVELS.index(label.level.value), label.compartments)


def _otherwise(premises: Premises, case: Release, asked: Ask, grant: str) -> dict[str, Ask]:
    """The request with the grant, each time with one thing other than was approved."""
    other = "other" if case.tenant == "acme" else "acme"
    canary = premises.truth.plant(case.tenant, case.secrecy)
    messages = [*asked.request.body["messages"], {"role": "user", "content": canary}]
    using = structs.replace(asked, grant=grant)
    return {
        "words": _with(using, messages=messages),
        "switch": _with(using, stream_options={"include_usage": canary}),
        "person": structs.replace(using, caller=Caller(premises.key(case.tenant, "officer"))),
        "tenant": structs.replace(using, caller=Caller(premises.key(other, "cleared")), sources=()),
        "purpose": structs.replace(using, stated=structs.replace(asked.stated, purpose="gossip")),
        "model": _with(using, model="partner" if case.model == "cheap" else "cheap"),
    }


def _with(asked: Ask, **fields: object) -> Ask:
    body = asked.request.body | fields
    request = structs.replace(asked.request, body=body, chat=body)
    return structs.replace(asked, request=request)


async def _happen(premises: Premises, case: Release, document: Item) -> None:
    """What comes between the approval and the use of it, or between the decision and the delivery."""

    async def raise_() -> None:
        await premises.upgrade(document, EVERYTHING)

    async def reload() -> None:
        premises.adopt("open")

    match case.event:
        case "raise":
            await raise_()
        case "reload":
            await reload()
        case "expire":
            premises.house.time.advance(hours=LIFETIME_HOURS)
        case "raise between":
            premises.trouble.before = raise_
        case "reload between":
            premises.trouble.before = reload


async def _use(premises: Premises, case: Release, asked: Ask) -> Item | None:
    if case.manner == "counted":
        await premises.put_to_count(asked)
    if case.manner in ("fails", "breaks"):
        premises.trouble.plan = [case.manner]
    if case.manner == "at once" and "between" not in case.event:  # which would be between the one's check and its delivery
        found = await asyncio.gather(premises.put(asked, "cleared", ""), premises.put(asked, "cleared", ""))
        return found[0] or found[1]
    return await premises.put(asked, "cleared", "")
