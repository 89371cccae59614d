"""`GET /metrics`, for Prometheus."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import NotAllowed
from kyozon.domain.language import Text
from kyozon.http.context import services
from kyozon.http.reading import caller_of

_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def metrics(request: Request) -> Response:
    """Metrics in Prometheus's text format: for admin keys, or open to all (`[server] metrics`)."""
    found = services(request)
    if not found.metrics_open:
        caller = await caller_of(request)
        if not caller.key.admin:
            raise NotAllowed(
                Text(
                    'metrics need an admin key (kyozon keys create --admin), or [server] metrics = "open".',
                    "メトリクスを見るには管理者キー（kyozon keys create --admin）か、"
                    '[server] metrics = "open" の設定が必要です。',
                )
            )
    return Response(found.metrics(), media_type=_MEDIA_TYPE)


routes = [Route("/metrics", metrics, methods=["GET"])]
