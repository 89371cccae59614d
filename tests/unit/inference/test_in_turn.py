"""A query does not wait for the passages that came before it."""

import asyncio

import pytest

from kyozon.inference.in_turn import InTurn
from tests.fakes.waiting import until


class Line:
    def __init__(self) -> None:
        self.turns = InTurn()
        self.began: list[str] = []
        self.running = 0
        self.most = 0
        self.gates: dict[str, asyncio.Event] = {}

    def come(self, name: str, place: int) -> asyncio.Task[None]:
        self.gates[name] = asyncio.Event()
        return asyncio.create_task(self._run(name, place))

    async def _run(self, name: str, place: int) -> None:
        async with self.turns.turn(place):
            self.began.append(name)
            self.running += 1
            self.most = max(self.most, self.running)
            await self.gates[name].wait()
            self.running -= 1


async def test_the_lowest_place_first_then_who_came_first() -> None:
    line = Line()
    tasks = [line.come(name, place) for name, place in (("a", 1), ("b", 1), ("c", 1), ("query", 0), ("query 2", 0))]
    await until(lambda: line.began)
    for gate in line.gates.values():
        gate.set()
    await asyncio.gather(*tasks)
    assert line.began == ["a", "query", "query 2", "b", "c"]
    assert line.most == 1


async def test_who_leaves_while_waiting_holds_nobody_up() -> None:
    line = Line()
    first, second, third = line.come("first", 1), line.come("second", 1), line.come("third", 1)
    await until(lambda: line.began)
    second.cancel()
    line.gates["first"].set()
    line.gates["third"].set()
    await asyncio.gather(first, third)
    assert line.began == ["first", "third"]


async def test_who_leaves_as_the_turn_comes_passes_it_on() -> None:
    line = Line()
    first, second, third = line.come("first", 1), line.come("second", 1), line.come("third", 1)
    await until(lambda: line.began)
    line.gates["third"].set()
    line.turns._pass_on()  # calls the second, which is cancelled before it runs
    second.cancel()
    line.gates["first"].set()
    await asyncio.gather(third)
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert "second" not in line.began


async def test_a_failure_gives_the_turn_up() -> None:
    turns = InTurn()
    with pytest.raises(ZeroDivisionError):
        async with turns.turn(1):
            1 / 0  # noqa: B018 - it is to fail
    async with asyncio.timeout(30), turns.turn(1):
        pass
