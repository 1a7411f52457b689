"""Single operations: their frame, their form in msgpack, their words and fields."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from vectors.making.worlds import op, seed
from vectors.reference import pack
from vectors.textform import Vector

ID, LINK, SALT, WRAP = seed("key id"), seed("link"), seed("salt", 16), seed("wrap", 1168)
HEAD = [seed("stream", 16), 3, LINK]
EPOCH = seed("epoch", 16)
FIELDS: dict[str, dict[str, dict[str, Any]]] = {
    "key": {
        "found": {"persons": [[seed("root keys", 1280), seed("keys", 1248)]], "signatures": [seed("sig", 64)]},
        "admit": {"person": seed("person", 16), "keys": seed("keys", 1248), "proof": seed("sig", 64), "founding": WRAP},
        "remove": {"keys": [[ID, [HEAD]]]},
        "epoch": {"commit": LINK, "wraps": [[ID, WRAP]], "back": [], "roots": [HEAD]},
        "grant": {"wraps": [[EPOCH, ID, WRAP]]},
        "lack": {"epochs": [EPOCH]},
    },
    "word": {
        "write": {"kind": "note", "schema": 1, "happened": [-1, -60, "day"], "fields": {"text": "é"}},
        "revise": {"entry": LINK, "after": [LINK], "fields": {}},
        "retract": {"entry": LINK, "after": [LINK]},
        "seal": {"prompt": "p", "until": 0, "sealed": b"c", "wraps": [[ID, WRAP]]},
        "rewrap": {"seal": LINK, "wraps": [[ID, WRAP]]},
        "release": {"seal": LINK, "key": ID, "other": LINK},
        "withdraw": {"seal": LINK},
        "skip": {"prompt": "p"},
        "seen": {"heads": [HEAD]},
        "profile": {"name": "Ana", "device": "laptop"},
        "share": {"entry": LINK, "salt": SALT, "key": ID},
        "end": {},
    },
}


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this module."""
    for maker in (_taken, _frames, _forms, _words, _fields):
        yield from maker()


def _vector(name: str, expect: str, comment: str, data: bytes, stream: str = "word") -> Vector:
    return Vector("operation", name, expect, comment, (("stream", stream),), (("operation", data),))


def _value(raw: bytes) -> bytes:
    """Return an operation that holds a value of any form, in a field that this version does not know."""
    return b"\x95" + pack("seen") + b"\xc3" + pack(SALT) + pack([0, 0]) + b"\x82" + pack("heads") + b"\x90\xa1x" + raw


def _map(raw: bytes) -> bytes:
    """Return an operation whose fields are a map of any form."""
    return b"\x95" + pack("end") + b"\xc3" + pack(SALT) + pack([0, 0]) + raw


def _taken() -> Iterator[Vector]:
    many = {"n": -33, "big": 2**64 - 1, "low": -(2**63), "half": 0.5, "minus zero": -0.0, "none": None, "yes": True}
    yield _vector("every-type", "accept", "values of every type that may stand in an operation", op(
        "end", many | {"bytes": b"\0" * 256, "text": "\U0001f600" * 40, "list": [0] * 16, "": {}}))  # fmt: skip
    order = {"": 0, "A": 1, "a": 2, "aa": 3, "b": 4, "\uffff": 5, "\U00010000": 6}
    yield _vector("keys-by-bytes", "accept", "keys in the order of their UTF-8, which is not that of UTF-16", op(
        "end", order))  # fmt: skip
    yield _vector("depth-16", "accept", "a number within sixteen arrays and maps", _value(b"\x91" * 14 + b"\0"))
    yield _vector("optional-in-key-stream", "accept", "an unknown word that may be passed over", op(
        "later", {"a": 1}, critical=False), "key")  # fmt: skip
    yield _vector("last-clock", "accept", "the last moment and the last count", pack(
        ["end", True, SALT, [2**48 - 1, 2**32 - 1], {}]))  # fmt: skip
    yield _vector("all-of-write", "accept", "a write with every field that it may have", op("write", FIELDS["word"][
        "write"] | {"refs": [["reply", LINK]], "joint": True, "both": True}))  # fmt: skip
    odd = {"commit": b"\1", "wraps": [[b"", b""]], "back": [b""], "roots": []}
    yield _vector("lengths-that-match-nothing", "accept", "bytes of another length than they should have: they are of "
                  "the right type, and match nothing", op("epoch", odd), "key")  # fmt: skip


