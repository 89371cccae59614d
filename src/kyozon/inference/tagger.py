"""SudachiPy cuts Japanese into words and knows which are names; it is part of the extra `pii`."""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec

from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.domain.masking import Morpheme

PACKAGES = ("sudachipy", "sudachidict_small", "privacy_masker")
_MOST = 12_000
"""Characters cut at once: Sudachi takes 49,149 bytes."""


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

    cutter = Dictionary(dict="small").tokenizer(SplitMode.C)

    def tag(text: str) -> list[Morpheme]:
        found = []
        for start, end in _stretches(text):
            for word in cutter.tokenize(text[start:end]):
                tags = tuple(word.part_of_speech())
                found.append(Morpheme(start + word.begin(), start + word.end(), tags, not word.is_oov()))
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
