"""Two persons with real books, made in milliseconds: no keystore, no pairing, and any disk, clock and chance.

Everything that stands in the books is real: keys, genesis, admissions, epochs, signatures and sealed files. Ana founds
the book with her first device and Ben's; further devices are admitted by the first one of their person.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC
from pathlib import Path

import attrs
import msgspec

from couplejournal.book import Acknowledged, Book, Draft, Taken
from couplejournal.book.founding import founding_signature, make_genesis
from couplejournal.book.rooting import ends_of
from couplejournal.disk import Disk
from couplejournal.merge import State
from couplejournal.model.kinds import Content, Note, core_kinds
from couplejournal.ops import codec, words
from couplejournal.ops.membership import admit_message
from couplejournal.ops.op import Op
from couplejournal.pairing.recovering import admission_of
from couplejournal.seal.keys import KeyPair, Root
from couplejournal.store.replica import Replica
from couplejournal.testing.clocks import START_MS, FakeSystem
from couplejournal.testing.disks import MemoryDisk
from couplejournal.view import BookState, JournalView


class SetSystem(FakeSystem):
    """A `FakeSystem` whose clock is the number ``ms``: adding to it lets time pass, anything else is a jump back."""

    def __init__(self, seed: str = "", *, ms: int = START_MS) -> None:
        super().__init__(seed, start_ms=ms, machine="machine")

    @property
    def ms(self) -> int:
        """Return the time that was set, in milliseconds since 1970."""
        return self.now_ms()

    @ms.setter
    def ms(self, ms: int) -> None:
        self.advance(max(0, ms - self.now_ms()) / 1000)
        self.set_to(ms)


@attrs.define(eq=False, kw_only=True)
class Member:
    """One device of one person, with its book. `reopen` starts its program anew from what is on the disk."""

    name: str
    root: Root
    own: KeyPair
    disk: Disk
    system: SetSystem
    replica: Path
    state: Path
    book: Book
    hold: Callable[[], AbstractContextManager[object]]

    @property
    def person(self) -> bytes:
        """Return the id of the person, 16 bytes."""
        return self.book.person

    def opened(self, *, has_root: bool = False) -> Book:
        """Return the book opened once more, as another process of this device would; ``has_root`` lends it the root."""
        root = self.root if has_root else None
        return Book(
            Replica(self.replica, self.disk), self.own, state=self.state / "book", disk=self.disk, system=self.system,
            hold=self.hold, root=root,
        )  # fmt: skip

    def reopen(self) -> Book:
        """Open the book anew and go on with it."""
        self.book = self.opened()
        return self.book

    def copied(self, around: Callable[[Disk], Disk] = lambda disk: disk) -> Member:
        """Return the same device once more, with a copy of its disk (a `MemoryDisk`): what happens to one is its own.

        ``around`` puts another disk around the copy.
        """
        assert isinstance(self.disk, MemoryDisk)
        inner = MemoryDisk()
        inner.files.update(self.disk.files)
        inner.folders.update(self.disk.folders)
        fresh = attrs.evolve(self, disk=around(inner))
        fresh.reopen()
        return fresh

    def write(self, text: str, *, joint: bool = False, refs: Iterable[tuple[str, bytes]] = ()) -> Op:
        """Write a note."""
        return self.book.append([note(text, joint=joint, refs=refs)])[0]

    def revise(self, entry: bytes, after: Sequence[bytes], text: str) -> Op:
        """Replace the text of an entry."""
        fields = fields_of(Note(text))
        return self.book.append([Draft("revise", words.Revise(entry=entry, after=list(after), fields=fields))])[0]

    def retract(self, entry: bytes, after: Sequence[bytes]) -> Op:
        """Hide an entry."""
        return self.book.append([Draft("retract", words.Retract(entry=entry, after=list(after)))])[0]

    def remove(self, *others: Member, pins: Mapping[bytes, Sequence[words.Head]] | None = None) -> None:
        """Remove devices of one's own person with the person's root; by default all counts that this one holds."""
        self.book.remove([other.own.id for other in others], self.root, pins)

    def admit_by_root(self, newcomer: Member) -> None:
        """Admit a device of one's own person with the person's root; one can do so for oneself."""
        self.book.take([admission_of(self.root, self.book.id, newcomer.own, self.system)])

    def recover(self) -> int:
        """Belong again with nothing but the root: admit oneself, and open everything that the root opens."""
        self.admit_by_root(self)
        return self.book.open_with(self.root)

    def ends(self) -> list[words.Head]:
        """Return the last place of each stream of this device's own, as it holds them."""
        return ends_of(self.book._shelf, self.own.id)  # noqa: SLF001

    def files(self) -> list[bytes]:
        """Return every file that this device holds, the genesis apart."""
        return [self.book.read(held.path) for held in self.book.held()]

    def word_files(self) -> list[tuple[str, bytes]]:
        """Return (path on a drive, bytes) of each file of this device's own words, in their order."""
        own = [held for held in self.book.held() if held.is_mine and not held.is_key]
        return [(held.path, self.book.read(held.path)) for held in own]

    def take_from(self, other: Member) -> list[Taken]:
        """Take over everything that another device holds."""
        return self.book.take(other.files())

    def ops(self) -> list[Op]:
        """Return every operation of the book that this device holds without a gap."""
        return self.book.ops_after({})

    def texts(self) -> list[str]:
        """Return the texts of the notes as this device sees them, in their order."""
        return [entry.text for entry in self.view().entries()]

    def view(self, *, me: bytes | None = None, ops: Iterable[Op] | None = None) -> JournalView:
        """Return the view of the book, for this person or another, of its operations in any order."""
        state = State(self.book.membership.person_of, book=self.book.id)
        acknowledged = Acknowledged()
        for op in self.ops() if ops is None else ops:
            state.apply(op)
            acknowledged.feed(op)
        self.book.acknowledged = acknowledged
        person = self.person if me is None else me
        keys = {key.id for key in self.book.membership.keys.values() if key.person == person}
        books = [BookState(state.snapshot(), "shared")]
        return JournalView.of(books, me=person, my_keys=keys, kinds=core_kinds(), zone=UTC)


