"""The answers of a run, one a line in a file, so that a run which was cut off goes on where it was."""

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from msgspec import DecodeError, Struct, json

from bench.cascade.processes import Spent


class Call(Struct, frozen=True):
    """A call that a request was charged for. If it was judged: `good` is what was thought of it, `act` what was done."""

    model: str
    input: int
    output: int
    amount: Decimal
    good: float | None = None
    act: str | None = None


class Answer(Struct, frozen=True):
    """What a strategy made of an item. `spent` is the processor time since the strategy's answer before."""

    strategy: str
    item: str
    right: bool
    words: str
    decision: str
    model: str
    calls: tuple[Call, ...]
    spent: Spent

    @property
    def amount(self) -> Decimal:
        """What all calls cost together."""
        return sum((call.amount for call in self.calls), Decimal(0))


class Answers:
    """The answers so far, kept in `file`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._found = {(one.strategy, one.item): one for one in _read(file)}

    def of(self, strategy: str) -> dict[str, Answer]:
        """The answers of a strategy, by item."""
        return {item: one for (name, item), one in self._found.items() if name == strategy}

    def add(self, answer: Answer) -> None:
        """Keep one more."""
        with self._file.open("ab") as file:
            file.write(b"\n" + json.encode(answer))  # so that what a cut-off run left stays a line of its own
        self._found[answer.strategy, answer.item] = answer


def _read(file: Path) -> Iterator[Answer]:
    for line in file.read_bytes().split(b"\n") if file.exists() else ():
        with suppress(DecodeError):  # one that was not written to its end is asked again
            yield json.decode(line, type=Answer)
