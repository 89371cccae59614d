"""`rewrite_query` of a search, with OpenAI's own client: a model puts the query into search words before."""

from typing import Any

import openai as sdk
import pytest
from openai import AsyncOpenAI

from kyozon.domain.callers import Caller
from kyozon.domain.errors import UpstreamUnreachable
from kyozon.storage.journal import PostgresJournal
from tests.fakes.installation import IN_HOUSE
from tests.fakes.library import Library
from tests.fakes.scripted import says

WORDS_ONLY: Any = {"hybrid_search": {"embedding_weight": 0, "text_weight": 1}}
ASKED = "お世話になっております。経費の申請は何日までに行えばよいか、教えていただけますか。"
WANTED = "経費の申請は何日までに行えばよいか"


@pytest.fixture
async def store(house: Library, ann: AsyncOpenAI) -> str:
    """A vector store with two files."""
    made = await ann.vector_stores.create(extra_headers={"x-kyozon-label": "public"})
    caller = Caller(house.key_store.by_id["key_ann"])
    for words in ("経費の申請は月末までに行う。", "お世話になっておりますと書き出す。"):
        file = await ann.files.create(
            file=("a.txt", words.encode()), purpose="assistants", extra_headers={"x-kyozon-label": "public"}
        )
        await ann.vector_stores.files.create(made.id, file_id=file.id)
        await house.shelf.taken_in(await house.shelf.documents.get(caller, made.id, file.id), words)
    return made.id


async def _search(client: AsyncOpenAI, store: str, **more: Any) -> Any:
    wanted = {"query": ASKED, "rewrite_query": True, "ranking_options": WORDS_ONLY, **more}
    return await client.vector_stores.search(store, **wanted)


def _searched(page: Any) -> list[str]:
    return list(page.model_extra["search_query"])


def _purposes(house: Library) -> list[str]:
    return [decision.purpose for decision in house.book.decisions_by_id.values()]


async def _recorded(house: Library) -> None:
    """Decisions come into the database, which says who may have an answer again."""
    journal = PostgresJournal(house.shelf.database)
    for decision in house.book.decisions_by_id.values():
        await journal.open(decision, None)
    await journal.stop()


async def test_the_models_words_are_looked_for_and_told(house: Library, ann: AsyncOpenAI, store: str) -> None:
    house.chats["local"].scripts = [says(f"「{WANTED}」")]
    page = await _search(ann, store)
    assert _searched(page) == [WANTED, ASKED]
    assert page.data[0].content[0].text == "経費の申請は月末までに行う。"
    told = house.chats["local"].calls[0].request.chat["messages"]
    assert told[-1] == {"role": "user", "content": ASKED}
    assert "検索語" in told[0]["content"]
    assert _searched(await _search(ann, store, rewrite_query=False)) == [ASKED]
    assert len(house.chats["local"].calls) == 1


@pytest.mark.parametrize(
    ("query", "reworded"),
    [
        ("田中太郎さんの有給休暇の残りを教えてください", "有給休暇の残り"),
        ("What is the travel limit for germany, please?", "travel limit"),
        ("Which costs are not reimbursed?", "costs reimbursed"),
    ],
)
async def test_what_a_rewording_loses_is_looked_for_all_the_same(
    house: Library, ann: AsyncOpenAI, store: str, query: str, reworded: str
) -> None:
    house.chats["local"].scripts = [says(reworded)]
    assert _searched(await _search(ann, store, query=query)) == [reworded, query]


async def test_no_more_is_looked_for_than_a_search_may_have(house: Library, ann: AsyncOpenAI, store: str) -> None:
    asked = [f"経費の申請は何日までに行うか、{number}番の部署" for number in range(15)]
    house.chats["local"].scripts = [says("経費の申請は何日までに行うか 0番の部署")]
    page = await _search(ann, store, query=asked)
    assert _searched(page) == ["経費の申請は何日までに行うか 0番の部署", *asked]
    assert len(house.chats["local"].calls) == 1


async def test_a_rewording_too_long_to_be_looked_for_is_left(house: Library, ann: AsyncOpenAI, store: str) -> None:
    query = ("経費の申請 " * 250).strip()
    house.chats["local"].scripts = [says("経費の申請 " * 700)]
    assert _searched(await _search(ann, store, query=query)) == [query]


@pytest.mark.parametrize(
    "tries",
    [
        [{"x-stainless-retry-count": "0"}, {"x-stainless-retry-count": "1"}, {"x-stainless-retry-count": "2"}],
        [{"idempotency-key": "k"}, {"idempotency-key": "k"}],
    ],
)
async def test_a_search_sent_again_is_not_reworded_again(
    house: Library, ann: AsyncOpenAI, store: str, tries: list[dict[str, str]]
) -> None:
    house.chats["local"].scripts = [says(WANTED)]
    for headers in tries:
        assert _searched(await _search(ann, store, extra_headers=headers)) == [WANTED, ASKED]
        await _recorded(house)
    assert _purposes(house) == ["rewrite-query"]
    await _search(ann, store, extra_headers={"x-kyozon-label": "internal", **tries[0]})
    assert _purposes(house) == ["rewrite-query"] * 2


async def test_the_call_is_decided_labelled_recorded_and_charged(house: Library, ann: AsyncOpenAI, store: str) -> None:
    house.chats["local"].scripts = [says(WANTED)]
    await _search(ann, store, extra_headers={"x-kyozon-label": "restricted+hr"})
    assert _purposes(house) == ["rewrite-query"]
    (decision,) = house.book.decisions_by_id.values()
    outcome = house.book.outcomes[decision.id]
    assert str(decision.label) == "restricted+hr"
    assert (outcome.status, outcome.model) == ("answered", IN_HOUSE.id)
    assert outcome.charge.amount > 0


@pytest.mark.parametrize(
    "said",
    [
        "The capital of France is Paris.",
        "経費の申請は25日までに行えばよい",
        "",
        f"{WANTED}\n経費とは、業務のために使うお金です。",
    ],
)
async def test_what_drifts_is_not_looked_for(house: Library, ann: AsyncOpenAI, store: str, said: str) -> None:
    house.chats["local"].scripts = [says(said)]
    page = await _search(ann, store)
    assert _searched(page) == [ASKED]
    assert len(page.data) == 2


async def test_where_no_model_answers_the_query_stands(house: Library, ann: AsyncOpenAI, store: str) -> None:
    house.chats["local"].scripts = [[UpstreamUnreachable("local", "it is off")]]
    both = ["経費の申請", "休暇の申請"]
    assert _searched(await _search(ann, store, query=both)) == both
    assert _purposes(house) == ["rewrite-query"] * 2


async def test_nothing_is_paid_for_a_search_that_may_not_be(
    house: Library, ann: AsyncOpenAI, ben: AsyncOpenAI, store: str
) -> None:
    wrong: list[dict[str, Any]] = [{"query": "  "}, {"query": "x" * 4001}, {"ranking_options": {"ranker": "no-such-model"}}]
    for more in wrong:
        with pytest.raises((sdk.BadRequestError, sdk.NotFoundError)):
            await _search(ann, store, **more)
    with pytest.raises(sdk.NotFoundError):
        await _search(ben, store)
    assert house.chats["local"].calls == []
