"""What all vectors of an embedder have in common, taken away before they are compared.

Vectors of texts point nearly the same way: those of multilingual-e5-small have cosines between 0.7 and 1. The common part
says nothing of a text, yet whatever has most of it is near to every query (hubs: Radovanović, Nanopoulos and Ivanović, JMLR
2010). So the mean of many queries is taken from a query, and the mean of many passages from a passage, in part (Mu and
Viswanath, ICLR 2018); and then the direction in which English and Japanese lie apart, since an answer may stand in another
language than its question (Yang and others, EMNLP 2021).

Means and direction come with Kyozon, for the embedder inside it; vectors of others are compared as they are. Nothing of
anybody's documents is in them, so that they tell of none.
"""

import base64
from functools import cache
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.retrieval.directions import KNOWN

Floats = NDArray[np.float32]
Side = Literal["query", "passage"]

STRENGTH = 0.75
"""The share of a mean that is taken away: less leaves hubs, more takes away what passages of one field have in common."""


class Centring(Struct, frozen=True):
    """The means of `query` and `passage` vectors of length 1, and the direction of `language`, of length 1."""

    query: Floats
    passage: Floats
    language: Floats

    def of(self, vectors: Floats, side: Side) -> Floats:
        """Of each row, a vector of length 1, what is its own; not of length 1 any more."""
        mean = self.query if side == "query" else self.passage
        own = vectors - np.float32(STRENGTH) * mean
        centred: Floats = own - (own * self.language).sum(axis=1, keepdims=True) * self.language
        return centred


@cache
def centring(embedder: str, dimensions: int) -> Centring | None:
    """What is known of an embedder with vectors of so many numbers; None for most."""
    if embedder not in KNOWN:
        return None
    found = Centring(*(_read(part) for part in KNOWN[embedder]))
    return found if len(found.query) == dimensions else None


def _read(part: str) -> Floats:
    return np.frombuffer(base64.b85decode(part), "<f2").astype(np.float32)
