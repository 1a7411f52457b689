"""The first bytes of a keystore: how it is locked. Everything in them is known before any work is done on it.

``header = "CJK1" mode:1 passes:4 lanes:4 memory KiB:8 salt:16 check:8``, numbers big-endian; ``check`` is the start of
``H("keystore", what stands before it)``. The check finds damage before any work is done on its behalf; it protects
against nobody, which the context of the box does.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final, Literal

import msgspec

from couplejournal.ops.domains import digest, domain
from couplejournal.seal.passphrase import SALT_BYTES, Effort

Mode = Literal["passphrase", "keychain", "open"]

_PACKING: Final = struct.Struct(f">4sBIIQ{SALT_BYTES}s")
CHECK_BYTES: Final = 8
HEADER_BYTES: Final = _PACKING.size + CHECK_BYTES
_MAGIC: Final = b"CJK1"
_MODES: Final[dict[int, Mode]] = {1: "passphrase", 2: "keychain", 3: "open"}
_NUMBERS: Final = {mode: number for number, mode in _MODES.items()}
_NO_EFFORT: Final = Effort(passes=0, lanes=0, memory_kib=0)


class Header(msgspec.Struct, frozen=True):
    """How a keystore is locked. ``salt`` (16 bytes) goes into the derivation, or names the key in the keychain."""

    mode: Mode
    salt: bytes
    effort: Effort = _NO_EFFORT

    @property
    def raw(self) -> bytes:
        """Return the bytes."""
        effort = self.effort
        packed = _PACKING.pack(_MAGIC, _NUMBERS[self.mode], effort.passes, effort.lanes, effort.memory_kib, self.salt)
        return packed + digest("keystore", packed)[:CHECK_BYTES]

    @property
    def context(self) -> bytes:
        """Return what the box is bound to: no other header opens it."""
        return domain("keystore") + hashlib.sha256(self.raw).digest()

    @property
    def item(self) -> str:
        """Return the name of the key in the keychain."""
        return f"keystore {self.salt.hex()}"

    @classmethod
    def of(cls, raw: bytes) -> Header | None:
        """Return what these bytes say, or None where they are damaged or ask for an effort out of bounds."""
        if len(raw) != HEADER_BYTES or digest("keystore", raw[:-CHECK_BYTES])[:CHECK_BYTES] != raw[-CHECK_BYTES:]:
            return None
        magic, number, passes, lanes, memory_kib, salt = _PACKING.unpack(raw[:-CHECK_BYTES])
        mode = _MODES.get(number)
        if magic != _MAGIC or mode is None:
            return None
        effort = Effort(passes=passes, lanes=lanes, memory_kib=memory_kib)
        if not (effort.is_acceptable if mode == "passphrase" else effort == _NO_EFFORT):
            return None
        return cls(mode, salt, effort=effort)
