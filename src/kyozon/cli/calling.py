"""How commands call the running server: with the key of the command line, or the one in KYOZON_API_KEY."""

import http.client
import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from kyozon.bootstrap.run_file import running_address
from kyozon.cli.local_key import read_key
from kyozon.cli.options import Target
from kyozon.cli.speech import language
from kyozon.domain.errors import CallerError, InvalidRequest, KyozonError, MissingPiece, WorldFailure
from kyozon.domain.language import Text
from kyozon.domain.refused_by_system import reason_of

_TIMEOUT = 60
_UPLOAD_TIMEOUT = 600
_PIECE = 1 << 20
_SERVERS_FAILURE = 500
NO_HEADERS: Mapping[str, str] = {}


class Form(Struct, frozen=True):
    """Fields of a form, and the file that is sent as `file` under a name."""

    fields: tuple[tuple[str, str], ...]
    file: Path
    filename: str


class _Attentive(http.client.HTTPConnection):
    """Reads what the server answers, too, where it hung up before it had heard all of a body that it refused."""

    def request(self, *request: Any, **more: Any) -> None:
        """As in `HTTPConnection`; whether there is an answer is seen when it is asked for."""
        with suppress(BrokenPipeError, ConnectionResetError):
            super().request(*request, **more)


class _SecureAttentive(_Attentive, http.client.HTTPSConnection):
    """The same over TLS."""


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Attentive, req)


class _Secure(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SecureAttentive, req)


class _Body(Struct, frozen=True):
    sent: bytes | Iterable[bytes] | None
    headers: Mapping[str, str]


def call(
    target: Target,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    seconds: float = _TIMEOUT,
    headers: Mapping[str, str] = NO_HEADERS,
) -> Any:
    """What the server answers; raises its own words as `CallerError` or `WorldFailure`, `MissingPiece` where none runs."""
    sent = None if body is None else json.dumps(body).encode()
    return _answered(target, method, path, seconds, _Body(sent, {"content-type": "application/json", **headers}))


def upload(target: Target, path: str, form: Form, headers: Mapping[str, str] = NO_HEADERS) -> Any:
    """What the server answers to a form with a file, read piece by piece; raises as `call`, and `OSError`."""
    boundary = f"kyozon-{secrets.token_hex(16)}"
    head = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.fields
    ]
    filename = form.filename.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    begin, end = "".join(head).encode(), f"\r\n--{boundary}--\r\n".encode()

    with form.file.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        more = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "content-length": str(len(begin) + size + len(end)),
        }
        pieces = chain([begin], iter(partial(file.read, _PIECE), b""), [end])
        return _answered(target, "POST", path, _UPLOAD_TIMEOUT, _Body(pieces, {**more, **headers}))


def _answered(target: Target, method: str, path: str, seconds: float, body: "_Body") -> Any:
    data_dir = target.settings().data_dir
    url = f"{address(data_dir)}{path}"
    headers = {
        "authorization": f"Bearer {os.environ.get('KYOZON_API_KEY') or read_key(data_dir)}",
        "accept-language": language(),
        **body.headers,
    }
    request = urllib.request.Request(url, body.sent, headers, method=method)  # noqa: S310 - the operator's own URL
    try:
        with urllib.request.build_opener(_Plain, _Secure).open(request, timeout=seconds) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        raise failed(error) from error
    except (urllib.error.URLError, ConnectionError, TimeoutError) as error:  # it hung up, or was silent for too long
        raise not_running(url, error) from error


def address(data_dir: Path) -> str:
    """Where the server listens: the one in KYOZON_URL, which may end as SDKs want it, or that of a data directory.

    Raises `MissingPiece` where none runs, `InvalidRequest` where KYOZON_URL is no address.
    """
    if named := os.environ.get("KYOZON_URL"):
        if not _is_address(named):
            raise InvalidRequest(_NO_ADDRESS)
        return named.rstrip("/").removesuffix("/v1")
    found = running_address(data_dir)
    if found is None:
        raise MissingPiece(
            Text(
                f"no server runs on {data_dir}. Start one with kyozon up, or name one in KYOZON_URL.",
                f"{data_dir} ではサーバーが動いていません。kyozon up で起動するか、KYOZON_URL で指定してください。",
            )
        )
    return found


def _is_address(named: str) -> bool:
    try:
        parts = urlsplit(named)
        host, _ = (parts.hostname or "").encode("idna"), parts.port
    except ValueError:  # brackets, a port or a label of the host that is none
        return False
    readable = named.isascii() and named.isprintable() and " " not in named
    bare = not (parts.query or parts.fragment or "@" in parts.netloc)
    return readable and bare and bool(host) and parts.scheme in ("http", "https")


def not_running(url: str, error: OSError) -> MissingPiece:
    """No server answers at that URL, for that reason."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    why = reason_of(reason) if isinstance(reason, OSError) else Text(str(reason), str(reason))
    host = urlsplit(url).netloc
    return MissingPiece(
        Text(
            f"no server answers at {host} ({why.en}). Start one with kyozon up, or name one in KYOZON_URL.",
            f"{host} のサーバーが応答しません（{why.ja}）。kyozon up で起動するか、KYOZON_URL で指定してください。",
        )
    )


def failed(error: urllib.error.HTTPError) -> KyozonError:
    """The server's own words, which are in the caller's language already, and where to read why."""
    text = _message(error.read())
    if decision := error.headers.get("x-kyozon-decision"):
        text += f"\n  kyozon explain {decision}"
    kind = WorldFailure if error.code >= _SERVERS_FAILURE else CallerError
    return kind(Text(text, text))


_NO_ADDRESS = Text(
    "KYOZON_URL is not the address of a server. Write it as http://127.0.0.1:8080, without a user name or password; the "
    "key goes into KYOZON_API_KEY.",
    "KYOZON_URL がサーバーのアドレスになっていません。http://127.0.0.1:8080 のように、ユーザー名やパスワードを含めずに"
    "指定してください。キーは KYOZON_API_KEY で指定します。",
)


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")[:500]
