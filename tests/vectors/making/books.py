"""Books: how one begins, which files it takes in, which keys of epochs open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vectors.making.worlds import (
    Scribe,
    World,
    found_fields,
    header_bytes,
    key,
    listed,
    note,
    op,
    root,
    sealed,
    seed,
    seeds,
    signed,
)
from vectors.reference import DH, Box, D, H, Header, Key, X, epoch_fields, links, padded, read_op, unpack, wrap
from vectors.textform import Vector, load

BASE = "genesis/two-persons"
READER = "ben laptop"


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this module."""
    for maker in (_geneses, _false_geneses, _taken, _not_taken, _wrong_beginnings, _opened, _closed):
        yield from maker()


def world() -> World:
    """Return the book of the base, as it begins."""
    return World(load(BASE).part("genesis"))


# --- the beginning ----------------------------------------------------------------------------------------------------

STREAM = seed("ana laptop stream 1 0", 16)
ANA, BEN = (root("ana"), key("ana laptop")), (root("ben"), key("ben laptop"))
LACK = op("lack", {"epochs": []})
BARE = op("epoch", {"commit": seed("commit"), "wraps": [], "back": [], "roots": []}, 1)


def _genesis(*ops: bytes, author: Key = ANA[1], **changes: Any) -> bytes:
    prev = H("stream", author.id, STREAM, 1)
    head = Header(1, bytes(32), author.id, STREAM, bytes(16), 1, len(ops), prev, b"")._replace(**changes)
    header = header_bytes(head._replace(end=links(head.prev, ops)[-1]))
    return signed(author, header, listed(*ops))


def _found(*persons: Sequence[bytes], signers: Sequence[Any] = (ANA[0], BEN[0])) -> bytes:
    rows = [list(person) for person in persons]
    return op("found", {"persons": rows, "signatures": [own.founding.sign(DH("found", rows)) for own in signers]})


def _vector(name: str, expect: str, comment: str, data: bytes) -> Vector:
    return Vector("genesis", name, expect, comment, (), (("genesis", data),))


def _geneses() -> Iterator[Vector]:
    yield _vector("two-persons", "accept", "the shared book of Ana and Ben, on which others build", World().genesis)
    yield _vector("one-person", "accept", "a private book", World(persons=("ana",)).genesis)
    plain = _genesis(op("found", found_fields(ANA, BEN)), BARE)
    yield _vector("bare", "accept", "an epoch for nobody; what those that are refused are made of", plain)
    yield _vector("by-partner", "accept", "signed by the other founder", _genesis(
        op("found", found_fields(ANA, BEN)), BARE, author=BEN[1]))  # fmt: skip


