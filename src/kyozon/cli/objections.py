"""What stands against a model, in a few words: the rule, what it needed and what there was."""

import re

from kyozon.cli.speech import say
from kyozon.domain.decisions import Exclusion

_RULES = {
    "abilities": "機能",
    "clearance": "取り扱い範囲",
    "context": "文脈長",
    "credential": "API キー",
    "grant": "許可書",
    "kind": "種別",
    "licence": "ライセンス",
    "reader": "キーの取り扱い範囲",
    "region": "地域",
    "training": "学習利用",
}
"""The names of rules in Japanese; a rule that comes with somebody else's package keeps its own."""
_FACTS = {
    "a grant for this very request": "この要求への許可書",
    "chat": "チャット",
    "embedding": "埋め込み",
    "not set": "未設定",
    "not stated": "明示なし",
    "reranking": "再ランキング",
    "trains": "学習に使う",
    "unknown": "不明",
}


def objection_said(found: Exclusion) -> str:
    """One objection; records and JSON hold its names as they are."""
    rule = _RULES.get(found.rule, found.rule)
    if found.rule == "context":
        need, have = (re.sub(r"\D", "", words) for words in (found.need, found.have))
        return say(
            f"context: about {need} tokens, reads {have}",
            f"{rule}：約 {need} トークン、読めるのは {have} トークン",
        )
    need, have = (_FACTS.get(words, words).replace("differs in ", "相違：") for words in (found.need, found.have))
    return say(f"{found.rule}: {found.need} ≠ {found.have}", f"{rule}：{need} ≠ {have}")
