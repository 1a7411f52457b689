"""A folder in the care of a process of its own, for mounts whose calls can hang beyond all killing.

A thread in such a call keeps its process from ending: a request that the server of a FUSE mount has read, and does not
answer, cannot be taken back, not even by SIGKILL. So where a folder can hang, a child does the calls. It sees names and
sealed bytes only, has no terminal, and ends when its pipe does; a command whose deadline is over leaves it behind.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from couplejournal.drive.interface import (
    Drive,
    DriveFile,
    DriveFullError,
    DriveLateError,
    DriveMissingError,
    DriveReadOnlyError,
    Listing,
    NotYetError,
    Place,
    UnfitFileError,
)
from couplejournal.errors import DriveError

if TYPE_CHECKING:
    import subprocess

_START: Final = "import sys; sys.path[:] = sys.argv[1:]; from couplejournal.drive.apart import serve; serve()"
_ERRORS: Final[dict[str, type[DriveError]]] = {
    kind.__name__: kind
    for kind in (
        DriveError, DriveFullError, DriveLateError, DriveMissingError, DriveReadOnlyError, NotYetError, UnfitFileError,
    )
}  # fmt: skip
_SIZE_BYTES: Final = 4
_NO_WINDOW: Final = 0x08000000  # CREATE_NO_WINDOW: or a console would flash up on Windows

_left_behind: list[subprocess.Popen[bytes]] = []  # children whose end nobody waited for


class _Request(msgspec.Struct, array_like=True):
    """One call; the first of all, ``open``, says which folder."""

    call: str
    path: str = ""
    data: bytes = b""
    limit_bytes: int = 0
    direct: bool = False


class _Reply(msgspec.Struct, array_like=True):
    """The value of a call, or the name of its error with what that says."""

    value: msgspec.Raw = msgspec.Raw(msgspec.msgpack.encode(None))
    error: str = ""
    message: str = ""
    hint: str = ""


class ApartDrive:
    """A `FolderDrive` in a child process, which is begun when it is first needed. It may be used from several threads.

    A call waits as long as the mount does: put a `DeadlineDrive` around it.
    """

    def __init__(self, root: Path, *, staging: Path | None = None) -> None:
        self.root = root
        self._opening = _Request("open", os.path.abspath(root), b"" if staging is None else os.fsencode(staging))
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def probe(self) -> Place:
        """Look at the root alone.

        Raises:
            DriveError: the root could not be looked at.
        """
        return msgspec.msgpack.decode(self._ask(_Request("probe")), type=Place)

    def list(self) -> Listing:
        """Return the files.

        Raises:
            DriveError: as the folder.
        """
        return msgspec.msgpack.decode(self._ask(_Request("list")), type=list[DriveFile])

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the content of a file.

        Raises:
            DriveError: as the folder.
            ValueError: ``path`` leaves the drive.
        """
        return msgspec.msgpack.decode(self._ask(_Request("read", path, limit_bytes=limit_bytes)), type=bytes)

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        """Put a file under its final name.

        Raises:
            DriveError: as the folder.
            ValueError: ``path`` is no name that may stand on a drive.
        """
        self._ask(_Request("publish", path, data, direct=direct))

    def remove(self, path: str) -> None:
        """Remove one file.

        Raises:
            DriveError: as the folder.
            ValueError: ``path`` leaves the drive.
        """
        self._ask(_Request("remove", path))

    def close(self) -> None:
        """Let the child end; one that hangs ends when its call does."""
        child, self._child = self._child, None
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
            _left_behind.append(child)

    def __del__(self) -> None:
        """Leave no idle child behind."""
        self.close()

    def _ask(self, request: _Request) -> msgspec.Raw:
        """Let the child do one call.

        Raises:
            DriveError: as the folder, or the child ended.
            ValueError: as the folder.
        """
        with self._lock:
            try:
                child = self._child
                if child is None:
                    child = self._child = _begin()
                    _exchange(child, self._opening)
                reply = _exchange(child, request)
            except (OSError, EOFError, msgspec.MsgspecError):
                reply = None
                self.close()
        if reply is None:
            raise DriveError("the shared folder could not be looked at: what looks at it ended", hint="sync again")
        if reply.error == ValueError.__name__:
            raise ValueError(reply.message)
        if reply.error:
            raise _ERRORS.get(reply.error, DriveError)(reply.message, hint=reply.hint)
        return reply.value


def serve(requests: int = 0, replies: int = 1) -> None:
    """Do calls for whoever holds the other ends of two pipes, until the first is closed."""
    drive: Drive | None = None
    try:
        while True:
            request = msgspec.msgpack.decode(_received(requests), type=_Request)
            if request.call == "open":
                drive = _opened(request)
            _send(replies, _Reply() if drive is None or request.call == "open" else _answer(drive, request))
    except (EOFError, OSError):
        return  # nobody listens any more


def _opened(request: _Request) -> Drive:
    from couplejournal.drive.folder import FolderDrive
    from couplejournal.system import RealSystem

    staging = Path(os.fsdecode(request.data)) if request.data else None
    return FolderDrive(Path(request.path), RealSystem(), staging=staging)


def _answer(drive: Drive, request: _Request) -> _Reply:
    """Do one call, and turn what it raises into words."""
    calls: dict[str, Callable[[], Any]] = {
        "probe": drive.probe,
        "list": drive.list,
        "read": lambda: drive.read(request.path, limit_bytes=request.limit_bytes),
        "publish": lambda: drive.publish(request.path, request.data, direct=request.direct),
        "remove": lambda: drive.remove(request.path),
    }
    try:
        return _Reply(msgspec.Raw(msgspec.msgpack.encode(calls[request.call]())))
    except (DriveError, ValueError) as error:
        kind = type(error).__name__ if isinstance(error, DriveError) else ValueError.__name__
        return _Reply(error=kind, message=str(error), hint=getattr(error, "hint", ""))


def _begin() -> subprocess.Popen[bytes]:
    """Begin a child with this process's own Python and places of modules.

    Raises:
        OSError: it could not be begun.
    """
    import subprocess  # start-up: only where a folder can hang

    _left_behind[:] = [child for child in _left_behind if child.poll() is None]
    return subprocess.Popen(  # noqa: S603 - our own Python, our own line
        [sys.executable, "-S", "-E", "-c", _START, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,  # a buffer's lock, held by a thread that hangs, would abort the end of the interpreter
        stderr=subprocess.DEVNULL,  # or whoever reads our own stderr would wait for a child that hangs
        start_new_session=True,  # Ctrl-C is for the command alone
        creationflags=_NO_WINDOW if sys.platform == "win32" else 0,
    )


def _exchange(child: subprocess.Popen[bytes], request: _Request) -> _Reply:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    _send(child.stdin.fileno(), request)
    return msgspec.msgpack.decode(_received(child.stdout.fileno()), type=_Reply)


def _send(pipe: int, message: _Request | _Reply) -> None:
    data = msgspec.msgpack.encode(message)
    rest = memoryview(len(data).to_bytes(_SIZE_BYTES) + data)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _received(pipe: int) -> bytes:
    """Return the next message.

    Raises:
        EOFError: the other side has ended.
    """
    return _exactly(pipe, int.from_bytes(_exactly(pipe, _SIZE_BYTES)))


def _exactly(pipe: int, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        chunk = os.read(pipe, count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)
