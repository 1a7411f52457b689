"""Open files of the age format with an identity: all of a file or nothing (c2sp.org/age).

Strict where the format is strict: one spelling of each header, no unknown spelling of a known stanza, a chunk that says
it is the last. What is not understood is passed over only where the format says so: stanzas of other types.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from couplejournal.errors import UntrustedDataError
from couplejournal.seal import age, bech32
from couplejournal.seal.keys import SUITE, hybrid_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEADER_LIMIT_BYTES: Final = 1 << 20
STANZAS_LIMIT: Final = 1000
WRAPPED_BYTES: Final = age.FILE_KEY_BYTES + age.TAG_BYTES
_ARGUMENT: Final = re.compile(rb"[!-~]+")
_NOT_OURS: Final = "this file is sealed for somebody else"


class Stanza(msgspec.Struct, frozen=True):
    """What a header hands one recipient."""

    arguments: tuple[str, ...]
    body: bytes


class Identity(Protocol):
    """What opens files."""

    def file_key(self, stanza: Stanza) -> bytes | None:
        """Return the file's key if the stanza is for this identity, else None."""


class PlainIdentity:
    """The secret of an X25519 recipient, ``AGE-SECRET-KEY-1…``."""

    def __init__(self, secret: bytes) -> None:
        """Take the 32 bytes."""
        self._secret = X25519PrivateKey.from_private_bytes(secret)
        self._public = self._secret.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        """Show no key."""
        return "PlainIdentity(…)"

    def file_key(self, stanza: Stanza) -> bytes | None:
        """Return the file's key, or None.

        Raises:
            UntrustedDataError: the stanza is of this type and malformed.
        """
        share = _argument(stanza, age.X25519_WORD, 32)
        if share is None:
            return None
        try:
            secret = self._secret.exchange(X25519PublicKey.from_public_bytes(share))
            key = age.x25519_wrap_key(secret, share, self._public)
            return ChaCha20Poly1305(key).decrypt(age.NO_NONCE, stanza.body, None)
        except InvalidTag:
            return None
        except ValueError:  # a share of low order: the secret would be known to everybody
            raise UntrustedDataError("an age header holds a weak key") from None


class HybridIdentity:
    """A seed of the post-quantum hybrid key, ``AGE-SECRET-KEY-PQ-1…``: a root's seed is one."""

    def __init__(self, seed: bytes) -> None:
        """Take the 32 bytes."""
        self._key = hybrid_private(seed)

    def __repr__(self) -> str:
        """Show no key."""
        return "HybridIdentity(…)"

    def file_key(self, stanza: Stanza) -> bytes | None:
        """Return the file's key, or None.

        Raises:
            UntrustedDataError: the stanza is of this type and malformed.
        """
        enc = _argument(stanza, age.HYBRID_WORD, age.ENC_BYTES)
        if enc is None:
            return None
        try:
            return SUITE.decrypt(enc + stanza.body, self._key, age.HYBRID_INFO)
        except (InvalidTag, ValueError):
            return None


def identity_of(text: str) -> PlainIdentity | HybridIdentity:
    """Return the identity that is spelt ``AGE-SECRET-KEY-1…`` or ``AGE-SECRET-KEY-PQ-1…``.

    Raises:
        UntrustedDataError: misspelt, or of another type.
    """
    prefix, data = bech32.decode(text)
    if prefix == age.IDENTITY_PREFIX.upper() and len(data) == 32:
        return PlainIdentity(data)
    if prefix == age.HYBRID_IDENTITY_PREFIX.upper() and len(data) == 32:
        return HybridIdentity(data)
    raise UntrustedDataError("an age identity begins with AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1")


