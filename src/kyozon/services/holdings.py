"""What this process holds of the shared ceilings, and grants from without asking anybody."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from kyozon.metering.limits import MINUTE, Bucket, refill, take
from kyozon.ports.leases import Place, Pool, money_meter
from kyozon.services.scopes import Scope

NO_MONEY = Decimal(0)


class Held(Struct):
    """Of a ceiling per minute: a bucket of this process's own, at most as large as `limit`.

    `running` requests have taken from it and are not settled; `reserved` tokens of theirs may come back. Until it is
    `opened` nobody has asked what there is; until it is `resting` (seconds of the world's clock) nobody asks for more.
    """

    place: Place
    meter: str
    limit: int
    bucket: Bucket
    opened: bool = False
    running: int = 0
    reserved: int = 0
    used: float = 0.0
    resting: float = 0.0

    @property
    def pool(self) -> Pool:
        """The ceiling it is a part of."""
        return self.place, self.meter

    @property
    def whole(self) -> bool:
        """Whether others hold nothing of it."""
        return self.bucket.limit >= self.limit

    def covers(self, amount: int | Decimal, now: datetime) -> bool:
        """Whether so many can be taken from it."""
        return take(self.bucket, int(amount), now) is not None

    def missing(self, amount: int, now: datetime) -> tuple[int, int]:
        """Level and room that it lacks for so many."""
        return max(0, amount * MINUTE - refill(self.bucket, now).level), max(0, amount - self.bucket.limit)


class Purse(Struct):
    """Of a month's money: `amount` was leased at the last trade, at which `reported` of all it has `spent` was known.

    `held` is reserved and not settled. `settled` and `elsewhere` are what the last trade told of everybody: spent, and
    leased by others.
    """

    place: Place
    month: datetime
    budget: Decimal
    opened: bool = False
    amount: Decimal = NO_MONEY
    spent: Decimal = NO_MONEY
    reported: Decimal = NO_MONEY
    held: Decimal = NO_MONEY
    settled: Decimal = NO_MONEY
    elsewhere: Decimal = NO_MONEY
    running: int = 0
    used: float = 0.0
    resting: float = 0.0

    @property
    def pool(self) -> Pool:
        """The ceiling it is a part of."""
        return self.place, money_meter(self.month)

    @property
    def unspent(self) -> Decimal:
        """What is left of the lease; what is `held` is in it."""
        return self.amount - self.spent + self.reported

    @property
    def whole(self) -> bool:
        """Whether others hold nothing of it."""
        return not self.elsewhere and self.amount >= self.budget - self.settled

    @property
    def spent_by_all(self) -> Decimal:
        """What is spent this month, as far as this process knows."""
        return self.settled + self.spent - self.reported

    @property
    def concerns_others(self) -> bool:
        """Whether it holds something, or has spent what nobody was told."""
        return bool(self.amount) or self.spent != self.reported

    def covers(self, amount: int | Decimal, _: datetime) -> bool:
        """Whether so much can be taken from it."""
        return self.unspent - self.held >= amount

    def turn(self, month: datetime) -> None:
        """Begin a month. What is reserved stays so; no lease of this month covers it yet."""
        self.month, self.opened, self.resting = month, False, 0.0
        self.amount = self.spent = self.reported = self.settled = self.elsewhere = NO_MONEY


class Short(Struct, frozen=True):
    """What one request lacks: in which scope, of what (`requests`, `tokens`, `money`), how much it needs, what is held."""

    scope: Scope
    meter: str
    amount: int | Decimal
    holding: Held | Purse
