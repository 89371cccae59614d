"""The prompts' vectors, each computed once by the product's own embedder and kept in a folder.

The file is a row of records, digest and vector; it is only ever appended to, so that a run that was stopped goes on where
it was. A record that was cut off is dropped.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.routing.recordings import Floats
from kyozon.domain.requests import EmbeddingRequest
from kyozon.inference.embedder import CARD, E5Embedder
from kyozon.ports.provider import EmbeddingCall

DIMENSIONS = CARD.dimensions or 0
_DIGEST = 16
_RECORD = np.dtype([("key", f"V{_DIGEST}"), ("vector", "<f4", (DIMENSIONS,))])
_EVERY = 30.0
_SAMPLE = 40
_MILLI = 1000.0


class Vectors(Struct, frozen=True, eq=False):
    """Vectors by the digest of their text, and the milliseconds of processor time that computing one takes."""

    known: dict[bytes, NDArray[np.float32]]
    cpu_ms: float

    def of(self, texts: Sequence[str]) -> Floats:
        """As n by 384; NaN for a text that was not embedded."""
        none = np.full(DIMENSIONS, np.nan, np.float32)
        found = [self.known.get(digest(text), none) for text in texts]
        return np.array(found, float).reshape(len(texts), DIMENSIONS)


NONE = Vectors({}, 0.0)
"""Where nothing is embedded."""


def digest(text: str) -> bytes:
    """What a text is kept under."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_DIGEST]


def vectors(texts: Sequence[str], folder: Path, say: Callable[[str], None]) -> Vectors:
    """Those kept in the folder, and the others computed now; `say` is told how far it is.

    The time of one is that of some of the texts, computed once more by themselves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "e5.records"
    known = read(path)
    missing = list({digest(text): text for text in texts if digest(text) not in known}.values())
    embedder = E5Embedder()
    try:
        with asyncio.Runner() as runner:
            runner.run(_compute(embedder, missing, path, known, say))
            chosen = texts[:: max(1, len(texts) // _SAMPLE)]
            return Vectors(known, runner.run(_timed(embedder, chosen)) if chosen else 0.0)
    finally:
        embedder.close()


def read(path: Path) -> dict[bytes, NDArray[np.float32]]:
    """The vectors that are kept."""
    if not path.exists():
        return {}
    raw = path.read_bytes()
    whole = len(raw) // _RECORD.itemsize * _RECORD.itemsize
    if whole != len(raw):
        path.write_bytes(raw[:whole])
    records = np.frombuffer(raw[:whole], _RECORD)
    return {bytes(key): vector for key, vector in zip(records["key"], records["vector"], strict=True)}


def record(key: bytes, vector: Sequence[float] | NDArray[np.float32]) -> bytes:
    """What is appended for one text."""
    made = np.zeros(1, _RECORD)
    made["key"], made["vector"] = np.void(key), np.asarray(vector, np.float32)
    return made.tobytes()


async def _compute(
    embedder: E5Embedder,
    texts: Sequence[str],
    path: Path,
    known: dict[bytes, NDArray[np.float32]],
    say: Callable[[str], None],
) -> None:
    began = said = time.monotonic()
    with path.open("ab") as file:
        for done, text in enumerate(texts):
            if time.monotonic() - said > _EVERY:
                said = time.monotonic()
                left = (said - began) / done * (len(texts) - done) / 60
                say(f"{done} of {len(texts)} prompts embedded, about {left:.0f} minutes left")
            vector = await _embedded(embedder, text)
            known[digest(text)] = np.asarray(vector, np.float32)
            file.write(record(digest(text), vector))
            file.flush()


async def _timed(embedder: E5Embedder, texts: Sequence[str]) -> float:
    await _embedded(embedder, texts[0])  # loads the model
    began = time.process_time()
    for text in texts:
        await _embedded(embedder, text)
    return (time.process_time() - began) * _MILLI / len(texts)


async def _embedded(embedder: E5Embedder, text: str) -> tuple[float, ...]:
    asked = EmbeddingRequest({}, CARD.id, (text,), purpose="query")
    return (await embedder.embed(EmbeddingCall(CARD, asked))).vectors[0]
