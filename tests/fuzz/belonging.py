"""Who belongs: the beginning of a book, the key streams, and a whole book that takes what a member made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from fuzz.harness import Draw, Target, require
from fuzz.sealed import HEAD, sample_ops, samples
from unit.book.forging import keys_segment, words_segment
from unit.ops import membering

from couplejournal.book import Verdict
from couplejournal.book.shelf import Shelf
from couplejournal.errors import NewerFormatError, StoreError, UntrustedDataError
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import KeyOp, Membership, admit_message, found_message, read_found
from couplejournal.seal import segments
from couplejournal.seal.segments import KEY_STREAM, NO_BOOK, NO_EPOCH, Header
from couplejournal.store.replica import Replica
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import Member, keys_of, pair, root_of

HARMLESS: Final = frozenset(Verdict)
_keys, _named = cache(membering.keys), cache(membering.named)
KEYS: Final = 12  # numbers of toy keys: the founders', and others that may be admitted
_PERSONS: Final = tuple(map(membering.person_of, ("ana", "ben", "eve")))
OPS_LIMIT: Final = 24


# --- the beginning of a book ---


class _Credulous:
    """Believe every signature and every key, so that only the form of a genesis is asked."""

    def is_signed(self, public: bytes, signature: bytes, message: bytes) -> bool:
        return True

    def is_strong(self, keys: bytes) -> bool:
        return True


def read_genesis_op(data: bytes) -> None:
    """The operation that founds a book: one or two persons come out, or a refusal; the first byte says who proves."""
    proofs = _Credulous() if data[:1] == b"\0" else membering.ToyProofs()
    op = KeyOp(b"k" * 32, b"s" * 16, 1, hashlib.sha256(data).digest(), data[1:], b"p" * 32)
    persons, keys = read_found(op, proofs)
    require(len(persons) in (1, 2) and len(keys) == 2 * len(persons), "a book has one or two persons, two keys each")
    require(len({key.keys[:32] for key in keys}) == len(keys), "no key stands for two")
    found = Membership.of(b"B" * 32, op, (), proofs)
    require(found.persons == persons and set(found.keys) == {key.id for key in keys}, "the genesis alone names these")


def genesis_op_seeds() -> Iterable[bytes]:
    """Return foundings by one and by two persons."""
    for lead in (b"\0", b"\1"):
        yield from (lead + membering.genesis(persons=count).data for count in (1, 2))
        yield from (lead + op for op in sample_ops().values())


def open_genesis(data: bytes) -> None:
    """A replica whose beginning is a signed segment with anything in it: the book opens, or is refused as damaged."""
    draw, own = Draw(data), keys_of("ana")
    book = NO_BOOK if draw.number(256) < 255 else b"B" * 32
    listed = draw.rest()
    prev = domains.first_link(own.id, b"s" * 16, KEY_STREAM)
    try:
        ops = codec.decode_list(listed)
    except UntrustedDataError:
        ops = []
    end = prev
    for op in ops:
        end = domains.next_link(end, op)
    head = Header(KEY_STREAM, book, own.id, b"s" * 16, NO_EPOCH, 1, max(1, len(ops)), prev, end).pack()
    file = head + listed + own.sign(segments._signed(head, listed))
    disk = MemoryDisk()
    replica = Replica(Path("/book"), disk)
    replica.found(file)
    shelf = Shelf(replica, own)
    require(len(shelf.membership.persons) in (1, 2), "a book that opens has one or two persons")
    require(shelf.id == hashlib.sha256(file).digest(), "a book is named by its beginning")


def open_genesis_seeds() -> Iterable[bytes]:
    """Return the lists of sound beginnings: of two persons, of one, and with more behind."""
    for names in (("ana",), ("ana", "ben")):
        listed = [(root_of(name).root_keys, keys_of(name).public.raw) for name in names]
        signatures = [root_of(name) for name in names]
        signed = [_founding(root.founding_seed, listed) for root in signatures]
        op = codec.encode_op("found", words.Found(listed, signed), salt=b"s" * 16, clock=(1, 1))
        yield b"\0" + codec.encode_list([op])
        yield b"\0" + codec.encode_list([op, sample_ops()["lack"]])
    yield b"\0" + codec.encode_list([sample_ops()["found"]])


def _founding(seed: bytes, listed: list[tuple[bytes, bytes]]) -> bytes:
    from couplejournal.seal.keys import sign_with

    return sign_with(seed, found_message(listed))


# --- graphs of admissions, removals, epochs ---


class _Graph:
    """Operations of key streams that the bytes choose: any author, any branch, fields that fit their word."""

    def __init__(self, data: bytes) -> None:
        self.draw = Draw(data)
        self.ops: list[KeyOp] = []
        self.places: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
        makers: Mapping[str, Callable[[int], object]] = {
            "admit": self._admit,
            "remove": self._remove,
            "epoch": self._epoch,
            "grant": self._grant,
            "lack": lambda _: words.Lack([self._epoch_id() for _ in range(self.draw.number(3))]),
        }
        self._makers = sorted(makers.items())
        while not self.draw.is_over and len(self.ops) < OPS_LIMIT:
            self._add()

    def _add(self) -> None:
        author, branch = 1 + self.draw.number(KEYS), self.draw.number(3)
        word, make = self._makers[self.draw.number(len(self._makers))]
        data = codec.encode_op(word, make(author), salt=self.draw.take(1) * 16, clock=(1, 1))
        stream = bytes([author, branch]) * 8
        begin = domains.first_link(_named(author), stream, KEY_STREAM)
        places = self.places.setdefault((author, branch), [(0, begin)])
        seq, prev = places[-1 - min(self.draw.number(256) // 64, len(places) - 1)]  # not the last one: a fork
        link = domains.next_link(prev, data)
        if all(link != known for _, known in places):
            places.append((seq + 1, link))
            self.ops.append(KeyOp(_named(author), stream, seq + 1, link, data, prev))

    def _key(self) -> int:
        return 1 + self.draw.number(KEYS)

    def _epoch_id(self) -> bytes:
        if self.ops and self.draw.number(4):
            return self.ops[self.draw.number(len(self.ops))].id[:16]
        return self.draw.piece()

    def _head(self) -> words.Head:
        if self.ops and self.draw.number(8):
            op = self.ops[self.draw.number(len(self.ops))]
            return op.stream, op.seq + (self.draw.number(4) == 0), op.id
        return self.draw.piece(), self.draw.wild(), self.draw.piece()

    def _admit(self, author: int) -> words.Admit:
        new, flaw = self._key(), self.draw.number(16)
        keys = _keys(new)[: None if flaw else -1]
        person = _PERSONS[self.draw.number(4) % 3] if flaw > 2 else self.draw.piece()
        message = admit_message(membering.BOOK, _named(author), keys, person)
        proof = membering.toy_signature(keys[:32], message) if flaw > 1 else b"?"
        return words.Admit(person=person, keys=keys, proof=proof, founding=b"")

    def _remove(self, _: int) -> words.Remove:
        return words.Remove([
            (_named(self._key()), [self._head() for _ in range(self.draw.number(3))])
            for _ in range(self.draw.number(3))
        ])  # fmt: skip

    def _epoch(self, _: int) -> words.Epoch:
        wraps = [(_named(self._key()), b"wrap") for _ in range(self.draw.number(4))]
        back = [self._epoch_id(), b"sealed"][: self.draw.number(4)]
        return words.Epoch(
            commit=b"c", wraps=wraps, back=back, roots=[self._head() for _ in range(self.draw.number(3))]
        )

    def _grant(self, _: int) -> words.Grant:
        return words.Grant([
            (self._epoch_id(), _named(self._key()), b"wrap") for _ in range(self.draw.number(3))
        ])  # fmt: skip


def compute_members(data: bytes) -> None:
    """Any graph of key streams gives an answer, and in each order of arrival the same."""
    graph = _Graph(data)
    orders = (graph.ops, graph.ops[::-1], graph.ops[1::2] + graph.ops[::2])
    first, *others = (membering.membership(list(ops)) for ops in orders)
    require(all(other == first for other in others), "who belongs knows no order")
    founders = {_named(number) for numbers in membering.FOUNDERS.values() for number in numbers}
    require(founders <= set(first.keys), "the founders are known for ever")
    for person in first.persons:
        live = first.live_devices(person.id)
        require(all(first.person_of(key.id) == person.id for key in live), "a live device is of one person")
        require(not any(key.is_root for key in live), "a root is no device")
        require(
            not any(first.belongs_to(key.id, other) for key in live for other in {*_PERSONS} - {person.id}),
            "a key that both claim is no device",
        )
    for key in first.keys:
        named = first.recipients_for(key, {})
        require({person.root for person in first.persons} <= set(named), "the roots can read everything")
        require(all(first.is_live(other) or other == key for other in named), "nothing is wrapped for who is not live")


def graph_seeds() -> Iterable[bytes]:
    """Return bytes that choose some of everything."""
    yield bytes(range(200))
    yield bytes(number * 7 % 256 for number in range(300))
    yield b"\1\0\0\5\2s" * 20
    yield hashlib.shake_256(b"seed").digest(400)


# --- a whole book ---


@cache
def _couple() -> tuple[Member, Member]:
    """Return Ana and Ben who know each other's words."""
    ana, ben = pair()
    ana.write("hers")
    ben.write("his")
    for member, other in ((ana, ben), (ben, ana)) * 2:
        member.take_from(other)
        member.book.acknowledge()
    return ana, ben


