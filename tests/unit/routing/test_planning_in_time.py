"""A cascade is planned where the words that are delivered last still come in time: after every whole answer before them."""

from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.domain.cascades import Cascade, Foresight
from kyozon.domain.models import ModelCard
from kyozon.domain.pace import Soon
from kyozon.domain.quality import Estimate
from kyozon.routing.option import Option
from kyozon.routing.planning import Chance, plan

_LOOK = Foresight(1.25, 0.1)


def chance(name: str, cost: str, quality: float, soon: Soon | None) -> Chance:
    card = ModelCard(name, "vendor", name, "host")
    return Chance(Option(card, Decimal(cost), Estimate(quality, quality, quality), soon), quality, 1.0)


SMALL = chance("small-1", "0.1", 0.8, Soon(0.2, 1.0))
OTHER = chance("other-1", "0.05", 0.7, Soon(0.1, 0.5))
LARGE = chance("large-1", "1.0", 0.9, Soon(0.5, 4.0))
LARGER = chance("larger-1", "1.1", 0.905, Soon(0.1, 4.0))


def planned(*chances: Chance, within: float | None = None) -> Cascade | None:
    return plan(chances, 0.03, _LOOK, within)


@pytest.mark.parametrize(
    ("within", "parts"),
    [
        (None, ("small-1", "large-1", "other-1")),
        (2.0, ("small-1", "large-1", "other-1")),
        (1.9, ("small-1", "large-1", None)),
        (1.5, ("small-1", "large-1", None)),
        (1.4, ("other-1", "large-1", None)),
        (0.9, None),
    ],
)
def test_whole_answers_come_before_the_last_words(within: float | None, parts: tuple[str, ...] | None) -> None:
    """Streams: the small one's whole answer takes 1 s, the second opinion 0.5 s, the large one's words come after 0.5 s."""
    found = planned(SMALL, OTHER, LARGE, within=within)
    assert (found and (found.first, found.strong, found.opinion)) == parts


def test_another_strong_one_may_be_in_time() -> None:
    found = planned(SMALL, LARGE, LARGER, within=1.2)
    assert found is not None
    assert found.strong == "larger-1"


@pytest.mark.parametrize(("soon", "expected"), [(None, True), (Soon(), True), (Soon(0.4), True), (Soon(0.8), False)])
def test_what_is_not_known_takes_no_time_and_a_whole_answer_at_least_its_first_words(
    soon: Soon | None, *, expected: bool
) -> None:
    small = structs.replace(SMALL, option=structs.replace(SMALL.option, soon=soon))
    assert (planned(small, LARGE, within=1.0) is not None) == expected
