"""Attack 56: signed and sealed words in another than the one canonical encoding."""

from __future__ import annotations

import msgspec
import pytest

from couplejournal.errors import UntrustedDataError
from couplejournal.ops.domains import first_link
from couplejournal.seal import segments
from couplejournal.seal.keys import KeyPair

OWN = KeyPair(b"a" * 32, b"b" * 32)
STREAM = b"S" * 16
FINE = msgspec.msgpack.encode(("odd", False, b"s" * 16, (1, 0), {"a": 1, "b": 2}))
UNSORTED = FINE.replace(b"\xa1a\x01\xa1b\x02", b"\xa1b\x02\xa1a\x01")
TWICE = FINE.replace(b"\xa1b", b"\xa1a")
NOT_A_NUMBER = msgspec.msgpack.encode(("odd", False, b"s" * 16, (1, 0), {"a": float("nan")}))


def verified(op: bytes) -> segments.VerifiedSegment:
    """Sign an optional operation of an unknown word in a key stream, as a member could, and prove the segment."""
    prev = first_link(OWN.id, STREAM, segments.KEY_STREAM)
    made = segments.seal_keys(OWN, book=b"B" * 32, stream=STREAM, first=1, prev=prev, ops=[op])
    return segments.verify_keys(segments.parse(made.sealed.data), OWN.public.sign)


@pytest.mark.parametrize("op", [UNSORTED, TWICE, NOT_A_NUMBER, FINE + b"\0"])
def test_56_another_encoding_is_refused_whole(op: bytes) -> None:
    """Keys out of order or twice, a value that is no number, a byte more: refused, though the signature holds."""
    assert verified(FINE).ops == (FINE,)
    assert op != FINE
    with pytest.raises(UntrustedDataError):
        verified(op)
