"""A newcomer who does what a page says, block after block, on a running installation."""

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from kyozon.domain.errors import SettingsError
from kyozon.domain.language import Language
from kyozon.providers.vendors import load_vendors
from kyozon.settings import load
from tests.docs.pages import ROOT, Block, check_command, commands
from tests.e2e.installation import RunningKyozon

_ADDRESS = "http://127.0.0.1:8080"
_KEY = re.compile(r"ky-([a-z]+)-key")
_SECRET = re.compile(r"ky-[\w-]{40,}")
_NEW_KEY = re.compile(r"kyozon keys create --name (\w+)")
_DECISION = re.compile(r"dec_[0-9a-f]{24}")
_SECONDS = 200


class Newcomer:
    """Follows one page. What an earlier block defined, printed or created is there for the later ones."""

    def __init__(self, page: Path, kyozon: RunningKyozon, folder: Path, first_screen: str) -> None:
        self._page = page
        self._kyozon = kyozon
        self._folder = folder
        self._first_screen = first_screen
        self._language: Language = "ja" if page.name.endswith(".ja.md") else "en"
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._keys = {"your": kyozon.key(page.name, "--admin")}
        self._decision = ""
        self._said: str | None = None

    def follow(self, block: Block) -> None:
        """Do what the block says; whatever is wrong with it is raised."""
        follow = {
            "bash": self._bash,
            "python": self._python,
            "toml": self._toml,
            "json": lambda block: json.loads(block.text),
            "text": self._text,
        }
        follow[block.language](block)

    def leave(self) -> None:
        """Close the clients that the page left open."""
        for value in self._names.values():
            if type(value).__module__.startswith(("openai", "anthropic")) and hasattr(value, "close"):
                value.close()

    def _bash(self, block: Block) -> None:
        self._said = None
        for words in commands(block.text):
            if Path(words[0]).name == "kyozon":
                check_command(words[1:])
            elif words[0] == "make":
                assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text("utf-8"), words
        if block.not_run:
            return
        path = f"{Path(sys.executable).parent}:{self._kyozon.environ['PATH']}"
        done = subprocess.run(  # noqa: S602 - the page's own words
            self._mine(block.text),
            shell=True,
            executable="/bin/bash",
            cwd=self._folder,
            env={**self._kyozon.environ, "PATH": path, "KYOZON_LANG": self._language, "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert (done.returncode != 0) == (block.mark == "refused on purpose"), done.stdout
        self._hear(done.stdout)
        self._keys |= dict(zip(_NEW_KEY.findall(block.text), _SECRET.findall(done.stdout), strict=True))

    def _python(self, block: Block) -> None:
        code = compile("\n" * block.line + self._mine(block.text), str(self._page), "exec")
        self._said = None
        if block.not_run:
            return
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code, self._names)  # noqa: S102 - the page's own words
        self._hear(said.getvalue())

    def _toml(self, block: Block) -> None:
        file = self._folder / "kyozon.toml"
        file.write_text(block.text, "utf-8")
        self._said = None
        try:
            load(file, {}, load_vendors())
        except SettingsError as wrong:
            self._said = wrong.message(self._language).replace(str(file), "kyozon.toml")
        finally:
            file.unlink()
        assert (self._said is not None) == (block.mark == "wrong on purpose"), self._said

    def _text(self, block: Block) -> None:
        """What the block before said, word for word; numbers, ids and what an ellipsis stands for may differ."""
        if block.mark.startswith("varies: "):
            return
        said = self._first_screen if block.mark == "first screen" else self._said
        assert said is not None, "nothing ran before this block"
        assert re.search(_pattern(block.text), said, re.DOTALL), said

    def _hear(self, said: str) -> None:
        self._said = said
        self._decision = (_DECISION.findall(said) or [self._decision])[-1]

    def _mine(self, text: str) -> str:
        """The newcomer's own address, keys and last decision in the place of the page's."""
        text = text.replace(_ADDRESS, self._kyozon.address).replace("dec_your-decision", self._decision)
        return _KEY.sub(lambda found: self._keys[found[1]], text)


def _pattern(text: str) -> str:
    varying = re.compile(r"…|\s+|\d+|ky-[\w-]{40,}|(?:dec|key|req|rev)_[0-9a-f]{24}")
    parts, at = [], 0
    for found in varying.finditer(text.strip()):
        parts += [re.escape(text.strip()[at : found.start()]), _like(found[0])]
        at = found.end()
    return "".join([*parts, re.escape(text.strip()[at:])])


def _like(found: str) -> str:
    if found == "…":
        return ".*?"
    if found.isspace():
        return r"\s+"
    if found.isdigit():
        return r"\d+"
    return _SECRET.pattern if found.startswith("ky-") else r"\w{3}_[0-9a-f]{24}"
