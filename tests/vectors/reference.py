# ruff: noqa: D103, E704, N802, PLR0911, UP014
# fmt: off
"""A second couplejournal: it seals and opens what docs/spec says, and imports nothing of the first.

Written from the pages of the specification and from what they cite (C2SP chunked-encryption, RFC 9180, X-Wing, RFC
9106, BIP 39, Padmé), in another way wherever there is one: Cobblestone, HPKE, X-Wing and msgpack are spelt out, weak
keys are found by arithmetic, who belongs is recomputed from nothing for each question. It is slow and wipes no secret.
One file of less than 600 lines; names are those of the specification: ``D``, ``F``, ``H``, ``X``, ``Box``.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple, TypeAlias

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ed25519, mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

Item: TypeAlias = "bytes | int | Sequence[Item]"

class OutcomeError(Exception):
    """What became of bytes that are not taken: ``word`` is not-yet, held, foreign, newer or refused."""
    def __init__(self, word: str, why: str) -> None:
        super().__init__(word, why)
        self.word = word

def require(holds: object, why: str, word: str = "refused") -> None:
    if not holds:
        raise OutcomeError(word, why)
def tried(opens: Callable[..., bytes], *arguments: Any) -> bytes | None:
    """Return what a function opens, or None where it does not."""
    with suppress(OutcomeError):
        return opens(*arguments)
    return None

def text_of(raw: bytes) -> str:
    require(raw.decode(errors="replace").encode() == raw, "not UTF-8")
    return raw.decode()

# --- format 0: notation -----------------------------------------------------------------------------------------------
def D(word: str) -> bytes: return f"couplejournal/v1 {word}\0".encode()
def F(items: Sequence[Item]) -> bytes:
    out = b""
    for item in items:
        if isinstance(item, int):
            out += (8).to_bytes(4, "big") + item.to_bytes(8, "big")
        else:
            out += len(item).to_bytes(4, "big") + (item if isinstance(item, bytes) else F(item))
    return out
def H(word: str, *items: Item) -> bytes: return hashlib.sha256(D(word) + F(items)).digest()
def X(key: bytes, word: str, *items: Item) -> bytes: return expand(key, D(word) + F(items), 32)
def DH(word: str, *items: Item) -> bytes: return D(word) + H(word, *items)  # signed, or bound to

def expand(key: bytes, info: bytes, size: int, algorithm: str = "sha256") -> bytes:
    """Return HKDF-Expand (RFC 5869)."""
    blocks = [b""]
    while sum(map(len, blocks)) < size:
        blocks.append(hmac.digest(key, blocks[-1] + info + bytes([len(blocks)]), algorithm))
    return b"".join(blocks)[:size]

CHUNK: Final = 16 << 10

def _chunk_keys(key: bytes, salt: bytes, context: bytes) -> tuple[AESGCM, int, bytes]:
    out = expand(key, b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context, 76, "sha512")
    return AESGCM(out[:32]), int.from_bytes(out[32:44], "big"), out[44:]

def Box(key: bytes, context: bytes, plain: bytes, salt: bytes | None = None) -> bytes:
    salt = os.urandom(24) if salt is None else salt
    cipher, nonce, commitment = _chunk_keys(key, salt, context)
    chunks = [plain[at : at + CHUNK] for at in range(0, len(plain) + 1, CHUNK)]  # the last is short, perhaps empty
    texts = [cipher.encrypt((nonce ^ n).to_bytes(12, "big"), chunk, None) for n, chunk in enumerate(chunks)]
    return b"".join((salt, commitment, *texts))
def unbox(key: bytes, context: bytes, data: bytes) -> bytes:
    require(len(key) == 32 and len(data) >= 24 + 32 + 16, "a box is cut")
    cipher, nonce, commitment = _chunk_keys(key, data[:24], context)
    require(commitment == data[24:56], "a box is of another key or context")
    plain = b""
    for n, at in enumerate(range(56, len(data) + 1, CHUNK + 16)):  # after a full chunk something must follow
        try:
            plain += cipher.decrypt((nonce ^ n).to_bytes(12, "big"), data[at : at + CHUNK + 16], None)
        except (InvalidTag, ValueError):
            raise OutcomeError("refused", "a box was changed or cut") from None
    return plain

def padded(content: bytes, floor: int = 1024) -> bytes:
    """Return P(content): its length, itself, and zeros up to the Padmé size."""
    size = max(4 + len(content), floor)
    exponent = size.bit_length() - 1  # floor(log2(size)); its own length in bits is floor(log2(exponent)) + 1
    step = 1 << exponent - exponent.bit_length()
    return (len(content).to_bytes(4, "big") + content).ljust(-(-size // step) * step, b"\0")
def unpadded(plain: bytes, floor: int = 1024) -> bytes:
    content = plain[4 : 4 + int.from_bytes(plain[:4], "big")]
    require(padded(content, floor) == plain, "padding")
    return content

# --- format 3: canonical msgpack --------------------------------------------------------------------------------------
def pack(value: Any) -> bytes:
    """Return the canonical msgpack of plain values."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, int):
        if -32 <= value < 128:
            return bytes([value % 256])
        step = next(n for n in range(4) if -1 << (8 << n) - 1 <= value < 1 << (8 << n))
        return bytes([(0xD0 if value < 0 else 0xCC) + step]) + value.to_bytes(1 << step, "big", signed=value < 0)
    if isinstance(value, dict):
        items = sorted((key.encode(), pack(key) + pack(item)) for key, item in value.items())
        return _sized(len(value), 0x80, 16, 0xDD) + b"".join(item for _, item in items)
    if isinstance(value, str):
        return _sized(len(value.encode()), 0xA0, 32, 0xD9) + value.encode()
    if isinstance(value, bytes):
        return _sized(len(value), 0, 0, 0xC4) + value
    return _sized(len(value), 0x90, 16, 0xDB) + b"".join(map(pack, value))
