import pytest

from kyozon.governance.masking.finding import spans


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("生年月日 昭和21・8・10", ["昭和21・8・10"]),
        ("・生年月日……1985年4月20日", ["1985年4月20日"]),
        ("1985年4月20日、男性", ["1985年4月20日"]),
        ("39歳（1985年4月20日）", ["1985年4月20日"]),
        ("夫の生年月日は1983年5月17日、妻は昭和48年1月。", ["1983年5月17日", "昭和48年1月"]),
        ("She was born in Leeds on 7 August 1978.", ["7 August 1978"]),
        ("Emily Clark (1985-04-20)", ["1985-04-20"]),
        ("会員 生年月日 区\nA 1985/4/20 x\nB 1990/1/2 y\n合計 2", ["1985/4/20", "1990/1/2"]),
        ("30歳以上（2024年4月1日）", []),
        ("Emily Clark (2024-04-20)", []),
        ("Emily Clark, 20 April 2024", []),
        ("1985年4月20日、男子校に改組", []),
        ("生年月日 区\n2020/1/1から2020/2/1まで\n2021/1/1", []),
        ("2020年4月1日に新しい店が誕生した。", []),
    ],
)
def test_a_date_is_one_of_birth_where_somebody_stands_beside_it(text: str, born: list[str]) -> None:
    assert [text[span.start : span.end] for span in spans(text, None) if span.kind == "DATE_OF_BIRTH"] == born
