"""Grants (declassification by a named person): what they bind, who may give them, and what they set aside."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Objection
from kyozon.domain.labels import Label, Level, Zone
from kyozon.domain.language import Text
from kyozon.domain.requests import Json
from kyozon.domain.review import LIFTED_BY_GRANTS, Claim, Grant, ReviewRules
from kyozon.governance.flow import may_flow
from kyozon.governance.subject import Subject

REVIEWER = "review"
"""The role of who may look at answers before they are delivered."""

UNFIT = "grant"
"""What an objection is called that says why a grant does not fit: no policy makes it."""

_DECLASSIFY = "declassify:"
_LEVEL = f"{_DECLASSIFY}level:"
_NO_WORDS = frozenset({"stream", "stream_options", "max_tokens", "max_completion_tokens"})
"""Numbers and switches about how an answer comes: a limited budget or another client sets them without anybody's asking."""

_STREAM_SWITCHES = frozenset({"include_usage", "include_obfuscation"})

WHY_NOT = {
    "grant": Text("there is none of that name here", "その名前の許可書はありません"),
    "tenant": Text("it is another tenant's", "別のテナントのものです"),
    "requester": Text("it is for another person", "別の人のものです"),
    "content_sha256": Text("it is for other words", "内容が異なります"),
    "zone": Text("it is for another zone", "ゾーンが異なります"),
    "purpose": Text("it is for another purpose (x-kyozon-purpose)", "目的が異なります（x-kyozon-purpose）"),
    "label": Text("the request is labelled otherwise now", "ラベルが異なります"),
    "policy_version": Text("the policy has changed since", "承認後にポリシーが変わりました"),
    "used": Text("it has been used", "使用済みです"),
    "expired": Text("it has expired", "期限切れです"),
}
"""What of a grant does not fit, by its name in records."""


def content_of(body: Json) -> bytes:
    """The bytes that a grant releases: a request's whole body in one canonical form, but for `_NO_WORDS` without words."""
    return msgspec.json.encode({name: v for name, v in body.items() if not _wordless(name, v)}, order="deterministic")


def sha256_of(body: Json) -> str:
    """The SHA-256 over `content_of`."""
    return hashlib.sha256(content_of(body)).hexdigest()


def why_not(grant: Grant | None, claim: Claim, at: datetime) -> tuple[str, ...]:
    """What of a grant does not fit a claim; empty where it holds. A grant that nobody gave fits nothing."""
    if grant is None:
        return ("grant",)
    fields = [name for name in Claim.__struct_fields__ if getattr(grant.claim, name) != getattr(claim, name)]
    return (*fields, *(["used"] if grant.used_at else []), *(["expired"] if grant.expires_at <= at else []))


def lifted(
    verdict: Iterable[tuple[Subject, tuple[Objection, ...]]], zone: str
) -> list[tuple[Subject, tuple[Objection, ...]]]:
    """A verdict in which nothing is said any more about data that goes to `zone`; all other objections stand."""
    return [(subject, _others(found) if subject.card.zone == zone else found) for subject, found in verdict]


def unfit(
    verdict: Iterable[tuple[Subject, tuple[Objection, ...]]], reasons: tuple[str, ...]
) -> list[tuple[Subject, tuple[Objection, ...]]]:
    """A verdict that says, where a grant could have helped, why the one that was named does not."""
    words = [WHY_NOT.get(reason, Text(reason, reason)) for reason in reasons]
    en, ja = ", ".join(word.en for word in words), "、".join(word.ja for word in words)
    objection = Objection(
        rule=UNFIT,
        need="a grant for this very request",
        have=f"differs in {', '.join(reasons)}",
        text=Text(
            f"the grant that was named does not fit: {en}. Ask for a review of this request (x-kyozon-review: request).",
            f"指定された許可書はこの要求に使えません（{ja}）。x-kyozon-review: request で審査を依頼してください。",
        ),
    )
    return [(subject, (*found, objection) if liftable(found) else found) for subject, found in verdict]


def liftable(found: tuple[Objection, ...]) -> bool:
    """Whether nothing but where the data would go stands against a card."""
    return bool(found) and all(objection.rule in LIFTED_BY_GRANTS for objection in found)


def roles_for(label: Label, zone: Zone) -> frozenset[str]:
    """The roles that a person needs to release such data to a zone: for its level, and each compartment that forbids it."""
    found = {f"{_DECLASSIFY}{name}" for name in label.compartments if not _compartment_may_flow(name, zone)}
    if label.level.rank > zone.clearance.level.rank:
        found.add(f"{_LEVEL}{label.level.value}")
    return frozenset(found)


def roles_to_lower(old: Label, new: Label) -> frozenset[str]:
    """The roles that a person needs to let stored data be labelled lower: for its level, and each compartment it leaves."""
    found = {f"{_DECLASSIFY}{name}" for name in old.compartments - new.compartments}
    if old.level.rank > new.level.rank:
        found.add(f"{_LEVEL}{old.level.value}")
    return frozenset(found)


def lacking(roles: frozenset[str], needed: Iterable[str]) -> list[str]:
    """Which of the needed roles are not held; who may release a level may release those below it."""
    ranks = [Level(role.removeprefix(_LEVEL)).rank for role in roles if role.startswith(_LEVEL)]
    most = max(ranks, default=-1)
    return sorted(
        role
        for role in needed
        if role not in roles and not (role.startswith(_LEVEL) and Level(role.removeprefix(_LEVEL)).rank <= most)
    )


def known_role(role: str) -> bool:
    """Whether a role means something: `review`, `declassify:level:LEVEL` or `declassify:COMPARTMENT`."""
    if role.startswith(_LEVEL):
        return role.removeprefix(_LEVEL) in {level.value for level in Level}
    name = role.removeprefix(_DECLASSIFY)
    return role == REVIEWER or (name != role and name.isascii() and name.replace("-", "").isalnum())


def held_by(rules: ReviewRules, label: Label, key: ApiKey) -> bool:
    """Whether an answer is held whichever place it comes from."""
    return bool(rules.keys & {key.id, key.name}) or any(_at_least(label, least) for least in rules.labels)


def _at_least(label: Label, least: Label) -> bool:
    return label.level.rank >= least.level.rank and label.compartments >= least.compartments


def _compartment_may_flow(name: str, zone: Zone) -> bool:
    return may_flow(Label(Level.PUBLIC, frozenset({name})), zone)


def _wordless(name: str, value: Any) -> bool:
    """Whether a field says only how an answer comes. Words that somebody puts there would leave with a grant for others."""
    if name not in _NO_WORDS:
        return False
    if isinstance(value, dict):
        return value.keys() <= _STREAM_SWITCHES and all(isinstance(one, bool) for one in value.values())
    return value is None or isinstance(value, int)


def _others(found: tuple[Objection, ...]) -> tuple[Objection, ...]:
    return tuple(objection for objection in found if objection.rule not in LIFTED_BY_GRANTS)
