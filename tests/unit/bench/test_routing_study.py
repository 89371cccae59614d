from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from threadpoolctl import threadpool_limits

from bench.routing import page, plot
from bench.routing.answers import Looks
from bench.routing.entrants import After, before
from bench.routing.findings import ground
from bench.routing.flat import flat_figures
from bench.routing.measuring import ALL, Measured, measure
from bench.routing.methods import Predicted, Prompts, Router, Training
from bench.routing.metrics import Outcome
from bench.routing.pools import CURVE, Task, of_mmlu
from bench.routing.recordings import Floats, Item, costs, read
from bench.routing.rules import Chosen, Exchange, Threshold, outcome, settle, single
from bench.routing.simple import CategoryMean, Nearest, Regression
from bench.routing.study import CORE_HOUR, best_single, judge
from bench.routing.vectors import digest, record
from bench.routing.vectors import read as kept
from bench.routing.world import World
from tests.unit.bench import routing_recorded as made


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = read(made.write(tmp_path_factory.mktemp("recorded")))
    return World(found, None, made.vectors(found))


@pytest.fixture(scope="module")
def judged_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("recorded")
    learn = read(made.write(folder / "learn"))
    held_out = made.write(folder / "held_out", offset=1000, benchmarks=("sums", "mmlu", "riddles"))
    (held_out / "prices.csv").unlink()
    test = read(held_out, learn.prices)
    return World(learn, test, made.vectors(learn, test))


class Watched:
    """Knows nothing, and remembers what it was shown."""

    name, vectors, told = "watched", False, False

    def __init__(self) -> None:
        self.fits: list[Training] = []
        self.asked: list[Prompts] = []

    def fit(self, training: Training) -> Router:
        self.fits.append(training)
        return self

    def predict(self, prompts: Prompts) -> Predicted:
        self.asked.append(prompts)
        flat = np.full((len(prompts.texts), len(self.fits[-1].pool)), 0.5)
        return Predicted(flat, flat, flat * 200)


def test_a_folder_is_read_as_items_by_models(world: World) -> None:
    table = world.learn.tables[0]
    assert table.source == "made"
    assert table.scores.shape == (made.NUMBER, 3)
    assert np.isnan(table.tokens[0, table.models.index(made.STRONG)])
    assert table.outputs[made.WEAK][0] == "no idea"
    assert made.STRONG not in table.outputs


def test_a_call_costs_its_tokens_and_an_unknown_length_counts_as_the_mean(world: World) -> None:
    table = world.learn.tables[0].among((made.WEAK, made.STRONG))
    found = costs(table, world.learn.prices)
    assert found[1].tolist() == pytest.approx([110 / 1e6, 2100 / 1e6])
    assert found[0, 1] == pytest.approx(2100 / 1e6)


def test_a_folder_without_items_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file"):
        read(tmp_path)


def test_contaminated_items_and_other_benchmarks_are_not_asked(world: World) -> None:
    case = world.case(made.PAIR)
    assert case is not None
    assert {item.benchmark for item in case.table.items} == {"sums", "poems"}
    assert not any(item.contaminated for item in case.table.items)


@pytest.mark.parametrize("task", [made.PAIR, made.UNSEEN, made.SAMPLE, made.TRANSFER])
def test_nothing_of_the_test_is_learnt_from(world: World, task: Task) -> None:
    watched = Watched()
    judge(world, task, before(watched, Threshold()))
    for training, asked in zip(watched.fits, watched.asked, strict=False):
        learnt = {item.prompt for lesson in training.everything for item in lesson.table.items}
        learnt |= {item.prompt for item in training.target.table.items}
        assert learnt
        assert not learnt & set(asked.texts)


def test_a_transfer_learns_from_nothing_of_mmlu(world: World) -> None:
    training = world.training(made.TRANSFER, -1)
    items = [item for lesson in (training.target, *training.everything) for item in lesson.table.items]
    assert items
    assert not any(of_mmlu(item) for item in items)
    assert of_mmlu(Item("1", "mmlu_pro", "law", "?", 0, 1.0, origin="ori_mmlu-law"))


