from pathlib import Path

import msgspec

from kyozon.domain.models import ModelCard
from kyozon.inference.engine_plan import EngineOptions, Machine, cores, plan, served_card
from kyozon.ports.local import StoredModel

GB = 10**9
OPTIONS = EngineOptions(Path("logs"))
CARD = ModelCard("m", "local", "m", "host", context=131_072)
MODEL = StoredModel(CARD, "file:x", Path("models/m"), ("m.gguf",), 1, {})


def test_generation_leaves_a_core_to_the_gateway() -> None:
    spec = plan(MODEL, 1000, OPTIONS, Machine(4, 16 * GB))
    assert (spec.generation_threads, spec.prompt_threads) == (3, 4)
    assert plan(MODEL, 1000, OPTIONS, Machine(1, 16 * GB)).generation_threads == 1


def test_the_context_is_the_models_own_or_less() -> None:
    assert plan(MODEL, 0, OPTIONS, Machine(2, GB)).context == 8192
    small = msgspec.structs.replace(MODEL, card=msgspec.structs.replace(CARD, context=2048))
    assert plan(small, 0, OPTIONS, Machine(2, GB)).context == 2048
    assert served_card(CARD, OPTIONS).context == 8192


def test_what_is_read_at_once_is_shorter() -> None:
    reader = msgspec.structs.replace(CARD, kind="embedding")
    assert served_card(reader, OPTIONS).context == 2048
    assert served_card(msgspec.structs.replace(reader, context=512), OPTIONS).context == 512
    spec = plan(msgspec.structs.replace(MODEL, card=reader), 0, OPTIONS, Machine(2, GB))
    assert (spec.kind, spec.context) == ("embedding", 2048)


def test_short_memory_costs_slots_and_never_context() -> None:
    spec = plan(MODEL, 100_000, OPTIONS, Machine(8, 8 * GB))
    assert (spec.slots, spec.context) == (2, 8192)
    assert plan(MODEL, 10_000_000, OPTIONS, Machine(8, GB)).slots == 1


def test_slots_follow_the_machine_unless_they_are_said() -> None:
    assert plan(MODEL, 0, OPTIONS, Machine(1, GB)).slots == 2
    assert plan(MODEL, 0, OPTIONS, Machine(64, GB)).slots == 8
    assert plan(MODEL, 0, msgspec.structs.replace(OPTIONS, slots=3), Machine(64, GB)).slots == 3


def test_adapters_are_those_of_the_model() -> None:
    options = msgspec.structs.replace(OPTIONS, adapters={"m": (Path("a.gguf"),), "other": (Path("b.gguf"),)})
    assert plan(MODEL, 0, options, Machine(2, GB)).adapters == ("a.gguf",)


def test_there_is_a_core() -> None:
    assert cores() >= 1
