"""People who decide on reviews: the one who rightly may, and those who must not."""

from hypothesis import strategies as st
from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import KyozonError
from kyozon.domain.review import ReviewItem
from tests.noninterference.premises import Premises

ROLES = frozenset(
    {"review", *(f"declassify:{name}" for name in ("level:restricted", "pii", "secret", "jp-only", "no-train"))}
)
VERDICTS = st.sampled_from([*["approve"] * 6, "refuse", "too late"])
REVIEWERS = st.sampled_from([*["officer"] * 8, "oneself", "apprentice", "clerk", "stranger"])
LIFETIME_HOURS = 24


class Review(Struct, frozen=True):
    """A review that somebody decides on, some way or other."""

    id: str
    requester: ApiKey
    reviewer: str
    verdict: str

    @property
    def rightful(self) -> bool:
        """Whether the decision must count."""
        return self.reviewer == "officer" and self.verdict != "too late"


async def decide(premises: Premises, review: Review) -> ReviewItem | None:
    """What the decision makes of the item; None where it does not count. One that must not count is a leak."""
    reviewing, caller = premises.house.reviewing, Caller(key_of(premises, review))
    if review.verdict == "too late":
        premises.house.time.advance(hours=LIFETIME_HOURS)
    act = reviewing.refuse if review.verdict == "refuse" else reviewing.approve
    try:
        item = await act(caller, review.id)
    except KyozonError as failure:
        premises.refused(failure)
        return None
    if not review.rightful:
        premises.leaks.append(f"{review.reviewer} has decided ({review.verdict})")
    return item


async def show(premises: Premises, review: Review) -> bytes:
    """What the reviewer gets to see."""
    key = key_of(premises, review)
    try:
        shown = await premises.house.reviewing.show(Caller(key), review.id)
    except KyozonError as failure:
        premises.refused(failure)
        return b""
    if review.reviewer != "officer":
        premises.told(key.tenant, key.user.removesuffix(f" of {key.tenant}"), shown.content or b"")
    return shown.content or b""


def key_of(premises: Premises, review: Review) -> ApiKey:
    """The key of whoever decides."""
    tenant = review.requester.tenant
    if review.reviewer == "oneself":
        return structs.replace(review.requester, id="key_other", name="other", roles=ROLES)
    if review.reviewer == "stranger":
        return structs.replace(premises.key("other" if tenant == "acme" else "acme", "officer"), roles=ROLES)
    roles = frozenset[str]() if review.reviewer == "apprentice" else ROLES
    return structs.replace(premises.key(tenant, review.reviewer), roles=roles)