def opened(identities: Sequence[Identity], data: bytes) -> bytes:
    """Return the plaintext of an age file, all of it or nothing.

    Raises:
        UntrustedDataError: it is none, is sealed for somebody else, or was changed or cut.
    """
    found, head, mac, start = _header(data)
    file_key = _file_key(identities, found)
    try:
        age.header_mac(file_key, head).verify(mac)
    except InvalidSignature:
        raise UntrustedDataError("the header of an age file was changed") from None
    nonce = data[start : start + age.NONCE_BYTES]
    if len(nonce) != age.NONCE_BYTES:
        raise _cut()
    cipher = ChaCha20Poly1305(age.payload_key(file_key, nonce))
    return b"".join(_chunks(cipher, data, start + age.NONCE_BYTES))  # joined: nothing goes out before the end was seen


def _chunks(cipher: ChaCha20Poly1305, data: bytes, start: int) -> Iterator[bytes]:
    """Yield the chunks of a payload that begins at ``start``."""
    size = age.CHUNK_BYTES + age.TAG_BYTES
    for number, at in enumerate(range(start, max(len(data), start + 1), size)):
        chunk, is_last = data[at : at + size], at + size >= len(data)
        try:
            plain = cipher.decrypt(age.chunk_nonce(number, is_last=is_last), chunk, None)
        except InvalidTag:
            raise _cut() from None
        if is_last and not plain and number:
            raise _cut()
        yield plain


def _file_key(identities: Sequence[Identity], stanzas: Sequence[Stanza]) -> bytes:
    """Return the file's key by the first stanza that one of the identities opens."""
    for identity in identities:
        for stanza in stanzas:
            key = identity.file_key(stanza)
            if key is not None:
                return key
    raise UntrustedDataError(_NOT_OURS)


def _argument(stanza: Stanza, word: str, size_bytes: int) -> bytes | None:
    """Return the one argument of a stanza of this type; None for a stanza of another."""
    if stanza.arguments[0] != word:
        return None
    if len(stanza.arguments) != 2 or len(stanza.body) != WRAPPED_BYTES:
        raise _malformed()
    found = _decoded(stanza.arguments[1].encode())
    if len(found) != size_bytes:
        raise _malformed()
    return found


def _header(data: bytes) -> tuple[list[Stanza], bytes, bytes, int]:
    """Return the stanzas, the bytes that the code is over, the code, and where the payload begins."""
    line, at = _line(data, 0)
    if line != age.VERSION_LINE:
        raise UntrustedDataError("this is no age file, or one of a later version")
    stanzas: list[Stanza] = []
    while True:
        start = at
        line, at = _line(data, at)
        if line.startswith(b"--- "):
            break
        if not line.startswith(b"-> ") or len(stanzas) >= STANZAS_LIMIT:
            raise _malformed()
        arguments = line[3:].split(b" ")
        if not all(_ARGUMENT.fullmatch(argument) for argument in arguments):
            raise _malformed()
        body, at = _body(data, at)
        stanzas.append(Stanza(tuple(argument.decode() for argument in arguments), body))
    mac = _decoded(line[4:])
    if not stanzas or len(mac) != 32:
        raise _malformed()
    return stanzas, data[: start + 3], mac, at


def _body(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the body of a stanza, whose last line is shorter than 64 columns, and where it ends."""
    rows: list[bytes] = []
    while True:
        row, at = _line(data, at)
        if len(row) > age.COLUMNS:
            raise _malformed()
        rows.append(row)
        if len(row) < age.COLUMNS:
            return _decoded(b"".join(rows)), at


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a line of the header without its end, and where the next begins."""
    end = data.find(b"\n", at, HEADER_LIMIT_BYTES)
    if end < 0:
        raise _malformed()
    return data[at:end], end + 1


def _decoded(text: bytes) -> bytes:
    """Return what unpadded base64 holds; only the one canonical spelling counts."""
    try:
        found = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _malformed() from None
    if age.unpadded(found).encode() != text:
        raise _malformed()
    return found


def _malformed() -> UntrustedDataError:
    return UntrustedDataError("the header of an age file is malformed")


def _cut() -> UntrustedDataError:
    return UntrustedDataError("an age file was cut or changed")
