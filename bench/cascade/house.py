"""A Kyozon of its own for this benchmark: its folder, its `kyozon.toml`, its keys; the two models and what they cost."""

import json
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec import json as wire

from bench.cascade.weights import LARGE, SMALL
from bench.installation import Installation
from bench.routing.study import CORE_HOUR

_MILLION = 1_000_000
_CORE_HOUR = Decimal(str(CORE_HOUR))
_SETTINGS = f"""\
[local]
model = "{SMALL.name}"
slots = 1
threads = 1
context = 2048
"""


class Price(Struct, frozen=True):
    """Seconds of processor time for a token that is read and for one that is written."""

    input: float
    output: float

    @property
    def money(self) -> tuple[Decimal, Decimal]:
        """The same in money for a million tokens, as settings state it."""
        first, second = (Decimal(str(one)) * _MILLION / 3600 * _CORE_HOUR for one in (self.input, self.output))
        return first.quantize(Decimal("0.0001")), second.quantize(Decimal("0.0001"))

    def charge(self, read: int, written: int) -> Decimal:
        """What so many tokens cost."""
        into, out = self.money
        return (read * into + written * out) / _MILLION


class Key(Struct, frozen=True):
    """An API key of Kyozon: its id, and its secret."""

    id: str
    key: str


class House:
    """The installation in `folder`, which may have been begun before."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.installation = Installation(folder)
        self._settings = folder / "kyozon.toml"
        self._keys = folder / "keys.json"
        self.installation.environ["KYOZON_CONFIG"] = str(self._settings)

    def configure(self, prices: Mapping[str, Price], estimates: Path | None) -> None:
        """Write `kyozon.toml`; `prices` go by the models' names."""
        parts = [_SETTINGS]
        if estimates is not None:
            parts.append(f"[routing]\nestimates = {json.dumps(str(estimates))}\n")
        for name, price in prices.items():
            into, out = price.money
            stated = f'valid_from = 2026-01-01, input = "{into}", output = "{out}"'
            parts.append(f'[models."{name}"]\nprovider = "local"\nprices = [{{ {stated} }}]\n')
        self._settings.write_text("\n".join(parts), "utf-8")

    def pull(self, name: str, file: Path) -> None:
        """Have the product take in a model, unless it has it."""
        if not (self.installation.data / "models" / name / "model.json").exists():
            self.said("models", "pull", f"file:{file.resolve()}", "--name", name)

    def key(self, name: str) -> Key:
        """The key of that name; it is made when first asked for."""
        known = wire.decode(self._keys.read_bytes(), type=dict[str, Key]) if self._keys.exists() else {}
        if name not in known:
            made = self.said("keys", "create", "--name", name, "--admin", "--json")
            known[name] = wire.decode(made, type=Key)
            self._keys.write_bytes(wire.encode(known))
        return known[name]

    def join(self, model: str, results: Path, base: Path | None, out: Path) -> None:
        """Make a model known by its results: `kyozon route join`."""
        begun = [] if base is None else ["--from", str(base)]
        self.said("route", "join", model, "--results", str(results), "--out", str(out), *begun)

    def said(self, *words: str) -> str:
        """What `kyozon WORDS` prints; raises `CalledProcessError`."""
        command = [sys.executable, "-m", "kyozon", *words]
        environ, folder = self.installation.environ, self.installation.folder
        return subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True, cwd=folder).stdout


MODELS = (SMALL.name, LARGE.name)
