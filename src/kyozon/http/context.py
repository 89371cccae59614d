"""What the routes need, put together by bootstrap."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct
from starlette.requests import Request

from kyozon.domain.language import Language, preferred
from kyozon.domain.policy import Reloaded
from kyozon.governance.links import LinkRules
from kyozon.ports.audit import AuditTrail
from kyozon.ports.records import Records
from kyozon.services.canaries import CanaryWatch
from kyozon.services.chat import ChatService
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.explaining import ExplainService
from kyozon.services.feedback import FeedbackService
from kyozon.services.keys import KeyService
from kyozon.services.knowledge.offered import Knowledge
from kyozon.services.limiter import Limiter
from kyozon.services.provenance import Provenance
from kyozon.services.reasoning import ReasoningReader
from kyozon.services.registry import Registry
from kyozon.services.reranking import RerankingService
from kyozon.services.reviewing import Reviewing
from kyozon.services.rolling_out import RollingOut
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

    `ready` maps each part to whether it works right now; `reload` puts the settings' policy in place; `metrics` writes what
    has been counted, by default nothing.
    `log` takes a line for each request; it must not wait. `links` is what becomes of links in answers, None leaves them as
    they are; `canaries` are looked for in answers.
    """

    chat: ChatService
    embeddings: EmbeddingService
    reranking: RerankingService
    explain: ExplainService
    reasoning: ReasoningReader
    keys: KeyService
    records: Records
    registry: Registry
    limiter: Limiter
    provenance: Provenance
    reviewing: Reviewing
    feedback: FeedbackService
    rolling: RollingOut
    knowledge: Knowledge
    trail: AuditTrail
    world: World
    ready: Callable[[], Awaitable[dict[str, bool]]]
    reload: Callable[[], Awaitable[Reloaded]]
    max_body_bytes: int = 32 << 20
    max_file_bytes: int = 512 << 20
    max_concurrent: int = 256
    language: Language = "en"
    metrics: Callable[[], bytes] = bytes
    metrics_open: bool = False
    log: Callable[[Access], None] = unlogged
    links: LinkRules | None = None
    canaries: CanaryWatch | None = None


def services(request: Request) -> Services:
    """The services of the running application."""
    found: Services = request.scope["services"]
    return found


def language(request: Request) -> Language:
    """The language that this caller prefers; where he has no preference, the installation's."""
    return preferred(", ".join(header_lines(request, b"accept-language")), services(request).language)


def header(request: Request, name: bytes) -> str | None:
    """The first value of a header by its lower-case name; Starlette's own mapping decodes all of them for each look."""
    for found, value in request.scope["headers"]:
        if found == name:
            text: str = value.decode("latin-1")
            return text
    return None


def header_lines(request: Request, name: bytes) -> list[str]:
    """All values of a header by its lower-case name."""
    return [value.decode("latin-1") for found, value in request.scope["headers"] if found == name]
