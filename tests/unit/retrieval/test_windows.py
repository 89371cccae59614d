"""What of a chunk is embedded at once."""

from hypothesis import given
from hypothesis import strategies as st

from kyozon.retrieval.splitting import estimated
from kyozon.retrieval.windows import TOKENS, windows

SENTENCE = "有給休暇は、事前に所属長の承認を得た場合に限り、半日単位で取得することができる。"


def test_a_short_chunk_is_one_window_with_its_context() -> None:
    assert windows(SENTENCE, "就業規則\n第3条") == (f"就業規則\n第3条\n{SENTENCE}",)
    assert windows(SENTENCE) == (SENTENCE,)
    assert windows("") == ("",)


def test_a_long_chunk_is_cut_between_sentences_into_about_equal_windows() -> None:
    found = windows(SENTENCE * 12, "就業規則")
    assert "".join(window.removeprefix("就業規則\n") for window in found) == SENTENCE * 12
    sizes = [estimated(window) for window in found]
    assert max(sizes) < 2 * TOKENS
    assert max(sizes) < 1.5 * min(sizes)


def test_a_sentence_is_never_cut() -> None:
    long = "長" * 1000 + "。"
    assert windows(SENTENCE + long) == (SENTENCE, long)


@given(st.text(alphabet="あ漢a。. \n", max_size=400), st.integers(1, 50))
def test_every_word_is_in_one_window(text: str, tokens: int) -> None:
    joined = "".join(windows(text, tokens=tokens))
    assert "".join(joined.split()) == "".join(text.split())
