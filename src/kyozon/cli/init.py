"""`kyozon init`: a commented kyozon.toml."""

from importlib import resources
from pathlib import Path

import click

from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json
from kyozon.cli.speech import language, say
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text


@click.command(help=say("Write a commented kyozon.toml.", "注釈付きの kyozon.toml を書き出します。"))
@click.argument("path", type=click.Path(path_type=Path), default=Path("kyozon.toml"))
@click.option("--force", is_flag=True, help=say("Overwrite the file.", "既存のファイルを上書きします。"))
@installation
def init(target: Target, path: Path, force: bool) -> None:  # noqa: FBT001 - click's way
    """Write the template in the reader's language."""
    name = "kyozon.template.ja.toml" if language() == "ja" else "kyozon.template.toml"
    if path.exists() and not force:
        raise InvalidRequest(
            Text(
                f"{path} exists already; --force overwrites it.",
                f"{path} は既にあります。上書きするには --force を付けてください。",
            )
        )
    path.write_text(resources.files("kyozon").joinpath(name).read_text("utf-8"), "utf-8")
    if target.as_json:
        print_json({"written": str(path)})
    else:
        out.print(
            say(
                f"Wrote {path}. Everything in it is optional; uncomment what you need, then: kyozon up",
                f"{path} を書き出しました。すべて任意です。必要な行の注釈を外してから kyozon up を実行してください。",
            )
        )


commands = [init]
