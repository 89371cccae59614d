"""What searching needs: the reranker that is named is a model that reranks."""

from collections.abc import Iterator

from kyozon.domain.language import Text
from kyozon.domain.models import AUTO
from kyozon.settings import facts
from kyozon.settings.mistakes import Mistake
from kyozon.settings.root import Settings
from kyozon.settings.sections import ModelTable


def check_knowledge(settings: Settings) -> Iterator[Mistake]:
    """The reranker's table says that it is one. A model of this machine needs no table, and may be pulled later."""
    name = settings.knowledge.reranker
    if name is None or name == AUTO:
        return
    tables = facts.model_tables(settings.model_tables, settings.provider_tables)
    named = [table for model, table in tables.items() if name in _names(model, table)]
    if any(table.kind == "reranking" for table in named):
        return
    if not named and settings.local.enabled and name.partition("/")[0] not in settings.provider_tables:
        return
    yield Mistake(
        ("knowledge", "reranker"),
        Text(
            f'"{name}" is no model that reranks: it needs a table [models."{name}"] with kind = "reranking".',
            f"「{name}」は再ランキング用のモデルではありません。"
            f'[models."{name}"] の表を作り、kind = "reranking" と書いてください。',
        ),
    )


def _names(model: str, table: ModelTable) -> set[str]:
    """What a request may call it: its name, or the provider and its name there."""
    return {model, *(f"{provider}/{table.upstream or model}" for provider in (table.provider, *table.also_at))}
