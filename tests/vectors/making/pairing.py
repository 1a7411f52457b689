"""Offers and joins: what two devices leave for each other before they have a book together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from vectors.making.worlds import CLOCK_MS, key, root, seed
from vectors.reference import CHUNK, DH, Box, D, H, Key, X, pack, pairing_file, six_words
from vectors.textform import Vector, load

SECRET = seed("invite", 16)
ANA, BEN = key("ana laptop"), key("ben laptop")
OFFER: dict[str, Any] = {
    "purpose": "partner", "root_keys": root("ana").root_keys, "device_keys": ANA.keys, "book": b"", "heads": [],
    "expires_ms": CLOCK_MS, "name": "Ana", "nonce": seed("nonce", 16),
}  # fmt: skip
JOIN: dict[str, Any] = {
    "keys": BEN.keys, "name": "Ben", "nonce": seed("nonce of join", 16), "root_keys": root("ben").root_keys,
    "founding_signature": seed("signature", 64), "proof": b"",
}  # fmt: skip
WEAK = (1).to_bytes(32, "little")
SALT = seed("salt", 24)


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this module."""
    yield from _offers()
    yield from _joins()


def _offer(name: str, expect: str, comment: str, data: bytes, secret: bytes = SECRET) -> Vector:
    told = [("secret", secret.hex())]
    if expect == "accept":
        told.append(("file-name", X(secret, "invite-id")[:16].hex()))
    return Vector("offer", name, expect, comment, tuple(told), (("offer", data),))


def _sealed(word: str, signed: bytes, **more: Any) -> bytes:
    plain = more.get("plain") or len(signed).to_bytes(4, "big") + signed
    plain += bytes(-len(plain) % CHUNK) if "plain" not in more else b""
    return Box(X(SECRET, more.get("key", f"{word}-key")), D(more.get("context", word)), plain, SALT)


def _made(**changes: Any) -> bytes:
    return pairing_file(SECRET, "offer", pack(OFFER | changes), ANA, salt=SALT)


def _offers() -> Iterator[Vector]:
    good = _made()
    device = {"purpose": "device", "book": seed("book"), "heads": [[seed("stream", 16), 7, seed("link")]]}
    yield _offer("partner", "accept", "an invite for a partner", good)
    yield _offer("device", "accept", "an invite for a device of one's own", _made(**device))
    inner = pack(OFFER)
    right = pack([inner, ANA.sign(DH("offer", inner))])
    plain = (len(right).to_bytes(4, "big") + right).ljust(CHUNK, b"\0")
    for name, comment, data in (
        ("flipped", "one bit", good[:900] + bytes([good[900] ^ 1]) + good[901:]),
        ("cut", "one byte too few", good[:-1]),
        ("cut-at-chunk", "cut after the first chunk", good[: 56 + CHUNK + 16]),
        ("join-key", "under the key of joins", _sealed("offer", right, key="join-key")),
        ("join-context", "bound to another use", _sealed("offer", right, context="join")),
        ("not-signed", "no signature", _sealed("offer", pack([inner, bytes(64)]))),
        ("signed-by-another", "signed by another key", _sealed("offer", pack([inner, BEN.sign(DH("offer", inner))]))),
        ("signed-for-join", "signed for another use", _sealed("offer", pack([inner, ANA.sign(DH("join", inner))]))),
        ("changed", "other words than were signed", _sealed("offer", pack([pack(OFFER | {"name": "Eve"}), ANA.sign(
            DH("offer", inner))]))),
        ("no-list", "not two byte strings", _sealed("offer", inner)),
        ("no-map", "signed, and no map", pairing_file(SECRET, "offer", pack([1]), ANA, salt=SALT)),
        ("without-nonce", "a field is missing", pairing_file(SECRET, "offer", pack(
            {name: value for name, value in OFFER.items() if name != "nonce"}), ANA, salt=SALT)),
        ("expires-text", "a field of another type", _made(expires_ms="soon")),
        ("purpose-unknown", "neither partner nor device", _made(purpose="friend")),
        ("partner-with-book", "a partner gets a book of its own", _made(book=seed("book"))),
        ("device-without-book", "a device joins a book", _made(purpose="device")),
        ("short-book", "an id of 31 bytes", _made(**device | {"book": seed("book", 31)})),
        ("weak-device", "a device's key of small order", _made(device_keys=WEAK + ANA.keys[32:])),
        ("low-device", "a device's X25519 half of low order", _made(device_keys=ANA.keys[:1216] + bytes(32))),
        ("weak-root", "a root's key of small order", _made(root_keys=WEAK + root("ana").root_keys[32:])),
        ("weak-founding", "a founding key of small order", _made(root_keys=root("ana").root_keys[:1248] + WEAK)),
        ("short-root", "root keys without a founding key", _made(root_keys=root("ana").root_keys[:1248])),
        ("no-root", "no root keys", _made(root_keys=b"")),
        ("padding-not-zero", "the last byte is 1", _sealed("offer", b"", plain=plain[:-1] + b"\1")),
        ("padding-short", "one zero too few", _sealed("offer", b"", plain=plain[:-1])),
        ("padding-none", "no zeros", _sealed("offer", b"", plain=plain[: 4 + len(right)])),
        ("length-past-end", "the length says more than there is", _sealed("offer", b"", plain=CHUNK.to_bytes(
            4, "big") + plain[4:])),
    ):  # fmt: skip
        yield _offer(name, "refused", comment, data)
    yield _offer("other-words", "refused", "other words than those of the invite", good, seed("another", 16))


