"""What a person decides: that data may leave once against its label, that an answer may be read, that a label goes down."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from kyozon.domain.labels import Label

LIFTED_BY_GRANTS = frozenset({"clearance", "region", "training"})
"""The rules that a named person may set aside for one delivery: those about where data may go."""

ReviewKind = Literal["release", "answer", "lowering"]
ReviewState = Literal["waiting", "approved", "refused", "expired", "delivered"]


class Claim(Struct, frozen=True):
    """What a grant is for, and what whoever uses it must show: all of it, unchanged.

    `content_sha256` is over the very bytes (`governance.releasing.content_of`), `requester` the person who may send them.
    """

    tenant: str
    requester: str
    content_sha256: str
    zone: str
    purpose: str
    label: Label
    policy_version: str


class Grant(Struct, frozen=True):
    """A named person's word that a claim holds, once, until it expires."""

    id: str
    claim: Claim
    approver: str
    at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    used_for: str | None = None


class GrantUse(Struct, frozen=True):
    """The grant that a decision rests on, and the zone for which it sets rules aside."""

    id: str
    zone: str


class Lowering(Struct, frozen=True):
    """Which stored value is to be labelled `new`, in the place of the label in its item's claim."""

    value: str
    new: Label


class ReviewItem(Struct, frozen=True):
    """Something that waits for a person, or has been decided. The content itself is kept apart, and not for longer.

    `release`: may these bytes go to the claim's zone? An approval is the grant `grant_id`. `answer`: may the requester read
    what `model` answered? For answers the claim's zone is where it came from. `lowering`: may a stored value be labelled
    lower? It has no zone, no decision and no content: the claim's hash is the value's own.
    """

    id: str
    kind: ReviewKind
    state: ReviewState
    at: datetime
    expires_at: datetime
    claim: Claim
    key_id: str
    decision_id: str
    model: str = ""
    content_type: str = ""
    reviewer: str = ""
    decided_at: datetime | None = None
    grant_id: str | None = None
    lowering: Lowering | None = None


class ReviewRules(Struct, frozen=True):
    """Which answers a person looks at before they are delivered: any one of the three is enough.

    `labels`: the request's label is at least one of these. `zones`: the answer came from one. `keys`: names or ids.
    """

    labels: tuple[Label, ...] = ()
    zones: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    lifetime: timedelta = timedelta(hours=24)
