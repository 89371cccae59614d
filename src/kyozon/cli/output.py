"""What the command line prints: tables for people, JSON for programs."""

import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from kyozon.cli.speech import language, say
from kyozon.domain.errors import KyozonError
from kyozon.domain.labels import Label

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
_NARROWEST = 32
_EXAMPLES = 5


def print_json(value: Any) -> None:
    """One JSON value on its own line."""
    sys.stdout.write(msgspec.json.encode(plain(value)).decode() + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """A value as what JSON is made of; sets, such as the compartments of a label, in one order: equal text."""
    if isinstance(value, dict):
        return {name: plain(found) for name, found in value.items()}
    if isinstance(value, list | tuple):
        return [plain(found) for found in value]
    return msgspec.to_builtins(value, order="deterministic")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """A table; the columns whose places stand in `right` are aligned to the right. Only the last column is ever wrapped."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=any(columns))
    for place, name in enumerate(columns):
        last = place == len(columns) - 1
        table.add_column(name, justify="right" if place in right else "left", overflow="fold", no_wrap=not last)
    for row in rows:
        table.add_row(*row)
    *before, last_width = (2 + max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True))
    needed = sum(before) + min(last_width, _NARROWEST)
    Console(highlight=False, width=max(out.width, needed)).print(table)


def label_of(found: dict[str, Any]) -> str:
    """A label as the API gives it, as people write it."""
    return str(msgspec.convert(found, Label))


def print_left_out(ids: Sequence[str]) -> None:
    """Say, on the error stream, which records this version could not read."""
    if ids:
        told = ", ".join(ids[:_EXAMPLES]) + (", …" if len(ids) > _EXAMPLES else "")
        en = f"[yellow]![/] Left out: {len(ids)} decisions that this version of Kyozon cannot read ({told})."
        ja = f"[yellow]![/] この版の Kyozon では読めない決定 {len(ids)} 件を除いています（{told}）。"
        err.print(say(en, ja))


def print_error(error: KyozonError, *, as_json: bool) -> None:
    """An error as its reader wants it, on the error stream."""
    if as_json:
        print_json({"error": {"code": error.code, "message": error.message(language())}})
    else:
        err.print(f"[bold red]✗[/] {_plain(error.message(language()))}")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
