"""What a wire format must do: carry one call to one model and bring the answer back."""

from collections.abc import AsyncIterator
from typing import Protocol

from msgspec import Struct

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Dialect, EmbeddingRequest, RerankRequest
from kyozon.domain.usage import Usage


class ChatCall(Struct, frozen=True):
    """One chat request on its way to one model."""

    card: ModelCard
    request: ChatRequest


class Piece(Struct, frozen=True):
    """One server-sent event of a streamed answer.

    `payload` is the JSON of the event, ready to pass on, in the dialect that `ChatAdapter.dialect_for` named; `event` is
    its name (Anthropic's dialect names events, OpenAI's leaves it empty). `text` is what the model said in it (answer,
    reasoning, tool arguments): kept for settling a stream that breaks. `usage` is cumulative and stands in the pieces
    where the provider reported it; `usage_only` marks an OpenAI piece whose `choices` are empty.
    """

    payload: bytes
    event: str = ""
    text: str = ""
    usage: Usage | None = None
    usage_only: bool = False
    finish: str | None = None


class Answer(Struct, frozen=True):
    """A whole answer: the JSON body, ready to pass on, and what the ledger needs from it.

    `usage` is None where the provider reported none; `text` is then what the usage is estimated from.
    """

    payload: bytes
    usage: Usage | None
    text: str = ""
    finish: str | None = None


class EmbeddingCall(Struct, frozen=True):
    """One embedding request on its way to one model."""

    card: ModelCard
    request: EmbeddingRequest

    @property
    def texts(self) -> tuple[str, ...]:
        """What to embed, for a wire format that takes texts alone; raises `InvalidRequest` where tokens came instead."""
        if self.request.tokens:
            raise InvalidRequest(
                Text(
                    f"{self.card.id} takes texts and no arrays of tokens: send the text itself (with LangChain's "
                    "OpenAIEmbeddings, check_embedding_ctx_length=False).",
                    f"{self.card.id} が受け取るのはテキストだけです。トークンの配列ではなくテキストを送ってください"
                    "（LangChain の OpenAIEmbeddings では check_embedding_ctx_length=False）。",
                ),
                "input",
            )
        return self.request.texts


class Embeddings(Struct, frozen=True):
    """One vector for each text, in order, as floats; `usage` as the provider reported it."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage | None


class RerankCall(Struct, frozen=True):
    """One reranking on its way to one model."""

    card: ModelCard
    request: RerankRequest


class Ranks(Struct, frozen=True):
    """How well each document answers the query, in the documents' order: more is better, on the model's own scale.

    There is a finite score for each document; `usage` is as the provider reported it. `logits` says that the scores are
    such, else they are meant to lie between 0 and 1.
    """

    scores: tuple[float, ...]
    usage: Usage | None
    logits: bool = False


class ChatAdapter(Protocol):
    """A wire format that can chat.

    Failures are raised as `domain.errors` tells them apart: `UpstreamUnreachable` (no connection or time-out before the
    first byte), `RejectedUpstream` (400, 404, 413, 422), `UpstreamFailed` (every other failure status), `StreamBroken`
    (a stream that ends without its end marker). Closing the iterator closes the connection to the provider.
    """

    def dialect_for(self, request: ChatRequest) -> Dialect:
        """The dialect of the answer to `request`: the caller's own where this wire format speaks it, else `openai`."""
        ...

    async def answer(self, call: ChatCall) -> Answer:
        """The whole answer."""
        ...

    def stream(self, call: ChatCall) -> AsyncIterator[Piece]:
        """The answer piece by piece; usage is always asked for, whether or not the caller did."""
        ...

    async def count_tokens(self, call: ChatCall) -> int | None:
        """Input tokens of the request as the provider counts them; None where it cannot tell."""
        ...


class EmbeddingAdapter(Protocol):
    """A wire format that can embed; failures as in `ChatAdapter`."""

    async def embed(self, call: EmbeddingCall) -> Embeddings:
        """One vector for each text."""
        ...


class RerankAdapter(Protocol):
    """A wire format that can put documents in order; failures as in `ChatAdapter`."""

    async def rerank(self, call: RerankCall) -> Ranks:
        """A score for each document; `UpstreamFailed` where the provider leaves one out or says what is no score."""
        ...
