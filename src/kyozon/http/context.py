"""What the routes need, put together by bootstrap."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct
from starlette.requests import Request

from kyozon.domain.language import Language, preferred
from kyozon.ports.records import Records
from kyozon.services.chat import ChatService
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.explaining import ExplainService
from kyozon.services.keys import KeyService
from kyozon.services.limiter import Limiter
from kyozon.services.registry import Registry
from kyozon.services.world import World


class Access(Struct, frozen=True, tag_field="event", tag="request"):
    """The log's line for one request: how it went, none of its words.

    `route` is the pattern that matched, such as `/v1/models/{model}`, never the path: callers may write anything there.
    `status` is 0 where the caller left before there was one.
    """

    at: datetime
    request: str
    method: str
    route: str
    status: int
    ms: int


def unlogged(line: Access) -> None:
    """No log."""


class Services(Struct, frozen=True):
    """The use cases behind the routes.

    `ready` maps each part to whether it works right now; `metrics` writes what has been counted, by default nothing.
    `log` takes a line for each request; it must not wait.
    """

    chat: ChatService
    embeddings: EmbeddingService
    explain: ExplainService
    keys: KeyService
    records: Records
    registry: Registry
    limiter: Limiter
    world: World
    ready: Callable[[], Awaitable[dict[str, bool]]]
    max_body_bytes: int = 32 << 20
    max_concurrent: int = 256
    language: Language | None = None
    metrics: Callable[[], bytes] = bytes
    metrics_open: bool = False
    log: Callable[[Access], None] = unlogged


def services(request: Request) -> Services:
    """The services of the running application."""
    found: Services = request.app.state.services
    return found


def language(request: Request) -> Language:
    """The language for this caller: the installation's, where it is fixed, else what the caller prefers."""
    return services(request).language or preferred(request.headers.get("accept-language", ""))
