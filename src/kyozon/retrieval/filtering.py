"""Whether a document's attributes fulfil a filter, as OpenAI's vector stores read one."""

import operator
from collections.abc import Callable, Mapping

from kyozon.domain.knowledge import Attributes, Comparison, Compound, Filter

_Value = str | float | bool

_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def matches(condition: Filter, attributes: Attributes) -> bool:
    """Whether it holds. What has no such attribute, or one of another kind, is unequal to everything and in no order."""
    if isinstance(condition, Compound):
        held = (matches(one, attributes) for one in condition.filters)
        return all(held) if condition.type == "and" else any(held)
    return _holds(condition, attributes.get(condition.key))


def _holds(condition: Comparison, value: _Value | None) -> bool:
    wanted = condition.value
    several = wanted if isinstance(wanted, tuple) else (wanted,)
    match condition.type:
        case "eq" | "in":
            return any(_same(value, one) for one in several)
        case "ne" | "nin":
            return not any(_same(value, one) for one in several)
        case order:
            return any(_in_order(_ORDER[order], value, one) for one in several)


def _same(value: _Value | None, wanted: _Value) -> bool:
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def _in_order(order: Callable[..., bool], value: _Value | None, wanted: _Value) -> bool:
    """Numbers among themselves, and words among themselves, which is right for dates like `2026-04-01`."""
    if isinstance(value, bool) or isinstance(wanted, bool) or value is None:
        return False
    return isinstance(value, str) == isinstance(wanted, str) and order(value, wanted)
