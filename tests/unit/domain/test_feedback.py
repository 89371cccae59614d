"""What is known of how good an answer was: the last word of each who said it; what was seen only where nobody did."""

from datetime import timedelta

from kyozon.domain.feedback import SEEN_WEIGHT, Feedback, Rated, Source
from tests.fakes.record_samples import LONG_AGO, a_decision


def rated(*found: tuple[Source, float, str]) -> Rated:
    """Judgements by source, score and person, one a minute."""
    decision = a_decision()
    said = (
        Feedback(f"fbk_{at}", decision.id, "acme", LONG_AGO + timedelta(minutes=at), source, score, user, "key_1")
        for at, (source, score, user) in enumerate(found)
    )
    return Rated(decision, None, tuple(said))


def figures(found: Rated) -> tuple[float | None, float | None, float]:
    return found.said, found.score, found.weight


def test_the_last_word_of_each_counts() -> None:
    assert figures(rated(("person", 0.0, "ann"), ("person", 1.0, "bo"), ("person", 0.5, "ann"))) == (0.75, 0.75, 1.0)


def test_what_was_seen_counts_where_nothing_was_said_and_is_never_said() -> None:
    assert figures(rated(("retry", 0.0, "ann"), ("edit", 0.25, "ann"))) == (None, 0.125, SEEN_WEIGHT)
    assert figures(rated(("retry", 0.0, "ann"), ("program", 0.0, "ann"), ("person", 0.8, "bo"))) == (0.4, 0.4, 1.0)
    assert figures(rated()) == (None, None, 0.0)
