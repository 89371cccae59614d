"""Asks a running installation, with the model that comes along, and looks at each citation in the file itself."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openai
from msgspec import Struct

from bench.citations.documents import PAPERS, Paper
from bench.client import await_ready
from bench.installation import Installation

_SAID = 32
_PASSAGES = 1


class Asked(Struct, frozen=True):
    """A question, its document, and the words that answer it there; empty where nothing does."""

    paper: Paper
    question: str
    answer: str

    @property
    def language(self) -> str:
        """`ja` or `en`."""
        return "en" if self.paper.text.isascii() else "ja"


class Answered(Struct, frozen=True):
    """What came of a question: how the answer came about, its citations' quotes, and how many stand at their anchors."""

    asked: Asked
    kind: str
    quotes: tuple[str, ...]
    standing: int
    unsupported: int

    @property
    def right(self) -> bool:
        """Whether a citation holds the words that answer, or nothing is said where nothing answers."""
        if not self.asked.answer:
            return self.kind == "refused"
        return any(_same(self.asked.answer, quote) for quote in self.quotes)


def questions(*, quick: bool) -> list[Asked]:
    """All of them; when it must be quick one of each kind and document."""
    found = []
    for paper in PAPERS:
        found += [Asked(paper, question, answer) for question, answer in paper.asked[: 1 if quick else None]]
        found += [Asked(paper, question, "") for question in paper.unanswered[: 1 if quick else None]]
    return found


def measure(asked: Sequence[Asked], told: Callable[[str], None]) -> list[Answered]:
    """Every question, over one collection that holds all documents."""
    with tempfile.TemporaryDirectory(prefix="kz-") as name:
        installation = Installation(Path(name))
        with installation.running():
            await_ready(installation.address)
            papers = installation.folder / "papers"
            papers.mkdir()
            for paper in PAPERS:
                (papers / paper.name).write_text(paper.text, "utf-8")
            installation.command("ingest", "--create", "-c", "papers", str(papers))
            with openai.OpenAI(api_key=installation.key, base_url=f"{installation.address}/v1", timeout=600) as client:
                (store,) = client.vector_stores.list().data
                found = []
                for place, one in enumerate(asked, 1):
                    found.append(_answered(client, store.id, one))
                    told(f"{place}/{len(asked)} {found[-1].kind}, right: {found[-1].right}: {one.question}")
                return found


def _answered(client: openai.OpenAI, store: str, asked: Asked) -> Answered:
    tool: Any = {"type": "file_search", "vector_store_ids": [store], "max_num_results": _PASSAGES}
    made = client.responses.create(
        model="auto", input=asked.question, tools=[tool], max_output_tokens=_SAID, temperature=0, store=False
    )
    about: Any = made.model_dump()["kyozon"]
    cited = [note.model_dump() for item in made.output if item.type == "message" for note in _notes(item)]
    texts = {paper.name: paper.text for paper in PAPERS}
    standing = sum(texts[note["filename"]][note["start"] : note["end"]] == note["quote"] for note in cited)
    return Answered(asked, about["answer"], tuple(note["quote"] for note in cited), standing, about["unsupported"])


def _notes(message: Any) -> list[Any]:
    return [note for part in message.content for note in part.annotations]


def _same(words: str, quote: str) -> bool:
    return "".join(words.split()).lower() in "".join(quote.split()).lower()
