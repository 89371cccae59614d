"""The second look at what a search has found: a reranking model reads the query with each passage, if it may see them."""

import logging

import msgspec
from msgspec import Struct

from kyozon.domain.callers import Caller
from kyozon.domain.errors import (
    BudgetReached,
    InvalidRequest,
    LimitReached,
    NotFound,
    NotPermitted,
    RejectedUpstream,
    StorageUnavailable,
    WorldFailure,
)
from kyozon.domain.knowledge import LONGEST_QUERY, Passage, Search
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.requests import RerankRequest, Stated
from kyozon.metering.estimate import text_tokens
from kyozon.retrieval.reranking import reordered
from kyozon.services.registry import Registry
from kyozon.services.reranking import RerankingService

_log = logging.getLogger(__name__)

PURPOSE = Stated(purpose="search")
"""What the decisions on rerankings say that they are for."""

CANDIDATES = 50
"""How many passages are read at least: what lies further behind is seldom an answer, and costs as much."""

_BESIDE = 8
"""Tokens that a model puts around query and passage."""


class Ranked(Struct, frozen=True):
    """What a search has found: the query's words and passages, and the label and the stored values of the query."""

    search: Search
    passages: tuple[Passage, ...]
    declared: Label | None = None
    sources: tuple[str, ...] = ()


class Ranking:
    """Puts passages in another order. `usual` is the model for searches that name none, None for no second look at all.

    It has so many `seconds`; a search does not wait longer for it.
    """

    def __init__(
        self, reranking: RerankingService, registry: Registry, usual: str | None = None, seconds: float = 5.0
    ) -> None:
        self._reranking = reranking
        self._registry = registry
        self._usual = usual
        self._seconds = seconds

    def model(self, search: Search) -> str | None:
        """The model that a search is to be ranked by; None for no second look.

        Raises:
            NotFound: there is no model of the name.
            InvalidRequest: it does not rerank.
        """
        if search.reranker is None:
            return self._usual
        name = search.reranker
        if not name:
            return None
        if any(card.kind == "reranking" for card in self._registry.candidates(name, "reranking")):
            return name
        known = ", ".join(sorted({card.id for card in self._registry.cards() if card.kind == "reranking"})) or "-"
        raise InvalidRequest(
            Text(
                f"{name!r} is no reranking model; use one of {known}, or none.",
                f"{name!r} は再ランキング用のモデルではありません。{known} のいずれかか none を指定してください。",
            ),
            "ranking_options.ranker",
        )

    async def ranked(self, caller: Caller, model: str, found: Ranked) -> tuple[Passage, ...] | None:
        """The passages in the model's order; None where it may not see them all, fails, or takes too long.

        What it is given has been confirmed to be for the caller's eyes, and names its documents: their labels decide.

        Raises:
            KyozonError: as `RerankingService.rerank`, when nothing can be recorded, or when a limit or a budget is reached
                by a model that the search has named.
        """
        query = _asked(found.search)
        documents = sorted({one.document for one in found.passages})
        sources = tuple(dict.fromkeys((*found.sources, *documents)))
        try:
            room = self._room(model, query)
            words = tuple(_beginning(one.chunk.indexed, room) for one in found.passages)
            request = RerankRequest({}, model, query, words, self._seconds)
            body = msgspec.json.encode({"model": model, "query": query, "documents": words})
            told = await self._reranking.rerank(caller, request, found.declared, body, sources, PURPOSE)
        except StorageUnavailable:
            raise
        except NotFound as missing:  # the model, or a document that has gone meanwhile
            if missing.param == "model":
                _log.warning("there is no model %s to rerank with: results keep the order that they were found in", model)
            return None
        except (LimitReached, BudgetReached):
            if found.search.reranker is not None:
                raise
            return None  # Nobody asked for this one: a key that is too small for it still searches.
        except (NotPermitted, RejectedUpstream, WorldFailure):
            return None  # Its refusal or failure is on record. The order that was found stays.
        return reordered(found.passages, told.scores, logits=told.logits)

    def _room(self, model: str, query: str) -> int | None:
        """Tokens of a passage that every model of the name can read beside the query; None where that is not known."""
        contexts = [card.context for card in self._registry.candidates(model, "reranking") if card.context]
        return max(1, min(contexts) - text_tokens(query) - _BESIDE) if contexts else None


def _beginning(text: str, tokens: int | None) -> str:
    """As much of a text as so many tokens are: a long passage is judged by its beginning."""
    while tokens is not None and (told := text_tokens(text)) > tokens:
        text = text[: len(text) * tokens // told]
    return text


def _asked(search: Search) -> str:
    """Its queries, line by line, as far as one query may be long: a model reads them with every passage."""
    return "\n".join(search.queries)[:LONGEST_QUERY]
