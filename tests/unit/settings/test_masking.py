import tomllib
from typing import Any

import pytest

from kyozon.settings import Settings


def settings(text: str) -> Settings:
    document: dict[str, Any] = tomllib.loads(text)
    return Settings.model_validate(document)


def test_nothing_is_looked_through_unless_somebody_says_so() -> None:
    assert not settings("").masking.enabled
    assert all(zone.masked for zone in settings("").zones().values())


def test_a_zone_may_be_kept_from_masked_words() -> None:
    zones = settings("[zones.external]\nmasked = false").zones()
    assert (zones["external"].masked, zones["lan"].masked) == (False, True)


@pytest.mark.parametrize(
    "change", ["[masking]\nenabled = true", '[masking]\nkeys = ["desk"]', "[zones.external]\nmasked = false"]
)
def test_what_masking_decides_is_policy(change: str) -> None:
    assert settings(change).policy_version != settings("").policy_version


def test_how_fast_it_is_decides_nothing() -> None:
    assert settings("[masking]\nprocesses = 4\ntimeout_seconds = 2").policy_version == settings("").policy_version
