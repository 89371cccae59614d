"""What use teaches, at the terminal: nothing is concluded where nothing is known, and nothing has changed."""

import pytest

from tests.e2e.installation import RunningKyozon

QUESTION = "Which prime numbers are there below thirty?"


@pytest.mark.usefixtures("rented")
def test_without_judgements_nothing_is_concluded_and_nothing_has_drifted(kyozon: RunningKyozon) -> None:
    client = kyozon.openai(kyozon.key("learning", "--tenant", "learning", "--label", "internal"))
    client.chat.completions.create(model="auto", messages=[{"role": "user", "content": QUESTION}])
    words = ("route", "evaluate", "--quality", "economy", "--tenant", "learning")
    found = kyozon.json(*words)
    assert (found["decisions"], found["scored"], found["lack"]) == (1, 0, "few")
    assert "Nothing can be concluded: 0 answers have a score" in kyozon.command(*words).stdout
    assert "結論は出せません" in kyozon.command(*words, KYOZON_LANG="ja").stdout
    assert kyozon.command("route", "evaluate", "--quality", "best", check=False).returncode == 2
    drift = kyozon.json("route", "drift", "--tenant", "learning")
    assert (drift["requests"], drift["changes"]) == (1, [])
    assert "Nothing has changed in 1 requests" in kyozon.command("route", "drift", "--tenant", "learning").stdout
    assert "変化はありません" in kyozon.command("route", "drift", "--tenant", "learning", KYOZON_LANG="ja").stdout
