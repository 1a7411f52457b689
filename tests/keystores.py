"""Homes for tests of the keystore: a disk, a machine whose time is set, and a keychain in memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from couplejournal.disk import RealDisk
from couplejournal.errors import StoreError, UnlockError
from couplejournal.ops.domains import digest
from couplejournal.seal.passphrase import SMALLEST_EFFORT
from couplejournal.store.header import Mode
from couplejournal.store.home import Home
from couplejournal.store.keystore import Keystore
from couplejournal.store.secrets import BookSecret, Secrets
from couplejournal.system import RealSystem

PASSPHRASE = "café au lait, twice"


def seed(number: int) -> bytes:
    """Return 32 bytes that occur nowhere by chance."""
    return digest("unlock", number)


SECRETS = Secrets(
    name="Ana of the tests",
    device_name="the laptop that was stolen",
    root_keys=b"p" * 1280,
    root_seed=seed(1),
    founding_seed=seed(2),
    books=[BookSecret(seed(0), role, seed(n), seed(n + 1)) for n, role in ((3, "private"), (5, "shared"))],
    pairing=b"the words of an open invite: " + seed(7),
)
MODES: tuple[Mode, ...] = ("passphrase", "keychain", "open")
posix_only = pytest.mark.skipif(os.name != "posix", reason="owners and modes of POSIX")


class Machine(RealSystem):
    """A machine whose clock and start are set by the test."""

    def __init__(self) -> None:
        """Begin at a fixed moment."""
        self.now = 1_800_000_000_000
        self.boot = "first start"

    def now_ms(self) -> int:
        """Return the moment set."""
        return self.now

    def boot_id(self) -> str:
        """Return the start set."""
        return self.boot

    def machine_id(self) -> str:
        """Return a machine."""
        return "machine"


class Chain:
    """A keychain in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self.items: dict[str, bytes] = {}
        self.is_answering = True

    def get(self, name: str) -> bytes | None:
        """Return the secret."""
        if not self.is_answering:
            raise UnlockError("the system's keychain is locked or does not answer")
        return self.items.get(name)

    def put(self, name: str, secret: bytes) -> None:
        """Keep a secret."""
        if not self.is_answering:
            raise UnlockError("the system's keychain is locked or does not answer")
        self.items[name] = secret

    def remove(self, name: str) -> bool:
        """Remove a secret."""
        return self.items.pop(name, None) is not None


class FullDisk(RealDisk):
    """A disk that takes no more."""

    def replace(self, path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
        """Refuse."""
        del path, data, durable, private
        raise StoreError("this device's disk is full: nothing was saved")


class Bench:
    """One home with its disk, machine and keychain."""

    def __init__(self, root: Path) -> None:
        """Make the folder of the session and nothing else."""
        runtime = root / "run"
        runtime.mkdir(mode=0o700)
        self.home = Home.locate(root / "ana", {"XDG_RUNTIME_DIR": str(runtime)})
        self.disk = RealDisk()
        self.machine = Machine()
        self.chain = Chain()

    @property
    def path(self) -> Path:
        """Return where the keystore lies."""
        return self.home.keystore_path

    @property
    def lent(self) -> list[Path]:
        """Return the files in the session's folder."""
        return sorted(self.home.runtime.iterdir()) if self.home.runtime and self.home.runtime.exists() else []

    def create(self, mode: Mode = "passphrase", passphrase: str = PASSPHRASE) -> Keystore:
        """Make the keystore with the least effort that is allowed."""
        given = passphrase if mode == "passphrase" else None
        return Keystore.create(
            self.home,
            self.disk,
            self.machine,
            SECRETS,
            mode=mode,
            passphrase=given,
            effort=SMALLEST_EFFORT,
            keychain=self.chain,
        )

    def open(self, passphrase: str | None = None) -> Keystore:
        """Open the keystore."""
        return Keystore.open(self.home, self.disk, self.machine, passphrase=passphrase, keychain=self.chain)

    def lock(self) -> bool:
        """Lock the home."""
        return Keystore.lock(self.home, self.disk, keychain=self.chain)

    def without_session(self) -> Bench:
        """Take the session's folder away."""
        self.home = Home(self.home.config, self.home.data, self.home.state, None)
        return self
