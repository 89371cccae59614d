"""The figures that duty tables name, counted from the records of a period."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.language import Text
from kyozon.domain.reports import Figure, RuleUse
from kyozon.services.reporting.calls import Made
from kyozon.services.reporting.places import Places

_NAMES: Mapping[str, Text] = {
    "decisions": Text("decisions recorded", "記録した決定"),
    "answered": Text("requests answered", "応答した要求"),
    "refused": Text("requests refused before anything was sent", "送信前に拒否した要求"),
    "failed": Text("requests that failed or broke off", "失敗または中断した要求"),
    "lost": Text("requests closed after a process had died", "プロセス停止後に終結した要求"),
    "open": Text("requests without an end yet", "未終結の要求"),
    "replayable": Text("decisions that can be made again from their record", "記録から再現できる決定"),
    "with_purpose": Text("requests that state a purpose", "目的が示された要求"),
    "deliveries": Text("calls to models", "モデルの呼び出し"),
    "deliveries_outside": Text("of them to a place outside", "うち外部への呼び出し"),
    "outside_masked": Text("of these in masked words", "うちマスク済みの送信"),
    "outside_pii": Text("deliveries of pii to a place outside", "個人情報（pii）の外部への送信"),
    "outside_trains": Text(
        "deliveries to a place that trains, or does not say that it does not",
        "学習に使う、または使わないと明示していない先への送信",
    ),
    "outside_no_region": Text("deliveries to a place outside of an unknown region", "地域が不明な外部への送信"),
    "cache_hits": Text("answers given from the cache", "キャッシュからの応答"),
    "reasoning_tokens": Text("tokens of reasoning", "推論過程のトークン"),
}


class Counts:
    """Told of each decision with its calls."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()

    def take(self, decision: Decision, outcome: Outcome | None, calls: Sequence[Made], places: Places) -> None:
        """Count one decision."""
        self._found["decisions"] += 1
        self._found["with_purpose"] += bool(decision.purpose)
        self._found["replayable"] += bool(decision.basis) and decision.needs is not None
        self._found.update(_ended(outcome))
        if outcome is not None and outcome.status == "refused":
            self._reasons[outcome.error or "unknown"] += 1
        if outcome is not None:
            self._found["reasoning_tokens"] += outcome.usage.reasoning
        for made in calls:
            self._found.update(_delivered(made, places))

    def figures(self, rules: Sequence[RuleUse], named: set[str]) -> tuple[Figure, ...]:
        """What it comes to; a figure for each rule, those `named` too, and for each reason of a refusal."""
        refusals = dict.fromkeys(named, 0) | {use.rule: use.refusals for use in rules}
        found = [Figure(name, text, self._found[name]) for name, text in _NAMES.items()]
        found += [
            Figure(f"refusals.{rule}", Text(f"refusals by rule {rule}", f"ルール {rule} による拒否"), count)
            for rule, count in sorted(refusals.items())
        ]
        found += [
            Figure(f"refused.{code}", Text(f"refused with {code}", f"{code} による拒否"), count)
            for code, count in sorted(self._reasons.items())
        ]
        return tuple(found)


def _ended(outcome: Outcome | None) -> Iterator[str]:
    if outcome is None:
        yield "open"
        return
    yield "failed" if outcome.status in ("failed", "broken", "left") else outcome.status
    if outcome.cache is not None and outcome.cache.hit:
        yield "cache_hits"


def _delivered(made: Made, places: Places) -> Iterator[str]:
    yield "deliveries"
    zone = places.zone_of((made.provider, made.model), made.zone)
    if not places.outside(zone):
        return
    yield "deliveries_outside"
    if made.masked:
        yield "outside_masked"
    if "pii" in made.label.compartments:
        yield "outside_pii"
    if places.trains(made.provider, zone) is not False:
        yield "outside_trains"
    if places.region(made.provider, zone) is None:
        yield "outside_no_region"
