"""What labelling and permission cost alone: the same calls that a decision makes, on the same installation, in a loop."""

import statistics
import time
from pathlib import Path

from bench.gateway.kyozon import SETTINGS
from bench.gateway.traffic import ANSWER_MODEL, STREAM_MODEL, Target
from kyozon.bootstrap.local import LocalModels
from kyozon.bootstrap.reading import read_settings, registry_of
from kyozon.bootstrap.world import WORLD
from kyozon.domain.callers import ApiKey
from kyozon.domain.labels import parse_label
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Needs
from kyozon.governance.labelling import request_label
from kyozon.governance.permit import permit
from kyozon.governance.subject import Subject
from kyozon.services.registry import Registry

_CALLS = 500
_ROUNDS = 9


def labelling_us(scratch: Path) -> float:
    """Microseconds of processor time to read a label, join it with the key's, and ask every rule about every candidate."""
    file = scratch / "label.toml"
    names = {"answer_model": ANSWER_MODEL, "stream_model": STREAM_MODEL}
    file.write_text(SETTINGS.format(answers=1, streams=1, **names), "utf-8")
    environ = {"KYOZON_DATA_DIR": str(scratch / "label"), "OPENAI_API_KEY": "mock"}
    settings = read_settings(file, environ)
    registry = registry_of(settings, environ, LocalModels(settings))
    cards = registry.candidates(ANSWER_MODEL, "chat")
    key = ApiKey("key_bench", "default", "bench", "bench", "0" * 64, "ky-bench", WORLD.now())
    needs = Needs("chat", input_tokens=len(Target(1, ANSWER_MODEL).body) // 4, output_tokens=64)
    return statistics.median(_round(registry, cards, key, needs) for _ in range(_ROUNDS))


def _round(registry: Registry, cards: tuple[ModelCard, ...], key: ApiKey, needs: Needs) -> float:
    installation = registry.installation
    began = time.process_time()
    for _ in range(_CALLS):
        label, _sources = request_label(parse_label("internal"), key, installation.default_label)
        subjects = [
            Subject(card, registry.provider(card), registry.zone(card), label, needs, key, named=True) for card in cards
        ]
        permit(subjects, installation.rules)
    return (time.process_time() - began) / _CALLS * 1e6
