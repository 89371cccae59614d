"""Shared ceilings in PostgreSQL: one row for what nobody leases of each, one for each lease."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct

from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.language import Text
from kyozon.metering.limits import MINUTE
from kyozon.metering.shares import Portion, SharedBucket, lent, part_of, resized, returned
from kyozon.ports.leases import Lease, MoneyLease, MoneyTrade, Pool, RateLease, RateTrade, Trade, Word, money_meter, word_of
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.records import PostgresRecords

CHANNEL = "kyozon_limits"
Key = tuple[str, str, str, str]
_NONE = Decimal(0)
_MONEY = "money "
_word = msgspec.json.Decoder(Word)

# A lease that a crash forgets could be granted twice: leases are durable whatever the operator has chosen for records.
_DURABLE = "SET LOCAL synchronous_commit = on"
# Who takes a server for dead locks its row first: so its trades come before that or fail.
_SERVERS = "SELECT (SELECT count(*) FROM running_server) FROM running_server WHERE id = $1 FOR KEY SHARE"
# Locks the rows, in one order for all, whether or not they were there.
_POOLS = """
INSERT INTO limit_pool AS known (kind, tenant, id, meter, ceiling, level, at, spent)
SELECT kind, tenant, id, meter, ceiling, level, clock_timestamp(), spent
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[], $7::numeric[])
    AS given (kind, tenant, id, meter, ceiling, level, spent)
ORDER BY kind, tenant, id, meter
ON CONFLICT (kind, tenant, id, meter) DO UPDATE SET ceiling = known.ceiling
RETURNING *, clock_timestamp() AS now
"""
_LEASES = """
SELECT l.* FROM limit_lease l
JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS given (kind, tenant, id, meter)
    USING (kind, tenant, id, meter)
"""
_KEEP_POOL = """
UPDATE limit_pool SET ceiling = $5, level = $6, at = $7, spent = $8
WHERE kind = $1 AND tenant = $2 AND id = $3 AND meter = $4
"""
_KEEP_LEASE = """
INSERT INTO limit_lease (kind, tenant, id, meter, server, share, spent) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (kind, tenant, id, meter, server) DO UPDATE SET share = excluded.share, spent = excluded.spent
"""
_OF_SERVER = "SELECT kind, tenant, id, meter FROM limit_lease WHERE server = $1"
_JOINED = "SELECT since FROM running_server WHERE id = $1"
_BURIED = "SELECT FROM running_server WHERE id = $1 FOR UPDATE"
_LEAVE = (
    "DELETE FROM limit_lease WHERE server = $1 AND share = 0",
    "DELETE FROM running_server WHERE id = $1 AND NOT EXISTS (SELECT FROM limit_lease WHERE server = $1)",
)
_CLOCKS_DIFFER = timedelta(seconds=3)
"""The database's from a server's, at most; what is counted twice for it is refused, never overspent."""
_FORGET = ("DELETE FROM limit_lease WHERE server = $1", "DELETE FROM running_server WHERE id = $1")
# A bucket of yesterday that nobody leases is full, as one is that is not there; a month that is over is of no use.
_TIDY = """
DELETE FROM limit_pool p
WHERE at < now() - interval '1 day' AND (meter NOT LIKE 'money %' OR meter < $1)
  AND NOT EXISTS (
    SELECT FROM limit_lease l WHERE (l.kind, l.tenant, l.id, l.meter) = (p.kind, p.tenant, p.id, p.meter) AND share > 0
  )
