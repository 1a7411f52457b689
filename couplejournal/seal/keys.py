"""Keys: an Ed25519 pair for signing and an X-Wing pair for HPKE, each from a 32-byte seed.

``keys`` = ed25519 public:32 || hpke public:1216; a key's id is ``H("key", keys)`` (docs/spec/format.md 1). Keys are
compared as bytes, never as labels. The library's composite keys have no serialization, so seeds are stored and public
halves are put together here from their raw parts.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from couplejournal.errors import UntrustedDataError
from couplejournal.ops.domains import digest, domain
from couplejournal.seal.derive import derive
from couplejournal.seal.lacking import lacking

try:
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
    from cryptography.hazmat.primitives.hpke import (
        AEAD,
        KDF,
        KEM,
        MLKEM768X25519PrivateKey,
        MLKEM768X25519PublicKey,
        Suite,
    )

    # docs/spec/format.md 4
    SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
except (ImportError, AttributeError, UnsupportedAlgorithm):
    raise lacking("ML-KEM-768") from None

SIGN_BYTES: Final = 32
MLKEM_BYTES: Final = 1184
KEM_BYTES: Final = 1216
KEYS_BYTES: Final = SIGN_BYTES + KEM_BYTES
ROOT_KEYS_BYTES: Final = KEYS_BYTES + SIGN_BYTES

_P: Final = 2**255 - 19
_Y8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y coordinates of the 14 encodings of small-order points (C2SP/CCTV, ed25519): a signature under such a key
# can verify for every message, so it proves nothing.
_SMALL_ORDER_Y: Final = frozenset({0, 1, _P - 1, _P, _P + 1, _Y8, _P - _Y8})


def require_hybrid_kem() -> None:
    """Fail clearly where the installed ``cryptography`` lacks the hybrid key encapsulation; there is no fallback.

    Raises:
        SetupError: ML-KEM-768 is missing.
    """
    try:
        MLKEM768PrivateKey.from_seed_bytes(bytes(64))
    except (UnsupportedAlgorithm, AttributeError):
        raise lacking("ML-KEM-768") from None


class PublicKeys(msgspec.Struct, frozen=True):
    """The public halves of one key, as bytes: ``sign`` (32) and ``kem`` (1216)."""

    sign: bytes
    kem: bytes

    @property
    def raw(self) -> bytes:
        """Return ``keys``: 1,248 bytes."""
        return self.sign + self.kem

    @property
    def id(self) -> bytes:
        """Return the key id, 32 bytes."""
        return digest("key", self.raw)

    @classmethod
    def of(cls, raw: bytes) -> PublicKeys:
        """Split 1,248 bytes of ``keys`` and refuse keys that prove nothing.

        Raises:
            UntrustedDataError: wrong length, small-order Ed25519, low-order X25519 half, bad ML-KEM key.
        """
        if len(raw) != KEYS_BYTES:
            raise UntrustedDataError("a public key has the wrong length")
        keys = cls(raw[:SIGN_BYTES], raw[SIGN_BYTES:])
        if _is_small_order(keys.sign):
            raise UntrustedDataError("a public key is weak")
        try:
            SUITE.encrypt(b"", kem_public(keys.kem))  # a low-order X25519 half shows itself in one encryption
        except ValueError:
            raise UntrustedDataError("a public key is weak") from None
        return keys


def kem_public(raw: bytes) -> MLKEM768X25519PublicKey:
    """Return the library's hybrid public key of 1,216 bytes.

    Raises:
        UntrustedDataError: it is no such key.
    """
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(raw[:MLKEM_BYTES]), X25519PublicKey.from_public_bytes(raw[MLKEM_BYTES:])
        )
    except ValueError:
        raise UntrustedDataError("a public key is malformed") from None


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether ``signature`` is the Ed25519 signature of ``message`` under a strong 32-byte public key."""
    if _is_small_order(public):  # also where nobody took the key in as `PublicKeys`: the founding key in a genesis
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_small_order(public: bytes) -> bool:
    return int.from_bytes(public, "little") & ((1 << 255) - 1) in _SMALL_ORDER_Y


def sign_public(seed: bytes) -> bytes:
    """Return the Ed25519 public key of a 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign_with(seed: bytes, message: bytes) -> bytes:
    """Return the 64-byte Ed25519 signature of ``message`` under a seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def hybrid_private(seed: bytes) -> MLKEM768X25519PrivateKey:
    """Return the library's hybrid private key of a 32-byte seed."""
    return MLKEM768X25519PrivateKey(*_hybrid_parts(seed))


def _hybrid_parts(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """Expand a seed as X-Wing does: ``SHAKE256(seed, 96)``."""
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])


class KeyPair:
    """A key of one's own: what signs and what opens, made from two 32-byte seeds."""

    def __init__(self, sign_seed: bytes, kem_seed: bytes) -> None:
        """Build both pairs."""
        self.sign_seed = sign_seed
        self.kem_seed = kem_seed
        self._sign = Ed25519PrivateKey.from_private_bytes(sign_seed)
        mlkem, x25519 = _hybrid_parts(kem_seed)
        self.kem = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = PublicKeys(
            self._sign.public_key().public_bytes_raw(),
            mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw(),
        )
        self.id = self.public.id

    def __repr__(self) -> str:
        """Show no key."""
        return "KeyPair(…)"

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of ``message``."""
        return self._sign.sign(message)


class Root(KeyPair):
    """A person's root, from one seed: the recovery key, and the founding key that every device of the person keeps."""

    def __init__(self, seed: bytes) -> None:
        """Derive the three parts of a root (docs/spec/format.md 7)."""
        super().__init__(derive(seed, "root-sign"), seed)
        self.founding_seed = derive(seed, "found-sign")
        self.root_keys = self.public.raw + sign_public(self.founding_seed)


class RootKeys(msgspec.Struct, frozen=True):
    """The public side of a root, 1,280 bytes: its keys and the public founding key."""

    keys: PublicKeys
    founding: bytes

    @property
    def raw(self) -> bytes:
        """Return the 1,280 bytes."""
        return self.keys.raw + self.founding

    @property
    def person(self) -> bytes:
        """Return the id of the person rooted here, 16 bytes."""
        return digest("person", self.raw)[:16]

    @classmethod
    def of(cls, raw: bytes) -> RootKeys:
        """Split 1,280 bytes.

        Raises:
            UntrustedDataError: wrong length or weak keys.
        """
        if len(raw) != ROOT_KEYS_BYTES:
            raise UntrustedDataError("a root key has the wrong length")
        founding = raw[KEYS_BYTES:]
        if _is_small_order(founding):
            raise UntrustedDataError("a root key is weak")
        return cls(PublicKeys.of(raw[:KEYS_BYTES]), founding)


def signed_message(word: str, *items: bytes) -> bytes:
    """Return what is signed: ``D(word) || H(word, items...)``."""
    return domain(word) + digest(word, *items)
