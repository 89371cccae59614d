"""Decisions are read by those who may, page by page."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import NotFound
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.provenance import StoredValue
from kyozon.services.explaining import Explained, ExplainService, Redacted
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, api_key, ask
from tests.fakes.steered import START

OWN, OTHER = api_key("own"), api_key("other")
ADMIN = structs.replace(api_key("admin"), admin=True)
STRANGER = structs.replace(api_key("stranger"), tenant="elsewhere", admin=True)
LOW = structs.replace(OWN, clearance=Clearance(Level.INTERNAL))


@pytest.mark.parametrize(
    ("reader", "reads"), [(OWN, "all"), (ADMIN, "all"), (OTHER, "nothing"), (STRANGER, "nothing"), (LOW, "redacted")]
)
async def test_who_may_read_a_decision(reader: ApiKey, reads: str) -> None:
    house = FakeInstallation()
    explain = ExplainService(house.book)
    answered = await house.chat.answer(ask(key=OWN, declared=CONFIDENTIAL))
    page = await explain.page(Caller(reader), None, 10)
    assert len(page) == (reads != "nothing")
    if reads == "nothing":
        with pytest.raises(NotFound):
            await explain.decision(Caller(reader), answered.decision_id)
        return
    found = await explain.decision(Caller(reader), answered.decision_id)
    assert isinstance(found, Redacted) == isinstance(page[0], Redacted) == (reads == "redacted")
    if isinstance(found, Explained):
        assert found.decision.id == answered.decision_id
        assert found.outcome is not None


SECRET = "unspoken"


async def test_a_reader_below_the_label_learns_neither_documents_nor_labels_nor_models() -> None:
    """E4: no titles, no sign that anything was left out."""
    house = FakeInstallation()
    stored = Label(Level.CONFIDENTIAL, frozenset({SECRET}))
    document = StoredValue(f"doc_{SECRET}", "default", "document", START, stored)
    await house.stored.add(document)
    asked = structs.replace(ask("in-house", key=OWN), sources=(document.id,))
    answered = await house.chat.answer(asked)
    whole = house.book.decisions_by_id[answered.decision_id]
    assert SECRET in str(msgspec.json.encode(whole))
    found = await ExplainService(house.book).decision(Caller(LOW), answered.decision_id)
    told = msgspec.json.encode(found).decode()
    for hidden in (SECRET, "confidential", whole.body_sha256, "in-house", "cheap", "clearance"):
        assert hidden not in told, hidden
    assert msgspec.json.decode(told)["status"] == "answered"


@given(words=st.text(min_size=8))
@hypothesis_settings(max_examples=30, deadline=None)
async def test_no_record_holds_the_words_of_its_request(words: str) -> None:
    """E5."""
    canary, house = f"canary{words}", FakeInstallation()
    asked = ask(messages=[{"role": "user", "content": canary}], declared=CONFIDENTIAL)
    answered = await house.chat.answer(asked)
    decision = house.book.decisions_by_id[answered.decision_id]
    for record in (decision, house.book.outcomes[decision.id]):
        assert canary not in msgspec.json.encode(record).decode()
        assert "canary" not in msgspec.json.encode(record).decode()


async def test_what_does_not_exist_looks_like_what_may_not_be_read() -> None:
    with pytest.raises(NotFound):
        await ExplainService(FakeInstallation().book).decision(Caller(OWN), "dec_none")


async def test_pages_hold_ones_own_however_many_lie_between() -> None:
    house = FakeInstallation()
    explain = ExplainService(house.book)
    own = []
    for _ in range(4):
        own.append((await house.chat.answer(ask(key=OWN))).decision_id)
        for _ in range(70):
            await house.chat.answer(ask(key=OTHER))
    first = await explain.page(Caller(OWN), None, 3)
    ids = [one[0].id for one in first if isinstance(one, tuple)]
    assert ids == own[:0:-1]
    rest = await explain.page(Caller(OWN), ids[-1], 3)
    assert [one[0].id for one in rest if isinstance(one, tuple)] == own[:1]
