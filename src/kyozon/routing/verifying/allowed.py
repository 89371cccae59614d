"""What the evaluator lets Python code call: functions and methods that only work on small literals, each weighed before."""

from collections.abc import Callable, Iterable
from typing import Any, Final

_WIDEST = 10_000
_LARGEST = 10**18
_CONTAINERS = (list, tuple, set, dict)


class Unknown(Exception):
    """The code does something that the evaluator does not do, or too much of it."""


class Budget:
    """How many steps and elements may still be touched."""

    def __init__(self, left: int) -> None:
        """`left` is a count; each element of a value touched as a whole takes one."""
        self.left = left

    def spend(self, steps: int = 1) -> None:
        """Raises `Unknown` once too much has been done."""
        self.left -= steps
        if self.left < 0:
            raise Unknown("too much work")

    def weigh(self, *values: Any) -> None:
        """Pay for touching these values whole, nested ones included; one that holds itself exhausts any budget."""
        waiting = list(values)
        while waiting:
            value = waiting.pop()
            self.spend(1 + (len(value) // 8 if isinstance(value, str) else 0))
            if isinstance(value, dict):
                waiting += (*value.keys(), *value.values())
            elif isinstance(value, _CONTAINERS):
                waiting += value
            elif isinstance(value, range):
                self.spend(len(value))


def kept(value: Any) -> Any:
    """The value, if it is of a size and kind that code about literals has; raises `Unknown` for others."""
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise Unknown("a number too large")
    if isinstance(value, (str, list, tuple, set, dict)) and len(value) > _WIDEST:
        raise Unknown("a value too long")
    return value


def elements(value: Any, budget: Budget) -> list[Any]:
    """The elements of something that can be walked through; an unordered set of several is not."""
    if not isinstance(value, (str, list, tuple, dict, range, set)) or (isinstance(value, set) and len(value) > 1):
        raise Unknown("not walked through in a certain order")
    budget.spend(len(value))
    return list(value)


def joined(by: str, parts: Iterable[Any]) -> str:
    """`str.join`, of text that is not too long in all."""
    found = list(parts)
    if sum(len(part) + len(by) for part in found) > _WIDEST:
        raise Unknown("a text too long")
    return by.join(found)


def padded(text: str, way: str, width: int, *fill: str) -> str:
    """`str.ljust` and its like, to a width that is not too large."""
    if width > _WIDEST:
        raise Unknown("a text too wide")
    return str(getattr(text, way)(width, *fill))


def replaced(text: str, old: str, new: str, *count: int) -> str:
    """`str.replace`, of which the result is not too long."""
    if (len(text) + 1) * (len(new) + 1) > _WIDEST:
        raise Unknown("a text too long")
    return text.replace(old, new, *count)


def total(values: list[Any], *start: Any) -> Any:
    """`sum` of numbers alone."""
    if not all(isinstance(value, (int, float)) for value in (*values, *start)):
        raise Unknown("a sum of what are no numbers")
    return sum(values, *start)


_PLAIN: Final[dict[str, Callable[..., Any]]] = {
    "len": len, "int": int, "float": float, "str": str, "bool": bool, "abs": abs, "ord": ord, "chr": chr, "round": round,
    "divmod": divmod, "repr": repr, "range": range,
}  # fmt: skip
_WALKING: Final[dict[str, Callable[..., Any]]] = {
    "list": list, "tuple": tuple, "set": set, "dict": dict, "sum": total, "any": any, "all": all, "sorted": sorted,
    "reversed": lambda values: values[::-1], "enumerate": lambda values, start=0: list(enumerate(values, start)),
}  # fmt: skip
_BESTS: Final[dict[str, Callable[..., Any]]] = {"min": min, "max": max}
_TEXT = frozenset((
    "lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "find", "rfind", "index", "rindex", "count",
    "startswith", "endswith", "isdigit", "isalpha", "isalnum", "isupper", "islower", "isspace", "title",
    "capitalize", "swapcase", "casefold", "partition", "rpartition", "splitlines", "removeprefix", "removesuffix",
    "isdecimal", "isnumeric", "istitle", "isidentifier", "isascii",
))  # fmt: skip
_LIST = ("append", "pop", "insert", "remove", "sort", "reverse", "extend", "index", "count", "copy", "clear")
_DICT = ("get", "items", "keys", "values", "pop", "update", "setdefault", "copy", "clear")
_SET = ("add", "remove", "discard", "union", "intersection", "difference", "update", "issubset", "issuperset")
_METHODS: Final[dict[type, frozenset[str]]] = {
    str: _TEXT,
    list: frozenset(_LIST),
    tuple: frozenset(("index", "count")),
    dict: frozenset(_DICT),
    set: frozenset(_SET),
}
_CHEAP = frozenset(("append", "pop", "get"))
_PADS = frozenset(("ljust", "rjust", "center", "zfill"))


def _walked(name: str, value: Any, budget: Budget) -> list[Any]:
    """What a function walks through; two of them give the same for a set in any order."""
    if name in ("set", "sorted") and isinstance(value, set):
        return list(value)
    if name == "dict" and isinstance(value, dict):
        return list(value.items())
    return elements(value, budget)


def call(name: str, arguments: list[Any], named: dict[str, Any], budget: Budget) -> Any:
    """A built-in function; raises `Unknown` for one that is not in the list."""
    if name in _BESTS:
        values = arguments if len(arguments) > 1 else elements(arguments[0], budget)
        budget.weigh(values)
        return _BESTS[name](values, **named)
    if name == "zip":
        return list(zip(*(elements(value, budget) for value in arguments), strict=False))
    if name in _WALKING:
        values = _walked(name, arguments[0], budget) if arguments else []
        budget.weigh(values)
        return kept(_WALKING[name](values, *arguments[1:], **named))
    if name not in _PLAIN:
        raise Unknown(name)
    if name != "len":
        budget.weigh(*arguments)
        if any(isinstance(argument, set) for argument in arguments):
            raise Unknown("the order of a set")
    return kept(_PLAIN[name](*arguments, **named))


def method(owner: Any, name: str, arguments: list[Any], named: dict[str, Any], budget: Budget) -> Any:
    """A method of a literal; raises `Unknown` for one that is not in the list."""
    budget.weigh(*arguments)
    if name not in _CHEAP:
        budget.weigh(owner)
    if isinstance(owner, str) and name == "join":
        return joined(owner, elements(arguments[0], budget))
    if isinstance(owner, str) and name in _PADS:
        return padded(owner, name, *arguments)
    if isinstance(owner, str) and name == "replace":
        return replaced(owner, *arguments)
    if name not in _METHODS.get(type(owner), ()):
        raise Unknown(name)
    found = getattr(owner, name)(*arguments, **named)
    kept(owner)
    return kept(list(found) if type(owner) is dict and name in ("items", "keys", "values") else found)
