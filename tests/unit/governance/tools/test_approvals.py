"""An approval holds for exactly what was looked at."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from kyozon.domain.labels import Label
from kyozon.domain.tools import Reference, Verdict, Worded
from kyozon.governance.tools.approvals import Approval, StandingApproval, Wanted, approved, wanted
from kyozon.governance.tools.session import Session
from tests.unit.governance.tools.sessions import PROMPT, SECRET, STRANGER, holding, session, verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def asked(to: str = "ann", name: str = "one", tool: str = "send") -> tuple[Wanted, Verdict, Session]:
    """A call that needs a person, since untrusted words were read before."""
    one = holding(session("plan", name), "evil").read("mail")
    call = one.call("c", tool, {"to": one.worded(to)})
    found = verdict(call, one)
    return wanted(call, found, one), found, one


def outcome(given: Approval | StandingApproval, want: Wanted, found: Verdict, now: datetime = NOW) -> str:
    return approved(want, found, [given], "asker", now).outcome


def test_the_very_call_is_allowed() -> None:
    want, found, _ = asked()

    assert outcome(Approval(want, "boss", "asker", LATER), want, found) == "allowed"


@pytest.mark.parametrize(
    "change",
    [
        {"call_id": "d"},
        {"tool": "delete"},
        {"arguments_sha256": "0" * 64},
        {"label": SECRET},
        {"session": "two"},
        {"policy_version": "policy-2"},
        {"objections": ()},
    ],
)
def test_an_approval_of_anything_else_is_none(change: dict[str, object]) -> None:
    want, found, _ = asked()
    other = structs.replace(want, **change)

    assert outcome(Approval(other, "boss", "asker", LATER), want, found) == "needs_approval"


def test_other_arguments_another_session_or_a_label_raised_since_are_something_else() -> None:
    want, _, _ = asked()

    assert asked(to="eve")[0].arguments_sha256 != want.arguments_sha256
    assert asked(name="two")[0] != want
    one = holding(session("plan"), "evil")
    call = one.call("c", "send", {"to": Reference("mail")})
    before, after = verdict(call, one), verdict(call, one.raised("mail", Label(compartments=frozenset({"pii"}))))
    assert wanted(call, before, one) != wanted(call, after, one)


def test_the_same_words_from_elsewhere_are_something_else() -> None:
    one = holding(session("plan"), "ann")
    worded, passed = (
        one.call("c", "send", {"to": Worded("ann", STRANGER)}),
        one.call("c", "send", {"to": Reference("mail")}),
    )

    assert verdict(worded, one).arguments_sha256 != verdict(passed, one).arguments_sha256


def test_nobody_approves_their_own_request_nor_another_persons_nor_for_ever() -> None:
    want, found, _ = asked()

    assert outcome(Approval(want, "asker", "asker", LATER), want, found) == "needs_approval"
    assert outcome(Approval(want, "boss", "somebody", LATER), want, found) == "needs_approval"
    assert outcome(Approval(want, "boss", "asker", NOW), want, found) == "needs_approval"


def test_a_standing_approval_cannot_approve_a_policy_violation() -> None:
    """agent-framework #7528: a tool approved for ever was approved for what the policy objects to, too."""
    clean = session()
    call = clean.call("c", "pay", {"to": clean.worded("ann")})
    harmless = verdict(call, clean)
    standing = StandingApproval("pay", "boss", LATER)

    assert outcome(standing, wanted(call, harmless, clean), harmless) == "allowed"
    want, violation, _ = asked(tool="pay")
    assert outcome(standing, want, violation) == "needs_approval"
    assert outcome(StandingApproval("send", "boss", LATER), wanted(call, harmless, clean), harmless) == "needs_approval"


def test_no_approval_opens_what_is_denied() -> None:
    one = holding(session("plan"), "a diary", label=SECRET)
    call = one.call("c", "send", {"to": Worded("ann", PROMPT), "text": Reference("mail")})
    found = verdict(call, one)
    want = wanted(call, found, one)

    assert found.outcome == outcome(Approval(want, "boss", "asker", LATER), want, found) == "denied"


def test_an_approved_call_is_not_made_twice() -> None:
    want, found, one = asked()
    call = one.call("c", "send", {"to": one.worded("ann")})
    again = verdict(call, one.made(call))

    assert outcome(Approval(want, "boss", "asker", LATER), want, found) == "allowed"
    assert outcome(Approval(want, "boss", "asker", LATER), wanted(call, again, one.made(call)), again) == "denied"
