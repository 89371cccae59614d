"""A panel learns from which words on one model is better than another one, where both have answered the same questions."""

import numpy as np

from kyozon.routing.estimating.panels import own
from kyozon.trainers.quality.observations import Observation, tabled
from kyozon.trainers.quality.panels import FEWEST, Lesson, panel_arrays, panels
from kyozon.trainers.quality.words import corpus_of
from tests.unit.trainers.quality.world import draw

GOOD_AT = {"red": ("apple", "pear"), "blue": ("nail", "screw")}


def lesson(count: int, answered: float = 1.0) -> Lesson:
    """Each of two models is good at what it knows; how hard a question is says nothing of which."""
    made = []
    for number in range(count):
        known = list(GOOD_AT)[number % 2]
        thing = GOOD_AT[known][number // 2 % 2]
        chances = {name: (0.9 if name == known else 0.4) for name in GOOD_AT}
        results = {
            name: (float(draw(name, number) < chance), None)
            for name, chance in chances.items()
            if name == "red" or draw("answered", number) < answered
        }
        made.append(Observation(f"What is a {thing}? Number {number}", "things:all", results))
    table = tabled(made, 5)
    scores = np.stack([table.means(np.arange(2) == table.models.index(name)) for name in GOOD_AT], axis=1)
    return Lesson(table, corpus_of(table.texts), scores, np.full((count, 2), 0.65))


def test_it_finds_who_is_better_at_what() -> None:
    taught = lesson(FEWEST)
    (panel,) = panels(taught)
    arrays = panel_arrays([panel], 2, 1)
    words = arrays["panel words"] * arrays["panel steps"]
    asked = corpus_of(["What is a pear? Number 7", "What is a screw? Number 8"])
    rarity = taught.corpus.rarity / np.maximum(asked.rarity, 1e-6)
    counted = np.asarray((asked.weighted.multiply(rarity)) @ words)
    shift = counted + asked.shapes @ arrays["panel form"] + arrays["panel offset"]
    apart = [own(arrays["panel members"].astype(float), each)[0] for each in shift]

    assert apart[0][0] - apart[0][1] > 0.2
    assert apart[1][0] - apart[1][1] < -0.2


def test_of_few_common_questions_there_is_no_panel() -> None:
    assert panels(lesson(FEWEST - 2)) == []
    assert panels(lesson(FEWEST, answered=0.3)) == []
    assert panel_arrays([], 2, 1) == {}
