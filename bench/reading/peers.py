"""Libraries that make text of documents, each in an environment of its own, asked by a small program of ours."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.peers import environments

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kyozon-bench"
_PROGRAM = Path(__file__).parent / "ask_peer.py"
_PATIENCE = 1800

PEERS = {
    "markitdown": ("markitdown[docx,pdf]==0.1.8",),
    "pypdf": ("pypdf==7.1.0",),
    "kreuzberg": ("kreuzberg==4.10.4",),
}
"""Names, and what to install."""


def read(name: str, cache: Path, folder: Path) -> dict[str, str]:
    """The text of each file in a folder as the peer has it; empty where it reads no such file."""
    python = environments.python(cache, f"reading-{name}", PEERS[name])
    print(f"… {name}", file=sys.stderr, flush=True)
    with tempfile.NamedTemporaryFile(suffix=".json") as texts:
        command = [str(python), str(_PROGRAM), name, str(folder), texts.name]
        subprocess.run(command, check=True, timeout=_PATIENCE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found: dict[str, str] = json.loads(Path(texts.name).read_text("utf-8"))
    return found
