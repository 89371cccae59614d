"""`kyozon up` is told to stop, while it starts and while it answers: nothing is left behind, nothing unaccounted for."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kyozon.storage.embedded import EmbeddedPostgres
from tests.e2e.conftest import CONFIG, Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour


@pytest.mark.parametrize("step", ["database", "tables"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_no_database_server_is_left(models: Path, tmp_path: Path, how: signal.Signals, step: str) -> None:
    kyozon = RunningKyozon(tmp_path / "k", models, "[local]\nenabled = false\n")
    command = [sys.executable, "-m", "kyozon", "up", "--port", "0", "--json"]
    with subprocess.Popen(command, env=kyozon.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        told = b""
        while f'"step":"{step}"'.encode() not in told:
            assert process.poll() is None, told
            told += process.stdout.readline()
        process.send_signal(how)
        assert process.wait(60) in (0, 1, 128 + signal.SIGTERM)
    assert not EmbeddedPostgres(kyozon.folder / "postgres").running()


def test_a_second_server_closes_nothing_that_the_first_has_under_way(models: Path, rented: Rented, tmp_path: Path) -> None:
    config = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    first = RunningKyozon(tmp_path / "k", models, f"{config}\n[local]\nenabled = false\n")
    second = RunningKyozon(tmp_path / "k", models, f"{config}\n[local]\nenabled = false\n")
    with first:
        rented.openai.behaviours.append(Behaviour(text="Hello, world.", gap=1.0))
        answer = first.openai(first.key("app", "--label", "internal")).chat.completions.create(
            model="rented-gpt", messages=[{"role": "user", "content": "Hello?"}], stream=True
        )
        next(iter(answer))
        with second:
            assert second.started["recovered"] == 0
            assert [chunk.choices[0].finish_reason for chunk in answer if chunk.choices][-1] == "stop"
            found = first.json("explain", answer.response.headers["x-kyozon-decision"])["outcome"]
    assert (found["status"], found["usage"]["estimated"]) == ("answered", False)


def test_a_stream_that_is_cut_off_by_an_impatient_stop_is_settled_for_what_was_sent(
    models: Path, rented: Rented, tmp_path: Path
) -> None:
    config = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    kyozon = RunningKyozon(tmp_path / "k", models, f"{config}\n[local]\nenabled = false\n").start()
    rented.openai.behaviours.append(Behaviour(text="Hello, " * 50, gap=1.0))
    client = kyozon.openai(kyozon.key("app", "--label", "internal"))
    answer = client.chat.completions.create(
        model="rented-gpt", messages=[{"role": "user", "content": "Hello?"}], stream=True
    )
    assert any(chunk.choices[0].delta.content for chunk in answer)  # the first words have come
    assert kyozon.process is not None
    kyozon.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    kyozon.process.send_signal(signal.SIGINT)
    assert kyozon.stop() == 0
    answer.close()
    client.close()
    found = kyozon.json("explain", answer.response.headers["x-kyozon-decision"])["outcome"]
    assert (found["status"], found["error"]) == ("left", "caller_left")
    assert found["usage"]["output"] > 0
