"""Commands that say what another server tells them: its version in a measurement, the state of its collections."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kyozon.cli.knowledge_corpus import Corpus, Setting
from kyozon.cli.options import Target

STORE = {
    "id": "vs_1",
    "name": "Rules",
    "label": "internal",
    "created_at": 0,
    "status": "expired",
    "file_counts": {"completed": 0, "failed": 0},
}
ANSWERS = {
    "/v1/vector_stores": {"data": [STORE], "has_more": False},
    "/v1/vector_stores/vs_1/files": {"data": [], "has_more": False},
    "/v1/vector_stores/vs_1/search": {"data": [], "has_more": False},
    "/kyozon/v1/openapi.json": {"info": {"version": "9.8.7"}},
}


class Answering(BaseHTTPRequestHandler):
    """Another version of Kyozon, whose key may not know the embedder."""

    def do_GET(self) -> None:
        found = ANSWERS.get(self.path.partition("?")[0])
        body = json.dumps(found or {"error": {"message": "not yours"}}).encode()
        self.send_response(200 if found else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *words: object) -> None:  # noqa: A002 - the base class's own name
        """Nothing is logged."""


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Target]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("KYOZON_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("KYOZON_API_KEY", "ky-none")
    yield Target(str(tmp_path), None, as_json=False, overrides={})
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_knows_no_rerankers_has_used_none(target: Target) -> None:
    corpus = Corpus(target, "Rules")
    assert (corpus.found("how many days?", Setting()), corpus.reranked) == ([], 0)


def test_version_and_name_are_those_of_the_server(target: Target) -> None:
    made = Corpus(target, "Rules").made_with()
    assert (made["kyozon"], made["collection"], made["embedder"]) == ("9.8.7", "Rules (vs_1)", "-")


@pytest.mark.parametrize(("language", "said"), [("en", "Rules (expired, emptied)"), ("ja", "Rules（期限切れのため空）")])
def test_an_expired_collection_is_told_as_such(target: Target, language: str, said: str) -> None:
    assert target.data_dir
    words = [sys.executable, "-m", "kyozon", "collections", "list", "--data-dir", target.data_dir]
    environ = {**os.environ, "KYOZON_LANG": language, "PYTHONUTF8": "1"}
    shown = subprocess.run(words, env=environ, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said in shown
