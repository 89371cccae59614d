"""How a model is run on this machine: threads, slots, context. Pure, so that it can be read and tested without a model."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from kyozon.domain.models import ModelCard
from kyozon.inference.engine_process import EngineSpec
from kyozon.ports.local import StoredModel

_CACHE_SHARE = 0.25  # of the machine's memory for one engine's key and value cache
_FEWEST_SLOTS, _MOST_SLOTS = 2, 8
_AT_ONCE = 2048
"""Tokens of the longest text that embedding models and rerankers are given: it is read at once, in memory by its square."""


class Patience(Struct, frozen=True):
    """Seconds and tries. A model that loads from a slow disk takes minutes; one that fails thrice a minute will not mend.

    An engine that leaves `silent_probes` health checks in a row unanswered is taken for hung and killed.
    """

    start: float = 900.0
    first_pause: float = 0.5
    failures: int = 3
    window: float = 60.0
    probe_every: float = 10.0
    probe_timeout: float = 10.0
    silent_probes: int = 6
    room: float = 60.0
    grace: float = 2.0


class EngineOptions(Struct, frozen=True):
    """How engines run. `context` is what each conversation gets, whatever the number of `slots`; None: by the machine.

    `threads` generate; None: one fewer than the cores. `spin` lets idle threads of the engine spin: faster on a machine
    that does nothing else, ten times slower on any other. `adapters` maps a model's name to LoRA files, which requests
    address by their place in the list. `secret` is what engines ask of whoever calls them.
    """

    logs: Path
    context: int = 8192
    slots: int | None = None
    threads: int | None = None
    max_loaded: int = 2
    spin: bool = False
    adapters: dict[str, tuple[Path, ...]] = {}
    patience: Patience = Patience()
    secret: str = ""


class Machine(Struct, frozen=True):
    """What there is to run on."""

    cores: int
    memory: int


def cores() -> int:
    """The processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def plan(model: StoredModel, cache_bytes_per_token: int, options: EngineOptions, machine: Machine) -> EngineSpec:
    """The engine for `model`.

    Generation leaves one core to the gateway: with all of them the engine's barriers wait for whatever else runs. Where
    memory is short there are fewer slots, never a shorter context than was promised.
    """
    context = served_card(model.card, options).context or options.context
    wanted = options.slots or min(max(machine.cores, _FEWEST_SLOTS), _MOST_SLOTS)
    affordable = int(machine.memory * _CACHE_SHARE) // max(cache_bytes_per_token * context, 1)
    return EngineSpec(
        model=str(model.folder / model.files[0]),
        name=model.card.id,
        kind=model.card.kind,
        context=context,
        slots=max(1, min(wanted, affordable)),
        generation_threads=options.threads or max(machine.cores - 1, 1),
        prompt_threads=machine.cores,
        adapters=tuple(str(path) for path in options.adapters.get(model.card.id, ())),
        secret=options.secret,
    )


def served_card(card: ModelCard, options: EngineOptions) -> ModelCard:
    """The card with the context the engine really gives: the model's own, or less where the options say less."""
    most = options.context if card.kind == "chat" else min(options.context, _AT_ONCE)
    return msgspec.structs.replace(card, context=min(card.context or most, most))
