"""Reads results of a model from a file: JSON Lines or CSV with `prompt`, `score` and, where known, `output_tokens`."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kyozon.cli.texts import text_of
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.refused_by_system import reason_of

if TYPE_CHECKING:
    from kyozon.routing.estimating.joining import Result

FEWEST = 10
"""Results of fewer prompts say next to nothing of a model."""


def read_results(path: Path) -> "list[Result]":
    """One result for each prompt, the mean where there are several.

    Raises `InvalidRequest` that names the first line that cannot be read, or says there are too few.
    """
    text = _text(path)
    results = _by_prompt(_table(path, text) if path.suffix.lower() == ".csv" else _lines(path, text))
    if len(results) < FEWEST:
        raise _wrong(
            path,
            0,
            f"results of {len(results)} different prompts say next to nothing: at least {FEWEST}, better a few dozen",
            f"異なるプロンプトの結果が {len(results)} 件しかありません。{FEWEST} 件以上、できれば数十件用意してください",
        )
    return results


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        why = reason_of(error)
        raise _wrong(path, 0, why.en, why.ja) from error
    text = text_of(raw)
    if text is not None:
        return text
    raise _wrong(
        path,
        0,
        "it is no text in UTF-8. Save it as UTF-8; in Excel: CSV UTF-8 (comma delimited)",
        "UTF-8 のテキストではありません。UTF-8 で保存してください（Excel では「CSV UTF-8（コンマ区切り）」）",
    )


def _by_prompt(results: "list[Result]") -> "list[Result]":
    """Equal prompts tell of one thing: they are one result."""
    alike: dict[str, list[Result]] = {}
    for result in results:
        alike.setdefault(result.prompt.strip(), []).append(result)
    return [_mean(each) for each in alike.values()]


def _mean(alike: "list[Result]") -> "Result":
    from kyozon.routing.estimating.joining import Result

    lengths = [one.output_tokens for one in alike if one.output_tokens is not None]
    tokens = round(sum(lengths) / len(lengths)) if lengths else None
    return Result(alike[0].prompt, sum(one.score for one in alike) / len(alike), tokens)


def _lines(path: Path, text: str) -> "list[Result]":
    rows = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return [_result(path, number, _json(path, number, line)) for number, line in rows]


def _json(path: Path, number: int, line: str) -> object:
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise _wrong(path, number, f"no JSON: {error}", f"JSON として読めません：{error}") from error


def _table(path: Path, text: str) -> "list[Result]":
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [
        _result(path, rows.line_num, {name: value for name, value in row.items() if name and value not in (None, "")})
        for row in rows
    ]


def _result(path: Path, number: int, row: object) -> "Result":
    from kyozon.routing.estimating.joining import Result

    try:
        found = msgspec.convert(row, Result, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(
            path,
            number,
            f"{error}. Each result is a prompt and a score",
            f"{error}。各行に prompt と score が必要です",
        ) from error
    if not 0 <= found.score <= 1:
        raise _wrong(
            path,
            number,
            f"the score is {found.score:g}, and must be from 0 to 1",
            f"score が {found.score:g} です。0 から 1 の数にしてください",
        )
    return found


def _wrong(path: Path, number: int, en: str, ja: str) -> InvalidRequest:
    where = f", line {number}" if number else ""
    place = f" {number} 行目" if number else ""
    return InvalidRequest(Text(f"{path}{where}: {en}.", f"{path}{place}：{ja}。"), "--results")
