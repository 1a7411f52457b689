"""Primitives that cost nothing, for the simulation alone: the same bytes each time, refused when they were changed.

The real ones draw chance of their own (salts, encapsulations), so that two runs of one seed would give other files; and
they take a good part of the time. In their place stand keyed hashes of the same form: a signature is a hash keyed with
the public key, a box is its plaintext behind a hash keyed with its key, a wrap is its secret behind a hash of the
recipient. Whatever was changed, cut, moved elsewhere or sealed for another is refused as before; but whoever knows a
public key could sign, and boxes hide nothing. So a run with them says nothing of secrecy and of forgery; that is tried
elsewhere, and a part of the seeds runs with the real ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from unittest import mock

from cryptography.exceptions import InvalidSignature, InvalidTag

from couplejournal.seal import boxes, keys, wraps

_TAG_BYTES = 32
_PAD = bytes(wraps.WRAP_BYTES - 2 * _TAG_BYTES)


class _Public:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @classmethod
    def from_public_bytes(cls, raw: bytes) -> _Public:
        return cls(bytes(raw))

    def public_bytes_raw(self) -> bytes:
        return self.raw

    def verify(self, signature: bytes, message: bytes) -> None:
        if not hmac.compare_digest(signature, _signature(self.raw, message)):
            raise InvalidSignature


class _Private:
    """Signs, and stands for both halves of a hybrid key."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @classmethod
    def from_private_bytes(cls, seed: bytes) -> _Private:
        return cls(hashlib.shake_256(b"public" + seed).digest(32))

    def public_key(self) -> _Public:
        return _Public(self.raw)

    def sign(self, message: bytes) -> bytes:
        return _signature(self.raw, message)


class _Suite:
    @staticmethod
    def encrypt(secret: bytes, public: bytes, info: bytes = b"") -> bytes:
        return _tag(public, info, secret) + secret + (_PAD if len(secret) == _TAG_BYTES else b"")

    @staticmethod
    def decrypt(sealed: bytes, own: bytes, info: bytes = b"") -> bytes:
        secret = sealed[_TAG_BYTES : 2 * _TAG_BYTES]
        if sealed[2 * _TAG_BYTES :] != _PAD or not hmac.compare_digest(sealed[:_TAG_BYTES], _tag(own, info, secret)):
            raise InvalidTag
        return secret


class _Encryptor:
    def __init__(self, key: bytes, context: bytes) -> None:
        self._key, self._context, self._data = key, context, b""

    def update(self, data: bytes) -> bytes:
        self._data += data
        return b""

    def finalize(self) -> bytes:
        return _tag(self._key, self._context, self._data) + self._data


class _Decryptor(_Encryptor):
    def finalize(self) -> bytes:
        tag, plain = self._data[:_TAG_BYTES], self._data[_TAG_BYTES:]
        if not hmac.compare_digest(tag, _tag(self._key, self._context, plain)):
            raise InvalidTag
        return plain


@contextlib.contextmanager
def cheap_primitives() -> Iterator[None]:
    """Let `couplejournal.seal` use these as long as the context lasts; keys made within are worth nothing outside."""
    with contextlib.ExitStack() as stack:
        for module, name, value in (
            (keys, "Ed25519PrivateKey", _Private),
            (keys, "Ed25519PublicKey", _Public),
            (keys, "MLKEM768X25519PrivateKey", lambda mlkem, x25519: mlkem.raw + x25519.raw),
            (keys, "_hybrid_parts", _hybrid_parts),
            (keys, "kem_public", bytes),
            (keys, "SUITE", _Suite),
            (wraps, "kem_public", bytes),
            (wraps, "SUITE", _Suite),
            (boxes, "Cobblestone256Encryptor", _Encryptor),
            (boxes, "Cobblestone256Decryptor", _Decryptor),
        ):
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def _hybrid_parts(seed: bytes) -> tuple[_Private, _Private]:
    raw = hashlib.shake_256(b"kem" + seed).digest(keys.KEM_BYTES)
    return _Private(raw[: keys.MLKEM_BYTES]), _Private(raw[keys.MLKEM_BYTES :])


def _signature(public: bytes, message: bytes) -> bytes:
    return hashlib.blake2b(message, key=public[:64]).digest()


def _tag(key: bytes, context: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(key + len(context).to_bytes(4) + context + data, digest_size=_TAG_BYTES).digest()