def test_a_sample_has_so_many_labels_and_no_other_of_the_source(world: World) -> None:
    training = world.training(made.SAMPLE, 0, seed=3)
    assert len(training.target.table.items) == 20
    again = world.training(made.SAMPLE, 0, seed=3)
    assert [item.id for item in again.target.table.items] == [item.id for item in training.target.table.items]
    other = world.training(made.SAMPLE, 0, seed=4)
    assert [item.id for item in other.target.table.items] != [item.id for item in training.target.table.items]


def test_categories_are_told_to_nobody_but_the_reference(world: World) -> None:
    watched = Watched()
    judge(world, made.PAIR, before(watched, Threshold()))
    assert all(asked.categories is None for asked in watched.asked)
    found = judge(world, made.PAIR, before(CategoryMean(), Threshold()))
    assert found is not None
    assert found.apgr > 0.8


@pytest.mark.parametrize("method", [Nearest(), Regression(vectors=True)])
def test_whoever_sees_what_is_hard_saves_without_loss(world: World, method: Nearest | Regression) -> None:
    found = judge(world, made.PAIR, before(method, Threshold()))
    assert found is not None
    at = found.at[0.99]
    assert at.outcome.quality_ratio > 0.9  # what was just enough on the other folds may be too little here
    assert at.outcome.cost_share < 0.4  # a quarter is hard; the weak model costs a twentieth
    assert at.on_curve is not None
    assert at.on_curve < 0.4
    assert at.bounds[0] <= at.outcome.quality_ratio <= at.bounds[1]
    assert found.cpu_ms > 50  # its vector


def test_who_knows_nothing_asks_the_best_model_for_full_quality(world: World) -> None:
    found = judge(world, made.PAIR, before(Watched(), Threshold()))
    assert found is not None
    assert found.at[1.0].outcome.quality_ratio == 1
    assert found.at[1.0].outcome.cost_share == pytest.approx(1, abs=0.01)


def test_the_setting_never_depends_on_the_test(judged_elsewhere: World) -> None:
    held_out = judged_elsewhere.held_out
    assert held_out is not None
    table = held_out.tables[0]
    scores = table.scores.copy()
    scores[:, 0] = 0
    turned = structs.replace(table, scores=scores)
    other = World(judged_elsewhere.learn, structs.replace(held_out, tables=(turned,)), judged_elsewhere.vectors)
    first, second = (judge(world, made.PAIR, before(Nearest(), Threshold())) for world in (judged_elsewhere, other))
    assert first is not None
    assert second is not None
    assert second.at[0.95].outcome.cost_share == pytest.approx(first.at[0.95].outcome.cost_share, rel=1e-3)
    assert second.at[0.95].outcome.quality.mean() < 0.5 < first.at[0.95].outcome.quality.mean()
    assert second.at[0.95].on_curve is not None
    assert second.at[0.95].on_curve > 0.9  # hindsight would have asked the strong model nearly always


def test_an_unseen_benchmark_of_the_held_out_folder_is_judged(judged_elsewhere: World) -> None:
    test = judged_elsewhere.test(made.UNSEEN)
    assert test is not None
    assert {item.benchmark for item in test.table.items} == {"riddles"}
    found = judge(judged_elsewhere, made.UNSEEN, before(Regression(vectors=False), Threshold()))
    assert found is not None
    assert found.items == len(test.table.items)


def test_a_cascade_pays_for_the_cheap_answer_too(world: World) -> None:
    cascade = Looks()
    found = judge(world, made.CASCADE, After(cascade, cascade.name, cascade.vectors, made.CASCADE, world.learn.prices))
    assert found is not None
    at = found.at[0.99]
    assert at.outcome.quality_ratio > 0.9
    assert at.on_curve is not None
    case = world.case(made.CASCADE)
    assert case is not None
    hard = np.mean([item.category == "hard" for item in case.table.items])
    assert hard + 110 / 2100 - 0.02 < at.on_curve < hard + 110 / 2100 + 0.1


def test_an_answer_that_was_not_paid_for_is_refused() -> None:
    scores, cost = np.ones((2, 2)), np.ones((2, 2))
    stolen = Chosen(np.array([0, 1]), np.array([[True, False], [True, False]]))
    with pytest.raises(ValueError, match="not paid for"):
        outcome(stolen, scores, cost, 1)


