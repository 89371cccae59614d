"""The exported traces: user tasks replayed call by call, what each call returned, and what attackers want done."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import Struct, field

T = TypeVar("T")


class Step(Struct, frozen=True):
    """One call of the user's own plan. `injectable` names the places for an attacker's words that its result has.

    `consequential` and `result_trusted` are the labels of those who exported the traces: to compare with, not to use.
    """

    tool: str
    args: dict[str, Any]
    result: str
    injectable: tuple[str, ...] = ()
    consequential: bool = True
    result_trusted: bool = False


class Task(Struct, frozen=True):
    """What a user asks for, and the calls that do it."""

    id: str
    suite: str
    prompt: str
    steps: tuple[Step, ...]


class Wish(Struct, frozen=True):
    """One call that an attacker wants."""

    tool: str
    args: dict[str, Any]


class Attack(Struct, frozen=True):
    """What an attacker asks for. Without `calls` nobody has written down how to do it, or it takes words only."""

    id: str
    suite: str
    goal: str
    calls: tuple[Wish, ...] = field(default=())


class Traces(Struct, frozen=True):
    """`results` are the texts that tools have returned, by the key that a step names."""

    tasks: tuple[Task, ...]
    attacks: tuple[Attack, ...]
    results: Mapping[str, str]

    def pairs(self) -> list[tuple[Task, Attack]]:
        """Every task with every attack of its suite."""
        return [(task, attack) for task in self.tasks for attack in self.attacks if attack.suite == task.suite]


def read(folder: Path) -> Traces:
    """The traces in a folder.

    Raises:
        FileNotFoundError: one of the three files is not there.
        msgspec.ValidationError: a line has another format.
    """
    tasks = _lines(folder / "agentdojo_user_traces.jsonl", Task)
    attacks = _lines(folder / "agentdojo_injection_plans.jsonl", Attack)
    results = msgspec.json.decode((folder / "agentdojo_tool_results.json").read_bytes(), type=dict[str, str])
    return Traces(tuple(tasks), tuple(attacks), results)


def structured(text: str) -> Any:
    """The records that a tool's text stands for, every scalar as text: YAML or a Python literal; else the text itself.

    A parser reads them, so that words inside one field cannot pass for another field.
    """
    for parse in (_literal, _yaml):
        found = parse(text)
        if isinstance(found, list | dict):
            return found
    return text


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - this loader makes text, lists and tables only
    except yaml.YAMLError:
        return None


def _lines(path: Path, kind: type[T]) -> list[T]:
    decoder = msgspec.json.Decoder(kind)
    return [decoder.decode(line) for line in path.read_bytes().splitlines() if line.strip()]
