"""Two readers of the vectors: couplejournal, and the second implementation.

Each reader answers with an outcome and with what it found, under the names of the vector's headers.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from keystores import Bench, Chain
from vectors import reference as second
from vectors.textform import Vector

from couplejournal.book import Book, Verdict
from couplejournal.errors import CouplejournalError, NewerFormatError, UntrustedDataError
from couplejournal.ops import codec
from couplejournal.seal import answers, invite, recovery, safety, segments, wraps
from couplejournal.seal.keys import KeyPair, PublicKeys, Root, RootKeys
from couplejournal.seal.segments import NotYetError
from couplejournal.store.replica import Replica
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import SetSystem

Found = dict[str, list[str]]
Reader = Callable[[Vector], Found]
VERDICTS = {
    Verdict.PENDING: "not-yet", Verdict.REFUSED: "refused", Verdict.HELD: "held", Verdict.FOREIGN: "foreign",
    Verdict.NEWER: "newer",
}  # fmt: skip
"""All others are taken in, and more is said of some."""


def outcome(reader: Reader, vector: Vector) -> tuple[str, Found]:
    """Return what a reader makes of a vector."""
    try:
        return "accept", reader(vector)
    except second.OutcomeError as error:
        return error.word, {}
    except NotYetError:
        return "not-yet", {}
    except NewerFormatError:
        return "newer", {}
    except CouplejournalError:
        return "refused", {}


# --- segments and operations ------------------------------------------------------------------------------------------


def ours_segment(vector: Vector) -> Found:
    """Open a segment with couplejournal."""
    sealed = segments.parse(vector.part("segment"))
    sign, k = vector.raw("sign"), vector.raw("epoch-key")
    is_keys = sealed.header.type == segments.KEY_STREAM
    opened = segments.verify_keys(sealed, sign) if is_keys else segments.verify_words(sealed, sign, k)
    words = [codec.peek(op).word for op in opened.ops]
    return {"end": [opened.links[-1].hex()], "words": words, "links": [link.hex() for link in opened.links]}


def theirs_segment(vector: Vector) -> Found:
    """Open a segment with the second implementation."""
    _, ops, links = second.open_segment(vector.part("segment"), vector.raw("sign"), vector.raw("epoch-key"))
    return {"end": [links[-1].hex()], "words": [op.word for op in ops], "links": [link.hex() for link in links]}


_AUTHOR = KeyPair(bytes(32), bytes(32))


def ours_operation(vector: Vector) -> Found:
    """Read an operation with couplejournal: alone in a segment, since that is how it takes one."""
    is_keys, data = vector.text("stream") == "key", vector.part("operation")
    place = {"book": bytes(32), "stream": bytes(16), "first": 1, "prev": bytes(32), "ops": [data]}
    made = (
        segments.seal_keys(_AUTHOR, **place)  # type: ignore[arg-type]
        if is_keys
        else segments.seal_words(_AUTHOR, bytes(32), epoch=b"e" * 16, **place)  # type: ignore[arg-type]
    )
    sealed = segments.parse(made.sealed.data)
    sign = _AUTHOR.public.sign
    (opened,) = (segments.verify_keys(sealed, sign) if is_keys else segments.verify_words(sealed, sign, bytes(32))).ops
    peeked = codec.peek(opened)
    return {"word": [peeked.word], "clock": [str(number) for number in peeked.clock]}


def theirs_operation(vector: Vector) -> Found:
    """Read an operation with the second implementation."""
    op = second.read_op(vector.part("operation"), 1 if vector.text("stream") == "key" else 2)
    return {"word": [op.word], "clock": [str(number) for number in op.clock]}


# --- what stands alone ------------------------------------------------------------------------------------------------


def ours_seeds(vector: Vector) -> Found:
    """Make keys from seeds with couplejournal."""
    if root_seed := vector.raw("root-seed"):
        root = Root(root_seed)
        keys = RootKeys.of(root.root_keys)
        return {"id": [keys.person.hex()], "=keys": [root.root_keys.hex()]}
    pair = KeyPair(vector.raw("sign-seed"), vector.raw("kem-seed"))
    return {"id": [pair.id.hex()], "=keys": [pair.public.raw.hex()]}


def theirs_seeds(vector: Vector) -> Found:
    """Make keys from seeds with the second implementation."""
    if root_seed := vector.raw("root-seed"):
        root = second.Root(root_seed)
        return {"id": [root.person.hex()], "=keys": [root.root_keys.hex()]}
    key = second.Key(vector.raw("sign-seed"), vector.raw("kem-seed"))
    return {"id": [key.id.hex()], "=keys": [key.keys.hex()]}


def ours_keys(vector: Vector) -> Found:
    """Take in keys with couplejournal."""
    return {"key-id": [PublicKeys.of(vector.part("keys")).id.hex()]}


def theirs_keys(vector: Vector) -> Found:
    """Take in keys with the second implementation."""
    keys = vector.part("keys")
    second.require(len(keys) == 1248, "another length")
    return {"key-id": [second.H("key", second.strong(keys)).hex()]}


def ours_wrap(vector: Vector) -> Found:
    """Open a wrap with couplejournal."""
    own = KeyPair(vector.raw("sign-seed"), vector.raw("kem-seed"))
    info = wraps.epoch_info(vector.raw("author"), vector.raw("commit"), own.id)
    return {"secret": [wraps.unwrap(vector.part("wrap"), own, info).hex()]}


def theirs_wrap(vector: Vector) -> Found:
    """Open a wrap with the second implementation."""
    own = second.Key(vector.raw("sign-seed"), vector.raw("kem-seed"))
    info = second.DH("wrap", vector.raw("author"), vector.raw("commit"), own.id)
    return {"secret": [second.unwrap(vector.part("wrap"), own, info).hex()]}


def ours_invite_words(vector: Vector) -> Found:
    """Read typed words with couplejournal."""
    return {"secret": [invite.secret_of(vector.text("words")).hex()]}


def ours_recovery_words(vector: Vector) -> Found:
    """Read typed words with couplejournal."""
    return {"secret": [recovery.seed_of(vector.text("words")).hex()]}


def theirs_invite_words(vector: Vector) -> Found:
    """Read typed words with the second implementation."""
    return {"secret": [second.secret_of(vector.text("words"), 12).hex()]}


def theirs_recovery_words(vector: Vector) -> Found:
    """Read typed words with the second implementation."""
    return {"secret": [second.secret_of(vector.text("words"), 24).hex()]}


def ours_safety(vector: Vector) -> Found:
    """Compute a safety number with couplejournal."""
    one, other = vector.every("root-keys")
    return {"number": [" ".join(safety.safety_number(one, other))]}


def theirs_safety(vector: Vector) -> Found:
    """Compute a safety number with the second implementation."""
    one, other = vector.every("root-keys")
    return {"number": [second.safety_number(one, other)]}


def ours_check_words(vector: Vector) -> Found:
    """Compute check words with couplejournal."""
    heads = msgspec.msgpack.decode(vector.part("heads"), type=list[tuple[bytes, int, bytes]])
    return {"words": [" ".join(safety.history_words(heads))]}


def theirs_check_words(vector: Vector) -> Found:
    """Compute check words with the second implementation."""
    return {"words": [second.check_words(second.unpack(vector.part("heads")))]}


def ours_answer(vector: Vector) -> Found:
    """Open a sealed answer with couplejournal."""
    place = answers.Place(vector.raw("book"), vector.text("prompt"), vector.raw("person"))
    return {"text": [answers.open_answer(vector.part("sealed"), place, vector.raw("key")).encode().hex()]}


def theirs_answer(vector: Vector) -> Found:
    """Open a sealed answer with the second implementation."""
    place = (vector.raw("book"), vector.text("prompt"), vector.raw("person"))
    return {"text": [second.open_answer(*place, vector.part("sealed"), vector.raw("key")).encode().hex()]}


def ours_answer_wrap(vector: Vector) -> Found:
    """Find the key of a sealed answer with couplejournal."""
    own = KeyPair(vector.raw("sign-seed"), vector.raw("kem-seed"))
    place = answers.Place(vector.raw("book"), vector.text("prompt"), vector.raw("person"))
    key = answers.key_of(vector.part("sealed"), place, [(own.id, vector.part("wrap"))], [own])
    if key is None:
        raise UntrustedDataError("no wrap opens")
    return {"key": [key.hex()]}


def theirs_answer_wrap(vector: Vector) -> Found:
    """Find the key of a sealed answer with the second implementation."""
    own = second.Key(vector.raw("sign-seed"), vector.raw("kem-seed"))
    place, sealed = (vector.raw("book"), vector.text("prompt"), vector.raw("person")), vector.part("sealed")
    key = second.unwrap(vector.part("wrap"), own, second.answer_info(*place, sealed, own.id))
    second.open_answer(*place, sealed, key)
    return {"key": [key.hex()]}


def ours_keystore(vector: Vector, folder: Path) -> Found:
    """Open a keystore with couplejournal."""
    folder.mkdir()
    bench, data = Bench(folder), vector.part("keystore")
    bench.path.parent.mkdir(parents=True)
    bench.path.write_bytes(data)
    bench.chain = _AnyName(vector.raw("key"))
    opened = bench.open(vector.text("passphrase") or None)
    return {"secrets": [codec.encode(opened.secrets).hex()]}


class _AnyName(Chain):
    """A keychain that gives one key for whatever name."""

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self.key = key

    def get(self, name: str) -> bytes | None:
        """Return the key."""
        return self.key


def theirs_keystore(vector: Vector) -> Found:
    """Open a keystore with the second implementation."""
    told = {"passphrase": vector.text("passphrase"), "key": vector.raw("key")}
    return {"secrets": [second.open_keystore(vector.part("keystore"), **told).hex()]}  # type: ignore[arg-type]


# --- pairing ----------------------------------------------------------------------------------------------------------


def ours_offer(vector: Vector) -> Found:
    """Open an offer with couplejournal."""
    offer = invite.open_offer(vector.raw("secret"), vector.part("offer"))
    name = invite.InviteKeys.of(vector.raw("secret")).name
    return {"file-name": [name], "says": [codec.encode(offer).hex()]}


def theirs_offer(vector: Vector) -> Found:
    """Open an offer with the second implementation."""
    offer = second.open_pairing(vector.raw("secret"), "offer", vector.part("offer"))
    name = second.X(vector.raw("secret"), "invite-id")[:16].hex()
    return {"file-name": [name], "says": [second.pack(offer).hex()]}


def ours_join(vector: Vector) -> Found:
    """Open a join with couplejournal."""
    offer, data = vector.part("offer"), vector.part("join")
    join = invite.open_join(vector.raw("secret"), offer, data)
    return {"check-words": [" ".join(invite.check_words(offer, data))], "says": [codec.encode(join).hex()]}


def theirs_join(vector: Vector) -> Found:
    """Open a join with the second implementation."""
    digests = [hashlib.sha256(vector.part(name)).digest() for name in ("offer", "join")]
    join = second.open_pairing(vector.raw("secret"), "join", vector.part("join"), digests[0])
    return {"check-words": [second.six_words(second.H("pair-words", *digests))], "says": [second.pack(join).hex()]}


# --- books ------------------------------------------------------------------------------------------------------------


def _book(vector: Vector) -> Book:
    """Open the book of a vector with couplejournal, on a disk in memory."""
    disk, lock, place = MemoryDisk(), threading.RLock(), Path("/ben")
    disk.make_folder(place / "state", private=True)
    replica = Replica(place / "data", disk)
    replica.found(vector.part("genesis"))
    seeds = vector.raw("sign-seed") or bytes(32), vector.raw("kem-seed") or bytes(32)

    def hold() -> AbstractContextManager[object]:
        return lock

    return Book(replica, KeyPair(*seeds), state=place / "state/book", disk=disk, system=SetSystem(), hold=hold)


def ours_genesis(vector: Vector) -> Found:
    """Begin a book with couplejournal."""
    book = _book(vector)
    return {"book": [book.id.hex()], "known": sorted(key.hex() for key in book.membership.keys)}


def theirs_genesis(vector: Vector) -> Found:
    """Begin a book with the second implementation. There is no "not yet": a book begins, or it does not."""
    try:
        book = second.Book(vector.part("genesis"))
    except second.OutcomeError as error:
        raise second.OutcomeError("newer" if error.word == "newer" else "refused", "no genesis") from None
    return {"book": [book.id.hex()], "known": sorted(key.hex() for key in book.known())}


def ours_intake(vector: Vector) -> Found:
    """Offer files to couplejournal."""
    taken = _book(vector).take(vector.every("file"))
    return {"outcomes": [" ".join(VERDICTS.get(one.verdict, "accept") for one in taken)]}


def theirs_intake(vector: Vector) -> Found:
    """Offer files to the second implementation."""
    return {"outcomes": [" ".join(_second(vector)[1])]}


def _second(vector: Vector) -> tuple[second.Book, list[str]]:
    own = [second.Key(seed, vector.raw("kem-seed")) for seed in [vector.raw("sign-seed")] if seed]
    book = second.Book(vector.part("genesis"), *own)
    return book, book.take_all(vector.every("file"))


def _ours_filled(vector: Vector) -> Book:
    book = _book(vector)
    assert not {taken.verdict for taken in book.take(vector.every("file"))} & VERDICTS.keys()
    return book


def _theirs_filled(vector: Vector) -> second.Book:
    book, outcomes = _second(vector)
    assert set(outcomes) <= {"accept"}
    return book


def ours_members(vector: Vector) -> Found:
    """Say who belongs, with couplejournal."""
    keys = _ours_filled(vector).membership.keys.values()
    return {"key": sorted(f"{key.id.hex()} {key.standing}" for key in keys)}


def theirs_members(vector: Vector) -> Found:
    """Say who belongs, with the second implementation."""
    return {"key": sorted(f"{key.hex()} {standing}" for key, standing in _theirs_filled(vector).standings().items())}


def ours_epochs(vector: Vector) -> Found:
    """Open epochs with couplejournal."""
    shelf = _ours_filled(vector)._shelf
    asked = [line.split()[0] for line in vector.all("epoch")]
    found = {epoch: shelf.epochs.key_of(bytes.fromhex(epoch)) for epoch in asked}
    return {"epoch": [f"{epoch} {key.hex() if key else 'closed'}" for epoch, key in found.items()]}


def theirs_epochs(vector: Vector) -> Found:
    """Open epochs with the second implementation."""
    opened = _theirs_filled(vector).opened()
    asked = [line.split()[0] for line in vector.all("epoch")]
    return {"epoch": [f"{epoch} {opened.get(bytes.fromhex(epoch), b'').hex() or 'closed'}" for epoch in asked]}


def ours_roots(vector: Vector) -> Found:
    """Say whether the roots of an epoch are held, with couplejournal."""
    membership = _ours_filled(vector).membership
    epoch = vector.text("holds-roots").split()[0]
    is_held = membership.holds_roots(membership.epochs[bytes.fromhex(epoch)])
    return {"holds-roots": [f"{epoch} {'yes' if is_held else 'no'}"]}


def theirs_roots(vector: Vector) -> Found:
    """Say whether the roots of an epoch are held, with the second implementation."""
    book = _theirs_filled(vector)
    epoch = vector.text("holds-roots").split()[0]
    is_held = all(map(book.holds, book.epochs()[bytes.fromhex(epoch)][1]["roots"]))
    return {"holds-roots": [f"{epoch} {'yes' if is_held else 'no'}"]}
