"""A verifier fitted to a known structure finds it, is calibrated, and reads back only what a fit wrote."""

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from kyozon.routing.verifying.answered import Answered
from kyozon.routing.verifying.families import FAMILIES
from kyozon.routing.verifying.features import NAMES, OF_PROMPT, row
from kyozon.routing.verifying.verifier import Contents, Verifier
from kyozon.trainers.verifier.cases import Case
from kyozon.trainers.verifier.expecting import expecting
from kyozon.trainers.verifier.fitting import Options, fit

_OPTIONS = Options(rounds=30)


def _sum(place: int, *, right: bool) -> Answered:
    """A sum; the other model agrees with the right answers only."""
    one, two = place % 37 + 3, place % 11 + 5
    said = one + two + (0 if right else 1)
    prompt = f"Ann has {one} apples and gets {two} more. How many has she?"
    return Answered(prompt, f"{one} + {two} = {said}\n#### {said}", (f"#### {one + two}",))


def _cases(count: int = 300) -> list[Case]:
    rng = np.random.default_rng(1)
    found = []
    for place in range(count):
        right = bool(rng.random() < 0.6)
        answered = _sum(place, right=right)
        alone = msgspec.structs.replace(answered, others=())
        good = float(right) if rng.random() < 0.9 else float(not right)
        for others, shown in enumerate((alone, answered)):
            found.append(Case(row(shown), good, 0.9, str(place), others, place % 5))
    return found


@pytest.fixture(scope="module")
def raw() -> bytes:
    return fit(_cases(), _OPTIONS)


def test_wrong_answers_are_less_probable(raw: bytes) -> None:
    verifier = Verifier.read(raw)
    right = [verifier.accept_probability(_sum(place, right=True)) for place in range(1000, 1040)]
    wrong = [verifier.accept_probability(_sum(place, right=False)) for place in range(1000, 1040)]
    assert min(right) > max(wrong)
    assert np.mean(right) == pytest.approx(0.9, abs=0.07)
    assert np.mean(wrong) == pytest.approx(0.1, abs=0.07)


def test_reasons_name_features_and_no_words_of_the_prompt(raw: bytes) -> None:
    verdict = Verifier.read(raw).judge(_sum(7, right=False))
    assert verdict.reasons
    assert {name for name, _ in verdict.reasons} <= FAMILIES


def test_one_more_answer_moves_the_verdict(raw: bytes) -> None:
    verifier = Verifier.read(raw)
    assert len(verifier.moves) == 1
    assert verifier.move(0) == verifier.move(5) == verifier.moves[0]


def test_how_far_a_look_moves_what_was_expected() -> None:
    without = Verifier.read(fit(_cases(), _OPTIONS)).foresight
    assert (without.spread, without.tie) == (0.0, 0.0)  # nothing was expected of these prompts
    hopes = [msgspec.structs.replace(case, features=_expected(case)) for case in _cases()]
    foresight = Verifier.read(fit(hopes, _OPTIONS)).foresight
    assert 0.3 < foresight.spread < 4
    assert abs(foresight.tie) < 1


def _expected(case: Case) -> NDArray[np.float64]:
    found = case.features.copy()
    found[[NAMES.index(name) for name in OF_PROMPT]] = 0.4, 1.5
    return found


def test_the_same_cases_give_the_same_file(raw: bytes) -> None:
    assert fit(_cases(), _OPTIONS) == raw


def test_what_was_never_seen_in_training_weighs_nothing_in_the_linear_model(raw: bytes) -> None:
    weights = np.frombuffer(msgspec.msgpack.decode(raw, type=Contents).weights.raw, np.float32).reshape(2, -1)
    assert weights[0, NAMES.index("log-probability")] == 0


@pytest.mark.parametrize("damage", [b"", b"\x00", b"junk" * 9])
def test_damaged_files_are_refused(damage: bytes) -> None:
    with pytest.raises(ValueError, match="verifier"):
        Verifier.read(damage)


def test_cut_files_and_other_features_are_refused(raw: bytes) -> None:
    contents = msgspec.msgpack.decode(raw, type=Contents)
    for bad in (
        msgspec.structs.replace(contents, names=("one",)),
        msgspec.structs.replace(contents, format=99),
        msgspec.structs.replace(contents, weights=contents.means),
        msgspec.structs.replace(contents, forest={}),
        msgspec.structs.replace(contents, depth=-1),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - each says something of its own
            Verifier.read(msgspec.msgpack.encode(bad))
    for end in range(0, len(raw) - 1, max(1, len(raw) // 40)):
        with pytest.raises(ValueError, match="verifier"):
            Verifier.read(raw[:end])


def test_what_cannot_be_learnt_from_is_refused() -> None:
    cases = _cases(10)
    with pytest.raises(ValueError, match="nothing to learn from"):
        fit([])
    with pytest.raises(ValueError, match="both good and bad"):
        fit([msgspec.structs.replace(case, good=1.0) for case in cases])
    with pytest.raises(ValueError, match="scores must be"):
        fit([msgspec.structs.replace(cases[0], good=float("nan")), *cases])
    with pytest.raises(ValueError, match="in one fold"):
        fit([msgspec.structs.replace(case, fold=0) for case in cases])
    with pytest.raises(ValueError, match="its features"):
        fit([msgspec.structs.replace(cases[0], features=np.zeros(3)), *cases])


def test_expectations_tell_hard_prompts_from_easy_ones() -> None:
    prompts = [f"prove the theorem {place}" if place % 2 else f"add {place} apples" for place in range(200)]
    scores = np.array([[0.1, 0.8] if place % 2 else [0.9, 0.9] for place in range(200)])
    fitted, unseen = expecting(prompts, scores, np.arange(200) // 40)
    assert fitted.of("add 5 apples")[0] > 0.6
    assert fitted.of("prove the theorem 9")[0] < 0.4
    assert unseen[0, 0] > unseen[1, 0]
