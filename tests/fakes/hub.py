"""A model hub on loopback that speaks as much of the Hugging Face hub's API as its client needs to find and fetch files."""

import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """`with` it; `files` maps names to contents. `cuts` says after how many bytes each next download is cut.

    `stated` replaces the checksum of a file; `refuse` is the status of everything, where it is set. `ranges` holds the
    Range header of each download, in order; `agents` and `tokens` what each request said of its sender.
    """

    def __init__(self, repo: str, files: dict[str, bytes]) -> None:
        self.repo = repo
        self.files = files
        self.stated: dict[str, str] = {}
        self.cuts: list[int] = []
        self.refuse: int | None = None
        self.ranges: list[str | None] = []
        self.agents: list[str] = []
        self.tokens: list[str | None] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def info(self) -> dict[str, Any]:
        """The answer to `GET /api/models/REPO/revision/REVISION?blobs=true`."""
        siblings = [
            {
                "rfilename": name,
                "size": len(content),
                "blobId": hashlib.sha1(content).hexdigest(),  # noqa: S324 - git's own
                "lfs": {"sha256": self.sha256(name), "size": len(content), "pointerSize": 134},
            }
            for name, content in self.files.items()
        ]
        card = {"license": "apache-2.0", "language": ["en", "ja"]}
        return {"id": self.repo, "modelId": self.repo, "sha": COMMIT, "siblings": siblings, "cardData": card, "tags": []}

    def sha256(self, name: str) -> str:
        """What the hub states as a file's checksum."""
        return self.stated.get(name) or hashlib.sha256(self.files[name]).hexdigest()


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hub.agents.append(self.headers["User-Agent"])
            hub.tokens.append(self.headers["Authorization"])
            if hub.refuse is not None:
                self._send(hub.refuse, b"no")
            elif self.path.startswith(f"/api/models/{hub.repo}"):
                self._send(200, json.dumps(hub.info()).encode(), {"Content-Type": "application/json"})
            elif (match := re.fullmatch(rf"/{hub.repo}/resolve/{COMMIT}/(.+)", self.path)) and match[1] in hub.files:
                self._file(hub.files[match[1]])
            else:
                self._send(404, b"", {"X-Error-Code": "RepoNotFound"})

        def _file(self, content: bytes) -> None:
            asked = self.headers["Range"]
            hub.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            body = content[start:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if hub.cuts:
                self.wfile.write(body[: hub.cuts.pop(0)])
                self.close_connection = True
            else:
                self.wfile.write(body)

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
