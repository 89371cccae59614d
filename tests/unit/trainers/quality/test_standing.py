"""Which form of a question sets two models apart is learnt wherever both have answered."""

import numpy as np
import pytest

from kyozon.routing.estimating.shape import NAMES
from kyozon.trainers.quality.observations import Observation, tabled
from kyozon.trainers.quality.panels import Lesson
from kyozon.trainers.quality.standing import standing_arrays
from kyozon.trainers.quality.words import corpus_of
from tests.unit.trainers.quality.world import draw

PAIR = ("brief", "patient")


def lesson(*, together: bool = True) -> Lesson:
    """Two benchmarks, the second a harder one; the patient model is the better the longer a question is."""
    made = []
    for number in range(600):
        length = 1 + number % 12
        chances = {"brief": 0.6 - 0.04 * length, "patient": 0.4 + 0.04 * length}
        harder = 0.2 * (number // 300)
        results = {
            name: (float(draw(name, number) < chance - harder), None)
            for place, (name, chance) in enumerate(chances.items())
            if together or number % 2 == place
        }
        made.append(Observation(f"Question {number}: " + "and then " * length, f"set{number // 300}", results))
    table = tabled(made, 5)
    scores = np.stack([table.means(np.arange(2) == table.models.index(name)) for name in PAIR], axis=1)
    return Lesson(table, corpus_of(table.texts), scores, np.full((600, 2), 0.5))


def test_it_finds_that_length_sets_them_apart() -> None:
    taught = lesson()
    arrays = standing_arrays(taught, np.tile([-1.0, 0.0, 1.0], (600, 1)), (0.0, 2.0))
    form = (taught.corpus.shapes - arrays["standing middle"]) / arrays["standing scale"]
    apart = form @ (arrays["standing slopes"][:, 1] - arrays["standing slopes"][:, 0])
    lengths = taught.corpus.shapes[:, NAMES.index("length")]

    assert np.corrcoef(apart, lengths)[0, 1] > 0.8
    assert arrays["standing usual"].tolist() == [pytest.approx(0.27, abs=0.01), pytest.approx(0.73, abs=0.01)]
    assert np.abs(arrays["standing slopes"].sum(axis=1)).max() < 1e-5


def test_of_models_that_answered_nothing_in_common_nothing_is_said() -> None:
    assert standing_arrays(lesson(together=False), np.zeros((600, 3)), (0.0, 2.0)) == {}
