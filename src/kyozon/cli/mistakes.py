"""Mistakes in a command, where click's own sentence is not as its language sets it, or guesses what nobody meant."""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import click

from kyozon.cli.speech import language, say


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Raises what click finds wrong with a command in our words, where we have them."""
    try:
        yield
    except click.UsageError as error:
        words = _words(error)
        if words is None:
            raise
        raise click.UsageError(words, error.ctx) from error


def _words(error: click.UsageError) -> str | None:
    guesses: list[str] | None = getattr(error, "possibilities", None)  # of a command only since click 8.4
    if guesses:
        return error.message + _near(getattr(error, "option_name", "") or getattr(error, "command_name", ""), guesses)
    if isinstance(error, click.MissingParameter) and error.param is not None and language() == "ja":
        hint = error.param.get_error_hint(error.ctx)
        return error.format_message().replace(f"： {hint}.", f"：{hint}。").replace("。 ", "。")
    return None


def _near(name: str, guesses: list[str]) -> str:
    """What may have been meant. The hyphens, which all options share, make none like another."""
    found = [f"'{one}'" for one in sorted(guesses) if get_close_matches(name.lstrip("-"), [one.lstrip("-")])]
    return say(f" Did you mean {' or '.join(found)}?", f"（もしかして：{'、'.join(found)}）") if found else ""
