"""What is known of a model, in the reader's language: `kyozon models show`."""

from typing import Any

from kyozon.cli.kinds import KINDS
from kyozon.cli.speech import language, say

_NAMES = {
    "id": "ID",
    "name": "名前",
    "provider": "提供元",
    "upstream": "提供元での名前",
    "source": "取得元",
    "zone": "ゾーン",
    "kind": "種類",
    "family": "系列",
    "parameters": "パラメーター数",
    "open_weights": "重みの公開",
    "licence": "ライセンス",
    "bytes": "サイズ（バイト）",
    "memory_bytes": "必要メモリ（バイト）",
    "context": "文脈長",
    "max_output": "出力の上限",
    "modalities": "入力形式",
    "abilities": "機能",
    "languages": "言語",
    "prices": "価格",
    "dimensions": "次元数",
    "query_prefix": "質問の接頭辞",
    "passage_prefix": "文書の接頭辞",
    "tools_by_schema": "スキーマによるツール呼び出し",
    "demo": "デモ用",
    "note": "備考",
    "checked": "動作確認",
    "valid_from": "適用開始日",
    "input": "入力",
    "output": "出力",
    "cached_input": "キャッシュされた入力",
    "cache_write": "キャッシュへの書き込み",
    "cache_write_hour": "キャッシュへの書き込み（1 時間）",
    "above_input": "適用される入力トークン数（超）",
    "currency": "通貨",
    "thousand_searches": "検索 1,000 回",
}
"""The Japanese of the facts; what is not here, such as the names of abilities, is said as settings say it."""
_VALUES = {
    "kind": {kind: name.ja for kind, name in KINDS.items()},
    "checked": {"run": "実行して確認", "documented": "公開情報で確認", "unchecked": "未確認"},
}


def fact_rows(facts: dict[str, Any]) -> list[list[str]]:
    """One row for each fact: its name and its value."""
    return [[_named(name), _told(name, value)] for name, value in facts.items()]


def _named(name: str) -> str:
    return say(name, _NAMES.get(name, name))


def _told(name: str, value: Any) -> str:
    known = _VALUES.get(name, {})
    return say(str(value), known[value]) if isinstance(value, str) and value in known else _shown(value)


def _shown(value: Any) -> str:
    """A fact for people: lists with commas, tables as `key: value`, two languages as the reader's own."""
    if value is None:
        return say("unknown", "不明")
    if isinstance(value, dict) and set(value) == {"en", "ja"}:
        return str(value[language()])
    if isinstance(value, dict):
        each = [say(f"{name}: ", f"{_named(name)}：") + _told(name, inner) for name, inner in value.items()]
        return say(", ", "、").join(each) or "-"
    if isinstance(value, bool):
        return say("yes", "はい") if value else say("no", "いいえ")
    if isinstance(value, list | tuple):
        nested = any(isinstance(inner, dict) for inner in value)
        return ("\n" if nested else ", ").join(map(_shown, value)) or "-"
    return str(value) or "-"
