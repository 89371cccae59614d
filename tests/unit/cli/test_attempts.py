"""The calls of a request, as people read them."""

from kyozon.cli.attempts import call_rows
from kyozon.domain.cascades import Judged
from kyozon.domain.decisions import Attempt
from tests.fakes.record_samples import a_decision, an_outcome


def test_an_answer_delivered_after_all_stands_where_it_was_given() -> None:
    """On record it is the last."""
    accepted = Judged(0.8, 0.9, "accept", (("agreement with the second opinion", 1.39), ("not the form asked for", 0.0)))
    attempts = (
        Attempt("small", "here", error="overloaded"),
        Attempt("other", "there", judged=Judged(0.5, 0.9, "ask")),
        Attempt("small", "here", judged=accepted),
    )
    rows = call_rows(an_outcome(a_decision(), attempts=attempts))
    assert [row.partition(":")[0] for row in rows] == ["small", "small", "other"]
    assert rows[1].endswith("accepted (agreement with the second opinion +1.39, not the form asked for)")
    whole = Attempt("small", "here", judged=Judged(0.3, 0.9, "escalate")), Attempt("large", "there")
    assert [row.partition(":")[0] for row in call_rows(an_outcome(a_decision(), attempts=whole))] == ["small", "large"]
