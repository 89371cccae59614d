"""A whole installation as its user has it: the process `kyozon up`, its database, its model, its commands."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import anthropic
import openai

_START_SECONDS = 120


class RunningKyozon:
    """`kyozon up` in a process of its own, on a folder that may be started again after any death."""

    def __init__(self, folder: Path, models: Path, config: str = "") -> None:
        self.folder = folder
        self.config = folder / "kyozon.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(config, "utf-8")
        if not (folder / "models").exists():
            shutil.copytree(models, folder / "models", copy_function=os.link)
        self.process: subprocess.Popen[str] | None = None
        self.started: dict[str, Any] = {}
        self.clients: list[openai.OpenAI | anthropic.Anthropic] = []
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KYOZON_")},
            "KYOZON_DATA_DIR": str(folder),
            "KYOZON_CONFIG": str(self.config),
            "LC_ALL": "C.UTF-8",
            "OPENAI_API_KEY": "sk-fake",
            "ANTHROPIC_API_KEY": "sk-fake",
            "GEMINI_API_KEY": "sk-fake",
        }

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.close()
        self.stop()

    @property
    def address(self) -> str:
        return str(self.started["address"])

    def start(self, *options: str) -> Self:
        command = [sys.executable, "-m", "kyozon", "up", "--port", "0", "--json", *options]
        errors = (self.folder / "stderr.txt").open("a")
        self.process = subprocess.Popen(command, env=self.environ, stdout=subprocess.PIPE, stderr=errors, text=True)
        errors.close()
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            told = json.loads(line)
            if "address" in told:
                self.started = told
                return self
        self._end(signal.SIGKILL)
        raise AssertionError("".join(said) + (self.folder / "stderr.txt").read_text("utf-8"))

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def close(self) -> None:
        self.__exit__()

    def kill(self) -> int:
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(how)
        status = self.process.wait(_START_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return status

    def command(self, *words: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `kyozon WORDS`; where it fails, say what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "kyozon", *words],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, f"kyozon {' '.join(words)}: {done.stdout}{done.stderr}"
        return done

    def json(self, *words: str) -> Any:
        """What `kyozon WORDS --json` says."""
        return json.loads(self.command(*words, "--json").stdout)

    def key(self, name: str, *options: str) -> str:
        return str(self.json("keys", "create", "--name", name, *options)["key"])

    def openai(self, key: str, **headers: str) -> openai.OpenAI:
        client = openai.OpenAI(base_url=f"{self.address}/v1", api_key=key, max_retries=0, default_headers=headers)
        self.clients.append(client)
        return client

    def anthropic(self, key: str, **headers: str) -> anthropic.Anthropic:
        client = anthropic.Anthropic(base_url=self.address, auth_token=key, max_retries=0, default_headers=headers)
        self.clients.append(client)
        return client
