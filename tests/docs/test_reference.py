"""The generated pages say what the code says; and everything that a user can meet stands in one of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kyozon.domain import errors
from kyozon.http.app import all_routes
from kyozon.providers.vendors import load_vendors
from kyozon.settings import load
from kyozon.settings.validation import tables

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    # A process of its own: the words of the commands depend on the language at their import.
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LANG": "ja_JP.UTF-8"})


def test_no_page_is_stale() -> None:
    done = generate("--check")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_setting_is_documented() -> None:
    text = page("settings.md")
    missing = [
        f"{name}.{key}"
        for name, model in tables().items()
        for key, field in model.model_fields.items()
        if name
        and f"| `{field.alias or key}` |" not in text
        and tables().keys().isdisjoint((f"{name}.{key}", f"{name}.{key}.*"))
    ]

    assert [key for key in missing if not key.endswith(".prices")] == []
    assert all(f"[{name.replace('*', 'NAME')}]" in text for name in tables() if name)


def test_every_setting_is_described() -> None:
    described_together = "providers.*.quirks"
    bare = [
        f"{name}.{key}"
        for name, model in tables().items()
        for key, field in model.model_fields.items()
        if name not in ("", described_together) and not field.description
    ]

    assert bare == []


def subclasses(kind: type[errors.KyozonError]) -> list[type[errors.KyozonError]]:
    return [found for child in kind.__subclasses__() for found in (child, *subclasses(child))]


def test_every_error_is_documented_and_drawn_in_the_tree() -> None:
    text = page("errors.md")
    found = [kind for kind in subclasses(errors.KyozonError) if kind.__module__ == errors.__name__]

    assert [kind.__name__ for kind in found if f"| `{kind.__name__}` | `{kind.code}` |" not in text] == []
    assert [kind.__name__ for kind in found if f"── {kind.__name__} " not in text] == []


def test_every_vendor_is_documented() -> None:
    assert [name for name in load_vendors() if f"| `{name}` |" not in page("vendors.md")] == []


def test_every_route_is_documented_with_what_it_does() -> None:
    lines = page("routes.md").splitlines()
    rows = {line.split("|")[2].strip(" `"): line.split("|")[3].strip() for line in lines if line.startswith("| `")}

    assert set(rows) == {getattr(route, "path", "") for route in all_routes()}
    assert all(rows.values())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_settings_in_the_text_load_without_a_mistake(tmp_path: Path, path: Path) -> None:
    loads = r"(?<!wrong on purpose -->\n)^```toml\n(.*?)^```"
    for example in re.findall(loads, path.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        file = tmp_path / "kyozon.toml"
        file.write_text(example, "utf-8")
        load(file, {}, load_vendors())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    targets = [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]

    assert [target for target in targets if target and "://" not in target and not (path.parent / target).exists()] == []
