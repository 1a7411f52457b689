"""Segments that no honest program makes: signed by whom a test likes, with whatever content and place."""

from __future__ import annotations

import msgspec

from couplejournal.ops import codec, domains, words
from couplejournal.seal import segments
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM, WORD_STREAM, VerifiedSegment
from couplejournal.testing.clocks import START_MS
from couplejournal.testing.pairs import Member, note

Packed = list[bytes]


def packed(*drafts: tuple[str, object], at: int = 1, critical: bool = True) -> Packed:
    """Return the bytes of operations with rising clocks."""
    return [
        codec.encode_op(word, fields, salt=bytes([number]) * 16, clock=(START_MS, at + number), critical=critical)
        for number, (word, fields) in enumerate(drafts)
    ]


def notes(*texts: str, at: int = 1) -> Packed:
    """Return the bytes of operations that write notes."""
    return packed(*(("write", note(text).fields) for text in texts), at=at)


def keys_segment(
    member: Member,
    ops: Packed,
    *,
    author: KeyPair | None = None,
    stream: bytes = b"K" * 16,
    first: int = 1,
    prev: bytes | None = None,
) -> VerifiedSegment:
    """Return a segment of a key stream of any author."""
    own = author or member.own
    begin = domains.first_link(own.id, stream, KEY_STREAM) if prev is None else prev
    return segments.seal_keys(own, book=member.book.id, stream=stream, first=first, prev=begin, ops=ops)


def words_segment(
    member: Member,
    ops: Packed,
    *,
    author: KeyPair | None = None,
    stream: bytes = b"W" * 16,
    first: int = 1,
    prev: bytes | None = None,
    epoch: bytes | None = None,
    key: bytes | None = None,
) -> VerifiedSegment:
    """Return a segment of a word stream of any author, by default under the newest epoch of the member."""
    own = author or member.own
    newest = member.book._writer.rotation.newest()
    assert newest is not None
    opened = member.book._shelf.epochs.key_of(newest.id)
    assert opened is not None
    begin = domains.first_link(own.id, stream, WORD_STREAM) if prev is None else prev
    return segments.seal_words(
        own, key or opened, book=member.book.id, stream=stream, epoch=epoch or newest.id, first=first, prev=begin,
        ops=ops,
    )  # fmt: skip


def many(member: Member, *texts: str) -> list[bytes]:
    """Return a file for every range of a stream that holds these notes: [first][last], flattened by (first, last)."""
    ops = notes(*texts)
    whole = words_segment(member, ops)
    links = [domains.first_link(member.own.id, b"W" * 16, WORD_STREAM), *whole.links]
    return [
        words_segment(member, ops[first - 1 : last], first=first, prev=links[first - 1]).sealed.data
        for first in range(1, len(ops) + 1)
        for last in range(first, len(ops) + 1)
    ]


def raw(**fields: object) -> msgspec.Raw:
    """Return encoded fields."""
    return msgspec.Raw(codec.encode(fields))


def lack(*epochs: bytes) -> tuple[str, words.Lack]:
    """Return the draft of a request."""
    return "lack", words.Lack(list(epochs))
