"""fuseji, with GiNZA."""

from collections.abc import Iterator

from asked import serve
from fuseji import Masker
from fuseji.ner.ginza import GinzaBackend

_masker = Masker(ner=GinzaBackend())


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """Its default masker."""
    return ((one.start, one.end, one.type) for one in _masker.mask(text).entities)


serve(find)
