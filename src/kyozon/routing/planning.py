"""Whether a request begins at a cheap model whose answer is judged: decided before anything is sent.

A cascade is worth what is expected of the better act once the answer is there, less what the first call costs:

    E[max(good, stronger - rate * cost of the strong)] - rate * cost of the first

`good` and `stronger` are the verdict's probabilities. Before the look they are distributed around what is expected of the
prompt: in log-odds normally, by the spread and the tie that were fitted with the verifier, with the expectation itself as
their mean, since what a calibrated verdict will say is on the average what was known before.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from statistics import NormalDist

from msgspec import Struct

from kyozon.domain.cascades import Cascade, Foresight
from kyozon.domain.models import ModelCard
from kyozon.domain.pace import Soon
from kyozon.routing.option import Option

_WAIT = 0.05
"""What waiting for two answers must save at least, as a share of what the dearest permitted model costs."""
_POINTS = tuple(NormalDist().inv_cdf((place + 0.5) / 15) for place in range(15))
"""In standard deviations: equally likely points of a normal distribution."""
_SURE = 1e-6
_DIGITS = 4


class Chance(Struct, frozen=True):
    """A model that may take part: `quality` is the probability of a good answer that it surely reaches.

    `support` says how well requests like this one are known: a look at an answer to an unknown one says little. `begins`
    says that it may answer first: its answer is expected to be one that is judged.
    """

    option: Option
    quality: float
    support: float
    begins: bool = True

    @property
    def cost(self) -> Decimal:
        """What the request would cost there."""
        return self.option.cost or Decimal(0)


class _Outlook(Struct, frozen=True):
    """What is to be expected of a pair: its worth, its quality, and the share of requests that are escalated."""

    first: Chance
    strong: Chance
    worth: float
    quality: float
    escalated: float


def plan(chances: Sequence[Chance], rate: float, foresight: Foresight, within: float | None = None) -> Cascade | None:
    """The cascade that is worth most; None where none is worth more than the best of `chances` alone.

    `chances` are of known prices, `rate` is the quality that a unit of money must bring; at 0 the surest is asked at once.
    Whoever is asked must be expected to begin `within` so many seconds, after all the answers that are judged before.
    """
    dearest = max((chance.cost for chance in chances), default=Decimal(0))
    pairs = [(one, _stronger(one, chances, rate, within)) for one in chances if one.begins]
    found = [_outlook(first, strong, rate, foresight) for first, strong in pairs if strong is not None and rate > 0]
    best = max(found, key=lambda outlook: outlook.worth, default=None)
    least = max((_alone(chance, rate) for chance in chances), default=0.0) + _WAIT * rate * float(dearest)
    if best is None or best.worth <= least:
        return None
    first, strong = best.first, best.strong
    opinion = _opinion(first, strong, [one for one in chances if _in_time(within, strong, first, one)])
    return Cascade(
        first=first.option.card.id,
        strong=strong.option.card.id,
        opinion=None if opinion is None else opinion.option.card.id,
        quality=round(best.quality, _DIGITS),
        cost=first.cost + strong.cost * Decimal(str(round(best.escalated, _DIGITS))),
        rate=rate,
    )


def before(prior: float, spread: float) -> float:
    """The centre of log-odds with this spread whose mean probability is `prior` (MacKay's approximation, 1992)."""
    kept = min(max(prior, _SURE), 1 - _SURE)
    return math.log(kept / (1 - kept)) * math.sqrt(1 + math.pi * spread**2 / 8)


def family(card: ModelCard) -> str:
    """What tells models of one maker from others', by the letters that their names begin with: `gpt`, `llama`, `qwen`."""
    name = card.id.lower().rpartition("/")[2]
    return name[: next((place for place, sign in enumerate(name) if not sign.isalpha()), len(name))]


def _alone(chance: Chance, rate: float) -> float:
    return chance.quality - rate * float(chance.cost)


def _stronger(first: Chance, chances: Sequence[Chance], rate: float, within: float | None) -> Chance | None:
    """Of those that are better and dearer the one that is worth most: so it is after any look at the first answer."""
    able = (one for one in chances if _in_time(within, one, first))
    better = [one for one in able if one.quality > first.quality and one.cost > first.cost]
    return max(better, key=lambda one: (_alone(one, rate), one.quality, one.option.card.id), default=None)


def _in_time(within: float | None, last: Chance, *before: Chance) -> bool:
    """Whether the words of `last` come in time after whole answers of those before; what is not known takes no time."""
    if within is None:
        return True
    soon = last.option.soon
    return sum(map(_whole, before)) + ((soon and soon.words) or 0.0) <= within


def _whole(chance: Chance) -> float:
    """Seconds to the end of its answer; where these are not known, to its beginning."""
    soon = chance.option.soon or Soon()
    return (soon.words if soon.whole is None else soon.whole) or 0.0


def _outlook(first: Chance, strong: Chance, rate: float, foresight: Foresight) -> _Outlook:
    spread = first.support * foresight.spread
    good = _spread(first.quality, spread)
    stronger = _spread(strong.quality, foresight.tie * spread)
    dearer = rate * float(strong.cost)
    up = [other - dearer > own for own, other in zip(good, stronger, strict=True)]
    quality = sum(other if rises else own for rises, own, other in zip(up, good, stronger, strict=True)) / len(up)
    escalated = sum(up) / len(up)
    return _Outlook(first, strong, quality - rate * float(first.cost) - dearer * escalated, quality, escalated)


def _spread(prior: float, spread: float) -> list[float]:
    """The probabilities that a look may leave, each as likely as any other."""
    centre = before(prior, spread)
    return [1 / (1 + math.exp(-(centre + spread * point))) for point in _POINTS]


def _opinion(first: Chance, strong: Chance, chances: Sequence[Chance]) -> Chance | None:
    """The cheapest of another family, else of the same: models of one family make the same mistakes."""
    own, taken = family(first.option.card), {first.option.card.id, strong.option.card.id}
    cheap = [one for one in chances if one.option.card.id not in taken and one.cost < strong.cost]
    return min(
        cheap, key=lambda one: (family(one.option.card) == own, one.cost, -one.quality, one.option.card.id), default=None
    )
