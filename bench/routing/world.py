"""The recorded results as tasks need them: what may be learnt from, and what is asked."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import structs

from bench.routing.methods import Answered, Lesson, Prompts, Training
from bench.routing.pools import Task, kept, of_mmlu
from bench.routing.recordings import Floats, Ints, Item, Price, Recordings, Table, costs
from bench.routing.vectors import Vectors


class Case:
    """The items of one task, with the results of each model of its pool."""

    def __init__(self, task: Task, lesson: Lesson, prices: Mapping[str, Price]) -> None:
        self.task, self.table, self.prompts = task, lesson.table, lesson.prompts
        self.cost, self._prices = costs(lesson.table, prices), prices

    def rows(self, places: Ints) -> "Case":
        """Some of the items."""
        return Case(self.task, Lesson(self.table.rows(places), self.prompts.rows(places)), self._prices)

    def price(self, tokens: Floats) -> Floats:
        """What calls are expected to cost (n by m, USD), by the expected tokens of output."""
        into = np.array([self._prices[model].input for model in self.task.pool])
        out = np.array([self._prices[model].output for model in self.task.pool])
        return np.asarray((self.prompts.input_tokens[:, None] * into + tokens * out) / 1e6)

    def answered(self, strong_cost: float) -> Answered:
        """What the cheap models said; raises `KeyError` where a model's answers were not recorded."""
        cheap = self.task.pool[:-1]
        paid = self.cost.copy()
        paid[:, -1] = strong_cost
        return Answered(
            prompts=self.prompts,
            models=self.task.pool,
            outputs=tuple(_words(self.table, model) for model in cheap),
            answers=tuple(self.table.answers.get(model, ("",) * len(self.table.items)) for model in cheap),
            output_tokens=self.table.tokens[:, :-1],
            costs=paid,
        )

    @property
    def embedded(self) -> bool:
        """Whether there is a vector of each prompt."""
        return not bool(np.isnan(self.prompts.vectors).any())

    @cached_property
    def parts(self) -> tuple[int | str, ...]:
        """What is left out in turn: folds, or benchmarks if there are several; -1 alone where none is learnt from."""
        benchmarks = tuple(dict.fromkeys(item.benchmark for item in self.table.items))
        if self.task.learn == "transfer":
            return (-1,)
        if self.task.learn == "unseen" and len(benchmarks) > 1:
            return benchmarks
        return tuple(sorted({item.fold for item in self.table.items}))

    def part(self, part: int | str) -> Ints:
        """The places of the items of a part."""
        if part == -1:
            return np.arange(len(self.table.items))
        return np.flatnonzero([part in (item.benchmark, item.fold) for item in self.table.items])


class World:
    """Everything that was recorded: `learn` to learn from, `held_out` to be judged on, where there is such a folder."""

    def __init__(self, learn: Recordings, held_out: Recordings | None, vectors: Vectors) -> None:
        self.learn, self.held_out, self.vectors = learn, held_out, vectors
        self._lessons = [self._lesson(table) for table in learn.tables]
        self._kept: dict[str, tuple[Lesson, ...]] = {}
        self._store: dict[Hashable, Any] = {}

    def case(self, task: Task) -> Case | None:
        """The items of the folder to learn from."""
        return self._case(task, self.learn, task.wants)

    def test(self, task: Task) -> Case | None:
        """The items that are held out; of a task `unseen`, those of benchmarks that the other folder lacks."""
        if self.held_out is None:
            return None
        if task.learn != "unseen":
            return self._case(task, self.held_out, task.wants)
        known = {item.benchmark for table in self.learn.tables for item in table.items}
        return self._case(task, self.held_out, lambda item: item.benchmark not in known and not item.contaminated)

    def training(self, task: Task, part: int | str, seed: int = 0) -> Training:
        """What may be learnt from where this part is the test (-1: the held-out folder)."""
        keep = kept(task, part)
        case = self._case(task, self.learn, lambda item: keep(item) and (task.learn == "transfer" or task.wants(item)))
        if case is None:
            raise ValueError(f"{task.name}: nothing to learn from but {part}")
        target = Lesson(case.table, case.prompts)
        if task.learn == "sample":
            places = np.sort(np.random.default_rng(seed).permutation(len(target.table.items))[: task.labels])
            target = Lesson(target.table.rows(places), target.prompts.rows(places))
            rest = self._without(f"sample {part}", lambda item: keep(item) and not of_mmlu(item))
            return Training(f"sample {task.labels} {seed} {part}", task.pool, target, (*rest, target), self._store)
        key = "transfer" if task.learn == "transfer" else f"without {part}"
        return Training(key, task.pool, target, self._without(key, keep), self._store)

    def _without(self, key: str, keep: Callable[[Item], bool]) -> tuple[Lesson, ...]:
        if key not in self._kept:
            made = (_those(lesson, keep) for lesson in self._lessons)
            self._kept[key] = tuple(lesson for lesson in made if lesson.table.items)
        return self._kept[key]

    def _case(self, task: Task, recordings: Recordings, wanted: Callable[[Item], bool]) -> Case | None:
        table = recordings.table(task.source)
        if table is None or not set(task.pool) <= set(table.models):
            return None
        chosen = table.where(wanted).among(task.pool)
        return Case(task, self._lesson(chosen), recordings.prices) if chosen.items else None

    def _lesson(self, table: Table) -> Lesson:
        return Lesson(table, prompts_of(table, self.vectors))


def prompts_of(table: Table, vectors: Vectors) -> Prompts:
    """All that a router is told of a table's items, and their categories."""
    texts = tuple(item.prompt for item in table.items)
    return Prompts(texts, vectors.of(texts), table.input_tokens, tuple(item.category for item in table.items))


def untold(prompts: Prompts) -> Prompts:
    """The same without the categories."""
    return structs.replace(prompts, categories=None)


def thinned(recordings: Recordings, sources: Collection[str], number: int) -> Recordings:
    """At most so many items of each benchmark of these sources, and of nothing else, for a quick look."""
    tables = []
    for table in recordings.tables:
        seen: Counter[str] = Counter()
        places = []
        for place, item in enumerate(table.items if table.source in sources else ()):
            if seen[item.benchmark] < number and not item.contaminated:
                seen[item.benchmark] += 1
                places.append(place)
        if places:
            tables.append(table.rows(np.array(places, np.intp)))
    return structs.replace(recordings, tables=tuple(tables))


def _those(lesson: Lesson, keep: Callable[[Item], bool]) -> Lesson:
    places = np.flatnonzero([keep(item) for item in lesson.table.items])
    if len(places) == len(lesson.table.items):
        return lesson
    return Lesson(lesson.table.rows(places), lesson.prompts.rows(places))


def _words(table: Table, model: str) -> tuple[str, ...]:
    """What a model said; where only its final answer was recorded, that alone."""
    found = table.outputs.get(model)
    if found is not None:
        return found
    return tuple(f"The answer is ({answer})." if answer else "" for answer in table.answers[model])
