"""Segments and operations: what lies on the drive, and what a member signed and sealed.

Where a parser stands behind a signature, the harness signs and seals what the fuzzer made, under keys of its own: a
hostile partner can do that, too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from typing import Final

import msgspec
from fuzz.harness import Draw, Target, require

from couplejournal.errors import NewerFormatError, UntrustedDataError
from couplejournal.ops import codec, domains, words
from couplejournal.seal import boxes, segments
from couplejournal.seal.derive import derive
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM, NO_EPOCH, WORD_STREAM, Header

REFUSALS: Final = (UntrustedDataError, NewerFormatError)
BOOK: Final = b"B" * 32
STREAM: Final = b"S" * 16
EPOCH: Final = b"E" * 16
EPOCH_KEY: Final = b"k" * 32
SALT: Final = b"s" * 16
HEAD: Final = (STREAM, 3, b"l" * 32)
ALL_WORDS: Final = words.KEY_WORDS | words.WORD_WORDS
NAMES: Final = tuple(sorted(ALL_WORDS))


@cache
def author() -> KeyPair:
    """Return the key that signs everything here."""
    return KeyPair(b"a" * 32, b"b" * 32)


def samples() -> dict[str, msgspec.Struct]:
    """Return sound fields of every word."""
    raw = msgspec.Raw(codec.encode({"text": "tea?", "tags": ["a"], "tender": "none"}))
    entry, wrap = b"e" * 32, b"w" * 40
    return {
        "found": words.Found([(b"r" * 40, b"d" * 40)], [b"x" * 64]),
        "admit": words.Admit(person=EPOCH, keys=b"k" * 40, proof=b"p" * 64, founding=b"f" * 16),
        "remove": words.Remove([(entry, [HEAD])]),
        "epoch": words.Epoch(commit=b"c" * 32, wraps=[(entry, wrap)], back=[EPOCH, wrap], roots=[HEAD]),
        "grant": words.Grant([(EPOCH, entry, wrap)]),
        "lack": words.Lack([EPOCH]),
        "write": words.Write("bid", 1, (1_790_000_000_000, 120, "minute"), raw, (("about", entry),), joint=True),
        "revise": words.Revise(entry, [entry], raw),
        "retract": words.Retract(entry, [entry]),
        "seal": words.Seal("question", 0, wrap, [(entry, wrap)]),
        "rewrap": words.Rewrap(entry, [(entry, wrap)]),
        "release": words.Release(entry, b"k" * 32, entry),
        "withdraw": words.Withdraw(entry),
        "skip": words.Skip("question"),
        "seen": words.Seen([HEAD]),
        "profile": words.Profile("Ana", "laptop"),
        "share": words.Share(entry, SALT, entry),
        "end": words.End(),
    }


def sample_ops() -> dict[str, bytes]:
    """Return a sound operation of every word, and an optional one of a word that nobody knows."""
    known = {
        word: codec.encode_op(word, fields, salt=SALT, clock=(1_790_000_000_000, 7))
        for word, fields in samples().items()
    }
    deep: object = b""
    for _ in range(200):
        deep = [deep]
    known["deep"] = codec.encode_op("odd", {"a": deep}, salt=SALT, clock=(1, 1), critical=False)
    return known | {"odd": codec.encode_op("odd", {"a": [1.5, None]}, salt=SALT, clock=(1, 1), critical=False)}


def segment_of(type_: int, first: int, count: int, prev: bytes, end: bytes, body: bytes) -> bytes:
    """Return a signed segment with any body."""
    epoch = NO_EPOCH if type_ == KEY_STREAM else EPOCH
    head = Header(type_, BOOK, author().id, STREAM, epoch, first, first + count - 1, prev, end).pack()
    return head + body + author().sign(segments._signed(head, body))


# --- the header of any file ---


def read_header(data: bytes) -> None:
    """What was read from a header packs to the same bytes, and names a path of the one shape."""
    sealed = segments.parse(data)
    require(sealed.header.pack() == data[: segments.HEADER_BYTES], "a header packs to what was read")
    require(1 <= sealed.header.first <= sealed.header.last, "a range has a beginning and an end")
    parts = sealed.path.split("/")
    require(len(parts) == 3 and all(part.isascii() and part.isprintable() for part in parts), "a path is plain")


def header_seeds() -> Iterable[bytes]:
    """Return whole segments of both types."""
    for type_ in (KEY_STREAM, WORD_STREAM):
        yield segment_of(type_, 1, 1, b"p" * 32, b"e" * 32, b"body")
        yield segment_of(type_, 2**47, 9, b"p" * 32, b"e" * 32, bytes(72))


# --- lists, operations, fields ---


def read_list(data: bytes) -> None:
    """A list that was taken is written again as the same bytes."""
    require(codec.encode_list(codec.decode_list(data)) == data, "a list has one encoding")


def list_seeds() -> Iterable[bytes]:
    """Return lists of operations, of every width of length."""
    ops = list(sample_ops().values())
    yield from (codec.encode_list(found) for found in ([], ops[:1], ops[:3], ops, [b""] * 16, [b"x" * 300]))


def read_op(data: bytes) -> None:
    """An operation that was taken is written again as the same bytes, and its fields say what they said."""
    codec.require_strict(data)
    peeked = codec.peek(data)
    again = codec.encode_op(
        peeked.word, peeked.fields, salt=peeked.salt, clock=peeked.clock, critical=peeked.critical
    )  # fmt: skip
    require(again == data, "an operation has one encoding")
    for is_key_stream in (True, False):
        try:
            is_known = words.require_known(peeked.word, critical=peeked.critical, is_key_stream=is_key_stream)
        except NewerFormatError:
            require(peeked.critical, "an optional word of a newer version is passed over")
            continue
        if is_known:
            words.require_fields(peeked.word, peeked.fields)


def read_frame(data: bytes) -> None:
    """The frame alone, of bytes in any form: salt and clock are within their bounds."""
    peeked = codec.peek(data)
    ms, counter = peeked.clock
    require(len(peeked.salt) == 16 and 0 <= ms < 1 << 48 and 0 <= counter < 1 << 32, "salt and clock are in bounds")


def read_fields(data: bytes) -> None:
    """The first byte chooses a word. What its fields say, they say after another encoding, too."""
    struct_ = ALL_WORDS[NAMES[(data[0] if data else 0) % len(NAMES)]]
    fields = words.decode_fields(struct_, data[1:])
    again = words.decode_fields(struct_, codec.encode(fields))
    require(codec.encode(again) == codec.encode(fields), "fields say the same when they are written again")


def field_seeds() -> Iterable[bytes]:
    """Return sound fields of every word."""
    for number, word in enumerate(NAMES):
        yield bytes([number]) + codec.encode(samples()[word])


# --- segments that a member signed ---


def _shape(data: bytes) -> tuple[int, int, bytes, bytes, bytes]:
    """Return (first, count, link before, link at the end, list) as the leading bytes choose them.

    By default everything fits the list, so that the fuzzer gets as far as the operations.
    """
    draw = Draw(data)
    flags, first, odd_count = draw.number(256), draw.number(256) + 1, draw.number(256)
    listed = draw.rest()
    if flags & 2:  # operations as they are, each behind its length
        draw, pieces = Draw(listed), list[bytes]()
        while not draw.is_over and len(pieces) < 64:
            pieces.append(draw.take(draw.number(1 << 16) % 1024))
        listed = codec.encode_list(pieces)
    try:
        ops = codec.decode_list(listed)
    except UntrustedDataError:
        ops = []
    prev = domains.first_link(author().id, STREAM, KEY_STREAM)
    end = prev
    for op in ops:
        end = domains.next_link(end, op)
    count = (odd_count + 1) if flags & 1 else max(1, len(ops))
    return first, count, prev, (b"?" * 32 if flags & 4 else end), listed


def _require_proved(verified: segments.VerifiedSegment, listed: bytes) -> None:
    """See that what was proved is what was in the list, link by link."""
    require(codec.encode_list(list(verified.ops)) == listed, "what was proved is what was signed")
    head = verified.sealed.header
    require(len(verified.ops) == len(verified.links) == head.last - head.first + 1, "each number has its operation")
    link = head.prev
    for op, found in zip(verified.ops, verified.links, strict=True):
        link = domains.next_link(link, op)
        require(link == found, "each operation has the link of its place")
        codec.require_strict(op)
    require(link == head.end, "the links lead to the end")


def prove(data: bytes) -> None:
    """What stands behind signature and seal, without them: the same proof, many times as fast; the first byte: type."""
    type_ = KEY_STREAM if data[:1] == b"\0" else WORD_STREAM
    first, count, prev, end, listed = _shape(data[1:])
    head = Header(type_, BOOK, author().id, STREAM, NO_EPOCH, first, first + count - 1, prev, end)
    _require_proved(segments._prove(segments.SealedSegment(b"", head, b"d" * 32), listed), listed)


def prove_seeds() -> Iterable[bytes]:
    """Return sound content of segments of both types."""
    yield from (b"\0" + seed for seed in segment_seeds(is_key_stream=True))
    yield from (b"\1" + seed[1:] for seed in segment_seeds(is_key_stream=False))


def read_key_segment(data: bytes) -> None:
    """A key segment of a member, with anything in it."""
    first, count, prev, end, listed = _shape(data)
    file = segment_of(KEY_STREAM, first, count, prev, end, listed)
    _require_proved(segments.verify_keys(segments.parse(file), author().public.sign), listed)


def read_word_segment(data: bytes) -> None:
    """A word segment of a member, with anything in it; the first byte is how its padding is wrong (0: it is right)."""
    flaw, data = (data[0] if data else 0), data[1:]
    first, count, prev, end, listed = _shape(data)
    plain = struct.pack(">I", len(listed) + (flaw & 7 if flaw & 8 else 0)) + listed
    padding = segments.padded_size(len(plain)) - len(plain) + (flaw >> 4)
    plain += (b"\1" if flaw & 4 and padding else b"") + bytes(max(0, padding - (flaw & 4 != 0)))
    head = Header(WORD_STREAM, BOOK, author().id, STREAM, EPOCH, first, first + count - 1, prev, end)
    body = boxes.seal_box(derive(EPOCH_KEY, "body-key"), segments._body_context(head), plain)
    file = segment_of(WORD_STREAM, first, count, prev, end, body)
    verified = segments.verify_words(segments.parse(file), author().public.sign, EPOCH_KEY)
    _require_proved(verified, listed)
    require(len(plain) == segments.padded_size(4 + len(listed)), "the padding is that of the length")


def read_word_body(data: bytes) -> None:
    """A word segment whose whole plain text, length and padding included, is the input."""
    head = Header(WORD_STREAM, BOOK, author().id, STREAM, EPOCH, 1, 1, b"p" * 32, b"e" * 32)
    body = boxes.seal_box(derive(EPOCH_KEY, "body-key"), segments._body_context(head), data)
    file = segment_of(WORD_STREAM, 1, 1, b"p" * 32, b"e" * 32, body)
    segments.verify_words(segments.parse(file), author().public.sign, EPOCH_KEY)
    raise AssertionError("no list leads to this end")


def body_seeds() -> Iterable[bytes]:
    """Return plain texts with the right padding."""
    for ops in ([], list(sample_ops().values())[:2]):
        listed = codec.encode_list(ops)
        plain = struct.pack(">I", len(listed)) + listed
        yield plain + bytes(segments.padded_size(len(plain)) - len(plain))


def segment_seeds(*, is_key_stream: bool) -> Iterable[bytes]:
    """Return sound content of segments, as a list and operation by operation."""
    known = words.KEY_WORDS if is_key_stream else words.WORD_WORDS
    found = [op for word, op in sample_ops().items() if word in known or word not in ALL_WORDS]
    lead = b"" if is_key_stream else b"\0"
    for ops in (found, *([op] for op in found)):
        yield lead + bytes(3) + codec.encode_list(ops)
        yield lead + b"\2\0\0" + b"".join(struct.pack(">H", len(op)) + op for op in ops)


TARGETS: Final = (
    Target("segment-header", read_header, header_seeds, REFUSALS, 512),
    Target("list", read_list, list_seeds, (UntrustedDataError,)),
    Target("operation", read_op, lambda: sample_ops().values(), (UntrustedDataError,)),
    Target("frame", read_frame, lambda: sample_ops().values(), (UntrustedDataError,)),
    Target("fields", read_fields, field_seeds, (UntrustedDataError,)),
    Target("proof", prove, prove_seeds, REFUSALS, 8192),
    Target("key-segment", read_key_segment, lambda: segment_seeds(is_key_stream=True), REFUSALS, 8192),
    Target("word-segment", read_word_segment, lambda: segment_seeds(is_key_stream=False), REFUSALS, 8192),
    Target("word-body", read_word_body, body_seeds, REFUSALS, 8192),
)
