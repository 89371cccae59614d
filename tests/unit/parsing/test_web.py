"""Pages: what a browser shows, in order; and nothing that it does not show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.errors import InvalidFile
from kyozon.parsing.web import parse_page, words_of_page


def test_structure_is_kept() -> None:
    parsed = parse_page(
        "<html><head><title>案内 の頁</title></head><body><h1>休暇</h1><p>一つ目の<b>段落</b>。<br>次の行</p>"
        "<ul><li>項目い<li>項目ろ</ul><h2>表</h2><table><tr><th>品<th>値</tr><tr><td>鉛筆</td><td>50<p>円</td></tr></table>"
        "<p>後の文</p></body></html>",
        "file",
    )

    assert parsed.title == "案内 の頁"
    assert [(one.level, one.title) for one in parsed.headings] == [(1, "休暇"), (2, "表")]
    assert [parsed.text[start:end] for start, end in parsed.tables] == ["品 | 値\n鉛筆 | 50 円\n"]
    assert parsed.text.split("\n") == [
        *(
            "休暇",
            "",
            "一つ目の段落。",
            "次の行",
            "",
            "- 項目い",
            "- 項目ろ",
            "表",
            "",
            "品 | 値",
            "鉛筆 | 50 円",
            "",
            "後の文",
            "",
            "",
        )
    ]
    assert all(parsed.text.startswith(one.title, one.start) for one in parsed.headings)


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>秘密</script>",
        "<style>秘密</style>",
        "<!-- 秘密 -->",
        "<div hidden>秘密<div>も</div></div>",
        '<p style="color:red; display: none">秘密</p>',
        "<template>秘密</template>",
        '<iframe src="https://example.com">秘密</iframe>',
        "<rt>秘密</rt>",
    ],
)
def test_what_a_browser_does_not_show_is_left_out(unseen: str) -> None:
    assert words_of_page(f"前{unseen}後").split() in (["前後"], ["前", "後"])


def test_readings_over_words_are_left_out() -> None:
    assert words_of_page("<p><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を読む</p>").strip() == "漢字を読む"


def test_a_table_in_a_table_is_a_cell() -> None:
    parsed = parse_page("<table><tr><td>外<table><tr><td>中</td></tr></table></td><td>隣</td></tr></table>", "x")

    assert parsed.text.strip() == "外 中 | 隣"


def test_preformatted_text_keeps_its_lines() -> None:
    assert words_of_page("<pre>一\n二</pre>").strip() == "一\n二"


def test_a_page_without_words_is_refused() -> None:
    with pytest.raises(InvalidFile):
        parse_page("<html><script>only()</script></html>", "x")


@given(
    st.lists(
        st.sampled_from(
            [
                "<table>",
                "</table>",
                "<tr>",
                "<td>",
                "</td>",
                "<h1>",
                "</h1>",
                "<p>",
                "<li>",
                "<pre>",
                "</pre>",
                "<div hidden>",
            ]
        )
    )
)
def test_no_nesting_loses_words_or_breaks(tags: list[str]) -> None:
    shown = words_of_page("".join(f"{tag}w{at} " for at, tag in enumerate(tags)))

    hidden = next((at for at, tag in enumerate(tags) if "hidden" in tag), len(tags))
    assert shown.split().count("w0") == (1 if hidden > 0 and tags else 0) or not tags
    assert all(f"w{at}" in shown for at in range(hidden))
