"""Sealed answers, age files and keys, exports: what is opened with a key that its author chose."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Iterable
from functools import cache
from typing import Final

from fuzz.harness import Draw, Target, require

from couplejournal.errors import ExportError, UntrustedDataError
from couplejournal.journal import tar
from couplejournal.ops.words import Seal
from couplejournal.seal import age, agereading, answers, bech32, boxes
from couplejournal.seal.segments import padded_size

KEY: Final = b"k" * 32
FILE_KEY: Final = b"f" * age.FILE_KEY_BYTES
PLACE: Final = answers.Place(b"B" * 32, "question", b"p" * 16)
TEXT: Final = b"text" * (age.CHUNK_BYTES // 4) + b"and a little more"  # two chunks
NAMES: Final = frozenset({"entries.jsonl", "journal.txt"})


# --- sealed answers ---


def read_answer(data: bytes) -> None:
    """What stands in the box of an answer: a text with its one padding, or a refusal."""
    box = boxes.seal_box(KEY, PLACE.context(), data)
    text = answers.open_answer(box, PLACE, KEY)
    plain = text.encode()
    require(data == (struct.pack(">I", len(plain)) + plain).ljust(len(data), b"\0"), "an answer is its text")
    require(len(data) == padded_size(4 + len(plain), floor_bytes=answers.FLOOR_BYTES), "and has the size of its bucket")
    seal = Seal(PLACE.prompt, 0, box, [])
    require(answers.AnswerOpener(PLACE.book).is_well_formed(seal), "what opens is well formed while it is closed")


def _answer_seeds() -> Iterable[bytes]:
    for text in ("", "Yes.", "ä" * 3000, "x" * 5000):
        plain = struct.pack(">I", len(text.encode())) + text.encode()
        yield plain.ljust(padded_size(len(plain), floor_bytes=answers.FLOOR_BYTES), b"\0")


def size_answer(data: bytes) -> None:
    """Any size, prompt and time of a closed answer: well formed or not, at once."""
    draw = Draw(data)
    size = draw.number(1 << 20)
    seal = Seal(draw.piece().decode("utf-8", "replace"), draw.wild(), bytes(size), [])
    if answers.AnswerOpener(b"B" * 32).is_well_formed(seal):
        require(size >= answers.FLOOR_BYTES and 0 < len(seal.prompt.encode()) <= 256, "within its limits")


# --- age files ---


@cache
def _identities() -> tuple[agereading.PlainIdentity, agereading.HybridIdentity]:
    return agereading.PlainIdentity(b"x" * 32), agereading.HybridIdentity(b"y" * 32)


class _Knower:
    """An identity that knows the key of every file, so that the fuzzer gets past the stanzas."""

    def file_key(self, stanza: agereading.Stanza) -> bytes | None:
        for identity in _identities():
            identity.file_key(stanza)
        return FILE_KEY


def read_age(data: bytes) -> None:
    """Any bytes as an age file, with identities that open nothing of it."""
    agereading.opened(_identities(), data)
    raise AssertionError("nothing was sealed for these")


def read_age_header(data: bytes) -> None:
    """Any stanzas under a code that holds, and a payload that is right: the payload comes out, or a refusal."""
    head = age.VERSION_LINE + b"\n" + data + b"---"
    mac = age.header_mac(FILE_KEY, head).finalize()
    plain = agereading.opened([_Knower()], head + b" " + age.unpadded(mac).encode() + b"\n" + _payload(b"text"))
    require(plain == b"text", "a payload comes out as it went in")


def read_age_payload(data: bytes) -> None:
    """A right header, and a right payload of which the input is what was changed: nothing but the text comes out."""
    share = age.unpadded(b"s" * 32).encode()
    head = age.VERSION_LINE + b"\n-> X25519 " + share + b"\n" + age.unpadded(bytes(32)).encode() + b"\n---"
    mac = age.header_mac(FILE_KEY, head).finalize()
    payload = bytearray(_payload(TEXT))
    draw = Draw(data)
    while not draw.is_over:
        at, change = draw.number(len(payload)), draw.number(256)
        if change == 255:
            del payload[at:]
            break
        payload[at] ^= change
    file = head + b" " + age.unpadded(mac).encode() + b"\n" + bytes(payload)
    require(agereading.opened([_Knower()], file) == TEXT, "what was changed does not open")


@cache
def _payload(text: bytes) -> bytes:
    """Return nonce and chunks of a text."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce = b"n" * age.NONCE_BYTES
    cipher = ChaCha20Poly1305(age.payload_key(FILE_KEY, nonce))
    pieces = [text[at : at + age.CHUNK_BYTES] for at in range(0, len(text), age.CHUNK_BYTES)]
    last = len(pieces) - 1
    sealed = [
        cipher.encrypt(age.chunk_nonce(number, is_last=number == last), piece, None)
        for number, piece in enumerate(pieces)
    ]
    return nonce + b"".join(sealed)


