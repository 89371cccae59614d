"""The answer cache of a running installation: real embedder, real database, rented model on loopback."""

from decimal import Decimal
from typing import Any

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon


def _ask(kyozon: RunningKyozon, key: str, text: str, wish: str, **headers: str) -> tuple[str, dict[str, Any]]:
    """What the answer's header says of the cache, and the record of its decision."""
    raw = kyozon.openai(key, **{"x-kyozon-cache": wish, **headers}).chat.completions.with_raw_response.create(
        model="rented-gpt", messages=[{"role": "user", "content": text}]
    )
    return raw.headers["x-kyozon-cache"], kyozon.json("explain", raw.headers["x-kyozon-decision"])


def test_the_same_and_a_similar_question_are_bought_once(kyozon: RunningKyozon, key: str, rented: Rented) -> None:
    before = len(rented.openai.received)
    said, paid = _ask(kyozon, key, "What is the height of Mount Fuji?", "semantic")
    again, exact = _ask(kyozon, key, "What is the height of Mount Fuji?", "exact")
    near, similar = _ask(kyozon, key, "Please tell me the height of Mount Fuji.", "semantic")
    other, _ = _ask(kyozon, key, "What is the height of Mount Aso?", "semantic")
    assert (said, again, near[:24], other) == ("miss", "hit-exact", "hit-semantic; similarity", "miss")
    assert len(rented.openai.received) - before == 2
    assert Decimal(paid["outcome"]["charge"]["amount"]) > 0
    for record in (exact, similar):
        assert Decimal(record["outcome"]["charge"]["amount"]) == 0
        assert record["outcome"]["cache"]["saved"] == paid["outcome"]["charge"]
        assert record["outcome"]["cache"]["source"] == paid["id"]
    assert similar["outcome"]["cache"]["embedding"]["usage"]["uncached"] > 0


def test_another_label_and_another_tenants_key_buy_their_own(kyozon: RunningKyozon, key: str, rented: Rented) -> None:
    stranger = kyozon.key("stranger", "--label", "internal", "--tenant", "elsewhere")
    question = "What is the height of Mount Tate?"
    before = len(rented.openai.received)
    found = [
        _ask(kyozon, key, question, "semantic")[0],
        _ask(kyozon, stranger, question, "semantic")[0],
        _ask(kyozon, key, question, "semantic", **{"x-kyozon-label": "public"})[0],
        _ask(kyozon, key, question, "semantic")[0],
    ]
    assert found == ["miss", "miss", "miss", "hit-exact"]
    assert len(rented.openai.received) - before == 3
