"""A request as the floors above understand it, and what it needs from a model."""

from typing import Any, Literal

from msgspec import Struct

from kyozon.domain.cascades import Foresight
from kyozon.domain.quality import Goal

Json = dict[str, Any]
Dialect = Literal["openai", "anthropic"]
Licences = frozenset[str]
"""Names of licences in small letters, one of which must be the model's; `OPEN` is any whose weights are published."""
OPEN = "open"
CacheWish = Literal["off", "exact", "semantic", "refresh"]
"""What a caller may ask of the answer cache for one request; `refresh` asks a model and replaces what was kept."""


class Stated(Struct, frozen=True):
    """What a caller says a request is for and where it stands in his doing; it goes on record as it is, unverified.

    `purpose` and `session` are names of his own; `parent` is the decision that this request is the next step after.
    """

    purpose: str = ""
    session: str = ""
    parent: str = ""


NOTHING_STATED = Stated()


class ChatRequest(Struct, frozen=True):
    """One chat request.

    `body` is what the caller sent, in the caller's `dialect`, unknown fields included. `chat` is the same request in the
    shape of OpenAI's chat completions, the pivot between dialects; for the dialect `openai` the two are one object.
    """

    dialect: Dialect
    body: Json
    chat: Json

    @property
    def model(self) -> str:
        """The model the caller named, `auto` when the choice is left to Kyozon."""
        return str(self.chat["model"])

    @property
    def stream(self) -> bool:
        """Whether the caller wants server-sent events."""
        return bool(self.chat.get("stream"))


class EmbeddingRequest(Struct, frozen=True):
    """Texts to embed, or instead of them `tokens`, as the tokeniser of the model cut each of them.

    `purpose` matters to models that prefix queries and passages differently.
    """

    body: Json
    model: str
    texts: tuple[str, ...] = ()
    dimensions: int | None = None
    purpose: Literal["query", "passage"] = "passage"
    tokens: tuple[tuple[int, ...], ...] = ()

    @property
    def count(self) -> int:
        """How many vectors are asked for."""
        return len(self.tokens) or len(self.texts)


class RerankRequest(Struct, frozen=True):
    """Documents to be put in order by how well each answers the query; `body` is what else the caller sent beside these.

    Scores are waited for so many `seconds`, None for as long as the operator allows.
    """

    body: Json
    model: str
    query: str
    documents: tuple[str, ...]
    seconds: float | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """All words that a model is to read, the query's first."""
        return (self.query, *self.documents)


class Before(Struct, frozen=True):
    """Who answered the conversation before, and how many tokens of it the provider has in its cache.

    `loop` says that the request brings the results of tools which that answer called.
    """

    provider: str
    model: str
    cached: int = 0
    loop: bool = False


class Needs(Struct, frozen=True):
    """What a request needs from a model; token counts are estimates until the model has counted.

    `output_tokens` is for all `choices` together: the caller's ceiling where it is `bounded`, else what is expected.
    `at_once` is how many input tokens must fit into the context together; None means all of them. `quality` is how good the
    answer must be, None where neither the caller nor the key states it. `before` is who answered the conversation so far,
    where that is remembered. `judgeable` is how many tokens an answer may have that is judged by its words, so that
    another model can be asked; `foresight` is what such a look may bring, None where none is taken. Of each of the
    `licences` one must be the model's. `within` is in how many seconds the first words should come, None where neither the
    caller nor the key states it; where the answer is not `streamed` they come when it is whole. `searches` are those that a
    provider bills at most for a reranking.
    """

    kind: Literal["chat", "embedding", "reranking"]
    abilities: frozenset[str] = frozenset()
    modalities: frozenset[str] = frozenset({"text"})
    input_tokens: int = 0
    output_tokens: int = 0
    choices: int = 1
    bounded: bool = True
    at_once: int | None = None
    quality: Goal | None = None
    before: Before | None = None
    judgeable: int = 0
    foresight: Foresight | None = None
    licences: tuple[Licences, ...] = ()
    streamed: bool = False
    within: float | None = None
    searches: int = 0