def _false_geneses() -> Iterator[Vector]:
    right = op("found", found_fields(ANA, BEN))
    ana, ben = [[own.root_keys, device.keys] for own, device in (ANA, BEN)]
    carl = root("carl")
    weak, low = (1).to_bytes(32, "little"), bytes(32)
    fields = found_fields(ANA, BEN)
    one, other = fields["signatures"]
    flipped = bytes([one[0] ^ 1]) + one[1:]
    for name, comment, found in (
        ("nobody", "no person", _found(signers=())),
        ("three", "three persons", _found(ana, ben, [carl.root_keys, key("carl laptop").keys], signers=(
            ANA[0], BEN[0], carl))),
        ("same-device", "one device for both", _found(ana, [ben[0], ana[1]])),
        ("same-root", "one root for both", _found(ana, [ana[0], ben[1]], signers=(ANA[0], ANA[0]))),
        ("same-person", "one person twice", _found(ana, ana, signers=(ANA[0], ANA[0]))),
        ("root-as-device", "the root as its own device", _found([ana[0], ana[0][:1248]], ben)),
        ("others-root-as-device", "the other's root as a device", _found([ana[0], ben[0][:1248]], ben)),
        ("weak-device", "a device's Ed25519 key of small order", _found(ana, [ben[0], weak + ben[1][32:]])),
        ("weak-root", "a root's Ed25519 key of small order", _found(ana, [weak + ben[0][32:], ben[1]])),
        ("low-device", "a device's X25519 half of low order", _found(ana, [ben[0], ben[1][:1216] + low])),
        ("low-root", "a root's X25519 half of low order", _found(ana, [ben[0][:1216] + low + ben[0][1248:], ben[1]])),
        ("weak-founding", "a founding key of small order, under which one signature serves all", op("found", {
            "persons": [ana, [ben[0][:1248] + weak, ben[1]]], "signatures": [ANA[0].founding.sign(DH(
                "found", [ana, [ben[0][:1248] + weak, ben[1]]])), weak + bytes(32)]})),
        ("short-root", "root keys without a founding key", _found(ana, [ben[0][:1248], ben[1]])),
        ("long-device", "device keys of 1,280 bytes", _found(ana, [ben[0], ben[0]])),
        ("one-signature", "the other person did not sign", op("found", fields | {"signatures": [one]})),
        ("three-signatures", "a signature too many", op("found", fields | {"signatures": [one, other, other]})),
        ("signatures-swapped", "each signature for the other", op("found", fields | {"signatures": [other, one]})),
        ("signature-twice", "one person signed for both", op("found", fields | {"signatures": [one, one]})),
        ("signature-flipped", "one bit of a signature", op("found", fields | {"signatures": [flipped, other]})),
        ("signed-by-root", "signed by the roots in place of the founding keys", op("found", fields | {"signatures": [
            own.sign(DH("found", fields["persons"])) for own in (ANA[0], BEN[0])]})),
        ("signed-for-admit", "signed for another use", op("found", fields | {"signatures": [
            own.founding.sign(DH("admit", fields["persons"])) for own in (ANA[0], BEN[0])]})),
        ("persons-swapped", "another list than was signed", op("found", {
            "persons": [ben, ana], "signatures": [other, one]})),
        ("not-found", "it begins with another word", BARE),
    ):  # fmt: skip
        yield _vector(name, "refused", comment, _genesis(found, BARE))
    yield _vector("found-second", "refused", "the founding stands behind something else", _genesis(BARE, right))
    yield _vector(
        "of-a-book", "refused", "the field of the book is not empty", _genesis(right, BARE, book=seed("book"))
    )
    yield _vector("number-2", "refused", "it begins with operation 2", _genesis(right, BARE, first=2, last=3))
    yield _vector("another-link", "refused", "it begins with the link of another stream", _genesis(
        right, BARE, prev=seed("link")))  # fmt: skip
    yield _vector("by-stranger", "refused", "signed by a key that it does not name", _genesis(
        right, BARE, author=key("carl laptop")))  # fmt: skip
    whole = _genesis(right, BARE)
    yield _vector("flipped", "refused", "one bit of the signature", whole[:-1] + bytes([whole[-1] ^ 1]))
    yield _vector("cut", "refused", "cut by a byte", whole[:-1])
    yield _vector("critical-word", "newer", "an unknown word that may not be passed over", _genesis(
        right, BARE, op("later", {})))  # fmt: skip


# --- files ------------------------------------------------------------------------------------------------------------


def _intake(name: str, comment: str, files: Sequence[bytes], outcomes: str) -> Vector:
    told = (("base", BASE), *seeds(READER), ("outcomes", outcomes))
    return Vector("intake", name, outcomes.rpartition(" ")[2], comment, told, tuple(("file", data) for data in files))


def _reader(one: World) -> Key:
    return one.names[READER]


