"""One meaning has one encoding, and whatever else is offered is refused by the library's own error."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import codec

SALT = b"s" * 16


def op_of(fields: Any, *, word: Any = "write", critical: Any = True, salt: Any = SALT, clock: Any = (1, 2)) -> bytes:
    """Return the msgpack of an operation of any shape."""
    return msgspec.msgpack.encode([word, critical, salt, clock, fields])


def with_fields(raw: bytes) -> bytes:
    """Return an operation whose fields are these bytes."""
    return op_of({})[:-1] + raw


def deep(levels: int) -> bytes:
    """Return lists within lists."""
    return b"\x81\xa1a" + b"\x91" * levels + b"\x90"


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), plain, max_size=4))
def test_what_is_written_can_be_read(fields: dict[str, Any]) -> None:
    """Any fields of plain types, in any order of keys, are encoded one way, which the strict reader takes."""
    data = codec.encode_op("write", fields, salt=SALT, clock=(5, 6))
    turned = dict(reversed(fields.items()))
    assert codec.encode_op("write", turned, salt=SALT, clock=(5, 6)) == data
    codec.require_strict(data)
    peeked = codec.peek(data)
    assert (peeked.word, peeked.critical, peeked.salt, peeked.clock) == ("write", True, SALT, (5, 6))
    assert msgspec.msgpack.decode(peeked.fields) == fields


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    """No bytes make the reader raise anything but its own error."""
    for read in (codec.peek, codec.decode_list, codec.require_strict):
        for bytes_ in (data, with_fields(data)):
            with contextlib.suppress(UntrustedDataError):
                read(bytes_)


REFUSED = {
    "a key twice": with_fields(b"\x82\xa1a\x01\xa1a\x02"),
    "keys not in order": with_fields(b"\x82\xa1b\x01\xa1a\x02"),
    "depth 17": with_fields(deep(17)),
    "depth 10,000": with_fields(deep(10_000)),
    "a long form of a small number": with_fields(b"\x81\xa1a\xcc\x01"),
    "a long form of a short text": with_fields(b"\x81\xa1a\xd9\x01b"),
    "a long form of a list": with_fields(b"\x81\xa1a\xdc\x00\x01\x01"),
    "a signed form of a positive number": with_fields(b"\x81\xa1a\xd3\x00\x00\x00\x00\x00\x00\x00\x01"),
    "a float of 32 bits": with_fields(b"\x81\xa1a\xca\x3f\x80\x00\x00"),
    "not a number": with_fields(b"\x81\xa1a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"),
    "infinity": with_fields(b"\x81\xa1a\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
    "invalid UTF-8": with_fields(b"\x81\xa1a\xa1\xff"),
    "an encoded surrogate": with_fields(b"\x81\xa1a\xa3\xed\xa0\x80"),
    "a key of bytes": with_fields(b"\x81\xc4\x01a\x01"),
    "a key that is a number": with_fields(b"\x81\x01\x01"),
    "a key that is a list": with_fields(b"\x81\x91\x01\x01"),
    "a key that is a map": with_fields(b"\x81\x81\x01\x01\x01"),
    "a time": with_fields(b"\x81\xa1a\xd6\xff\x00\x00\x00\x01"),
    "an unknown extension": with_fields(b"\x81\xa1a\xd4\x05\x00"),
    "bytes behind the end": op_of({}) + b"\xc0",
    "a list where fields are": op_of([]),
    "four parts": msgspec.msgpack.encode(["write", True, SALT, (1, 2)]),
    "six parts": msgspec.msgpack.encode(["write", True, SALT, (1, 2), {}, 1]),
    "a promise of 2^32 items": with_fields(b"\x81\xa1a\xdd\xff\xff\xff\xff"),
    "a promise of 2^32 bytes": with_fields(b"\x81\xa1a\xc6\xff\xff\xff\xff"),
    "the byte that msgpack never uses": with_fields(b"\xc1"),
    "nothing": b"",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_other_encodings_are_refused(data: bytes) -> None:
    """What means the same in another encoding, or means nothing, is refused whole."""
    with pytest.raises(UntrustedDataError):
        codec.require_strict(data)


FRAMES = {
    "a salt of 15 bytes": op_of({}, salt=b"s" * 15),
    "a salt of text": op_of({}, salt="s" * 16),
    "a negative time": op_of({}, clock=(-1, 0)),
    "a time beyond the limit": op_of({}, clock=(codec.CLOCK_LIMIT_MS, 0)),
    "a counter beyond the limit": op_of({}, clock=(0, 1 << 32)),
    "a clock of three numbers": op_of({}, clock=(1, 2, 3)),
    "a clock of floats": op_of({}, clock=(1.0, 2.0)),
    "a word that is no text": op_of({}, word=b"write"),
    "a word of invalid UTF-8": b"\x95\xa1\xff\xc3\xc4\x10" + SALT + b"\x92\x01\x02\x80",
    "a number for whether it is critical": op_of({}, critical=1),
    "no list": b"\x80",
}


@pytest.mark.parametrize("data", FRAMES.values(), ids=FRAMES.keys())
def test_malformed_frames_are_refused(data: bytes) -> None:
    """A frame whose word, salt or clock is no such thing is refused."""
    with pytest.raises(UntrustedDataError):
        codec.peek(data)


def test_the_limits_of_the_frame_are_taken() -> None:
    """The largest clock and the deepest nesting that are allowed can be read."""
    codec.peek(op_of({}, clock=(codec.CLOCK_LIMIT_MS - 1, (1 << 32) - 1)))
    codec.require_strict(with_fields(deep(codec.DEPTH_LIMIT - 3)))


def test_a_list_has_one_encoding_and_a_limit() -> None:
    """A segment's list is read back; a long form, another type and an operation beyond the limit are refused."""
    ops = [b"", b"one", b"two" * 100]
    assert codec.decode_list(codec.encode_list(ops)) == ops
    for data in (b"\xdc\x00\x01\xc4\x01a", b"\x91\xa1a", b"\x91\xc5\x00\x01a", b"\x81\x01\x02", b"\x90\x00", b""):
        with pytest.raises(UntrustedDataError):
            codec.decode_list(data)
    huge = bytes(codec.OP_LIMIT_BYTES + 1)
    with pytest.raises(UntrustedDataError, match="larger than the limit"):
        codec.decode_list(b"\x91\xc6" + struct.pack(">I", len(huge)) + huge)


def test_an_operation_beyond_the_limit_is_not_made() -> None:
    """What no reader would take is never written."""
    with pytest.raises(ValueError, match="too large"):
        codec.encode_op("write", {"text": "x" * codec.OP_LIMIT_BYTES}, salt=SALT, clock=(1, 1))
