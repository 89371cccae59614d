from typing import Any

import pytest

from kyozon.cli.asking import _print


def told(kind: str, on_their_way: int) -> dict[str, Any]:
    return {
        "answer": "The documents hold no answer.",
        "kind": kind,
        "sources": [],
        "searched": ["leave"],
        "collections": [{"id": "vs_1", "name": "Rules"}],
        "decision": None,
        "on_their_way": on_their_way,
    }


def test_a_refusal_says_that_documents_are_still_on_their_way(capsys: pytest.CaptureFixture[str]) -> None:
    _print(told("refused", 10))
    assert "Documents still on their way: 10." in capsys.readouterr().out


@pytest.mark.parametrize(("kind", "on_their_way"), [("refused", 0), ("answered", 10)])
def test_nothing_is_said_where_all_is_there_or_an_answer_was_found(
    capsys: pytest.CaptureFixture[str], kind: str, on_their_way: int
) -> None:
    _print(told(kind, on_their_way))
    assert "on their way" not in capsys.readouterr().out
