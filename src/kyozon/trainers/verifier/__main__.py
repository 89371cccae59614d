"""`python -m kyozon.trainers.verifier --data DIR --out FILE`: fits the verifier of recorded answers (see `recorded.py`)."""

import argparse
import sys
import time
from pathlib import Path

from kyozon.routing.verifying.verifier import Verifier
from kyozon.trainers.verifier.fitting import fit
from kyozon.trainers.verifier.recorded import cases, sources


def main() -> None:
    """Read, fit, write."""
    parser = argparse.ArgumentParser(prog="python -m kyozon.trainers.verifier", description="Fit the verifier.")
    parser.add_argument("--data", type=Path, required=True, help="folder of recorded answers")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    chosen = parser.parse_args()
    start = time.process_time()
    shown = [case for source in sources(chosen.data) for case in cases(source)]
    raw = fit(shown)
    chosen.out.write_bytes(raw)
    told = f"{len(shown)} cases, {len(raw)} bytes, version {Verifier.read(raw).version}"
    sys.stdout.write(f"{chosen.out}: {told}, {time.process_time() - start:.0f} s of CPU\n")


if __name__ == "__main__":
    main()
