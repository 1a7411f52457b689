"""Operations to bytes and back: canonical msgpack, checked strictly where bytes are foreign.

``op = msgpack [word, critical, salt:16, [clock ms, counter], fields]`` (docs/spec/format.md 3). What is hashed and
signed is always the stored bytes. `require_strict` refuses every encoding but the canonical one, so that one meaning
has one encoding and a parser cannot be told apart from another by what it lets pass.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from couplejournal.errors import UntrustedDataError

OP_LIMIT_BYTES: Final = 1_114_112  # docs/spec/format.md 3: a text of 1 MiB, and 64 KiB for what goes with it
DEPTH_LIMIT: Final = 16
CLOCK_LIMIT_MS: Final = 1 << 48

_encoder: Final = msgspec.msgpack.Encoder(order="sorted")
_decoder: Final = msgspec.msgpack.Decoder()
_list_decoder: Final = msgspec.msgpack.Decoder(list[bytes])


class Peeked(NamedTuple):
    """An operation whose fields were not looked at yet."""

    word: str
    critical: bool
    salt: bytes
    clock: tuple[int, int]
    fields: msgspec.Raw


_peeker: Final = msgspec.msgpack.Decoder(Peeked)


def encode(value: object) -> bytes:
    """Return the canonical msgpack of a value of plain types or of a Struct."""
    return _encoder.encode(value)


def encode_op(word: str, fields: object, *, salt: bytes, clock: tuple[int, int], critical: bool = True) -> bytes:
    """Return the bytes of one operation.

    Raises:
        ValueError: it is larger than `OP_LIMIT_BYTES`.
    """
    data = _encoder.encode((word, critical, salt, clock, fields))
    if len(data) > OP_LIMIT_BYTES:
        raise ValueError("operation too large")
    return data


def encode_list(ops: list[bytes]) -> bytes:
    """Return the ``list`` of a segment: a msgpack list of the operations' bytes."""
    return _encoder.encode(ops)


def decode_list(data: bytes) -> list[bytes]:
    """Return the operations' bytes of a segment's ``list``.

    Raises:
        UntrustedDataError: not a canonical list of byte strings within the limit.
    """
    try:
        ops = _list_decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise UntrustedDataError("a segment's list of operations is malformed") from None
    if _encoder.encode(ops) != data:
        raise UntrustedDataError("a segment's list of operations is not canonical")
    if any(len(op) > OP_LIMIT_BYTES for op in ops):
        raise UntrustedDataError("an operation is larger than the limit")
    return ops


def peek(op: bytes) -> Peeked:
    """Decode the frame of an operation and leave its fields as they are.

    Raises:
        UntrustedDataError: the frame is malformed.
    """
    try:
        peeked = _peeker.decode(op)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise UntrustedDataError("an operation is malformed") from None
    if len(peeked.salt) != 16 or not (0 <= peeked.clock[0] < CLOCK_LIMIT_MS and 0 <= peeked.clock[1] < 1 << 32):
        raise UntrustedDataError("an operation's salt or clock is malformed")
    return peeked


def require_strict(op: bytes) -> None:
    """Refuse an operation that is not in canonical form: plain types, string keys, no depth beyond 16.

    Raises:
        UntrustedDataError: it is not.
    """
    try:
        value = _decoder.decode(op)
        _require_plain(value, depth=0)
        canonical = _encoder.encode(value)
    except (msgspec.DecodeError, RecursionError, OverflowError, ValueError):
        raise UntrustedDataError("an operation is malformed") from None
    if canonical != op:
        raise UntrustedDataError("an operation is not in canonical form")
    if not (isinstance(value, list) and len(value) == 5 and isinstance(value[4], dict)):
        raise UntrustedDataError("an operation is malformed")


def _require_plain(value: Any, *, depth: int) -> None:
    """Refuse types beyond nil, bool, int, finite float, str, bin, list and map with string keys."""
    if depth > DEPTH_LIMIT:
        raise UntrustedDataError("an operation is nested too deeply")
    kind = type(value)
    if kind is list:
        items = value
    elif kind is dict:
        for key in value:
            if type(key) is not str:
                raise UntrustedDataError("an operation has a key that is not text")
        items = value.values()
    elif kind is float and value - value != 0:
        raise UntrustedDataError("an operation holds a number that is not finite")
    elif kind is float or kind in _SCALARS:
        return
    else:
        raise UntrustedDataError("an operation holds a value of an unknown type")
    for item in items:
        if type(item) not in _SCALARS or depth == DEPTH_LIMIT:  # most are: they ask for no call of their own
            _require_plain(item, depth=depth + 1)


_SCALARS: Final = frozenset({type(None), bool, int, str, bytes})