def _taken() -> Iterator[Vector]:
    one = world()
    first, second = one.ana.words(note("One.")), one.ana.words(note("Two.", 1), note("Three.", 2))
    yield _intake("words", "two segments of the founder", [first, second], "accept accept")
    yield _intake("beyond-a-gap", "a segment whose predecessor has not come", [second], "accept")
    phone = one.scribe("ana phone")
    files = [one.ana.admit(phone.own), phone.new_epoch([_reader(one)]), phone.words(note("Hello."))]
    yield _intake(
        "any-order", "words before their epoch, and that before its admission", files[::-1], "accept accept accept"
    )
    one = world()
    both = [note("One."), note("Two.", 1)]
    folded = one.ana.words(*both)
    one.ana.back_to([b"", 0, H("stream", one.ana.own.id, one.ana.stream(2), 2)], 2)
    loose = [one.ana.words(data) for data in both]
    yield _intake(
        "folded", "the same operations in small segments and in a large one", [*loose, folded], "accept " * 2 + "accept"
    )


def _not_taken() -> Iterator[Vector]:
    one = world()
    ana, reader = one.ana, _reader(one)
    other = Scribe(seed("another book"), ana.own, "ana laptop")
    other.epoch = ana.epoch
    yield _intake("another-book", "a segment of another book", [other.words(note("x"))], "foreign")
    yield _intake("no-book", "a second genesis", [load("genesis/bare").part("genesis")], "foreign")
    carl = one.scribe("carl laptop")
    yield _intake("stranger-keys", "a key stream of a stranger", [carl.keys(LACK)], "held")
    carl.epoch = ana.epoch
    yield _intake("stranger-words", "words of a stranger, under the founder's epoch", [carl.words(note("x"))], "held")
    yield _intake("admitted-by-stranger", "a device that a stranger admitted", [
        carl.admit(key("carl phone")), one.scribe("carl phone").keys(LACK)], "held held")  # fmt: skip
    ana.epoch = (seed("epoch", 16), seed("k"))
    yield _intake("unknown-epoch", "an epoch that nobody announced", [ana.words(note("x"))], "held")
    one = world()
    closed = one.ana.new_epoch([one.ana.own])
    yield _intake(
        "closed-epoch", "an epoch that does not open for the reader", [closed, one.ana.words(note("x"))], "accept held"
    )
    one = world()
    ben = one.scribe(READER)
    ben.epoch = one.ana.epoch
    yield _intake("epoch-of-another", "words under an epoch of another key", [ben.words(note("x"))], "refused")
    words = world().ana.words(note("Hers."))
    header = words[:38] + reader.id + words[70:182]
    yield _intake("signed-by-another", "the founder's file with another's key and signature", [signed(
        reader, header, words[182:-64])], "refused")  # fmt: skip
    one = world()
    phone = one.scribe("ana phone")
    files = [one.ana.admit(phone.own), phone.new_epoch([reader])]
    assert phone.epoch is not None
    start = phone.head(2)
    head = Header(2, one.id, phone.own.id, start[0], phone.epoch[0], 1, 1, start[2], words[150:182])
    files.append(signed(phone.own, header_bytes(head), words[182:-64]))
    yield _intake(
        "body-of-another", "the founder's sealed body under an epoch of one's own", files, "accept accept refused"
    )