def _sized(size: int, fixed: int, small: int, tag: int) -> bytes:
    if size < small:
        return bytes([fixed + size])
    step = next(n for n in range(int(small == 16), 3) if size < 1 << (8 << n))  # arrays, maps: no length of one byte
    return bytes([tag + step]) + size.to_bytes(1 << step, "big")

# tag: (what it is, bytes of length or number, the least that may not be said in a shorter way)
_TAGS: Final = {
    0xC4: ("bin", 1, 0), 0xC5: ("bin", 2, 1 << 8), 0xC6: ("bin", 4, 1 << 16), 0xD9: ("str", 1, 32),
    0xDA: ("str", 2, 1 << 8), 0xDB: ("str", 4, 1 << 16), 0xDC: ("array", 2, 16), 0xDD: ("array", 4, 1 << 16),
    0xDE: ("map", 2, 16), 0xDF: ("map", 4, 1 << 16), 0xCC: ("int", 1, 1 << 7), 0xCD: ("int", 2, 1 << 8),
    0xCE: ("int", 4, 1 << 16), 0xCF: ("int", 8, 1 << 32), 0xD0: ("minus", 1, 33), 0xD1: ("minus", 2, (1 << 7) + 1),
    0xD2: ("minus", 4, (1 << 15) + 1), 0xD3: ("minus", 8, (1 << 31) + 1), 0xCB: ("float", 8, 0),
} | {tag: ("map" if tag < 0x90 else "array" if tag < 0xA0 else "str", 0, 0) for tag in range(0x80, 0xC0)}

def unpack(data: bytes) -> Any:
    """Return the value of exactly this canonical msgpack."""
    value, rest = _value(data, 0)
    require(not rest, "bytes after the end")
    return value
def _value(data: bytes, depth: int) -> tuple[Any, bytes]:
    require(data and depth <= 16, "cut, or too deep")
    tag, data = data[0], data[1:]
    if not 0x80 <= tag < 0xE0 or tag in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}.get(tag, tag - (tag >> 7 << 8)), data
    kind, width, least = _TAGS.get(tag, ("", 0, 0))
    require(kind, "of an unknown type")
    raw, data = _cut(data, width)
    size = int.from_bytes(raw, "big", signed=kind == "minus") if width else tag & (31 if kind == "str" else 15)
    require((-size if kind == "minus" else size) >= least, "not the shortest form")
    if kind in ("int", "minus"):
        return size, data
    if kind == "float":
        (number,) = struct.unpack(">d", raw)
        require(number - number == 0, "not a finite number")
        return number, data
    if kind in ("bin", "str"):
        raw, data = _cut(data, size)
        return (raw if kind == "bin" else text_of(raw)), data
    items: list[Any] = []
    for _ in range(size if kind == "array" else 2 * size):
        item, data = _value(data, depth + 1)
        items.append(item)
    if kind == "array":
        return items, data
    require(all(isinstance(key, str) for key in items[::2]), "a key that is no text")
    keys = [key.encode() for key in items[::2]]
    require(keys == sorted(set(keys)), "keys out of order, or twice")
    return dict(zip(items[::2], items[1::2], strict=True)), data
