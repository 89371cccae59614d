"""A quality model fitted on a small world whose truth is known, and cards of models that it has never heard of."""

from datetime import date
from decimal import Decimal
from functools import cache

from kyozon.domain.models import ModelCard, Price
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.trainers.quality.fitting import fit
from tests.unit.trainers.quality.world import KINDS, QUICK, draw, observations, text_of

STRONG = {"sums": 0.95, "capitals": 0.95, "proofs": 0.8}


@cache
def model() -> QualityModel:
    return fit(list(observations(300)), QUICK)


def card(name: str, output: str = "1") -> ModelCard:
    return ModelCard(name, "somebody", name, "external", prices=(Price(date(2026, 1, 1), Decimal(0), Decimal(output)),))


def score(name: str, kind: str, number: int, chance: float) -> float:
    return float(draw(name, kind, number) < chance)


def prompts(first: int, last: int) -> list[tuple[str, int, str]]:
    return [(kind, number, text_of(kind, number)) for number in range(first, last) for kind in KINDS]
