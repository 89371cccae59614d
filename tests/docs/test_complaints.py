"""The page about complaints names tests that are there."""

import ast
import re

from tests.docs.pages import ROOT

_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_named_test_exists() -> None:
    named = _NAMED.findall((ROOT / "docs" / "explanation" / "complaints.md").read_text("utf-8"))
    assert len(named) > 20
    missing = [(file, name) for file, name in named if name not in _tests(file)]
    assert missing == []


def _tests(file: str) -> set[str]:
    path = ROOT / "tests" / file
    if not path.exists():
        return set()
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
