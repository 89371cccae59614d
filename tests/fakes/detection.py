"""A `Detection` that knows what it looks for."""

import re
from collections.abc import Mapping, Sequence

from kyozon.domain.masking import Kind, Span
from kyozon.governance.masking.residue import extended, survives
from kyozon.ports.detection import DetectionFailed

VALUES: Mapping[str, Kind] = {
    "山田太郎": "PERSON",
    "taro@example.com": "EMAIL",
    "090-1234-5678": "PHONE",
    'a"b\\c\nd-hunter2': "SECRET",
}


class KnownValues:
    """Finds `values`; `missed` are seen by the second look alone. `failing` is why there is no answer, `asked` what was."""

    checks = ("residue", "second")

    def __init__(self, values: Mapping[str, Kind] = VALUES, missed: tuple[str, ...] = ()) -> None:
        self.values = values
        self.missed = missed
        self.failing: str | None = None
        self.asked: list[list[str]] = []

    async def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        self.asked.append(list(texts))
        self._fail()
        return extended(texts, [tuple(self._spans(text)) for text in texts])

    async def leftovers(self, texts: Sequence[str], removed: Sequence[str]) -> list[str]:
        self._fail()
        seen = [*self.values, *self.missed]
        second = ["second"] if any(value in text for value in seen for text in texts) else []
        return second + (["residue"] if survives(texts, removed) else [])

    def _spans(self, text: str) -> list[Span]:
        pattern = re.compile("|".join(map(re.escape, self.values)) or r"\A\b\Z")
        return [Span(m.start(), m.end(), self.values[m[0]], "known") for m in pattern.finditer(text)]

    def _fail(self) -> None:
        if self.failing is not None:
            raise DetectionFailed(self.failing)
