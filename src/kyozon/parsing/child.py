"""The process that reads one file, confined, and with no secrets in it.

It gets its task on standard input, tells on standard output how far it is, and ends with the text or a refusal. It ends,
too, when the input is closed, which is when the server is gone. Run as `python -m kyozon.parsing.child`.
"""

import os
import sys
import threading
from pathlib import Path
from typing import BinaryIO, NoReturn

import msgspec

from kyozon.domain.errors import KyozonError
from kyozon.parsing import refusals
from kyozon.parsing.confinement import confine
from kyozon.parsing.messages import HEAD_BYTES, Reached, Read, Refused, Reply, Task, framed
from kyozon.parsing.reading import parse_file


def main() -> None:
    """Read one file."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Whatever a library prints must not be taken for a reply.
    size = int.from_bytes(sys.stdin.buffer.read(HEAD_BYTES), "big")
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(size), type=Task)
    confine(task.seconds, task.memory_mib)
    threading.Thread(target=_leave_with_the_server, daemon=True).start()
    replies.write(framed(_outcome(task, replies)))
    replies.flush()
    os._exit(0)  # What native libraries still hold, the end of the process frees.


def _outcome(task: Task, replies: BinaryIO) -> Reply:
    def report(done: int, total: int) -> None:
        replies.write(framed(Reached(done, total)))
        replies.flush()

    try:
        return Read(parse_file(Path(task.path), task.filename, report))
    except KyozonError as error:
        return _refused(error)
    except MemoryError:
        return _refused(refusals.too_much(task.memory_mib))
    except Exception as error:  # noqa: BLE001 - a stranger's file; the name of the failure is no part of it
        return _refused(refusals.failed(error))


def _refused(error: KyozonError) -> Refused:
    return Refused(error.code, error.text.en, error.text.ja)


def _leave_with_the_server() -> NoReturn:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
