"""Segments as files: headers, signatures, boxes, padding and lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vectors.making.worlds import header_bytes, key, listed, note, op, sealed, seed, signed
from vectors.reference import DH, Box, D, H, Header, X, links, pack, padded, segment
from vectors.textform import Vector

BOOK, STREAM, EPOCH, K = seed("some book"), seed("stream", 16), seed("epoch", 16), seed("epoch key")
ANA, BEN = key("ana laptop"), key("ben laptop")
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group of Ed25519
OPS = (note("She laughed at breakfast."), op("seen", {"heads": []}, 1))
PREV = H("stream", ANA.id, STREAM, 2)
HEAD = Header(2, BOOK, ANA.id, STREAM, EPOCH, 1, 2, PREV, links(PREV, OPS)[-1])
KEY_OPS = (op("lack", {"epochs": [seed("some epoch", 16)]}),)
KEY_PREV = H("stream", ANA.id, STREAM, 1)
KEY_HEAD = Header(1, BOOK, ANA.id, STREAM, bytes(16), 1, 1, KEY_PREV, links(KEY_PREV, KEY_OPS)[-1])


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this module."""
    for maker in (_whole, _headers, _cuts, _signatures, _contexts, _boxes, _padding, _lists, _links):
        yield from maker()


def _vector(name: str, expect: str, comment: str, data: bytes, *, k: bytes = K) -> Vector:
    headers = [("sign", ANA.keys[:32].hex())] + ([("epoch-key", k.hex())] if data[5:6] != b"\1" else [])
    if expect == "accept":
        headers.append(("end", data[150:182].hex()))
    return Vector("segment", name, expect, comment, tuple(headers), (("segment", data),))


def _words(*ops: bytes, **more: Any) -> bytes:
    return segment(ANA, BOOK, STREAM, ops, epoch=EPOCH, key=K, salt=seed("salt", 24), **more)


def _file(plain: bytes, head: Header = HEAD) -> bytes:
    header = header_bytes(head)
    return signed(ANA, header, sealed(header, K, plain))


def _whole() -> Iterator[Vector]:
    yield _vector("words", "accept", "two operations of a word stream", _words(*OPS))
    yield _vector("keys", "accept", "one operation of a key stream", segment(ANA, BOOK, STREAM, KEY_OPS))
    later = _words(*OPS, first=2**48 - 2, prev=seed("link"))
    yield _vector("last-numbers", "accept", "the last two numbers that a stream can have", later)
    size = 16384 - 4 - len(listed(note("x" * 16000))) + 16000
    exactly = _words(note("x" * size))
    yield _vector("two-chunks", "accept", "a plaintext of exactly 16 KiB: the last chunk of the box is empty", exactly)
    unknown = op("later", {"what": 1}, critical=False)
    yield _vector("optional-word", "accept", "an unknown word that may be passed over", _words(unknown))
    yield _vector(
        "critical-word", "newer", "an unknown word that may not be passed over", _words(OPS[0], op("later", {}))
    )


