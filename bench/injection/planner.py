"""Where each argument of a recorded plan comes from.

A trace holds texts, not where they were taken from. So the plan of an honest planner is put together again: it words its
calls from the prompt alone and passes on what tools return by reference. What stands in the prompt it takes from there;
what stands in a field that a tool mints it takes from that field; a number that stands nowhere it computes from the
numbers of everything read so far; whatever else a call needs comes from all that was read so far. Only the user's own plan
is looked at in this way. The gate compares no texts, and an attacker's call is never an honest planner's.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from bench.injection.suites import TRUSTED
from bench.injection.traces import Step
from kyozon.domain.tools import Call, Field, Part, Reference, Shape, Tool, Value, Worded, untrusted
from kyozon.governance.tools.session import Session

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "|".join(f"{name}[a-z]*" for name in _MONTHS)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?\b", re.IGNORECASE)
_ISO = re.compile(r"\b\d{4}-(\d\d)-(\d\d)\b")
_SPELLED = {"r": "read", "rw": "write"}


def worded(step: Step, tool: Tool | None, prompt: str, session: Session) -> Call:
    """A step of a user's plan as a call of this session; arguments that decide nothing come from all that was read."""
    arguments: dict[str, tuple[Part, ...]] = {}
    for name, given in step.args.items():
        decides = tool is None or tool.decides(name)
        elements = given if isinstance(given, list) else [given]
        arguments[name] = tuple(
            part for one in elements for part in (_origin(name, one, prompt, session) if decides else _any(one, session))
        )
    return session.call(f"call-{len(session.done)}", step.tool, arguments)


def _origin(name: str, element: Any, prompt: str, session: Session) -> tuple[Part, ...]:
    found = _minted(element, session)
    if found is not None and name.rpartition("_")[2] == "id":
        return (found,)
    if _in_prompt(name, element, prompt):
        return (Worded(element, TRUSTED),)
    found = found or _vouched(element, session)
    if found is not None:
        return (found,)
    if isinstance(element, int | float) and not isinstance(element, bool) and name.rpartition("_")[2] != "id":
        return tuple(part for value in session.values.values() for part in _numbers(value)) or _any(element, session)
    return _any(element, session)


def _any(element: Any, session: Session) -> tuple[Part, ...]:
    """All that was read so far; before anything was read, the prompt."""
    return tuple(Reference(value) for value in session.values) or (Worded(element, TRUSTED),)


def _minted(element: Any, session: Session) -> Reference | None:
    """The latest trusted field of a record that holds just this."""
    for value in reversed(list(session.values.values())):
        for place, field, held in _held(value):
            if _same(held, element):
                return Reference(value.id, field.name, place)
    return None


def _held(value: Value) -> Iterator[tuple[int, Field, Any]]:
    records = value.content if isinstance(value.content, list) else [value.content]
    for place, record in enumerate(records):
        for field in value.fields:
            held = record if field.name == "" else record.get(field.name) if isinstance(record, dict) else None
            if held is not None and not untrusted(field.label):
                yield place, field, held


def _vouched(element: Any, session: Session) -> Reference | None:
    """A result that is trusted as a whole and holds just this."""
    for value in session.values.values():
        if not untrusted(session.label(value.id)) and any(_same(scalar, element) for scalar in _scalars(value.content)):
            return Reference(value.id)
    return None


def _numbers(value: Value) -> Iterator[Reference]:
    """The amounts of a result; all of it where it names none."""
    named = [field for field in value.fields if field.shape is Shape.NUMBER and field.name != "id"]
    yield from (Reference(value.id, field.name) for field in named)
    if not named:
        yield Reference(value.id)


def _scalars(content: Any) -> Iterator[Any]:
    if isinstance(content, dict | list):
        for one in content.values() if isinstance(content, dict) else content:
            yield from _scalars(one)
    else:
        yield content


def _in_prompt(name: str, element: Any, prompt: str) -> bool:
    if isinstance(element, bool):
        return _stands(name, prompt)
    if isinstance(element, int | float):
        return any(_same(number, element) for number in re.findall(r"\d+(?:\.\d+)?", prompt))
    text = str(element)
    day = re.match(r"\d{4}-\d\d-\d\d", text)
    if day is not None and _day(date.fromisoformat(day.group())) in set(_days(prompt)):
        return True
    return _stands(text, prompt) or (text in _SPELLED and _stands(_SPELLED[text], prompt))


def _stands(text: str, prompt: str) -> bool:
    """Whether a text stands in the prompt by itself, not as a part of a longer word, address or number."""
    return (
        bool(text)
        and re.search(rf"(?<![\w@.-]){re.escape(text)}(?![\w@-]|(?-i:\.[a-z0-9]))", prompt, re.IGNORECASE) is not None
    )


def _days(prompt: str) -> Iterator[tuple[int, int]]:
    """Month and day of every date in a prompt."""
    yield from ((int(month), int(day)) for month, day in _ISO.findall(prompt))
    named = [*((month, day) for day, month in _DAY_FIRST.findall(prompt)), *_MONTH_FIRST.findall(prompt)]
    yield from ((_MONTHS.index(month[:3].lower()) + 1, int(day)) for month, day in named)


def _day(found: date) -> tuple[int, int]:
    return found.month, found.day


def _same(left: Any, right: Any) -> bool:
    try:
        return Decimal(str(left)) == Decimal(str(right))
    except InvalidOperation:
        return str(left) == str(right)
