"""Canaries: words that mean nothing, planted where only data of some label stands. Where one turns up, such data does."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from kyozon.domain.labels import Label, Level


class Canary(Struct, frozen=True):
    """`token` is what is planted; no text contains it by chance. It may go where data of its `label` may.

    `owner` may find it in answers: a tenant, or `tenant/user`; None means that nobody should.
    """

    name: str
    token: str
    created_at: datetime
    label: Label = Label(Level.RESTRICTED)
    owner: str | None = None

    def belongs_to(self, tenant: str, user: str) -> bool:
        """Whether a caller may read it."""
        return self.owner is not None and self.owner in (tenant, f"{tenant}/{user}")


class CanaryAlarm(Struct, frozen=True):
    """A canary about to leave: to the zone of a model (`egress`), or to a caller (`answer`). It holds no text, no token.

    `towards` is the zone, or the caller's tenant; `user` is the caller's.
    """

    canary: str
    place: Literal["egress", "answer"]
    towards: str
    decision: str
    tenant: str = ""
    user: str = ""
