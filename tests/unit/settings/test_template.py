import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from kyozon.domain.models import Provider
from kyozon.settings import load
from kyozon.settings.positions import positions
from kyozon.settings.validation import tables
from tests.fakes.vendor_rows import VENDORS

TEMPLATES = ["kyozon.template.toml", "kyozon.template.ja.toml"]


def template(name: str) -> str:
    return files("kyozon").joinpath(name).read_text("utf-8")


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE)


def loaded(folder: Path, text: str) -> object:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    rows = VENDORS | {"vllm": Provider("vllm", "vLLM", "openai", "", zone="lan")}
    return load(file, {}, rows)


@pytest.mark.parametrize("name", TEMPLATES)
def test_as_it_stands_it_changes_nothing(tmp_path: Path, name: str) -> None:
    assert loaded(tmp_path, template(name)) == loaded(tmp_path, "")


@pytest.mark.parametrize("name", TEMPLATES)
def test_everything_in_it_may_be_uncommented(tmp_path: Path, name: str) -> None:
    loaded(tmp_path, uncommented(template(name)))


def test_both_languages_show_the_same_settings() -> None:
    english, japanese = (tomllib.loads(uncommented(template(name))) for name in TEMPLATES)

    assert english == japanese


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_setting_is_in_it(name: str) -> None:
    shown = {".".join(part for part in path if isinstance(part, str)) for path in positions(uncommented(template(name)))}
    for table, model in tables().items():
        for field_name, field in model.model_fields.items():
            key = f"{table}.{field.alias or field_name}".lstrip(".")
            pattern = re.escape(key).replace(r"\*", "[^.]+")
            assert any(re.fullmatch(pattern, path) for path in shown), f"{key} is missing in {name}"
