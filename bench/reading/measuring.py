"""Reads the samples with Kyozon and with its peers, and counts what arrives."""

import asyncio
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from bench.reading.peers import PEERS, read
from bench.reading.samples import Row, Sample, samples
from kyozon.domain.knowledge import Chunking, Parsed
from kyozon.parsing.isolated import IsolatedParser
from kyozon.retrieval.splitting import split

KYOZON = "Kyozon"
_BETWEEN = r"[\s|]*"
_SECONDS, _MIB = 600, 2048
_CHUNKING = Chunking(60, 0)  # Short ones, so that a table is parted.


class Measured(Struct, frozen=True):
    """A sample, and by reader the share of its character trigrams, and of its rows, that arrives.

    `headed` is the share of the cells of its table that stand in a chunk together with their head.
    """

    sample: Sample
    trigrams: Mapping[str, float]
    rows: Mapping[str, float]
    headed: float = 0.0


def measure(font: Path, cache: Path | None) -> list[Measured]:
    """All samples; peers are left out where there is no `cache` for them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = samples(folder, font)
        parsed = asyncio.run(_parsed(folder, made))
        texts = {KYOZON: {file: one.text for file, one in parsed.items()}}
        texts |= {peer: read(peer, cache, folder) for peer in PEERS} if cache is not None else {}
    return [_measured(sample, texts, parsed[sample.file]) for sample in made]


def trigrams(text: str) -> set[str]:
    """Those of the text without blanks, and without the signs that Markdown puts into it."""
    letters = re.sub(r"[\s|]+|\\(?=[^\w\s])", "", text)
    return {letters[at : at + 3] for at in range(len(letters) - 2)}


def whole_rows(rows: Iterable[Row], text: str) -> float:
    """The share of rows whose cells stand in order on one line, with nothing else between them."""
    lines = [re.sub(_BETWEEN, "", line) for line in text.split("\n")]
    wanted = [re.sub(_BETWEEN, "", "".join(row)) for row in rows]
    return sum(any(row in line for line in lines) for row in wanted) / max(1, len(wanted))


def headed(rows: Sequence[Row], parsed: Parsed) -> float:
    """The share of cells that stand in a chunk with the first cell of their row, and with their head in it or above it."""
    chunks = [(chunk.text, chunk.indexed) for chunk in split(parsed, _CHUNKING)]
    cells = [(row[0], cell, head) for row in rows[1:] for cell, head in zip(row[1:], rows[0][1:], strict=True)]
    found = sum(
        any(first in text and cell in text and head in indexed for text, indexed in chunks) for first, cell, head in cells
    )
    return found / max(1, len(cells))


def figures(found: Sequence[Measured]) -> dict[str, float]:
    """`SAMPLE.LANGUAGE.trigrams`, `.rows` and `.headed` of Kyozon; of peers with their name before the last word."""
    flat: dict[str, float] = {}
    for one in found:
        name = f"{one.sample.name.replace(' ', '_')}.{one.sample.language}"
        for reader, share in one.trigrams.items():
            flat[f"{name}.trigrams" if reader == KYOZON else f"{name}.{reader}.trigrams"] = share
        if one.sample.rows:
            for reader, share in one.rows.items():
                flat[f"{name}.rows" if reader == KYOZON else f"{name}.{reader}.rows"] = share
            flat[f"{name}.headed"] = one.headed
    return flat


async def _parsed(folder: Path, made: Sequence[Sample]) -> dict[str, Parsed]:
    parser = IsolatedParser(_SECONDS, _MIB)
    return {one.file: await parser.parse(folder / one.file, one.file) for one in made}


def _measured(sample: Sample, texts: Mapping[str, Mapping[str, str]], parsed: Parsed) -> Measured:
    passages = [*sample.text, *(cell for row in sample.rows for cell in row)]
    wanted = set[str]().union(*map(trigrams, passages))
    shares = {reader: len(wanted & trigrams(found[sample.file])) / len(wanted) for reader, found in texts.items()}
    rows = {reader: whole_rows(sample.rows, found[sample.file]) for reader, found in texts.items() if sample.rows}
    return Measured(sample, shares, rows, headed(sample.rows, parsed))
