"""What the process that reads a stranger's file may do: compute, and read; for so long, and with so much memory.

On Linux the kernel refuses it sockets, other programs and other processes (seccomp), whatever code is running in it;
elsewhere, Python refuses what is asked through Python.
"""

import ctypes
import errno
import os
import platform
import resource
import sys
from struct import pack

_MOST_OPEN_FILES = 256
_PATIENCE = 10  # So much lower the priority is than the server's: who asks now goes before what is read for later.
_NEVER = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.sendto",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
)

# Numbers of the kernel: socket, connect, execve, execveat, ptrace, process_vm_readv, io_uring_setup, pidfd_getfd.
_CALLS = {
    "x86_64": (0xC000003E, (41, 42, 59, 322, 101, 310, 425, 438)),
    "aarch64": (0xC00000B7, (198, 203, 221, 281, 117, 270, 425, 438)),
}
_NO_FILTER = (errno.EINVAL, errno.ENOSYS)  # A kernel built without it: Python's refusal is what is left.
_OTHER_ABI = 0x40000000  # x32's numbers begin here.
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _NOT_PERMITTED, _KILL = 0x7FFF0000, 0x00050001, 0x80000000


def confine(seconds: float, memory_mib: int) -> None:
    """Bind this process, and every thread that it starts from now on, for good."""
    os.nice(_PATIENCE)
    for kind, most in (
        (resource.RLIMIT_AS, memory_mib << 20),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_CORE, 0),  # A core file would hold what the document says.
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _MOST_OPEN_FILES),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))
    sys.addaudithook(_forbid)
    if sys.platform == "linux" and platform.machine() in _CALLS:
        _forbid_calls(*_CALLS[platform.machine()])


def _forbid(event: str, _: object) -> None:
    if event in _NEVER:
        raise PermissionError(event)


def _forbid_calls(architecture: int, numbers: tuple[int, ...]) -> None:
    """A program for the kernel's filter: an instruction is a code, two jumps, and a value.

    Raises:
        OSError: the kernel does not take it.
    """
    count = len(numbers)
    program = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_AT_LEAST, count + 1, 0, _OTHER_ABI),
        *((_EQUAL, count - at, 0, number) for at, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _NOT_PERMITTED),
    ]
    code = ctypes.create_string_buffer(b"".join(pack("=HBBI", *instruction) for instruction in program))
    whole = ctypes.create_string_buffer(pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    control = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in ((_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (_SECCOMP, _FILTER, ctypes.byref(whole), 0, 0)):
        if control(*arguments) != 0 and ctypes.get_errno() not in _NO_FILTER:
            raise OSError(ctypes.get_errno(), "the kernel's filter of calls")
