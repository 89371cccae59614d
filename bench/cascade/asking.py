"""Puts items to Kyozon through the OpenAI SDK, a strategy at a time, and writes down what each answer took."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct
from openai import OpenAI

from bench.cascade.answers import Answer, Answers, Call
from bench.cascade.house import Key
from bench.cascade.items import MOST_TOKENS, Item, right
from bench.cascade.processes import Spent, spent

_PATIENCE = 900.0
_TELL_EVERY = 10


class Strategy(Struct, frozen=True):
    """Whom to ask and how: a model's name, or `auto` with a quality; `engines` may work for it."""

    name: str
    model: str
    quality: str | None
    engines: tuple[str, ...]


class Meter:
    """Processor time of one server, given out once: who takes an engine's gets what it spent since that was last done."""

    def __init__(self, server: int, data: Path) -> None:
        self._server, self._data = server, data
        self._lock = threading.Lock()
        self._last = spent(server, data)

    def taken(self, engines: Sequence[str]) -> Spent:
        """What these engines, Kyozon and its database have spent since."""
        with self._lock:
            now = spent(self._server, self._data)
            found = now.since(self._last)
            kept = {name: seconds for name, seconds in self._last.engines.items() if name not in engines}
            self._last = Spent(now.engines | kept, now.own, now.database)
            return Spent({name: found.engines.get(name, 0.0) for name in engines}, found.own, found.database)


class Asker:
    """Asks at `address` and keeps the answers."""

    def __init__(self, address: str, meter: Meter, answers: Answers, say: Callable[[str], None]) -> None:
        self._address, self._meter, self._answers, self._say = address, meter, answers, say
        self._keeping = threading.Lock()

    def ask(self, strategy: Strategy, key: Key, items: Sequence[Item]) -> None:
        """Ask for each item that has no answer of this strategy yet, one after the other. Raises what the SDK raises."""
        had = self._answers.of(strategy.name)
        wanted = [item for item in items if item.id not in had]
        if not wanted:
            return
        progress = Progress(strategy.name, len(wanted), self._say)
        with OpenAI(base_url=f"{self._address}/v1", api_key=key.key, timeout=_PATIENCE, max_retries=0) as client:
            self._meter.taken(strategy.engines)
            for item in wanted:
                self._one(client, strategy, item)
                progress.step()

    def ledger(self, key: Key) -> dict[str, Decimal]:
        """The money that Kyozon's ledger holds against each key of the installation, by the key's id."""
        rows = _told(f"{self._address}/kyozon/v1/usage?by=key&since=2000-01-01", key.key)["data"]
        return {row["group"]: Decimal(str(row["amount"])) for row in rows}

    @staticmethod
    def warm(address: str, models: Sequence[str], key: Key) -> None:
        """One token of each model, so that its engine runs."""
        with OpenAI(base_url=f"{address}/v1", api_key=key.key, timeout=_PATIENCE, max_retries=0) as client:
            for model in models:
                client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}], max_tokens=1)

    def _one(self, client: OpenAI, strategy: Strategy, item: Item) -> None:
        headers = {} if strategy.quality is None else {"x-kyozon-quality": strategy.quality}
        messages: Any = item.messages
        raw = client.chat.completions.with_raw_response.create(
            model=strategy.model, messages=messages, max_tokens=MOST_TOKENS, temperature=0, extra_headers=headers
        )
        words = raw.parse().choices[0].message.content or ""
        decision = raw.headers["x-kyozon-decision"]
        outcome = _told(f"{self._address}/kyozon/v1/decisions/{decision}", client.api_key)["outcome"]
        with self._keeping:
            self._answers.add(
                Answer(
                    strategy.name,
                    item.id,
                    right(item, words),
                    words,
                    decision,
                    outcome["model"],
                    calls(outcome),
                    self._meter.taken(strategy.engines),
                )
            )


class Progress:
    """Says how far a strategy is and when it will be done."""

    def __init__(self, name: str, of: int, say: Callable[[str], None]) -> None:
        self._name, self._of, self._say = name, of, say
        self._done, self._begun = 0, time.monotonic()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._done % _TELL_EVERY == 0 or self._done == self._of:
            left = (time.monotonic() - self._begun) / self._done * (self._of - self._done)
            self._say(f"{self._name}: {self._done} of {self._of}, {left / 60:.1f} minutes left")


def calls(outcome: dict[str, Any]) -> tuple[Call, ...]:
    """The charged calls of a recorded outcome: the answers set aside, then the one that was delivered."""
    attempts = outcome["attempts"]
    paid = [one for one in attempts if one["charge"] is not None]
    judged = [one.get("judged") for one in attempts if one["charge"] is None and not one["error"]]
    delivered = {name: outcome[name] for name in ("model", "usage", "charge")} | {"judged": judged[-1] if judged else None}
    return tuple(_call(one) for one in (*paid, delivered))


def _told(address: str, key: str) -> dict[str, Any]:
    request = urllib.request.Request(address, headers={"authorization": f"Bearer {key}"})  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=_PATIENCE) as response:  # noqa: S310 - our own address
        found: dict[str, Any] = json.load(response)
    return found


def _call(one: dict[str, Any]) -> Call:
    usage, judged = one["usage"], one.get("judged") or {}
    read = usage["uncached"] + usage["cache_read"] + usage["cache_write"]
    amount = Decimal(str(one["charge"]["amount"]))
    return Call(one["model"], read, usage["output"], amount, judged.get("good"), judged.get("act"))
