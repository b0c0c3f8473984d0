"""A process whose changes to files are stopped one by one: counted, refused, or never made because it is killed.

Belongs here: Linux's seccomp user notification, by which the kernel asks this process before another one's system call
is executed. strace's `-e inject` counts per thread, so that most calls of a program with threads are never the one that
is hit; this counts them all in one order, and only those below a folder. Does not: the faults, and the state that must
hold afterwards.

The work runs in a fork of this process, which has loaded everything and started nothing: polars and DuckDB would not
outlive a fork once their threads run.
"""

import ctypes
import errno
import fcntl
import os
import pickle
import platform
import select
import signal
import socket
import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# x86-64: name and number of calls that change files, and the position of the file among the arguments.
_BY_DESCRIPTOR = {
    "write": 1, "pwrite64": 18, "writev": 20, "pwritev": 296, "fsync": 74, "fdatasync": 75, "ftruncate": 77,
    "fallocate": 285, "fchmod": 91,
}  # fmt: skip
_BY_PATH = {
    "rename": 82, "mkdir": 83, "rmdir": 84, "link": 86, "unlink": 87, "symlink": 88, "chmod": 90,
}  # fmt: skip
_BY_FOLDER_AND_PATH = {
    "mkdirat": 258, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "fchmodat": 268,
    "renameat2": 316, "openat": 257,
}  # fmt: skip
# The second argument is the new name; the first is only the link target.
_NAMED_SECOND = {"symlink", "symlinkat"}
_NAMES = {number: name for kind in (_BY_DESCRIPTOR, _BY_PATH, _BY_FOLDER_AND_PATH) for name, number in kind.items()}
_WRITES = frozenset({"write", "pwrite64", "writev", "pwritev"})

_PR_SET_NO_NEW_PRIVS = 38
_SYS_SECCOMP = 317
_SET_MODE_FILTER = 1
_NEW_LISTENER = 8
_LOAD, _JUMP_EQUAL, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_RECEIVE, _SEND, _CONTINUE = 0xC0502100, 0xC0182101, 1
_NOTIFICATION, _RESPONSE = "<QIIiIQ6Q", "<QqiI"
_ARGUMENT_3 = 32
_PATH_BYTES = 4096

KILL = "kill"


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("value", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction))]


@dataclass(frozen=True)
class Call:
    """A system call that would change a file; `place` is its index among those below the folder, from 0."""

    place: int
    name: str
    path: str

    @property
    def is_write(self) -> bool:
        """Reports whether it writes bytes into a file."""
        return self.name in _WRITES


@dataclass
class Ended:
    """The result of the work.

    Attributes:
        calls: Calls that it made, or tried to make.
        was_killed: True if it was killed.
        result: The return value.
        error: The error as text; "" if there was none.
    """

    calls: list[Call] = field(default_factory=list)
    was_killed: bool = False
    result: Any = None
    error: str = ""


# The verdict on a call: None lets it through, an errno refuses it, KILL kills the process before it.
Verdict = Callable[[Call], int | str | None]


