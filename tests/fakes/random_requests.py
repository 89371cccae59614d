"""Decisions of every kind, made by the real decider from a seed: models, labels, needs, clearances, ill deployments."""

import random
from contextlib import suppress
from decimal import Decimal

from msgspec import structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import CircuitOpen, Refusal
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.requests import Needs
from kyozon.routing.breaking import Breaking
from kyozon.services.deciding import Question
from kyozon.services.registry import Keep, kept_nowhere
from tests.fakes.installation import CHEAP, DEAR, EMBEDDER, EVERYTHING, IN_HOUSE, FakeInstallation, api_key

TWIN = structs.replace(CHEAP, provider="boutique")
"""The cheap model at a second provider: chance and load order the two."""
BREAKS_AT_ONCE = Breaking(in_row=1, rest=5.0)


def busy_installation(keep: Keep = kept_nowhere) -> FakeInstallation:
    """An installation in which deployments of one model compete, and rest once they have failed."""
    return FakeInstallation((IN_HOUSE, CHEAP, TWIN, DEAR, EMBEDDER), breaking=BREAKS_AT_ONCE, keep=keep)


async def decide(house: FakeInstallation, count: int, seed: int) -> None:
    """Make so many decisions; refusals are decisions, too."""
    chance = random.Random(seed)  # noqa: S311 - tests want the same again
    for _ in range(count):
        if chance.random() < 0.2:
            with suppress(CircuitOpen):
                house.health.begin(chance.choice([CHEAP, TWIN, DEAR, IN_HOUSE])).failed(None)
        house.time.advance(seconds=chance.random())
        house.time.chance = chance.random()
        with suppress(Refusal):
            decided = await house.decider.decide(_question(chance))
            house.limiter.settle(decided.reservation, 0, Decimal(0))


def _question(chance: random.Random) -> Question:
    kind = chance.choice(["chat", "chat", "chat", "embedding"])
    needs = Needs(
        kind="chat" if kind == "chat" else "embedding",
        abilities=frozenset(chance.sample(["tools", "schema", "logprobs"], chance.randrange(3)))
        if kind == "chat"
        else frozenset(),
        input_tokens=chance.randrange(12_000),
        output_tokens=chance.randrange(1, 2_000),
        choices=chance.randrange(1, 3),
        bounded=chance.random() < 0.5,
    )
    model = chance.choice(["auto", "auto", "cheap", "dear", "in-house"]) if kind == "chat" else "auto"
    label = Label(chance.choice(list(Level)), frozenset(chance.sample(["no-train", "jp-only", "pii"], chance.randrange(3))))
    declared = label if chance.random() < 0.7 else None
    return Question(
        Caller(_key(chance)), "chat" if kind == "chat" else "embedding", model, needs, declared, f"{chance.random()}"
    )


def _key(chance: random.Random) -> ApiKey:
    low = Clearance(Level.INTERNAL, frozenset({"no-train"}))
    floor = Label(Level.CONFIDENTIAL) if chance.random() < 0.1 else None
    return structs.replace(api_key(), clearance=chance.choice([EVERYTHING, EVERYTHING, low]), label_floor=floor)
