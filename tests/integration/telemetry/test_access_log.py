"""The access log holds every line once, in order, in files of limited size, and never stands in a request's way."""

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from kyozon.http.context import Access
from kyozon.telemetry import access_log
from kyozon.telemetry.access_log import AccessLog


def line(number: int) -> Access:
    return Access(datetime(2026, 11, 1, tzinfo=UTC), f"req_{number}", "POST", "/v1/chat/completions", 200, number)


def numbers(*files: Path) -> list[int]:
    decoder = msgspec.json.Decoder(Access)
    return [found.ms for file in files for found in decoder.decode_lines(file.read_bytes())]


def test_a_line_is_one_object_on_a_line_of_its_own(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "logs" / "access.log")
    log.write(line(7))
    log.close()
    assert (tmp_path / "logs" / "access.log").read_text() == (
        '{"event":"request","at":"2026-11-01T00:00:00Z","request":"req_7","method":"POST",'
        '"route":"/v1/chat/completions","status":200,"ms":7}\n'
    )


def test_it_is_for_its_owner_alone_and_so_are_those_set_aside(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "logs" / "access.log", file_bytes=50)
    for number in range(2):
        log.write(line(number))
        time.sleep(2 * access_log._GATHERED_S)
    log.close()
    files = list((tmp_path / "logs").iterdir())
    assert len(files) > 1
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "logs").stat().st_mode & 0o777 == 0o700


def test_lines_appear_while_it_runs_and_stay_when_it_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    for start in (0, 2):
        log = AccessLog(path)
        log.write(line(start))
        time.sleep(2 * access_log._GATHERED_S)
        assert numbers(path) == list(range(start + 1))
        log.write(line(start + 1))
        log.close()
    assert numbers(path) == [0, 1, 2, 3]


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    log = AccessLog(path)

    def write(first: int) -> None:
        for number in range(first, first + 2000):
            log.write(line(number))

    writers = [threading.Thread(target=write, args=(first,)) for first in range(0, 8000, 2000)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    log.close()
    assert sorted(numbers(path)) == list(range(8000))


def test_a_full_file_is_set_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    for number in range(12):
        log = AccessLog(path, file_bytes=400)
        log.write(line(number))
        log.close()
    files = [tmp_path / f"access.log.{age}" for age in (3, 2, 1)] + [path]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(file.stat().st_size <= 400 for file in files)
    kept = numbers(*files)
    assert kept == list(range(12))[-len(kept) :]


def test_a_disk_that_refuses_is_reported_without_the_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "access.log"
    log = AccessLog(path)
    path.mkdir()
    log.write(line(1))
    log.close()
    assert "access_log" in caplog.text
    assert "req_1" not in caplog.text + capsys.readouterr().err


def test_a_disk_that_hangs_holds_nobody_up_and_what_is_too_much_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    os.mkfifo(path)  # opening it waits for a reader
    log = AccessLog(path)
    log.write(line(0))
    time.sleep(2 * access_log._GATHERED_S)
    most, began = access_log._MOST_WAITING, time.perf_counter()
    for number in range(1, most + 101):
        log.write(line(number))
    assert time.perf_counter() - began < 2.0
    with path.open("rb") as reader:
        closing = threading.Thread(target=log.close)
        closing.start()
        *lines, last = reader.read().splitlines(keepends=True)
        closing.join()
    assert last == b'{"event":"dropped","lines":100}\n'
    assert [found.ms for found in msgspec.json.Decoder(Access).decode_lines(b"".join(lines))] == list(range(most + 1))
