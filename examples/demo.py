"""Everything Kyozon's first version promises, shown with the official SDKs in under a minute; then again without a network.

Run it with `make demo`. It starts its own server on a folder of its own and removes nothing of yours.
"""

import argparse
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anthropic
import openai

BOLD, DIM, GREEN, RED, PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"
# No field is a free text: a small model may not come to its end before the tokens do.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "department": {"type": "string", "enum": ["IT", "HR", "finance"]},
        "urgent": {"type": "boolean"},
        "hours": {"type": "integer", "minimum": 0, "maximum": 99},
    },
    "required": ["department", "urgent", "hours"],
    "additionalProperties": False,
}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Osaka", "Tokyo", "Sapporo"]}},
            "required": ["city"],
        },
    },
}
RENTED = """\
# One rented model beside the local one: the demo shows that confidential words never go there.
[providers.rented]
vendor = "openai"
base_url = "http://127.0.0.1:9/v1"   # nothing listens here, and nothing may arrive
models = ["rented-cloud-model"]
"""


class Demo:
    """Shows one promise after the other against a running server."""

    def __init__(self, address: str, key: str) -> None:
        self.openai = openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)
        self.anthropic = anthropic.Anthropic(base_url=address, auth_token=key, max_retries=0)
        self.failures = 0

    def show(self, title: str, step: Callable[[], None]) -> None:
        """Run one step, say how long it took, and go on where it fails."""
        began = time.perf_counter()
        print(f"\n{BOLD}{title}{PLAIN}")
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the demo counts failures and shows the rest
            self.failures += 1
            print(f"  {RED}✗ {type(error).__name__}: {error}{PLAIN}")
        else:
            print(f"  {GREEN}✓{PLAIN} {DIM}{time.perf_counter() - began:.1f} s{PLAIN}")

    def all(self) -> int:
        """Every step; the number of failures."""
        self.show("1. A streamed answer (openai SDK → model on this machine)", self.chat)
        self.show("2. An answer that fits a JSON schema, enforced by grammar", self.schema)
        self.show("3. A tool call", self.tool)
        self.show("4. Embeddings: Japanese and English side by side", self.embeddings)
        self.show("5. A streamed message (anthropic SDK, same server)", self.message)
        self.show("6. A label respected: confidential words do not leave this machine", self.label)
        self.show("7. A decision recorded", self.decision)
        return self.failures

    def chat(self) -> None:
        """Words as they come."""
        stream = self.openai.chat.completions.create(
            model="auto",
            messages=[{"role": "user", "content": "Say in one sentence what the moon is."}],
            stream=True,
            max_completion_tokens=60,
            stream_options={"include_usage": True},
        )
        print("  ", end="")
        for chunk in stream:
            if chunk.choices:
                print(chunk.choices[0].delta.content or "", end="", flush=True)
            elif chunk.usage:
                print(f"\n  {DIM}{chunk.usage.prompt_tokens} tokens in, {chunk.usage.completion_tokens} out{PLAIN}")

    def schema(self) -> None:
        """Valid JSON, whatever the model."""
        answer = self.openai.chat.completions.create(
            model="auto",
            messages=[{"role": "user", "content": "Sort this: the printer is on fire."}],
            response_format={"type": "json_schema", "json_schema": {"name": "ticket", "schema": SCHEMA, "strict": True}},
            max_completion_tokens=200,
        )
        found = json.loads(answer.choices[0].message.content or "")
        assert set(found) == set(SCHEMA["properties"]), found
        print(f"  {found}")

    def tool(self) -> None:
        """A call whose arguments fulfil the tool's own schema."""
        answer = self.openai.chat.completions.create(
            model="auto",
            messages=[{"role": "user", "content": "What is the weather in Osaka?"}],
            tools=[WEATHER],
            tool_choice="required",
            max_completion_tokens=80,
        )
        for call in answer.choices[0].message.tool_calls or []:
            assert call.type == "function"
            assert "city" in json.loads(call.function.arguments)
            print(f"  {call.function.name}({call.function.arguments})")
            return
        raise AssertionError("no tool was called")

    def embeddings(self) -> None:
        """The same meaning in two languages is closer than two meanings in one."""
        texts = ["休暇の申請方法を教えてください", "How do I apply for a holiday?", "The printer is out of paper"]
        vectors = [
            item.embedding for item in self.openai.embeddings.create(model="multilingual-e5-small", input=texts).data
        ]
        same, other = _cosine(vectors[0], vectors[1]), _cosine(vectors[0], vectors[2])
        print(f"  {texts[0]} ~ {texts[1]}: {same:.3f}")
        print(f"  {texts[0]} ~ {texts[2]}: {other:.3f}")
        assert same > other

    def message(self) -> None:
        """The other dialect."""
        print("  ", end="")
        with self.anthropic.messages.stream(
            model="auto", max_tokens=60, messages=[{"role": "user", "content": "Name three colours."}]
        ) as stream:
            for text in stream.text_stream:
                print(text, end="", flush=True)
        print()

    def label(self) -> None:
        """Naming a rented model does not help: the refusal says why, and what to do."""
        try:
            self.openai.chat.completions.create(
                model="rented-cloud-model",
                messages=[{"role": "user", "content": "Our unpublished results: …"}],
                extra_headers={"x-kyozon-label": "confidential"},
            )
        except openai.PermissionDeniedError as refusal:
            print(f"  refused: {refusal.body['message'] if isinstance(refusal.body, dict) else refusal}")
        else:
            raise AssertionError("it was not refused")

    def decision(self) -> None:
        """Why this model, what it cost, what was weighed."""
        raw = self.openai.chat.completions.with_raw_response.create(
            model="auto", messages=[{"role": "user", "content": "Hello!"}], max_completion_tokens=20
        )
        name = raw.headers["x-kyozon-decision"]
        address = str(self.openai.base_url).removesuffix("/v1/")
        found = self.openai.get(f"{address}/kyozon/v1/decisions/{name}", cast_to=dict[str, Any])
        weighed = ", ".join(
            f"{c['model']} {'✓' if not c['objections'] else '✗ ' + c['objections'][0]['rule']}" for c in found["candidates"]
        )
        print(f"  {name}: {found['chosen']}")
        print(f"  weighed: {weighed}")
        print(f"  {DIM}the whole record: kyozon explain {name}{PLAIN}")


