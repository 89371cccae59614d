"""How soon models were expected to answer, and by when they should: of a decision with a goal for time."""

from kyozon.cli.speech import say
from kyozon.domain.decisions import Candidate, Decision
from kyozon.services.counterfactuals import ranked


def within_rows(decision: Decision) -> list[list[str]]:
    """In how many seconds the first words should come, and what was expected of the choice."""
    if decision.within is None:
        return []
    told = say(f"{decision.within:g} s", f"{decision.within:g} 秒")
    order = ranked(decision)
    if order:
        told += say("; ", "、") + _of_choice(order[0], decision.within)
    return [[say("first words within", "最初の言葉まで"), told]]


def expected_seconds(candidate: Candidate) -> str:
    """The seconds to the first words, of a permitted model."""
    if candidate.rank is None:
        return "-"
    seconds = candidate.predicted_seconds
    return say("not known", "不明") if seconds is None else f"{seconds:.2f}"


def lateness(decision: Decision, candidate: Candidate) -> list[str]:
    """Why a permitted model stands behind the choice, where it is for its slowness."""
    behind = candidate.late and not ranked(decision)[0].late
    return [say("time: expected later than asked", "応答時間：目標より遅い見込み")] if behind else []


def _of_choice(chosen: Candidate, within: float) -> str:
    seconds = chosen.predicted_seconds
    if seconds is None:
        return say("not known of the choice", "選択したモデルの見込みは不明")
    if seconds > within:
        return say(f"expected after {seconds:.2f} s, later than asked", f"見込みは {seconds:.2f} 秒後（目標を超過）")
    return say(f"expected after {seconds:.2f} s", f"見込みは {seconds:.2f} 秒後")
