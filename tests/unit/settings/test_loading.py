from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.domain.labels import Label, Level
from kyozon.settings import Settings, load
from tests.fakes.vendor_rows import VENDORS


def written(folder: Path, text: str) -> Path:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    return file


def mistakes(file: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(file, environ or {}, VENDORS)
    assert all(text.ja != text.en for text in caught.value.mistakes)
    return [text.en.removeprefix(f"{file}, ") for text in caught.value.mistakes]


def test_no_file_is_a_working_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    settings = load(None, {}, VENDORS)

    assert settings.server.port == 8080
    assert settings.local.model == "smollm2-135m-instruct"
    assert settings.default_label == Label(Level.CONFIDENTIAL)
    assert list(settings.providers(VENDORS)) == ["local"]


def test_the_file_in_the_working_directory_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "[server]\nport = 9000\n")

    assert load(None, {}, VENDORS).server.port == 9000


def test_the_environment_names_the_file_and_overrides_it(tmp_path: Path) -> None:
    file = written(tmp_path, '[server]\nport = 9000\nhost = "10.0.0.1"\n')
    environ = {
        "KYOZON_CONFIG": str(file),
        "KYOZON_PORT": "9001",
        "KYOZON_DATA_DIR": "/srv/kyozon",
        "KYOZON_LANG": "ja",
        "KYOZON_DATABASE_URL": "postgresql://user@server/kyozon",
        "KYOZON_HOST": "",
    }

    settings = load(None, environ, VENDORS)

    assert (settings.server.port, settings.server.host, settings.server.language) == (9001, "10.0.0.1", "ja")
    assert settings.data_dir == Path("/srv/kyozon")
    assert settings.database.url == "postgresql://user@server/kyozon"


def test_a_wrong_variable_is_named_instead_of_a_line(tmp_path: Path) -> None:
    found = mistakes(written(tmp_path, "[server]\nport = 9000\n"), {"KYOZON_PORT": "many"})

    assert found == ['environment variable KYOZON_PORT: must be a whole number without quotes; found "many".']


def test_a_named_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert "kyozon init" in mistakes(tmp_path / "absent.toml")[0]


@pytest.mark.parametrize(
    ("text", "line", "mend"),
    [
        ("[server]\nhost = here\n", 2, "Text needs quotes"),
        ("[server]\nport 80\n", 2, "key = value"),
        ('[server]\nhost = "a\n', 2, "second quote"),
        ("[server]\nport = 1\nport = 2\n", 3, "stands twice"),
        ("[server]\n[server]\n", 2, "join the two"),
        ("[server\n", 1, "add its ]"),
        ("[labels]\ncompartments = [1\n", 3, "comma is missing"),
    ],
)
def test_what_is_not_toml_is_reported_with_its_line_and_a_mend(tmp_path: Path, text: str, line: int, mend: str) -> None:
    (found,) = mistakes(written(tmp_path, text))

    assert found.startswith(f"line {line}: this is not TOML")
    assert mend in found


def test_windows_endings_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_bytes(b"\xef\xbb\xbf[server]\r\nport = 9000\r\nhots = 1\r\n")

    assert mistakes(file) == ['line 3: server.hots: unknown setting: did you mean "host"?']


def test_another_encoding_is_reported_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_bytes("[server]\n# 日本語\n".encode("shift_jis"))

    assert mistakes(file) == ["line 2: is not UTF-8. Save the file as UTF-8."]


def test_all_mistakes_are_reported_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = """prot = 1
[server]
port = "80"
[models.a]
provider = "nobody"
abilities = ["tolls"]
prices = [
  { valid_from = 2026-01-01, input = -1, output = 1 },
  { valid_from = "2026-01-01", input = 1, output = 1.5 },
]
"""

    found = mistakes(written(tmp_path, text))

    assert [message.split(":")[0] for message in found] == ["line 1", "line 3", "line 5", "line 6", "line 8", "line 9"]


def test_passwords_and_keys_are_never_repeated(tmp_path: Path) -> None:
    text = """[database]
url = "mysql://user:hunter2@host"
[providers.openai]
api_key_env = "sk-hunter2"
api_key = "hunter2"
quirks = { headers = { authorization = 2 } }
"""

    found = mistakes(written(tmp_path, text))

    assert len(found) == 4
    assert "hunter2" not in str(found)
    assert "hunter2" not in repr(Settings.model_validate({"database": {"url": "postgresql://user:hunter2@host"}}))