def _cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, str]]:
    """A server on a free port; its address and a fresh key. Its own messages go to the terminal."""
    config = folder / "kyozon.toml"
    config.write_text(RENTED)
    environ = {**os.environ, "KYOZON_DATA_DIR": str(folder), "KYOZON_CONFIG": str(config), "OPENAI_API_KEY": "none-needed"}
    command = [sys.executable, "-m", "kyozon"]
    process = subprocess.Popen([*command, "up", "--port", "0", "--json"], env=environ, stdout=subprocess.PIPE, text=True)
    try:
        yield _address(process), _key(command, environ)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        told = json.loads(line)
        if "step" in told:
            print(f"  {told['step']:<14} {told['seconds']:6.1f} s")
        elif "address" in told:
            print(f"  {'total':<14} {told['total']:6.1f} s   {told['address']}")
            return str(told["address"])
        else:
            raise SystemExit(told["error"]["message"])
    raise SystemExit("the server did not start")


def _key(command: list[str], environ: dict[str, str]) -> str:
    made = subprocess.run(
        [*command, "keys", "create", "--name", "demo", "--json"], env=environ, capture_output=True, check=True
    )
    return str(json.loads(made.stdout)["key"])


def without_network(folder: Path) -> int | None:
    """The same in a network namespace that has no route anywhere; None where this system cannot make one."""
    again = [sys.executable, __file__, "--folder", str(folder), "--inside"]
    for unshare in (["unshare", "--net"], ["unshare", "--net", "--map-current-user", "--keep-caps"]):
        if shutil.which("unshare") and subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
            return subprocess.run([*unshare, *again], check=False).returncode
    return None


def loopback_up() -> None:
    """A new network namespace has its loopback down: SIOCSIFFLAGS with IFF_UP (netdevice(7))."""
    import fcntl  # noqa: PLC0415 - Linux only
    import socket  # noqa: PLC0415
    import struct  # noqa: PLC0415

    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))


def main() -> int:
    """Both rounds; the number of failures as exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path.cwd() / ".kyozon-demo")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    if options.inside:
        loopback_up()
    print(f"{BOLD}Starting Kyozon{PLAIN} in {options.folder}")
    with server(options.folder) as (address, key):
        failures = Demo(address, key).all()
    if not options.inside:
        print(f"\n{BOLD}Once more inside a network namespace without any route{PLAIN}")
        isolated = without_network(options.folder)
        print("  this system cannot make one: skipped" if isolated is None else "")
        failures += isolated or 0
        colour = RED if failures else GREEN
        print(f"\n{colour}{failures} failures{PLAIN} in {time.perf_counter() - began:.0f} s")
    return failures


if __name__ == "__main__":
    sys.exit(main())
