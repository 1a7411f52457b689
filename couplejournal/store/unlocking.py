"""``unlock``: keep the key of the keystore for some hours, so that daily commands neither ask nor derive.

It is kept in the session's own folder (``$XDG_RUNTIME_DIR``, in memory, gone at logout), or in the system's keychain
where there is no such folder; never on a disk. What is found there counts only while it is ours alone, of this start of
the machine, within its time, and made for this very keystore (docs/spec/format.md 11).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from typing import TYPE_CHECKING, Any, Final

import msgspec

from couplejournal.errors import StoreError, UnlockError
from couplejournal.store.keychain import system_keychain

if TYPE_CHECKING:
    from pathlib import Path

    from couplejournal.disk import Disk
    from couplejournal.store.home import Home
    from couplejournal.store.keychain import Keychain
    from couplejournal.system import System

LONGEST_UNLOCK_S: Final = 31 * 24 * 3600
KEPT_LIMIT_BYTES: Final = 4096
MARK_NAME: Final = "unlocked"  # says "ask the keychain"; holds nothing


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key on loan: for which keystore (digest of its header), from when to when (ms since 1970), in which start."""

    key: bytes
    keystore: bytes
    since_ms: int
    until_ms: int
    boot: str

    def __repr__(self) -> str:
        """Show no key."""
        return "Kept(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no key to consoles that ask for a richer form."""
        return []

    def is_valid(self, keystore: bytes, system: System) -> bool:
        """Return whether the loan is for this keystore and runs now; a clock set back ends it as its time does."""
        runs = self.since_ms <= system.now_ms() < self.until_ms <= self.since_ms + LONGEST_UNLOCK_S * 1000
        return runs and self.keystore == keystore and self.boot == system.boot_id()


class Loans:
    """The place where the key of one home's keystore is lent."""

    def __init__(self, home: Home, disk: Disk, keychain: Keychain | None) -> None:
        """Take the keychain to ask; None for the system's own, once it is needed."""
        self._home = home
        self._disk = disk
        self._keychain = keychain
        # Every home of a user has the same session folder and keychain: the name tells them apart.
        self._name = hashlib.sha256(os.fsencode(os.path.realpath(home.keystore_path))).hexdigest()[:32] + ".unlock"
        self._path = home.runtime / self._name if home.runtime else None
        self._mark = home.state_file(MARK_NAME)

    def keep(self, kept: Kept) -> None:
        """Put the key where `recall` finds it.

        Raises:
            UnlockError: there is neither a session folder of our own nor a keychain that may be trusted.
            StoreError: it could not be written.
        """
        data = msgspec.msgpack.encode(kept)
        if self._path is not None and _is_ours(self._path.parent.parent, barred=0o022):
            self._disk.make_folder(self._path.parent, private=True)
            if _is_ours(self._path.parent):
                self._disk.replace(self._path, data, durable=False, private=True)
                return
        try:
            keychain = self._asked_keychain()
        except UnlockError:
            raise UnlockError(
                "there is no safe place to keep the key: no session folder of your own (XDG_RUNTIME_DIR), no keychain",
                hint="give the passphrase each time, by COUPLEJOURNAL_PASSPHRASE_COMMAND for instance",
            ) from None
        # The mark stands before the key, so that `forget` never overlooks one.
        self._disk.make_folder(self._mark.parent, private=True)
        self._disk.replace(self._mark, b"", private=True)
        try:
            keychain.put(self._name, data)
        except UnlockError:
            self._disk.remove(self._mark)
            raise

    def recall(self, keystore: bytes, system: System) -> bytes | None:
        """Return the key lent for the keystore with this digest, or None; one whose time is over is thrown away."""
        for read in (self._read_file, self._read_keychain):
            kept = _decoded(read())
            if kept is not None and kept.is_valid(keystore, system):
                return kept.key
            if kept is not None:
                with contextlib.suppress(StoreError, UnlockError):  # it opens nothing any more either way
                    self.forget()
        return None

    def forget(self) -> bool:
        """Remove the key from wherever it is lent, and return whether there was one, valid or not.

        Raises:
            StoreError: the file could not be removed.
            UnlockError: the keychain does not answer.
        """
        was_there = False
        if self._path is not None and _is_in(self._disk, self._path):
            self._disk.remove(self._path)
            was_there = True
        if _is_in(self._disk, self._mark):
            was_there = self._asked_keychain().remove(self._name) or was_there
            self._disk.remove(self._mark)
        return was_there

    def _read_file(self) -> bytes | None:
        """Return what lies in the session folder, if folder and file are ours and closed to everybody else."""
        path = self._path
        if path is None or not _is_ours(path.parent.parent, barred=0o022):
            return None
        if not (_is_ours(path.parent) and _is_ours(path)):
            return None
        with contextlib.suppress(StoreError):
            return self._disk.read(path, limit_bytes=KEPT_LIMIT_BYTES)
        return None

    def _read_keychain(self) -> bytes | None:
        """Return what lies in the keychain; without the mark it is not asked, since that takes long."""
        with contextlib.suppress(StoreError, UnlockError):
            if _is_in(self._disk, self._mark):
                return self._asked_keychain().get(self._name)
        return None

    def _asked_keychain(self) -> Keychain:
        """Return the keychain, loaded when first asked."""
        if self._keychain is None:
            self._keychain = system_keychain()
        return self._keychain


def _decoded(data: bytes | None) -> Kept | None:
    """Return the loan; None for what is none."""
    if data is None:
        return None
    try:
        return msgspec.msgpack.decode(data, type=Kept)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _is_in(disk: Disk, path: Path) -> bool:
    """Return whether a file stands in its folder."""
    return any(item.name == path.name for item in disk.list(path.parent))


def _is_ours(path: Path, *, barred: int = 0o077) -> bool:
    """Return whether a real file or folder (no link) belongs to this user, with none of the ``barred`` mode bits."""
    if not hasattr(os, "getuid"):
        return False
    try:
        about = os.lstat(path)
    except OSError:
        return False
    return about.st_uid == os.getuid() and not stat.S_ISLNK(about.st_mode) and not about.st_mode & barred
