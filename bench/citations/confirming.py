"""Questions that were written before anybody looked at how refusals are decided, over the sets of `bench.retrieval`.

`confirming.jsonl` holds them: CC0, written for this bench in readers' own words. Each names the passage that it is about,
and either words of it that answer, or what is missing there and in every other passage; some are about no passage at all.
Of the sets, whose texts are other people's, nothing but names of passages and those few words is in it.

They are halved by their own words. One half was looked at when something was changed since, the other only afterwards.
"""

import hashlib
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.retrieval.sets import packs

_FILE = Path(__file__).with_name("confirming.jsonl")
_LARGE = "ja_jsquad"


class Question(Struct, frozen=True):
    """A question, in `ja` or `en`; `document` is the passage that it is about, empty where there is none.

    Nothing answers it where `answer` is empty; `missing` then says what is not there.
    """

    text: str
    language: str
    document: str
    answer: str
    missing: str

    @property
    def held_out(self) -> bool:
        """Whether it is of the half that had no say in anything."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


def written() -> tuple[Question, ...]:
    """All questions, in the order in which they were written."""
    return tuple(msgspec.json.decode(line, type=Question) for line in _FILE.read_bytes().splitlines())


def passages(folder: Path) -> dict[str, str]:
    """What is searched, by file name: all passages, but of the largest set only articles that a question is about.

    Raises `FileNotFoundError` where the folder holds no sets.
    """
    named = {question.document for question in written()}
    found: dict[str, str] = {}
    for pack in packs(folder):
        titles = {paper.title for paper in pack.papers if paper.doc_id in named}
        for paper in pack.papers:
            if pack.name != _LARGE or paper.title in titles:
                found[file_of(paper.doc_id)] = f"# {paper.title}\n\n{paper.text}\n"
    return found


def file_of(document: str) -> str:
    """The name of the file that a passage is put into."""
    return f"{document}.md"
