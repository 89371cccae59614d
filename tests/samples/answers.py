"""Two hundred questions of MMLU-Pro (MIT), answered by four models: who was right, what was expected, what it would cost.

The scores are those that the benchmark's authors recorded (Apache-2.0); the expectations are of an estimator that had not
seen the questions. So of every way to choose between the four it is known what it is worth.
"""

import json
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from msgspec import Struct

from kyozon.domain.models import ModelCard, Price
from kyozon.domain.quality import Estimate
from kyozon.routing.option import Option


class Question(Struct, frozen=True):
    """What is weighed, and by model how good its answer was."""

    options: tuple[Option, ...]
    scores: dict[str, float]


@cache
def questions() -> tuple[Question, ...]:
    """All of them."""
    found = json.loads(Path(__file__).with_name("mmlu_pro_answers.json").read_text("utf-8"))
    price = Price(date(2020, 1, 1), Decimal(1), Decimal(1))
    cards = [ModelCard(name, "recorded", name, "host", prices=(price,)) for name in found["models"]]
    made = []
    for row in found["items"]:
        weighed = zip(cards, row["costs"], row["expected"], strict=True)
        options = tuple(Option(card, Decimal(cost), _estimate(said, row["support"])) for card, cost, said in weighed)
        made.append(Question(options, dict(zip(found["models"], map(float, row["scores"]), strict=True))))
    return tuple(made)


def _estimate(said: list[float], support: float) -> Estimate:
    quality, low, high = said
    return Estimate(quality, low, high, support=support)
