import json

import pytest

from bench.gateway import page, plot
from bench.gateway.findings import CONNECTIONS, metrics, rungs
from bench.report import Setting, flat, markdown
from tests.unit.bench.gateway_samples import measured

SETTING = Setting("2026-11-22", "2 cores", {"Python": "3.11.7"}, "python -m bench.gateway")


def test_ratios_are_ours_by_theirs_from_medians() -> None:
    found = metrics(measured())

    assert found["cpu_ratio_nginx"] == pytest.approx(10.0)  # the outlier of one round moves nothing
    assert found["cpu_ratio_nginx_lean"] == pytest.approx(5.0)
    assert found["cpu_ratio_portkey"] == pytest.approx(0.1)
    assert found["added_p50_ms"] == pytest.approx(1.3)
    assert found["ttft_ratio_nginx_64"] == pytest.approx(3.0)
    assert found["rss_growth"] == pytest.approx(0.05)
    assert found["label_cpu_share"] == pytest.approx(0.02)


def test_peers_that_were_not_asked_for_have_no_figures() -> None:
    assert "cpu_ratio_litellm" not in metrics(measured())


def test_raw_figures_stand_under_their_server() -> None:
    found = metrics(measured())

    for connections in CONNECTIONS:
        assert found[f"kyozon.c{connections}.cpu_s_per_1000"] == pytest.approx(0.1)
        assert found[f"kyozon.c{connections}.database_cpu_s_per_1000"] == pytest.approx(0.01)
        assert found[f"kyozon.c{connections}.requests_per_s"] == pytest.approx(1000)
    assert found["portkey.streams_burst.failed"] == 192
    assert json.loads(flat(found))["ladder.1.cpu_us"] == 60.0


def test_a_rung_is_its_difference_to_the_one_below() -> None:
    assert [rung.own_us for rung in rungs(["a", "b", "c"], [40.0, 60.0, 55.0])] == [40.0, 20.0, -5.0]


@pytest.mark.parametrize("ladder", [True, False])
def test_the_page_is_whole_with_and_without_the_ladder(*, ladder: bool) -> None:
    found = measured(ladder=ladder)

    text = markdown(page.page(found), SETTING)

    assert "| Kyozon, pooled client ÷ Nginx | 200 | 20 | 10.00 | 15 |" in text
    assert "| Kyozon ÷ Portkey | 100 | 1000 | 0.10 |  |" in text
    assert "| Portkey | all at once | – | – | – | – | 192 |" in text
    assert ("| + journal | 55 | -5 |" in text) is ladder
    assert "5.0 times nginx's reverse proxy" in text
    assert len(plot.figure(found).axes) == (3 if ladder else 2)
