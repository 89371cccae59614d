"""Requantises a GGUF file, in a child process: the library behind it aborts the process on a file it does not like."""

import os
import sys
from pathlib import Path
from typing import Literal

from kyozon.domain.errors import MissingPiece, WorldFailure
from kyozon.domain.language import Text
from kyozon.inference import child, files, gguf_header
from kyozon.ports.local import Progress, Report

Quantisation = Literal["Q8_0", "Q4_K_M", "Q4_0"]

_FILE_TYPES: dict[Quantisation, int] = {"Q4_0": 2, "Q8_0": 7, "Q4_K_M": 15}  # ggml's LLAMA_FTYPE numbers
_BITS_PER_WEIGHT: dict[Quantisation, float] = {"Q4_0": 4.55, "Q8_0": 8.51, "Q4_K_M": 4.9}
_MISSING_PACKAGE = 3


def is_already(path: Path, target: Quantisation) -> bool:
    """Whether the file's header says that its weights have this quantisation."""
    return gguf_header.read_header(path).metadata.get("general.file_type") == _FILE_TYPES[target]


def requantise(source: Path, target: Path, to: Quantisation, report: Report) -> None:
    """Write `source` to `target` with another quantisation; `target` appears only when whole.

    Raises:
        MissingPiece: the package cyllama cannot be loaded, or the disk is full.
        WorldFailure: the library refused the file.
    """
    expected = int(gguf_header.read_header(source).parameters * _BITS_PER_WEIGHT[to] / 8)
    files.require_space(target.parent, expected)
    part = target.with_name(target.name + ".part")
    log = target.with_name("quantise.log")
    step = f"requantise to {to}"

    def look(_: str) -> None:
        done = files.size_of(part)
        report(Progress(step, done, max(expected, done)))

    command = [sys.executable, "-m", "kyozon.inference.quantise", str(source), str(part), to]
    status, output = child.run_watched(command, log, os.environ, look)
    log.unlink(missing_ok=True)
    if status != 0:
        part.unlink(missing_ok=True)
        raise _failure(source, status, output)
    part.replace(target)


def _failure(source: Path, status: int, output: str) -> WorldFailure:
    last = next((line for line in reversed(output.splitlines()) if line.strip()), f"exit status {status}")
    if status == _MISSING_PACKAGE:
        return MissingPiece(
            Text(
                f"the package cyllama cannot be loaded: {last}. Install it with `pip install cyllama`.",
                f"cyllama パッケージを読み込めません：{last}。`pip install cyllama` でインストールしてください。",
            )
        )
    return WorldFailure(
        Text(
            f"{source.name} could not be requantised: {last}. It can be used as it is, only slower.",
            f"{source.name} を再量子化できません：{last}。速度は落ちますが、そのまま使用できます。",
        )
    )


def main(source: str, target: str, to: Quantisation) -> int:
    """The child process's whole work; its exit status."""
    try:
        from cyllama.llama import llama_cpp  # noqa: PLC0415 - loading it is what may fail
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return _MISSING_PACKAGE
    parameters = llama_cpp.LlamaModelQuantizeParams()
    parameters.ftype = _FILE_TYPES[to]
    parameters.allow_requantize = True
    llama_cpp.model_quantize(source, target, parameters)
    return 0


if __name__ == "__main__":
    # Not one of the library's functions can be trusted to return on a broken file, so nothing is cleaned up here.
    raise SystemExit(main(sys.argv[1], sys.argv[2], sys.argv[3]))  # type: ignore[arg-type]  # checked by the parent's types
