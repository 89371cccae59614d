"""How far another program has come is told from a folder that it makes and takes away files in."""

import subprocess
import sys
from pathlib import Path

from kyozon.inference import files

COME_AND_GO = """
import shutil, sys
from pathlib import Path

folders = [Path(sys.argv[1], str(number), "unpack") for number in range(20)]
print(flush=True)
while True:
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "model.whl").write_bytes(b"1")
    for folder in folders:
        shutil.rmtree(folder.parent)
"""


def test_files_in_folders_are_counted(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "in" / "deep" / "b").write_bytes(b"4567")
    assert files.bytes_under(tmp_path) == 7
    assert files.bytes_under(tmp_path / "nowhere") == 0


def test_a_name_without_a_file_counts_nothing(tmp_path: Path) -> None:
    """As one that is gone between being listed and being looked at."""
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert files.bytes_under(tmp_path) == 3
    assert files.size_of(tmp_path / "gone") == 0


def test_what_goes_meanwhile_ends_nothing(tmp_path: Path) -> None:
    working = subprocess.Popen([sys.executable, "-c", COME_AND_GO, str(tmp_path)], stdout=subprocess.PIPE)
    assert working.stdout is not None
    working.stdout.readline()
    try:
        counted = [files.bytes_under(tmp_path) for _ in range(300)]
    finally:
        working.kill()
        working.wait()
        working.stdout.close()
    assert all(0 <= found <= 20 for found in counted)
