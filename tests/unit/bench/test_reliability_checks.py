from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec import structs

from bench.reliability.books import Entry, Tokens, Tried
from bench.reliability.checks.all import CHECKS, violations
from bench.reliability.journals import Happening
from bench.reliability.plan import Asked
from tests.unit.bench.reliability_story import ESTIMATED, HELD, Story, broken_attempt, moment, plain, request_that

PLAIN = request_that(lambda one: plain(one) and not one.stream)
OTHER = request_that(lambda one: plain(one) and not one.stream, 1)
STREAM = request_that(lambda one: plain(one) and one.stream)
REPEATED = request_that(lambda one: one.repeats and one.asks_again)
MISTAKEN = request_that(lambda one: one.mistake == "unknown model")
LOST = request_that(plain, 4)
FAILED = request_that(plain, 5)
REFUSED = request_that(plain, 6)
LEFT = request_that(plain, 7)
AGAIN = {"x-kyozon-replayed": "true"}
SOON = {"retry-after": "1", "retry-after-ms": "1000"}


def whole_story() -> Story:
    """One request of each kind, all as it should be."""
    story = Story()
    story.answered(PLAIN)
    first = story.answered(REPEATED)
    story.heard.append(structs.replace(first, turn=1, began=first.ended, ended=first.ended + 1, headers=AGAIN))
    used = Tokens(uncached=ESTIMATED, output=4)
    broken = story.decided(STREAM, status="broken", model="swift", used=used, error="stream_broken")
    story.decisions[-1] = structs.replace(
        broken, attempts=(structs.replace(broken_attempt(), error=None, usage=None, charge=None),)
    )
    story.called(STREAM, how="reset", words=3, began_answer=True)
    story.told(STREAM, status=200, decision=broken.id, code="stream_broken", words=1)
    story.decided(LOST, status="lost", model="swift", used=Tokens(uncached=ESTIMATED), error="process_died")
    story.called(LOST)
    story.told(LOST, failure="broken")
    story.happenings.append(Happening("kill", moment(LOST) + 1, moment(LOST) + 3))
    tries = (broken_attempt(), Tried("swift", "east", "provider_failed"))
    story.decided(FAILED, status="failed", error="provider_failed", attempts=tries)
    story.called(FAILED, how="cut", began_answer=True)
    story.called(FAILED, how="status", status=429, retry_after=7.0, began=moment(FAILED) + 1.5)
    story.told(FAILED, status=429, code="provider_failed", headers={"retry-after": "7", "retry-after-ms": "7000"})
    refused = story.decided(REFUSED, status="refused", chosen=None, held=Decimal(0), tried=())
    story.told(REFUSED, status=429, code="rate_limit_exceeded", headers=SOON, decision=refused.id)
    story.told(MISTAKEN, status=404, code="not_found")
    story.decided(LEFT, status="left", error="caller_left")
    story.told(LEFT, failure="left")
    return story


(P, R, S, L, F, N, G) = range(7)
"""Places of the decisions: plain, repeated, stream, lost, failed, refused (none chosen), gone."""


def breaks(name: str) -> Callable[[Callable[[Story], None]], Callable[[Story], None]]:
    """Mark what breaks the rule of that name."""

    def marked(change: Callable[[Story], None]) -> Callable[[Story], None]:
        BREAKERS.append((name, change))
        return change

    return marked


BREAKERS: list[tuple[str, Callable[[Story], None]]] = []


@breaks("unbalanced")
def an_entry_that_does_not_sum_to_zero(story: Story) -> None:
    settled = f"settle:{story.decisions[P].id}"
    story.extra.append(Entry(settled, "settle", story.decisions[P].id, "USD", Decimal("0.01"), story.decisions[P].amount))


@breaks("wrong_usage")
def an_answer_billed_for_fewer_words_than_were_served(story: Story) -> None:
    _bill(story, P, Tokens(uncached=10, output=2))


@breaks("wrong_usage")
def a_broken_stream_billed_for_fewer_words_than_were_seen(story: Story) -> None:
    story.change("heard", 3, words=3)


@breaks("wrong_usage")
def a_broken_stream_billed_for_more_words_than_were_sent(story: Story) -> None:
    _bill(story, S, Tokens(uncached=ESTIMATED, output=8))


@breaks("wrong_usage")
def a_cut_off_request_that_costs_nothing(story: Story) -> None:
    _bill(story, L, Tokens())


@breaks("wrong_usage")
def an_answer_that_no_upstream_gave(story: Story) -> None:
    story.change("served", 0, how="cut")


@breaks("wrong_attempts")
def a_broken_attempt_that_is_not_billed(story: Story) -> None:
    attempts = tuple(structs.replace(one, usage=None, charge=None) for one in story.decisions[F].attempts)
    story.change("decisions", F, attempts=attempts)


@breaks("wrong_attempts")
def an_attempt_billed_although_the_upstream_said_no(story: Story) -> None:
    story.change("decisions", F, attempts=(broken_attempt(), broken_attempt()))


@breaks("wrong_charges")
def a_charge_at_another_price(story: Story) -> None:
    story.change("decisions", P, amount=Decimal("0.1"))


@breaks("wrong_charges")
def a_settlement_that_is_missing(story: Story) -> None:
    story.extra.append(Entry(f"release:{story.decisions[F].id}", "", "", "USD", Decimal(0), HELD))


@breaks("lost_answers")
def an_answer_without_a_record(story: Story) -> None:
    story.change("heard", 0, decision="dec_nowhere")


@breaks("lost_answers")
def an_answer_that_is_not_settled(story: Story) -> None:
    story.extra.append(Entry(f"settle:{story.decisions[P].id}", "", "", "USD", Decimal(0), Decimal(1)))


