"""What stands before the model."""

import msgspec
from msgspec import structs

from kyozon.domain.knowledge import Anchor, Parsed
from kyozon.retrieval.packing import packed
from kyozon.retrieval.standing import Standing
from tests.fakes.documents import passage

TEXT = "第一条は総則を定める。第二条は定義を定める。第三条は適用を定める。"


def test_neighbours_of_one_document_become_one_source_whose_parts_keep_their_pages() -> None:
    first, second = TEXT[:22], TEXT[11:]
    found = packed(
        [passage("a", second, ordinal=1, start=11, page=2), passage("b", "別の文書です。"), passage("a", first, page=1)],
        len,
        1000,
    )

    assert [(one.number, one.document, one.text) for one in found] == [(1, "a", TEXT), (2, "b", "別の文書です。")]
    assert found[0].anchor((0, 5)).page == 1
    last = found[0].anchor((len(TEXT) - 5, len(TEXT)))
    assert (last.page, last.start, last.end) == (2, len(TEXT) - 5, len(TEXT))


def test_a_quotation_is_on_its_own_page_where_a_passage_spans_several() -> None:
    parsed = Parsed(TEXT, pages=(0, 11, 22))
    anchor = Standing(parsed).anchor(0, len(TEXT))
    found = passage("a", TEXT)
    (source,) = packed([structs.replace(found, chunk=structs.replace(found.chunk, anchor=anchor))], len, 1000)
    pages = [(at.page, at.last_page) for at in (source.anchor(span) for span in [(0, 11), (11, 22), (22, 33), (5, 30)])]

    assert (anchor.page, anchor.last_page) == (1, 3)
    assert pages == [(1, 1), (2, 2), (3, 3), (1, 3)]


def test_a_quotation_is_scanned_where_its_own_words_are() -> None:
    anchor = Standing(Parsed(TEXT, scanned=((11, 22),))).anchor(0, len(TEXT))
    found = passage("a", TEXT)
    (source,) = packed([structs.replace(found, chunk=structs.replace(found.chunk, anchor=anchor))], len, 1000)
    spans = [(0, 11), (11, 22), (22, 33), (5, 13), (21, 33)]

    assert anchor.scanned
    assert [source.anchor(span).scanned for span in spans] == [False, True, False, True, True]
    assert [source.anchor(span).scans for span in spans] == [(), ((11, 22),), (), ((11, 13),), ((21, 22),)]


def test_a_quotation_over_two_passages_is_scanned_where_the_second_is() -> None:
    standing = Standing(Parsed(TEXT, scanned=((22, 33),)))
    first, second = passage("a", TEXT[:22]), passage("a", TEXT[11:], ordinal=1, start=11)
    read = structs.replace(second, chunk=structs.replace(second.chunk, anchor=standing.anchor(11, 33)))
    (source,) = packed([first, read], len, 1000)

    assert [source.anchor(span).scanned for span in [(0, 33), (5, 20), (22, 33)]] == [True, False, True]
    assert source.anchor((0, 33)).scans == ((22, 33),)


def test_of_a_passage_from_before_scans_were_located_all_words_count_as_scanned() -> None:
    stored = msgspec.json.decode(b'{"start":0,"end":33,"page":1,"last_page":1,"scanned":true}', type=Anchor)

    assert stored.part(3, 9).scanned
    assert not structs.replace(stored, scanned=False).part(3, 9).scanned


def test_the_same_words_come_once() -> None:
    again = structs.replace(passage("b", "Ｐａｓｓwords  change."), file="file-other")

    assert len(packed([passage("a", "Passwords change."), again], len, 1000)) == 1


def test_no_more_than_fits_and_the_first_is_cut_between_claims() -> None:
    found = packed([passage("a", TEXT), passage("b", "短い。")], len, 15)

    assert [one.text for one in found] == ["第一条は総則を定める。"]
    assert packed([passage("a", TEXT), passage("b", "短い。")], len, 40)[-1].document == "b"