def note(text: str, *, joint: bool = False, refs: Iterable[tuple[str, bytes]] = ()) -> Draft:
    """Return a note to be written."""
    write = words.Write(
        kind="note", schema=1, happened=(START_MS, 0, "instant"), fields=fields_of(Note(text)), refs=tuple(refs),
        joint=joint,
    )  # fmt: skip
    return Draft("write", write)


def fields_of(content: Content) -> msgspec.Raw:
    """Return the encoded fields of a content."""
    return msgspec.Raw(codec.encode(content.to_fields()))


def keys_of(name: str) -> KeyPair:
    """Return the key of a name, the same each time."""
    return KeyPair(hashlib.sha256(f"{name} sign".encode()).digest(), hashlib.sha256(f"{name} kem".encode()).digest())


def root_of(name: str) -> Root:
    """Return the root of a person's name, the same each time."""
    return Root(hashlib.sha256(f"{name} root".encode()).digest())


def pair(
    *names: str,
    disk: Callable[[str], Disk] = lambda _: MemoryDisk(),
    folder: Path = Path("/"),
    seed: str = "",
    is_met: bool = True,
) -> list[Member]:
    """Return devices around one shared book; the first two names are those of Ana's and of Ben's first device.

    A name's first word is its person ("ana", "ana phone"). ``disk`` makes the disk of a device, ``folder`` is where
    all of them lie on it. With ``is_met`` everyone holds what the others wrote so far.
    """
    names = names or ("ana", "ben")
    founders = [(root_of(name.split(maxsplit=1)[0]), keys_of(seed + name)) for name in names[:2]]
    listed = [(root.root_keys, own.public.raw) for root, own in founders]
    signatures = [founding_signature(root.founding_seed, listed) for root, _ in founders]
    genesis = make_genesis(founders[0][1], listed, signatures, SetSystem(f"{seed}genesis"))
    members = [_member(name, genesis, disk=disk(name), folder=folder, seed=seed) for name in names]
    for newcomer in members[2:]:
        admit(next(member for member in members if member.root.root_keys == newcomer.root.root_keys), newcomer)
    if is_met:
        meet(members)
    return members


def admit(admitter: Member, newcomer: Member) -> None:
    """Admit a device of one's own person."""
    message = admit_message(admitter.book.id, admitter.own.id, newcomer.own.public.raw, admitter.person)
    proof = newcomer.own.sign(message)
    admitter.book.admit(newcomer.own.public.raw, proof, admitter.root.founding_seed)


def meet(members: Sequence[Member], *, rounds: int = 2) -> None:
    """Let everyone take over what the others hold, and answer what is owed."""
    for _ in range(rounds):
        for member in members:
            for other in members:
                if other is not member:
                    member.take_from(other)
            if member.book.membership.is_live(member.own.id):
                member.book.tend()


def newcomer(name: str, of: Member, *, disk: Disk | None = None, folder: Path = Path("/"), seed: str = "") -> Member:
    """Return a device that holds the beginning of a member's book, and that nobody has admitted."""
    return _member(name, of.book.genesis, disk=disk or MemoryDisk(), folder=folder, seed=seed)


def _member(name: str, genesis: bytes, *, disk: Disk, folder: Path, seed: str) -> Member:
    """Lay the book down on a device's disk, and open it."""
    own, system, root = keys_of(seed + name), SetSystem(seed + name), root_of(name.split(maxsplit=1)[0])
    place = folder / name.replace(" ", "-")
    replica, state = place / "data", place / "state"
    disk.make_folder(state, private=True)
    Replica(replica, disk).found(genesis)
    lock = threading.RLock()

    def hold() -> AbstractContextManager[object]:
        return lock

    book = Book(Replica(replica, disk), own, state=state / "book", disk=disk, system=system, hold=hold)
    return Member(
        name=name, root=root, own=own, disk=disk, system=system, replica=replica, state=state, book=book, hold=hold
    )
