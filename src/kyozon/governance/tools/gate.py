"""The gate before every tool: allowed, needs a person's approval, or denied, with the objections.

Whether untrusted words may have decided a call is read from labels, which come from where each part of the call is from.
No text is compared with any other: that a word stands in the prompt, too, does not say that it comes from there.

What a person may look at and approve: that untrusted data had a say (`control`, `argument`), and what the tool's owner
wants to see each time (`asks`). What no approval opens: data bound for a zone that is not cleared for it (that takes a
grant), a release that untrusted words have started or worded, a tool that nobody has declared, a call made before.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from kyozon.domain.decisions import Objection
from kyozon.domain.labels import Integrity, Label, Zone
from kyozon.domain.language import Text
from kyozon.domain.tools import Call, Part, Tool, Verdict, Worded, untrusted
from kyozon.governance.flow import may_flow
from kyozon.governance.tools.release import may_release
from kyozon.governance.tools.session import Session

MOST_BITS = 4.0
"""How much conditions over untrusted values may choose about one call before a person is asked."""
_FINAL = frozenset({"tool", "session", "reference", "release", "flow"})

Outcome = Literal["allowed", "needs_approval", "denied"]


def judge(call: Call, tool: Tool | None, zones: Mapping[str, Zone], session: Session) -> Verdict:
    """Whether this call may be made in this session; `tool` is None where nobody has declared one of that name."""
    objections = tuple(_objections(call, tool, zones, session))
    final = any(objection.rule in _FINAL for objection in objections)
    outcome: Outcome = "denied" if final else "needs_approval" if objections else "allowed"
    sha256, bits = arguments_sha256(call, session), sum(branch.bits for branch in call.branches)
    return Verdict(outcome, objections, _carried(call, session), sha256, bits)


def arguments_sha256(call: Call, session: Session) -> str:
    """SHA-256 of the arguments as they would be passed on, each with what it is made of, in one canonical form."""
    made = {name: [_shown(part, session) for part in parts] for name, parts in call.arguments.items()}
    text = json.dumps(made, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _objections(call: Call, tool: Tool | None, zones: Mapping[str, Zone], session: Session) -> Iterator[Objection]:
    if tool is None or tool.name != call.tool:
        yield _undeclared(call)
        return
    if call.session != session.id or call.id in session.done:
        yield _not_here(call)
    for name, parts in call.arguments.items():
        if not all(session.holds(part) for part in parts):
            yield _empty_reference(call, name)
    if tool.consequential:
        yield from _consequences(call, tool, zones, session)


def _consequences(call: Call, tool: Tool, zones: Mapping[str, Zone], session: Session) -> Iterator[Objection]:
    control, carried = _control(call, session), _carried(call, session)
    if tool.releases and (found := may_release(control, _wording(call, tool, session))) is not None:
        yield found
    if tool.zone is not None and not may_flow(carried, zones.get(tool.zone)):
        yield _not_cleared(call, carried, tool.zone, zones.get(tool.zone))
    if untrusted(control):
        yield _decided(call, session)
    for name, parts in call.arguments.items():
        if tool.decides(name) and any(untrusted(session.part_label(part)) for part in parts):
            yield _argument(call, name)
    if tool.asks:
        yield _asked(call)


def _control(call: Call, session: Session) -> Label:
    """The label of what has decided that the call is made; under `strict` all that was read until now."""
    label = call.control.join(session.context) if session.policy == "strict" else call.control
    few = session.policy == "fields" and sum(branch.bits for branch in call.branches) <= MOST_BITS
    for branch in call.branches:
        condition = session.label(branch.value)
        label = label.join(Label(condition.level, condition.compartments, Integrity.TRUSTED) if few else condition)
    return label


def _carried(call: Call, session: Session) -> Label:
    """The label of all that leaves with a call: its arguments, and that it is made at all."""
    label = _control(call, session)
    for parts in call.arguments.values():
        for part in parts:
            label = label.join(session.part_label(part))
    return label


def _wording(call: Call, tool: Tool, session: Session) -> Label:
    """The label of what a release says: its words and what settles it, but not the data that it is about."""
    label = call.control
    for name, parts in call.arguments.items():
        for part in parts:
            if isinstance(part, Worded) or tool.decides(name):
                label = label.join(session.part_label(part))
    return label


def _shown(part: Part, session: Session) -> list[Any]:
    if isinstance(part, Worded):
        return ["worded", part.content]
    return ["reference", part.value, part.field, part.record, session.content(part) if session.holds(part) else None]


def _undeclared(call: Call) -> Objection:
    return Objection(
        "tool",
        "a declaration",
        "none",
        Text(
            f"nobody has declared a tool {call.tool}: say what it does and where its arguments go before it is used.",
            f"ツール {call.tool} は宣言されていません。何をするか、引数がどこへ渡るかを宣言してから使ってください。",
        ),
    )


def _not_here(call: Call) -> Objection:
    return Objection(
        "session",
        "a new call of this session",
        call.id,
        Text(
            f"call {call.id} has been made already, or was worded in another session: make a new call here.",
            f"呼び出し {call.id} は実行済みか、別のセッションで作られたものです。"
            "このセッションで新しい呼び出しを作ってください。",
        ),
    )


def _not_cleared(call: Call, carried: Label, name: str, zone: Zone | None) -> Objection:
    have = str(zone.clearance) if zone is not None else "unknown"
    return Objection(
        "flow",
        str(carried),
        have,
        Text(
            f"the call of {call.tool} carries data labelled {carried}, and zone {name} is cleared for {have} only. Leave "
            "that data out, or have a person release it.",
            f"{call.tool} の呼び出しはラベル {carried} のデータを含みますが、ゾーン {name} の許可は {have} までです。"
            "そのデータを除くか、担当者に開示を許可してもらってください。",
        ),
    )


def _empty_reference(call: Call, name: str) -> Objection:
    return Objection(
        "reference",
        "a value of this session",
        name,
        Text(
            f"argument {name} of {call.tool} refers to a value that this session does not hold.",
            f"{call.tool} の引数 {name} が参照する値は、このセッションにありません。",
        ),
    )


def _decided(call: Call, session: Session) -> Objection:
    read = "anything untrusted was read" if session.policy == "strict" else "untrusted words had a say in it"
    return Objection(
        "control",
        Integrity.TRUSTED,
        Integrity.UNTRUSTED,
        Text(
            f"{call.tool} would act after {read}. A person has to look at this call and approve it.",
            f"{call.tool} は、信頼できない内容を読んだ後の、その影響を受けうる操作です。"
            "担当者がこの呼び出しを確認して承認する必要があります。",
        ),
    )


def _argument(call: Call, name: str) -> Objection:
    return Objection(
        "argument",
        f"{name}: {Integrity.TRUSTED.value}",
        f"{name}: {Integrity.UNTRUSTED.value}",
        Text(
            f"{name} decides what {call.tool} does, and comes from untrusted words. A person has to check it and approve "
            "this call; or take it from the prompt, or from a field that the tool's own system mints.",
            f"{name} は {call.tool} の動作を決める引数ですが、信頼できない内容に由来します。担当者が確認して承認するか、"
            "依頼文、またはシステム自身が発行する項目から取ってください。",
        ),
    )


def _asked(call: Call) -> Objection:
    return Objection(
        "asks",
        "an approval",
        "none",
        Text(
            f"{call.tool} is used with a person's approval only.",
            f"{call.tool} の使用には担当者の承認が必要です。",
        ),
    )
