"""What `pip install` of the base package costs: seconds, space, packages."""

import shutil
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

from msgspec import Struct
from packaging.requirements import Requirement

from bench.installation import timed

_ROOT = Path(__file__).resolve().parents[1]
_OWN = ("pyproject.toml", "README.md", "LICENSE", "src")
_LARGEST = 10
_MIB = 2**20


class Package(Struct, frozen=True):
    """One installed package and the MiB of its files."""

    name: str
    version: str
    mib: float


class Installed(Struct, frozen=True):
    """`mib` is everything in the environment that was not there before; `direct` are Kyozon's own requirements."""

    seconds: float
    mib: float
    packages: int
    direct: int
    largest: tuple[Package, ...]


def install() -> Installed:
    """Install this checkout into a new virtual environment, with nothing in pip's cache."""
    with tempfile.TemporaryDirectory() as scratch:
        source, venv = Path(scratch, "source"), Path(scratch, "venv")
        source.mkdir()
        for name in _OWN:  # A copy: a build must leave nothing behind in the checkout.
            origin = _ROOT / name
            (shutil.copytree if origin.is_dir() else shutil.copy)(origin, source / name)
        timed([sys.executable, "-m", "venv", str(venv)])
        before = _size(venv)
        quiet = ["-qq", "--no-cache-dir", "--disable-pip-version-check"]
        seconds = timed([str(venv / "bin" / "python"), "-m", "pip", "install", *quiet, str(source)])
        site = next(venv.glob("lib/python*/site-packages"))
        found = [package for package in distributions(path=[str(site)]) if package.name not in ("pip", "setuptools")]
        return Installed(seconds, (_size(venv) - before) / _MIB, len(found), _direct(found), _largest(found))


def _direct(found: list[Distribution]) -> int:
    own = next(package for package in found if package.name == "kyozon")
    requirements = map(Requirement, own.requires or ())
    return sum(1 for wanted in requirements if wanted.marker is None or wanted.marker.evaluate({"extra": ""}))


def _largest(found: list[Distribution]) -> tuple[Package, ...]:
    packages = [Package(package.name, package.version, _own_size(package)) for package in found]
    return tuple(sorted(packages, key=lambda package: -package.mib)[:_LARGEST])


def _own_size(package: Distribution) -> float:
    paths = (Path(str(file.locate())) for file in package.files or ())
    return sum(path.lstat().st_size for path in paths if path.exists()) / _MIB


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
