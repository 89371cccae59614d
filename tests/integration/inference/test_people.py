"""Names and dates of birth in texts that no rule was written for, found with the real dictionary: most, not all."""

import pytest

from bench.pii.scoring import Score, score
from bench.pii.texts import Gold, Labelled, Predicted
from kyozon.domain.masking import Kind
from kyozon.governance.masking.finding import spans
from kyozon.inference.tagger import tagger
from tests.samples.personal import Sample, samples


def labelled(one: Sample) -> Labelled:
    gold = tuple(Gold(*span) for span in one.spans)
    japanese = any(sign >= "ぁ" for sign in one.text)
    return Labelled("", "ja" if japanese else "en", "pii" if gold else "hard_negative", one.text, gold)


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    texts, tag = [labelled(one) for one in samples("people")], tagger()
    found = [[Predicted(one.start, one.end, one.kind) for one in spans(text.text, tag)] for text in texts]
    pairs = list(zip(texts, found, strict=True))
    return {
        lang: score([text for text, _ in pairs if text.lang == lang], [made for text, made in pairs if text.lang == lang])
        for lang in ("ja", "en")
    }


@pytest.mark.parametrize(
    ("lang", "kind", "recall"),
    [("ja", "PERSON", 0.96), ("en", "PERSON", 0.96), ("ja", "DATE_OF_BIRTH", 0.97), ("en", "DATE_OF_BIRTH", 0.97)],
)
def test_most_are_found_and_little_else(scores: dict[str, Score], lang: str, kind: Kind, recall: float) -> None:
    assert scores[lang].gold[kind] >= 10
    assert scores[lang].recall(kind) >= recall
    assert scores[lang].precision(kind) >= 0.98


def test_look_alikes_stay_as_they_are(scores: dict[str, Score]) -> None:
    flagged, all_of_them = (sum(getattr(one, name) for one in scores.values()) for name in ("flagged", "negatives"))
    assert all_of_them >= 200
    assert flagged <= 0.02 * all_of_them