def _join(name: str, expect: str, comment: str, data: bytes) -> Vector:
    offer = load("offer/partner").part("offer")
    told = [("base", "offer/partner"), ("secret", SECRET.hex())]
    if expect == "accept":
        digests = [hashlib.sha256(one).digest() for one in (offer, data)]
        told.append(("check-words", six_words(H("pair-words", *digests))))
    return Vector("join", name, expect, comment, tuple(told), (("join", data),))


def _joins() -> Iterator[Vector]:
    answered = hashlib.sha256(load("offer/partner").part("offer")).digest()

    def made(own: Key = BEN, bound: bytes = answered, **changes: Any) -> bytes:
        return pairing_file(SECRET, "join", pack(JOIN | changes), own, bound, salt=SALT)

    good = made()
    yield _join("partner", "accept", "the answer of a partner, and the words that both see", good)
    yield _join(
        "device", "accept", "the answer of a device", made(root_keys=b"", founding_signature=b"", proof=bytes(64))
    )
    inner = pack(JOIN)
    for name, comment, data in (
        ("another-offer", "the answer to another offer", made(bound=seed("offer"))),
        ("no-offer", "the answer to no offer", pairing_file(SECRET, "join", inner, BEN, salt=SALT)),
        ("signed-by-another", "signed by another key", made(own=ANA)),
        ("weak", "an Ed25519 key of small order", made(keys=WEAK + BEN.keys[32:])),
        ("low", "an X25519 half of low order", made(keys=BEN.keys[:1216] + bytes(32))),
        ("short", "a key of another length", made(keys=BEN.keys[:-1])),
        ("weak-root", "a root's key of small order", made(root_keys=WEAK + root("ben").root_keys[32:])),
        ("short-root", "root keys without a founding key", made(root_keys=root("ben").root_keys[:1248])),
        ("offer-key", "under the key of offers", _sealed("join", pack([inner, BEN.sign(
            DH("join", answered, inner))]), key="offer-key")),
        ("the-offer", "the offer in place of an answer", load("offer/partner").part("offer")),
        ("flipped", "one bit", good[:900] + bytes([good[900] ^ 1]) + good[901:]),
        ("empty", "no file", b""),
    ):  # fmt: skip
        yield _join(name, "refused", comment, data)
