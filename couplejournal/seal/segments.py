"""Segments: immutable, signed files that hold a run of operations of one stream.

Three types say how far bytes are trusted: `SealedSegment` (the header was read, nothing is proved), `VerifiedSegment`
(signature, decryption, padding, strict form and links hold; only this module makes one). The reading order and what
each failure means are those of docs/spec/format.md 3: a wrong length or signature may be half a file and means
"not yet" (`NotYetError`); signed but wrong is refused for good (`UntrustedDataError`).
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final

import msgspec

from couplejournal.errors import NewerFormatError, UntrustedDataError
from couplejournal.ops import codec, domains, words
from couplejournal.seal import boxes
from couplejournal.seal.derive import derive
from couplejournal.seal.keys import KeyPair, is_signed

MAGIC: Final = b"CJS1"
SUITE_ID: Final = 1
KEY_STREAM: Final = 1
WORD_STREAM: Final = 2
NO_EPOCH: Final = bytes(16)
NO_BOOK: Final = bytes(32)
SEGMENT_LIMIT_BYTES: Final = 4 << 20
PADDING_FLOOR_BYTES: Final = 1024
SEQ_LIMIT: Final = 1 << 48
_HEADER: Final = struct.Struct(">4sBB32s32s16s16sQQ32s32s")
HEADER_BYTES: Final = _HEADER.size
SIGNATURE_BYTES: Final = 64
SMALLEST_BYTES: Final = HEADER_BYTES + 1 + SIGNATURE_BYTES


class NotYetError(UntrustedDataError):
    """The bytes do not authenticate: half a file, or a damaged one. Look again later."""

    retry = True


class Header(msgspec.Struct, frozen=True):
    """What a segment says of itself: whose it is and which operations it holds (``first`` to ``last``, from 1)."""

    type: int
    book: bytes
    key: bytes
    stream: bytes
    epoch: bytes
    first: int
    last: int
    prev: bytes
    end: bytes

    def pack(self) -> bytes:
        """Return the header's bytes."""
        return _HEADER.pack(
            MAGIC, SUITE_ID, self.type, self.book, self.key, self.stream, self.epoch, self.first, self.last,
            self.prev, self.end,
        )  # fmt: skip


class SealedSegment(msgspec.Struct, frozen=True):
    """A file whose header was read; nothing of it is proved."""

    data: bytes
    header: Header
    digest: bytes

    def __repr__(self) -> str:
        """Show the place and not the bytes."""
        return f"SealedSegment({self.path})"

    @property
    def path(self) -> str:
        """Return the file's place below a book's folder, with ``/`` between the parts."""
        head = self.header
        return f"streams/{head.stream.hex()}/{head.first:08d}-{head.last:08d}-{self.digest[:16].hex()}.seg"


class VerifiedSegment(msgspec.Struct, frozen=True):
    """A file that holds what its key signed. ``links[i]`` is the id of ``ops[i]``, operation ``header.first + i``."""

    sealed: SealedSegment
    ops: tuple[bytes, ...]
    links: tuple[bytes, ...]

    def __repr__(self) -> str:
        """Show no word of what it holds."""
        return f"VerifiedSegment({len(self.ops)} operations)"


def parse(data: bytes) -> SealedSegment:
    """Read the header of a segment.

    Raises:
        NotYetError: too short, or not a segment at all.
        NewerFormatError: a later suite or format.
        UntrustedDataError: a header that no version writes.
    """
    if len(data) < SMALLEST_BYTES or data[:4] != MAGIC:
        raise NotYetError("not a whole segment")
    if len(data) > SEGMENT_LIMIT_BYTES:
        raise UntrustedDataError("a segment is larger than the limit")
    _, suite, type_, book, key, stream, epoch, first, last, prev, end = _HEADER.unpack_from(data)
    if suite > SUITE_ID or type_ > WORD_STREAM:
        raise NewerFormatError("a segment was written by a newer couplejournal", hint="update couplejournal here")
    if suite != SUITE_ID or type_ < KEY_STREAM or not 1 <= first <= last < SEQ_LIMIT:
        raise UntrustedDataError("a segment's header is malformed")
    if (type_ == KEY_STREAM) != (epoch == NO_EPOCH):
        raise UntrustedDataError("a segment's header is malformed")
    header = Header(type_, book, key, stream, epoch, first, last, prev, end)
    return SealedSegment(data, header, hashlib.sha256(data).digest())


def padded_size(size_bytes: int, *, floor_bytes: int = PADDING_FLOOR_BYTES) -> int:
    """Return the Padmé size of a length, at least the floor: what an onlooker learns is at most O(log log n) bits.

    Padmé is that of Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs"
    (PoPETs 2019), algorithm 1. The floor is itself such a size.
    """
    if size_bytes <= floor_bytes:
        return floor_bytes
    exponent = size_bytes.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (size_bytes + mask) & ~mask