def telling(calls: Sequence[Call]) -> list[Call]:
    """Returns calls that differ in effect: of the writes of a file the first, the middle one and the last."""
    writes: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.is_write:
            writes[call.path].append(call)
    kept = {each[place].place for each in writes.values() for place in (0, len(each) // 2, -1)}
    return [call for call in calls if not call.is_write or call.place in kept]


def missing() -> str:
    """Returns the missing requirement of this machine, or nothing."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "Linux on x86-64"
    available = Path("/proc/sys/kernel/seccomp/actions_avail")
    return "" if available.exists() and "user_notif" in available.read_text() else "seccomp user notification"


def run(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    """Runs work in a fork, and returns its result.

    Raises:
        RuntimeError: It raised an error; with its message.
    """
    ended = _Child(work, watched=False).ended(None, lambda _: None)
    if ended.error or ended.was_killed:
        raise RuntimeError(ended.error or "it was killed")
    return ended.result


def supervised(work: Callable[[], Any], within: Path, verdict: Verdict) -> Ended:
    """Runs work in a fork, and requests a verdict on each of its changes below a folder."""
    return _Child(work, watched=True).ended(within, verdict)


class _Child:
    def __init__(self, work: Callable[[], Any], *, watched: bool) -> None:
        self._listener = -1
        ours, theirs = socket.socketpair()
        self._told, telling = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            os.setsid()
            ours.close()
            os.close(self._told)
            _work(work, theirs if watched else None, telling)
        theirs.close()
        os.close(telling)
        with ours:
            if watched:
                _, (self._listener,), _, _ = socket.recv_fds(ours, 1, 1)

    def ended(self, within: Path | None, verdict: Verdict) -> Ended:
        """Waits for its end, and answers its calls meanwhile."""
        found = Ended()
        said = b""
        waiting = select.poll()
        waiting.register(self._told, select.POLLIN)
        if self._listener >= 0:
            waiting.register(self._listener, select.POLLIN)
        try:
            while True:
                for descriptor, events in waiting.poll():
                    if descriptor == self._listener:
                        if not events & select.POLLIN:
                            waiting.unregister(descriptor)
                        else:
                            self._answer(found, str(within), verdict)
                    elif block := os.read(self._told, 1 << 20):
                        said += block
                    else:
                        return self._reaped(found, said)
        finally:
            os.close(self._told)
            if self._listener >= 0:
                os.close(self._listener)

    def _reaped(self, found: Ended, said: bytes) -> Ended:
        # Its child processes must not continue in the background.
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        if said:
            found.result, found.error = pickle.loads(said)  # noqa: S301 - our own child's words
        else:
            found.was_killed = True
        return found

    def _answer(self, found: Ended, within: str, verdict: Verdict) -> None:
        notification = bytearray(struct.calcsize(_NOTIFICATION))
        try:
            fcntl.ioctl(self._listener, _RECEIVE, notification)
        except OSError:
            return  # the caller has ended
        number, pid, _, call, _, _, *arguments = struct.unpack(_NOTIFICATION, notification)
        error = 0
        path = _path(pid, _NAMES[call], arguments)
        if path.startswith(within):
            asked = Call(len(found.calls), _NAMES[call], path)
            found.calls.append(asked)
            said = verdict(asked)
            if said == KILL:
                os.killpg(self._pid, signal.SIGKILL)
                return
            error = int(said or 0)
        with suppress(OSError):
            fcntl.ioctl(
                self._listener, _SEND, bytearray(struct.pack(_RESPONSE, number, 0, -error, 0 if error else _CONTINUE))
            )


def _work(work: Callable[[], Any], channel: socket.socket | None, telling: int) -> None:
    """Runs the work in the child."""
    code = 1
    try:
        if channel:
            listener = _listen()
            with channel:
                socket.send_fds(channel, [b"."], [listener])
            os.close(listener)
        try:
            told = (work(), "")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked at
            told = (None, f"{type(error).__name__}: {error}")
        with os.fdopen(telling, "wb") as pipe:
            pipe.write(pickle.dumps(told))
        code = 0
    finally:
        os._exit(code)


def _listen() -> int:
    """Installs the filter for this process and its children; returns the notification descriptor."""
    numbers = sorted(_NAMES)
    openat = _BY_FOLDER_AND_PATH["openat"]
    plain = [number for number in numbers if number != openat]
    # Opening a file changes something if it may create or truncate it.
    instructions = [
        _Instruction(_LOAD, 0, 0, 0),
        *(_Instruction(_JUMP_EQUAL, len(plain) - place + 3, 0, number) for place, number in enumerate(plain)),
        _Instruction(_JUMP_EQUAL, 0, 2, openat),
        _Instruction(_LOAD, 0, 0, _ARGUMENT_3),
        _Instruction(_JUMP_BITS, 1, 0, os.O_CREAT | os.O_TRUNC),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _ASK),
    ]
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    listener = libc.syscall(_SYS_SECCOMP, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(program))
    if listener < 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")
    return int(listener)


def _path(pid: int, name: str, arguments: list[int]) -> str:
    """Returns the file of a call."""
    try:
        if name in _BY_DESCRIPTOR:
            return str(Path(f"/proc/{pid}/fd/{arguments[0]}").readlink())
        second = name in _NAMED_SECOND
        if name in _BY_PATH:
            return os.path.join(f"/proc/{pid}/cwd", _text(pid, arguments[second]))  # noqa: PTH118 - absolute ones win
        folder, text = arguments[second], _text(pid, arguments[1 + second])
        if text.startswith("/"):
            return text
        base = "cwd" if ctypes.c_int(folder).value < 0 else f"fd/{folder}"
        return str(Path(f"/proc/{pid}/{base}").readlink() / text)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ESRCH, errno.EIO):
            return ""  # the caller has ended, or its argument is invalid
        raise


def _text(pid: int, address: int) -> str:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(_PATH_BYTES).partition(b"\0")[0].decode(errors="surrogateescape")
