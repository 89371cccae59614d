"""Questions to a collection whose answers are known: what a corpus is measured with. JSON lines, or CSV with a header."""

import csv
import hashlib
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text

_SHOWN = 5
_SEPARATOR = ";"
_COLUMNS = ("question", "files", "quote", "answer", "unanswerable", "synthetic")
_YES, _NO = ("true", "yes", "1"), ("", "false", "no", "0")


class Question(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question and what answers it: files by name, path or id, each of them wanted, and words that stand in one of them.

    `answer` is what a good answer says. `unanswerable` asks for what no document says. `synthetic` tells by what it was
    made, where no person asked it.
    """

    question: str
    files: tuple[str, ...] = ()
    quote: str = ""
    answer: str = ""
    unanswerable: bool = False
    synthetic: str = ""

    @property
    def key(self) -> str:
        """Names the question with all that is expected of it, without a word of it."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


def questions_of(text: str, *, table: bool = False) -> tuple[tuple[int, Question], ...]:
    """Each question and the number of its line, counted from 1; `table` says that it is CSV, its files divided by `;`.

    Raises `InvalidRequest` with the first mistakes and their lines, and where there is no question.
    """
    found: list[tuple[int, Question]] = []
    wrong: list[tuple[int, Text]] = []
    for line, raw in _rows(text) if table else _lines(text):
        try:
            question = msgspec.convert(raw if table else msgspec.json.decode(str(raw)), Question)
        except msgspec.MsgspecError as error:
            wrong.append((line, Text(str(error), str(error))))
            continue
        mistake = _mistake(question)
        if mistake is None:
            found.append((line, question))
        else:
            wrong.append((line, mistake))
    if wrong:
        raise mistakes(wrong)
    if not found:
        raise InvalidRequest(Text("there is no question in the file.", "ファイルに質問がありません。"), "--questions")
    return tuple(found)


def mistakes(wrong: list[tuple[int, Text]]) -> InvalidRequest:
    """What is wrong with which lines; the first few of them."""
    more, shown = len(wrong) - _SHOWN, wrong[:_SHOWN]
    en = [f"line {line}: {text.en}" for line, text in shown] + ([f"and {more} more"] if more > 0 else [])
    ja = [f"{line} 行目：{text.ja}" for line, text in shown] + ([f"ほか {more} 件"] if more > 0 else [])
    said = Text(
        "\n  ".join(["correct these lines of the questions:", *en]),
        "\n  ".join(["質問ファイルの次の行を直してください。", *ja]),
    )
    return InvalidRequest(said, "--questions")


def _lines(text: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            yield number, line


def _rows(text: str) -> Iterator[tuple[int, object]]:
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines(keepends=True))
    unknown = [name for name in rows.fieldnames or () if name not in _COLUMNS]
    if unknown or "question" not in (rows.fieldnames or ()):
        columns = ", ".join(_COLUMNS)
        raise InvalidRequest(
            Text(
                f"the first line must name the columns: question, and any others of {columns}.",
                f"1 行目には列名を書いてください。question は必須で、ほかに使えるのは {columns} です。",
            ),
            "--questions",
        )
    for row in rows:
        yield rows.line_num, _of_row(row)


def _of_row(row: dict[str, str | None]) -> dict[str, object]:
    """A row as its JSON would be; what is no yes and no no stays as it is, to be told."""
    found: dict[str, object] = {name: value or "" for name, value in row.items() if name in _COLUMNS}
    files = [name.strip() for name in str(found.get("files", "")).split(_SEPARATOR)]
    said = str(found.get("unanswerable", "")).strip().lower()
    unanswerable = True if said in _YES else False if said in _NO else said
    return found | {"files": [name for name in files if name], "unanswerable": unanswerable}


def _mistake(question: Question) -> Text | None:
    if not question.question.strip():
        return Text("the question is empty", "質問が空です")
    if question.unanswerable and (question.files or question.quote or question.answer):
        return Text(
            "an unanswerable question has no files, quote or answer",
            "unanswerable の質問に files・quote・answer は指定できません",
        )
    if not question.unanswerable and not question.files:
        return Text(
            'name the files that answer it in "files", or say "unanswerable": true',
            "回答のある files を指定するか、unanswerable を true にしてください",
        )
    return None
