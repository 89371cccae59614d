"""Providers and the models they serve: facts as data. What is not known stays `None` or absent."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, field

WireFormat = Literal["openai", "anthropic", "gemini", "embedded"]
Ability = Literal[
    "tools",
    "parallel_tools",
    "schema",
    "reasoning",
    "logprobs",
    "n",
    "seed",
    "images",
    "audio",
    "streaming",
    "dimensions",
    "sampling",
    "effort",
]
CardKind = Literal["chat", "embedding", "reranking"]

AUTO = "auto"
CALLS: Mapping[WireFormat, frozenset[CardKind]] = MappingProxyType(
    {
        "openai": frozenset({"chat", "embedding", "reranking"}),
        "anthropic": frozenset({"chat"}),
        "gemini": frozenset({"chat", "embedding"}),
        "embedded": frozenset({"embedding"}),
    }
)
"""What each wire format has a call for."""


class Price(Struct, frozen=True):
    """What a million tokens cost in `currency` from `valid_from` on, as `source` stated it.

    `above_input` is for vendors whose long prompts cost more: the price holds for requests of more input tokens than that,
    all of their tokens included. `cache_write_hour` is for what is written to the cache for an hour, where that costs more.
    `thousand_searches` is for rerankers that are paid by the search: what a thousand of them cost besides the tokens.
    """

    valid_from: date
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    above_input: int = 0
    currency: str = "USD"
    source: str = ""
    cache_write_hour: Decimal | None = None
    thousand_searches: Decimal | None = None


class ModelCard(Struct, frozen=True):
    """What a model is, where it runs, its licence, prices and abilities.

    `abilities` maps a name to True (has it) or False (has not); an absent name is unknown. `sampling` is False where the
    model refuses temperature and its kin, `effort` is False where it takes a budget of reasoning tokens instead of a level.
    `tools_by_schema` says that tool calls are made by constraining the output to a JSON schema, because the model's
    chat template knows no tools. `demo` marks a model that proves the pipeline and is no assistant. An embedding model may
    have been trained to read `query_prefix` before a query, `passage_prefix` before a passage.
    """

    id: str
    provider: str
    upstream: str
    zone: str
    kind: CardKind = "chat"
    open_weights: bool | None = None
    licence: str | None = None
    context: int | None = None
    max_output: int | None = None
    modalities: frozenset[str] = frozenset({"text"})
    abilities: dict[str, bool] = field(default_factory=dict)
    languages: frozenset[str] = frozenset()
    prices: tuple[Price, ...] = ()
    dimensions: int | None = None
    query_prefix: str = ""
    passage_prefix: str = ""
    tools_by_schema: bool = False
    demo: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """What tells one deployment from another: the provider, and the model there."""
        return self.provider, self.id

    @property
    def address(self) -> str:
        """The same in one word, `provider/model`."""
        return f"{self.provider}/{self.id}"


class Quirks(Struct, frozen=True):
    """How one vendor's endpoint departs from its wire format. Every field is read by the wire format's own file.

    `drops` and `renames` name fields of the request; `messages.NAME` names a field of each message. `reasoning_field`
    says where reasoning comes back: in a field of that name, or (`parts`) among the typed parts of the content.
    `think_tags` parts `<think>` text from the answer, `think_opened` says that the chat template already opened it.
    `tokenize` marks llama.cpp's server, which counts tokens at `/apply-template` and `/tokenize`. `hides_cache` is for one
    whose prompt cache all callers share: how much of a prompt it knew would tell one caller what another has asked.
    `rerank_logits` marks one whose rerankers give logits and no scores between 0 and 1; `rerank_most` is how many documents
    it puts in order at once, None for any number: more are sent in several calls.
    """

    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    drops: tuple[str, ...] = ()
    renames: dict[str, str] = field(default_factory=dict)
    system_role: Literal["developer", "system", "as_sent"] = "as_sent"
    stream_usage: bool = True
    reasoning_field: Literal["reasoning_content", "reasoning", "parts"] = "reasoning_content"
    think_tags: bool = False
    think_opened: bool = False
    tools_by_schema: bool = False
    tokenize: bool = False
    hides_cache: bool = False
    one_request_per_connection: bool = False
    chat_path: str = "/chat/completions"
    embeddings_path: str = "/embeddings"
    rerank_path: str = "/rerank"
    rerank_logits: bool = False
    rerank_most: int | None = None
    key_header: str = "authorization"
    key_prefix: str = "Bearer "
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)


class Timeouts(Struct, frozen=True):
    """Seconds that a call may take: to connect, to the first words, from one piece to the next, altogether."""

    connect: float = 10.0
    first_token: float = 600.0
    between: float = 120.0
    total: float = 1800.0


class Provider(Struct, frozen=True):
    """Who serves models: where, under which law, what it does with what it receives. `verified` dates the facts.

    `max_concurrent` is how many calls it takes at once; None is no cap.
    """

    id: str
    name: str
    format: WireFormat
    base_url: str
    key_variable: str | None = None
    zone: str = "external"
    jurisdiction: str | None = None
    region: str | None = None
    retains: bool | None = None
    trains: bool | None = None
    quirks: Quirks = Quirks()
    verified: date | None = None
    source: str = ""
    unverified: tuple[str, ...] = ()
    max_concurrent: int | None = None
    timeouts: Timeouts = Timeouts()
