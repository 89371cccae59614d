"""The key that commands on this machine use, kept in the data directory for its owner alone."""

from pathlib import Path

from kyozon.domain.errors import MissingPiece, Unauthenticated
from kyozon.domain.language import Text
from kyozon.services.keys import KeyService, NewKey

NAME = "command line"


def _file(data_dir: Path) -> Path:
    return data_dir / "cli.key"


def read_key(data_dir: Path) -> str:
    """The secret; raises `MissingPiece` where the server has not been started here yet."""
    try:
        return _file(data_dir).read_text("ascii").strip()
    except OSError as error:
        raise MissingPiece(
            Text(
                f"no key for the command line in {data_dir}: start the server once with kyozon up, or set KYOZON_API_KEY.",
                f"{data_dir} にコマンド用のキーがありません。"
                "kyozon up で一度起動するか、KYOZON_API_KEY を設定してください。",
            )
        ) from error


async def ensure_key(data_dir: Path, keys: KeyService) -> None:
    """Write a key if there is none that still works."""
    file = _file(data_dir)
    try:
        await keys.authenticate(file.read_text("ascii").strip() if file.exists() else None)
    except Unauthenticated:
        _, secret = await keys.issue(NewKey(name=NAME, admin=True))
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text(secret, "ascii")
