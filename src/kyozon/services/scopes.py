"""Whose ceilings a request counts against: its key's, its user's, its tenant's and those of the models it may reach."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from kyozon.domain.callers import ApiKey, Limits
from kyozon.domain.errors import BudgetReached, LimitReached
from kyozon.domain.language import Text

Kind = Literal["key", "user", "tenant", "model"]
_JAPANESE = {"requests": "リクエスト", "tokens": "トークン"}
_WHOSE = {"key": "キー", "user": "ユーザー", "tenant": "テナント", "model": "モデル"}


class Scope(Struct, frozen=True):
    """Somebody, or a model, with ceilings. Users of one name in two tenants are two; a model's tenant is empty."""

    kind: Kind
    id: str
    name: str
    limits: Limits
    tenant: str = ""

    @property
    def place(self) -> tuple[Kind, str, str]:
        """What tells one scope from another."""
        return self.kind, self.tenant, self.id


class SharedLimits(Struct, frozen=True):
    """Ceilings of the settings, by the name of the user, tenant or model; `concurrent_requests` means nothing here."""

    users: Mapping[str, Limits] = field(default_factory=dict)
    tenants: Mapping[str, Limits] = field(default_factory=dict)
    models: Mapping[str, Limits] = field(default_factory=dict)

    def scopes(self, key: ApiKey, models: Sequence[str]) -> list[Scope]:
        """Those scopes of a request that have a ceiling, the narrowest first. Most keys have none; then this is all."""
        found = []
        if limited(key.limits):
            found.append(Scope("key", key.id, key.name, key.limits, key.tenant))
        if self.users and limited(self.users.get(key.user)):
            found.append(Scope("user", key.user, key.user, self.users[key.user], key.tenant))
        if self.tenants and limited(self.tenants.get(key.tenant)):
            found.append(Scope("tenant", key.tenant, key.tenant, self.tenants[key.tenant], key.tenant))
        if self.models:
            found += [scope for model in models if (scope := self.of_model(model)) is not None]
        return found

    def of_model(self, model: str) -> Scope | None:
        """A model's scope, None where the settings give it no ceiling."""
        limits = self.models.get(model)
        return Scope("model", model, model, limits) if limits is not None and limited(limits) else None


def limited(limits: Limits | None) -> bool:
    """Whether there is a ceiling to reserve under; one on concurrent requests is none."""
    return limits is not None and not (
        limits.requests_per_minute is None and limits.tokens_per_minute is None and limits.money_per_month is None
    )


def whose(scope: Scope) -> Text:
    """What messages call a scope."""
    return Text(f"{scope.kind} {scope.name}", f"{_WHOSE[scope.kind]} {scope.name}")


def larger_than_limit(scope: Scope, name: str, limit: int, amount: int) -> LimitReached:
    """The refusal of a request that no waiting lets through."""
    ja, owner = _JAPANESE[name], whose(scope)
    other = Text("use a key with a higher limit", "上限の高いキーを使ってください")
    if scope.kind != "key":
        other = Text("have the limit raised", "上限の引き上げを管理者にご相談ください")
    return LimitReached(
        Text(
            f"this request alone may take {amount} {name}, and {owner.en} may use {limit} per minute: waiting does not "
            f"help. Shorten it, lower max_completion_tokens, or {other.en}.",
            f"この要求だけで {amount} {ja}に達し得ますが、{owner.ja} の上限は毎分 {limit} {ja}で、待っても通りません。"
            f"要求を短くするか、max_completion_tokens を下げるか、{other.ja}。",
        ),
        name,
        None,
    )


def over_limit(scope: Scope, name: str, limit: int, when: datetime) -> LimitReached:
    """The refusal of a request that may try again `when`."""
    ja, owner = _JAPANESE[name], whose(scope)
    return LimitReached(
        Text(
            f"{owner.en} may use {limit} {name} per minute; try again at {when:%H:%M:%S} UTC.",
            f"{owner.ja} の上限は毎分 {limit} {ja}です。{when:%H:%M:%S} UTC 以降に再度お試しください。",
        ),
        name,
        when,
    )


def over_budget(scope: Scope, spent: Decimal, held: Decimal, month: datetime) -> BudgetReached:
    """The refusal of a request that the month's money does not cover."""
    following = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
    budget, owner = scope.limits.money_per_month, whose(scope)
    other = Text(", or use another key", "別のキーもお使いいただけます。") if scope.kind == "key" else Text("", "")
    return BudgetReached(
        Text(
            f"{owner.en} may spend {budget} this month; {spent} is spent and {held} reserved. It resets on "
            f"{following:%Y-%m-%d}{other.en}.",
            f"{owner.ja} の今月の予算は {budget} です（使用済み {spent}、予約中 {held}）。"
            f"{following:%Y-%m-%d} にリセットされます。{other.ja}",
        ),
        following,
    )
