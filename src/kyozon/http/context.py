"""What the routes need, put together by bootstrap."""

from collections.abc import Awaitable, Callable

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


class Services(Struct, frozen=True):
    """The use cases behind the routes. `ready` maps each part to whether it works right now."""

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
    language: Language | None = None


def services(request: Request) -> Services:
    """The services of the running application."""
    found: Services = request.app.state.services
    return found


def language(request: Request) -> Language:
    """The language for this caller: the installation's, where it is fixed, else what the caller prefers."""
    return services(request).language or preferred(request.headers.get("accept-language", ""))