def _wrong_beginnings() -> Iterator[Vector]:
    one = world()
    one.ana.back_to([b"", 0, seed("link")], 2)
    yield _intake(
        "another-link", "a word stream that begins with the link of another", [one.ana.words(note("x"))], "refused"
    )
    one = world()
    one.ana.back_to([b"", 0, seed("link")], 1, 1)
    yield _intake("another-link-of-keys", "a key stream that begins with the link of another", [
        one.ana.keys(LACK, number=1)], "refused")  # fmt: skip
    phone = key("ana phone")
    person = world().ana.person
    foreign = phone.sign(DH("admit", seed("book"), world().ana.own.id, phone.keys, person))
    cases: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("weak", "a device with an Ed25519 key of small order", {"keys": bytes(32) + phone.keys[32:]}),
        ("bad-proof", "a device that did not sign for itself", {"proof": bytes(64)}),
        ("another-proof", "a proof for another author", {"proof": phone.sign(
            DH("admit", world().id, phone.id, phone.keys, person))}),
        ("unnamed-proof", "a proof that names no person", {"proof": phone.sign(
            DH("admit", world().id, world().ana.own.id, phone.keys))}),
        ("others-proof", "a proof that names the other person", {"proof": phone.sign(
            DH("admit", world().id, world().ana.own.id, phone.keys, root("ben").person))}),
        ("other-person", "an admission that names the other person, as does the proof", world().ana.admission(
            phone, root("ben").person)),
        ("no-person", "an admission that names nobody of the book", world().ana.admission(
            phone, root("eve").person)),
        ("foreign-proof", "a proof for another book", {"proof": foreign}),
    )  # fmt: skip
    for name, comment, changes in cases:
        one = world()
        pen = one.scribe("ana phone")
        files = [one.ana.admit(phone, **changes), pen.keys(LACK)]
        yield _intake(f"admitted-{name}", comment, files, "accept held")
    one = world()
    one.ana.keys(LACK)
    files = [one.ana.admit(phone), one.scribe("ana phone").keys(LACK)]
    yield _intake("admitted-beyond-a-gap", "the operation before the admission has not come", files, "accept held")
    one = world()
    head = one.ana.head(2)
    header = header_bytes(Header(2, one.id, one.ana.own.id, head[0], (one.ana.epoch or (b"",))[0], 1, 1, head[2], links(
        head[2], [note("x")])[-1]))  # fmt: skip
    assert one.ana.epoch is not None
    false = signed(one.ana.own, header, sealed(header, one.ana.epoch[1], padded(listed(note("x"))) + b"\0"))
    yield _intake("false-padding", "signed by its author, and wrong", [false], "refused")


# --- epochs -----------------------------------------------------------------------------------------------------------


def _epochs(name: str, comment: str, files: Sequence[bytes], **epochs: bytes) -> Vector:
    """Return a vector of epochs: "e" and the id in hex, and the key, empty where it stays closed."""
    told = [("base", BASE), *seeds(READER)]
    told += [("epoch", f"{epoch[1:]} {k.hex() or 'closed'}") for epoch, k in epochs.items()]
    expect = "accept" if all(epochs.values()) else "no-effect"
    return Vector("epochs", name, expect, comment, tuple(told), tuple(("file", data) for data in files))


def _opened() -> Iterator[Vector]:
    one = world()
    reader, ana = _reader(one), one.ana

    def now() -> dict[str, bytes]:
        assert ana.epoch is not None
        return {f"e{ana.epoch[0].hex()}": ana.epoch[1]}

    yield _epochs("wrapped", "the first epoch, by its wrap in the genesis", [], **now())
    files = [ana.new_epoch([ana.own])]
    closed = now()
    ((hidden, k),) = closed.items()
    files.append(ana.new_epoch([ana.own]))
    closed |= now()
    files.append(ana.new_epoch([reader]))
    yield _epochs("back-links", "two closed epochs, by the links back from an open one", files, **now(), **closed)
    roots = one.scribe("ben root")
    lines = [
        [bytes.fromhex(hidden[1:]), reader.id, wrap(k, reader.keys, DH("wrap", ana.own.id, _commit(k), reader.id))]
    ]
    granted = roots.keys(op("grant", {"wraps": lines}))
    yield _epochs("granted", "by a grant, from whomever it comes", [files[0], granted], **{hidden: k})
    yield _epochs("shut-out", "no wrap, no grant", files[:1], **{hidden: b""})


def _commit(k: bytes) -> bytes:
    return X(k, "epoch-commit")


