"""The files of the repository that the house's rules are about."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "kyozon"
_CODE = ("src", "tests", "bench", "examples", "docs")
_TEXT = (".py", ".md", ".toml", ".yaml", ".yml", ".sh", ".html", ".css", ".js", ".mako", ".json", ".svg")


def python_files(*folders: str) -> Iterator[Path]:
    """Every Python file under the given top folders; under all of them when none is given."""
    for folder in folders or _CODE:
        yield from sorted((ROOT / folder).rglob("*.py"))


def text_files() -> Iterator[Path]:
    """Every text file that belongs to the repository."""
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file())
    for folder in (*_CODE, ".ci"):
        yield from (
            path
            for path in sorted((ROOT / folder).rglob("*"))
            if path.is_file() and (path.suffix in _TEXT or folder == ".ci") and "__pycache__" not in path.parts
        )


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text("utf-8"), str(path))


def short(path: Path) -> str:
    """The path from the repository's root, for messages."""
    return path.relative_to(ROOT).as_posix()
