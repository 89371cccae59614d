"""Another kyozon.toml while Kyozon runs: checked whole, put in place in one step, or not at all."""

import asyncio
from pathlib import Path

import pytest

from kyozon.bootstrap.local import LocalModels
from kyozon.bootstrap.reading import read_settings, registry_of
from kyozon.bootstrap.reloading import Reloader
from kyozon.domain.audit import AuditEvent
from kyozon.domain.errors import SettingsError, StorageUnavailable
from kyozon.domain.language import Text
from kyozon.services.registry import Registry

FIRST = """
[local]
enabled = false
[providers.gpu]
vendor = "vllm"
base_url = "http://10.0.0.5:8000/v1"
models = ["house-model"]
"""


class Trail:
    """Implements `AuditTrail`."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self.fails = False

    async def record(self, event: AuditEvent) -> None:
        if self.fails:
            raise StorageUnavailable(Text("told to fail.", "失敗するよう指示されています。"))
        self.events.append(event)


class Running:
    """A registry of a file that can be written again."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "kyozon.toml"
        self.environ = {"KYOZON_DATA_DIR": str(folder)}
        self.write(FIRST)
        self.trail = Trail()
        settings = read_settings(self.file, self.environ)
        self.registry: Registry = registry_of(settings, self.environ, LocalModels(settings))
        read = lambda: read_settings(self.file, self.environ)  # noqa: E731 - an argument
        self.reloader = Reloader(self.registry, settings, self.environ, read, self.trail)

    def write(self, text: str) -> None:
        self.file.write_text(text, "utf-8")


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


async def test_labels_zones_and_models_come_into_force(running: Running) -> None:
    before = running.registry.basis
    running.write(
        FIRST + '[labels]\ndefault = "public"\n[zones.lan]\nclearance = "internal"\n[models.new]\nprovider = "gpu"\n'
    )
    found = await running.reloader.reload()
    after = running.registry.basis
    assert (found.old, found.new, found.waiting) == (before.policy_version, after.policy_version, ())
    assert (str(after.default_label), after.zones[1].clearance.level.value) == ("public", "internal")
    assert {card.id for card in after.cards} == {"house-model", "new"}
    assert [(event.action, event.object, event.detail) for event in running.trail.events] == [
        ("policy:reloaded", found.new, {"old": found.old})
    ]


async def test_a_mistake_leaves_everything_as_it_was(running: Running) -> None:
    before = running.registry.installation
    running.write(FIRST + '[labels]\ndefault = "public"\n[zones.lan]\nclearance = "sekret"\n')
    with pytest.raises(SettingsError) as refused:
        await running.reloader.reload()
    assert "line 11" in refused.value.text.en
    assert running.registry.installation is before
    assert running.trail.events == []


@pytest.mark.parametrize(
    "change",
    [
        ("10.0.0.5", "10.0.0.6"),
        ("[providers.gpu]", '[providers.more]\nvendor = "ollama"\nmodels = ["x"]\n[providers.gpu]'),
        ('vendor = "vllm"', 'vendor = "vllm"\napi_key_env = "OTHER_KEY"'),
    ],
)
async def test_another_connection_takes_a_restart_and_nothing_else_is_put_in_place(
    running: Running, change: tuple[str, str]
) -> None:
    """Else data cleared for the new place would go to the old one."""
    before = running.registry.installation
    running.write(FIRST.replace(*change) + '[zones.lan]\nclearance = "restricted"\n')
    with pytest.raises(SettingsError, match="restart"):
        await running.reloader.reload()
    assert running.registry.installation is before


async def test_what_takes_a_restart_is_named_and_not_in_the_version(running: Running) -> None:
    running.write(
        FIRST.replace("enabled = false", "enabled = false\nslots = 2") + "[routing]\nretries = 0\n[server]\nport = 1\n"
    )
    found = await running.reloader.reload()
    assert set(found.waiting) == {"[local]", "[routing] retries", "[server]"}
    assert found.new == found.old
    assert set((await running.reloader.reload()).waiting) == set(found.waiting)  # they still wait


async def test_a_provider_that_is_gone_can_still_be_looked_up(running: Running) -> None:
    card = running.registry.named("house-model")[0]
    running.write("[local]\nenabled = false\n")
    await running.reloader.reload()
    assert running.registry.cards() == ()
    assert running.registry.provider(card).id == "gpu"
    assert running.registry.current(card) is None


async def test_what_cannot_be_recorded_does_not_happen(running: Running) -> None:
    before = running.registry.installation
    running.trail.fails = True
    running.write(FIRST + '[labels]\ndefault = "public"\n')
    with pytest.raises(StorageUnavailable):
        await running.reloader.reload()
    assert running.registry.installation is before


async def test_reloads_wait_for_each_other(running: Running) -> None:
    running.write(FIRST + '[labels]\ndefault = "public"\n')
    first, second = await asyncio.gather(running.reloader.reload(), running.reloader.reload())
    assert (first.new, second.old) == (second.new, first.new)
