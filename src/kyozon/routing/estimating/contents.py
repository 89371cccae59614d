"""The file of a quality model: arrays and names in msgpack. Nothing of a prompt is in it but weights of hashed words."""

import math
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.estimating.facts import plain_name

FORMAT = 1
_KINDS = {"<f2", "<f4", "|u1", "|i1", "<u2", "<i4"}
_LARGEST = 64 << 20
USUAL_ODDS = "usual odds"
"""Under this name stand the log-odds of the middle tier on the usual prompt, among the numbers."""


class Packed(Struct, frozen=True):
    """One array as bytes, little-endian, rows first."""

    kind: str
    shape: tuple[int, ...]
    raw: bytes


class Known(Struct, frozen=True, omit_defaults=True):
    """A model with results: its place among the tiers, and the anchor that stands for it (or -1).

    `tokens` is by how much its answers are longer than expected of any model (a logarithm; None if never recorded),
    `effects` are its own departures by domain, in log-odds, and `counts` how many results each rests on. `learnt` is what
    was learnt after the fit, in log-odds by domain, and `judged` how many results or judgements that rests on.
    """

    name: str
    place: float
    spread: float
    anchor: int
    tokens: float | None
    effects: Packed
    counts: Packed
    learnt: Packed | None = None
    judged: Packed | None = None


class Contents(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a fit leaves behind."""

    format: int
    domains: tuple[str, ...]
    anchors: tuple[str, ...]
    models: tuple[Known, ...]
    aliases: dict[str, str]
    prior: tuple[float, ...]
    prior_spread: float
    numbers: dict[str, float]
    arrays: dict[str, Packed]


def packed(array: NDArray[Any]) -> Packed:
    """The array as bytes."""
    return Packed(array.dtype.newbyteorder("<").str, tuple(array.shape), np.ascontiguousarray(array).tobytes())


def unpacked(part: Packed) -> NDArray[Any]:
    """The array again; raises `ValueError` for one that is damaged or holds what is no number."""
    size = math.prod(part.shape)
    if part.kind not in _KINDS or min(part.shape, default=0) < 0 or size > _LARGEST:
        raise ValueError("an array of the quality model has a type or shape that no fit writes")
    kind = np.dtype(part.kind)
    if size * kind.itemsize != len(part.raw):
        raise ValueError("an array of the quality model is cut short")
    array = np.frombuffer(part.raw, dtype=kind).reshape(part.shape)
    if kind.kind == "f" and not np.isfinite(array).all():
        raise ValueError("an array of the quality model holds what is no number")
    return array


def decoded(raw: bytes) -> Contents:
    """The contents; raises `ValueError` for bytes that are no quality model of this format."""
    try:
        contents = msgspec.msgpack.decode(raw, type=Contents)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no quality model: {error}") from error
    if contents.format != FORMAT:
        raise ValueError(f"a quality model of format {contents.format}, where this version reads format {FORMAT}")
    if (trouble := _trouble(contents)) is not None:
        raise ValueError(f"the quality model {trouble}")
    return contents


def _trouble(contents: Contents) -> str | None:
    """What is wrong with the numbers that stand in no array; estimates would be none, or fail at each request."""
    told = [*contents.numbers.values(), *contents.prior, contents.prior_spread]
    told += [number for known in contents.models for number in (known.place, known.spread, known.tokens or 0.0)]
    if not all(map(math.isfinite, told)):
        return "holds what is no number"
    if USUAL_ODDS not in contents.numbers:
        return f"lacks the {USUAL_ODDS}"
    if any(not -1 <= known.anchor < len(contents.anchors) for known in contents.models):
        return "names an anchor that it does not hold"
    if any(known.name != plain_name(known.name) for known in contents.models):
        return "has a model under a name that none is looked for by"
    return None


def encoded(contents: Contents) -> bytes:
    """The same contents always give the same bytes."""
    return msgspec.msgpack.encode(contents, order="deterministic")
