"""What was really paid against what one reference model would have cost: per day, key, model or task, by the ledger."""

import difflib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct, field

from kyozon.domain.decisions import Decision
from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.reports import Period
from kyozon.domain.savings import Grouping, Judged, LeftOut, Reason, Saving, SavingsReport
from kyozon.domain.usage import Charge
from kyozon.metering.savings import Sums
from kyozon.ports.policies import Policies
from kyozon.ports.reporting import Settled, Settlements
from kyozon.services.registry import Registry
from kyozon.services.reporting.equals import Equal, answer_of, cost_at, equal, paid_in, unpriced
from kyozon.services.world import World

_ZERO = Decimal(0)


class Tally(Struct):
    """Running sums of one group in one currency."""

    sums: Sums = field(default_factory=Sums)
    from_cache: int = 0
    saved_by_cache: Decimal = _ZERO
    left_out: dict[Reason, tuple[int, Decimal]] = field(default_factory=dict)

    def take(self, paid: Decimal, reference: Decimal, *, cached: bool) -> None:
        """Add a request that is compared."""
        self.sums.take(paid, reference)
        if cached:
            self.from_cache += 1
            self.saved_by_cache += reference - paid

    def leave(self, reason: Reason, paid: Decimal) -> None:
        """Add a request that is not."""
        requests, before = self.left_out.get(reason, (0, _ZERO))
        self.left_out[reason] = requests + 1, before + paid

    def saving(self, group: str, currency: str) -> Saving:
        """What it comes to."""
        sums, left = self.sums, [LeftOut(reason, *found) for reason, found in sorted(self.left_out.items())]
        saved, share = sums.saved_between() or (None, None), sums.share_between() or (None, None)
        return Saving(
            group=group,
            currency=currency,
            requests=sums.requests + sum(one.requests for one in left),
            counted=sums.requests,
            from_cache=self.from_cache,
            ledger=sums.paid + sum((one.paid for one in left), _ZERO),
            paid=sums.paid,
            reference=sums.reference,
            saved=sums.saved,
            saved_low=saved[0],
            saved_high=saved[1],
            saved_by_cache=self.saved_by_cache,
            share=sums.share,
            share_low=share[0],
            share_high=share[1],
            left_out=tuple(left),
        )


