"""What of a pairing survives a restart. It lies in the keystore, for it holds the secret and fresh keys."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from couplejournal.errors import NewerFormatError
from couplejournal.ops.codec import encode

NO_SHARING: Final = (1 << 63) - 1
"""Above every number: nothing that waits goes along; what was begun is finished."""


class InviterState(msgspec.Struct, frozen=True, tag="inviter"):
    """An invite that this device made.

    ``share_from``: entries meant for both go along when their number in the private word stream is above it;
    ``join`` is the answer that was pinned, or empty.
    """

    secret: bytes
    purpose: str
    sign_seed: bytes
    kem_seed: bytes
    offer: bytes
    expires_ms: int
    share_from: int
    join: bytes = b""

    def __repr__(self) -> str:
        """Show no secret."""
        return f"InviterState(purpose={self.purpose!r}, …)"


class JoinerState(msgspec.Struct, frozen=True, tag="joiner"):
    """An invite that this device answers; ``offer`` and ``join`` are empty until the offer was found."""

    secret: bytes
    sign_seed: bytes
    kem_seed: bytes
    started_ms: int
    share_from: int
    offer: bytes = b""
    join: bytes = b""
    is_confirmed: bool = False

    def __repr__(self) -> str:
        """Show no secret."""
        return f"JoinerState(is_confirmed={self.is_confirmed}, …)"


class SharingState(msgspec.Struct, frozen=True, tag="sharing"):
    """The shared book is there; what waited goes into it, and one's own pairing file goes from the folder."""

    share_from: int
    leftovers: list[str]


PairingState: TypeAlias = "InviterState | JoinerState | SharingState"
_decoder: msgspec.msgpack.Decoder[PairingState] = msgspec.msgpack.Decoder(InviterState | JoinerState | SharingState)


def load(data: bytes) -> PairingState | None:
    """Return the state that the keystore holds, None where no pairing is open.

    Raises:
        NewerFormatError: a newer version left it.
    """
    if not data:
        return None
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise NewerFormatError("a newer couplejournal left a pairing open here", hint="update couplejournal") from None


def dump(state: PairingState | None) -> bytes:
    """Return what the keystore is to hold."""
    return b"" if state is None else encode(state)
