"""The command `kyozon`: every module of this package that has `commands` adds them."""

import importlib
import pkgutil
from typing import Any

import click

import kyozon
from kyozon.cli.help_columns import StraightColumns
from kyozon.cli.mistakes import mistakes_told
from kyozon.cli.speech import say, speak

speak()
click.Context.formatter_class = StraightColumns


class _Root(click.Group):
    """Every command."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the options before the command."""
        with mistakes_told():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; who answers no to a question is told so in the language of the question."""
        try:
            with mistakes_told():
                return super().invoke(ctx)
        except click.Abort:
            click.echo(say("Stopped.", "中止しました。"), err=True)
            ctx.exit(1)


@click.group(
    cls=_Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=say(
        "One endpoint for the language models you run and the models you rent.",
        "自分で動かす言語モデルと、借りて使う言語モデルを、一つの窓口で。",
    ),
)
@click.version_option(kyozon.__version__, prog_name="kyozon")
def main() -> None:
    """The root of all commands."""


def _discover() -> None:
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        for command in getattr(importlib.import_module(module.name), "commands", ()):
            main.add_command(command)


_discover()
