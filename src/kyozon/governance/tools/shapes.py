"""Whether a field looks as its declaration says. What does not is free text, and free text is never trusted."""

import re
from typing import Any

from kyozon.domain.tools import Shape

_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,9})?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
# One word, without blanks and no longer than an IBAN or a UUID: a name for a record, no room for an order.
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:#-]{0,39}", re.ASCII)
_FLAGS = ("true", "false", "yes", "no")


def fits(content: Any, shape: Shape) -> bool:
    """Whether a bare value has the shape; a list or a table never does."""
    if not isinstance(content, str | int | float | bool):
        return False
    text = str(content)
    if shape is Shape.FLAG:
        return text.lower() in _FLAGS
    patterns = {Shape.NUMBER: _NUMBER, Shape.TIME: _TIME, Shape.IDENTIFIER: _IDENTIFIER}
    return patterns[shape].fullmatch(text) is not None
