"""Small functions on literals are evaluated as Python would; whatever is more than that is left alone, soon."""

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.routing.verifying.allowed import Unknown
from kyozon.routing.verifying.evaluating import evaluate
from kyozon.routing.verifying.final import final_answer
from kyozon.routing.verifying.recomputing import recomputing

_FUNCTIONS = """
def turned(text):
    found = []
    for place, letter in enumerate(text):
        if letter.isdigit():
            continue
        found.insert(0, letter.upper() if place % 2 == 0 else letter)
    return ''.join(found)

def counted(words, least=2):
    seen = {}
    for word in words:
        seen[word] = seen.get(word, 0) + 1
    return sorted([word for word, often in seen.items() if often >= least], reverse=True)

def folded(numbers):
    total, place = 0, 0
    while True:
        if place >= len(numbers):
            break
        total += numbers[place] ** 2 if numbers[place] > 0 else -numbers[place]
        place += 1
    else:
        total = -1
    return total, numbers[::-1], {number // 2 for number in numbers}

def chained(number):
    return 1 if number <= 1 else number * chained(number - 1)

def changed(numbers):
    for number in numbers:
        if number > 2:
            numbers.remove(number)
    del numbers[0]
    return f"{len(numbers)} left: {numbers}"
"""


def _value(code: str, asked: str) -> object:
    return evaluate(ast.parse(code), ast.parse(asked, mode="eval").body)


def _python(asked: str) -> object:
    names: dict[str, object] = {}
    exec(_FUNCTIONS, names)  # noqa: S102 - the functions above
    return eval(asked, names)  # noqa: S307 - calls of them, made below


@given(
    st.one_of(
        st.text("abC1 ", max_size=8).map(lambda text: f"turned({text!r})"),
        st.lists(st.sampled_from("ab"), max_size=6).map(lambda words: f"counted({words!r}, least=1)"),
        st.lists(st.integers(-9, 9), max_size=5).map(lambda numbers: f"folded({numbers!r})"),
        st.integers(0, 8).map(lambda number: f"chained({number})"),
        st.lists(st.integers(0, 5), min_size=1, max_size=6).map(lambda numbers: f"changed([0] + {numbers!r})"),
    )
)
def test_gives_what_python_gives(asked: str) -> None:
    assert _value(_FUNCTIONS, asked) == _python(asked)


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    while True:\n        pass",
        "def f():\n    return f()",
        "def f():\n    a = [0]\n    for i in range(100):\n        a = [a, a]\n    return str(a)",
        "def f():\n    a = (0,)\n    for i in range(100):\n        a = (a, a)\n    return {a: 1}",
        "def f():\n    a = [1]\n    a.append(a)\n    return a == a",
        "def f():\n    a = 'x'\n    for i in range(60):\n        a = a + a\n    return a",
        "def f():\n    return 'x' * 10**9",
        "def f():\n    return list(range(10**9))",
        "def f():\n    return 9 ** 9 ** 9",
        "def f():\n    return 'x'.ljust(10**9)",
        "def f():\n    return ('x' * 5000).join(['y' * 100] * 100)",
        "def f():\n    return ('x' * 9000).replace('x', 'yy' * 4000)",
        "def f():\n    return '%1000000000d' % 1",
        "def f():\n    return f'{1:1000000000d}'",
        "def f():\n    return '{0.__class__}'.format(1)",
        "def f():\n    return ().__class__",
        "def f():\n    return open('/etc/passwd')",
        "def f():\n    return __import__('os')",
        "def f():\n    import os",
        "def f():\n    return eval('1')",
        "def f():\n    return str({'a', 'b'})",
        "def f(a=[]):\n    return a",
        "def f():\n    return 1 / 0",
        "def f():\n    return 1000 is 1000",
        "def f():\n    return lambda: 1",
    ],
)
def test_leaves_alone_what_is_more(code: str) -> None:
    with pytest.raises(Unknown):
        _value(code, "f()")


@given(st.text(max_size=80), st.sampled_from(["assert {} == ??", "print({})"]))
def test_never_raises_anything_else(text: str, asked: str) -> None:
    prompt = f"def f(x):\n    return x\n{asked.format(text)}\n"
    assert set(recomputing(prompt, final_answer(text))) == {"recomputed result agrees"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [('{"answer": "[2, 1]"}', 1.0), ('{"answer": "[1, 2]"}', 0.0), ("The result is nothing", 0.0)],
)
def test_holds_an_answer_against_the_code(answer: str, expected: float) -> None:
    prompt = "What is it?\ndef f(numbers):\n    return numbers[::-1]\nassert f([1, 2]) == ??\n"
    assert recomputing(prompt, final_answer(answer))["recomputed result agrees"] == expected


def test_abstains_without_code() -> None:
    assert math.isnan(recomputing("What is f(2)?", final_answer("4"))["recomputed result agrees"])
