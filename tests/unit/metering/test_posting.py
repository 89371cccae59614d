from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.decisions import Attempt
from kyozon.domain.usage import Charge, Posting
from kyozon.metering.posting import hold, release, settle
from tests.fakes.record_samples import a_decision, an_outcome

NOW = datetime(2026, 11, 22, tzinfo=UTC)
amounts = st.decimals(min_value=Decimal("1e-18"), max_value=Decimal("1e9"), allow_nan=False, places=18)


@given(amounts)
def test_every_transaction_sums_to_zero(amount: Decimal) -> None:
    decision = a_decision(held=amount)
    booked = [
        hold(decision, NOW),
        release(decision, NOW),
        settle(decision, an_outcome(decision, charge=Charge(amount))),
    ]
    for transaction in booked:
        assert transaction is not None
        assert sum(posting.amount for posting in transaction.postings) == 0


def test_release_is_the_reverse_of_hold() -> None:
    decision = a_decision()
    held, released = hold(decision, NOW), release(decision, NOW)
    assert held is not None
    assert released is not None
    assert held.postings == (
        Posting("key:key_1:held", Decimal("0.25")),
        Posting("tenant:acme:uncommitted", Decimal("-0.25")),
    )
    assert released.postings == tuple(msgspec.structs.replace(each, amount=-each.amount) for each in held.postings)


def test_ids_come_from_the_decision_so_that_booking_twice_books_once() -> None:
    decision = a_decision(id="dec_1")
    booked = [hold(decision, NOW), release(decision, NOW), settle(decision, an_outcome(decision))]
    assert [each and each.id for each in booked] == ["hold:dec_1", "release:dec_1", "settle:dec_1"]
    assert [each and each.idempotency_key for each in booked] == ["hold:dec_1", "release:dec_1", "settle:dec_1"]


def test_nothing_is_booked_for_nothing() -> None:
    decision = a_decision(held=Decimal(0))
    assert hold(decision, NOW) is None
    assert release(decision, NOW) is None
    assert settle(decision, an_outcome(decision, charge=Charge(Decimal("0.000")))) is None


def test_settled_in_the_currency_of_the_charge_at_the_time_of_the_outcome() -> None:
    decision = a_decision()
    booked = settle(decision, an_outcome(decision, at=NOW, charge=Charge(Decimal(3), "JPY")))
    assert booked is not None
    assert (booked.currency, booked.at) == ("JPY", NOW)


def test_owed_to_the_provider_that_answered_not_to_the_one_chosen() -> None:
    decision = a_decision()
    fallback = an_outcome(
        decision,
        model="openai/gpt",
        attempts=(Attempt("local/small", "local", "timeout"), Attempt("openai/gpt", "openai-eu")),
    )
    booked = settle(decision, fallback)
    assert booked is not None
    assert booked.postings[1].account == "provider:openai-eu:payable"


def test_of_one_model_at_two_providers_the_one_that_was_reached_is_owed() -> None:
    """The caller left during the first words of the second one: no attempt names it."""
    decision = a_decision()
    left = an_outcome(decision, status="left", attempts=(Attempt("local/small", "local", "timeout"),), provider="partner")
    booked = settle(decision, left)
    assert booked is not None
    assert booked.postings[1].account == "provider:partner:payable"


def test_a_lost_request_is_owed_to_the_chosen_models_provider() -> None:
    decision = a_decision()
    booked = settle(decision, an_outcome(decision, status="lost", model=None, attempts=()))
    assert booked is not None
    assert booked.postings[1].account == "provider:local:payable"


def test_a_negative_charge_is_refused() -> None:
    decision = a_decision()
    with pytest.raises(ValueError, match="cannot be negative"):
        settle(decision, an_outcome(decision, charge=Charge(Decimal(-1))))
