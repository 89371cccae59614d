"""Peers are installed into folders of their own, by pip and npm as their makers say; what is installed is used again."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.gateway.processes import program

_PATIENCE = 1800


def python(cache: Path, name: str, requirements: Sequence[str]) -> Path:
    """The interpreter of a virtual environment that holds these requirements."""

    def install(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements])

    return _once(cache / name, install) / "bin" / "python"


def node(cache: Path, name: str, package: str) -> Path:
    """The `node_modules` of a folder that holds this package."""
    npm = program("npm", "apt-get install nodejs npm")

    def install(folder: Path) -> None:
        folder.mkdir()
        _run([npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder), package])

    return _once(cache / name, install) / "node_modules"


def _once(folder: Path, install: Callable[[Path], None]) -> Path:
    """The folder, filled; an installation that broke off is begun again."""
    done = folder / "installed"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        print(f"… installing {folder.name}", file=sys.stderr, flush=True)
        install(folder)
        done.touch()
    return folder


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, timeout=_PATIENCE, stdout=subprocess.DEVNULL)
