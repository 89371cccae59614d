"""What one table says about another: names that must exist, facts that must not contradict each other."""

import re
from collections.abc import Iterator, Mapping

from kyozon.domain.language import Text
from kyozon.domain.models import Provider
from kyozon.settings.cache_checks import check_cache
from kyozon.settings.knowledge_checks import check_knowledge
from kyozon.settings.mistakes import Mistake
from kyozon.settings.model_checks import check_models, check_names_once
from kyozon.settings.provider_checks import check_providers
from kyozon.settings.review_checks import check_review
from kyozon.settings.root import Settings
from kyozon.settings.telemetry_checks import check_telemetry
from kyozon.settings.zone_checks import check_labels, check_zones

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def cross_check(settings: Settings, vendors: Mapping[str, Provider]) -> list[Mistake]:
    """Every contradiction between tables that are each well-formed."""
    return [
        *_check_names(settings),
        *check_zones(settings),
        *check_labels(settings),
        *check_providers(settings, vendors),
        *check_models(settings, vendors),
        *check_names_once(settings),
        *check_telemetry(settings),
        *check_review(settings),
        *check_cache(settings),
        *check_knowledge(settings),
    ]


def _check_names(settings: Settings) -> Iterator[Mistake]:
    for key, tables in (("zones", settings.zone_tables), ("providers", settings.provider_tables)):
        for name in tables:
            if not _NAME.fullmatch(name):
                yield Mistake(
                    (key, name),
                    Text(
                        "a name is made of letters, digits, dots, hyphens and underscores, as in gpu-box.",
                        "名前には英数字・点・ハイフン・下線だけを使ってください（例：gpu-box）。",
                    ),
                )
