"""Who watches is put together from the settings; what runs tells its gauges."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from kyozon.bootstrap.watching import watchers
from kyozon.domain.labels import Label, Level
from kyozon.ports.telemetry import Gauge
from kyozon.settings import Settings, load
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from tests.fakes.collector import FakeCollector
from tests.fakes.installation import FakeInstallation
from tests.fakes.record_samples import a_decision
from tests.fakes.telemetry_samples import DECISION, outcome, scraped
from tests.fakes.vendor_rows import VENDORS

INTERNAL, CONFIDENTIAL = Label(Level.INTERNAL), Label(Level.CONFIDENTIAL)


def settings(folder: Path, text: str = "") -> Settings:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    return load(file, {}, VENDORS)


async def test_without_settings_only_metrics_watch(tmp_path: Path) -> None:
    found = watchers(settings(tmp_path), FakeInstallation().registry, [lambda: [Gauge("kyozon_depth", "How deep.", 3)]])
    found.telemetry.ended(DECISION, outcome())
    await found.stop()
    said = scraped(found.metrics())
    assert list(said["kyozon_requests_total"].values()) == [1]
    assert said["kyozon_depth"] == {frozenset(): 3}
    assert not found.telemetry.hears(Label(Level.PUBLIC))


@pytest.mark.parametrize(
    ("more", "heard"),
    [
        ("", []),
        ("content = true\n", [INTERNAL]),
        ('content = true\nzone = "lan"\n', [INTERNAL, CONFIDENTIAL]),
    ],
)
async def test_an_endpoint_gets_spans_and_a_cleared_zone_words(tmp_path: Path, more: str, heard: list[Label]) -> None:
    async with FakeCollector() as collector:
        text = f'[telemetry]\notlp_endpoint = "{collector.url}"\n{more}'
        found = watchers(settings(tmp_path, text), FakeInstallation().registry, [])
        found.telemetry.ended(DECISION, outcome())
        await found.stop()
    assert len(collector.spans) == 1
    assert [label for label in (INTERNAL, CONFIDENTIAL) if found.telemetry.hears(label)] == heard


WITHOUT_LIBRARY = """
import sys
sys.modules["opentelemetry"] = None
from pathlib import Path
from kyozon.bootstrap.watching import watchers
from kyozon.domain.errors import MissingPiece
from kyozon.settings import load
from tests.fakes.installation import FakeInstallation
registry = FakeInstallation().registry
watchers(load(Path("/dev/null"), {}, {}), registry, []).metrics()
try:
    watchers(load(Path(sys.argv[1]), {}, {}), registry, [])
except MissingPiece as error:
    print(error.text.en)
"""


def test_without_the_library_spans_are_refused_and_metrics_work(tmp_path: Path) -> None:
    settings(tmp_path, '[telemetry]\notlp_endpoint = "http://127.0.0.1:1"\n')
    command = [sys.executable, "-c", WITHOUT_LIBRARY, str(tmp_path / "kyozon.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "pip install 'kyozon[otel]'" in done.stdout


async def test_the_journal_says_how_much_waits(database: Database) -> None:
    journal = PostgresJournal(database)
    opening = [asyncio.ensure_future(journal.open(a_decision(), None)) for _ in range(3)]
    await asyncio.sleep(0)
    assert journal.pending == 3
    await asyncio.gather(*opening)
    assert journal.pending == 0
