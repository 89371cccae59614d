"""What may be is: the rules about people and masked words play lives in which something is to be lost."""

import asyncio

import pytest

from tests.noninterference import holding, masking, releasing
from tests.noninterference.holding import Holding
from tests.noninterference.machine import SECRET
from tests.noninterference.masking import Looked
from tests.noninterference.oracle import PERSONAL, Secrecy
from tests.noninterference.premises import LOOKED_THROUGH, Premises
from tests.noninterference.releasing import Release


@pytest.mark.parametrize("model", ["cheap", "twin"])
def test_what_an_officer_has_approved_leaves(model: str) -> None:
    premises = Premises()
    case = Release("acme", SECRET, model, "officer", "approve", "", "once", streamed=True, wish="semantic")
    asyncio.run(releasing.play(premises, case))
    assert (premises.happened["released"], premises.leaks) == (1, [])
    assert [approval.used for approval in premises.approvals.given] == [True]


@pytest.mark.parametrize("why", holding.WATCHES)
def test_what_an_officer_has_looked_at_is_read(why: str) -> None:
    premises = Premises()
    premises.adopt("open", holding.WATCHES[why])
    premises.settle()
    asyncio.run(holding.play(premises, Holding("acme", "watched", why, "officer", "approve", "")))
    assert (premises.happened["collected"], premises.leaks) == (1, [])


@pytest.mark.parametrize("who", LOOKED_THROUGH)
@pytest.mark.parametrize("form", PERSONAL)
@pytest.mark.parametrize("way", ["answer", "stream"])
def test_masked_words_are_answered(who: str, form: str, way: str) -> None:
    premises = Premises()
    asyncio.run(masking.play(premises, Looked("acme", who, form, "content", Secrecy(), "cheap", way, cut=3)))
    assert (premises.happened[f"looked through for {who}"], premises.leaks) == (2, [])
    assert set(premises.bytes_at) == {"external"}
