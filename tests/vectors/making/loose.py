"""What stands alone: keys, wraps, words, sealed answers, keystores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vectors.making.worlds import key, root, seed, seeds
from vectors.reference import (
    DH,
    Box,
    D,
    H,
    OutcomeError,
    P,
    X,
    answer_info,
    check_words,
    keystore,
    keystore_header,
    pack,
    padded,
    passphrase_key,
    safety_number,
    seal_answer,
    secret_of,
    wordlist,
    words_of,
    wrap,
)
from vectors.textform import Vector

ANA, ROOT = key("ana laptop"), root("ana")
Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
LOW_ORDER = (  # of Curve25519: 0, 1, the two of order 8, p - 1, and p, p + 1 as other forms of 0 and 1
    0, 1, 325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823, P - 1, P, P + 1,
)  # fmt: skip


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this module."""
    for maker in (_seeds, _keys, _wraps, _words, _numbers, _answers, _answer_wraps, _keystores):
        yield from maker()


def _seeds() -> Iterator[Vector]:
    yield Vector("seeds", "device", "accept", "the keys of a device from its two seeds", (
        *seeds("ana laptop"), ("id", ANA.id.hex())), (("keys", ANA.keys),))  # fmt: skip
    yield Vector("seeds", "root", "accept", "the root keys of a person, and the person's id, from one seed", (
        ("root-seed", seed("ana root").hex()), ("id", ROOT.person.hex())), (("keys", ROOT.root_keys),))  # fmt: skip


def _keys() -> Iterator[Vector]:
    def vector(name: str, comment: str, data: bytes, expect: str = "refused") -> Vector:
        return Vector("keys", name, expect, comment, (), (("keys", data),))

    yield vector("device", "the keys of a device", ANA.keys, "accept")
    ys = (0, 1, P - 1, P, P + 1, Y8, P - Y8)
    for number, y in enumerate(ys):
        for sign in (0, 1):
            weak = (y | sign << 255).to_bytes(32, "little")
            yield vector(
                f"small-order-{number}-{sign}", f"an Ed25519 key of small order: {weak.hex()}", weak + ANA.keys[32:]
            )
    for number, u in enumerate(LOW_ORDER):
        low = u.to_bytes(32, "little")
        yield vector(f"low-order-{number}", f"an X25519 half of low order: {low.hex()}", ANA.keys[:1216] + low)
    high = (1 | 1 << 255).to_bytes(32, "little")
    yield vector("low-order-top-bit", "low order under a top bit that X25519 ignores", ANA.keys[:1216] + high)
    for number, (at, value) in enumerate(((0, b"\x01\x0d"), (1, b"\x1f\xd0"), (1150, b"\xff\xff"))):
        changed = bytearray(ANA.keys)
        changed[32 + at : 32 + at + 2] = value
        yield vector(f"mlkem-coefficient-{number}", "an ML-KEM key with a number of 3,329 or more", bytes(changed))
    yield vector("cut", "one byte too few", ANA.keys[:-1])
    yield vector("long", "one byte too many", ANA.keys + b"\0")
    yield vector("none", "no key", b"")
    yield vector(
        "halves-swapped", "the X25519 half before that of ML-KEM", ANA.keys[:32] + ANA.keys[1216:] + b"\xff" * 1184
    )


