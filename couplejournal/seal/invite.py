"""Invites: twelve words, and what two devices leave for each other in a folder that anybody may read and change.

The words carry a 16-byte secret; from it come the name of the invite and the keys of `offer` and `join`, so a host
learns nothing and can change nothing (docs/spec/format.md 6). Someone who has overheard the words can still join first:
therefore six check words, which depend on every byte of both files, are compared by the two persons.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final, TypeVar

import attrs
import msgspec

from couplejournal.errors import PairingError, UntrustedDataError
from couplejournal.ops import domains
from couplejournal.ops.codec import encode
from couplejournal.seal import boxes
from couplejournal.seal.derive import derive
from couplejournal.seal.keys import KeyPair, PublicKeys, RootKeys, is_signed, signed_message
from couplejournal.seal.wordlist import check_words_of, language

SECRET_BYTES: Final = 16
INVITE_HOURS: Final = 48
PURPOSES: Final = ("partner", "device", "private")
PAIRING_FILE_LIMIT_BYTES: Final = 1 << 20
_PAD_BYTES: Final = 16 << 10
_T = TypeVar("_T")


class Offer(msgspec.Struct, frozen=True):
    """What the inviter says: for whom the invite is, with which keys, for which book, until when.

    ``purpose`` is "partner", "device" (of one's own, into the shared book) or "private" (of one's own, into the private
    book); ``device_keys`` (1,248 bytes) is the inviting device's key, made for the new shared book or that of the
    existing ``book`` (32 bytes, else empty), whose ``heads`` are pinned.
    """

    purpose: str
    root_keys: bytes
    device_keys: bytes
    book: bytes
    heads: list[tuple[bytes, int, bytes]]
    expires_ms: int
    name: str
    nonce: bytes


class Join(msgspec.Struct, frozen=True):
    """What the joiner answers: keys and a name; a partner adds root and founding signature, a device its proof."""

    keys: bytes
    name: str
    nonce: bytes
    root_keys: bytes = b""
    founding_signature: bytes = b""
    proof: bytes = b""


@attrs.frozen(repr=False)
class InviteKeys:
    """What follows from the secret of an invite: the name of its files (32 hex digits) and the two keys."""

    name: str
    offer_key: bytes
    join_key: bytes

    @classmethod
    def of(cls, secret: bytes) -> InviteKeys:
        """Derive them from 16 bytes."""
        return cls(derive(secret, "invite-id")[:16].hex(), derive(secret, "offer-key"), derive(secret, "join-key"))


def words_of(secret: bytes) -> tuple[str, ...]:
    """Return the twelve BIP 39 words of a 16-byte secret."""
    return tuple(language().to_mnemonic(secret).split())


def secret_of(words: str) -> bytes:
    """Return the secret of twelve words, typed in any case and with any spaces.

    Raises:
        PairingError: not twelve words, an unknown word, or a wrong checksum: a typing mistake.
    """
    typed = words.lower().split()
    if len(typed) != 12:
        raise PairingError(
            f"an invite has twelve words, these are {len(typed)}", hint="type all twelve, in their order"
        )
    known = language()
    unknown = [at for at, word in enumerate(typed, start=1) if word not in known.wordlist]
    if unknown:
        raise PairingError(f"word {unknown[0]} is not one of an invite's words: a typing mistake", hint="check it")
    try:
        return bytes(known.to_entropy(typed))
    except ValueError:
        raise PairingError(
            "the words do not fit together: a typing mistake", hint="check them and their order"
        ) from None


def seal_offer(secret: bytes, offer: Offer, author: KeyPair) -> bytes:
    """Return the file of an offer, signed inside by the inviting device and padded."""
    inner = encode(offer)
    signed = encode((inner, author.sign(signed_message("offer", inner))))
    return boxes.seal_box(InviteKeys.of(secret).offer_key, domains.domain("offer"), _padded(signed))


def open_offer(secret: bytes, file: bytes) -> Offer:
    """Return what an offer says, after its signature and keys were checked.

    Raises:
        UntrustedDataError: not an offer for these words, changed, or with keys that prove nothing.
    """
    inner, signature = _opened(InviteKeys.of(secret).offer_key, "offer", file)
    offer = _decoded(Offer, inner)
    RootKeys.of(offer.root_keys)
    keys = PublicKeys.of(offer.device_keys)
    if offer.purpose not in PURPOSES or len(offer.book) not in (0, 32):
        raise UntrustedDataError("an invite of an unknown purpose")
    if (offer.purpose != "partner") != (len(offer.book) == 32):
        raise UntrustedDataError("an invite of an unknown purpose")
    if not is_signed(keys.sign, signature, signed_message("offer", inner)):
        raise UntrustedDataError("an invite is not signed by the device that it names")
    return offer


def seal_join(secret: bytes, offer_file: bytes, join: Join, author: KeyPair) -> bytes:
    """Return the file of a join, bound to the offer that it answers and signed by the joining key."""
    inner = encode(join)
    signed = encode((inner, author.sign(_join_message(offer_file, inner))))
    return boxes.seal_box(InviteKeys.of(secret).join_key, domains.domain("join"), _padded(signed))


def open_join(secret: bytes, offer_file: bytes, file: bytes) -> Join:
    """Return what a join says, after its signature and keys were checked.

    Raises:
        UntrustedDataError: not a join for these words and this offer, changed, or with keys that prove nothing.
    """
    inner, signature = _opened(InviteKeys.of(secret).join_key, "join", file)
    join = _decoded(Join, inner)
    keys = PublicKeys.of(join.keys)
    if join.root_keys:
        RootKeys.of(join.root_keys)
    if not is_signed(keys.sign, signature, _join_message(offer_file, inner)):
        raise UntrustedDataError("an answer to an invite is not signed by the key that it names")
    return join


def check_words(offer_file: bytes, join_file: bytes) -> tuple[str, ...]:
    """Return the six words that both screens show: the first 66 bits of H("pair-words", both files' SHA-256)."""
    digest = domains.digest("pair-words", hashlib.sha256(offer_file).digest(), hashlib.sha256(join_file).digest())
    return check_words_of(digest)


def _join_message(offer_file: bytes, inner: bytes) -> bytes:
    return signed_message("join", hashlib.sha256(offer_file).digest(), inner)


def _padded(content: bytes) -> bytes:
    plain = struct.pack(">I", len(content)) + content
    return plain + bytes(-len(plain) % _PAD_BYTES)


def _opened(key: bytes, word: str, file: bytes) -> tuple[bytes, bytes]:
    """Return (what was signed, the signature) of a pairing file."""
    plain = boxes.open_box(key, domains.domain(word), file)
    (size,) = struct.unpack_from(">I", plain) if len(plain) >= 4 else (len(plain),)
    if len(plain) % _PAD_BYTES or 4 + size > len(plain) or plain[4 + size :].strip(b"\0"):
        raise UntrustedDataError("a pairing file's padding is wrong")
    return _decoded(tuple[bytes, bytes], plain[4 : 4 + size])


def _decoded(shape: type[_T], data: bytes) -> _T:
    """Return a value of exactly this encoding."""
    try:
        value = msgspec.msgpack.decode(data, type=shape)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise UntrustedDataError("a pairing file is malformed") from None
    return value