def test_every_call_and_the_decision_are_charged() -> None:
    cost = np.array([[1.0, 10.0], [1.0, 10.0]])
    both = Chosen(np.array([1, 0]), np.array([[True, True], [True, False]]))
    assert outcome(both, np.ones((2, 2)), cost, 1, overhead=0.5).cost.tolist() == [11.5, 1.5]
    assert outcome(single(np.array([1, 0]), 2), np.ones((2, 2)), cost, 1).cost.tolist() == [10, 1]


def test_the_cheapest_setting_that_reaches_the_target_is_taken() -> None:
    def tried(quality: float, price: float) -> Outcome:
        best = np.ones(100)
        marks = np.concatenate((np.ones(round(quality * 100)), np.zeros(100 - round(quality * 100))))
        return Outcome(marks, np.full(100, price), best, best)

    settings = [tried(0.90, 1), tried(0.96, 2), tried(0.95, 3), tried(1.0, 9)]
    assert settle(settings, 0.95) == 1
    assert settle(settings, 0.99) == 3
    assert settle(settings[:1], 0.95) is None


def test_the_rate_of_exchange_goes_from_the_cheapest_to_the_best() -> None:
    quality: Floats = np.array([[0.5, 0.9, 1.0]] * 4)
    predicted = Predicted(quality, quality, quality * 100)
    price = np.array([[1.0, 2.0, 10.0]] * 4)
    rule = Exchange()
    settings = rule.settings([predicted])
    chosen = [int(rule.choose(predicted, price, setting)[0]) for setting in settings]
    assert chosen == sorted(chosen)
    assert (chosen[0], chosen[-1]) == (0, 2)
    assert 1 in chosen


def test_the_page_the_figures_and_the_plot_of_a_whole_run(world: World) -> None:
    tasks = (made.PAIR, made.MANY, made.CASCADE)
    found = measure(world, tasks, lambda _: None)
    assert isinstance(found, Measured)
    figures = flat_figures(found)
    assert figures["pair.mix_cost"] == figures["pair.mix_cost_at_99"]
    assert figures["pair.words.apgr"] > 0.8
    assert figures["pair.random.apgr"] == pytest.approx(0.5, abs=0.1)
    assert figures["many.knn.cost_at_99"] < figures["many.mix_cost_at_99"]
    assert all(np.isfinite(value) for value in figures.values())
    assert page.page(found).tables
    plot.figure(found)


def test_the_learning_curve_goes_from_no_label_to_all(world: World) -> None:
    pair = judge(world, made.PAIR, before(Nearest(), Threshold()))
    assert pair is not None
    tasks = [task for task in ALL if task.name in {"mmlu", "mmlu_1500", "mmlu_transfer"} or task in CURVE]
    judged = tuple(structs.replace(pair, task=task) for task in tasks)
    found = Measured({}, {}, judged, held_out=False, missing=())
    curve = next(table for table in page.page(found).tables if "labels" in table.columns)
    assert [row[0] for row in curve.rows] == ["none", "250", "500", "1,000", "1,500", "3,000", "6,000", "all others"]
    plot.figure(found)


def test_the_zero_line_lies_between_the_models(world: World) -> None:
    case = world.case(made.PAIR)
    assert case is not None
    found = ground(made.PAIR, case, best_single(case))
    assert found.oracle[0.95] < found.mix[0.95] < found.mix[1.0] == 1
    assert found.mix_at(1.0) == 1


def test_vectors_are_kept_and_a_record_cut_off_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "e5.records"
    path.write_bytes(
        record(digest("one"), np.ones(384, np.float32)) + record(digest("two"), np.zeros(384, np.float32))[:100]
    )
    assert list(kept(path)) == [digest("one")]
    assert kept(path)[digest("one")].tolist() == [1.0] * 384
    with path.open("ab") as file:
        file.write(record(digest("two"), np.zeros(384, np.float32)))
    assert set(kept(path)) == {digest("one"), digest("two")}


def test_the_routers_own_time_has_a_price() -> None:
    assert CORE_HOUR > 0