"""


class _Row(Struct):
    """A ceiling, and who leases it: share and reported spending of each server. `now` is when it was locked."""

    key: tuple[str, str, str, str]
    ceiling: Decimal
    level: int
    at: datetime
    spent: Decimal
    now: datetime
    leases: dict[str, tuple[Decimal, Decimal]]

    def bucket(self) -> SharedBucket:
        """As a ceiling per minute."""
        shares = {server: int(share) for server, (share, _) in self.leases.items()}
        return SharedBucket(int(self.ceiling), self.level, self.at, shares)

    def keep(self, shared: SharedBucket) -> None:
        """Take over what has become of the ceiling per minute."""
        self.ceiling, self.level, self.at = Decimal(shared.limit), shared.level, shared.at
        self.leases = {server: (Decimal(shared.shares.get(server, 0)), _NONE) for server in {*self.leases, *shared.shares}}

    def others(self, server: str) -> list[Decimal]:
        """What others hold, each."""
        return [share for name, (share, _) in self.leases.items() if name != server and share]


class PostgresLeases:
    """`ports.leases.Leases` for one server, which must be among `running_server`."""

    def __init__(self, database: Database, records: PostgresRecords, server: str) -> None:
        self._database = database
        self._records = records
        self._server = server
        self._opened: set[Pool] = set()

    def word(self, payload: str) -> Word | None:
        """What another server has said on `CHANNEL`; None where it was this one."""
        word = _word.decode(payload)
        return None if word.server == self._server else word

    async def trade(self, trades: Sequence[Trade], tell: Literal["ask", "gave"] | None = None) -> list[Lease]:
        """Make all trades, or none; raises `StorageUnavailable`."""
        initial = {_key(trade): await self._initial(trade) for trade in trades}
        async with self._database.writing() as connection:
            await connection.execute(_DURABLE)
            servers = await connection.fetchval(_SERVERS, self._server)
            if servers is None:
                raise StorageUnavailable(_TAKEN_FOR_DEAD)
            rows = await _locked(connection, initial)
            found = [self._made(rows[_key(trade)], trade, alone=servers == 1) for trade in trades]
            await _keep(connection, list(rows.values()))
            leases = [(*row.key, self._server, *row.leases.get(self._server, (_NONE, _NONE))) for row in rows.values()]
            await connection.executemany(_KEEP_LEASE, leases)
            for trade, lease in zip(trades, found, strict=True):
                word = word_of(self._server, trade, lease, tell)
                if word is not None:
                    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, msgspec.json.encode(word).decode())
        self._opened |= {(trade.place, trade.meter) for trade in trades}
        return found

    async def leave(self) -> None:
        """Be a server no more, if nothing is leased; raises `StorageUnavailable`."""
        async with self._database.writing() as connection:
            for statement in _LEAVE:
                await connection.execute(statement, self._server)

    async def void(self, server: str) -> None:
        """Take back what a dead server held; its decisions must be closed. Raises `StorageUnavailable`."""
        async with self._database.reading() as connection:
            keys = [tuple(row) for row in await connection.fetch(_OF_SERVER, server)]
            joined = await connection.fetchval(_JOINED, server)
        spent = {key: await self._spent(key, server, joined) for key in keys if key[3].startswith(_MONEY)}
        async with self._database.writing() as connection:
            await connection.execute(_DURABLE)
            if await connection.fetchrow(_BURIED, server) is None:
                return
            rows = await _locked(connection, dict.fromkeys(keys, (_NONE, _NONE, _NONE)))
            for key, row in rows.items():
                if key in spent:
                    _, reported = row.leases.get(server, (_NONE, _NONE))
                    row.spent += max(_NONE, spent[key] - reported)
                else:
                    row.keep(returned(row.bucket(), server, 0, 0, row.now))
            await _keep(connection, list(rows.values()))
            for statement in _FORGET:
                await connection.execute(statement, server)

    async def tidy(self, now: datetime) -> None:
        """Delete what says nothing any more: full buckets, months that are over."""
        async with self._database.reading() as connection:
            await connection.execute(_TIDY, money_meter(now))

    def _made(self, row: _Row, trade: Trade, *, alone: bool) -> Lease:
        if isinstance(trade, MoneyTrade):
            return self._money(row, trade, alone=alone)
        shared = resized(row.bucket(), trade.limit, row.now)
        mine = shared.shares.get(self._server, 0)
        kept = min(trade.kept, mine)  # less is there only where this server was taken for dead meanwhile
        shared = returned(shared, self._server, kept, trade.back if kept == trade.kept else 0, row.now)
        level = 0
        if trade.level is not None:
            wanted = None if alone else Portion(trade.room, trade.level)
            shared, given = lent(shared, self._server, wanted, row.now)
            level = given.level
        row.keep(shared)
        return RateLease(shared.shares.get(self._server, 0), level, len(row.others(self._server)))

    def _money(self, row: _Row, trade: MoneyTrade, *, alone: bool) -> MoneyLease:
        mine, reported = row.leases.get(self._server, (_NONE, _NONE))
        others = row.others(self._server)
        row.ceiling, row.spent = trade.budget, row.spent + max(_NONE, trade.spent - reported)
        amount = min(trade.kept, mine)
        if trade.wanted is not None:
            left = trade.budget - row.spent - amount - sum(others)
            amount += max(_NONE, left) if alone else part_of(left, trade.wanted)
        row.leases[self._server] = amount, max(reported, trade.spent)
        return MoneyLease(amount, row.spent, len(others), sum(others, _NONE))

    async def _initial(self, trade: Trade) -> tuple[Decimal, Decimal, Decimal]:
        """Ceiling, level and spending of one that nobody has leased yet."""
        if isinstance(trade, RateTrade):
            return Decimal(trade.limit), Decimal(trade.limit * MINUTE), _NONE
        known = (trade.place, trade.meter) in self._opened
        return trade.budget, _NONE, _NONE if known else await self._spent(_key(trade), None)

    async def _spent(self, key: Key, server: str | None, joined: datetime | None = None) -> Decimal:
        """What the ledger says of a month's money, of one server since it `joined` or of all.

        What a server had spent before it was buried and came back was counted when it was buried.
        """
        kind, tenant, name, meter = key
        since = datetime.strptime(meter, f"{_MONEY}%Y-%m").replace(tzinfo=UTC)
        if joined is not None:
            since = max(since, joined - _CLOCKS_DIFFER)
        if kind == "key":
            return await self._records.spent(name, since, server)
        user = name if kind == "user" else None
        model = name if kind == "model" else None
        return await self._records.spent_by(since, tenant=tenant or None, user=user, model=model, server=server)


async def _locked(connection: Any, initial: Mapping[Key, tuple[Decimal, Decimal, Decimal]]) -> dict[Key, _Row]:
    """The ceilings of these keys, made where there are none; other servers wait for the end of the transaction."""
    keys = list(zip(*initial, strict=True)) or [(), (), (), ()]
    found = await connection.fetch(_POOLS, *keys, *(list(zip(*initial.values(), strict=True)) or [(), (), ()]))
    rows = {
        _key_of(row): _Row(_key_of(row), row["ceiling"], int(row["level"]), row["at"], row["spent"], row["now"], {})
        for row in found
    }
    for lease in await connection.fetch(_LEASES, *keys):
        rows[_key_of(lease)].leases[lease["server"]] = lease["share"], lease["spent"]
    return rows


async def _keep(connection: Any, rows: Sequence[_Row]) -> None:
    await connection.executemany(_KEEP_POOL, [(*row.key, row.ceiling, row.level, row.at, row.spent) for row in rows])


def _key(trade: Trade) -> Key:
    kind, tenant, name = (to_text(part) for part in trade.place)
    return kind, tenant, name, trade.meter


def _key_of(row: Any) -> Key:
    return row["kind"], row["tenant"], row["id"], row["meter"]


_TAKEN_FOR_DEAD = Text(
    "the other servers have taken this one for dead, since it was cut off from the database; it is about to join them "
    "again. Try again in a moment.",
    "データベースとの接続が途切れたため、このサーバーは停止したとみなされました。まもなく復帰します。"
    "少し待って再度お試しください。",
)
