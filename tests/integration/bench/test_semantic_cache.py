import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.semantic_cache.__main__ import main
from bench.semantic_cache.findings import Compared, Share, false_hits, hits
from bench.semantic_cache.pairs import Pair, aimed, blind


def test_a_quick_run_prints_its_tables_and_writes_flat_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--quick", "--json", "out/figures.json"]) == 0

    found = msgspec.json.decode((tmp_path / "out/figures.json").read_bytes(), type=dict[str, float])
    assert all(0 <= found[name] <= 1 for name in found if name.endswith("_rate"))
    assert found["false_hit_rate"] <= found["without_words.at_95.false_hit_rate"]
    assert found["without_words.at_99.false_hit_rate"] < found["without_words.at_85.false_hit_rate"] > 0.9
    assert found["hit_rate"] == found["at_95.hit_rate"]
    assert found["cpu_ratio_encode"] > 0
    assert "By threshold" in capsys.readouterr().out


def test_the_pairs_are_what_the_page_says() -> None:
    pairs = blind()
    texts = [frozenset((pair.first, pair.second)) for pair in (*pairs, *aimed())]
    assert len(set(texts)) == len(texts)
    assert all(len(text) == 2 for text in texts)
    assert sum(pair.same for pair in pairs) >= 120
    assert sum(not pair.same for pair in pairs) >= 180
    assert not any(pair.same for pair in aimed())
    assert 0.4 < sum(pair.half == "test" for pair in pairs) / len(pairs) < 0.6
    assert abs(sum(pair.language == "en" for pair in pairs) - sum(pair.language == "ja" for pair in pairs)) < 0.05 * len(
        pairs
    )


def test_what_is_found_and_what_is_wrongly_found() -> None:
    def compared(similarity: float, *, same: bool, alike: bool) -> Compared:
        return Compared(Pair("en", same, "number", "it", "one", "two"), similarity, alike)

    seen = [
        compared(0.96, same=True, alike=True),
        compared(0.94, same=True, alike=True),
        compared(0.99, same=True, alike=False),
        compared(0.96, same=False, alike=False),
        compared(0.95, same=False, alike=True),
    ]
    assert (hits(seen, 0.95), false_hits(seen, 0.95)) == (Share(1, 3), Share(1, 2))
    assert (hits(seen, 0.95, words=False), false_hits(seen, 0.95, words=False)) == (Share(2, 3), Share(2, 2))


def test_the_interval_is_wilsons() -> None:
    low, high = Share(5, 20).interval
    assert low == pytest.approx(0.1119, abs=1e-4)
    assert high == pytest.approx(0.4687, abs=1e-4)
    assert Share(0, 0).interval == (0, 1)


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_every_interval_holds_its_share(counts: tuple[int, int]) -> None:
    share = Share(*counts)
    low, high = share.interval
    assert 0 <= low <= share.share + math.ulp(1)
    assert share.share - math.ulp(1) <= high <= 1
