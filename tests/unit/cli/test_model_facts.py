import pytest
from msgspec import structs

from kyozon.cli.model_facts import _NAMES, fact_rows
from kyozon.domain.models import ModelCard, Price
from kyozon.ports.local import CatalogueEntry


def test_the_facts_are_told_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"kind": "reranking", "demo": False, "abilities": {"tools": True}, "query_prefix": "", "licence": None}
    assert fact_rows(facts)[:3] == [["kind", "reranking"], ["demo", "no"], ["abilities", "tools: yes"]]
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert fact_rows(facts) == [
        ["種類", "再ランキング"],
        ["デモ用", "いいえ"],
        ["機能", "tools：はい"],
        ["質問の接頭辞", "-"],
        ["ライセンス", "不明"],
    ]


@pytest.mark.parametrize("kind", [ModelCard, CatalogueEntry, Price])
def test_every_fact_has_a_japanese_name(kind: type[ModelCard | CatalogueEntry | Price]) -> None:
    assert {one.name for one in structs.fields(kind)} <= _NAMES.keys()
