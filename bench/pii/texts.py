"""The labelled texts, and the half of them that rules may be mended by."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

Half = Literal["development", "report"]


class Gold(Struct, frozen=True):
    """What stands from `start` up to `end`. An `optional` span counts neither for nor against."""

    start: int
    end: int
    type: str
    optional: bool = False


class Labelled(Struct, frozen=True):
    """One text. Texts of one template are alike, so they are in one half."""

    id: str
    lang: Literal["ja", "en"]
    kind: Literal["pii", "hard_negative"]
    text: str
    spans: tuple[Gold, ...] = ()
    template: str = ""

    @property
    def half(self) -> Half:
        """By a hash of the template, so that no later text moves another one."""
        digest = hashlib.sha256((self.template or self.id).encode()).digest()
        return "development" if digest[0] & 1 else "report"


class Predicted(Struct, frozen=True, array_like=True):
    """What a detector says stands from `start` up to `end`."""

    start: int
    end: int
    type: str


Detector = Callable[[str], list[Predicted]]


def read(path: Path) -> tuple[Labelled, ...]:
    """The texts of a file; raises `ValueError` where there is none, `msgspec.ValidationError` where a line is none."""
    lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    if not lines:
        raise ValueError(f"{path} holds no texts")
    return tuple(msgspec.json.decode(line, type=Labelled) for line in lines)
