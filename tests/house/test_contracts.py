"""The import contracts of pyproject.toml hold; and each of them bites when it is broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

FLOORS = "The house has six floors"
PURE = "Decisions are pure"
SERVICES = "Services know no framework"
ADAPTERS = "Only bootstrap names a concrete adapter"
CHOKE_POINT = "One choke point"
CYCLES = "No cycles between siblings"

# A module to plant, what it says, the contract it breaks, and what the report must then name.
PLANTED = [
    ("utils", "", FLOORS, "- kyozon.utils"),
    ("domain/planted_port", "import kyozon.ports.records", FLOORS, "kyozon.domain.planted_port -> kyozon.ports.records"),
    ("routing/planted_rule", "import kyozon.governance.permit", FLOORS, "routing.planted_rule -> kyozon.governance.permit"),
    ("services/planted_page", "import kyozon.http.app", FLOORS, "services.planted_page -> kyozon.http.app"),
    ("http/planted_sql", "import kyozon.storage.journal", FLOORS, "http.planted_sql -> kyozon.storage.journal"),
    ("storage/planted_settings", "import kyozon.settings", FLOORS, "storage.planted_settings -> kyozon.settings"),
    ("metering/planted_clock", "import time", PURE, "metering.planted_clock -> time"),
    ("governance/rules/planted_chance", "from random import random", PURE, "rules.planted_chance -> random"),
    ("ports/planted_driver", "import asyncpg", PURE, "ports.planted_driver -> asyncpg"),
    ("services/planted_framework", "import starlette.requests", SERVICES, "services.planted_framework -> starlette"),
    ("cli/planted_engine", "import kyozon.inference.store", ADAPTERS, "cli.planted_engine"),
    ("providers/planted_client", "import aiohttp", CHOKE_POINT, "providers.planted_client -> aiohttp"),
    ("cli/planted_hub", "import huggingface_hub", CHOKE_POINT, "cli.planted_hub -> huggingface_hub"),
    ("metering/planted_a", "import kyozon.metering.planted_b", CYCLES, "metering"),
    ("metering/planted_b", "import kyozon.metering.planted_a", CYCLES, "metering"),
]


def report(root: Path) -> str:
    """What import-linter says of the package under `root`, on one line, since it wraps its own."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as main; main()",
        "--no-cache",
        "--no-logo",
    ]
    environ = os.environ | {"PYTHONPATH": str(root / "src"), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    return " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for module, text, _, _ in PLANTED:
        (root / "src" / "kyozon" / f"{module}.py").write_text(f'"""Planted."""\n\n{text}\n', "utf-8")
    return report(root)


def test_every_contract_is_kept() -> None:
    assert " 0 broken." in report(ROOT)


@pytest.mark.parametrize(("module", "contract", "named"), [(row[0], row[2], row[3]) for row in PLANTED])
def test_a_planted_violation_is_found(planted: str, module: str, contract: str, named: str) -> None:
    verdicts, _, details = planted.partition("Contracts: ")

    assert "BROKEN" in verdicts[verdicts.index(contract) :].split("KEPT")[0], module
    assert named in details, planted


def test_no_contract_stands_unproved(planted: str) -> None:
    assert "Contracts: 0 kept" in planted
