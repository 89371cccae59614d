"""The rungs of the ladder: applications that do a little more each, to stand where Kyozon's own would.

They take the services of the running installation: each rung adds Kyozon's own code, none written for the benchmark.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from hashlib import sha256

from starlette.types import ASGIApp, Receive, Scope, Send

from bench.gateway.traffic import answer
from bench.gateway.unwritten import Unwritten
from kyozon.domain.callers import Caller
from kyozon.domain.labels import parse_label
from kyozon.domain.models import AUTO
from kyozon.domain.requests import ChatRequest, Json
from kyozon.governance.needs import chat_needs
from kyozon.http.context import Services
from kyozon.http.reading import check_chat, decode
from kyozon.metering.estimate import chat_tokens
from kyozon.providers import transport
from kyozon.services.chat import Ask
from kyozon.services.deciding import Decider, Question
from kyozon.services.replays import Repeat

Work = Callable[[Scope, bytes], Awaitable[bytes]]
"""From a request's scope and body to the body of its answer."""


def asgi(_: Services) -> ASGIApp:
    """The server alone: reads the request and answers from memory."""
    payload = answer()

    async def work(_: Scope, __: bytes) -> bytes:
        return payload

    return _app(work)


def client(services: Services) -> ASGIApp:
    """And asks the upstream, with the client that Kyozon asks with."""
    return _app(_forward(services))


def authentication(services: Services) -> ASGIApp:
    """And looks up the key, reads the body and checks it."""
    forward = _forward(services)

    async def work(scope: Scope, body: bytes) -> bytes:
        await _caller(services, scope)
        check_chat(decode(body))
        return await forward(scope, body)

    return _app(work)


def decision(services: Services) -> ASGIApp:
    """And labels, permits, routes and reserves; the decision is made and not written."""
    forward = _forward(services)
    decider = Decider(services.registry, services.limiter, Unwritten(), services.world)

    async def work(scope: Scope, body: bytes) -> bytes:
        caller, chat = await _caller(services, scope), decode(body)
        check_chat(chat)
        decided = await decider.decide(_question(services, caller, chat))
        found = await forward(scope, body)
        services.limiter.settle(decided.reservation, 0, Decimal(0))
        return found

    return _app(work)


def service(services: Services) -> ASGIApp:
    """And calls through the provider's adapter, prices the answer and settles it."""

    async def work(scope: Scope, body: bytes) -> bytes:
        caller, chat = await _caller(services, scope), decode(body)
        check_chat(chat)
        repeat = Repeat(caller.key.id, sha256(body).hexdigest())
        ask = Ask(caller, ChatRequest("openai", chat, chat), parse_label("internal"), repeat)
        return (await services.chat.answer(ask)).payload

    return _app(work)


def _question(services: Services, caller: Caller, chat: Json) -> Question:
    needs = chat_needs(chat, chat_tokens(chat), services.registry.installation.default_output)
    return Question(caller, "chat", chat["model"], needs, parse_label("internal"), "0" * 64)


async def _caller(services: Services, scope: Scope) -> Caller:
    given = dict(scope["headers"])[b"authorization"].decode()
    return await services.keys.authenticate(given.removeprefix("Bearer "))


def _forward(services: Services) -> Work:
    """To the upstream of the first model that Kyozon would ask."""
    card = services.registry.candidates(AUTO, "chat")[0]
    url = services.registry.provider(card).base_url + "/chat/completions"
    outwards = transport.Transport()

    async def work(_: Scope, body: bytes) -> bytes:
        return await outwards.post(transport.Send("bench", url, body, {"authorization": "Bearer mock"}))

    return work


def _app(work: Work) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        payload = await work(scope, body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": payload})

    return app
