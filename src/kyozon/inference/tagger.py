"""SudachiPy cuts Japanese into words and knows which are names; it is part of the extra `pii`."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec

from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.domain.masking import Morpheme

PACKAGES = ("sudachipy", "sudachidict_small", "privacy_masker")
_MOST = 12_000
"""Characters cut at once: Sudachi takes 49,149 bytes."""
_LONGEST_NAME = 4
_REMEMBERED = 50_000


def require(packages: Sequence[str] = PACKAGES) -> None:
    """Raises `MissingPiece` where a part of the extra is not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise MissingPiece(
            Text(
                f"masking needs {', '.join(missing)}: pip install 'kyozon[pii]', or set [masking] enabled = false.",
                f"マスキングには {'、'.join(missing)} が必要です。pip install 'kyozon[pii]' を実行するか、"
                "[masking] enabled = false にしてください。",
            )
        )


def tagger() -> Callable[[str], Sequence[Morpheme]]:
    """A function that cuts a text of any length. The dictionary is mapped into memory, not read."""
    from sudachipy import Dictionary, SplitMode  # noqa: PLC0415 - only the process that looks at texts loads it

    dictionary = Dictionary(dict="small")
    cutter = dictionary.tokenizer(SplitMode.C)

    @lru_cache(_REMEMBERED)
    def names(surface: str) -> frozenset[str]:
        """The sorts of names that a word may be: `姓`, `名`."""
        entries = (one for one in dictionary.lookup(surface) if one.surface() == surface)
        return frozenset(tags[3] for tags in (one.part_of_speech() for one in entries) if tags[2] == "人名")

    def tag(text: str) -> list[Morpheme]:
        found = []
        for start, end in _stretches(text):
            stretch = text[start:end]
            for word in cutter.tokenize(stretch):
                tags = tuple(word.part_of_speech())
                begins, ends = word.begin(), word.end()
                noun = tags[0] == "名詞" and ends - begins <= _LONGEST_NAME
                sorts = names(stretch[begins:ends]) if noun else frozenset()
                known = not word.is_oov()
                found.append(Morpheme(start + begins, start + ends, tags, known, "姓" in sorts, "名" in sorts))
        return found

    return tag


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Parts that are short enough, cut where no word is."""
    start = 0
    while start < len(text):
        end = min(start + _MOST, len(text))
        if end < len(text):
            end = max(text.rfind(sign, start + 1, end) for sign in "\n。 ") + 1 or end
        yield start, end
        start = end