@breaks("open_decisions")
def a_decision_without_an_outcome(story: Story) -> None:
    story.change("decisions", L, status=None, ended=None, model=None, used=Tokens(), amount=Decimal(0))


@breaks("mixed_answers")
def words_of_another_request(story: Story) -> None:
    story.change("heard", 0, intact=False)


@breaks("mixed_answers")
def words_that_are_missing(story: Story) -> None:
    story.change("heard", 0, words=1)


@breaks("answered_twice")
def a_repeat_with_another_answer(story: Story) -> None:
    story.change("heard", 2, answer="b")


@breaks("answered_twice")
def a_repeat_that_was_not_given_again(story: Story) -> None:
    story.change("heard", 2, headers={})


@breaks("billed_twice")
def two_bills_under_one_idempotency_key(story: Story) -> None:
    story.answered(REPEATED)


@breaks("billed_twice")
def a_decision_of_no_request(story: Story) -> None:
    story.change("decisions", N, body_sha256="of nothing")


@breaks("unrecorded_calls")
def a_call_before_any_decision(story: Story) -> None:
    story.called(PLAIN, began=1.0)


@breaks("unrecorded_calls")
def a_call_that_no_attempt_tells_of(story: Story) -> None:
    story.called(PLAIN, how="status", began=moment(PLAIN) + 0.1)


@breaks("refused_but_sent")
def a_refused_request_that_reached_an_upstream(story: Story) -> None:
    story.called(REFUSED)


@breaks("wrong_401")
def a_valid_key_called_unknown(story: Story) -> None:
    story.told(OTHER, status=401, code="invalid_api_key")


@breaks("unclear_failures")
def a_refusal_without_retry_after(story: Story) -> None:
    _refused_with(story, {})


@breaks("unclear_failures")
def a_rate_limit_of_more_than_a_minute(story: Story) -> None:
    _refused_with(story, {"retry-after": "61", "retry-after-ms": "61000"})


@breaks("unclear_failures")
def two_times_to_wait_that_contradict_each_other(story: Story) -> None:
    _refused_with(story, SOON | {"retry-after": "2"})


@breaks("unclear_failures")
def a_time_to_wait_that_the_upstream_did_not_say(story: Story) -> None:
    story.change("served", 5, retry_after=3.0)


@breaks("unclear_failures")
def an_unknown_code(story: Story) -> None:
    story.told(OTHER, status=418, code="teapot")


@breaks("unclear_failures")
def a_stream_that_just_stops(story: Story) -> None:
    story.change("heard", 3, code="")


@breaks("wrong_refusals")
def a_wrong_request_told_something_else(story: Story) -> None:
    story.change("heard", 7, status=400, code="invalid_request")


@breaks("failed_connections")
def a_connection_that_breaks_in_peace(story: Story) -> None:
    story.told(OTHER, failure="broken")


@breaks("failed_connections")
def a_connection_that_breaks_in_a_rolling_restart(story: Story) -> None:
    story.happenings.append(Happening("replace", moment(OTHER), moment(OTHER) + 2))
    story.told(OTHER, failure="refused")


@breaks("failed_connections")
def a_request_begun_before_the_drain_and_cut_by_it(story: Story) -> None:
    story.happenings.append(Happening("drain", moment(OTHER), moment(OTHER) + 2))
    story.told(OTHER, failure="broken")


@breaks("unexplained_failures")
def an_error_of_our_own(story: Story) -> None:
    story.told(OTHER, status=500, code="internal_error")


@breaks("unexplained_failures")
def a_database_that_was_there(story: Story) -> None:
    story.told(OTHER, status=503, code="storage_unavailable", headers=SOON)


@breaks("unexplained_failures")
def a_failure_where_the_upstream_answered(story: Story) -> None:
    story.change("heard", 0, status=502, code="stream_broken", whole=False)


@breaks("unclean_stops")
def a_process_that_ends_with_an_error(story: Story) -> None:
    story.happenings.append(Happening("drain", 1.0, 2.0, 1))


def test_a_run_in_which_all_was_kept_breaks_no_rule() -> None:
    found = violations(whole_story().evidence())

    assert found == {name: [] for name in CHECKS}


@pytest.mark.parametrize(("name", "change"), BREAKERS, ids=lambda value: getattr(value, "__name__", value))
def test_what_breaks_a_rule_is_found(name: str, change: Callable[[Story], None]) -> None:
    story = whole_story()
    change(story)

    assert violations(story.evidence())[name]


def test_every_rule_has_something_that_breaks_it() -> None:
    ceilings = {"too_many_requests", "too_many_tokens", "too_much_money"}

    assert {name for name, _ in BREAKERS} | ceilings == set(CHECKS)


def test_what_is_allowed_while_something_happens_is_not_found() -> None:
    story = whole_story()
    story.happenings += [
        Happening("database", moment(OTHER), moment(OTHER) + 1),
        Happening("drain", moment(OTHER) + 100, moment(OTHER) + 105),
    ]
    story.told(OTHER, status=503, code="storage_unavailable", headers=SOON)
    story.told(OTHER, failure="refused", began=moment(OTHER) + 101, ended=moment(OTHER) + 101)

    assert not any(violations(story.evidence()).values())


def _bill(story: Story, place: int, used: Tokens) -> None:
    request: Asked = {P: PLAIN, S: STREAM, L: LOST}[place]
    was = story.decisions[place]
    booked = story.decided(request, status=was.status, model=was.model, used=used, error=was.error, attempts=was.attempts)
    story.decisions.remove(booked)
    story.decisions[place] = structs.replace(booked, id=was.id)


def _refused_with(story: Story, headers: dict[str, str]) -> None:
    story.change("heard", 6, headers=headers)
