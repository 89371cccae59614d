"""A person's approval of one call: it holds for exactly what was looked at, and for nothing else."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, structs

from kyozon.domain.labels import Label
from kyozon.domain.tools import Call, Verdict
from kyozon.governance.tools.session import Session

_STANDING = frozenset({"asks"})


class Wanted(Struct, frozen=True):
    """What an approval is asked for, and what it is bound to. `objections` are rule, need and have of each."""

    call_id: str
    tool: str
    arguments_sha256: str
    label: Label
    session: str
    policy_version: str
    objections: tuple[tuple[str, str, str], ...]


class Approval(Struct, frozen=True):
    """A named person's word about one call, asked for by another. The call is made at most once (`Session.made`)."""

    wanted: Wanted
    approver: str
    requester: str
    expires_at: datetime


class StandingApproval(Struct, frozen=True):
    """A word about every call of a tool that `asks`. It never reaches what a policy objects to."""

    tool: str
    approver: str
    expires_at: datetime


def wanted(call: Call, verdict: Verdict, session: Session) -> Wanted:
    """What a person has to approve for this call to be made."""
    found = tuple((objection.rule, objection.need, objection.have) for objection in verdict.objections)
    return Wanted(call.id, call.tool, verdict.arguments_sha256, verdict.label, session.id, session.policy_version, found)


def approved(
    asked: Wanted, verdict: Verdict, given: Iterable[Approval | StandingApproval], requester: str, now: datetime
) -> Verdict:
    """The verdict with what people have said: allowed where one of them covers it, denied calls stay denied."""
    if verdict.outcome == "needs_approval" and any(_covers(one, asked, requester, now) for one in given):
        return structs.replace(verdict, outcome="allowed")
    return verdict


def _covers(given: Approval | StandingApproval, asked: Wanted, requester: str, now: datetime) -> bool:
    if given.approver == requester or given.expires_at <= now:
        return False
    if isinstance(given, StandingApproval):
        return given.tool == asked.tool and {rule for rule, _, _ in asked.objections} <= _STANDING
    return given.wanted == asked and given.requester == requester
