"""Lives in which answers are held: a person looks first, and until then nobody reads them, by whichever way."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import KyozonError
from kyozon.domain.labels import parse_label
from kyozon.services.chat import Ask
from tests.fakes.installation import ask
from tests.noninterference.approvals import Hold, Watch
from tests.noninterference.machine import TENANTS, Lives
from tests.noninterference.oracle import Secrecy
from tests.noninterference.premises import NOBODY, Item, Premises
from tests.noninterference.reviewers import LIFETIME_HOURS, REVIEWERS, ROLES, VERDICTS, Review, decide, show

WATCHES = {
    "person": Watch(people=frozenset({"watched", "limited"})),
    "zone": Watch(zones=frozenset({"external"})),
    "label": Watch(least=(Secrecy(2),)),
}


class Holding(Struct, frozen=True):
    """Whose answer is held and why, who decides on it, and what else happens."""

    tenant: str
    who: str
    why: str
    reviewer: str
    verdict: str
    event: str


HOLDINGS = st.builds(
    Holding,
    TENANTS,
    st.sampled_from(["watched", "limited"]),
    st.sampled_from(sorted(WATCHES)),
    REVIEWERS,
    VERDICTS,
    st.sampled_from(["", "", "raise", "expire", "watched meanwhile", "no longer watched"]),
)


class Held(Lives):
    """An answer that is held reaches its requester once another person has approved it, and nobody else ever."""

    @rule(cases=st.lists(HOLDINGS, min_size=2, max_size=2))
    def hold(self, cases: list[Holding]) -> None:
        for case in cases:
            self.premises.adopt("open", NOBODY if case.event == "watched meanwhile" else WATCHES[case.why])
            self.premises.settle()
            self.run(play(self.premises, case))
            self.premises.trouble.meanwhile = None
        self.reload("open")


async def play(premises: Premises, case: Holding) -> None:
    secrecy = Secrecy(1) if case.why == "zone" else Secrecy(2, frozenset({"pii"}))
    document = await premises.ingest(case.tenant, secrecy)
    asked = _asked(premises, case, document, secrecy)
    learnt = premises.truth.plant(case.tenant, secrecy)
    premises.approvals.held[learnt] = Hold(asked.caller.key.user)
    until = premises.house.time.now + timedelta(hours=LIFETIME_HOURS)
    _meanwhile(premises, case)
    await premises.put(asked, case.who, learnt)
    if not premises.waiting:
        return
    review = Review(premises.waiting.pop(), asked.caller.key, case.reviewer, case.verdict)
    await _get_around(premises, case, asked, review)
    await show(premises, review)
    item = await decide(premises, review)
    if item is not None and review.rightful and case.verdict == "approve":
        premises.approvals.held[learnt].until = until
    if case.event == "raise":
        await premises.upgrade(document, Secrecy(3))
    if case.event == "expire":
        premises.house.time.advance(hours=LIFETIME_HOURS)
    await _collect(premises, structs.replace(premises.key(case.tenant, "officer"), roles=ROLES), review)
    if await _collect(premises, asked.caller.key, review):
        premises.happened["collected"] += 1
    premises.waiting.clear()


def _asked(premises: Premises, case: Holding, document: Item, secrecy: Secrecy) -> Ask:
    prompt = premises.truth.plant(case.tenant, secrecy)
    messages = [{"role": "system", "content": document.words}, {"role": "user", "content": f"Say it: {prompt}"}]
    return ask(
        "cheap" if case.why == "zone" else "in-house",
        key=premises.key(case.tenant, case.who),
        declared=parse_label(str(secrecy)),
        sources=(document.name,),
        idempotency_key=premises.name("k"),
        cache="exact",
        messages=messages,
    )


def _meanwhile(premises: Premises, case: Holding) -> None:
    """While the model answers, another policy comes."""
    watch = {"watched meanwhile": WATCHES[case.why], "no longer watched": NOBODY}.get(case.event)

    async def adopt() -> None:
        premises.adopt("open", watch or NOBODY)

    premises.trouble.meanwhile = None if watch is None else adopt


async def _get_around(premises: Premises, case: Holding, asked: Ask, review: Review) -> None:
    """Ways to an answer that nobody has looked at: as a stream, from the cache, as a repeat, too early, by looking."""
    stream = structs.replace(asked.request, body=asked.request.body | {"stream": True})
    stream = structs.replace(stream, chat=stream.body)
    unnamed = structs.replace(asked.repeat, idempotency_key=None)
    for again in (asked, structs.replace(asked, repeat=unnamed), structs.replace(asked, request=stream, repeat=unnamed)):
        await premises.put(again, case.who, "")
    await _collect(premises, review.requester, review)
    await show(premises, structs.replace(review, reviewer="oneself"))


async def _collect(premises: Premises, key: ApiKey, review: Review) -> bool:
    """Fetch the answer; whether there was one."""
    try:
        _, payload = await premises.house.reviewing.collect(Caller(key), review.id)
    except KyozonError as failure:
        premises.refused(failure)
        return False
    premises.told(key.tenant, key.user.removesuffix(f" of {key.tenant}"), payload)
    return True
