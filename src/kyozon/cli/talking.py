"""`kyozon chat` and `kyozon ask`: talk to the running server, in the terminal, as any other client would."""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import click

from kyozon.cli.asking import ask_documents
from kyozon.cli.calling import address, failed, not_running
from kyozon.cli.local_key import read_key
from kyozon.cli.options import Target, installation
from kyozon.cli.output import err, out, print_json
from kyozon.cli.speech import language, say
from kyozon.domain.errors import WorldFailure
from kyozon.domain.language import Text

_TIMEOUT = 600


class Conversation:
    """Messages so far, and the server they go to."""

    def __init__(self, target: Target, model: str, label: str | None, most: int | None = None) -> None:
        """`most` is how many tokens an answer may have; None leaves it to the model."""
        data_dir = target.settings().data_dir
        self._url = address(data_dir)
        self._key = os.environ.get("KYOZON_API_KEY") or read_key(data_dir)
        self._model = model
        self._label = label
        self._bound = {} if most is None else {"max_tokens": most}
        self.messages: list[dict[str, str]] = []
        self.decision = ""
        self.model = ""

    def say(self, text: str) -> Iterator[str]:
        """Send one message; the answer's words as they come."""
        self.messages.append({"role": "user", "content": text})
        answer = []
        for event in self._events({"model": self._model, "messages": self.messages, "stream": True, **self._bound}):
            if "error" in event:
                raise WorldFailure(Text(event["error"]["message"], event["error"]["message"]))
            for choice in event.get("choices", []):
                words = choice["delta"].get("content") or ""
                answer.append(words)
                yield words
        self.messages.append({"role": "assistant", "content": "".join(answer)})

    def _events(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        headers = {
            "authorization": f"Bearer {self._key}",
            "content-type": "application/json",
            "accept-language": language(),
        }
        if self._label:
            headers["x-kyozon-label"] = self._label
        url = f"{self._url}/v1/chat/completions"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - the operator's own URL
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310
                self.decision = response.headers.get("x-kyozon-decision", "")
                self.model = response.headers.get("x-kyozon-model", "")
                for line in response:
                    if line.startswith(b"data: ") and not line.startswith(b"data: [DONE]"):
                        yield json.loads(line[6:])
        except urllib.error.HTTPError as error:
            raise failed(error) from error
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            raise not_running(url, error) from error


@click.command(help=say("Ask one question; the answer streams to the terminal.", "質問を一つ送り、答えを端末に流します。"))
@click.argument("question", nargs=-1, required=True)
@click.option("--model", default="auto", show_default=True)
@click.option("--label", help=say("How sensitive the question is.", "質問の機密度。"))
@click.option(
    "--collection",
    "-c",
    "collections",
    multiple=True,
    metavar="NAME",
    help=say("Answer from this collection, with sources.", "このコレクションから出典付きで答えます。"),
)
@click.option(
    "--max-tokens",
    "most",
    type=click.IntRange(1),
    metavar="N",
    help=say("Tokens of the answer at most.", "応答のトークン数の上限。"),
)
@installation
def ask(target: Target, question: tuple[str, ...], collections: tuple[str, ...], **options: Any) -> None:
    """One question, one answer."""
    model, label, most = options["model"], options["label"], options["most"]
    if collections:
        bound = {} if most is None else {"max_output_tokens": most}
        ask_documents(target, collections, {"model": model, "input": " ".join(question), **bound}, label)
        return
    conversation = Conversation(target, model, label, most)
    words = list(_shown(conversation, " ".join(question), quiet=target.as_json))
    if target.as_json:
        print_json({"answer": "".join(words), "model": conversation.model, "decision": conversation.decision})
    else:
        err.print(f"[dim]{conversation.model} · kyozon explain {conversation.decision}[/]")


@click.command(
    help=say("Chat in the terminal; an empty line or Ctrl-D ends it.", "端末で対話します。空行か Ctrl-D で終了します。")
)
@click.option("--model", default="auto", show_default=True)
@click.option("--label", help=say("How sensitive the conversation is.", "会話の機密度。"))
@installation
def chat(target: Target, model: str, label: str | None) -> None:
    """A conversation, until an empty line."""
    conversation = Conversation(target, model, label)
    while True:
        try:
            text = input("› " if sys.stdin.isatty() else "")
        except (EOFError, KeyboardInterrupt):
            break
        if not text.strip():
            break
        list(_shown(conversation, text, quiet=target.as_json))
        if target.as_json:
            print_json({**conversation.messages[-1], "decision": conversation.decision})


def _shown(conversation: Conversation, text: str, *, quiet: bool) -> Iterator[str]:
    for words in conversation.say(text):
        if not quiet:
            out.file.write(words)
            out.file.flush()
        yield words
    if not quiet:
        out.print()


commands = [ask, chat]
