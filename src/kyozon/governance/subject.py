"""What a rule looks at: one model card for one request."""

from collections.abc import Callable

from msgspec import Struct

from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Objection
from kyozon.domain.labels import Label, Zone
from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.requests import Needs


class Subject(Struct, frozen=True):
    """One card, where it runs, and the request that would go there. An unknown zone is None: rules deny it.

    `named` says that the caller asked for this very model. `credential_missing` names the environment variable that
    should hold the provider's key and does not.
    """

    card: ModelCard
    provider: Provider
    zone: Zone | None
    label: Label
    needs: Needs
    key: ApiKey
    named: bool = False
    credential_missing: str | None = None


Rule = Callable[[Subject], Objection | None]
"""A rule objects or says nothing. It never permits: permission is the absence of objections."""
