"""Sets of questions and the passages that answer them: `NAME.corpus.jsonl.gz` and `NAME.queries.jsonl.gz`."""

import gzip
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct, structs

_MOST = 1000
_SEED = 1234


class Paper(Struct, frozen=True):
    """A passage of a corpus."""

    doc_id: str
    text: str
    title: str = ""

    @property
    def whole(self) -> str:
        """What everybody indexes: the title, and the text below it."""
        return f"{self.title}\n{self.text}"


class Question(Struct, frozen=True):
    """What is asked, and which passages are right."""

    query_id: str
    text: str
    relevant: tuple[str, ...]


class Pack(Struct, frozen=True):
    """A set. `asked` says how many questions it has; of more than a thousand that many are drawn, the same ones always."""

    name: str
    papers: tuple[Paper, ...]
    questions: tuple[Question, ...]
    asked: int

    def thinned(self, most: int) -> "Pack":
        """The same with so many of its questions, evenly spread."""
        count = len(self.questions)
        kept = tuple(self.questions[at * count // most] for at in range(most)) if count > most else self.questions
        return structs.replace(self, questions=kept)


_Row = TypeVar("_Row", Paper, Question)


def packs(folder: Path, *, everything: bool = False) -> tuple[Pack, ...]:
    """The sets of a folder; raises `FileNotFoundError` where it holds none."""
    found = sorted(folder.glob("*.corpus.jsonl.gz"))
    if not found:
        raise FileNotFoundError(f"no *.corpus.jsonl.gz in {folder}")
    return tuple(_pack(folder, path.name.partition(".")[0], everything=everything) for path in found)


def _pack(folder: Path, name: str, *, everything: bool) -> Pack:
    papers = _lines(folder / f"{name}.corpus.jsonl.gz", Paper)
    questions = _lines(folder / f"{name}.queries.jsonl.gz", Question)
    drawn = questions
    if len(questions) > _MOST and not everything:
        chosen = random.Random(_SEED).sample(questions, _MOST)  # noqa: S311 - which questions, not which secret
        drawn = tuple(sorted(chosen, key=lambda question: question.query_id))
    return Pack(name, papers, drawn, len(questions))


def _lines(path: Path, kind: type[_Row]) -> tuple[_Row, ...]:
    lines: Sequence[bytes] = gzip.decompress(path.read_bytes()).splitlines()
    return tuple(msgspec.json.decode(line, type=kind) for line in lines if line.strip())
