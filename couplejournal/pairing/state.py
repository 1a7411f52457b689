"""What of a pairing survives a restart. It lies in the keystore, for it holds the secret and fresh keys."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from couplejournal.errors import NewerFormatError
from couplejournal.ops.codec import encode

Clock: TypeAlias = "tuple[int, int]"
"""A hybrid time of the private book: (ms since 1970, counter)."""
SHARE_ALL: Final[Clock] = (-1, 0)
"""Before every time: all that waits goes along."""
NO_SHARING: Final[Clock] = ((1 << 63) - 1, 0)
"""After every time: nothing that waits goes along; what was begun is finished."""


class InviterState(msgspec.Struct, frozen=True, tag="inviter"):
    """An invite that this device made.

    ``share_from``: entries meant for both go along when they were written after this time of the private book's clock;
    ``join`` is the answer that was pinned, or empty.
    """

    secret: bytes
    purpose: str
    sign_seed: bytes
    kem_seed: bytes
    offer: bytes
    expires_ms: int
    share_from: Clock
    join: bytes = b""

    def __repr__(self) -> str:
        """Show no secret."""
        return f"InviterState(purpose={self.purpose!r}, …)"


class JoinerState(msgspec.Struct, frozen=True, tag="joiner"):
    """An invite that this device answers; ``offer`` and ``join`` are empty until the offer was found.

    ``private_folder`` is where an invite to the private book is answered; empty for one to a shared book.
    """

    secret: bytes
    sign_seed: bytes
    kem_seed: bytes
    started_ms: int
    share_from: Clock
    offer: bytes = b""
    join: bytes = b""
    is_confirmed: bool = False
    private_folder: str = ""

    def __repr__(self) -> str:
        """Show no secret."""
        return f"JoinerState(is_confirmed={self.is_confirmed}, …)"


class SharingState(msgspec.Struct, frozen=True, tag="sharing"):
    """The book is there; what waited goes into a shared one, and one's own pairing file goes from the folder.

    ``is_private``: it is the private book, in the folder of one's own.
    """

    share_from: Clock
    leftovers: list[str]
    is_private: bool = False


class RecoveringState(msgspec.Struct, frozen=True, tag="recovering"):
    """This device comes back with its person's recovery words: [(book id, the file in which the root admits it) ...].

    They hold nothing secret, and are kept until each lies in its book.
    """

    admissions: list[tuple[bytes, bytes]]


PairingState: TypeAlias = "InviterState | JoinerState | SharingState | RecoveringState"
_decoder: msgspec.msgpack.Decoder[PairingState] = msgspec.msgpack.Decoder(
    InviterState | JoinerState | SharingState | RecoveringState
)


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
