import json
import os
import statistics
import sys
from pathlib import Path

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.gateway import processes
from bench.gateway.__main__ import peers
from bench.gateway.driver import Load, Tally, percentile
from bench.gateway.load import script
from bench.gateway.traffic import CHUNKS, PATH, Target, answer, chunks


class Read:
    """What a parser finds in a request."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.whole = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name] = value

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole += 1


@pytest.mark.parametrize("stream", [True, False])
def test_the_request_is_what_a_parser_reads(*, stream: bool) -> None:
    read = Read()
    parser = httptools.HttpRequestParser(read)

    parser.feed_data(Target(8080, "gpt", {"authorization": "Bearer k"}, stream=stream).request())

    assert read.whole == 1
    assert parser.get_method() == b"POST"
    assert read.headers[b"host"] == b"127.0.0.1:8080"
    assert read.headers[b"authorization"] == b"Bearer k"
    assert json.loads(read.body).get("stream", False) is stream


def test_whole_and_streamed_answers_say_the_same() -> None:
    events = [line.removeprefix("data: ") for line in b"".join(chunks()).decode().split("\n\n") if line]
    pieces = [json.loads(event) for event in events if event != "[DONE]"]

    said = "".join(piece["choices"][0]["delta"]["content"] for piece in pieces if piece["choices"])

    whole = json.loads(answer())
    assert len(chunks()) == CHUNKS
    assert said == whole["choices"][0]["message"]["content"]
    assert pieces[-1]["usage"] == whole["usage"]
    assert events[-1] == "[DONE]"


@given(st.lists(st.floats(0, 1000), min_size=2))
def test_percentiles_are_in_milliseconds_and_in_order(seconds: list[float]) -> None:
    assert percentile(seconds, 50) == pytest.approx(statistics.median(seconds) * 1000)
    assert percentile(seconds, 50) <= percentile(seconds, 99) + 1e-6 <= max(seconds) * 1000 + 1e-5


def test_a_load_that_brought_nothing_has_figures_all_the_same() -> None:
    tally = Tally()
    tally.failed = 3

    served = tally.served(1.0)

    assert (served.requests, served.failed, served.p50, served.first_p99) == (0, 3, 0.0, 0.0)


def test_wrk_is_told_the_same_request() -> None:
    target = Target(1, "gpt", {"x-kyozon-label": "internal"})

    told = script(Load(target, 16, 3.0))

    assert target.body.decode() in told
    assert f'wrk.path = "{PATH}"' in told
    assert 'wrk.headers["x-kyozon-label"] = "internal"' in told


def test_every_peer_has_a_name_and_says_what_it_does() -> None:
    assert peers().keys() == {"litellm", "portkey", "tensorzero"}
    assert all(peer.version and peer.does for peer in peers().values())


def test_a_missing_program_says_how_to_install_it() -> None:
    with pytest.raises(RuntimeError, match="apt-get install nothing-light"):
        processes.program("no-such-program-here", "apt-get install nothing-light")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux's accounts of processes")
def test_a_tree_leaves_out_what_it_is_told_to(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    cores = frozenset(os.sched_getaffinity(0))

    with processes.launched(processes.Launch(command, tmp_path / "log", cores)) as child:
        assert child.pid in processes.tree(os.getpid())
        assert child.pid not in processes.tree(os.getpid(), without=child.pid)
        assert processes.resident_mib([child.pid]) > 0

    assert child.pid not in processes.tree(os.getpid())
    assert processes.cpu_seconds([child.pid]) == 0
