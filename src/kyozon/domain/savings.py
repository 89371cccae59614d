"""What was paid, beside what one reference model would have cost for the same requests."""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct

from kyozon.domain.reports import Period

Grouping = Literal["day", "key", "model", "task"]

Reason = Literal[
    "unreadable",
    "not_chat",
    "unanswered",
    "similar",
    "two_models",
    "no_estimate",
    "below",
    "unpriced",
    "no_reference_price",
    "currency",
]
"""Why a request is not compared: its record was pruned or is of another version · it is no chat · no whole answer came ·
the cache gave the answer to a similar question · two models wrote it · no estimates are on record · it was not judged as
good · a call or the reference had no known price · payment and price are in different currencies."""

METHOD: Final = (
    "paid: postings of settle transactions to key:*:spend; reference: the answer's input tokens, and its output tokens in "
    "proportion to those expected of both models, at the reference's price on the day of the decision; equal: by recorded "
    "estimates the model comes up to the share of the reference that the request's goal asks, in expectation and by the "
    "lower ends of the 90 % intervals, or it is the reference; interval: 95 %, normal, over requests, of a sum (saved) and "
    "of a linearised ratio (share), none below 30 requests"
)


class LeftOut(Struct, frozen=True):
    """Requests that are not compared, and what was paid for them."""

    reason: Reason
    requests: int
    paid: Decimal


class Saving(Struct, frozen=True, kw_only=True):
    """One group's sums in one currency, exact: `ledger` is `paid` and `left_out` together, `saved` = `reference` - `paid`.

    `paid` and `reference` are of the `counted` requests. Of these `from_cache` were answered from the cache, which saved
    `saved_by_cache` of `saved`. The bounds are of the 95 % interval, None for too few requests; `share` is of `reference`.
    """

    group: str
    currency: str
    requests: int
    counted: int
    from_cache: int
    ledger: Decimal
    paid: Decimal
    reference: Decimal
    saved: Decimal
    saved_low: Decimal | None
    saved_high: Decimal | None
    saved_by_cache: Decimal
    share: Decimal | None
    share_low: Decimal | None
    share_high: Decimal | None
    left_out: tuple[LeftOut, ...]


class Judged(Struct, frozen=True, kw_only=True):
    """How the counted answers were judged.

    `by_reference` the reference itself wrote; of the others the expected qualities are means, and `goals` counts the
    quality that was asked. The output of `scaled` answers is in proportion to the tokens expected of both models, that of
    `as_written` taken as it is. For `not_permitted` ones a rule had excluded the reference.
    """

    by_reference: int
    scaled: int
    as_written: int
    not_permitted: int
    goals: dict[str, int]
    expected_quality: float | None
    expected_quality_reference: float | None


class SavingsReport(Struct, frozen=True, kw_only=True):
    """What was saved in a period, by the time at which requests ended; `totals` hold one entry for each currency."""

    reference: str
    places: tuple[str, ...]
    period: Period
    made_at: datetime
    by: Grouping
    method: str = METHOD
    totals: tuple[Saving, ...]
    rows: tuple[Saving, ...]
    judged: Judged
