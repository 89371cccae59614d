"""Names that say nothing gather everything; paths and hosts of one machine belong to nobody else's."""

import re

from tests.house.tree import ROOT, SOURCE, python_files, short, text_files

SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "handlers", "data", "v2"}
# Written in two parts, so that this file is not its own first finding.
FOLDERS = ("/" + "work/", "/" + "tmp/w/", "/" + "root/", "/" + "home/", "/" + "Users/")
REGISTRIES = ("pypi" + ".org", "python" + "hosted", "npmjs" + ".", "ghcr" + ".io", "docker" + ".io", "conda" + ".anaconda")


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    paths = {part for path in python_files() for part in [path, *path.parents] if ROOT in part.parents}
    words = {short(path): set(re.split(r"[_.]", path.stem)) for path in paths}

    assert {name for name, parts in words.items() if parts & SAYS_NOTHING} == set()


def test_every_package_has_a_docstring_that_says_what_it_is_for() -> None:
    packages = [path for path in SOURCE.rglob("__init__.py") if "migrations" not in path.parts]

    assert {short(path) for path in packages if not path.read_text("utf-8").startswith('"""')} == set()


def test_no_committed_text_names_a_folder_of_one_machine_or_a_registry() -> None:
    found = []
    for path in text_files():
        text = path.read_text("utf-8")
        for line, content in enumerate(text.splitlines(), 1):
            found += [f"{short(path)}:{line} {word}" for word in (*FOLDERS, *REGISTRIES) if word in content]

    assert found == []
