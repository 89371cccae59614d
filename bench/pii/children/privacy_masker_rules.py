"""privacy-masker's rules for Japanese; its models would have to be fetched."""

from collections.abc import Iterator

from asked import serve
from privacy_masker.detectors import RegexDetector

_rules = RegexDetector.default_ja()


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """What the rules find, whatever they score."""
    return ((one.start, one.end, one.entity_type) for one in _rules.detect(text))


serve(find)