def _frames() -> Iterator[Vector]:
    right: list[Any] = ["end", True, SALT, [1, 1], {}]
    changes: dict[str, tuple[int, Any]] = {
        "word-bytes": (0, b"end"), "word-number": (0, 1), "critical-number": (1, 1), "critical-nil": (1, None),
        "salt-15": (2, SALT[:15]), "salt-17": (2, SALT + b"\0"), "salt-text": (2, "0123456789abcdef"),
        "clock-of-one": (3, [1]), "clock-of-three": (3, [1, 1, 1]), "clock-number": (3, 1), "clock-minus": (3, [-1, 0]),
        "clock-count-minus": (3, [0, -1]), "clock-2-48": (3, [2**48, 0]), "clock-count-2-32": (3, [0, 2**32]),
        "clock-float": (3, [1.0, 0]), "fields-list": (4, []), "fields-nil": (4, None), "fields-bytes": (4, b"\x80"),
    }  # fmt: skip
    for name, (at, value) in changes.items():
        yield _vector(f"frame-{name}", "refused", "a part of the frame of another type or beyond its range", pack(
            [*right[:at], value, *right[at + 1 :]]))  # fmt: skip
    yield _vector("frame-of-four", "refused", "no fields", pack(right[:4]))
    yield _vector("frame-of-six", "refused", "one part too many", pack([*right, 0]))
    yield _vector("frame-map", "refused", "a map", pack({"word": "end"}))
    yield _vector("frame-number", "refused", "a number", b"\x01")


def _forms() -> Iterator[Vector]:
    head = b"\xc4\x01"
    for name, raw in (
        ("int8-of-5", b"\xd0\x05"), ("uint8-of-5", b"\xcc\x05"), ("uint8-of-127", b"\xcc\x7f"),
        ("uint16-of-255", b"\xcd\x00\xff"), ("uint32-of-65535", b"\xce\x00\x00\xff\xff"),
        ("uint64-of-2-32-less-1", b"\xcf\x00\x00\x00\x00\xff\xff\xff\xff"), ("int8-of-minus-32", b"\xd0\xe0"),
        ("int16-of-minus-128", b"\xd1\xff\x80"), ("int32-of-minus-32768", b"\xd2\xff\xff\x80\x00"),
        ("int64-of-minus-2-31", b"\xd3\xff\xff\xff\xff\x80\x00\x00\x00"), ("int16-of-200", b"\xd1\x00\xc8"),
        ("str8-of-3", b"\xd9\x03abc"), ("str16-of-3", b"\xda\x00\x03abc"), ("str32-of-3", b"\xdb\x00\x00\x00\x03abc"),
        ("bin16-of-1", b"\xc5\x00\x01a"), ("bin32-of-1", b"\xc6\x00\x00\x00\x01a"), ("array16-of-1", b"\xdc\x00\x01\0"),
        ("array32-of-1", b"\xdd\x00\x00\x00\x01\0"), ("map16-of-0", b"\xde\x00\x00"),
        ("map32-of-0", b"\xdf\x00\x00\x00\x00"), ("float32", b"\xca\x3f\x00\x00\x00"),
    ):  # fmt: skip
        yield _vector(f"long-{name}", "refused", "a form that is not the shortest", _value(raw))
    for name, raw, comment in (
        ("nan", b"\xcb" + struct.pack(">d", float("nan")), "a float that is no number"),
        ("infinity", b"\xcb" + struct.pack(">d", float("inf")), "a float that is not finite"),
        ("minus-infinity", b"\xcb" + struct.pack(">d", float("-inf")), "a float that is not finite"),
        ("fixext", b"\xd4\x05\x00", "an extension"), ("ext8", b"\xc7\x01\x05\x00", "an extension"),
        ("timestamp", b"\xd6\xff\x00\x00\x00\x00", "the extension for times"), ("reserved", b"\xc1", "no type"),
        ("utf8-cut", b"\xa1\xc3", "half a character"), ("utf8-overlong", b"\xa2\xc0\xaf", "an overlong character"),
        ("utf8-surrogate", b"\xa3\xed\xa0\x80", "half of a surrogate pair"),
        ("utf8-latin-1", b"\xa1\xe9", "another encoding"), ("text-past-end", b"\xbfabc", "text beyond the end"),
        ("bytes-past-end", head[:1] + b"\xff\0", "bytes beyond the end"),
        ("array-endless", b"\xdd\xff\xff\xff\xff", "a list that says it is endless"),
        ("map-endless", b"\xdf\xff\xff\xff\xff", "a map that says it is endless"), ("cut", b"", "no value after a key"),
        ("depth-17", b"\x91" * 15 + b"\0", "a number within seventeen arrays and maps"),
        ("depth-10000", b"\x91" * 10000 + b"\0", "ten thousand lists"),
        ("depth-maps", b"\x81\xa0" * 10000 + b"\0", "ten thousand maps"), ("trailing", b"\0\0", "a byte after the end"),
    ):  # fmt: skip
        yield _vector(f"form-{name}", "refused", comment, _value(raw))
    for name, raw, comment in (
        ("twice", b"\x82\xa1a\x01\xa1a\x01", "a key twice, with one value"),
        ("twice-other", b"\x82\xa1a\x01\xa1a\x02", "a key twice, with two values"),
        ("order", b"\x82\xa1b\x01\xa1a\x01", "keys in another order"),
        ("order-length", b"\x82\xa1b\x01\xa2aa\x01", "keys by length first"),
        ("order-utf16", b"\x82\xa4\xf0\x90\x80\x80\x01\xa3\xef\xbf\xbf\x01", "keys in the order of UTF-16"),
        ("number", b"\x81\x01\x01", "a key that is a number"),
        ("nil", b"\x81\xc0\x01", "a key that is nil"),
        ("bytes", b"\x81\xc4\x01a\x01", "a key of bytes"),
        ("list", b"\x81\x90\x01", "a key that is a list"),
        ("not-utf8", b"\x81\xa1\xff\x01", "a key that is no text"),
    ):
        yield _vector(f"key-{name}", "refused", comment, _map(raw))