def _cut(data: bytes, size: int) -> tuple[bytes, bytes]:
    require(size <= len(data), "cut")
    return data[:size], data[size:]

# --- format 1: keys ---------------------------------------------------------------------------------------------------
P: Final = 2**255 - 19
CURVE_D: Final = -121665 * pow(121666, -1, P) % P

def is_small_order(public: bytes) -> bool:
    """Return whether an Ed25519 key decodes to a point that vanishes when it is doubled three times."""
    y = (int.from_bytes(public, "little") & (1 << 255) - 1) % P
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return False  # no point: nothing verifies under it
    for _ in range(3):
        t = CURVE_D * x * x * y * y % P
        x, y = 2 * x * y * pow(1 + t, -1, P) % P, (y * y + x * x) * pow(1 - t, -1, P) % P
    return (x, y) == (0, 1)

@cache
def strong(keys: bytes) -> bytes:
    """Return 1,248 bytes of keys, or 1,280 of a root, unless they prove or keep nothing."""
    require(len(keys) in (1248, 1280) and not is_small_order(keys[:32]), "a weak key, or none")
    require(len(keys) == 1248 or not is_small_order(keys[1248:]), "a weak founding key")
    for a, b, c in zip(*[iter(keys[32 : 32 + 1152])] * 3, strict=True):  # FIPS 203, 7.2: coefficients below q
        require((a | (b & 15) << 8) < 3329 and (b >> 4 | c << 4) < 3329, "a key that is not canonical")
    try:
        half = x25519.X25519PublicKey.from_public_bytes(keys[1216:1248])
        x25519.X25519PrivateKey.from_private_bytes(bytes(32)).exchange(half)
    except ValueError:
        raise OutcomeError("refused", "a key of low order") from None
    return keys

@cache
def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    with suppress(InvalidSignature, ValueError):
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    return False

class Key:
    """A key of one's own, from two seeds."""
    def __init__(self, sign_seed: bytes, kem_seed: bytes) -> None:
        self._sign = ed25519.Ed25519PrivateKey.from_private_bytes(sign_seed)
        self.sign = self._sign.sign
        wide = hashlib.shake_256(kem_seed).digest(96)
        self.mlkem = mlkem.MLKEM768PrivateKey.from_seed_bytes(wide[:64])
        self.x25519 = x25519.X25519PrivateKey.from_private_bytes(wide[64:])
        self.keys = b"".join(half.public_key().public_bytes_raw() for half in (self._sign, self.mlkem, self.x25519))
        self.id = H("key", self.keys)
class Root(Key):
    """The root of a person, from its seed."""
    def __init__(self, seed: bytes) -> None:
        super().__init__(X(seed, "root-sign"), seed)
        self.founding = ed25519.Ed25519PrivateKey.from_private_bytes(X(seed, "found-sign"))
        self.root_keys = self.keys + self.founding.public_key().public_bytes_raw()
        self.person = H("person", self.root_keys)[:16]

