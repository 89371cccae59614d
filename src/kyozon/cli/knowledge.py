"""`kyozon knowledge`: how well one's own documents answer, and whether a change has made that better or worse."""

from pathlib import Path

import click

from kyozon.cli.speech import say
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.refused_by_system import reason_of

COLLECTION = click.option(
    "--collection", "-c", required=True, metavar="NAME", help=say("Its name or id.", "名前または ID。")
)


@click.group(
    help=say(
        "How well your documents answer: measured with questions of your own.",
        "手元の文書でどれだけ答えられるかを、自分の質問で測定します。",
    )
)
def knowledge() -> None:
    """The group."""


def read(path: Path) -> bytes:
    """Raises `InvalidRequest` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidRequest(
            Text(
                f"cannot read {path}: {reason_of(error).en}. Check the path.",
                f"{path} を読み取れません（{reason_of(error).ja}）。パスを確認してください。",
            )
        ) from error


def write(path: Path, text: bytes) -> None:
    """Raises `InvalidRequest` where it cannot be written."""
    try:
        path.write_bytes(text)
    except OSError as error:
        raise InvalidRequest(
            Text(
                f"cannot write {path}: {reason_of(error).en}. Check the path.",
                f"{path} に書き込めません（{reason_of(error).ja}）。パスを確認してください。",
            )
        ) from error


commands = [knowledge]
