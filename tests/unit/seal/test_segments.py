"""Segments: what is sealed can be proved, and nothing else can."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from msgspec.structs import replace as changed

from couplejournal.errors import NewerFormatError, UntrustedDataError
from couplejournal.ops import codec, domains
from couplejournal.seal import boxes, segments
from couplejournal.seal.derive import derive
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import (
    HEADER_BYTES,
    NO_EPOCH,
    SEGMENT_LIMIT_BYTES,
    WORD_STREAM,
    Header,
    NotYetError,
    VerifiedSegment,
)

OWN = KeyPair(b"a" * 32, b"b" * 32)
K = b"k" * 32
BOOK, STREAM, EPOCH = b"B" * 32, b"S" * 16, b"E" * 16


def op(text: str = "", *, word: str = "retract", critical: bool = True, **more: object) -> bytes:
    """Return an operation that a reader takes."""
    fields = {"entry": b"e" * 32, "after": [], "text": text, **more}
    return codec.encode_op(word, fields, salt=b"s" * 16, clock=(1, 2), critical=critical)


def sealed_words(*ops: bytes, first: int = 1, prev: bytes | None = None) -> VerifiedSegment:
    """Return a segment of a word stream."""
    begin = domains.first_link(OWN.id, STREAM, WORD_STREAM) if prev is None else prev
    return segments.seal_words(
        OWN, K, book=BOOK, stream=STREAM, epoch=EPOCH, first=first, prev=begin, ops=list(ops or [op()])
    )


def forged(plain: bytes, *, count: int = 1, end: bytes = b"L" * 32, type_: int = WORD_STREAM) -> bytes:
    """Return a segment, properly signed, whose body is any bytes."""
    epoch = EPOCH if type_ == WORD_STREAM else NO_EPOCH
    head = Header(type_, BOOK, OWN.id, STREAM, epoch, 1, count, b"P" * 32, end)
    context = domains.domain("body") + domains.digest("head", head.pack())
    body = boxes.seal_box(derive(K, "body-key"), context, plain) if type_ == WORD_STREAM else plain
    return head.pack() + body + OWN.sign(segments._signed(head.pack(), body))


def padded(listed: bytes) -> bytes:
    """Return a list with its length and its padding."""
    plain = struct.pack(">I", len(listed)) + listed
    return plain + bytes(segments.padded_size(len(plain)) - len(plain))


def opened(data: bytes) -> VerifiedSegment:
    """Prove a word segment."""
    return segments.verify_words(segments.parse(data), OWN.public.sign, K)


def test_what_was_sealed_is_proved() -> None:
    """Operations come back as the same bytes with the links that name them, from either kind of stream."""
    ops = [op("one"), op("two", word="mood", critical=False), op("three")]
    made = sealed_words(*ops)
    back = opened(made.sealed.data)
    assert (back.ops, back.links, back.sealed.header) == (tuple(ops), made.links, made.sealed.header)
    assert back.sealed.path == made.sealed.path
    link = domains.first_link(OWN.id, STREAM, WORD_STREAM)
    for number, data in enumerate(ops):
        link = domains.next_link(link, data)
        assert back.links[number] == link
    lack = codec.encode_op("lack", {"epochs": []}, salt=b"s" * 16, clock=(1, 2))
    keys = segments.seal_keys(OWN, book=BOOK, stream=STREAM, first=3, prev=b"P" * 32, ops=[lack])
    proved = segments.verify_keys(segments.parse(keys.sealed.data), OWN.public.sign)
    assert (proved.ops, proved.links) == ((lack,), keys.links)


def test_a_key_stream_is_no_word_stream() -> None:
    """Neither kind of segment is proved as the other."""
    lack = codec.encode_op("lack", {"epochs": []}, salt=b"s" * 16, clock=(1, 2))
    keys = segments.seal_keys(OWN, book=BOOK, stream=STREAM, first=1, prev=b"P" * 32, ops=[lack])
    with pytest.raises(UntrustedDataError, match="another type"):
        segments.verify_words(keys.sealed, OWN.public.sign, K)
    with pytest.raises(UntrustedDataError, match="another type"):
        segments.verify_keys(sealed_words().sealed, OWN.public.sign)


def test_padding_is_padme_with_a_floor() -> None:
    """A length is padded to at least 1 KiB, by at most an eighth beyond it, to one of few sizes, and stays there."""
    for size in (*range(3000), 5000, 65_537, 1_048_576, 3_000_001):
        padded_bytes = segments.padded_size(size)
        assert max(size, 1024) <= padded_bytes <= max(1024, size * 1.12)
        assert segments.padded_size(padded_bytes) == padded_bytes


def test_padding_is_that_of_the_paper() -> None:
    """Some sizes computed by hand; a few sizes for all lengths up to 1 MiB."""
    known = {1025: 1088, 1088: 1088, 1089: 1152, 2047: 2048, 2049: 2176, 10_000: 10_240, 1_000_000: 1_015_808}
    assert {size: segments.padded_size(size) for size in known} == known
    assert len({segments.padded_size(size) for size in range(0, 1 << 20, 64)}) < 250


def test_texts_of_one_size_class_look_alike() -> None:
    """One add is a file of one length, whatever was said in up to about 800 bytes."""
    assert len({len(sealed_words(op("x" * size)).sealed.data) for size in (0, 1, 100, 700)}) == 1


LISTED = codec.encode_list([op()])
BODIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "padding that is not zero": (lambda: padded(LISTED)[:-1] + b"\1", "padding"),
    "no padding": (lambda: struct.pack(">I", len(LISTED)) + LISTED, "padding"),
    "a padding of another size": (lambda: padded(LISTED) + bytes(1024), "padding"),
    "a length beyond the end": (lambda: struct.pack(">I", 5000) + bytes(1020), "padding"),
    "the largest length": (lambda: b"\xff" * 4 + bytes(1020), "padding"),
    "nothing": (lambda: b"", "padding"),
    "three bytes": (lambda: b"\0\0\0", "padding"),
    "a list that is none": (lambda: padded(b"\xc0"), "list"),
    "an empty list": (lambda: padded(b"\x90"), "another number"),
    "two operations": (lambda: padded(codec.encode_list([op(), op()])), "another number"),
    "bytes behind the list": (lambda: padded(LISTED + b"\0"), "list"),
    "links that lead elsewhere": (lambda: padded(LISTED), "links"),
    "an operation that is none": (lambda: padded(codec.encode_list([b"\xc0"])), "malformed"),
    "a million promised": (lambda: padded(b"\xdd\x00\x0f\x42\x40" + b"\xc4\x00" * 10), "list"),
}


@pytest.mark.parametrize("name", BODIES)
def test_signed_but_wrong_bodies_are_refused_for_good(name: str) -> None:
    """Attack 57: wrong padding, lengths, lists, counts or links are refused, signed or not, and not as half a file."""
    make, reason = BODIES[name]
    with pytest.raises(UntrustedDataError, match=reason) as caught:
        opened(forged(make()))
    assert not isinstance(caught.value, NotYetError)


def test_a_million_operations_in_a_segment_are_refused() -> None:
    """Attack 45: a range of a million, or as many empty operations as fit, is refused at its first one."""
    with pytest.raises(UntrustedDataError, match="another number"):
        opened(forged(padded(LISTED), count=1_000_000))
    many = codec.encode_list([b""] * 1_000_000)
    with pytest.raises(UntrustedDataError, match="malformed"):
        opened(forged(padded(many), count=1_000_000))


HEADERS: dict[str, tuple[Callable[[bytes], bytes], type[Exception]]] = {
    "another magic": (lambda data: b"CJS2" + data[4:], NotYetError),
    "suite 0": (lambda data: data[:4] + b"\0" + data[5:], UntrustedDataError),
    "suite 2": (lambda data: data[:4] + b"\2" + data[5:], NewerFormatError),
    "type 0": (lambda data: data[:5] + b"\0" + data[6:], UntrustedDataError),
    "type 3": (lambda data: data[:5] + b"\3" + data[6:], NewerFormatError),
    "first 0": (lambda data: data[:102] + bytes(8) + data[110:], UntrustedDataError),
    "first after last": (lambda data: data[:102] + struct.pack(">QQ", 2, 1) + data[118:], UntrustedDataError),
    "last 2^64-1": (lambda data: data[:110] + b"\xff" * 8 + data[118:], UntrustedDataError),
    "words without an epoch": (lambda data: data[:86] + bytes(16) + data[102:], UntrustedDataError),
    "keys with an epoch": (lambda data: data[:5] + b"\1" + data[6:], UntrustedDataError),
    "nothing": (lambda _: b"", NotYetError),
    "one byte": (lambda data: data[:1], NotYetError),
    "the header alone": (lambda data: data[:HEADER_BYTES], NotYetError),
    "a plain text": (lambda _: b"Dear diary, " * 100, NotYetError),
    "more than the limit": (lambda data: data + bytes(SEGMENT_LIMIT_BYTES), UntrustedDataError),
}


@pytest.mark.parametrize("name", HEADERS)
def test_odd_headers_are_refused(name: str) -> None:
    """Attacks 13 and 55: what no version writes is refused, a later suite or type asks for an update, no more."""
    change, error = HEADERS[name]
    with pytest.raises(error):
        segments.parse(change(sealed_words().sealed.data))


def test_the_position_is_bound_to_the_words() -> None:
    """Attacks 6, 10 and 15: a body under another header, signed anew even, does not open."""
    made = sealed_words()
    body = made.sealed.data[HEADER_BYTES:-64]
    head = made.sealed.header
    eve = KeyPair(b"e" * 32, b"v" * 32)
    for other in (
        changed(head, key=eve.id), changed(head, first=2, last=2), changed(head, stream=b"T" * 16),
        changed(head, book=b"C" * 32), changed(head, epoch=b"F" * 16), changed(head, prev=b"Q" * 32),
    ):  # fmt: skip
        signer = eve if other.key == eve.id else OWN
        data = other.pack() + body + signer.sign(segments._signed(other.pack(), body))
        with pytest.raises(UntrustedDataError):
            segments.verify_words(segments.parse(data), signer.public.sign, K)


def test_a_signature_by_another_key_is_not_yet() -> None:
    """A wrong signature may be half a file, so it is 'not yet' and never 'never'."""
    made = sealed_words()
    with pytest.raises(NotYetError):
        segments.verify_words(made.sealed, KeyPair(b"e" * 32, b"v" * 32).public.sign, K)


def test_unknown_words_of_a_later_version() -> None:
    """Attack 56: one unknown critical operation refuses the whole segment; an unknown optional one is kept."""
    with pytest.raises(NewerFormatError):
        opened(sealed_words(op("a"), op("b", word="mood")).sealed.data)
    assert len(opened(sealed_words(op("a"), op("b", word="mood", critical=False)).sealed.data).ops) == 2


def test_what_is_too_large_is_not_made() -> None:
    """A segment beyond the limit is not sealed."""
    with pytest.raises(ValueError, match="too large"):
        sealed_words(*[op("x" * 1_000_000)] * 5)
    assert "b'" not in repr(sealed_words())
