"""Which files of a folder are taken in, and what each is called."""

from pathlib import Path

import pytest

from kyozon.cli.folders import Wanted, as_attribute, found, is_below, roots_of, sha256_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    for name in (
        "a.md",
        "sub/b.pdf",
        "sub/deep/c.md",
        ".git/config",
        "sub/.d.md",
        "~$e.docx",
        "f.tmp",
        "Thumbs.db",
        "g.md~",
    ):
        file = made / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, "utf-8")
    (made / "loop").symlink_to(made)
    return made


def paths(folder: Path, **wanted: tuple[str, ...]) -> list[str]:
    return [one.path for one in found([folder], Wanted(**wanted))]


def test_hidden_and_passing_files_and_linked_folders_are_left_out(folder: Path) -> None:
    assert paths(folder) == ["docs/a.md", "docs/sub/b.pdf", "docs/sub/deep/c.md"]


def test_patterns_fit_names_and_paths(folder: Path) -> None:
    assert paths(folder, include=("*.md",)) == ["docs/a.md", "docs/sub/deep/c.md"]
    assert paths(folder, exclude=("docs/sub/*",)) == ["docs/a.md"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(folder: Path) -> None:
    assert [one.path for one in found([folder / "f.tmp"], Wanted(include=("*.md",)))] == ["f.tmp"]


def test_only_what_stands_below_is_ours_to_remove(folder: Path) -> None:
    roots = roots_of([folder, folder / "a.md"])
    assert is_below("docs/x/y.md", roots)
    assert is_below("a.md", roots)
    assert not is_below("docs2/x.md", roots)
    assert not is_below("other/a.md", roots)


def test_a_change_of_the_bytes_changes_the_hash(folder: Path) -> None:
    before = sha256_of(folder / "a.md")
    (folder / "a.md").write_text("else", "utf-8")
    assert sha256_of(folder / "a.md") != before


def test_a_long_path_stays_one_of_its_own_within_what_an_attribute_holds() -> None:
    left, right = f"docs/x/{'長' * 600}.md", f"docs/y/{'長' * 600}.md"
    assert as_attribute("docs/a.md") == "docs/a.md"
    assert len(as_attribute(left)) == len(as_attribute(right)) == 512
    assert as_attribute(left) != as_attribute(right)
    assert as_attribute(left).endswith(".md")