def _headers() -> Iterator[Vector]:
    def made(name: str, expect: str, comment: str, head: Header, **more: Any) -> Vector:
        header = header_bytes(head, **more)
        is_key = head.type == 1
        body = listed(*KEY_OPS) if is_key else sealed(header, K, padded(listed(*OPS)))
        return _vector(name, expect, comment, signed(ANA, header, body))

    yield made("magic-2", "not-yet", "another magic: no segment", HEAD, magic=b"CJS2")
    yield made("magic-lower-case", "not-yet", "another magic: no segment", HEAD, magic=b"cjs1")
    yield made("suite-0", "refused", "a suite below the first", HEAD, suite=0)
    yield made("suite-2", "newer", "a later suite", HEAD, suite=2)
    yield made("suite-255", "newer", "a later suite", KEY_HEAD, suite=255)
    yield made("type-0", "refused", "a type below the first", HEAD._replace(type=0))
    yield made("type-3", "newer", "a later type", HEAD._replace(type=3))
    yield made("suite-2-type-0", "newer", "of a later suite nothing else is judged", HEAD._replace(type=0), suite=2)
    yield made("key-stream-with-epoch", "refused", "a key stream is in the clear", KEY_HEAD._replace(epoch=EPOCH))
    yield made("words-without-epoch", "refused", "a word stream is sealed", HEAD._replace(epoch=bytes(16)))
    yield made("first-0", "refused", "operations are numbered from 1", HEAD._replace(first=0))
    yield made("first-after-last", "refused", "first 3, last 2", HEAD._replace(first=3))
    yield made("last-2-48", "refused", "a number beyond the last", HEAD._replace(first=2**48 - 1, last=2**48))
    yield made("last-2-64", "refused", "the range of 64 bits", HEAD._replace(last=2**64 - 1))
    clear = header_bytes(HEAD._replace(last=1, end=links(PREV, KEY_OPS)[-1]))
    yield _vector("clear-words", "refused", "the clear list of a key stream under type 2", signed(
        ANA, clear, listed(*KEY_OPS)))  # fmt: skip
    header = header_bytes(HEAD._replace(type=1, epoch=bytes(16)))
    yield _vector("words-as-key-stream", "refused", "the sealed body of a word stream, signed under type 1", signed(
        ANA, header, sealed(header, K, padded(listed(*OPS)))))  # fmt: skip