class _Judging:
    """Counts how the compared answers were judged."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._goals: Counter[str] = Counter()
        self._expected: list[tuple[float, float]] = []

    def take(self, one: Equal) -> None:
        self._found["scaled"] += one.scaled
        self._found["as_written"] += one.expected is not None and not one.scaled
        self._found["by_reference"] += one.expected is None
        self._found["not_permitted"] += not one.permitted
        if one.expected is not None:
            self._expected.append(one.expected)
            self._goals[str(one.goal)] += 1

    def judged(self) -> Judged:
        means = [round(sum(column) / len(self._expected), 4) for column in zip(*self._expected, strict=True)]
        mine, its = means or (None, None)
        return Judged(
            **{name: self._found[name] for name in ("by_reference", "scaled", "as_written", "not_permitted")},
            goals=dict(sorted(self._goals.items())),
            expected_quality=mine,
            expected_quality_reference=its,
        )


class SavingsReporter:
    """Reads each ended request of a period once, with its postings."""

    def __init__(self, settlements: Settlements, policies: Policies, registry: Registry, world: World) -> None:
        self._settlements = settlements
        self._policies = policies
        self._registry = registry
        self._world = world
        self._cards: dict[str, tuple[ModelCard, ...]] = {}

    async def report(self, reference: str, period: Period, by: Grouping) -> SavingsReport:
        """What was saved against the model `reference`.

        Raises:
            NotFound: there is no such chat model, or no request ended in the period.
            InvalidRequest: the reference has no price.
        """
        cards = self._reference(reference)
        totals, rows, judging = dict[str, Tally](), dict[tuple[str, str], Tally](), _Judging()
        async for settled in self._settlements.over(period):
            found = await self._compared(settled, cards)
            group = _group(settled, by)
            for currency in sorted(settled.paid) or [settled.currency if isinstance(found, str) else found[1].currency]:
                tallies = totals.setdefault(currency, Tally()), rows.setdefault((group, currency), Tally())
                for tally in tallies:
                    _book(tally, settled.paid.get(currency, _ZERO), found)
            if not isinstance(found, str):
                judging.take(found[0])
        if not totals:
            raise _nothing(period)
        return SavingsReport(
            reference=reference,
            places=tuple(card.address for card in cards),
            period=period,
            made_at=self._world.now(),
            by=by,
            totals=tuple(tally.saving("", currency) for currency, tally in sorted(totals.items())),
            rows=tuple(tally.saving(*names) for names, tally in sorted(rows.items(), key=lambda row: row[0])),
            judged=judging.judged(),
        )

    async def _compared(self, settled: Settled, cards: Sequence[ModelCard]) -> tuple[Equal, Charge] | Reason:
        """The answer and what the reference would have cost; else why it is not compared."""
        answer = answer_of(settled)
        if isinstance(answer, str):
            return answer
        one = equal(answer, [card.place for card in cards])
        if isinstance(one, str):
            return one
        if settled.outcome is None or unpriced(settled.outcome):
            return "unpriced"
        cost = cost_at(await self._priced(answer.decision, cards), answer.decision, one.usage)
        if cost is None:
            return "no_reference_price"
        return "currency" if paid_in(settled, cost.currency) is None else (one, cost)

    async def _priced(self, decision: Decision, cards: Sequence[ModelCard]) -> tuple[ModelCard, ...]:
        """The reference's cards with the prices that were known when it was decided; with today's where none were."""
        if decision.basis not in self._cards:
            basis = await self._policies.basis(decision.basis) if decision.basis else None
            places, known = {card.place for card in cards}, () if basis is None else (*basis.local_cards, *basis.cards)
            found = tuple(card for card in known if card.place in places and card.prices)
            self._cards[decision.basis] = found or tuple(cards)
        return self._cards[decision.basis]

    def _reference(self, name: str) -> tuple[ModelCard, ...]:
        cards = tuple(card for card in self._registry.named(name) if card.kind == "chat")
        if not cards:
            raise self._unknown(name)
        if not any(card.prices for card in cards):
            raise InvalidRequest(
                Text(
                    f"{name} has no known price, so what it would have cost cannot be said: add one in kyozon.toml "
                    "([[models.NAME.prices]]) or name another model.",
                    f"{name} は価格が不明なため、比較の基準にできません。kyozon.toml の [[models.NAME.prices]] に価格を"
                    "追加するか、別のモデルを指定してください。",
                ),
                "--reference",
            )
        return tuple(card for card in cards if card.prices)

    def _unknown(self, name: str) -> NotFound:
        chats = sorted({card.id for card in self._registry.cards() if card.kind == "chat" and card.prices})
        near = difflib.get_close_matches(name, chats, n=3, cutoff=0.5)
        told = ", ".join(near or chats[:10]) or "-"
        en, ja = (f"Did you mean {told}?", "近い名前") if near else (f"With a price there are {told}.", "価格のあるモデル")
        return NotFound(
            Text(
                f"there is no chat model {name!r}. {en} All are shown by: kyozon models list",
                f"チャットモデル {name!r} はありません。{ja}：{told}。一覧は kyozon models list で確認できます。",
            ),
            "--reference",
        )


def _book(tally: Tally, paid: Decimal, found: tuple[Equal, Charge] | Reason) -> None:
    if isinstance(found, str):
        tally.leave(found, paid)
    else:
        one, reference = found
        tally.take(paid, reference.amount, cached=one.answer.cached)


def _group(settled: Settled, by: Grouping) -> str:
    """A day (UTC), a key, the model that wrote the answer, or the task; a dash for what has none."""
    if by == "day":
        return f"{settled.at:%Y-%m-%d}"
    if by == "key":
        return settled.key_id
    wrote = settled.source or settled.outcome
    if by == "model":
        return (wrote.model if wrote else None) or "-"
    return _task(settled.decision) or "-"


def _task(decision: Decision | None) -> str | None:
    """The domain that the request seemed to belong to, as the reasons of the choice's estimate have it."""
    candidates = () if decision is None else decision.candidates
    return next((one.estimate.domain for one in candidates if one.rank == 1 and one.estimate), None)


def _nothing(period: Period) -> NotFound:
    since, until = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (period.since, period.until))
    of = f" of tenant {period.tenant}" if period.tenant else ""
    ja = f"テナント {period.tenant} の" if period.tenant else ""
    return NotFound(
        Text(
            f"no request{of} ended from {since} to {until} (UTC), so there is nothing to compare: name another --since, "
            "--until or --tenant.",
            f"{since} から {until}（UTC）までに終了した{ja}要求がなく、比較できません。--since・--until・--tenant を"
            "見直してください。",
        )
    )