def _closed() -> Iterator[Vector]:
    one = world()
    reader, ana, k = _reader(one), one.ana.own, seed("hidden")
    right = DH("wrap", ana.id, _commit(k), reader.id)
    base = load(BASE).part("genesis")
    assert one.ana.epoch is not None
    old = dict(_wraps_of(base))[reader.id]
    bare: dict[str, Any] = {"commit": _commit(k), "wraps": [], "back": [], "roots": []}
    for name, comment, changes in (
        ("wrap-of-another-key", "a wrap that opens to another key than was committed to", {
            "wraps": [[reader.id, wrap(seed("x"), reader.keys, right)]]}),
        ("wrap-of-another-epoch", "the wrap of the first epoch", {"wraps": [[reader.id, old]]}),
        ("wrap-of-another-author", "a wrap that is bound to another author", {"wraps": [[reader.id, wrap(
            k, reader.keys, DH("wrap", reader.id, _commit(k), reader.id))]]}),
        ("wrap-in-another-slot", "a right wrap under another's name", {"wraps": [[ana.id, wrap(
            k, reader.keys, right)]]}),
        ("commit-cut", "half of a right commitment", {"commit": _commit(k)[:16], "wraps": [[reader.id, wrap(
            k, reader.keys, DH("wrap", ana.id, _commit(k)[:16], reader.id))]]}),
        ("commit-of-another", "a right wrap, and the commitment to another key", {"commit": _commit(
            seed("x")), "wraps": [[reader.id, wrap(k, reader.keys, DH("wrap", ana.id, _commit(
                seed("x")), reader.id))]]}),
        ("wrap-cut", "a wrap of another length", {"wraps": [[reader.id, wrap(k, reader.keys, right)[:-1]]]}),
    ):  # fmt: skip
        scribe = world().ana
        data = scribe.keys(op("epoch", bare | changes))
        yield _epochs(name, comment, [data], **{f"e{scribe.head()[2][:16].hex()}": b""})
    grants = {
        "of-another-key": [reader.id, wrap(seed("x"), reader.keys, right)],
        "of-another-epoch": [reader.id, old],
        "for-another": [ana.id, wrap(k, reader.keys, right)],
        "bound-to-granter": [reader.id, wrap(k, reader.keys, DH("wrap", root("ben").id, _commit(k), reader.id))],
    }
    for name, line in grants.items():
        one = world()
        files = [one.ana.keys(op("epoch", bare))]
        hidden = one.ana.head()[2][:16]
        files.append(one.scribe("ben root").keys(op("grant", {"wraps": [[hidden, *line]]})))
        yield _epochs(f"grant-{name}", "a grant that does not fit", files, **{f"e{hidden.hex()}": b""})
    new = seed("new")
    for name, comment, key_, context, inner, form in (
        ("another-key", "a link back that holds another key", new, b"", seed("x"), 2),
        ("another-context", "a link back that is bound to another epoch", new, seed("x", 16), k, 2),
        ("under-k", "a link back under the epoch's key itself", b"", b"", k, 2),
        ("of-one", "a link back without its box", new, b"", k, 1),
        ("of-three", "a link back with something more", new, b"", k, 3),
    ):
        one = world()
        files = [one.ana.keys(op("epoch", bare))]
        hidden = one.ana.head()[2][:16]
        box = Box(X(key_, "back-key") if key_ else new, D("back") + (context or hidden), inner)
        fields = epoch_fields(new, ana.id, [reader.keys]) | {"back": [hidden, box, b""][:form]}
        files.append(one.ana.keys(op("epoch", fields)))
        opened = {f"e{one.ana.head()[2][:16].hex()}": new, f"e{hidden.hex()}": b""}
        yield _epochs(f"back-{name}", comment, files, **opened)
    one = world()
    files = [one.ana.keys(op("epoch", bare))]
    hidden = one.ana.head()[2][:16]
    phone = one.scribe("ana phone")
    files.append(one.ana.admit(phone.own))
    phone.epoch = (hidden, k)
    files.append(phone.new_epoch([reader]))
    comment = "a right link back to an epoch of another key"
    yield _epochs("back-to-another-author", comment, files, **{f"e{hidden.hex()}": b""})


def _wraps_of(genesis: bytes) -> list[tuple[bytes, bytes]]:
    return [(one, wrapped) for one, wrapped in read_op(unpack(genesis[182:-64])[1], 1).fields["wraps"]]