def _cuts() -> Iterator[Vector]:
    whole = _words(*OPS)
    for name, data in (
        ("empty", b""), ("one-byte", whole[:1]), ("header-cut", whole[:181]), ("header-alone", whole[:182]),
        ("no-body", whole[:182] + whole[-64:]), ("half", whole[: len(whole) // 2]), ("cut-by-one", whole[:-1]),
        ("one-byte-more", whole + b"\0"), ("zeros", bytes(len(whole))),
        ("keys-cut-by-one", segment(ANA, BOOK, STREAM, KEY_OPS)[:-1]),
        ("keys-one-byte-more", segment(ANA, BOOK, STREAM, KEY_OPS) + b"\0"),
    ):  # fmt: skip
        vector = _vector(f"file-{name}", "not-yet", "not a whole file, or more than one", data)
        more = () if vector.text("epoch-key") else (("epoch-key", K.hex()),)
        yield (
            vector
            if data[5:6] == b"\1"
            else Vector(vector.kind, vector.name, vector.expect, vector.comment, vector.headers + more, vector.parts)
        )


def _signatures() -> Iterator[Vector]:
    whole = _words(*OPS)
    body, sig = whole[:-64], whole[-64:]
    scalar = int.from_bytes(sig[32:], "little")
    header, box = whole[:182], whole[182:-64]
    for name, comment, data in (
        ("flipped", "one bit of R", bytes([sig[0] ^ 1]) + sig[1:]),
        ("scalar-flipped", "one bit of S", sig[:32] + bytes([sig[32] ^ 1]) + sig[33:]),
        ("scalar-plus-order", "S with the order of the group added: malleable", sig[:32]
         + (scalar + ORDER).to_bytes(32, "little")),
        ("scalar-top-bits", "S with a bit beyond the order", sig[:63] + bytes([sig[63] | 0x20])),
        ("zero", "64 zero bytes", bytes(64)),
        ("of-another", "the signature of another key", BEN.sign(DH("segment", header, box))),
        ("of-header", "a signature of the header alone", ANA.sign(DH("segment", header))),
        ("without-domain", "a signature of the hash without D", ANA.sign(H("segment", header, box))),
        ("of-offer", "a signature of the same bytes for another use", ANA.sign(DH("offer", header, box))),
        ("joined", "header and body signed as one item", ANA.sign(DH("segment", header + box))),
    ):  # fmt: skip
        yield _vector(f"signature-{name}", "not-yet", comment, body + data)
    places = {"book": 6, "key": 38, "stream": 70, "epoch": 86, "first": 109, "last": 117, "prev": 118, "end": 150}
    for name, at in places.items():
        flipped = bytearray(whole)
        flipped[at] ^= 1 if name == "last" else 2
        expect = "refused" if name == "first" else "not-yet"
        yield _vector(f"flip-{name}", expect, f"one bit of the header's {name}, not signed anew", bytes(flipped))
    yield _vector("flip-body", "not-yet", "one bit of the body", whole[:300] + bytes([whole[300] ^ 1]) + whole[301:])


def _contexts() -> Iterator[Vector]:
    body = _words(*OPS)[182:-64]
    others: dict[str, Any] = {
        "book": seed("another book"), "stream": seed("another stream", 16), "epoch": seed("another epoch", 16),
        "prev": seed("another link"), "end": seed("another link"),
    }  # fmt: skip
    for name, value in others.items():
        header = header_bytes(HEAD._replace(**{name: value}))
        comment = f"the body of another {name}, signed anew: the box is bound to the whole header"
        yield _vector(f"moved-{name}", "refused", comment, signed(ANA, header, body))
    moved = header_bytes(HEAD._replace(first=2, last=3))
    yield _vector("moved-number", "refused", "the body of other numbers, signed anew", signed(ANA, moved, body))


def _boxes() -> Iterator[Vector]:
    whole = _words(*OPS)
    header, box = whole[:182], whole[182:-64]
    long = _words(note("y" * 30000))
    first, chunks = long[:182], long[182:-64]
    size = 16384 + 16

    def resigned(name: str, comment: str, data: bytes, head: bytes = header) -> Vector:
        return _vector(f"box-{name}", "refused", comment, signed(ANA, head, data))

    yield _vector("box-another-key", "refused", "an epoch's key that is not this one", whole, k=seed("another"))
    for name, at in (("salt", 0), ("commitment", 24), ("text", 56), ("tag", len(box) - 1)):
        changed = box[:at] + bytes([box[at] ^ 0x80]) + box[at + 1 :]
        yield resigned(f"{name}-flipped", "signed anew, so only the box can tell", changed)
    yield resigned("of-55-bytes", "shorter than salt and commitment", box[:55])
    yield resigned("of-56-bytes", "no chunk at all", box[:56])
    yield resigned("of-71-bytes", "less than an empty chunk", box[:71])
    yield resigned("one-byte-more", "a byte after the last chunk", box + b"\0")
    yield resigned("cut-at-chunk", "cut after the first whole chunk", chunks[: 56 + size], first)
    yield resigned("cut-in-tag", "cut within the tag of the first chunk", chunks[: 56 + size - 1], first)
    yield resigned(
        "last-chunk-empty", "the last chunk replaced by nothing but a tag", chunks[: 56 + size] + bytes(16), first
    )
    swapped = chunks[:56] + chunks[56 + size : 56 + 2 * size] + chunks[56 : 56 + size]
    yield resigned("chunks-swapped", "the chunks in another order", swapped, first)
    yield resigned("chunk-twice", "the first chunk twice", chunks[: 56 + size] + chunks[56:], first)
    plain, context = padded(listed(*OPS)), D("body") + H("head", header)
    yield resigned("key-not-derived", "sealed under K itself", Box(K, context, plain))
    yield resigned("of-back", "sealed under the key of back links", Box(X(K, "back-key"), context, plain))
    other = D("back") + H("head", header)
    yield resigned("context-of-back", "bound to another use", Box(X(K, "body-key"), other, plain))
    yield resigned("without-context", "bound to nothing", Box(X(K, "body-key"), b"", plain))


def _padding() -> Iterator[Vector]:
    content = listed(*OPS)
    good = padded(content)
    big = listed(note("z" * 3000))
    one = _single(note("z" * 3000))
    for name, comment, plain, head in (
        ("none", "no zeros at all, below the floor", len(content).to_bytes(4, "big") + content, HEAD),
        ("below-floor", "zeros to 512 bytes only", good[:512], HEAD),
        ("one-more", "one zero byte too many", good + b"\0", HEAD),
        ("one-less", "one zero byte too few", good[:-1], HEAD),
        ("next-size", "zeros to the next Padmé size", good + bytes(32), HEAD),
        ("to-16-kib", "zeros to 16 KiB", good.ljust(16 << 10, b"\0"), HEAD),
        ("not-zero", "the last byte is 1", good[:-1] + b"\1", HEAD),
        ("not-zero-first", "the first byte of the padding is 1", good[: 4 + len(content)] + b"\1"
         + good[5 + len(content) :], HEAD),
        ("not-padme", "a power of two beyond the floor where Padmé is finer", (len(big).to_bytes(4, "big") + big).ljust(
            4096, b"\0"), one),
        ("length-past-end", "the length says one byte more than there is", (1021).to_bytes(4, "big") + good[4:], HEAD),
        ("length-2-32", "the largest length", b"\xff\xff\xff\xff" + good[4:], HEAD),
        ("length-0", "an empty list of no bytes", bytes(1024), HEAD),
        ("length-short", "a length that cuts the list", (len(content) - 1).to_bytes(4, "big") + good[4:], HEAD),
        ("empty", "no plaintext", b"", HEAD),
        ("three-bytes", "less than a length", b"\0\0\0", HEAD),
    ):  # fmt: skip
        yield _vector(f"padding-{name}", "refused", comment, _file(plain, head))


def _single(one: bytes) -> Header:
    return HEAD._replace(last=1, end=links(PREV, [one])[-1])


def _lists() -> Iterator[Vector]:
    one = KEY_OPS[0]
    short = len(one).to_bytes(1, "big")
    for name, comment, body in (
        ("map", "a map", pack({"a": one})),
        ("bytes", "the operation without a list", pack(one)),
        ("of-text", "text in place of bytes", pack(["x"])),
        ("of-list", "an operation that was not made bytes", b"\x91" + one),
        ("empty", "no operation", b"\x90"),
        ("trailing", "a byte after the list", listed(one) + b"\xc0"),
        ("cut", "less than the list says", listed(one)[:-1]),
        ("array16", "a longer form for the list's length", b"\xdc\x00\x01\xc4" + short + one),
        ("bin16", "a longer form for an operation's length", b"\x91\xc5\x00" + short + one),
        ("length-2-32", "a list that says it is endless", b"\xdd\xff\xff\xff\xff\xc4" + short + one),
        ("of-nothing", "an operation of no bytes", b"\x91\xc4\x00"),
    ):
        yield _vector(f"list-{name}", "refused", comment, signed(ANA, header_bytes(KEY_HEAD), body))


def _links() -> Iterator[Vector]:
    content = padded(listed(*OPS))
    for name, comment, plain, head in (
        ("one-too-few", "the header says three operations", content, HEAD._replace(last=3)),
        ("one-too-many", "the header says one operation", content, HEAD._replace(last=1)),
        ("end", "an end to which the links do not lead", content, HEAD._replace(end=seed("link"))),
        ("end-is-prev", "an end that is the beginning", content, HEAD._replace(end=PREV)),
        ("prev", "another beginning", content, HEAD._replace(first=2, last=3, prev=seed("link"))),
        ("swapped", "the operations in another order", padded(listed(*OPS[::-1])), HEAD),
    ):
        yield _vector(f"links-{name}", "refused", comment, _file(plain, head))
    keyed = signed(ANA, header_bytes(KEY_HEAD._replace(end=KEY_PREV)), listed(*KEY_OPS))
    yield _vector("links-of-keys", "refused", "an end to which the links of a key stream do not lead", keyed)
