"""The incident report: which words left for where, when and for whom, by the records of the decisions in question."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from msgspec import Struct

from kyozon.domain.errors import NotFound
from kyozon.domain.language import Text
from kyozon.domain.reports import ExposedCall, ExposureSum, IncidentReport, Period
from kyozon.ports.policies import Policies
from kyozon.ports.records import Records
from kyozon.services.reporting.calls import Made, calls_of
from kyozon.services.reporting.places import Places
from kyozon.services.reporting.reading import Happened, Walk
from kyozon.services.world import World

_NOTE = Text(
    "Of the words themselves the records hold a hash alone. A call counts as a delivery whether or not it was answered; "
    "so does one that may have been made by a process that died. Where the answer came from the cache nothing left this "
    "installation. Telling authorities and the persons concerned is up to you.",
    "記録が保持するのは本文のハッシュだけです。応答の有無にかかわらず、呼び出しを送信と数えます。停止したプロセスが"
    "送信した可能性のあるものも含みます。キャッシュからの応答では外部への送信はありません。"
    "当局や本人への通知は組織が行ってください。",
)


class Scope(Struct, frozen=True):
    """Which decisions: those named, or those of a period; of their calls those to a provider, model or zone, if named."""

    decisions: tuple[str, ...] = ()
    period: Period | None = None
    provider: str | None = None
    model: str | None = None
    zone: str | None = None
    user: str | None = None

    def __str__(self) -> str:
        """The scope as it was asked for."""
        parts = [f"decision {name}" for name in self.decisions]
        if self.period is not None:
            parts.append(f"{self.period.since.isoformat()} to {self.period.until.isoformat()}")
            parts += [f"tenant {self.period.tenant}"] if self.period.tenant else []
        named = {"provider": self.provider, "model": self.model, "zone": self.zone, "user": self.user}
        return ", ".join(parts + [f"{what} {name}" for what, name in named.items() if name])

    def covers(self, made: Made, zone: str) -> bool:
        """Whether a call is in question."""
        wanted = ((self.provider, made.provider), (self.model, made.model), (self.zone, zone))
        return all(name is None or name == found for name, found in wanted)


class IncidentReporter:
    """Makes incident reports; nothing is changed. Every method may raise `StorageUnavailable`."""

    def __init__(self, policies: Policies, records: Records, world: World, version: str) -> None:
        self._policies = policies
        self._records = records
        self._world = world
        self._version = version

    async def report(self, scope: Scope) -> IncidentReport:
        """The report; raises `NotFound` for a decision that is not on record."""
        walk, exposures = Walk(self._policies), list[ExposedCall]()
        decisions = refused = running = cached = 0
        async with aclosing(self._happened(scope, walk)) as happened:
            async for one in happened:
                if scope.user not in (None, one.decision.user):
                    continue
                called = [_exposed(one, made, walk.places) for made in one.calls if self._covers(scope, made, walk.places)]
                if not called and (scope.provider or scope.model or scope.zone):
                    continue
                decisions += 1
                refused += one.outcome is not None and one.outcome.status == "refused"
                running += one.outcome is None
                cached += one.outcome is not None and one.outcome.cache is not None and one.outcome.cache.hit
                exposures += called
        return IncidentReport(
            version=self._version,
            made_at=self._world.now(),
            scope=str(scope),
            decisions=decisions,
            refused=refused,
            open=running,
            given_from_cache=cached,
            sums=_sums(exposures),
            exposures=tuple(exposures),
            note=_NOTE,
        )

    async def _happened(self, scope: Scope, walk: Walk) -> AsyncGenerator[Happened, None]:
        for name in scope.decisions:
            found = await self._records.decision(name)
            if found is None:
                raise NotFound(
                    Text(
                        f"there is no decision {name!r}. kyozon decisions list shows which there are.",
                        f"決定記録 {name!r} はありません。kyozon decisions list で確認できます。",
                    )
                )
            decision, outcome = found
            yield Happened(decision, outcome, calls_of(decision, outcome), await walk.basis(decision.basis))
        if scope.period is not None:
            async for one in walk.over(scope.period):
                yield one

    @staticmethod
    def _covers(scope: Scope, made: Made, places: Places) -> bool:
        return scope.covers(made, places.zone_of((made.provider, made.model), made.zone))


def _exposed(one: Happened, made: Made, places: Places) -> ExposedCall:
    decision, zone = one.decision, places.zone_of((made.provider, made.model), made.zone)
    stands = places.zone(zone)
    return ExposedCall(
        decision=decision.id,
        at=decision.at,
        tenant=decision.tenant,
        key_id=decision.key_id,
        user=decision.user,
        label=str(made.label),
        masked=made.masked,
        kind="embedding" if made.aside else decision.kind,
        purpose=decision.purpose,
        provider=made.provider,
        model=made.model,
        zone=zone,
        zone_kind=stands.kind if stands else None,
        region=places.region(made.provider, zone),
        retains=places.retains(made.provider, zone),
        trains=places.trains(made.provider, zone),
        outcome=made.status,
        error=made.error,
        body_sha256=decision.body_sha256,
    )


def _sums(exposures: Sequence[ExposedCall]) -> tuple[ExposureSum, ...]:
    groups: dict[tuple[str, str], list[ExposedCall]] = {}
    for one in exposures:
        groups.setdefault((one.provider, one.zone), []).append(one)
    return tuple(
        ExposureSum(
            provider,
            zone,
            found[0].zone_kind,
            deliveries=len(found),
            requests=len({one.decision for one in found}),
            persons=len({(one.tenant, one.user) for one in found}),
            labels=tuple(sorted({one.label for one in found})),
        )
        for (provider, zone), found in sorted(groups.items())
    )