def take_segments(data: bytes) -> None:
    """Segments that Ana signed, with anything in them, are taken or refused; Ben's book works on, and opens anew."""
    ana, ben = _couple()
    ben, draw = ben.copied(), Draw(data)
    while not draw.is_over:
        kind, stream = draw.number(4), bytes([draw.number(4)]) * 16
        ops = [draw.take(draw.number(1 << 16) % 2048) for _ in range(1 + draw.number(3))]
        make = keys_segment if kind % 2 else words_segment
        first = 1 if kind < 2 else 1 + draw.number(4)
        prev = None if kind < 2 else draw.take(32)
        taken = ben.book.take([make(ana, ops, stream=stream, first=first, prev=prev).sealed.data])
        require(taken[0].verdict in HARMLESS, "each file has a verdict")
    ben.view()
    ben.book.tend()
    before = ben.ops()
    if not ben.book.is_ended():
        ben.write("on")
        require(len(ben.ops()) > len(before), "writing goes on, whatever a partner wrote")
    ben.reopen()
    require({op.id for op in before} <= {op.id for op in ben.ops()}, "what counted once counts after the next start")


def segment_seeds() -> Iterable[bytes]:
    """Return operations of each word in the stream that they belong to."""
    for word in samples():
        op = sample_ops()[word]
        yield bytes([word in words.KEY_WORDS, 0, 0]) + len(op).to_bytes(2) + op
    assert HEAD


TARGETS: Final = (
    Target("genesis-operation", read_genesis_op, genesis_op_seeds, (UntrustedDataError,), 8192),
    Target("genesis", open_genesis, open_genesis_seeds, (StoreError, NewerFormatError), 8192),
    Target("members", compute_members, graph_seeds, (), 1024, nests=False),
    Target("intake", take_segments, segment_seeds, (), 4096, nests=False),
)
