"""How commands call the running server: with the key of the command line, or the one in KYOZON_API_KEY."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from kyozon.bootstrap.run_file import running_address
from kyozon.cli.local_key import read_key
from kyozon.cli.options import Target
from kyozon.cli.speech import language
from kyozon.domain.errors import CallerError, KyozonError, MissingPiece, WorldFailure
from kyozon.domain.language import Text

_TIMEOUT = 60
_SERVERS_FAILURE = 500


def call(target: Target, method: str, path: str, body: dict[str, Any] | None = None, seconds: float = _TIMEOUT) -> Any:
    """What the server answers; raises its own words as `CallerError` or `WorldFailure`, `MissingPiece` where none runs."""
    data_dir = target.settings().data_dir
    url = f"{os.environ.get('KYOZON_URL') or address_of(data_dir)}{path}"
    headers = {
        "authorization": f"Bearer {os.environ.get('KYOZON_API_KEY') or read_key(data_dir)}",
        "content-type": "application/json",
        "accept-language": language(),
    }
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, sent, headers, method=method)  # noqa: S310 - the operator's own URL
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        raise failed(error) from error
    except urllib.error.URLError as error:
        raise not_running(str(error.reason)) from error


def address_of(data_dir: Path) -> str:
    """Where the server of a data directory listens; raises `MissingPiece`."""
    found = running_address(data_dir)
    if found is None:
        raise not_running(str(data_dir))
    return found


def not_running(detail: str) -> MissingPiece:
    """No server answers."""
    return MissingPiece(
        Text(
            f"no server answers ({detail}). Start one with kyozon up, or name one in KYOZON_URL.",
            f"サーバーが応答しません（{detail}）。kyozon up で起動するか、KYOZON_URL で指定してください。",
        )
    )


def failed(error: urllib.error.HTTPError) -> KyozonError:
    """The server's own words, which are in the caller's language already, and where to read why."""
    text = _message(error.read())
    if decision := error.headers.get("x-kyozon-decision"):
        text += f"\n  kyozon explain {decision}"
    kind = WorldFailure if error.code >= _SERVERS_FAILURE else CallerError
    return kind(Text(text, text))


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")[:500]
