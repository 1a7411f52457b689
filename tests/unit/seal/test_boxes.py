"""Authenticated boxes: all or nothing, and the same bytes that an independent reader makes of them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from couplejournal.errors import UntrustedDataError
from couplejournal.seal import boxes
from couplejournal.seal.boxes import open_box, seal_box
from couplejournal.seal.derive import derive

KEY = bytes(range(32))
CHUNK = 16 << 10


def by_hand(key: bytes, context: bytes, salt: bytes, plaintext: bytes) -> bytes:
    """Seal as c2sp.org/chunked-encryption says, with SHA-512 and AES-256-GCM."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    derived = HKDFExpand(SHA512(), 76, info).derive(key)
    cipher, base = AESGCM(derived[:32]), int.from_bytes(derived[32:44])
    chunks = [plaintext[at : at + CHUNK] for at in range(0, len(plaintext) + 1, CHUNK)]  # the last is always shorter
    sealed = (cipher.encrypt((base ^ number).to_bytes(12), chunk, None) for number, chunk in enumerate(chunks))
    return salt + derived[44:] + b"".join(sealed)


@pytest.mark.parametrize("size", [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 50_000, (1 << 20) + 5])
def test_an_independent_reader_agrees(size: int) -> None:
    """What is sealed here is what a second implementation seals with the same salt, and each opens the other's."""
    plaintext = bytes(at % 251 for at in range(size))
    sealed = seal_box(KEY, b"context", plaintext)
    assert by_hand(KEY, b"context", sealed[:24], plaintext) == sealed
    assert open_box(KEY, b"context", by_hand(KEY, b"context", b"s" * 24, plaintext)) == plaintext


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_was_sealed_opens(plaintext: bytes, context: bytes) -> None:
    """Any text in any context comes back, and twice sealed looks different."""
    first, second = (seal_box(KEY, context, plaintext) for _ in range(2))
    assert first != second
    assert open_box(KEY, context, first) == open_box(KEY, context, second) == plaintext


def test_another_key_or_context_opens_nothing() -> None:
    """Key and context are both needed, and a key of another length is no key."""
    sealed = seal_box(KEY, b"context", b"words")
    for key, context in ((bytes(32), b"context"), (KEY, b"contexT"), (KEY, b""), (KEY[:16], b"context"), (b"", b"")):
        with pytest.raises(UntrustedDataError):
            open_box(key, context, sealed)


def test_every_flipped_bit_and_every_cut_is_noticed() -> None:
    """A box with one bit changed, or cut anywhere, gives nothing."""
    sealed = seal_box(KEY, b"context", b"Tea?")
    for at in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(UntrustedDataError):
            open_box(KEY, b"context", bytes(changed))
    for changed_size in range(len(sealed)):
        with pytest.raises(UntrustedDataError):
            open_box(KEY, b"context", sealed[:changed_size])


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, 2 * CHUNK, 2 * CHUNK + 7])
def test_a_long_box_cut_at_a_border_gives_nothing(size: int) -> None:
    """Attack 9: cut at or beside any border of a chunk, or with a byte behind it, not one byte comes out."""
    sealed = seal_box(KEY, b"context", bytes(size))
    borders = range(56, len(sealed), CHUNK + 16)
    cuts = {border + beside for border in borders for beside in (-1, 0, 1, 15, 16, 17)} | {len(sealed) - 1}
    for cut in sorted(cut for cut in cuts if 0 <= cut < len(sealed)):
        with pytest.raises(UntrustedDataError):
            open_box(KEY, b"context", sealed[:cut])
    with pytest.raises(UntrustedDataError):
        open_box(KEY, b"context", sealed + b"\0")


def test_a_box_that_opens_under_two_keys_cannot_be_made() -> None:
    """Attack 14: bytes that fit two keys under plain AES-GCM are refused at the commitment to the key."""
    sealed = by_hand(KEY, b"", b"s" * 24, b"words")
    other = by_hand(bytes(32), b"", b"s" * 24, b"words")
    spliced = other[:56] + sealed[56:]
    for key in (KEY, bytes(32)):
        with pytest.raises(UntrustedDataError):
            open_box(key, b"", spliced)


def test_salts_never_repeat() -> None:
    """Attack 16: ten thousand boxes under one key, made from one state, have ten thousand salts."""
    assert len({seal_box(KEY, b"", b"")[:24] for _ in range(10_000)}) == 10_000


def test_keys_are_derived_as_in_the_vector() -> None:
    """A derived key is that of RFC 5869's expand step with the use in its info, the same for ever."""
    assert derive(b"k" * 32, "epoch-commit").hex() == (
        "43d5479935a80b8384019206d8a1e2c7668eee8fe6f99f8ad512f0b6678e4b26"
    )
    assert derive(b"k" * 32, "body-key").hex() == "8aafbace0c28ee3e371064d993532129fc571695ef25e9325c19f631238d87e4"
    assert derive(b"k" * 32, "body-key", b"a") != derive(b"k" * 32, "body-key", b"a", b"")
    assert len(derive(b"k" * 32, "back-key")) == boxes.KEY_BYTES
