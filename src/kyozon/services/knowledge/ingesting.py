"""Works through the documents that wait: each is held while it is worked on, and tried again where that may help."""

import asyncio
import logging

from kyozon.domain.errors import InvalidFile, KyozonError, LimitReached, StorageUnavailable, UnsupportedFile, WorldFailure
from kyozon.domain.knowledge import Failure, Progress
from kyozon.domain.language import Text
from kyozon.ports.knowledge_ingestion import IngestionStore, Job, ReindexStore
from kyozon.services.knowledge.taking_in import Course, Lost, TakingIn
from kyozon.services.world import World

MOST_TRIES = 5
_WAITS = (5.0, 30.0, 120.0, 600.0)
"""Seconds after the first, second … failed try."""
_LOOK_SECONDS = 1.0
_BEAT_LOOKS = 5
_POLL_SECONDS = 10.0

_log = logging.getLogger("kyozon.ingestion")


class Ingesting:
    """Works beside the server on documents that wait, `workers` at a time; where that is 0, other servers do."""

    def __init__(
        self, documents: IngestionStore, collections: ReindexStore, taking_in: TakingIn, world: World, workers: int
    ) -> None:
        self._documents = documents
        self._collections = collections
        self._taking_in = taking_in
        self._world = world
        self._workers = workers
        self._word = asyncio.Event()

    async def work(self, known: asyncio.Event) -> None:
        """Take in what waits, from the moment in which the others know of this server; runs until cancelled."""
        await known.wait()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._documents.watch(self._word.set))
            for _ in range(self._workers):
                tasks.create_task(self._one_after_another())

    async def next(self, after: str = "") -> str | None:
        """Take in the next document that waits, of the tenant after that one; its tenant, None where none waits.

        Where none does, collections begin to search with the embedder whose vectors are all there.
        """
        job = await self._documents.claim(after)
        if job is None:
            await self._collections.switch()
            return None
        await self._hold(job)
        return job.tenant

    async def _one_after_another(self) -> None:
        after: str | None = ""
        while True:
            self._word.clear()
            try:
                after = await self.next(after or "")
            except StorageUnavailable:
                await self._world.sleep(_LOOK_SECONDS)
            except Exception:  # noqa: BLE001 - one document must not end the work on all
                _log.exception("a document's claim runs out by itself; on with the next one")
                await self._world.sleep(_LOOK_SECONDS)
            else:
                if after is None:
                    await self._idle()

    async def _idle(self) -> None:
        """Until there is word of a document, or one that was to wait may have waited long enough."""
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._word.wait()
        except TimeoutError:
            return

    async def _hold(self, job: Job) -> None:
        """Work on a document; its claim is renewed meanwhile, and what it has come to is told, once a second at most."""
        course = Course(self._world.seconds)
        working = asyncio.create_task(self._to_its_end(job, course))
        told, looks = course.progress, 0
        try:
            while not working.done():
                await asyncio.wait([working], timeout=_LOOK_SECONDS)
                looks += 1
                if working.done() or (course.progress == told and looks % _BEAT_LOOKS):
                    continue
                told = course.progress
                if not await self._still(job, told):
                    working.cancel()
                    await asyncio.gather(working, return_exceptions=True)
                    return
            await working
        except asyncio.CancelledError:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await self._let_go(job)
            raise

    async def _still(self, job: Job, progress: Progress | None) -> bool:
        try:
            return await self._documents.hold(job, progress)
        except StorageUnavailable:  # it is held for a while without
            return True

    async def _let_go(self, job: Job) -> None:
        """The server ends: the next one need not wait for the claim to run out, and this was no try."""
        try:
            await self._documents.later(job, 0.0, counted=False)
        except StorageUnavailable:
            _log.info("%s is taken up again when its claim has run out", job.document)

    async def _to_its_end(self, job: Job, course: Course) -> None:
        if job.tries > MOST_TRIES:  # nobody lived to say what went wrong: the document itself may end whoever reads it
            await self._documents.fail(job, _failure(WorldFailure(_ENDED)))
            return
        try:
            await self._taking_in.run(job, course)
        except Lost:
            return
        except KyozonError as error:
            await self._troubled(job, error)
        except Exception:  # noqa: BLE001 - one document must not end the work on all
            _log.exception("%s: an unexpected failure", job.document)
            await self._troubled(job, WorldFailure(_UNEXPECTED))

    async def _troubled(self, job: Job, error: KyozonError) -> None:
        """Try again where that may help, after a while; else say why it cannot be taken in."""
        wait = _wait(job, error, self._world)
        _log.info("%s: %s, %s", job.document, error.code, "given up" if wait is None else f"again in {wait:.0f} s")
        if wait is None:
            await self._documents.fail(job, _failure(error))
        else:
            counted = not isinstance(error, LimitReached | StorageUnavailable)
            await self._documents.later(job, wait, counted=counted)


def _wait(job: Job, error: KyozonError, world: World) -> float | None:
    """In how many seconds to try again; None where that does not help, or has not helped often enough.

    That the database is away, or a limit for the minute is reached, is not the document's fault, and counts as no try.
    """
    if isinstance(error, LimitReached) and error.resets_at is not None:
        return max(1.0, (error.resets_at - world.now()).total_seconds())
    if isinstance(error, StorageUnavailable):
        return _WAITS[0]
    if not isinstance(error, WorldFailure) or not error.retryable or job.tries >= MOST_TRIES:
        return None
    return max(_WAITS[max(0, job.tries - 1)], error.retry_after or 0.0)


def _failure(error: KyozonError) -> Failure:
    if isinstance(error, UnsupportedFile):
        return Failure("unsupported_file", error.text.en, error.text.ja)
    return Failure("invalid_file" if isinstance(error, InvalidFile) else "server_error", error.text.en, error.text.ja)


_ENDED = Text(
    f"taking it in ended {MOST_TRIES} times without a word, as when a server is killed or has no memory left. Look at "
    "Kyozon's log; attach the file again once the cause is gone, or in smaller parts.",
    f"取り込みが {MOST_TRIES} 回、結果を残さず途切れました（サーバーの強制終了やメモリ不足など）。Kyozon のログを確認し、"
    "原因を取り除いてから、またはファイルを分割して、もう一度登録してください。",
)
_UNEXPECTED = Text(
    "an unexpected failure, which Kyozon's log describes. Attach the file again once its cause is gone.",
    "予期しないエラーが起きました（詳しくは Kyozon のログにあります）。原因を取り除いてから、もう一度登録してください。",
)
