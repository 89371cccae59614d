"""The command `kyozon`: every module of this package that has `commands` adds them."""

import importlib
import pkgutil

import click

import kyozon
from kyozon.cli.speech import say


@click.group(
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
