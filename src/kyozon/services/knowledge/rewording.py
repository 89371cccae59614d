"""A question put otherwise by a model that may see it, before it is looked for: of a conversation, or of a search."""

import asyncio
import logging
from itertools import chain
from typing import Protocol

import msgspec
from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import KyozonError
from kyozon.domain.knowledge import MOST_QUERIES, Search
from kyozon.domain.labels import Label
from kyozon.domain.models import AUTO
from kyozon.domain.requests import ChatRequest, Json, Stated
from kyozon.retrieval.wording import unquoted, wording, words_it
from kyozon.services.chat import Ask, ChatService
from kyozon.services.replays import Repeat
from kyozon.services.spoken import words_of

_log = logging.getLogger(__name__)

_MOST_TOKENS = 80
REWORDING = "rewrite-query"
"""The purpose on record of the calls that reword the queries of a search."""


class Checks(Protocol):
    """Knows whether a search may be."""

    async def check(self, caller: Caller, search: Search) -> None:
        """Raises as the search would, before anything is paid for."""
        ...


class Rewording:
    """Has queries put into the words that are worth looking for; each is a call that is decided, recorded and paid."""

    def __init__(self, chat: ChatService, searcher: Checks) -> None:
        self._chat = chat
        self._searcher = searcher

    async def reworded(self, caller: Caller, search: Search, declared: Label | None, repeat: Repeat) -> Search:
        """The search with its queries as reworded, each before the query itself, which may say what its rewording lost.

        A query stands alone where no model may see it, none answers, or drifts; so do the last of more than can be looked
        for with their rewordings. What is sent again is not paid for again.

        Raises:
            KyozonError: as `SearchService.search` does of the search itself: nothing is paid for one that may not be.
        """
        await self._searcher.check(caller, search)
        own = tuple(dict.fromkeys(search.queries))
        some = own[: MOST_QUERIES - len(own)]
        stated = Stated(REWORDING)
        asks = [Ask(caller, short(AUTO, wording(one)), declared, repeat, stated=stated) for one in some]
        said = await asyncio.gather(*(put_otherwise(self._chat, ask) for ask in asks))
        pairs = ((other, one) if words_it(other, one) else (one,) for other, one in zip(said, some, strict=True))
        return structs.replace(search, queries=tuple(dict.fromkeys([*chain(*pairs), *own])))


def short(model: str, messages: list[Json]) -> ChatRequest:
    """A request to put a question otherwise."""
    body = {"model": model, "messages": messages, "max_completion_tokens": _MOST_TOKENS}
    return ChatRequest("openai", body, body)


async def put_otherwise(chat: ChatService, ask: Ask) -> str:
    """What the model of a `short` request says, once for each time that `ask.repeat` stands for; empty where that fails."""
    call = structs.replace(ask, repeat=ask.repeat.part(msgspec.json.encode(ask.request.body)))
    try:
        answered = await chat.answer(call)
    except KyozonError as error:
        _log.info("a question is not rewritten: %s", error.code)
        return ""
    return unquoted((words_of([answered.payload], answered.dialect) or "").strip())
