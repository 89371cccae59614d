"""Whether requests and answers are still like those before: three streams, each watched for a change at any moment.

Each observation gets a p-value (`evaluation.betting`), uniform and independent of the others as long as nothing changes,
and bets are laid against that, once `USUAL` observations have shown what is usual. What a stake of one put in at every
moment has grown to, all stakes together, is a Shiryaev-Roberts e-detector (Shin, Ramdas and Rinaldo, E-detectors, 2022). An
alarm is raised where it reaches `STREAMS` x `PATIENCE`: so there is no more than one false alarm in `PATIENCE` requests on
average, whatever their distribution.

Scores are ranked among those of the same kind alone (Mondrian conformal prediction, ibid. chapter 4): of the same choice
for the same goal. So another goal, or other settings, that send more requests to one model than before, are no change.

Observations are taken to be independent. Many requests of one kind in a row, such as a nightly job, are a change; by the
next night they are among what is known.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Final, Literal, get_args

from msgspec import Struct

from kyozon.evaluation.betting import Bet, Frequencies, PValues, Ranks, Recent, Slope

PATIENCE: Final = 1_000_000
"""Requests between two false alarms, on average at least."""
USUAL: Final = 200
"""So many observations of a stream show what is usual, before anything is laid on what comes."""
_SLOPES = (0.5, 1.0, 2.0)

Name = Literal["support", "quality", "domains"]
"""How well requests like these are known · how far answers are from what was expected · what requests are about."""
NAMES: Final[tuple[Name, ...]] = get_args(Name)
STREAMS: Final = len(NAMES)


class Seen(Struct, frozen=True):
    """What one request tells. `chance`, from 0 up to 1 and independent of the rest, orders what is equal.

    `version` is that of the estimator: with another one all begins anew. `surprise` is the score less what was expected,
    None where nobody judged, and `kind` names those among which it is ranked; `support` and `domain` are None where the
    record does not say.
    """

    chance: float
    version: str = ""
    support: float | None = None
    surprise: float | None = None
    domain: str | None = None
    kind: str = ""


class Alarm(Struct, frozen=True):
    """One stream is not what it was: from about the request at `begun` on, as was clear at `place`; the first is 0.

    `before` and `after` are means; of domains the shares of that `domain` whose share has changed most.
    """

    stream: Name
    begun: int
    place: int
    before: float
    after: float
    domain: str = ""


class _Detector:
    """Bets on the p-values of one stream, and remembers its observations and the requests that they are of."""

    def __init__(self, ranks: Callable[[], PValues], bets: Sequence[Bet]) -> None:
        self._ranks: defaultdict[str, PValues] = defaultdict(ranks)
        self._bets = bets
        self._stakes = [0.0] * len(bets)
        self._runs = [1.0] * len(bets)
        self._begun = [0] * len(bets)
        self.values, self.places = array("d"), array("q")

    def take(self, place: int, value: float, chance: float, kind: str = "") -> None:
        """One more observation, of the request at `place`."""
        p = self._ranks[kind].p(value, chance)
        if len(self.values) >= USUAL:
            self._bet(p)
        self.values.append(value)
        self.places.append(place)

    def _bet(self, p: float) -> None:
        for at, bet in enumerate(self._bets):
            factor = bet.factor(p)
            self._stakes[at] = (self._stakes[at] + 1) * factor
            if self._runs[at] <= 1:
                self._runs[at], self._begun[at] = 1.0, len(self.values)
            self._runs[at] *= factor

    @property
    def reached(self) -> float:
        """How near an alarm is: what the stakes have grown to, over what they must grow to, of logarithms; from 0 to 1."""
        level = sum(self._stakes) / len(self._stakes)
        return min(1.0, max(0.0, math.log(max(level, 1.0)) / math.log(STREAMS * PATIENCE)))

    @property
    def begun(self) -> int:
        """Where the best bet began to pay (CUSUM): the first observation after the change, if there was one."""
        best = max(range(len(self._runs)), key=self._runs.__getitem__)
        return min(max(1, self._begun[best]), len(self.values) - 1)


class Watch:
    """Takes requests one by one."""

    def __init__(self) -> None:
        self._version = ""
        self._place = 0
        self._domains: list[str] = []
        self._detectors = {name: _detector(name) for name in NAMES}

    @property
    def reached(self) -> dict[Name, float]:
        """How near each stream is to an alarm, from 0 to 1, on a logarithmic scale."""
        return {name: detector.reached for name, detector in self._detectors.items()}

    @property
    def observed(self) -> dict[Name, int]:
        """How many observations of each stream there are since it began."""
        return {name: len(detector.values) for name, detector in self._detectors.items()}

    def take(self, seen: Seen) -> list[Alarm]:
        """One more request; the alarms it gives. A stream that has raised one begins anew."""
        if seen.version != self._version:
            self._version = seen.version
            self._detectors = {name: _detector(name) for name in NAMES}
        values: dict[Name, float | None] = {
            "support": seen.support,
            "quality": seen.surprise,
            "domains": None if seen.domain is None else self._number(seen.domain),
        }
        alarms = []
        for name, value in values.items():
            detector = self._detectors[name]
            if value is not None:
                detector.take(self._place, value, seen.chance, seen.kind if name == "quality" else "")
                if detector.reached >= 1:
                    alarms.append(self._alarm(name, detector))
                    self._detectors[name] = _detector(name)
        self._place += 1
        return alarms

    def _number(self, domain: str) -> float:
        if domain not in self._domains:
            self._domains.append(domain)
        return float(self._domains.index(domain))

    def _alarm(self, name: Name, detector: _Detector) -> Alarm:
        begun, values = detector.begun, detector.values
        before, after = values[:begun], values[begun:]
        requests = detector.places[begun], self._place
        if name != "domains":
            return Alarm(name, *requests, fmean(before), fmean(after))
        shares = {one: (before.count(one) / len(before), after.count(one) / len(after)) for one in set(values)}
        most = max(sorted(shares), key=lambda one: abs(shares[one][1] - shares[one][0]))
        return Alarm(name, *requests, *shares[most], self._domains[int(most)])


def _detector(name: Name) -> _Detector:
    if name == "domains":
        return _Detector(Frequencies, [Recent()])
    slopes = _SLOPES if name == "support" else (*_SLOPES, *(-slope for slope in _SLOPES))
    return _Detector(Ranks, [Slope(slope) for slope in slopes])
