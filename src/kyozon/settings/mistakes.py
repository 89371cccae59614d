"""One mistake in the settings, and the words for it."""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from kyozon.domain.language import Text
from kyozon.settings.positions import Path

_LISTED_AT_MOST = 40


class Mistake(Struct, frozen=True):
    """What is wrong at one key, and the mend."""

    path: Path
    text: Text


def mend(word: str, allowed: Iterable[str]) -> Text:
    """The name that `word` was probably meant to be; else all there are, or the first of them."""
    names = sorted(allowed)
    near = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    if near:
        return Text(f'did you mean "{near[0]}"?', f"「{near[0]}」の間違いではありませんか？")
    listed = ", ".join(names[:_LISTED_AT_MOST]) + (" …" if len(names) > _LISTED_AT_MOST else "")
    return Text(f"use one of: {listed}.", f"使えるもの：{listed}。")


def dotted(path: Path) -> str:
    """The key as TOML writes it; the places within lists are left out, since the line tells them."""
    return ".".join(
        part if part.replace("-", "").replace("_", "").isalnum() and part.isascii() else f'"{part}"'
        for part in path
        if isinstance(part, str)
    )
