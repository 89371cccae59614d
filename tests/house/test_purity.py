"""What floors 1 and 2 may use: a list of what is allowed, since nobody can list everything that is not."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import SOURCE, parsed, short

PURE = ("domain", "ports", "routing", "governance", "metering", "retrieval", "evaluation")
ALLOWED = {
    "abc",
    "array",
    "ast",
    "base64",
    "bisect",
    "collections",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "ipaddress",
    "itertools",
    "json",
    "kyozon",
    "math",
    "msgspec",
    "numkong",
    "numpy",
    "operator",
    "pathlib",
    "re",
    "statistics",
    "string",
    "types",
    "typing",
    "unicodedata",
}
# Modules above are pure but for these: the clock, files, the terminal, code made at run time.
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input", "exec", "eval", "read_text", "write_text", "__import__"}


def pure_files() -> Iterator[Path]:
    for package in PURE:
        yield from sorted((SOURCE / package).rglob("*.py"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def called(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def test_floors_one_and_two_import_only_what_is_allowed() -> None:
    found = {f"{short(path)}: {name}" for path in pure_files() for name in imported(parsed(path)) if name not in ALLOWED}

    assert found == set()


def test_floors_one_and_two_ask_neither_clock_nor_disk() -> None:
    found = {f"{short(path)}: {name}()" for path in pure_files() for name in called(parsed(path)) if name in IMPURE_CALLS}

    assert found == set()