def _hpke(one: bytes, other: bytes, enc: bytes, public: bytes, info: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    """Return cipher and nonce of the first message: RFC 9180, base mode, KEM 0x647a (X-Wing), KDF 1, AEAD 3."""
    suite = b"HPKE-v1HPKE\x64\x7a\x00\x01\x00\x03"
    shared = hashlib.sha3_256(one + other + enc[1088:] + public + b"\x5c\x2e\x2f\x2f\x5e\x5c").digest()
    def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.digest(salt, suite + label + ikm, "sha256")
    context = b"\0" + extract(bytes(32), b"psk_id_hash", b"") + extract(bytes(32), b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key = expand(secret, b"\x00\x20" + suite + b"key" + context, 32)
    return ChaCha20Poly1305(key), expand(secret, b"\x00\x0c" + suite + b"base_nonce" + context, 12)

def wrap(secret: bytes, keys: bytes, info: bytes) -> bytes:
    """Return a secret wrapped for 1,248 bytes of keys."""
    one, enc = mlkem.MLKEM768PublicKey.from_public_bytes(keys[32:1216]).encapsulate()
    fresh = x25519.X25519PrivateKey.generate()
    enc += fresh.public_key().public_bytes_raw()
    other = fresh.exchange(x25519.X25519PublicKey.from_public_bytes(keys[1216:1248]))
    cipher, nonce = _hpke(one, other, enc, keys[1216:1248], info)
    return enc + cipher.encrypt(nonce, secret, None)
def unwrap(sealed: bytes, own: Key, info: bytes) -> bytes:
    """Return the 32 bytes that were wrapped for a key."""
    require(len(sealed) == 1120 + 32 + 16, "a wrap of another length")
    try:
        other = own.x25519.exchange(x25519.X25519PublicKey.from_public_bytes(sealed[1088:1120]))
        cipher, nonce = _hpke(own.mlkem.decapsulate(sealed[:1088]), other, sealed[:1120], own.keys[1216:], info)
        return cipher.decrypt(nonce, sealed[1120:], None)
    except (InvalidTag, ValueError):
        raise OutcomeError("refused", "a wrap does not open") from None

# --- format 3: segments and operations --------------------------------------------------------------------------------
ANY, BIN, HEADS, WRAPS = object(), [bytes], [(bytes, int, bytes)], [(bytes, bytes)]
SHAPES: Final[dict[int, dict[str, dict[str, Any]]]] = {
    1: {
        "found": {"persons": WRAPS, "signatures": BIN},
        "admit": dict.fromkeys(("person", "keys", "proof", "founding"), bytes), "remove": {"keys": [(bytes, HEADS)]},
        "epoch": {"commit": bytes, "wraps": WRAPS, "back": BIN, "roots": HEADS},
        "grant": {"wraps": [(bytes, bytes, bytes)]}, "lack": {"epochs": BIN},
    },
    2: {
        "write": {"kind": str, "schema": int, "happened": (int, int, str), "fields": ANY, "refs?": [(str, bytes)],
                  "joint?": bool, "both?": bool},
        "revise": {"entry": bytes, "after": BIN, "fields": ANY}, "retract": {"entry": bytes, "after": BIN},
        "seal": {"prompt": str, "until": int, "sealed": bytes, "wraps": WRAPS},
        "rewrap": {"seal": bytes, "wraps": WRAPS}, "release": {"seal": bytes, "key": bytes, "other": bytes},
        "withdraw": {"seal": bytes}, "skip": {"prompt": str}, "seen": {"heads": HEADS}, "end": {},
        "profile": {"name": str, "device": str}, "share": {"entry": bytes, "salt": bytes, "key": bytes},
    },
}
OFFER: Final = {"purpose": str, "root_keys": bytes, "device_keys": bytes, "book": bytes, "heads": HEADS,
                "expires_ms": int, "name": str, "nonce": bytes}
JOIN: Final = dict.fromkeys(("keys", "nonce", "root_keys", "founding_signature", "proof"), bytes) | {"name": str}

def fits(value: Any, shape: Any) -> bool:
    """Return whether a value has a shape: a type, [a list of], (so many), {of these fields}; "?": may be left out."""
    if isinstance(shape, dict):
        left = {name[:-1] for name in shape if name[-1] == "?" and name[:-1] not in value}
        return isinstance(value, dict) and all(
            name[:-1] in left or (name.rstrip("?") in value and fits(value[name.rstrip("?")], item))
            for name, item in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, tuple):
        return isinstance(value, list) and len(value) == len(shape) and all(map(fits, value, shape))
    return shape is ANY or type(value) is shape

Op = NamedTuple("Op", [("word", str), ("critical", bool), ("salt", bytes), ("clock", list[int]), ("fields", Any)])
Node = NamedTuple("Node", [
    ("key", bytes), ("stream", bytes), ("seq", int), ("prev", bytes), ("link", bytes), ("op", Op)])
Header = NamedTuple("Header", [
    ("type", int), ("book", bytes), ("key", bytes), ("stream", bytes), ("epoch", bytes), ("first", int), ("last", int),
    ("prev", bytes), ("end", bytes)])
HEADER: Final = ">4s2B32s32s16s16s2Q32s32s"

def op_bytes(word: str, fields: Any, *, salt: bytes, clock: Sequence[int], critical: bool = True) -> bytes:
    return pack([word, critical, salt, clock, fields])
def read_op(data: bytes, type_: int) -> Op:
    value = unpack(data)
    require(fits(value, (str, bool, bytes, (int, int), dict)) and len(value[2]) == 16, "an operation's frame")
    op = Op(*value)
    require(0 <= op.clock[0] < 1 << 48 and 0 <= op.clock[1] < 1 << 32, "an operation's clock")
    require(op.word in SHAPES[type_] or not op.critical, op.word, "newer")
    require(fits(op.fields, SHAPES[type_].get(op.word, ANY)), f"the fields of {op.word}")
    return op

def read_header(data: bytes) -> Header:
    require(len(data) >= 182 + 1 + 64 and data[:4] == b"CJS1", "no segment, or the beginning of one", "not-yet")
    require(len(data) <= 4 << 20, "too large")
    _, suite, *rest = struct.unpack(HEADER, data[:182])
    head = Header(*rest)
    require(suite <= 1 and head.type <= 2, "suite or type", "newer")
    require(suite and head.type and 1 <= head.first <= head.last < 1 << 48, "a header that nobody writes")
    require((head.type == 1) == (head.epoch == bytes(16)), "an epoch where none may be, or none")
    return head

def links(prev: bytes, ops: Iterable[bytes]) -> list[bytes]:
    found = [prev]
    for data in ops:
        found.append(H("link", found[-1], data))
    return found[1:]

def segment(author: Key, book: bytes, stream: bytes, ops: Sequence[bytes], *, first: int = 1, prev: bytes | None = None,
            epoch: bytes = bytes(16), key: bytes = b"", salt: bytes | None = None) -> bytes:
    """Return a segment of a key stream or, with ``epoch`` and ``key``, of a word stream."""
    type_ = 2 if key else 1
    prev = H("stream", author.id, stream, type_) if prev is None else prev
    last, end = first + len(ops) - 1, links(prev, ops)[-1]
    header = struct.pack(HEADER, b"CJS1", 1, type_, book, author.id, stream, epoch, first, last, prev, end)
    body = pack(list(ops))
    if key:
        body = Box(X(key, "body-key"), D("body") + H("head", header), padded(body), salt)
    return header + body + author.sign(DH("segment", header, body))
def open_segment(data: bytes, public: bytes, key: bytes = b"") -> tuple[Header, list[Op], list[bytes]]:
    """Return header, operations and links of a segment, proved with its author's Ed25519 key and its epoch's key."""
    head, header, body = read_header(data), data[:182], data[182:-64]
    require(is_signed(public, data[-64:], DH("segment", header, body)), "signature", "not-yet")
    if head.type == 2:
        body = unpadded(unbox(X(key, "body-key"), D("body") + H("head", header), body))
    listed = unpack(body)
    require(fits(listed, BIN) and max(map(len, listed), default=0) <= 1_114_112, "a list of something else")
    require(len(listed) == head.last - head.first + 1, "another number of operations")
    ops, found = [read_op(op, head.type) for op in listed], links(head.prev, listed)
    require(found[-1] == head.end, "links")
    return head, ops, found

# --- format 4 and membership: books -----------------------------------------------------------------------------------
class Book:
    """Everything that is held of a book, beginning with its genesis."""
    def __init__(self, genesis: bytes, *own: Key) -> None:
        self.own, self.id = own, hashlib.sha256(genesis).digest()
        self.roots: dict[bytes, bytes] = {}  # root's key id: person
        self.founders: dict[bytes, tuple[bytes, bytes]] = {}  # key id: (keys, person)
        head = read_header(genesis)
        require(head.type == 1 and head.book == bytes(32) and head.first == 1, "no genesis")
        listed = unpack(genesis[182:-64])
        require(fits(listed, BIN) and listed and read_op(listed[0], 1).word == "found", "no genesis")
        self._found(**read_op(listed[0], 1).fields)
        require(head.key in self.founders.keys() - self.roots.keys(), "a genesis of a stranger")
        require(head.prev == H("stream", head.key, head.stream, 1), "the link of another stream")
        self.nodes: dict[bytes, Node] = {}
        self.words: list[tuple[Header, list[Op], list[bytes]]] = []
        self._keep(*open_segment(genesis, self.founders[head.key][0][:32]))

    def _found(self, persons: list[list[bytes]], signatures: list[bytes], **_unknown: Any) -> None:
        require(1 <= len(persons) == len(signatures) <= 2, "persons")
        for (root_keys, device), signature in zip(persons, signatures, strict=True):
            require(len(root_keys) == 1280 and len(strong(root_keys)) - 32 == len(strong(device)), "keys")
            require(is_signed(root_keys[1248:], signature, DH("found", persons)), "a founding signature")
            person, root = H("person", root_keys)[:16], H("key", root_keys[:1248])
            self.roots[root] = person
            self.founders |= {root: (root_keys[:1248], person), H("key", device): (device, person)}
        require(len({keys[:32] for keys, _ in self.founders.values()}) == 2 * len(persons), "a key that stands twice")

    def _keep(self, head: Header, ops: list[Op], found: list[bytes]) -> None:
        if head.type == 2:
            self.words.append((head, ops, found))
            return
        for n, (op, prev, link) in enumerate(zip(ops, [head.prev, *found[:-1]], found, strict=True)):
            self.nodes[link] = Node(head.key, head.stream, head.first + n, prev, link, op)

    def take(self, data: bytes) -> None:
        """Take in a file, or say why not."""
        head, known, key = read_header(data), self.known(), b""
        require(head.book == self.id, "another book", "foreign")
        require(head.key in known, "an unknown key", "held")
        at_start = head.prev == H("stream", head.key, head.stream, head.type)
        require(head.first > 1 or at_start, "the link of another stream")
        if head.type == 2:
            require(head.epoch in self.epochs(), "an unknown epoch", "held")
            require(self.epochs()[head.epoch][0] == head.key, "an epoch of another key")
            key = self.opened().get(head.epoch, b"")
            require(key, "a closed epoch", "held")
        self._keep(*open_segment(data, known[head.key][0][:32], key))
    def take_all(self, files: Sequence[bytes]) -> list[str]:
        """Take in files in any order; return the outcome of each, "accept" where it was taken."""
        outcomes = ["held"] * len(files)
        for _ in files:  # each round may bring the key for another
            for n, data in enumerate(files):
                if outcomes[n] == "held":
                    try:
                        self.take(data)
                        outcomes[n] = "accept"
                    except OutcomeError as error:
                        outcomes[n] = error.word
        return outcomes

    def said(self, word: str) -> list[Node]:
        """Return the operations of key streams to which the links lead from link 0."""
        said = (node for node in self.nodes.values() if node.op.word == word)
        return [node for node in said if self.holds([node.stream, node.seq, node.link])]
    def holds(self, head: Sequence[Any]) -> bool:
        """Return whether every operation up to (stream, number, link) is held."""
        node = self.nodes.get(head[2])
        if node is None or [node.stream, node.seq] != list(head[:2]):
            return False
        while node.seq > 1 and node.prev in self.nodes:
            node = self.nodes[node.prev]
        return node.prev == H("stream", node.key, node.stream, 1)

    def admissions(self) -> list[tuple[Node, bytes, bytes, bytes]]:
        """Return (operation, new key id, keys, person) of the admissions whose proof holds."""
        named = [(node, *map(node.op.fields.__getitem__, ("keys", "proof", "person"))) for node in self.said("admit")]
        return [(node, H("key", keys), keys, person) for node, keys, proof, person in named
                if len(keys) == 1248 and is_signed(keys[:32], proof, DH("admit", self.id, node.key, keys, person))
                and tried(strong, keys) and H("key", keys) not in self.founders]
    def known(self) -> dict[bytes, tuple[bytes, frozenset[bytes]]]:
        """Return {key id: (keys, persons for whom it was admitted)}."""
        found = {key: (keys, frozenset([person])) for key, (keys, person) in self.founders.items()}
        before: object = None
        while before != (before := dict(found)):
            for node, new, keys, person in self.admissions():
                if person in found.get(node.key, (b"", frozenset[bytes]()))[1]:
                    found[new] = (keys, found.get(new, (b"", frozenset[bytes]()))[1] | {person})
        return found
    def removals(self, key: bytes, person: bytes) -> list[list[list[Any]]]:
        """Return the pins of each removal of a key by the root of a person for whom it was admitted."""
        persons = {person} & (frozenset() if key in self.roots else self.known()[key][1])
        acts = [node.op.fields["keys"] for node in self.said("remove") if self.roots.get(node.key) in persons]
        return [pins for act in acts for named, pins in act if named == key]

    def counts(self, node: Node, person: bytes) -> str:
        """Return whether an operation counts for a person: "yes", "no" or "undecided"."""
        answers = {self._accepts(pins, node) for pins in self.removals(node.key, person)}
        return "no" if "no" in answers else "undecided" if "undecided" in answers else "yes"
    def _accepts(self, pins: list[list[Any]], node: Node) -> str:
        reaching = [pin for pin in pins if pin[0] == node.stream and node.seq <= pin[1]]
        for pin in filter(self.holds, reaching):
            at = self.nodes[pin[2]]
            while at.seq > node.seq:
                at = self.nodes[at.prev]
            if at.link == node.link:
                return "yes"
        return "no" if all(map(self.holds, reaching)) else "undecided"

    def standings(self) -> dict[bytes, str]:
        """Return {key id: "live", "removed", "void" or "undecided"}."""
        known = self.known()
        counted = [((node.key, person), (new, person), self.counts(node, person))
                   for node, new, _, person in self.admissions() if node.key in known]
        def sound(*answers: str) -> set[tuple[bytes, bytes]]:
            found = {(key, person) for key, (_, person) in self.founders.items()}
            for _ in counted:
                found |= {new for author, new, answer in counted if author in found and answer in answers}
            return found
        surely, perhaps = sound("yes"), sound("yes", "undecided")
        return {
            key: "removed" if any(self.removals(key, person) for person in persons)
            else "void" if len(persons) > 1 or not perhaps & {(key, person) for person in persons}
            else "live" if surely & {(key, person) for person in persons} else "undecided"
            for key, (_, persons) in known.items()
        }
    def epochs(self) -> dict[bytes, tuple[bytes, dict[str, Any]]]:
        """Return {epoch id: (author's key id, fields)} of all known keys."""
        return {node.link[:16]: (node.key, node.op.fields) for node in self.said("epoch")}

    def opened(self) -> dict[bytes, bytes]:
        """Return {epoch id: key} of all that the own keys open, by wrap, grant or back link."""
        epochs, found = self.epochs(), dict[bytes, bytes]()
        granted = [line for node in self.said("grant") for line in node.op.fields["wraps"]]
        def offer(epoch: bytes, key: bytes | None) -> None:
            if key is not None and len(key) == 32 and X(key, "epoch-commit") == epochs[epoch][1]["commit"]:
                found[epoch] = key
        for epoch, (author, fields) in epochs.items():
            lines = [*fields["wraps"], *(line[1:] for line in granted if line[0] == epoch)]
            for own in self.own:
                for wrapped in (line[1] for line in lines if line[0] == own.id):
                    offer(epoch, tried(unwrap, wrapped, own, DH("wrap", author, fields["commit"], own.id)))
        for _ in epochs:
            for epoch, (author, fields) in epochs.items():
                back = fields["back"] if len(fields["back"]) == 2 else [b"", b""]
                if epoch in found and epochs.get(back[0], [b""])[0] == author:
                    offer(back[0], tried(unbox, X(found[epoch], "back-key"), D("back") + back[0], back[1]))
        return found

def epoch_fields(key: bytes, author: bytes, recipients: Iterable[bytes], back: tuple[bytes, bytes] | None = None,
                 roots: Sequence[Sequence[Any]] = (), salt: bytes | None = None) -> dict[str, Any]:
    """Return the fields of an epoch with a key, for recipients' keys; ``back`` is (id, key) of the one before."""
    commit, ids = X(key, "epoch-commit"), sorted((H("key", keys), keys) for keys in recipients)
    wraps = [[id_, wrap(key, keys, DH("wrap", author, commit, id_))] for id_, keys in ids]
    sealed = [back[0], Box(X(key, "back-key"), D("back") + back[0], back[1], salt)] if back else []
    return {"commit": commit, "wraps": wraps, "back": sealed, "roots": [list(head) for head in roots]}

# --- format 6: pairing; 7: words; 9: sealed answers; 11: the keystore -------------------------------------------------
def wordlist() -> list[str]:
    """Return the English list of BIP 39 from a package that has it, checked against its well-known hash."""
    raw = files("mnemonic").joinpath("wordlist/english.txt").read_bytes().replace(b"\r\n", b"\n")
    assert hashlib.sha256(raw).hexdigest() == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    return raw.decode().split()
def words_of(secret: bytes) -> str:
    """Return the BIP 39 words of 16 or 32 bytes."""
    bits, listed = len(secret) // 4, wordlist()  # so many bits of checksum
    number = int.from_bytes(secret, "big") << bits | hashlib.sha256(secret).digest()[0] >> 8 - bits
    return " ".join(listed[number >> at & 2047] for at in range(len(secret) * 8 + bits - 11, -1, -11))
def secret_of(text: str, count: int) -> bytes:
    """Return what so many words say."""
    typed, listed, number = text.lower().split(), wordlist(), 0
    require(len(typed) == count and set(typed) <= set(listed), "words")
    for word in typed:
        number = number << 11 | listed.index(word)
    secret = (number >> count // 3).to_bytes(count * 4 // 3, "big")
    require(words_of(secret).split() == typed, "checksum")
    return secret

def six_words(digest: bytes) -> str:
    return " ".join(wordlist()[int.from_bytes(digest, "big") >> at & 2047] for at in range(245, 245 - 66, -11))
def safety_number(one: bytes, other: bytes) -> str:
    digest = hashlib.shake_256(H("safety", *sorted((one, other)))).digest(60)
    return " ".join(f"{int.from_bytes(digest[at : at + 5], 'big') % 100_000:05d}" for at in range(0, 60, 5))
def check_words(heads: Iterable[Sequence[Any]]) -> str: return six_words(H("heads", sorted(map(list, heads))))

def pairing_file(secret: bytes, word: str, inner: bytes, own: Key, *bound: bytes, salt: bytes | None = None) -> bytes:
    """Return an offer, or a join that is bound to SHA-256 of its offer."""
    signed = pack([inner, own.sign(DH(word, *bound, inner))])
    plain = len(signed).to_bytes(4, "big") + signed
    return Box(X(secret, f"{word}-key"), D(word), plain + bytes(-len(plain) % CHUNK), salt)
def open_pairing(secret: bytes, word: str, data: bytes, *bound: bytes) -> dict[str, Any]:
    """Return what an offer or a join says."""
    plain = unbox(X(secret, f"{word}-key"), D(word), data)
    size = 4 + int.from_bytes(plain[:4], "big")
    require(plain and len(plain) % CHUNK == 0 and size <= len(plain) and not any(plain[size:]), "padding")
    signed = unpack(plain[4:size])
    require(fits(signed, (bytes, bytes)), "no signed bytes")
    inner: dict[str, Any] = unpack(signed[0])
    require(fits(inner, OFFER if word == "offer" else JOIN), "fields")
    keys, root_keys = inner["device_keys" if word == "offer" else "keys"], inner["root_keys"]
    require(len(strong(keys)) == 1248 and is_signed(keys[:32], signed[1], DH(word, *bound, signed[0])), "signature")
    require((word == "join" and not root_keys) or len(strong(root_keys)) == 1280, "root keys")
    purpose = (inner.get("purpose"), len(inner.get("book", b"")))
    require(word == "join" or purpose in (("partner", 0), ("device", 32)), "purpose")
    return inner

def answer_info(book: bytes, prompt: str, person: bytes, sealed: bytes, recipient: bytes) -> bytes:
    return DH("seal-wrap", book, prompt.encode(), person, hashlib.sha256(sealed).digest(), recipient)
def seal_answer(book: bytes, prompt: str, person: bytes, text: str, key: bytes, salt: bytes | None = None) -> bytes:
    return Box(key, DH("sealed", book, prompt.encode(), person), padded(text.encode(), 4096), salt)
def open_answer(book: bytes, prompt: str, person: bytes, sealed: bytes, key: bytes) -> str:
    return text_of(unpadded(unbox(key, DH("sealed", book, prompt.encode(), person), sealed), 4096))

def keystore_header(mode: int, salt: bytes, effort: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """Return the 45 bytes before the body of a keystore; ``effort`` is (passes, lanes, memory in KiB)."""
    head = b"CJK1" + bytes([mode]) + struct.pack(">IIQ", *effort) + salt
    return head + H("keystore", head)[:8]
def passphrase_key(passphrase: str, header: bytes) -> bytes:
    passes, lanes, memory = struct.unpack(">IIQ", header[5:21])
    require(1 <= passes <= 10 and 1 <= lanes <= 16 and 64 << 10 <= memory <= 1 << 20, "an effort out of bounds")
    argon = Argon2id(salt=header[21:37], length=32, iterations=passes, lanes=lanes, memory_cost=memory)
    return argon.derive(unicodedata.normalize("NFC", passphrase).encode())
def keystore(header: bytes, key: bytes, secrets: bytes, salt: bytes | None = None) -> bytes:
    """Return a keystore; without a key, an open one."""
    body = Box(key, D("keystore") + hashlib.sha256(header).digest(), secrets, salt) if key else b""
    return header + (body or H("keystore", header, secrets) + secrets)
def open_keystore(data: bytes, *, passphrase: str = "", key: bytes = b"") -> bytes:
    """Return the secrets of a keystore, in msgpack."""
    header, body = data[:45], data[45:]
    require(len(header) == 45 and header[:4] == b"CJK1" and header[4] in (1, 2, 3), "no keystore")
    require(H("keystore", header[:37])[:8] == header[37:], "a damaged header")
    require(header[4] == 1 or not any(header[5:21]), "an effort where none is made")
    if header[4] == 3:
        require(H("keystore", header, body[32:]) == body[:32], "a damaged keystore")
        return body[32:]
    key = passphrase_key(passphrase, header) if header[4] == 1 else key
    return unbox(key, D("keystore") + hashlib.sha256(header).digest(), body)