def seal_keys(
    author: KeyPair, *, book: bytes, stream: bytes, first: int, prev: bytes, ops: list[bytes]
) -> VerifiedSegment:
    """Sign a run of operations of a key stream; they stay in the clear."""
    links = _links(prev, ops)
    header = Header(KEY_STREAM, book, author.id, stream, NO_EPOCH, first, first + len(ops) - 1, prev, links[-1])
    return _finish(author, header, codec.encode_list(ops), ops, links)


def seal_words(
    author: KeyPair,
    epoch_key: bytes,
    *,
    book: bytes,
    stream: bytes,
    epoch: bytes,
    first: int,
    prev: bytes,
    ops: list[bytes],
) -> VerifiedSegment:
    """Seal a run of operations of a word stream under an epoch's key, padded, and sign them.

    Raises:
        ValueError: the segment would be larger than the limit.
    """
    links = _links(prev, ops)
    header = Header(WORD_STREAM, book, author.id, stream, epoch, first, first + len(ops) - 1, prev, links[-1])
    listed = codec.encode_list(ops)
    plain = struct.pack(">I", len(listed)) + listed
    plain += bytes(padded_size(len(plain)) - len(plain))
    body = boxes.seal_box(derive(epoch_key, "body-key"), _body_context(header), plain)
    return _finish(author, header, body, ops, links)


def verify_keys(sealed: SealedSegment, sign_public: bytes) -> VerifiedSegment:
    """Prove a segment of a key stream against the 32-byte public key of its author.

    Raises:
        NotYetError: the signature does not hold.
        NewerFormatError: an operation of a later version that must not be passed over.
        UntrustedDataError: signed, but wrong.
    """
    if sealed.header.type != KEY_STREAM:
        raise UntrustedDataError("a segment is of another type")
    body = _require_signed(sealed, sign_public)
    return _prove(sealed, body)


def verify_words(sealed: SealedSegment, sign_public: bytes, epoch_key: bytes) -> VerifiedSegment:
    """Prove and open a segment of a word stream against its author's public key and the key of its epoch.

    Raises:
        NotYetError: the signature does not hold.
        NewerFormatError: an operation of a later version that must not be passed over.
        UntrustedDataError: signed, but wrong.
    """
    if sealed.header.type != WORD_STREAM:
        raise UntrustedDataError("a segment is of another type")
    body = _require_signed(sealed, sign_public)
    plain = boxes.open_box(derive(epoch_key, "body-key"), _body_context(sealed.header), body)
    (size,) = struct.unpack_from(">I", plain) if len(plain) >= 4 else (len(plain),)
    end = 4 + size
    if len(plain) != padded_size(end) or plain[end:].strip(b"\0"):
        raise UntrustedDataError("a segment's padding is wrong")
    return _prove(sealed, plain[4:end])


def is_signed_by(sealed: SealedSegment, sign_public: bytes) -> bool:
    """Return whether a segment's signature holds under a 32-byte public key, whatever stands in it."""
    body = sealed.data[HEADER_BYTES:-SIGNATURE_BYTES]
    return is_signed(sign_public, sealed.data[-SIGNATURE_BYTES:], _signed(sealed.data[:HEADER_BYTES], body))


def _prove(sealed: SealedSegment, listed: bytes) -> VerifiedSegment:
    """Check form and links of what was signed."""
    head = sealed.header
    ops = codec.decode_list(listed)
    if len(ops) != head.last - head.first + 1:
        raise UntrustedDataError("a segment holds another number of operations than it says")
    for op in ops:
        codec.require_strict(op)
        peeked = codec.peek(op)
        if words.require_known(peeked.word, critical=peeked.critical, is_key_stream=head.type == KEY_STREAM):
            words.require_fields(peeked.word, peeked.fields)
    links = _links(head.prev, ops)
    if links[-1] != head.end:
        raise UntrustedDataError("a segment's links do not lead to its end")
    return VerifiedSegment(sealed, tuple(ops), tuple(links))


def _require_signed(sealed: SealedSegment, sign_public: bytes) -> bytes:
    """Return the body of a segment whose signature holds."""
    if not is_signed_by(sealed, sign_public):
        raise NotYetError("a segment's signature does not hold")
    return sealed.data[HEADER_BYTES:-SIGNATURE_BYTES]


def _finish(author: KeyPair, header: Header, body: bytes, ops: list[bytes], links: list[bytes]) -> VerifiedSegment:
    """Sign and assemble a segment of one's own."""
    head = header.pack()
    data = head + body + author.sign(_signed(head, body))
    if len(data) > SEGMENT_LIMIT_BYTES:
        raise ValueError("segment too large")
    return VerifiedSegment(SealedSegment(data, header, hashlib.sha256(data).digest()), tuple(ops), tuple(links))


def _signed(head: bytes, body: bytes) -> bytes:
    return domains.domain("segment") + domains.digest("segment", head, body)


def _body_context(header: Header) -> bytes:
    return domains.domain("body") + domains.digest("head", header.pack())


def _links(link: bytes, ops: list[bytes]) -> list[bytes]:
    links = []
    for op in ops:
        link = domains.next_link(link, op)
        links.append(link)
    return links


def link_after(header: Header, op: bytes) -> bytes:
    """Return the link of a segment's first operation."""
    return domains.next_link(header.prev, op)
