import numpy as np
import pytest
from msgspec import structs

from bench.routing import page
from bench.routing.ceilings import BOTH, DIFFICULTY, SUBJECT, ceiling, stem
from bench.routing.entrants import before
from bench.routing.labels import Law, Point, law, outlook
from bench.routing.measuring import ALL, Measured, measure, measure_apart
from bench.routing.pools import SAMPLED
from bench.routing.product import NAME
from bench.routing.recordings import Table, read
from bench.routing.rules import Threshold
from bench.routing.shortfalls import WANTED, count, missed, points
from bench.routing.simple import CategoryMean
from bench.routing.study import best_single, judge
from bench.routing.world import World
from tests.unit.bench import routing_recorded as made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = read(made.write(tmp_path_factory.mktemp("recorded")))
    return World(found, None, made.vectors(found))


def quiet(_: str) -> None:
    """Say nothing; at the top of a module, so that another process finds it."""


@pytest.fixture(scope="module")
def short_of_all(world: World) -> Measured:
    """As if every router had fallen short of the same figure in every task that has a target."""
    pair = judge(world, made.PAIR, before(CategoryMean(), Threshold()))
    assert pair is not None
    poor = structs.replace(pair.curves[0], gains=pair.curves[0].shares)
    tasks = [task for task in ALL if task.name in WANTED or task.name == "mmlu_pro7" or task in SAMPLED]
    judged = tuple(structs.replace(pair, task=task, entrant=NAME, curves=(poor,), interval=(0.48, 0.52)) for task in tasks)
    return Measured({}, {}, judged, held_out=False, missing=())


def test_who_knows_the_subject_knows_what_is_hard(world: World) -> None:
    case = world.case(made.PAIR)
    assert case is not None
    found = ceiling(made.PAIR, case, best_single(case), world.learn.tables)
    assert found is not None
    assert found.items == len(case.table.items)
    assert found.reached[SUBJECT] == pytest.approx(found.reached[BOTH], abs=0.02)
    assert found.reached[SUBJECT] > 0.8 > found.reached[DIFFICULTY] > 0.4  # the one other model errs elsewhere


def test_of_many_models_the_ceiling_is_a_cost(world: World) -> None:
    case = world.case(made.MANY)
    assert case is not None
    assert ceiling(made.MANY, case, best_single(case), world.learn.tables) is None  # nobody else was asked
    pool = made.MANY.pool[::2]
    few = structs.replace(made.MANY, pool=pool)
    asked = world.case(few)
    assert asked is not None
    found = ceiling(few, asked, best_single(asked), world.learn.tables)
    assert found is not None
    assert 0.2 < found.reached[SUBJECT] < 0.5  # a quarter is hard, and the cheap answers cost a twentieth


def test_equal_questions_are_found_whatever_their_options() -> None:
    assert stem("What  is it?\nA. one\nB. two") == stem("what is it?\nA. two\nB. three") == "what is it?"


def test_the_curve_of_the_labels_is_found_again() -> None:
    true = Law(0.7, 1.0, 0.35)
    labels = [250, 500, 1000, 3000, 8000]
    found = law(labels, [true.at(each) for each in labels])
    assert (found.top, found.fall, found.power) == pytest.approx((0.7, 1.0, 0.35))
    assert true.needed(0.66) == pytest.approx((1 / 0.04) ** (1 / 0.35))
    assert true.at(true.needed(0.66)) == pytest.approx(0.66)
    assert true.needed(0.7) == true.needed(0.699999) == float("inf")


def test_what_is_measured_badly_says_little_of_what_is_needed() -> None:
    true = Law(0.7, 1.0, 0.35)
    labels = [250, 500, 1000, 3000, 8000]
    sure, vague = (outlook([Point(each, true.at(each), error) for each in labels], 0.66) for error in (1e-6, 0.02))
    assert sure.bounds == pytest.approx((sure.labels, sure.labels), rel=0.01)
    assert sure.never == 0
    assert vague.bounds[0] < sure.labels < vague.bounds[1]
    assert vague.never > 0.05
    assert [count(each) for each in (1234.0, float("inf"))] == ["about 1,200", "no number of"]


def test_each_target_that_is_missed_is_accounted_for(short_of_all: Measured) -> None:
    rows = list(missed(short_of_all))
    assert len(rows) == len(WANTED) + 1
    assert all(all(cell for cell in row[:2]) or "MMLU:" in row[0] for row in rows)
    assert [point.labels for point in points(short_of_all)] == sorted(task.labels for task in SAMPLED)
    told = page.page(
        structs.replace(short_of_all, judged=tuple(structs.replace(one, at={}) for one in short_of_all.judged[:4]))
    )
    assert any(table.title == "Targets that are missed" for table in told.tables)


def test_what_is_reached_is_not_accounted_for(short_of_all: Measured) -> None:
    full = np.ones_like(short_of_all.judged[0].curves[0].gains)
    judged = tuple(
        structs.replace(one, curves=(structs.replace(one.curves[0], gains=full),))
        for one in short_of_all.judged
        if one.task.name in WANTED
    )
    assert list(missed(structs.replace(short_of_all, judged=judged))) == []


def test_several_processes_take_the_tasks_and_their_findings_are_joined(world: World) -> None:
    tasks = [structs.replace(made.PAIR, name=name, source="nowhere") for name in ("one", "two")]
    found = measure_apart(world, tasks, quiet, 1)
    assert found.missing == measure(world, tasks, quiet).missing == ("one", "two")
    assert found.judged == ()


def test_a_router_that_tells_nothing_apart_has_half_whatever_its_fits_expect(world: World) -> None:
    same = World(structs.replace(world.learn, tables=tuple(map(_one_category, world.learn.tables))), None, world.vectors)
    found = judge(same, made.PAIR, before(CategoryMean(), Threshold()))
    assert found is not None
    assert found.apgr == pytest.approx(0.5, abs=1e-9)


def _one_category(table: Table) -> Table:
    return structs.replace(table, items=tuple(structs.replace(item, category="one") for item in table.items))
