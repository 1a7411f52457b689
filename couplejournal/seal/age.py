"""Files of the age format, so that an export opens without us: c2sp.org/age, ``age-encryption.org/v1``.

This is the one place where labels and algorithms are not ours. A *recipient* is who may open a file, an *identity*
opens it; both are spelt in Bech32. Two types are written: ``age1…`` (X25519) and ``age1pq1…`` (ML-KEM-768 with X25519,
which is our own hybrid key: a root's seed is such an identity, docs/spec/format.md 7). They are never mixed in a file:
the weaker would decide for both. `agereading` opens files.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from couplejournal.errors import UntrustedDataError
from couplejournal.seal import bech32
from couplejournal.seal.keys import KEM_BYTES, SUITE, kem_public

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

VERSION_LINE: Final = b"age-encryption.org/v1"
FILE_KEY_BYTES: Final = 16
NONCE_BYTES: Final = 16
CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
COLUMNS: Final = 64
NO_NONCE: Final = bytes(12)  # each wrap key is used once
X25519_WORD: Final = "X25519"
X25519_INFO: Final = b"age-encryption.org/v1/X25519"
HYBRID_WORD: Final = "mlkem768x25519"
HYBRID_INFO: Final = b"age-encryption.org/mlkem768x25519"
ENC_BYTES: Final = 1120  # what HPKE puts before the ciphertext for this key encapsulation
RECIPIENT_PREFIX: Final = "age"
HYBRID_RECIPIENT_PREFIX: Final = "age1pq"
IDENTITY_PREFIX: Final = "age-secret-key-"
HYBRID_IDENTITY_PREFIX: Final = "age-secret-key-pq-"
RECIPIENTS_LIMIT: Final = 20


class Recipient(Protocol):
    """Who may open a file."""

    is_post_quantum: bool

    def stanza(self, file_key: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
        """Return the lines of the header that hand this recipient the file's key."""


