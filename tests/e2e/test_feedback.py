"""An answer is judged by SDK users and by people at the terminal, and its record says what was said."""

from typing import Any

import openai
import pytest

from tests.e2e.installation import RunningKyozon

QUESTION: Any = [{"role": "user", "content": "Which year did the era begin?"}]


@pytest.fixture(scope="module")
def client(kyozon: RunningKyozon) -> openai.OpenAI:
    return kyozon.openai(kyozon.key("judging", "--tenant", "judging", "--user", "hanako", "--label", "internal"))


@pytest.fixture
def decision(client: openai.OpenAI) -> str:
    answer = client.chat.completions.with_raw_response.create(model="rented-gpt", messages=QUESTION)
    return answer.headers["x-kyozon-decision"]


@pytest.mark.usefixtures("rented")
def test_what_is_said_of_an_answer_stands_beside_its_record(
    kyozon: RunningKyozon, client: openai.OpenAI, decision: str
) -> None:
    given = client.with_options(base_url=f"{kyozon.address}/kyozon/v1/").post(
        "/feedback", body={"decision_id": decision, "rating": "bad", "comment": "西暦が違います [sic]"}, cast_to=object
    )
    assert given["object"] == "kyozon.feedback"  # type: ignore[index]
    told = kyozon.command("feedback", "give", decision, "--good", KYOZON_API_KEY=client.api_key)
    assert told.stdout == f"Thank you: {decision} got 1.\n"
    record = kyozon.json("explain", decision)
    assert [(one["score"], one["user"], one["comment"]) for one in record["feedback"]] == [
        (0.0, "hanako", "西暦が違います [sic]"),
        (1.0, "hanako", None),
    ]
    english, japanese = kyozon.command("explain", decision), kyozon.command("explain", decision, KYOZON_LANG="ja")
    assert "judged (UTC)" in english.stdout
    assert "西暦が違います [sic]" in english.stdout
    assert "人による評価" in japanese.stdout
    assert "西暦" not in kyozon.command("explain", decision, "--clearance", "public").stdout
    listed = kyozon.json("feedback", "list", "--tenant", "judging")["data"]
    assert [(one["score"], one["comment"]) for one in listed] == [(1.0, None), (0.0, None)]
    assert decision in kyozon.command("feedback", "list", "--tenant", "judging").stdout
    assert kyozon.json("audit", "verify")["findings"] == []


@pytest.mark.usefixtures("rented")
def test_mistakes_at_the_terminal(kyozon: RunningKyozon, decision: str) -> None:
    for words in ((), ("--good", "--score", "1"), ("--score", "2")):
        assert kyozon.command("feedback", "give", decision, *words, check=False).returncode == 2
    strange = kyozon.command("feedback", "give", decision, "--good", check=False)  # the command line's key: another tenant
    assert (strange.returncode, "x-kyozon-decision" in strange.stderr) == (2, True)
    assert "評価はありません" in kyozon.command("feedback", "list", "--tenant", "nobody", KYOZON_LANG="ja").stdout
