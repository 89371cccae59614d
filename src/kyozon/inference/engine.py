"""Supervises the engines of this machine: one child process a model, started when first needed, restarted when it dies."""

import asyncio
import time
from collections import deque

from msgspec import Struct, field

from kyozon.domain.errors import ModelNotReady, NotFound
from kyozon.domain.language import Text
from kyozon.inference import catalogue, gguf_header
from kyozon.inference.engine_child import EngineChild, EngineDiedError
from kyozon.inference.engine_plan import EngineOptions, Machine, cores, plan
from kyozon.ports.local import ModelStore

_LOOK_FOR_ROOM_EVERY = 0.2


class _Seat(Struct):
    """What is known of one model: its engine or the start under way, when it failed and when it was last asked for."""

    child: EngineChild | None = None
    starting: asyncio.Task[EngineChild] | None = None
    failures: deque[float] = field(default_factory=deque)
    used: float = 0.0


class LocalEngines:
    """`ports.local.Engines`: at most `options.max_loaded` engines, the one idle longest makes room for the next."""

    def __init__(self, store: ModelStore, options: EngineOptions) -> None:
        self._store = store
        self._options = options
        self._seats: dict[str, _Seat] = {}
        self._loading = asyncio.Lock()  # One start at a time: loading wants the whole machine.

    async def address(self, name: str) -> str:
        """Base URL (`http://127.0.0.1:PORT/v1`) of the running engine; starts and awaits it.

        Raises:
            NotFound: there is no such model on this machine.
            ModelNotReady: the engine does not start, failed too often, or all engines are busy with other models.
        """
        seat = self._seats.setdefault(name, _Seat())
        seat.used = time.monotonic()
        if seat.child is not None and seat.child.alive:
            return f"{seat.child.address}/v1"
        if seat.starting is None:
            if seat.child is not None:
                seat.child = None
                seat.failures.append(time.monotonic())
            seat.starting = asyncio.create_task(self._start(name, seat), name=f"start engine {name}")
            seat.starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        # A caller that goes away must not take the start away from the others who wait for it.
        return f"{(await asyncio.shield(seat.starting)).address}/v1"

    def running(self) -> list[str]:
        """The models whose engines run now; asking counts as no use of them."""
        return [name for name, seat in self._seats.items() if seat.child is not None and seat.child.alive]

    async def stop(self) -> None:
        """Stop every engine, and every start under way."""
        seats = list(self._seats.values())
        self._seats.clear()
        starting = [seat.starting for seat in seats if seat.starting is not None]
        for task in starting:
            task.cancel()
        await asyncio.gather(*starting, return_exceptions=True)
        await asyncio.gather(*(seat.child.stop() for seat in seats if seat.child is not None))

    async def _start(self, name: str, seat: _Seat) -> EngineChild:
        try:
            model = await asyncio.to_thread(self._store.get, name)
            if model is None:
                raise NotFound(
                    Text(
                        f"there is no model {name} on this machine. Pull it with `kyozon models pull {name}`.",
                        f"このマシンにモデル {name} はありません。`kyozon models pull {name}` で取得してください。",
                    ),
                    "model",
                )
            await self._pause(name, seat)
            header = await asyncio.to_thread(gguf_header.read_header, model.folder / model.files[0])
            machine = Machine(cores(), catalogue.machine_memory())
            spec = plan(model, header.cache_bytes_per_token, self._options, machine)
            async with self._loading:
                await self._make_room()
                seat.child = await EngineChild.start(spec, self._options.logs / f"engine-{name}.log", self._options)
        except EngineDiedError as error:
            seat.failures.append(time.monotonic())
            raise self._not_ready(name, str(error)) from error
        finally:
            seat.starting = None
        return seat.child

    async def _pause(self, name: str, seat: _Seat) -> None:
        """Wait longer after each failure in a short time; after several, refuse at once until they are long past."""
        patience, now = self._options.patience, time.monotonic()
        while seat.failures and now - seat.failures[0] > patience.window:
            seat.failures.popleft()
        if len(seat.failures) >= patience.failures:
            wait = patience.window - (now - seat.failures[0])
            raise self._not_ready(name, f"it failed {len(seat.failures)} times and is tried again in {wait:.0f} s")
        if seat.failures:
            until = seat.failures[-1] + patience.first_pause * 2 ** (len(seat.failures) - 1)
            await asyncio.sleep(max(until - now, 0))

    async def _make_room(self) -> None:
        deadline = time.monotonic() + self._options.patience.room
        while True:
            loaded = [seat for seat in self._seats.values() if seat.child is not None and seat.child.alive]
            if len(loaded) < self._options.max_loaded or await self._evict(loaded):
                return
            if time.monotonic() > deadline:
                raise ModelNotReady(
                    Text(
                        f"{len(loaded)} other models are loaded and all of them are busy. Try again later, "
                        "or allow more at once (max_loaded) if memory suffices.",
                        f"他の {len(loaded)} 個のモデルがすべて使用中です。しばらくしてから再度お試しになるか、"
                        "メモリに余裕があれば同時に読み込む数 (max_loaded) を増やしてください。",
                    )
                )
            await asyncio.sleep(_LOOK_FOR_ROOM_EVERY)

    async def _evict(self, loaded: list[_Seat]) -> bool:
        """Stop the engine unused for longest that is idle; False where none is."""
        for seat in sorted(loaded, key=lambda seat: seat.used):
            child, since = seat.child, time.monotonic() - seat.used
            # An address given a moment ago may have its request still on the way.
            if child is not None and since > self._options.patience.grace and not await child.busy():
                seat.child = None
                await child.stop()
                return True
        return False

    def _not_ready(self, name: str, reason: str) -> ModelNotReady:
        log = self._options.logs / f"engine-{name}.log"
        return ModelNotReady(
            Text(
                f"the local model {name} does not run: {reason}. The engine's log says more: {log}. "
                f"If its file is damaged, remove it with `kyozon models remove {name}` and pull it again.",
                f"ローカルモデル {name} を実行できません：{reason}。詳しくはエンジンのログを参照してください：{log}。"
                f"ファイルが壊れている場合は `kyozon models remove {name}` で削除し、もう一度取得してください。",
            )
        )
