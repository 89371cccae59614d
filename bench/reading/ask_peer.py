"""Reads every file of a folder with one library: `ask_peer.py NAME FOLDER TEXTS`. Run by the interpreter that has it."""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def markitdown() -> Callable[[str], str]:
    """Microsoft's, without plug-ins."""
    converter: Any = importlib.import_module("markitdown").MarkItDown(enable_plugins=False)
    return lambda path: str(converter.convert(path).text_content)


def pypdf() -> Callable[[str], str]:
    """The words of each page."""
    library: Any = importlib.import_module("pypdf")
    return lambda path: "\n".join(page.extract_text() for page in library.PdfReader(path).pages)


def kreuzberg() -> Callable[[str], str]:
    """By itself, as Markdown."""
    library: Any = importlib.import_module("kreuzberg")
    config = library.ExtractionConfig(use_cache=False, output_format="markdown")
    return lambda path: str(library.extract_file_sync(path, config=config).content)


def main(name: str, folder: str, texts: str) -> None:
    """Write the text of each file."""
    read = {"markitdown": markitdown, "pypdf": pypdf, "kreuzberg": kreuzberg}[name]()
    found = {}
    for path in sorted(Path(folder).iterdir()):
        try:
            found[path.name] = read(str(path))
        except Exception:  # noqa: BLE001 - of what a library cannot read it has no words
            found[path.name] = ""
    Path(texts).write_text(json.dumps(found), "utf-8")


main(*sys.argv[1:])
