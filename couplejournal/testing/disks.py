"""Disks for tests: one in memory, and one that fails or crashes at any call, around any other.

`CrashDisk` makes faults enumerable: let a scenario run once to count its calls, then once for each call with the fault
planted there, then once for each of the `CrashDisk.outcomes` that a power cut may leave; reopen what is left and look
whether every acknowledged operation is in it.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from math import prod
from pathlib import Path, PurePath
from typing import Final, Literal, NamedTuple, NoReturn, TypeAlias, TypeVar

from couplejournal.disk import Disk, Listed
from couplejournal.errors import StoreError

Fault: TypeAlias = Literal["fail", "crash", "crash within", "crash after"]
_T = TypeVar("_T")
_ANY_BYTES: Final = 1 << 40


class CrashError(BaseException):
    """The process ends here. It is no `Exception`, so that nothing goes on behind it."""


class MemoryDisk:
    """A disk in memory, the same as `RealDisk` to whoever uses it. ``writes`` counts what was written."""

    def __init__(self) -> None:
        self.files: dict[Path, bytes] = {}
        self.folders: set[PurePath] = set()
        self.writes = 0

    def write_new(self, path: Path, data: bytes) -> None:
        """Put a new file under its final name.

        Raises:
            StoreError: its folder is not there.
        """
        self.replace(path, data)

    def replace(self, path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
        """Put new content under a name that may exist.

        Raises:
            StoreError: its folder is not there.
        """
        del durable, private
        self._require_folder(path)
        self.files[path] = bytes(data)
        self.writes += 1

    def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
        """Return the content, or None where there is no such file.

        Raises:
            StoreError: it is larger than the limit, or a folder.
        """
        data = self.files.get(path)
        if path in self.folders or (data is not None and len(data) > limit_bytes):
            raise StoreError("a file of this device's own copy is not what it should be")
        return data

    def list(self, folder: Path) -> list[Listed]:
        """Return what lies in a folder; nothing where there is no such folder."""
        found = [Listed(path.name, len(data), 0, is_file=True) for path, data in self.files.items()
                 if path.parent == folder]  # fmt: skip
        return found + [Listed(path.name, 0, 0, is_file=False) for path in self.folders if path.parent == folder]

    def make_folder(self, path: Path, *, private: bool = False) -> None:
        """Make a folder and those above it."""
        del private
        self.folders.update([path, *path.parents])

    def remove(self, path: Path) -> None:
        """Remove a file; one that is not there is no error."""
        self.files.pop(path, None)

    def append(self, path: Path, data: bytes, *, durable: bool) -> None:
        """Add to the end of a file, made where there is none.

        Raises:
            StoreError: its folder is not there.
        """
        del durable
        self._require_folder(path)
        self.files[path] = self.files.get(path, b"") + bytes(data)
        self.writes += 1

    def _require_folder(self, path: Path) -> None:
        if path.parent not in self.folders:
            raise StoreError("this device's disk failed to save: No such file or directory")


class _Unsynced(NamedTuple):
    """What stood under a name when it was last synced; ``are_bytes_synced``: only the name itself is in doubt."""

    before: bytes | None
    are_bytes_synced: bool


class CrashDisk:
    """Any disk, whose ``fault_at``-th call (from 1; 0 plants nothing) goes wrong.

    ``fault`` is what happens there: "fail" raises the `StoreError` of the errno ``number``; "crash" ends the process
    (`CrashError`) before anything was done, "crash within" when it was done and not synced yet, "crash after" when it
    was synced and nobody heard of it; of an append half is done. With ``is_lasting`` every later call fails as well.
    ``calls`` counts all calls, ``hits`` the faults.

    What was never synced is kept apart. `restart` with a power cut decides of each such name what is left of it: what
    stood there before, what was written, nothing, or half of it. All combinations are numbered from 0 (all as before)
    up to `outcomes`.
    """

    def __init__(
        self,
        inner: Disk,
        *,
        fault_at: int = 0,
        fault: Fault = "fail",
        number: int = errno.EIO,
        is_lasting: bool = False,
    ) -> None:
        self.inner = inner
        self.calls: list[str] = []
        self.hits = 0
        self._fault_at = fault_at
        self._fault: Fault = fault
        self._number = number
        self._is_lasting = is_lasting
        self._unsynced: dict[Path, _Unsynced] = {}

    def plant(self, fault_at: int, fault: Fault, *, number: int = errno.EIO, is_lasting: bool = False) -> None:
        """Plant another fault, counted from here on."""
        self.calls.clear()
        self.hits = 0
        self._fault_at, self._fault, self._number, self._is_lasting = fault_at, fault, number, is_lasting

    @property
    def outcomes(self) -> int:
        """Return how many different states a power cut could leave now."""
        return prod(len(self._left_of(path)) for path in self._unsynced)

    def restart(self, *, is_power_cut: bool = True, choice: int = 0) -> None:
        """End all faults; a power cut leaves of what was not synced what ``choice`` says, modulo `outcomes`."""
        self.plant(0, "fail")
        if is_power_cut:
            for path in list(self._unsynced):
                left = self._left_of(path)
                choice, which = divmod(choice, len(left))
                data = left[which]
                if data is None:
                    self.inner.remove(path)
                elif data != self._inner_read(path):
                    self.inner.replace(path, data)
        self._unsynced.clear()

    def _left_of(self, path: Path) -> list[bytes | None]:
        """Return what a power cut may leave under a name, what was synced first."""
        before, are_bytes_synced = self._unsynced[path]
        now = self._inner_read(path)
        left = [before, now]
        if now and now != before and not are_bytes_synced:
            left += [b"", now[: len(now) // 2]]
        return list(dict.fromkeys(left))

    def write_new(self, path: Path, data: bytes) -> None:
        """Put a new file under its final name.

        Raises:
            StoreError: as the inner disk, or planted.
        """
        self._around("write_new", lambda: self.inner.write_new(path, data), changes=path)
        self._sync_names(path)

    def replace(self, path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
        """Put new content under a name that may exist.

        Raises:
            StoreError: as the inner disk, or planted.
        """
        if not durable:
            self._keep(path, are_bytes_synced=False)
        self._around(
            "replace", lambda: self.inner.replace(path, data, durable=durable, private=private), changes=path
        )  # fmt: skip
        if durable:
            self._sync_names(path)

    def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
        """Return the content, or None where there is no such file.

        Raises:
            StoreError: as the inner disk, or planted.
        """
        return self._around("read", lambda: self.inner.read(path, limit_bytes=limit_bytes))

    def list(self, folder: Path) -> list[Listed]:
        """Return what lies in a folder.

        Raises:
            StoreError: as the inner disk, or planted.
        """
        return self._around("list", lambda: self.inner.list(folder))

    def make_folder(self, path: Path, *, private: bool = False) -> None:
        """Make a folder and those above it.

        Raises:
            StoreError: as the inner disk, or planted.
        """
        self._around("make_folder", lambda: self.inner.make_folder(path, private=private))

    def remove(self, path: Path) -> None:
        """Remove a file; nothing syncs that, so a power cut may bring it back.

        Raises:
            StoreError: as the inner disk, or planted.
        """
        if self._inner_read(path) is not None:
            self._keep(path, are_bytes_synced=True)
        self._around("remove", lambda: self.inner.remove(path))

    def append(self, path: Path, data: bytes, *, durable: bool) -> None:
        """Add to the end of a file.

        Raises:
            StoreError: as the inner disk, or planted.
        """
        if not durable:
            self._keep(path, are_bytes_synced=False)
        half = data[: len(data) // 2]
        self._around(
            "append",
            lambda: self.inner.append(path, data, durable=durable),
            torn=lambda: self.inner.append(path, half, durable=durable),
        )

    def _keep(self, path: Path, *, are_bytes_synced: bool) -> None:
        """Remember what stood under a name when it was last synced."""
        known = self._unsynced.get(path)
        before = known.before if known is not None else self._inner_read(path)
        self._unsynced[path] = _Unsynced(before, are_bytes_synced)

    def _sync_names(self, path: Path) -> None:
        """Forget the doubt about a file that was synced, and about names removed in its folder, which was, too."""
        self._unsynced.pop(path, None)
        for other, (_, are_bytes_synced) in list(self._unsynced.items()):
            if are_bytes_synced and other.parent == path.parent:
                del self._unsynced[other]

    def _inner_read(self, path: Path) -> bytes | None:
        return self.inner.read(path, limit_bytes=_ANY_BYTES)

    def _around(
        self, call: str, act: Callable[[], _T], *, changes: Path | None = None, torn: Callable[[], object] | None = None
    ) -> _T:
        self.calls.append(call)
        at, count = self._fault_at, len(self.calls)
        if not at or count < at or (count > at and not self._is_lasting):
            return act()
        self.hits += 1
        if self._fault == "fail":
            _fail(self._number, call)
        if torn is not None:
            torn()
        elif self._fault != "crash":
            if changes is not None and self._fault == "crash within" and changes not in self._unsynced:
                self._keep(changes, are_bytes_synced=True)
            act()
        raise CrashError


def _fail(number: int, call: str) -> NoReturn:
    """Raise what `RealDisk` raises for this error of the operating system."""
    if number == errno.ENOSPC:
        raise StoreError("this device's disk is full: nothing was saved", hint="free some space and try again")
    act = call if call in {"read", "list", "remove"} else "save"
    raise StoreError(f"this device's disk failed to {act}: planted {errno.errorcode.get(number, number)}")
