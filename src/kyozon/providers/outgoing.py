"""What every translated request has on its way out: an address, a key, the vendor's quirks, and a body that is JSON."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from kyozon.domain.errors import UpstreamFailed
from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.requests import Json
from kyozon.providers.sse import NOT_JSON
from kyozon.providers.transport import Send, Transport

_UNREADABLE = 502

Endpoint = Callable[[ModelCard], Awaitable[str]]


class Outgoing(Struct, frozen=True):
    """One provider, the way to it and the key for it. `endpoint` gives the base URL that serves a card."""

    provider: Provider
    endpoint: Endpoint
    key: str | None
    transport: Transport

    async def send(self, card: ModelCard, path: str, body: Json, query: Mapping[str, str] | None = None) -> Send:
        """The request to `path` under the card's base URL, with the vendor's headers and query."""
        quirks = self.provider.quirks
        parameters = {**quirks.query, **(query or {})}
        headers = dict(quirks.headers)
        if self.key is not None:
            headers[quirks.key_header] = quirks.key_prefix + self.key
        base = (await self.endpoint(card)).rstrip("/")
        return Send(
            provider=self.provider.id,
            url=base + path + (f"?{urlencode(parameters)}" if parameters else ""),
            body=msgspec.json.encode(body),
            headers=headers,
            close=quirks.one_request_per_connection,
        )

    async def post(self, card: ModelCard, path: str, body: Json) -> tuple[bytes, Json]:
        """The body of a successful answer, as sent and decoded; raises as `ports.provider.ChatAdapter` says."""
        payload = await self.transport.post(await self.send(card, path, body))
        return payload, decode(self.provider.id, payload)

    def adjusted(self, chat: Json) -> Json:
        """The chat request without the parameters that this vendor rejects, and with its own names for others."""
        quirks = self.provider.quirks
        return {quirks.renames.get(name, name): value for name, value in chat.items() if name not in quirks.drops}


def decode(provider: str, payload: bytes) -> Json:
    """The JSON object in `payload`; raises `UpstreamFailed` (as 502, so another model may be tried) where it is none."""
    try:
        return msgspec.json.decode(payload, type=Json)
    except NOT_JSON as error:
        raise UpstreamFailed(provider, _UNREADABLE, f"its answer is not a JSON object: {error}") from error


@contextmanager
def unreadable(provider: str) -> Iterator[None]:
    """Reading an answer whose JSON is not in the provider's own shape raises `UpstreamFailed`, as 502."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise UpstreamFailed(provider, _UNREADABLE, f"its answer has an unknown shape: {error!r}") from error
