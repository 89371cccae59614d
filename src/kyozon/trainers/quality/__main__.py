"""`python -m kyozon.trainers.quality --data DIR… [--vectors FILE]… --out FILE`: fits the quality model of recorded results.

Each DIR is laid out as `recorded.py` says. A file of vectors is a NumPy archive with `ids` (of items) and `vectors` (n by
384).
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kyozon.trainers.quality.fitting import fit
from kyozon.trainers.quality.recorded import Folder, recorded
from kyozon.trainers.quality.release import WITHOUT, fitting_to


def main() -> None:
    """Read, fit, write."""
    parser = argparse.ArgumentParser(prog="python -m kyozon.trainers.quality", description="Fit the quality model.")
    parser.add_argument("--data", type=Path, action="append", required=True, help="folder of recorded results")
    parser.add_argument("--vectors", type=Path, action="append", default=[], help="archive of the prompts' vectors")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    chosen = parser.parse_args()
    start = time.process_time()
    vectors = _vectors(chosen.vectors)
    observations = [each for folder in chosen.data for each in recorded(Folder(folder, without=WITHOUT), vectors)]
    model = fit(observations, fitting_to(observations, chosen.data))
    raw = model.write()
    chosen.out.write_bytes(raw)
    told = f"{len(observations)} prompts, {len(model.names)} models, {len(raw)} bytes, version {model.version}"
    sys.stdout.write(f"{chosen.out}: {told}, {time.process_time() - start:.0f} s of CPU\n")


def _vectors(paths: list[Path]) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for path in paths:
        with np.load(path, allow_pickle=False) as archive:
            found |= dict(zip(archive["ids"].tolist(), archive["vectors"], strict=True))
    return found


if __name__ == "__main__":
    main()