def _wraps() -> Iterator[Vector]:
    secret, author, commit = seed("epoch key"), seed("author"), seed("commit")
    good = wrap(secret, ANA.keys, DH("wrap", author, commit, ANA.id))

    def vector(name: str, comment: str, data: bytes, expect: str = "refused", reader: str = "ana laptop") -> Vector:
        told = (*seeds(reader), ("author", author.hex()), ("commit", commit.hex()), ("secret", secret.hex()))
        return Vector("wrap", name, expect, comment, told, (("wrap", data),))

    yield vector("of-epoch", "the key of an epoch for one recipient", good, "accept")
    yield vector("for-another", "a wrap for somebody else", good, reader="ben laptop")
    for name, info in (
        ("of-another-author", DH("wrap", seed("another"), commit, ANA.id)),
        ("of-another-epoch", DH("wrap", author, seed("another"), ANA.id)),
        ("for-another-slot", DH("wrap", author, commit, seed("another"))),
        ("for-founding", DH("founding", author, ANA.id)),
        ("of-answer", DH("seal-wrap", author, commit, ANA.id)),
        ("without-domain", H("wrap", author, commit, ANA.id)),
        ("bound-to-nothing", b""),
    ):
        yield vector(name, "bound to something else", wrap(secret, ANA.keys, info))
    for name, at in (("mlkem", 0), ("mlkem-end", 1087), ("x25519", 1088), ("text", 1120), ("tag", 1167)):
        yield vector(f"flipped-{name}", "one bit", good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    yield vector("x25519-zero", "an X25519 share of low order", good[:1088] + bytes(32) + good[1120:])
    yield vector("cut", "one byte too few", good[:-1])
    yield vector("long", "one byte too many", good + b"\0")
    yield vector("empty", "no wrap", b"")
    short = wrap(secret[:31], ANA.keys, DH("wrap", author, commit, ANA.id))
    yield vector("of-31-bytes", "another length, though it opens", short)


def _words() -> Iterator[Vector]:
    def vector(kind: str, name: str, comment: str, text: str, *, secret: bytes = b"") -> Vector:
        told = (("words", text), *((("secret", secret.hex()),) if secret else ()))
        return Vector(kind, name, "accept" if secret else "refused", comment, told)

    for kind, secret in (("invite-words", seed("invite", 16)), ("recovery-words", seed("ana root"))):
        words = words_of(secret).split()
        yield vector(kind, "right", "words as they are shown", " ".join(words), secret=secret)
        typed = "  ".join(words[:3]).upper() + "   " + " ".join(words[3:])
        yield vector(kind, "typed", "in another case and with more spaces", typed, secret=secret)
        for name, comment, changed in (
            ("one-missing", "the last word is missing", words[:-1]),
            ("one-more", "a word too many", [*words, words[0]]),
            ("none", "no word", ["-"]),
            ("unknown", "a word that is not in the list", ["couplejournal", *words[1:]]),
            ("cut-short", "a word by its first letters", [words[0][:3], *words[1:]]),
            ("swapped", "two words in the other order", _swapped(words)),
            ("checksum", "another last word, with another checksum", [*words[:-1], _other_last(words)]),
        ):
            yield vector(kind, name, comment, " ".join(changed))
    for kind, count, other in (("invite-words", 24, 32), ("recovery-words", 12, 16)):
        words = words_of(seed("other", other)).split()
        yield vector(kind, f"{count}-words", "valid words for another use", " ".join(words))


def _swapped(words: Sequence[str]) -> list[str]:
    """Return the words with the first two that differ in another order and break the checksum."""
    for at in range(len(words) - 1):
        changed = [*words[:at], words[at + 1], words[at], *words[at + 2 :]]
        try:
            secret_of(" ".join(changed), len(words))
        except OutcomeError:
            return changed
    raise AssertionError


def _other_last(words: Sequence[str]) -> str:
    """Return a last word of the list that does not fit."""
    for word in wordlist():
        try:
            secret_of(" ".join([*words[:-1], word]), len(words))
        except OutcomeError:
            return word
    raise AssertionError


def _numbers() -> Iterator[Vector]:
    one, other = root("ana").root_keys, root("ben").root_keys
    for name, roots in (("ana-ben", (one, other)), ("ben-ana", (other, one))):
        parts = tuple(("root-keys", keys) for keys in roots)
        number = (("number", safety_number(*roots)),)
        yield Vector("safety-number", name, "accept", "the same for both, whoever asks", number, parts)
    heads = [[seed(f"stream {n}", 16), n * 200 + 1, seed(f"link {n}")] for n in range(3)]
    for name, shown in (("three", heads), ("three-turned", heads[::-1]), ("none", [])):
        parts = (("heads", pack(shown)),)
        words = (("words", check_words(shown)),)
        yield Vector("check-words", name, "accept", "the ends of all streams, sorted", words, parts)


BOOK, PROMPT, PERSON, SECRET = seed("book"), "What made you laugh this wéek?", ROOT.person, seed("answer key")
TEXT = "When the cat fell into the laundry.\nTwice."


def _answer(name: str, expect: str, comment: str, data: bytes, **changes: str) -> Vector:
    told = {"book": BOOK.hex(), "prompt": PROMPT, "person": PERSON.hex(), "key": SECRET.hex()} | changes
    if expect == "accept":
        told["text"] = TEXT.encode().hex()
    return Vector("answer", name, expect, comment, tuple(told.items()), (("sealed", data),))


def _answers() -> Iterator[Vector]:
    salt = seed("salt", 24)
    good = seal_answer(BOOK, PROMPT, PERSON, TEXT, SECRET, salt)
    context = DH("sealed", BOOK, PROMPT.encode(), PERSON)
    yield _answer("right", "accept", "a sealed answer and its key", good)
    for name, changes in (
        ("another-key", {"key": seed("another").hex()}), ("another-prompt", {"prompt": "Another?"}),
        ("another-form", {"prompt": "What made you laugh this we\u0301ek?"}), ("another-person", {"person": root(
            "ben").person.hex()}), ("another-book", {"book": seed("another").hex()}), ("short-key", {"key": SECRET[
                :31].hex()}), ("no-key", {"key": ""}),
    ):  # fmt: skip
        yield _answer(name, "refused", "not what it was bound to", good, **changes)
    content = TEXT.encode()
    for name, comment, plain in (
        ("below-floor", "padded to 1 KiB only", padded(content)),
        ("not-padded", "no zeros", len(content).to_bytes(4, "big") + content),
        ("not-zero", "the last byte is 1", padded(content, 4096)[:-1] + b"\1"),
        ("next-size", "zeros to 8 KiB", padded(content, 8192)),
        ("not-padme", "one zero too many", padded(content, 4096) + b"\0"),
        ("length-past-end", "the length says more than there is", b"\0\0\x0f\xfd" + padded(content, 4096)[4:]),
        ("not-utf8", "bytes that are no text", padded(b"\xff\xfe", 4096)),
        ("empty", "no plaintext", b""),
    ):  # fmt: skip
        yield _answer(name, "refused", comment, Box(SECRET, context, plain, salt))
    yield _answer("flipped", "refused", "one bit", good[:90] + bytes([good[90] ^ 4]) + good[91:])
    yield _answer("cut", "refused", "one byte too few", good[:-1])
    yield _answer("bound-to-body", "refused", "bound to another use", Box(
        SECRET, DH("body", BOOK, PROMPT.encode(), PERSON), padded(content, 4096), salt))  # fmt: skip


def _answer_wraps() -> Iterator[Vector]:
    sealed = seal_answer(BOOK, PROMPT, PERSON, TEXT, SECRET, seed("salt", 24))
    info = answer_info(BOOK, PROMPT, PERSON, sealed, ANA.id)

    def vector(name: str, comment: str, data: bytes, expect: str = "refused", reader: str = "ana laptop") -> Vector:
        told = (("book", BOOK.hex()), ("prompt", PROMPT), ("person", PERSON.hex()), ("key", SECRET.hex()))
        return Vector(
            "answer-wrap", name, expect, comment, (*seeds(reader), *told), (("sealed", sealed), ("wrap", data))
        )

    yield vector(
        "right", "the key of a sealed answer for a device of its author", wrap(SECRET, ANA.keys, info), "accept"
    )
    yield vector("for-another", "for somebody else", wrap(SECRET, ANA.keys, info), reader="ben laptop")
    for name, other in (
        ("another-prompt", answer_info(BOOK, "Another?", PERSON, sealed, ANA.id)),
        ("another-person", answer_info(BOOK, PROMPT, root("ben").person, sealed, ANA.id)),
        ("another-book", answer_info(seed("another"), PROMPT, PERSON, sealed, ANA.id)),
        ("another-answer", answer_info(BOOK, PROMPT, PERSON, sealed[:-1], ANA.id)),
        ("of-epoch", DH("wrap", ANA.id, seed("commit"), ANA.id)),
    ):
        yield vector(name, "bound to something else", wrap(SECRET, ANA.keys, other))
    yield vector("cut", "one byte too few", wrap(SECRET, ANA.keys, info)[:-1])


PASSPHRASE = "café au lait, twice"
LEAST = (1, 1, 64 << 10)


def _keystores() -> Iterator[Vector]:
    secrets = pack({
        "name": "Ana", "device_name": "laptop", "root_keys": ROOT.root_keys, "root_seed": seed("ana root"),
        "founding_seed": X(seed("ana root"), "found-sign"), "pairing": b"", "books": [{
            "book": BOOK, "role": "private", "sign_seed": seed("ana laptop sign"), "kem_seed": seed("ana laptop kem")}],
    })  # fmt: skip
    salt, kept = seed("keystore", 16), seed("kept in the keychain")

    def vector(name: str, expect: str, comment: str, data: bytes, **told: str) -> Vector:
        return Vector("keystore", name, expect, comment, tuple(told.items()), (("keystore", data),))

    by_words, by_chain, plain = keystore_header(1, salt, LEAST), keystore_header(2, salt), keystore_header(3, salt)
    typed = keystore(by_words, passphrase_key(PASSPHRASE, by_words), secrets, seed("salt", 24))
    chained = keystore(by_chain, kept, secrets, seed("salt", 24))
    unlocked = keystore(plain, b"", secrets)
    opened = {"secrets": secrets.hex()}
    yield vector("passphrase", "accept", "the least effort that is allowed", typed, passphrase=PASSPHRASE, **opened)
    decomposed = "cafe\u0301 au lait, twice"
    yield vector(
        "passphrase-nfd", "accept", "the passphrase from another keyboard", typed, passphrase=decomposed, **opened
    )
    yield vector("keychain", "accept", "a key that the system keeps", chained, key=kept.hex(), **opened)
    yield vector("open", "accept", "without a lock", unlocked, **opened)
    yield vector("wrong-passphrase", "refused", "not the passphrase", typed, passphrase="Café au lait, twice")
    yield vector("wrong-key", "refused", "not the key", chained, key=seed("another").hex())
    for name, effort in (
        ("passes-0", (0, 4, 65536)), ("passes-11", (11, 4, 65536)), ("passes-million", (10**6, 4, 65536)),
        ("lanes-0", (3, 0, 65536)), ("lanes-17", (3, 17, 65536)), ("lanes-2-24", (3, 2**24, 65536)),
        ("memory-8-kib", (1, 1, 8)), ("memory-below", (3, 4, 65535)), ("memory-above", (3, 4, 2**20 + 1)),
        ("memory-8-gib", (3, 4, 2**23)), ("memory-2-33", (3, 4, 2**33)), ("memory-2-64", (3, 4, 2**64 - 1)),
    ):  # fmt: skip
        header = keystore_header(1, salt, effort)
        yield vector(f"effort-{name}", "refused", "an effort out of bounds, refused before any work", header + typed[
            45:], passphrase=PASSPHRASE)  # fmt: skip
    for name, at in (("magic", 0), ("mode", 4), ("passes", 8), ("salt", 30), ("check", 44)):
        changed = typed[:at] + bytes([typed[at] ^ 2]) + typed[at + 1 :]
        yield vector(f"flipped-{name}", "refused", "one bit of the header", changed, passphrase=PASSPHRASE)
    for name, data, told in (
        ("chained-body", chained[:100] + bytes([chained[100] ^ 1]) + chained[101:], {"key": kept.hex()}),
        ("open-sum", unlocked[:50] + bytes([unlocked[50] ^ 1]) + unlocked[51:], {}),
        ("open-body", unlocked[:-1] + bytes([unlocked[-1] ^ 1]), {}),
    ):
        yield vector(f"flipped-{name}", "refused", "one bit of the body", data, **told)
    other = keystore_header(2, seed("another", 16))
    yield vector("another-header", "refused", "the body of another header", other + chained[45:], key=kept.hex())
    yield vector("mode-0", "refused", "no mode", keystore_header(0, salt) + unlocked[45:])
    yield vector("mode-4", "refused", "no mode", keystore_header(4, salt) + unlocked[45:])
    yield vector("mode-open", "refused", "a sealed body under the header of an open one", plain + chained[45:])
    yield vector("open-with-effort", "refused", "an effort where none is made", keystore(keystore_header(
        3, salt, LEAST), b"", secrets))  # fmt: skip
    yield vector("bound-to-nothing", "refused", "a body without its header", by_chain + Box(
        kept, D("keystore"), secrets), key=kept.hex())  # fmt: skip
    for size in (0, 4, 44, 45, 45 + 71):
        yield vector(f"cut-to-{size}", "refused", "a part of the file", chained[:size], key=kept.hex())
