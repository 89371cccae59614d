"""The journal, the records and the keys in memory. Every call takes a few turns of the event loop, as a database would."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Decision, Outcome, UnderWay
from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.language import Text
from kyozon.domain.usage import Transaction
from kyozon.ports.records import KeptAnswer, UsageRow


class Troubled:
    """Methods named in `failing` raise `StorageUnavailable`; `log` tells what was written, in order; each takes `turns`."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.failing: set[str] = set()
        self.turns = 2

    async def _take_time(self, method: str) -> None:
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if method in self.failing:
            raise StorageUnavailable(Text("the fake was told to fail.", "失敗するよう指示されています。"))


class MemoryBook(Troubled):
    """Implements `Journal` and `Records`; `closings` counts how often each decision was closed."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(log)
        self.decisions_by_id: dict[str, Decision] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.noted: dict[str, UnderWay] = {}
        self.closings: Counter[str] = Counter()
        self.transactions: dict[str, Transaction] = {}
        self.kept: dict[tuple[str, str], KeptAnswer] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def open(self, decision: Decision, hold: Transaction | None) -> asyncio.Future[None]:
        return self._under_way(self._open(decision, hold))

    def note(self, under_way: UnderWay) -> asyncio.Future[None]:
        return self._under_way(self._note(under_way))

    def close(
        self, outcome: Outcome, transactions: Sequence[Transaction], kept: KeptAnswer | None = None
    ) -> asyncio.Future[None]:
        return self._under_way(self._close(outcome, transactions, kept))

    async def written(self) -> None:
        """Wait for all that is on its way."""
        while self._writing:
            await asyncio.wait(set(self._writing))

    def _under_way(self, writing: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
        task = asyncio.create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return asyncio.shield(task)

    async def _open(self, decision: Decision, hold: Transaction | None) -> None:
        await self._take_time("open")
        self.decisions_by_id[decision.id] = decision
        self._book([hold] if hold else [])
        self.log.append("open")
        await asyncio.sleep(0)

    async def _note(self, under_way: UnderWay) -> None:
        await self._take_time("note")
        self.noted[under_way.decision_id] = under_way
        self.log.append(f"note {under_way.model}")
        await asyncio.sleep(0)

    async def _close(self, outcome: Outcome, transactions: Sequence[Transaction], kept: KeptAnswer | None) -> None:
        await self._take_time("close")
        assert outcome.decision_id in self.decisions_by_id
        self.closings[outcome.decision_id] += 1
        self.outcomes.setdefault(outcome.decision_id, outcome)
        self._book(transactions)
        if kept is not None:
            self.kept[kept.key_id, kept.idempotency_key] = kept
        self.log.append(f"close {outcome.status}")
        await asyncio.sleep(0)

    async def decision(self, decision_id: str) -> tuple[Decision, Outcome | None] | None:
        await self._take_time("decision")
        found = self.decisions_by_id.get(decision_id)
        return (found, self.outcomes.get(decision_id)) if found else None

    async def decisions(
        self,
        tenant: str,
        after: str | None,
        limit: int,
        left_out: list[str] | None = None,  # noqa: ARG002 - the port's; everything in memory can be read
    ) -> list[tuple[Decision, Outcome | None]]:
        await self._take_time("decisions")
        newest = sorted(self.decisions_by_id.values(), key=lambda decision: decision.id, reverse=True)
        found = [d for d in newest if d.tenant == tenant and (after is None or d.id < after)]
        return [(decision, self.outcomes.get(decision.id)) for decision in found[:limit]]

    async def open_decisions(self, server: str | None = None) -> list[tuple[Decision, Transaction | None]]:
        assert server is None, "the book does not know of servers"
        await self._take_time("open_decisions")
        left = [decision for decision in self.decisions_by_id.values() if decision.id not in self.outcomes]
        return [(decision, self.transactions.get(f"hold:{decision.id}")) for decision in left]

    async def under_way(self, decision_id: str) -> UnderWay | None:
        await self._take_time("under_way")
        return self.noted.get(decision_id)

    async def usage(self, by: Literal["day", "model", "key"], since: date, tenant: str | None) -> list[UsageRow]:
        await self._take_time("usage")
        rows: dict[str, UsageRow] = {}
        for decision in self.decisions_by_id.values():
            outcome = self.outcomes.get(decision.id)
            if outcome is None or decision.at.date() < since or tenant not in (None, decision.tenant):
                continue
            group = {"day": f"{decision.at:%Y-%m-%d}", "model": outcome.model or "", "key": decision.key_id}[by]
            row = rows.get(group) or UsageRow(group, 0, 0, 0, 0, 0, Decimal(0), outcome.charge.currency, 0)
            rows[group] = structs.replace(
                row,
                requests=row.requests + 1,
                failed=row.failed + (outcome.status == "failed"),
                input_tokens=row.input_tokens + outcome.usage.input,
                output_tokens=row.output_tokens + outcome.usage.output,
                amount=row.amount + outcome.charge.amount,
            )
        return list(rows.values())

    async def spent(self, key_id: str, since: datetime) -> Decimal:
        await self._take_time("spent")
        return self.total(f"key:{key_id}:spend", since)

    async def spent_by(
        self, since: datetime, *, tenant: str | None = None, user: str | None = None, model: str | None = None
    ) -> Decimal:
        await self._take_time("spent_by")
        return sum(
            (
                posting.amount
                for transaction in self.transactions.values()
                for posting in transaction.postings
                if transaction.at >= since and posting.account.endswith(":spend")
                if self._of(transaction, tenant=tenant, user=user, model=model)
            ),
            Decimal(0),
        )

    def _of(self, transaction: Transaction, *, tenant: str | None, user: str | None, model: str | None) -> bool:
        decision, outcome = self.decisions_by_id[transaction.decision_id], self.outcomes[transaction.decision_id]
        _, _, attempt = transaction.idempotency_key.partition(":attempt-")
        answered = outcome.attempts[int(attempt) - 1].model if attempt else outcome.model
        return tenant in (None, decision.tenant) and user in (None, decision.user) and model in (None, answered)

    async def balance(self) -> dict[str, Decimal]:
        await self._take_time("balance")
        sums: dict[str, Decimal] = {}
        for transaction in self.transactions.values():
            amount = sum((posting.amount for posting in transaction.postings), Decimal(0))
            sums[transaction.currency] = sums.get(transaction.currency, Decimal(0)) + amount
        return sums

    async def kept_answer(self, key_id: str, idempotency_key: str, now: datetime) -> KeptAnswer | None:
        await self._take_time("kept_answer")
        found = self.kept.get((key_id, idempotency_key))
        return found if found is not None and found.expires_at > now else None

    def total(self, account: str, since: datetime | None = None) -> Decimal:
        """The sum of an account's postings."""
        return sum(
            (
                posting.amount
                for transaction in self.transactions.values()
                for posting in transaction.postings
                if posting.account == account and (since is None or transaction.at >= since)
            ),
            Decimal(0),
        )

    def _book(self, transactions: Sequence[Transaction]) -> None:
        for transaction in transactions:
            assert sum(posting.amount for posting in transaction.postings) == 0
            self.transactions.setdefault(transaction.idempotency_key, transaction)


class MemoryKeys(Troubled):
    """Implements `KeyStore`."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(log)
        self.by_id: dict[str, ApiKey] = {}

    async def add(self, key: ApiKey) -> None:
        await self._take_time("add")
        self.by_id[key.id] = key

    async def revoke(self, key_id: str, at: datetime) -> bool:
        await self._take_time("revoke")
        key = self.by_id.get(key_id)
        if key is None or key.revoked_at is not None:
            return False
        self.by_id[key_id] = structs.replace(key, revoked_at=at)
        return True

    async def by_sha256(self, sha256: str) -> ApiKey | None:
        found = next((key for key in self.by_id.values() if key.sha256 == sha256), None)
        await self._take_time("by_sha256")
        return found

    async def all(self, tenant: str | None = None) -> list[ApiKey]:
        await self._take_time("all")
        return [key for key in self.by_id.values() if tenant in (None, key.tenant)]
