"""Collections are made, shared and deleted at the terminal, and each person sees there what is his to see."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.installation import RunningKyozon


@pytest.fixture(scope="module")
def people(kyozon: RunningKyozon) -> dict[str, str]:
    """A key for each of three people."""
    of: dict[str, tuple[str, ...]] = {"aiko": (), "ben": ("--clearance", "internal"), "root": ("--admin",)}
    return {name: kyozon.key(f"shelf of {name}", "--tenant", "shelf", "--user", name, *more) for name, more in of.items()}


def test_a_collection_is_shared_with_a_group_and_leaving_it_ends_that(
    kyozon: RunningKyozon, people: dict[str, str]
) -> None:
    def said(name: str, *words: str, language: str = "en", check: bool = True) -> Any:
        return kyozon.command(*words, check=check, KYOZON_API_KEY=people[name], KYOZON_LANG=language)

    made = said("aiko", "collections", "create", "規程", "--label", "internal", "--expires-days", "30").stdout
    assert made.startswith("Made 規程 (vs_")
    hidden = said("ben", "collections", "show", "規程", check=False)
    assert (hidden.returncode, hidden.stdout) == (2, "")
    assert said("root", "groups", "add", "legal", "ben", language="ja").stdout == "ben を legal に追加しました。\n"
    assert "group:legal" in said("aiko", "collections", "share", "規程", "--with", "group:legal").stdout

    shown = said("ben", "collections", "show", "規程").stdout
    assert "internal" in shown
    assert [line.split() for line in shown.splitlines()[-2:]] == [["owner", "aiko"], ["you", "may", "read", "it"]]
    assert "legal" not in shown  # whom it is shared with is told to who may share it
    owned = said("aiko", "collections", "show", "規程", language="ja").stdout
    assert [line.split() for line in owned.splitlines()[-3:]] == [
        ["所有者", "aiko"],
        ["自分の権限", "閲覧、文書の追加と削除、共有、コレクションの削除"],
        ["共有先", "group:legal"],
    ]
    told = json.loads(said("ben", "collections", "show", "規程", "--json").stdout)
    assert (told["owner"], told["access"], told["shares"]) == ("aiko", "read", None)
    assert said("ben", "collections", "delete", "規程", "--yes", check=False).returncode == 2

    said("root", "groups", "remove", "legal", "ben")
    assert said("ben", "collections", "show", "規程", check=False).stderr == hidden.stderr
    assert said("aiko", "collections", "delete", "規程", "--yes").stdout == "Deleted 規程.\n"


def test_a_share_that_reaches_nobody_is_said(kyozon: RunningKyozon, people: dict[str, str]) -> None:
    def shared(whom: str) -> str:
        words = ("collections", "share", "休暇", "--with", whom)
        return kyozon.command(*words, KYOZON_API_KEY=people["root"]).stderr

    kyozon.command("collections", "create", "休暇", KYOZON_API_KEY=people["root"])
    assert "Nobody is in the group sales yet" in shared("group:sales")
    assert "No key names the user nemo yet" in shared("user:nemo")
    assert shared("user:ben") == ""
    kyozon.command("collections", "delete", "休暇", "--yes", KYOZON_API_KEY=people["root"])


def test_a_decision_names_its_documents_but_none_for_a_clearance_alone(
    kyozon: RunningKyozon, people: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "休暇規程.txt").write_text("有給休暇は年に二十日とする。", "utf-8")
    words = ("--collection", "休暇規程", "--create", "--label", "internal")
    kyozon.command("ingest", str(tmp_path / "休暇規程.txt"), *words, KYOZON_API_KEY=people["aiko"])
    decisions = kyozon.json("decisions", "list", "--tenant", "shelf")["data"]
    decision, document = next((one["id"], one["sources"][0]) for one in decisions if one["sources"])

    assert (
        f"文書        休暇規程.txt（{document}）：internal" in kyozon.command("explain", decision, KYOZON_LANG="ja").stdout
    )
    (told,) = kyozon.json("explain", decision)["documents"]
    assert (told["document"], told["filename"], told["collection_name"]) == (document, "休暇規程.txt", "休暇規程")
    hidden = kyozon.command("explain", decision, "--clearance", "restricted").stdout
    assert "休暇規程" not in hidden
    assert document in hidden
    kyozon.command("collections", "delete", "休暇規程", "--yes", KYOZON_API_KEY=people["aiko"])
    assert "休暇規程" not in kyozon.command("explain", decision).stdout


def test_the_list_tells_what_can_be_searched_from_what_failed(
    kyozon: RunningKyozon, people: dict[str, str], tmp_path: Path
) -> None:
    def said(name: str, *words: str, language: str = "en") -> str:
        return kyozon.command(*words, check=False, KYOZON_API_KEY=people[name], KYOZON_LANG=language).stdout

    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\n%nothing follows")
    assert said("ben", "collections", "list", language="ja").startswith("閲覧できるコレクションはありません。")
    assert said("ben", "collections", "list").startswith("There are none that you may read. kyozon collections create NAME")
    said("aiko", "collections", "create", "出張", "--label", "internal")
    said("aiko", "ingest", str(tmp_path / "broken.pdf"), "--collection", "出張")
    heads, row = said("aiko", "collections", "list").splitlines()
    said("aiko", "collections", "delete", "出張", "--yes")

    assert heads.split()[:4] == ["id", "documents", "failed", "label"]
    assert row.split()[1:4] == ["0", "1", "internal"]
