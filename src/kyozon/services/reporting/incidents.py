"""The incident report: which words left for where, when and for whom, by the records of the decisions in question."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from msgspec import Struct

from kyozon.domain.decisions import Decision
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
    "so does one that may have been made by a process that died, and so do words told to a collector of spans, whose "
    "provider is called collector. Where the answer came from the cache nothing left this installation. Telling "
    "authorities and the persons concerned is up to you.",
    "記録が保持するのは本文のハッシュだけです。応答の有無にかかわらず、呼び出しを送信と数えます。停止したプロセスが"
    "送信した可能性のあるものや、スパンのコレクターに渡した本文（提供元は collector）も含みます。"
    "キャッシュからの応答では外部への送信はありません。当局や本人への通知は組織が行ってください。",
)


class Scope(Struct, frozen=True):
    """Which decisions: those named and those of a period, of one tenant and one user, if named.

    Of what left for them the part that went to a provider, model or zone, if named.
    """

    decisions: tuple[str, ...] = ()
    period: Period | None = None
    tenant: str | None = None
    provider: str | None = None
    model: str | None = None
    zone: str | None = None
    user: str | None = None

    @property
    def text(self) -> Text:
        """The scope as it was asked for."""
        parts = [Text(f"decision {name}", f"決定 {name}") for name in self.decisions]
        if self.period is not None:
            since, until = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (self.period.since, self.period.until))
            parts.append(Text(f"{since} to {until} UTC", f"{since} から {until}（UTC）"))
        named = (
            ("tenant", "テナント"),
            ("provider", "提供元"),
            ("model", "モデル"),
            ("zone", "ゾーン"),
            ("user", "利用者"),
        )
        found = ((what, getattr(self, what[0])) for what in named)
        parts += [Text(f"{en} {name}", f"{ja} {name}") for (en, ja), name in found if name]
        return Text(", ".join(part.en for part in parts), "、".join(part.ja for part in parts))

    def asks(self, decision: Decision) -> bool:
        """Whether a decision is in question."""
        wanted = ((self.tenant, decision.tenant), (self.user, decision.user))
        return all(name is None or name == found for name, found in wanted)

    def covers(self, made: Made, zone: str) -> bool:
        """Whether something that left is in question."""
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
                if not scope.asks(one.decision):
                    continue
                left = [
                    _exposed(one, made, walk.places) for made in one.departures if self._covers(scope, made, walk.places)
                ]
                if not left and (scope.provider or scope.model or scope.zone):
                    continue
                decisions += 1
                refused += one.outcome is not None and one.outcome.status == "refused"
                running += one.outcome is None
                cached += one.outcome is not None and one.outcome.cache is not None and one.outcome.cache.hit
                exposures += left
        return IncidentReport(
            version=self._version,
            made_at=self._world.now(),
            scope=scope.text,
            decisions=decisions,
            refused=refused,
            open=running,
            given_from_cache=cached,
            unreadable=len(walk.left_out),
            sums=_sums(exposures),
            exposures=tuple(exposures),
            note=_NOTE,
        )

    async def _happened(self, scope: Scope, walk: Walk) -> AsyncGenerator[Happened, None]:
        for name in dict.fromkeys(scope.decisions):
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
                if one.decision.id not in scope.decisions:
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
        grant=decision.grant.id if decision.grant is not None and decision.grant.zone == zone else None,
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
