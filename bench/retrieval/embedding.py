"""Vectors by the embedder inside Kyozon, kept in a file: a text is embedded once."""

import argparse
import asyncio
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kyozon.domain.requests import EmbeddingRequest
from kyozon.inference.embedder import CARD, E5Embedder
from kyozon.ports.provider import EmbeddingCall

Vectors = NDArray[np.float32]
Purpose = Literal["query", "passage"]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kyozon-bench"
_AT_ONCE = 200


def asked_for(command: str, about: str | None) -> "tuple[Path, Vectoriser]":
    """What a command over the sets is given: their folder, and the vectors that are kept of them."""
    made = argparse.ArgumentParser(prog=f"python -m {command}", description=about)
    made.add_argument("--data", type=Path, required=True, metavar="DIR", help="sets of questions and passages")
    made.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="vectors are kept in: %(default)s")
    given = made.parse_args()
    return given.data, Vectoriser(given.cache / "vectors")


class Vectoriser:
    """What is known is read from `NAME-PURPOSE.npz` under `cache`; what is new is added to it."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: dict[Purpose, dict[str, Vectors]] = {}

    def vectors(self, texts: Sequence[str], purpose: Purpose) -> Vectors:
        """One row for each text."""
        known = self._read(purpose)
        names = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        new = [(name, text) for name, text in dict(zip(names, texts, strict=True)).items() if name not in known]
        if new:
            asyncio.run(self._embed(new, purpose))
        return np.stack([known[name] for name in names])

    async def _embed(self, new: Sequence[tuple[str, str]], purpose: Purpose) -> None:
        embedder, known = E5Embedder(), self._known[purpose]
        try:
            for at in range(0, len(new), _AT_ONCE):
                print(f"… {purpose}: {at} of {len(new)} new vectors", file=sys.stderr, flush=True)
                part = new[at : at + _AT_ONCE]
                asked = EmbeddingRequest({}, CARD.id, tuple(text for _, text in part), purpose=purpose)
                found = (await embedder.embed(EmbeddingCall(CARD, asked))).vectors
                known.update((name, np.array(vector, np.float32)) for (name, _), vector in zip(part, found, strict=True))
                self._write(purpose)
        finally:
            embedder.close()

    def _read(self, purpose: Purpose) -> dict[str, Vectors]:
        if purpose not in self._known:
            path, self._known[purpose] = self._path(purpose), {}
            if path.exists():
                with np.load(path) as held:
                    self._known[purpose] = dict(zip(held["names"].tolist(), held["vectors"], strict=True))
        return self._known[purpose]

    def _write(self, purpose: Purpose) -> None:
        self._cache.mkdir(parents=True, exist_ok=True)
        known, path = self._known[purpose], self._path(purpose)
        unfinished = path.with_suffix(".new.npz")
        np.savez(unfinished, names=np.array(list(known)), vectors=np.stack(list(known.values())))
        unfinished.replace(path)

    def _path(self, purpose: Purpose) -> Path:
        return self._cache / f"{CARD.id}-{purpose}.npz"
