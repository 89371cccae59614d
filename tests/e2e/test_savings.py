"""What a running installation has saved, told from real requests, and the same money that its usage tells."""

from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.installation import RunningKyozon

QUESTION: Any = [{"role": "user", "content": "What is the sum of the first hundred whole numbers?"}]
OF = ("--reference", "rented-claude", "--tenant", "saving")


@pytest.mark.usefixtures("rented")
def test_what_was_saved_is_told_from_the_ledger(kyozon: RunningKyozon) -> None:
    early = kyozon.command("report", "savings", *OF, "--json", check=False)
    assert (early.returncode, "nothing to compare" in early.stderr + early.stdout) == (2, True)
    client = kyozon.openai(kyozon.key("saver", "--tenant", "saving", "--label", "internal"))
    for model in ("auto:economy", "rented-claude", "rented-gpt"):
        client.chat.completions.create(model=model, messages=QUESTION)
    found = kyozon.json("report", "savings", *OF, "--by", "key")
    (total,) = found["totals"]
    usage = kyozon.json("usage", "--tenant", "saving", "--by", "key")["data"]
    assert Decimal(total["ledger"]) == sum(Decimal(row["amount"]) for row in usage) > 0
    assert Decimal(total["ledger"]) == Decimal(total["paid"]) + sum(Decimal(left["paid"]) for left in total["left_out"])
    assert Decimal(total["saved"]) == Decimal(total["reference"]) - Decimal(total["paid"])
    assert total["requests"] == 3
    assert found["judged"]["by_reference"] >= 1  # it cost what it costs, and has saved nothing
    assert "no_estimate" in {left["reason"] for left in total["left_out"]}  # only one model could be meant
    english, japanese = (kyozon.command("report", "savings", *OF, KYOZON_LANG=lang).stdout for lang in ("en", "ja"))
    assert "requests whose answers are judged as good" in english
    assert "not compared, never counted as saved" in english
    assert "同等品質" in japanese
    unknown = kyozon.command("report", "savings", "--reference", "rented-claud", check=False)
    assert (unknown.returncode, "Did you mean rented-claude" in unknown.stderr) == (2, True)
