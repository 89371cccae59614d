"""Asks a running installation, with the model that comes along, and looks at each citation in the file itself."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import openai
from msgspec import Struct

from bench.citations import confirming
from bench.citations.documents import PAPERS
from bench.client import await_ready
from bench.installation import Installation

_SAID = 32
_PASSAGES = 1
_OWN, _OTHERS = "papers", "passages"

Part = Literal["own", "tried", "held_out"]
"""Questions over the bench's own documents; those of the others that had a say in a change; those that had none."""

Libraries = Mapping[str, Mapping[str, str]]
"""Collections: texts by file name."""


class Asked(Struct, frozen=True):
    """A question, the collection that it is asked, and the words that answer it there; empty where nothing does."""

    collection: str
    part: Part
    language: str
    question: str
    answer: str


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


def libraries(folder: Path | None) -> Libraries:
    """The bench's own documents, and the passages of the sets in a folder, where there is one."""
    own = {_OWN: {paper.name: paper.text for paper in PAPERS}}
    return own if folder is None else {**own, _OTHERS: confirming.passages(folder)}


def questions(*, others: bool, quick: bool) -> list[Asked]:
    """All of them; without `others` only those over the bench's own documents. Quick: one of each kind and document."""
    found = []
    for paper in PAPERS:
        language = "en" if paper.text.isascii() else "ja"
        asked = [*paper.asked[: 1 if quick else None], *((text, "") for text in paper.unanswered[: 1 if quick else None])]
        found += [Asked(_OWN, "own", language, text, answer) for text, answer in asked]
    if others:
        found += [
            Asked(_OTHERS, "held_out" if one.held_out else "tried", one.language, one.text, one.answer)
            for one in confirming.written()
        ]
    return found


def measure(asked: Sequence[Asked], held: Libraries, told: Callable[[str], None]) -> list[Answered]:
    """Every question, over collections that hold all documents."""
    with tempfile.TemporaryDirectory(prefix="kz-") as name:
        installation = Installation(Path(name))
        with installation.running():
            await_ready(installation.address)
            for collection, texts in held.items():
                folder = installation.folder / collection
                folder.mkdir()
                for file, text in texts.items():
                    (folder / file).write_text(text, "utf-8")
                installation.command("ingest", "--create", "-c", collection, str(folder))
            with openai.OpenAI(api_key=installation.key, base_url=f"{installation.address}/v1", timeout=600) as client:
                return answers(client, asked, held, told)


def answers(client: openai.OpenAI, asked: Sequence[Asked], held: Libraries, told: Callable[[str], None]) -> list[Answered]:
    """What an installation says that has the collections already."""
    stores = {store.name: store.id for store in client.vector_stores.list().data}
    found = []
    for place, one in enumerate(asked, 1):
        found.append(_answered(client, stores[one.collection], one, held[one.collection]))
        told(f"{place}/{len(asked)} {found[-1].kind}, right: {found[-1].right}: {one.question}")
    return found


def _answered(client: openai.OpenAI, store: str, asked: Asked, texts: Mapping[str, str]) -> Answered:
    tool: Any = {"type": "file_search", "vector_store_ids": [store], "max_num_results": _PASSAGES}
    made = client.responses.create(
        model="auto", input=asked.question, tools=[tool], max_output_tokens=_SAID, temperature=0, store=False
    )
    about: Any = made.model_dump()["kyozon"]
    cited = [note.model_dump() for item in made.output if item.type == "message" for note in _notes(item)]
    standing = sum(texts[note["filename"]][note["start"] : note["end"]] == note["quote"] for note in cited)
    return Answered(asked, about["answer"], tuple(note["quote"] for note in cited), standing, about["unsupported"])


def _notes(message: Any) -> list[Any]:
    return [note for part in message.content for note in part.annotations]


def _same(words: str, quote: str) -> bool:
    return "".join(words.split()).lower() in "".join(quote.split()).lower()
