import pytest

from kyozon.domain.errors import MissingPiece
from kyozon.inference.tagger import require, tagger


def test_a_missing_extra_is_named_with_its_mend() -> None:
    with pytest.raises(MissingPiece, match=r"no_such_package: pip install 'kyozon\[pii\]'") as missing:
        require(("msgspec", "no_such_package"))
    assert "no_such_package が必要です" in missing.value.message("ja")
    require()


def test_words_are_cut_without_gaps_however_long_the_text() -> None:
    text = "山田太郎さんは髙島屋へ。" * 3000
    words = tagger()(text)

    assert "".join(text[word.start : word.end] for word in words) == text
    names = [text[word.start : word.end] for word in words if word.tags[2:4] == ("人名", "姓")]
    assert names.count("山田") == 3000


def test_a_text_of_one_word_is_cut_somewhere() -> None:
    text = "あ" * 30_000
    assert "".join(text[word.start : word.end] for word in tagger()(text)) == text
