"""What one agent run has read and holds. A session is a value: every step gives a new one, so no two can share a label.

An agent that wants to act on untrusted data words its calls first, then lets the results pass by reference: `call`, `kept`.
One that reads a result (`read`) taints every word that it says after it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from kyozon.domain.labels import Integrity, Label, Level
from kyozon.domain.tools import Branch, Call, Field, Part, Reference, Tool, ToolPolicy, Value, Worded
from kyozon.governance.tools.shapes import fits


class Session(Struct, frozen=True):
    """`context` joins the labels of all that the model which words the calls has read; `done` are the calls made so far."""

    id: str
    policy: ToolPolicy
    policy_version: str
    context: Label
    values: Mapping[str, Value] = {}
    done: frozenset[str] = frozenset()

    def worded(self, content: Any) -> Worded:
        """What the model says now: it carries the whole context (P3)."""
        return Worded(content, self.context)

    def call(self, call_id: str, tool: str, arguments: Mapping[str, Part | Sequence[Part]]) -> Call:
        """A call worded now, to be made now or later: what is read afterwards has had no say in it."""
        parts = {
            name: (given,) if isinstance(given, Worded | Reference) else tuple(given) for name, given in arguments.items()
        }
        return Call(call_id, self.id, tool, parts, self.context)

    def chosen(self, call: Call, value: str, options: int = 2) -> Call:
        """The call, which a condition over a value has chosen among `options` worded before."""
        return structs.replace(call, branches=(*call.branches, Branch(value, options)))

    def kept(self, value: Value) -> "Session":
        """The session that holds a value, unread."""
        return structs.replace(self, values={**self.values, value.id: value})

    def read(self, value_id: str) -> "Session":
        """The session whose model has read a value."""
        return structs.replace(self, context=self.context.join(self.label(value_id)))

    def raised(self, value_id: str, label: Label) -> "Session":
        """The session in which a value is labelled at least so, its fields, too, and with it all that comes from it."""
        value = self.values[value_id]
        fields = tuple(structs.replace(field, label=field.label.join(label)) for field in value.fields)
        return self.kept(structs.replace(value, label=value.label.join(label), fields=fields))

    def made(self, call: Call) -> "Session":
        """The session in which a call has been made; no approval lets it be made twice."""
        return structs.replace(self, done=self.done | {call.id})

    def label(self, value_id: str) -> Label:
        """The label of a value as it is now: its own and its sources' (P4). A value nobody holds is as bad as can be."""
        label, seen, left = None, {value_id}, [value_id]
        while left:
            value = self.values.get(left.pop())
            own = value.label if value is not None else Label()
            label = own if label is None else label.join(own)
            left += (value.sources if value is not None else frozenset()) - seen
            seen |= set(left)
        return label or Label()

    def part_label(self, part: Part) -> Label:
        """The label of a part of an argument, by the session's policy."""
        if isinstance(part, Worded):
            return part.label.join(self.context) if self.policy == "strict" else part.label
        whole = self.label(part.value)
        field = self._field(part) if self.policy == "fields" else None
        if field is None:
            return whole.join(self.context) if self.policy == "strict" else whole
        label = field.label
        for source in self.values[part.value].sources:
            label = label.join(self.label(source))
        integrity = field.label.integrity if self._fits(part, field) else Integrity.UNTRUSTED
        return structs.replace(label, integrity=integrity)

    def content(self, part: Part) -> Any:
        """What a part that the session `holds` stands for; of a field of all records the list of them."""
        if isinstance(part, Worded):
            return part.content
        value = self.values[part.value]
        if part.field is None:
            return value.content
        found = [_look(record, part.field) for record in _records(value.content)]
        return found if part.record is None else found[part.record]

    def holds(self, part: Part) -> bool:
        """Whether a part stands for anything: its value is held, its record is there and has that field."""
        if isinstance(part, Worded):
            return True
        value = self.values.get(part.value)
        if value is None or part.field is None:
            return value is not None
        records = _records(value.content)
        chosen = records if part.record is None else records[part.record : part.record + 1] if part.record >= 0 else []
        return bool(chosen) and all(_look(record, part.field) is not None for record in chosen)

    def _field(self, part: Reference) -> Field | None:
        value = self.values.get(part.value)
        found = [field for field in value.fields if field.name == part.field] if value is not None else []
        return found[0] if found else None

    def _fits(self, part: Reference, field: Field) -> bool:
        if not self.holds(part):
            return False
        content = self.content(part)
        return all(fits(one, field.shape) for one in (content if part.record is None else [content]))


def result(session: Session, tool: Tool, call: Call, content: Any, supplied: Label | None = None) -> Value:
    """What a call has brought, under the call's id (P4, P5).

    Its own label joins the tool's declared one, that of the words in the arguments, and what the tool itself says of it:
    a tool's own word may raise the label, never lower it. Values passed by reference stay its sources.
    """
    parts = [part for parts in call.arguments.values() for part in parts]
    asked = Label(Level.PUBLIC, integrity=Integrity.TRUSTED)
    for part in parts:
        if isinstance(part, Worded):
            asked = asked.join(session.part_label(part))
    sources = frozenset(part.value for part in parts if isinstance(part, Reference))
    # Who asks has no say in what the tool's system mints, only in which records come back.
    minted = Label(asked.level, asked.compartments, Integrity.TRUSTED)
    label = tool.result.join(asked)
    if supplied is not None:
        minted, label = minted.join(supplied), label.join(supplied)
    fields = tuple(structs.replace(field, label=field.label.join(minted)) for field in tool.fields)
    return Value(call.id, content, label, sources, fields)


def _records(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]


def _look(record: Any, field: str) -> Any:
    if field == "":
        return record
    return record.get(field) if isinstance(record, dict) else None
