from collections.abc import Sequence
from decimal import Decimal

from msgspec import structs

from bench.reliability.books import Booked, Books, Price, Tokens, Tried
from bench.reliability.checks.ceilings import beyond_reservation, too_many_requests, too_many_tokens, too_much_money
from bench.reliability.evidence import Evidence, Notes, Setting
from bench.reliability.journals import Life
from bench.reliability.parties import keys, models, tenants, users

COUNT = 1_000
KEYS = {"key_r": "rated", "key_t": "counted", "key_m": "purse", "key_o": "open"}
ONE = (Life(0.0, 1_000.0),)


def booked(number: int, at: float, key: str = "key_o", **changes: object) -> Booked:
    """An admitted request that used nothing and ended a second later."""
    plain = Booked(
        f"dec_{number}",
        at,
        key,
        "default",
        "somebody",
        "swift",
        "",
        0,
        0,
        Decimal(0),
        ("swift",),
        "answered",
        at + 1,
        "swift",
    )
    return structs.replace(plain, **changes)


def evidence(decisions: Sequence[Booked], lives: Sequence[Life] = ONE) -> Evidence:
    books = Books(tuple(decisions), (), {}, {})
    return Evidence(Setting(1, COUNT, KEYS), Notes((), (), (), lives), books)


def limit_of(key: str) -> int:
    ceilings = keys(COUNT)[key].ceilings
    return ceilings.requests or ceilings.tokens or 0


def test_a_minutes_worth_may_come_at_once_and_no_more() -> None:
    limit = limit_of("rated")
    burst = [booked(number, 10.0, "key_r") for number in range(limit)]

    assert not list(too_many_requests(evidence(burst)))
    assert len(list(too_many_requests(evidence([*burst, booked(limit, 10.0, "key_r")])))) == 1


def test_what_refills_may_be_taken() -> None:
    limit = limit_of("rated")
    burst = [booked(number, 10.0, "key_r") for number in range(limit)]
    later = [booked(limit + number, 40.0, "key_r") for number in range(limit // 2)]

    assert not list(too_many_requests(evidence([*burst, *later])))
    assert list(too_many_requests(evidence([*burst, *later, booked(9_999, 40.0, "key_r")])))


def test_a_new_process_brings_no_new_bucket() -> None:
    limit = limit_of("rated")
    lives = (Life(0.0, 20.0), Life(20.5, 1_000.0))
    taken = [booked(number, 10.0, "key_r") for number in range(limit)]
    again = [booked(limit + number, 21.0, "key_r") for number in range(limit // 2)]

    assert list(too_many_requests(evidence([*taken, *again], lives)))


def test_tokens_reserved_and_not_used_come_back() -> None:
    limit = limit_of("counted")
    first = booked(0, 10.0, "key_t", ceiling=limit, used=Tokens(output=limit // 2))
    second = booked(1, 11.5, "key_t", ceiling=limit // 2)

    assert not list(too_many_tokens(evidence([first, second])))
    assert list(too_many_tokens(evidence([first, structs.replace(second, at=10.5)])))


def test_the_keys_of_a_user_share_one_bucket() -> None:
    limit = users(COUNT)["alice"].requests or 0
    taken = [booked(number, 10.0, f"key_{number % 2}", user="alice") for number in range(limit)]

    assert not list(too_many_requests(evidence(taken)))
    assert list(too_many_requests(evidence([*taken, booked(9_999, 10.0, "key_2", user="alice")])))


def test_the_keys_of_a_tenant_share_one_bucket() -> None:
    limit = tenants(COUNT)["lab"].tokens or 0
    taken = [booked(number, 10.0, f"key_{number}", tenant="lab", ceiling=limit // 2) for number in range(2)]

    assert not list(too_many_tokens(evidence(taken)))
    assert list(too_many_tokens(evidence([*taken, booked(2, 10.0, "key_2", tenant="lab", ceiling=100)])))


def test_a_model_that_was_ranked_and_not_called_gives_its_request_back() -> None:
    limit = models(COUNT)["scholar"].requests or 0
    called = [booked(number, 10.0, tried=("swift", "scholar"), model="scholar") for number in range(limit)]
    passed = [booked(number, 10.0, tried=("swift", "scholar")) for number in range(limit)]
    more = booked(9_999, 11.5, tried=("scholar",), model="scholar")

    assert list(too_many_requests(evidence([*called, *called[:20], more])))
    assert not list(too_many_requests(evidence([*passed, more])))


def test_a_budget_is_not_overspent_but_by_what_an_upstream_reports_too_much() -> None:
    budget = keys(COUNT)["purse"].ceilings.money or Decimal(0)
    spent = booked(0, 10.0, "key_m", amount=budget, held=budget)
    more = booked(1, 20.0, "key_m", amount=Decimal("0.000001"), held=Decimal("0.000001"))
    lied = structs.replace(more, amount=Decimal("0.5"), held=Decimal("0.000001"))
    tried = Tried("swift", "east", "stream_broken", Tokens(1), Price(Decimal("0.000001")))

    assert not list(too_much_money(evidence([spent])))
    assert list(too_much_money(evidence([spent, more])))
    assert beyond_reservation(lied) == Decimal("0.499999")
    assert list(too_much_money(evidence([spent, lied])))
    assert list(too_much_money(evidence([spent, structs.replace(more, amount=Decimal(0), attempts=(tried,))])))
