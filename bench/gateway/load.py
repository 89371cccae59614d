"""Puts a load on a server, from a process of its own on the load's cores."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from bench.gateway.driver import Load, Served
from bench.gateway.processes import pinned

_PATIENCE = 300
_CUT_OFF = 100  # wrk leaves as many requests half done as it has connections: they must be less than this part of all
_SCRIPT = """
wrk.method = "POST"
wrk.path = "{path}"
wrk.body = [==[{body}]==]
{headers}
done = function(summary, latency, requests)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('\\n{{"requests":%d,"failed":%d,"seconds":%f,"p50":%f,"p99":%f,"driver":"wrk"}}\\n',
    summary.requests - errors.status, errors.status + lost, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


def put(load: Load, cores: frozenset[int], scratch: Path, expected: float) -> Served:
    """What the load brought.

    wrk, where it is installed and the server is fast enough for it, else the benchmark's own driver.

    Args:
        load: the load.
        cores: where the driver runs.
        scratch: a folder for wrk's script.
        expected: requests a second, roughly.
    """
    wrk = shutil.which("wrk")
    fast = expected * load.seconds >= _CUT_OFF * load.connections
    if wrk is None or load.target.stream or not fast or load.seconds < 1:
        return own(load, cores)
    instructions = scratch / "load.lua"
    instructions.write_text(script(load), "utf-8")
    url = f"http://127.0.0.1:{load.target.port}"
    words = [
        wrk,
        "-t1",
        f"-c{load.connections}",
        f"-d{load.seconds:.0f}s",
        "--timeout",
        "60s",
        "-s",
        str(instructions),
        url,
    ]
    with pinned(cores):
        told = subprocess.run(words, capture_output=True, timeout=_PATIENCE, check=True).stdout
    return msgspec.json.decode(told.strip().splitlines()[-1], type=Served)


def own(load: Load, cores: frozenset[int]) -> Served:
    """What the load brought, put on by the benchmark's own driver."""
    with pinned(cores):
        words = [sys.executable, "-m", "bench.gateway.driver"]
        given = msgspec.json.encode(load)
        told = subprocess.run(words, input=given, stdout=subprocess.PIPE, timeout=_PATIENCE, check=True).stdout
    return msgspec.json.decode(told, type=Served)


def script(load: Load) -> str:
    """Wrk's instructions in Lua: the request, and the figures as one line of JSON."""
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in load.target.all_headers.items())
    return _SCRIPT.format(path=load.target.path, body=load.target.body.decode(), headers=headers)
