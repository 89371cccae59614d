"""Words in frames go behind the paragraph that holds them; nothing else of the document changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.parsing.framed import in_order


def run(words: str) -> str:
    return f"<w:r><w:t>{words}</w:t></w:r>"


def framed(words: str) -> str:
    return f"<w:txbxContent><w:p>{run(words)}</w:p></w:txbxContent>"


def alternatives(first: str, older: str) -> str:
    choice, fallback = f"<mc:Choice>{first}</mc:Choice>", f"<mc:Fallback>{older}</mc:Fallback>"
    return f"<mc:AlternateContent>{choice}{fallback}</mc:AlternateContent>"


def ordered(body: str) -> str:
    return in_order(body.encode(), {"r1": ["申請 & 承認", "完了"]}.__getitem__).decode()


def said(body: str) -> list[str]:
    return re.findall("<w:t[^>]*>([^<]*)", ordered(body))


def test_a_frame_comes_after_its_paragraph() -> None:
    body = f'<w:p w:a="x>y">{run("前")}{framed("箱")}{run("後")}</w:p><w:p/>{run("次")}'

    assert ordered(body) == f'<w:p w:a="x>y">{run("前")}{run("後")}</w:p><w:p>{run("箱")}</w:p><w:p/>{run("次")}'


def test_what_older_programs_show_instead_is_not_said_twice_unless_it_is_all_there_is() -> None:
    assert said(f"<w:p>{alternatives(framed('箱'), framed('箱') + run('図'))}</w:p>") == ["図", "箱"]
    assert said(f"<w:p>{alternatives('', framed('箱'))}</w:p>") == ["箱"]


def test_frames_in_frames_and_in_no_paragraph() -> None:
    inner = f"<w:txbxContent><w:p>{run('外')}{framed('内')}</w:p></w:txbxContent>"

    assert said(f"<w:p>{run('本文')}{inner}</w:p>") == ["本文", "外", "内"]
    assert said(f"{framed('箱')}{run('後')}") == ["箱", "後"]


def test_smartart_says_its_words_and_readings_are_left_out() -> None:
    assert said(f'<w:p>{run("図")}<dgm:relIds r:dm="r1" r:lo="r2"/></w:p>') == ["図", "申請 &amp; 承認", "完了"]
    assert said(f"<w:p><w:ruby><w:rt>{run('よみ')}</w:rt>{run('読')}</w:ruby></w:p>") == ["読"]


@pytest.mark.parametrize(
    "body",
    [
        f"<w:p>{framed('箱')}",
        f"<w:p>{framed('箱')}</w:p></w:p>",
        "<w:p><w:txbxContent></w:p></w:txbxContent>",
        "<w:p><w:txbxContent>" * 1000 + "</w:txbxContent></w:p>" * 1000,
        f"<w:p>{run('文')}</w:p>",
    ],
)
def test_what_is_not_closed_in_turn_or_holds_no_frame_stays(body: str) -> None:
    assert ordered(body) == body


_BODY = st.recursive(
    st.sampled_from("abcdef").map(run),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(
        lambda parts: f"<w:p>{parts[0]}<w:txbxContent>{''.join(f'<w:p>{one}</w:p>' for one in parts)}</w:txbxContent></w:p>"
    ),
)


@given(body=_BODY)
def test_no_word_is_lost_or_doubled(body: str) -> None:
    assert sorted(said(body)) == sorted(re.findall("<w:t>([^<]*)", body))
    assert "w:txbxContent" not in ordered(body)
