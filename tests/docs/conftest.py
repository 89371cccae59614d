"""A running installation for the pages to be tried on, and what `kyozon up` shows a new user."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.e2e.conftest import _rented, kyozon, models, rented
from tests.fakes.local_model import DEFAULT_MODEL

__all__ = ["_rented", "kyozon", "models", "rented"]

_LAST_LINE = "models pull"


@pytest.fixture(scope="session")
def first_screens(models: Path) -> dict[str, str]:
    """What `kyozon up` prints on a new machine, by language."""
    return {language: _first_screen(models, language) for language in ("en", "ja")}


def _first_screen(models: Path, language: str) -> str:
    folder = Path(tempfile.mkdtemp(prefix="kz-docs-"))
    shutil.copytree(models / DEFAULT_MODEL, folder / "models" / DEFAULT_MODEL, copy_function=os.link)
    command = str(Path(sys.executable).with_name("kyozon"))
    environ = {"KYOZON_DATA_DIR": str(folder), "KYOZON_LANG": language, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    process = subprocess.Popen(
        [command, "up", "--port", "0"], env=environ, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if _LAST_LINE in line:
            break
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    process.stdout.close()
    shutil.rmtree(folder)
    return "".join(lines).replace(command, "/somewhere/.venv/bin/kyozon")
