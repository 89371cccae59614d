"""The clients: so many at a time, each with the next request of the plan; what they see goes to their journal."""

import asyncio
import itertools
import time
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
from msgspec import Struct

from bench.reliability.asking import Answer, body, headers, kept, path, sha256
from bench.reliability.journals import Heard, Journal
from bench.reliability.plan import Asked, asked

_PATIENCE = 30.0
_TURNS = 4
_LONGEST_PAUSE = 0.5


class Errand(Struct, frozen=True):
    """What the clients have to do: a plan's first `requests`, `at_once` of them at a time."""

    seed: int
    requests: int
    at_once: int
    address: str


class Clients:
    """`done` counts the requests that have come to their end, `serving` says whether somebody listens."""

    def __init__(self, errand: Errand, secrets: Mapping[str, str], journal: Journal) -> None:
        self._errand = errand
        self._secrets = secrets
        self._journal = journal
        self._numbers = itertools.count()
        self.done = 0
        self.serving = asyncio.Event()
        self.serving.set()

    async def run(self) -> None:
        """Ask everything."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(self._errand.address, connector=connector) as session:
            await asyncio.gather(*(self._client(session) for _ in range(self._errand.at_once)))

    async def _client(self, session: aiohttp.ClientSession) -> None:
        while (number := next(self._numbers)) < self._errand.requests:
            await self._ask(session, asked(self._errand.seed, number))
            self.done += 1

    async def _ask(self, session: aiohttp.ClientSession, request: Asked) -> None:
        """Send it; again where nobody listened, where it failed and may be repeated, or to hear the answer once more."""
        answered = turn = 0
        while turn < _TURNS:
            await self.serving.wait()
            heard = await _Call(session, request, turn, self._secrets[request.key]).heard()
            self._journal.write(heard)
            if heard.failure == "refused":
                await asyncio.sleep(0.05)
                continue
            turn += 1
            answered += heard.whole
            if not request.repeats or answered > request.asks_again:
                return
            await asyncio.sleep(_pause(heard))


class _Call:
    """One turn of one request."""

    def __init__(self, session: aiohttp.ClientSession, request: Asked, turn: int, secret: str) -> None:
        self._session = session
        self._request = request
        self._turn = turn
        self._secret = secret
        self._answer = Answer(request)
        self._status = 0
        self._decision = ""
        self._headers: dict[str, str] = {}

    async def heard(self) -> Heard:
        """What came of it."""
        request, answer, began = self._request, self._answer, time.time()
        failure = await self._failure()
        return Heard(
            number=request.number,
            turn=self._turn,
            began=began,
            ended=time.time(),
            body_sha256=sha256(request),
            status=self._status,
            failure=failure,
            code=answer.code,
            headers=self._headers,
            decision=self._decision,
            whole=answer.whole,
            intact=answer.intact,
            words=answer.words,
            answer=answer.id,
            digest=answer.digest,
        )

    async def _failure(self) -> str:
        leaves = self._request.leaves_after if self._turn == 0 else None
        try:
            async with asyncio.timeout(leaves or _PATIENCE):
                return await self._sent()
        except TimeoutError:
            return "left" if leaves else "late"
        except aiohttp.ClientConnectorError:
            return "refused"
        except (aiohttp.ClientError, ConnectionError):
            return "broken"

    async def _sent(self) -> str:
        request = self._request
        asking = self._session.post(path(request), data=body(request), headers=headers(request, self._secret))
        async with asking as response:
            self._status = response.status
            self._headers, self._decision = kept(response.headers), response.headers.get("x-kyozon-decision", "")
            if response.status != HTTPStatus.OK:
                self._answer.read_error(await response.read())
            elif not request.stream:
                self._answer.read_whole(await response.read())
            else:
                return await self._streamed(response)
        return ""

    async def _streamed(self, response: aiohttp.ClientResponse) -> str:
        leaves = self._request.leaves_words if self._turn == 0 else None
        async for content in response.content.iter_any():
            self._answer.feed(content)
            if leaves is not None and self._answer.words >= leaves and not self._answer.whole:
                response.close()
                return "left"
        return "" if self._answer.whole or self._answer.code else "broken"


def _pause(heard: Heard) -> float:
    """As long as it was told, but a test's clients have not all day."""
    told = float(heard.headers.get("retry-after-ms", "50")) / 1000
    return min(told, _LONGEST_PAUSE)
