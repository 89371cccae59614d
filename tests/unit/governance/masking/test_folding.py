from hypothesis import given
from hypothesis import strategies as st

from kyozon.governance.masking.folding import fold, residual

SIGNS = st.sampled_from("aZ09-ー−（）　ｱﾞﾟｶ髙﨑𠮷㍿①é\u200b\u3099か゛\\u5c71\n[]漢")


@given(st.text(SIGNS, max_size=40))
def test_every_place_leads_back_into_the_text(text: str) -> None:
    for view in (fold(text), residual(text)):
        places = view.places or tuple(range(len(text) + 1))
        assert len(places) == len(view.text) + 1
        assert list(places) == sorted(places)
        assert view.original(0, len(view.text)) == (0 if view.text == "" and not text else places[0], len(text))


def test_forms_of_one_number_are_one() -> None:
    forms = ["090-1234-5678", "０９０－１２３４－５６７８", "090ー1234ー5678", "090−1234−5678", "090-\u200b1234-5678"]
    assert {fold(form).text for form in forms} == {"090-1234-5678"}


def test_names_are_written_as_a_dictionary_has_them() -> None:
    assert fold("髙島﨑さん").text == "高島崎さん"
    assert fold("ﾅｶﾑﾗ ﾐｻｷ ﾊﾞﾊﾞ").text == "ナカムラ ミサキ ババ"


def test_escapes_of_json_are_read() -> None:
    view = fold(r'{"name":"\u5c71\u7530"}')
    assert "山田" in view.text
    start = view.text.index("山田")
    assert view.original(start, start + 2) == (9, 21)


def test_a_long_vowel_in_a_word_is_no_dash() -> None:
    assert fold("データー1").text == "データー1"


def test_kana_and_case_say_nothing_about_what_is_left() -> None:
    assert residual("ヤマダ ABC").text == residual("やまだ abc").text
