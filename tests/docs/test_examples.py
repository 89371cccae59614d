"""Every example of the pages that a newcomer follows runs, in the order of its page."""

from pathlib import Path

import pytest

from tests.docs.newcomer import Newcomer
from tests.docs.pages import ROOT, Block, blocks, followed_pages
from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon

MARKS = ("not run: ", "varies: ", "wrong on purpose", "refused on purpose", "first screen")
TRANSLATED = [page for page in followed_pages() if page.name.endswith(".ja.md")]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", followed_pages(), ids=name)
def test_a_newcomer_can_follow_the_page(
    page: Path, kyozon: RunningKyozon, rented: Rented, tmp_path: Path, first_screens: dict[str, str]
) -> None:
    assert rented.openai.received == []
    screen = first_screens["ja" if page in TRANSLATED else "en"]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    newcomer = Newcomer(page, kyozon, tmp_path, screen)
    try:
        for block in blocks(page.read_text("utf-8")):
            try:
                newcomer.follow(block)
            except Exception as error:
                error.add_note(f"{name(page)}, line {block.line}")
                raise
    finally:
        newcomer.leave()


@pytest.mark.parametrize("page", followed_pages(), ids=name)
def test_what_is_left_out_is_marked_with_a_reason(page: Path) -> None:
    marked = [block.mark for block in blocks(page.read_text("utf-8")) if block.mark]

    assert [mark for mark in marked if not mark.startswith(MARKS) or mark.rstrip() in MARKS[:2]] == []


@pytest.mark.parametrize("page", TRANSLATED, ids=name)
def test_both_languages_have_the_same_examples(page: Path) -> None:
    english = page.with_name(page.name.replace(".ja.md", ".md"))

    assert [_example(block) for block in _code(page)] == [_example(block) for block in _code(english)]


@pytest.mark.parametrize("page", sorted(ROOT.glob("README*.md")), ids=name)
def test_links_of_the_readme_lead_somewhere(page: Path) -> None:
    targets = [part.split(")")[0].split("#")[0] for part in page.read_text("utf-8").split("](")[1:]]

    assert [target for target in targets if target and "://" not in target and not (page.parent / target).exists()] == []


def _code(page: Path) -> list[Block]:
    return [block for block in blocks(page.read_text("utf-8")) if block.language != "text"]


def _example(block: Block) -> tuple[str, str, str]:
    return block.language, block.text, block.mark.partition(":")[0]