def _stanza_seeds() -> Iterable[bytes]:
    body = age.unpadded(bytes(32)).encode()
    yield b"-> X25519 " + age.unpadded(b"s" * 32).encode() + b"\n" + body + b"\n"
    yield b"-> mlkem768x25519 " + age.unpadded(bytes(age.ENC_BYTES)).encode() + b"\n" + body + b"\n"
    yield b"-> grease x y\n" + b"A" * 64 + b"\n\n-> scrypt a 18\n" + body + b"\n"


def _age_seeds() -> Iterable[bytes]:
    for stanzas in _stanza_seeds():
        yield age.VERSION_LINE + b"\n" + stanzas + b"--- " + age.unpadded(bytes(32)).encode() + b"\n" + bytes(60)


def read_age_key(data: bytes) -> None:
    """A typed recipient or identity: what was understood is spelt the same again."""
    text = data.decode("utf-8", "surrogateescape")
    prefix, raw = bech32.decode(text)
    require(bech32.encode(prefix.lower(), raw) == text.lower(), "a key has one spelling")
    for read in (age.recipient_of, agereading.identity_of):
        try:
            read(text)
        except UntrustedDataError:
            continue


def _key_seeds() -> Iterable[bytes]:
    for prefix, size in (("age", 32), ("age1pq", 64), ("a", 0), ("age-secret-key-", 32), ("age-secret-key-pq-", 32)):
        spelt = bech32.encode(prefix, bytes(range(size)))
        yield spelt.encode()
        yield spelt.upper().encode()


# --- the archive in an export ---


def read_archive(data: bytes) -> None:
    """An archive from an opened file: no file but those by the names that were asked for, each as long as it says."""
    found = tar.unpacked(data, names=NAMES)
    require(found.keys() <= NAMES, "no other name becomes a file")
    require(sum(map(len, found.values())) <= len(data), "nothing is longer than what it came from")


def _archive_seeds() -> Iterable[bytes]:
    files = {"entries.jsonl": b'{"a": 1}\n' * 90, "journal.txt": b""}
    yield b"".join(tar.packed(files, made_ms=1_790_000_000_000))
    foreign = io.BytesIO()
    with tarfile.open(fileobj=foreign, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in ("couplejournal-export/journal.txt", "../x", "/etc/passwd", "é" * 200):
            archive.addfile(tarfile.TarInfo(name))
    yield foreign.getvalue()


TARGETS: Final = (
    Target("answer", read_answer, _answer_seeds, (UntrustedDataError,), 8192),
    Target("answer-size", size_answer, lambda: [bytes(40), b"\0\x10\x48question" + bytes(9)], (), 320),
    Target("age-file", read_age, _age_seeds, (UntrustedDataError,), 4096),
    Target("age-header", read_age_header, _stanza_seeds, (UntrustedDataError,), 4096),
    Target("age-payload", read_age_payload, lambda: [b"", b"\0\0\1\1", b"\1\0\0\xff"], (UntrustedDataError,), 64),
    Target("age-key", read_age_key, _key_seeds, (UntrustedDataError,), 256),
    Target("export-archive", read_archive, _archive_seeds, (ExportError,), 12288),
)
