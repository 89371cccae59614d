"""Passages in a database as the benchmark of search puts them there: a first search reads them all and finds."""

import numpy as np

from bench.search.first import first_search
from bench.search.passages import EMBEDDER, Passages
from bench.search.stored import fill
from kyozon.domain.knowledge import Reader
from kyozon.domain.labels import Clearance, Level
from kyozon.storage.database import Database
from kyozon.storage.knowledge.feed import PostgresKnowledgeFeed

TEXTS = tuple(f"会議室 {number} の予約は総務課へ。" for number in range(20))
FOUND = Passages(TEXTS, np.eye(20, 8, dtype=np.float16) + np.float16(0.5), ("会議室 7",), np.ones((1, 8), np.float32))


async def test_what_is_stored_is_what_a_first_search_reads(database: Database) -> None:
    await fill(database, FOUND, 20)
    feed = PostgresKnowledgeFeed(database)
    reader = Reader("20", "u", Clearance(Level.RESTRICTED))
    reach = await feed.reach(reader, ["vs_20"])
    assert (reach.version, reach.collections) == (2, {"vs_20": EMBEDDER})
    changed = await feed.changes("20", 0, "", 10)
    chunks = await feed.chunks("20", [one.id for one in changed])
    assert [(one.ordinal, one.text) for one in chunks] == [(at % 10, text) for at, text in enumerate(TEXTS)]
    assert {one.label is not None and one.chunks == 10 for one in changed} == {True}
    first = await first_search(database, FOUND, 20)
    assert first.passages == 20
    assert 0 < first.reading < first.seconds
