"""The keystore: one small file that holds the seeds of this device, locked in one of three ways.

"passphrase": sealed under a key that Argon2id derives. "keychain": sealed under a random key that the operating system
keeps. "open": plain, for machines that are trusted as they are. The file is ``header || body``; the body is a
Cobblestone256 box bound to the header or, in open mode, ``H("keystore", header, secrets) || secrets``
(docs/spec/format.md 11).

Any change to any byte of the file gives the one error that a wrong passphrase gives, before anything of it is used.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.errors import (
    KeyMissingError,
    LockedError,
    NewerFormatError,
    NoJournalError,
    SetupError,
    StoreBusyError,
    UnlockError,
    UntrustedDataError,
    WrongPassphraseError,
)
from couplejournal.ops.codec import encode
from couplejournal.ops.domains import digest
from couplejournal.seal.boxes import KEY_BYTES, open_box, seal_box
from couplejournal.seal.passphrase import DEFAULT_EFFORT, SALT_BYTES, Effort, derive_key
from couplejournal.store.header import HEADER_BYTES, Header, Mode
from couplejournal.store.keychain import Keychain, system_keychain
from couplejournal.store.secrets import Secrets
from couplejournal.store.unlocking import LONGEST_UNLOCK_S, Kept, Loans

if TYPE_CHECKING:
    from collections.abc import Callable

    from couplejournal.disk import Disk
    from couplejournal.store.home import Home
    from couplejournal.system import System

KEYSTORE_LIMIT_BYTES: Final = 1 << 20
SUM_BYTES: Final = 32
_LOCKED_HINT: Final = "run 'couplejournal unlock', or set COUPLEJOURNAL_PASSPHRASE_FILE or _COMMAND"


class Keystore:
    """An opened keystore: ``secrets``, and the key under which they are saved again."""

    def __init__(
        self, home: Home, disk: Disk, system: System, header: Header, key: bytes, *, keychain: Keychain | None
    ) -> None:
        """Take what `create` and `open` found; use those."""
        self._home = home
        self._disk = disk
        self._system = system
        self._header = header
        self._key = key
        self._keychain = keychain
        self._data = b""
        self.secrets: Secrets

    def __repr__(self) -> str:
        """Show the mode and no secret."""
        return f"Keystore(mode={self.mode!r}, …)"

    @property
    def mode(self) -> Mode:
        """Return "passphrase", "keychain" or "open"."""
        return self._header.mode

    @classmethod
    def create(
        cls,
        home: Home,
        disk: Disk,
        system: System,
        secrets: Secrets,
        *,
        mode: Mode,
        passphrase: str | None = None,
        effort: Effort = DEFAULT_EFFORT,
        keychain: Keychain | None = None,
    ) -> Keystore:
        """Make the keystore of a home that has none, durably; the caller holds the home's lock.

        Raises:
            SetupError: there is one already, it would lie in a replica or a drive, or the passphrase is empty.
            UnlockError: the keychain may not be trusted or does not answer, or memory is short.
            StoreError: it could not be written; nothing is left behind.
            ValueError: passphrase mode without a passphrase, or the reverse.
        """
        if (mode == "passphrase") != (passphrase is not None):
            raise ValueError("a passphrase belongs to the passphrase mode and to no other")
        if passphrase is not None and not passphrase.strip():
            raise SetupError("an empty passphrase protects nothing", hint="choose one, or --no-passphrase")
        path = home.keystore_path
        if any(item.name == path.name for item in disk.list(path.parent)):
            raise SetupError("there is a journal in this home already", hint="choose another COUPLEJOURNAL_HOME")
        home.require_keystore_apart(disk)
        salt = system.random_bytes(SALT_BYTES)
        header = Header(mode, salt, effort=effort) if mode == "passphrase" else Header(mode, salt)
        if passphrase is not None:
            key = derive_key(passphrase, salt, effort)
        else:
            key = system.random_bytes(KEY_BYTES) if mode == "keychain" else b""
        made = cls(home, disk, system, header, key, keychain=keychain)
        home.prepare(disk)
        if mode == "keychain":
            made._write_beside_keychain(secrets)
        else:
            made._write(secrets)
        return made

    @classmethod
    def open(
        cls,
        home: Home,
        disk: Disk,
        system: System,
        *,
        passphrase: str | Callable[[], str] | None = None,
        keychain: Keychain | None = None,
    ) -> Keystore:
        """Open the keystore of a home.

        ``passphrase`` is looked at, or asked for, only where it is needed: not in open or keychain mode, and not while
        `unlock` holds.

        Raises:
            NoJournalError: there is no keystore.
            LockedError: a passphrase is needed, and there is none.
            WrongPassphraseError: wrong passphrase, or the file is damaged.
            KeyMissingError: the keychain has no key for it.
            UnlockError: the keychain may not be trusted or does not answer, or memory is short.
            NewerFormatError: a newer couplejournal saved it.
            StoreError: it could not be read.
        """
        data = disk.read(home.keystore_path, limit_bytes=KEYSTORE_LIMIT_BYTES)
        if data is None:
            raise NoJournalError("there is no journal here yet", hint="make one with 'couplejournal init'")
        header = Header.of(data[:HEADER_BYTES])
        if header is None:
            raise _not_opened()
        key = b""
        if header.mode == "keychain":
            key = _from_keychain(header, keychain or system_keychain())
        elif header.mode == "passphrase":
            lent = Loans(home, disk, keychain).recall(_loan_mark(header), system)
            key = lent or derive_key(_asked(passphrase), header.salt, header.effort)
        opened = cls(home, disk, system, header, key, keychain=keychain)
        opened._load(data)
        return opened

    @classmethod
    def is_locked(cls, home: Home, disk: Disk, system: System, *, keychain: Keychain | None = None) -> bool:
        """Return whether a passphrase is needed to open the keystore now; nothing is derived for the question.

        Raises:
            StoreError: it could not be read.
        """
        header = _header_in(home, disk)
        if header is None or header.mode != "passphrase":
            return False
        return Loans(home, disk, keychain).recall(_loan_mark(header), system) is None

    @classmethod
    def mode_in(cls, home: Home, disk: Disk) -> Mode | None:
        """Return how the keys of a home are kept, without opening them; None where there is no keystore.

        Raises:
            StoreError: it could not be read.
        """
        header = _header_in(home, disk)
        return None if header is None else header.mode

    @classmethod
    def lock(cls, home: Home, disk: Disk, *, keychain: Keychain | None = None) -> bool:
        """End what `unlock` began, and return whether there was anything to end.

        Raises:
            StoreError: the key could not be removed.
            UnlockError: the key lies in the keychain, which does not answer.
        """
        return Loans(home, disk, keychain).forget()

    def unlock(self, seconds: int) -> bool:
        """Let this home be opened without a passphrase for so long, and return whether one is needed at all.

        Raises:
            SetupError: the time is beyond 31 days.
            UnlockError: there is no safe place for the key.
            StoreError: it could not be written.
            ValueError: ``seconds`` is not positive.
        """
        if seconds <= 0:
            raise ValueError("an unlock lasts at least a second")
        if seconds > LONGEST_UNLOCK_S:
            raise SetupError("an unlock lasts at most 31 days")
        if self.mode != "passphrase":
            return False
        now_ms = self._system.now_ms()
        until_ms = now_ms + seconds * 1000
        kept = Kept(self._key, _loan_mark(self._header), now_ms, until_ms, self._system.boot_id())
        Loans(self._home, self._disk, self._keychain).keep(kept)
        return True

    def save(self, secrets: Secrets) -> None:
        """Replace what the keystore holds: atomically, durably, 0600, with a fresh salt of the box under the same key.

        Changing secrets is read, modify, write: the caller takes the home's lock, calls `reload`, and saves before
        letting the lock go. Without the `reload`, what another process saved since is not overwritten but reported.

        Raises:
            StoreBusyError: another process saved since this object last read the file; `reload` and try again.
            KeyMissingError: the file is gone.
            StoreError: it could not be written; the old content still stands.
            ValueError: the secrets are larger than a keystore may be.
        """
        if self._read() != self._data:
            raise StoreBusyError("another process changed the keystore at the same time", hint="try again")
        self._write(secrets)

    def reload(self) -> bool:
        """Take over what another process saved, and return whether there was anything new.

        Raises:
            LockedError: the keystore was made anew, under another key; open it again.
            WrongPassphraseError: the file is damaged.
            KeyMissingError: the file is gone.
            NewerFormatError: a newer couplejournal saved it.
            StoreError: it could not be read.
        """
        data = self._read()
        if data == self._data:
            return False
        header = Header.of(data[:HEADER_BYTES])
        if header is None:
            raise _not_opened()
        if header != self._header:
            raise LockedError("the keystore was made anew meanwhile", hint="open the journal again")
        self._load(data)
        return True

    def _read(self) -> bytes:
        """Return the file."""
        data = self._disk.read(self._home.keystore_path, limit_bytes=KEYSTORE_LIMIT_BYTES)
        if data is None:
            raise KeyMissingError("the keystore is gone", hint="put it back from a backup before anything else")
        return data

    def _load(self, data: bytes) -> None:
        """Open the body of a file with this header, all of it or nothing."""
        payload = _opened(self._header, self._key, data[HEADER_BYTES:])
        if payload is None:
            raise _not_opened()
        secrets = _decoded(payload)
        if secrets is None:  # authentic, yet not understood
            raise NewerFormatError("the keystore was saved by a newer couplejournal", hint="update couplejournal")
        self.secrets, self._data = secrets, data

    def _write(self, secrets: Secrets) -> None:
        """Seal and put in place."""
        raw, payload = self._header.raw, encode(secrets)
        if self.mode == "open":
            data = raw + digest("keystore", raw, payload) + payload
        else:
            data = raw + seal_box(self._key, self._header.context, payload)
        if len(data) > KEYSTORE_LIMIT_BYTES:
            raise ValueError("the secrets are larger than a keystore may be")
        self._disk.replace(self._home.keystore_path, data, private=True)
        self.secrets, self._data = secrets, data

    def _write_beside_keychain(self, secrets: Secrets) -> None:
        """Write the first file; its key goes before it, and away again if the file could not be written."""
        keychain = self._keychain or system_keychain()
        keychain.put(self._header.item, self._key)
        try:
            self._write(secrets)
        except BaseException:
            with contextlib.suppress(UnlockError):
                keychain.remove(self._header.item)
            raise


def _header_in(home: Home, disk: Disk) -> Header | None:
    data = disk.read(home.keystore_path, limit_bytes=KEYSTORE_LIMIT_BYTES)
    return None if data is None else Header.of(data[:HEADER_BYTES])


def _loan_mark(header: Header) -> bytes:
    """Return what binds a lent key to one keystore."""
    return digest("unlock", header.raw)


def _asked(passphrase: str | Callable[[], str] | None) -> str:
    """Return the passphrase, asking for it where that is left to us."""
    if passphrase is None:
        raise LockedError("the journal is locked: a passphrase is needed", hint=_LOCKED_HINT)
    return passphrase if isinstance(passphrase, str) else passphrase()


def _from_keychain(header: Header, keychain: Keychain) -> bytes:
    """Return the key of a keystore in keychain mode."""
    key = keychain.get(header.item)
    if key is None:
        raise KeyMissingError(
            "the system's keychain has no key for this journal",
            hint="sign in as the user, and on the machine, that made the journal",
        )
    return key


def _opened(header: Header, key: bytes, body: bytes) -> bytes | None:
    """Return the authentic payload of a body, or None."""
    if header.mode == "open":
        payload = body[SUM_BYTES:]
        return payload if digest("keystore", header.raw, payload) == body[:SUM_BYTES] else None
    if len(key) != KEY_BYTES:
        return None
    try:
        return open_box(key, header.context, body)
    except UntrustedDataError:
        return None


def _decoded(payload: bytes) -> Secrets | None:
    """Return the secrets; None, not the decoder's error, which quotes what it met."""
    try:
        return msgspec.msgpack.decode(payload, type=Secrets)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _not_opened() -> WrongPassphraseError:
    """Return the one error for whatever keeps a keystore shut, so that it tells an attacker nothing."""
    return WrongPassphraseError(
        "the keystore did not open: the passphrase is wrong, or the file is damaged",
        hint="try the passphrase again; if it is right, put the keystore back from a backup",
    )
