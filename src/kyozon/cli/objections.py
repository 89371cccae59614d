"""What stands against a model, in a few words: the rule, what it needed and what there was."""

import re

from kyozon.cli.kinds import KINDS
from kyozon.cli.speech import say
from kyozon.domain.decisions import Exclusion
from kyozon.domain.language import Text
from kyozon.governance.releasing import WHY_NOT

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
    **{kind: name.ja for kind, name in KINDS.items()},
    "not set": "未設定",
    "not stated": "明示なし",
    "trains": "学習に使う",
    "unknown": "不明",
}


def rule_name(rule: str) -> Text:
    """What people call a rule; records and JSON hold its name as it is."""
    return Text(rule, _RULES.get(rule, rule))


def objection_said(found: Exclusion) -> str:
    """One objection."""
    rule = rule_name(found.rule).ja
    if found.rule == "context":
        need, have = (re.sub(r"\D", "", words) for words in (found.need, found.have))
        return say(
            f"context: about {need} tokens, reads {have}",
            f"{rule}：約 {need} トークン、読めるのは {have} トークン",
        )
    if found.rule == "clearance":
        return _beyond(found)
    return say(f"{found.rule}: {found.need} ≠ {found.have}", f"{rule}：{_fact(found.need)} ≠ {_fact(found.have)}")


def _beyond(found: Exclusion) -> str:
    """A label, and the most that a model may be given."""
    if found.have == "unknown":  # its zone is
        most = Text("and what it may take is unknown", "受け取れる範囲は不明")
    else:
        most = Text(f"it takes up to {found.have}", f"受け取れるのは {found.have} まで")
    return say(
        f"clearance: the request is {found.need}, {most.en}",
        f"{rule_name(found.rule).ja}：この要求は {found.need}、{most.ja}",
    )


def _fact(words: str) -> str:
    differs = words.removeprefix("differs in ")
    if differs == words:
        return _FACTS.get(words, words)
    return "、".join(WHY_NOT[reason].ja if reason in WHY_NOT else reason for reason in differs.split(", "))
