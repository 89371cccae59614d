"""Sizes, without a list of exceptions: what grows beyond them is split."""

import ast
import io
import tokenize
from collections.abc import Iterator

from tests.house.tree import parsed, python_files, short

FILE_LINES = 500
FUNCTION_LINES = 60
PARAMETERS = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, Function):
                yield f"{short(path)}:{node.lineno} {node.name}", node


def length(function: Function) -> int:
    """Lines from the first decorator to the end, the docstring left out."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    lines = (function.end_lineno or first) - first + 1
    opening = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (opening.end_lineno or opening.lineno) - opening.lineno + 1
    return lines


def parameters(function: Function) -> int:
    """How many arguments a caller may give; `self` and `cls` are no choice of the caller's."""
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def test_no_file_is_longer_than_its_reader_can_hold() -> None:
    lengths = {short(path): len(path.read_text("utf-8").splitlines()) for path in python_files()}

    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    assert {name: length(function) for name, function in functions() if length(function) > FUNCTION_LINES} == {}


def test_no_function_asks_for_more_than_six_things() -> None:
    found = {name: parameters(function) for name, function in functions()}

    assert {name: count for name, count in found.items() if count > PARAMETERS} == {}


def test_every_exception_from_a_rule_names_the_rule() -> None:
    bare = []
    for path in python_files():
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            comment = token.string.replace(" ", "")
            if token.type == tokenize.COMMENT and (
                ("#noqa" in comment and "#noqa:" not in comment)
                or ("#type:ignore" in comment and "#type:ignore[" not in comment)
                or "ruff:noqa" in comment
            ):
                bare.append(f"{short(path)}:{token.start[0]}")

    assert bare == []