class PlainRecipient:
    """An X25519 key, ``age1…``."""

    is_post_quantum = False

    def __init__(self, public: bytes) -> None:
        """Take the 32 bytes of a public key."""
        self.public = public

    def stanza(self, file_key: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
        """Return the stanza.

        Raises:
            UntrustedDataError: the key is weak.
        """
        own = X25519PrivateKey.from_private_bytes(random_bytes(32))
        share = own.public_key().public_bytes_raw()
        try:
            secret = own.exchange(X25519PublicKey.from_public_bytes(self.public))
        except ValueError:
            raise UntrustedDataError("this age recipient is weak: anybody could open what is sealed for it") from None
        body = ChaCha20Poly1305(x25519_wrap_key(secret, share, self.public)).encrypt(NO_NONCE, file_key, None)
        return stanza_lines([X25519_WORD, unpadded(share)], body)


class HybridRecipient:
    """A post-quantum hybrid key, ``age1pq1…``: the 1,216 bytes that stand in our own public keys too."""

    is_post_quantum = True

    def __init__(self, public: bytes) -> None:
        """Take the 1,216 bytes of a public key.

        Raises:
            UntrustedDataError: it is no such key.
        """
        self.public = public
        self._key = kem_public(public)

    def stanza(self, file_key: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
        """Return the stanza; the library draws what it needs itself.

        Raises:
            UntrustedDataError: the key is weak.
        """
        del random_bytes
        try:
            sealed = SUITE.encrypt(file_key, self._key, HYBRID_INFO)
        except ValueError:
            raise UntrustedDataError("this age recipient is weak: anybody could open what is sealed for it") from None
        return stanza_lines([HYBRID_WORD, unpadded(sealed[:ENC_BYTES])], sealed[ENC_BYTES:])


def recipient_of(text: str) -> PlainRecipient | HybridRecipient:
    """Return the recipient that is spelt ``age1…`` or ``age1pq1…``.

    Raises:
        UntrustedDataError: misspelt, or of a type that is not written here (a plugin's, SSH, a hardware key's).
    """
    if not text.startswith("age1"):
        raise UntrustedDataError("an age recipient begins with age1")
    prefix, data = bech32.decode(text)
    if prefix == RECIPIENT_PREFIX and len(data) == 32:
        return PlainRecipient(data)
    if prefix == HYBRID_RECIPIENT_PREFIX and len(data) == KEM_BYTES:
        return HybridRecipient(data)
    raise UntrustedDataError("this type of age recipient is not known here: it begins with age1 or age1pq1 and no more")


def recipient_text(kem: bytes) -> str:
    """Return how age spells a hybrid public key of 1,216 bytes."""
    return bech32.encode(HYBRID_RECIPIENT_PREFIX, kem)


def identity_text(seed: bytes) -> str:
    """Return how age spells the identity that a root's 32-byte seed is; it opens all that is sealed for the root."""
    return bech32.encode(HYBRID_IDENTITY_PREFIX, seed).upper()


def sealed(
    recipients: Sequence[Recipient], pieces: Iterable[bytes], random_bytes: Callable[[int], bytes]
) -> Iterator[bytes]:
    """Yield an age file that each of the recipients can open, piece after piece, as the plaintext comes.

    ``random_bytes`` gives bytes fit for keys.

    Raises:
        UntrustedDataError: a recipient's key is weak.
        ValueError: no recipient, too many, or post-quantum and other recipients together.
    """
    if not 1 <= len(recipients) <= RECIPIENTS_LIMIT:
        raise ValueError(f"a file is sealed for 1 to {RECIPIENTS_LIMIT} recipients")
    if len({recipient.is_post_quantum for recipient in recipients}) != 1:
        raise ValueError("post-quantum and other recipients are not mixed")
    file_key = random_bytes(FILE_KEY_BYTES)
    lines = [recipient.stanza(file_key, random_bytes) for recipient in recipients]
    head = VERSION_LINE + b"\n" + b"".join(lines) + b"---"
    nonce = random_bytes(NONCE_BYTES)
    yield head + b" " + unpadded(header_mac(file_key, head).finalize()).encode() + b"\n" + nonce
    yield from _sealed_chunks(ChaCha20Poly1305(payload_key(file_key, nonce)), pieces)


def _sealed_chunks(cipher: ChaCha20Poly1305, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the payload in chunks; the last one is marked, so that a cut shows."""
    held = bytearray()
    number = 0
    for piece in pieces:
        held += piece
        while len(held) > CHUNK_BYTES:  # not at equality: the last chunk may be a full one, and must not be empty
            yield cipher.encrypt(chunk_nonce(number, is_last=False), bytes(held[:CHUNK_BYTES]), None)
            del held[:CHUNK_BYTES]
            number += 1
    yield cipher.encrypt(chunk_nonce(number, is_last=True), bytes(held), None)


def stanza_lines(arguments: Sequence[str], body: bytes) -> bytes:
    """Return a stanza: its arguments, and its body in lines of 64 columns, the last of them shorter."""
    text = unpadded(body)
    rows = [text[at : at + COLUMNS] for at in range(0, len(text) + 1, COLUMNS)]
    return "".join(f"{row}\n" for row in ("-> " + " ".join(arguments), *rows)).encode()


def unpadded(data: bytes) -> str:
    """Return base64 without ``=``."""
    return base64.b64encode(data).rstrip(b"=").decode()


def x25519_wrap_key(secret: bytes, share: bytes, public: bytes) -> bytes:
    """Return the key under which a file's key is wrapped for an X25519 recipient."""
    return HKDF(SHA256(), 32, share + public, X25519_INFO).derive(secret)


def header_mac(file_key: bytes, head: bytes) -> HMAC:
    """Return the code over the header up to ``---``, ready to be finished or verified."""
    mac = HMAC(HKDF(SHA256(), 32, None, b"header").derive(file_key), SHA256())
    mac.update(head)
    return mac


def payload_key(file_key: bytes, nonce: bytes) -> bytes:
    """Return the key of the payload."""
    return HKDF(SHA256(), 32, nonce, b"payload").derive(file_key)


def chunk_nonce(number: int, *, is_last: bool) -> bytes:
    """Return the nonce of a chunk: its number from 0, and whether it is the last."""
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")
