"""Wraps: a secret for one key, in one place."""

from __future__ import annotations

import pytest

from couplejournal.errors import UntrustedDataError
from couplejournal.seal.keys import SUITE, KeyPair, kem_public
from couplejournal.seal.wraps import WRAP_BYTES, epoch_info, founding_info, unwrap, wrap

ANA = KeyPair(b"a" * 32, b"b" * 32)
BEN = KeyPair(b"c" * 32, b"d" * 32)
SECRET = bytes(range(32))
INFO = epoch_info(ANA.id, b"commit" * 5, BEN.id)


def test_a_wrap_opens_for_its_key_in_its_place() -> None:
    """The secret comes back, from exactly 1,168 bytes."""
    sealed = wrap(SECRET, BEN.public.kem, INFO)
    assert len(sealed) == WRAP_BYTES
    assert unwrap(sealed, BEN, INFO) == SECRET


def test_a_wrap_opens_nowhere_else() -> None:
    """Attack 2: for another key, author, commitment, recipient or use the wrap does not open."""
    sealed = wrap(SECRET, BEN.public.kem, INFO)
    with pytest.raises(UntrustedDataError):
        unwrap(sealed, ANA, INFO)
    places = [
        epoch_info(BEN.id, b"commit" * 5, BEN.id), epoch_info(ANA.id, b"another" * 4, BEN.id),
        epoch_info(ANA.id, b"commit" * 5, ANA.id), founding_info(ANA.id, BEN.id), b"",
    ]  # fmt: skip
    for info in places:
        with pytest.raises(UntrustedDataError):
            unwrap(sealed, BEN, info)


def test_a_changed_wrap_does_not_open() -> None:
    """A flipped bit in every byte, and every other length, is noticed."""
    sealed = wrap(SECRET, BEN.public.kem, INFO)
    for at in range(0, len(sealed), 7):
        changed = bytearray(sealed)
        changed[at] ^= 1 << at % 8
        with pytest.raises(UntrustedDataError):
            unwrap(bytes(changed), BEN, INFO)
    for other in (b"", sealed[:-1], sealed + b"\0", bytes(WRAP_BYTES)):
        with pytest.raises(UntrustedDataError):
            unwrap(other, BEN, INFO)


def test_a_wrap_holds_a_key_and_nothing_else() -> None:
    """A wrap of the right length can only hold 32 bytes; one of another content has another length."""
    for content in (b"", SECRET[:-1], SECRET + b"\0"):
        sealed = SUITE.encrypt(content, kem_public(BEN.public.kem), INFO)
        with pytest.raises(UntrustedDataError, match="length"):
            unwrap(sealed, BEN, INFO)


def test_nothing_is_wrapped_for_a_weak_key() -> None:
    """A recipient whose exchange key is weak or malformed gets nothing."""
    for kem in (BEN.public.kem[:-32] + bytes(32), b"", BEN.public.kem[:-1]):
        with pytest.raises(UntrustedDataError):
            wrap(SECRET, kem, INFO)
