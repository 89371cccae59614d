"""Who answered a conversation before: a model that goes on keeps its provider's prompt cache, and the tools it has called.

A request that goes on says all that was said before, up to the last answer: the very request that was answered then. So its
hash finds who answered. This process alone remembers, some thousand conversations, none of their words.
"""

import hashlib
from collections import OrderedDict

import msgspec
from msgspec import Struct

from kyozon.domain.callers import ApiKey
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Before, Json
from kyozon.domain.usage import Usage
from kyozon.services.world import World

_MOST = 10_000
_CACHED_SECONDS = 300.0
"""Providers keep what they have cached for five minutes at least."""


class _Turn(Struct, frozen=True):
    model: str
    provider: str
    cached: int
    at: float


class Conversations:
    """The latest turns of each key's conversations."""

    def __init__(self, world: World, most: int = _MOST) -> None:
        self._world = world
        self._most = most
        self._turns: OrderedDict[bytes, _Turn] = OrderedDict()

    def before(self, key: ApiKey, chat: Json) -> Before | None:
        """Who gave the last answer that stands in the request; None where it begins, or nobody remembers."""
        messages = chat["messages"]
        last = next((at for at in range(len(messages) - 1, 0, -1) if messages[at].get("role") == "assistant"), None)
        turn = None if last is None else self._turns.get(_name(key, messages[:last]))
        if turn is None:
            return None
        cached = turn.cached if self._world.seconds() - turn.at < _CACHED_SECONDS else 0
        # Anthropic's clients put words behind the results, which become a message of the user's own.
        loop = any(message.get("role") == "tool" for message in messages[last:])
        return Before(turn.provider, turn.model, cached, loop)

    def answered(self, key: ApiKey, chat: Json, card: ModelCard, usage: Usage | None) -> None:
        """Remember who answered. What is cached is what the provider itself says that it has read from or written to it."""
        cached = usage.cache_read + usage.cache_write if usage else 0
        name = _name(key, chat["messages"])
        self._turns[name] = _Turn(card.id, card.provider, cached, self._world.seconds())
        self._turns.move_to_end(name)
        if len(self._turns) > self._most:
            self._turns.popitem(last=False)


def _name(key: ApiKey, messages: list[Json]) -> bytes:
    said = msgspec.json.encode([key.tenant, key.id, messages])
    return hashlib.blake2b(said, digest_size=16).digest()
