"""Sealed answers: a text under a key of its own, which its author gives away when both have answered.

The box commits to its key and is bound to the book, the prompt and the person, so an answer cannot be changed later,
nor be passed off as one to another prompt or of the other person (docs/spec/format.md 9). The key is wrapped for every
device of the author and for the root: any of them can release the answer.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from couplejournal.errors import InvalidEntryError, UntrustedDataError
from couplejournal.ops.domains import digest, domain
from couplejournal.ops.words import Seal
from couplejournal.seal import boxes, wraps
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import padded_size

TEXT_LIMIT_BYTES: Final = 256 << 10
FLOOR_BYTES: Final = 4096
FLOOR_TEXT_BYTES: Final = FLOOR_BYTES - 4  # up to here, all look alike
PROMPT_LIMIT_BYTES: Final = 256
TIME_LIMIT_MS: Final = 1 << 48
_PIECE_BYTES: Final = 16 << 10  # of a box; each has a tag of 16 bytes, and the last one is never full
_LARGEST_BYTES: Final = padded_size(4 + TEXT_LIMIT_BYTES)


class Place(msgspec.Struct, frozen=True):
    """Where an answer stands: the book (32 bytes), the prompt, and the person whose answer it is (16 bytes)."""

    book: bytes
    prompt: str
    person: bytes

    def context(self) -> bytes:
        """Return what the box of an answer is bound to."""
        return domain("sealed") + digest("sealed", self.book, self.prompt.encode(), self.person)

    def wrap_info(self, sealed: bytes, recipient: bytes) -> bytes:
        """Return what a wrap of the key of this box is bound to."""
        box = hashlib.sha256(sealed).digest()
        return domain("seal-wrap") + digest("seal-wrap", self.book, self.prompt.encode(), self.person, box, recipient)


def seal_answer(text: str, place: Place, *, key: bytes, recipients: Mapping[bytes, bytes], until: int = 0) -> Seal:
    """Return the operation that seals a text under a fresh 32-byte key.

    ``recipients`` maps key ids to HPKE public keys of the author's own; ``until`` is in ms since 1970, 0 for no end.

    Raises:
        InvalidEntryError: the text is longer than 256 KiB of UTF-8, or no valid Unicode.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise InvalidEntryError("this is no valid Unicode text") from None
    if len(data) > TEXT_LIMIT_BYTES:
        raise InvalidEntryError("a sealed answer is at most 256 KiB long")
    plain = struct.pack(">I", len(data)) + data
    plain += bytes(padded_size(len(plain), floor_bytes=FLOOR_BYTES) - len(plain))
    sealed = boxes.seal_box(key, place.context(), plain)
    return Seal(prompt=place.prompt, until=until, sealed=sealed, wraps=wrapped(key, sealed, place, recipients))


def wrapped(key: bytes, sealed: bytes, place: Place, recipients: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Return an answer's key wrapped for each recipient: [(key id, wrap) ...] by key id."""
    return [
        (recipient, wraps.wrap(key, kem, place.wrap_info(sealed, recipient)))
        for recipient, kem in sorted(recipients.items())
    ]


def open_answer(sealed: bytes, place: Place, key: bytes) -> str:
    """Return the text of a sealed answer.

    Raises:
        UntrustedDataError: another key, book, prompt or person, a wrong padding, or no text.
    """
    if len(key) != boxes.KEY_BYTES:
        raise UntrustedDataError("the key of a sealed answer has the wrong length")
    plain = boxes.open_box(key, place.context(), sealed)
    size = struct.unpack_from(">I", plain)[0] if len(plain) >= FLOOR_BYTES else len(plain)
    end = 4 + size
    if size > TEXT_LIMIT_BYTES or len(plain) != padded_size(end, floor_bytes=FLOOR_BYTES) or plain[end:].strip(b"\0"):
        raise UntrustedDataError("the padding of a sealed answer is wrong")
    try:
        return plain[4:end].decode()
    except UnicodeDecodeError:
        raise UntrustedDataError("a sealed answer holds no text") from None


def key_of(sealed: bytes, place: Place, given: Iterable[tuple[bytes, bytes]], own: Iterable[KeyPair]) -> bytes | None:
    """Return the key of an answer of one's own, from the first of the wraps ``given`` that holds it; None without one.

    A wrap that opens and holds another key is passed over: a stolen device of one's own may have made it.
    """
    pairs = {pair.id: pair for pair in own}
    for recipient, wrap in given:
        if recipient not in pairs:
            continue
        try:
            key = wraps.unwrap(wrap, pairs[recipient], place.wrap_info(sealed, recipient))
            open_answer(sealed, place, key)
        except UntrustedDataError:
            continue
        return key
    return None


class AnswerOpener:
    """What the merging of a book asks of cryptography about its sealed answers."""

    def __init__(self, book: bytes) -> None:
        """Answer for the book with this id (32 bytes)."""
        self._book = book

    def is_well_formed(self, seal: Seal) -> bool:
        """Return whether everything about a sealed answer is as it must be that can be known while it is closed."""
        return (
            0 < len(seal.prompt.encode()) <= PROMPT_LIMIT_BYTES
            and 0 <= seal.until < TIME_LIMIT_MS
            and _is_box_size(len(seal.sealed))
        )

    def text_of(self, seal: Seal, person: bytes, key: bytes) -> str | None:
        """Return the text of this person's answer under a key, or None where the key does not open it."""
        try:
            return open_answer(seal.sealed, Place(self._book, seal.prompt, person), key)
        except UntrustedDataError:
            return None


def _is_box_size(size_bytes: int) -> bool:
    """Return whether a box of this size can hold an answer: its plaintext has a padded length within the limits."""
    empty = 24 + 32 + 16  # salt, commitment, tag
    full, rest = divmod(size_bytes - empty, _PIECE_BYTES + 16)
    plain = full * _PIECE_BYTES + rest
    is_padded = plain == padded_size(plain, floor_bytes=FLOOR_BYTES)
    return FLOOR_BYTES <= plain <= _LARGEST_BYTES and rest < _PIECE_BYTES and is_padded