def _words() -> Iterator[Vector]:
    for name, word, stream in (
        ("unknown-word", "later", "word"), ("unknown-in-key-stream", "later", "key"), ("no-word", "", "word"),
        ("upper-case", "Seen", "word"), ("with-space", "seen ", "word"), ("write-in-key-stream", "write", "key"),
        ("found-in-word-stream", "found", "word"), ("remove-in-word-stream", "remove", "word"),
        ("end-in-key-stream", "end", "key"),
    ):  # fmt: skip
        fields = FIELDS["word"].get(word) or FIELDS["key"].get(word) or {}
        yield _vector(f"critical-{name}", "newer", "a word that this kind of stream does not know", op(
            word, fields), stream)  # fmt: skip


def _fields() -> Iterator[Vector]:
    for stream, words in FIELDS.items():
        for word, fields in words.items():
            first = next(iter(fields), "")
            if first:
                left = {name: value for name, value in fields.items() if name != first}
                yield _vector(f"{word}-without-{first}", "refused", "a field is missing", op(word, left), stream)
    wrong: list[tuple[str, str, str, Any]] = [
        ("key", "found", "persons", [[seed("root keys", 1280)]]), ("key", "found", "signatures", seed("sig", 64)),
        ("key", "admit", "proof", "text"), ("key", "admit", "founding", None), ("key", "admit", "person", None),
        ("key", "remove", "keys", [[ID]]),
        ("key", "remove", "keys", [[ID, [[HEAD[0], LINK, 3]]]]), ("key", "epoch", "wraps", {"a": WRAP}),
        ("key", "epoch", "commit", 5), ("key", "epoch", "back", None), ("key", "epoch", "roots", [ID]),
        ("key", "grant", "wraps", [[EPOCH, ID]]), ("key", "lack", "epochs", [5]), ("word", "write", "kind", b"note"),
        ("word", "write", "schema", 1.0), ("word", "write", "schema", True), ("word", "write", "happened", [0, 0]),
        ("word", "write", "happened", [0.5, 0, "day"]), ("word", "write", "refs", [["reply"]]),
        ("word", "write", "joint", 1), ("word", "revise", "after", LINK), ("word", "retract", "entry", "text"),
        ("word", "seal", "until", "tomorrow"), ("word", "seal", "prompt", b"p"), ("word", "seal", "sealed", "c"),
        ("word", "rewrap", "wraps", [[ID, WRAP, WRAP]]), ("word", "release", "key", [ID]),
        ("word", "withdraw", "seal", 7), ("word", "skip", "prompt", 7), ("word", "seen", "heads", [[HEAD[0], 3]]),
        ("word", "seen", "heads", [[HEAD[0], 3.0, LINK]]), ("word", "seen", "heads", [[*HEAD, 0]]),
        ("word", "profile", "device", b"laptop"), ("word", "share", "salt", "0123456789abcdef"),
    ]  # fmt: skip
    counted: dict[str, int] = {}
    for stream, word, name, value in wrong:
        counted[word + name] = number = counted.get(word + name, 0) + 1
        more = f"-{number}" if number > 1 else ""
        yield _vector(f"{word}-wrong-{name}{more}", "refused", "a field of another type", op(
            word, FIELDS[stream][word] | {name: value}), stream)  # fmt: skip
