"""Who calls: API keys and what they may do."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.quality import Goal, parse_goal


class Limits(Struct, frozen=True):
    """Ceilings of a key, a user, a tenant or a model; `None` means none. Money is per calendar month (UTC).

    `concurrent_requests` is a key's alone.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    money_per_month: Decimal | None = None
    concurrent_requests: int | None = None


class ApiKey(Struct, frozen=True):
    """A key as stored: never the secret itself, only its SHA-256 and the first characters for people to tell keys apart.

    `roles` say what its user may decide on: `review`, `declassify:level:LEVEL`, `declassify:COMPARTMENT`.
    `quality` is how good its answers must be where a request does not say, as `parse_goal` reads it; empty where it says
    nothing either. `licences` are those under which models may come that answer it; none where any may.
    `within` is in how many seconds first words should come.
    """

    id: str
    tenant: str
    user: str
    name: str
    sha256: str
    prefix: str
    created_at: datetime
    clearance: Clearance = Clearance(Level.CONFIDENTIAL, frozenset({"*"}))
    default_label: Label | None = None
    label_floor: Label | None = None
    limits: Limits = Limits()
    admin: bool = False
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    roles: frozenset[str] = frozenset()
    quality: str = ""
    licences: frozenset[str] = frozenset()
    within: float | None = None

    @property
    def goal(self) -> Goal | None:
        """How good its answers must be, where the key says."""
        return parse_goal(self.quality) if self.quality else None


class Caller(Struct, frozen=True):
    """An authenticated key, for the length of one request."""

    key: ApiKey

    @property
    def tenant(self) -> str:
        """The tenant the key belongs to."""
        return self.key.tenant
