"""What devices wrote alone comes into one private book: once, in order, its references led along, whatever breaks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couplejournal.book import Book
from couplejournal.book.founding import founding_signature, make_genesis
from couplejournal.device import book_id_of
from couplejournal.errors import StoreError
from couplejournal.merge import Frozen, State, versions_of
from couplejournal.model.kinds import Note, core_kinds
from couplejournal.ops.membership import admit_message
from couplejournal.pairing.gathering import gather
from couplejournal.seal.keys import KeyPair
from couplejournal.store.replica import Replica
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk
from couplejournal.testing.pairs import Member, SetSystem, fields_of, keys_of, meet, root_of
from couplejournal.view import BookState, JournalView

ROOT: Final = root_of("ana")
FORMER: Final = ("old", "older")
# (book, what, which entry it is about): entries are numbered through all former books of a device.
ACTS = st.lists(
    st.tuples(
        st.sampled_from(FORMER), st.sampled_from(["write", "refer", "revise", "retract"]), st.integers(0, 7)
    ),
    min_size=1,
    max_size=9,
)  # fmt: skip


class Machine:
    """One device with a private book that it shares with another, and with former ones of its own."""

    def __init__(self, name: str, genesis: bytes | None = None) -> None:
        self.name = name
        self.disk = CrashDisk(MemoryDisk())
        self.system = SetSystem(name)
        self.private = self.member("private", genesis)
        self.former = {which: self.member(which, None) for which in FORMER}
        self.texts: dict[bytes, str] = {}

    def member(self, which: str, genesis: bytes | None) -> Member:
        """Lay down a book of one, or take one that another founded."""
        own = keys_of(f"{self.name} {which}")
        return opened(self.disk, self.system, own, Path(f"/{self.name}/{which}"), genesis)

    def reopen(self) -> None:
        """Start the program anew."""
        for member in (self.private, *self.former.values()):
            member.reopen()

    def act(self, which: str, what: str, about: int) -> None:
        """Write in a former book, or say something about an entry of it."""
        self.system.ms += 1
        member, known = self.former[which], list(self.texts)
        if what in ("write", "refer"):
            refs = [("about", known[about % len(known)])] if known and what == "refer" else []
            text = f"{self.name} {len(known)}"
            self.texts[member.write(text, refs=refs).id] = text
            return
        here = [entry for entry in known if entry in state_of(member.book).written]
        if here:
            record = state_of(member.book).record(here[about % len(here)])
            assert record is not None
            named = versions_of(record).named
            if what == "retract":
                member.retract(record.id, named)
            else:
                member.revise(record.id, named, self.texts[record.id])

    def gather(self, limit: int) -> int:
        """Copy some of it."""
        former = [(state_of(one.book), one.own.id) for one in self.former.values()]
        return gather(self.private.book, state_of(self.private.book), former, [], limit=limit)

    def visible(self) -> dict[bytes, str]:
        """Return what was written alone here and not taken back, by its first id."""
        records = [record for one in self.former.values() for record in state_of(one.book).records.values()]
        return {record.id: self.texts[record.id] for record in records if not versions_of(record).is_hidden}

    def view(self) -> JournalView:
        """Return what this device shows of all its books."""
        books = [BookState(state_of(self.private.book), "private")]
        books += [BookState(state_of(one.book), "earlier", audience="private") for one in self.former.values()]
        keys = {self.private.own.id, *(one.own.id for one in self.former.values())}
        return JournalView.of(books, me=self.private.person, my_keys=keys, kinds=core_kinds(), zone=UTC)


def opened(disk: CrashDisk, system: SetSystem, own: KeyPair, place: Path, genesis: bytes | None) -> Member:
    """Return one device's part of a private book."""
    if genesis is None:
        founders = [(ROOT.root_keys, own.public.raw)]
        genesis = make_genesis(own, founders, [founding_signature(ROOT.founding_seed, founders)], system)
    disk.make_folder(place, private=True)
    Replica(place / book_id_of(genesis).hex()[:32], disk).found(genesis)
    lock = threading.RLock()

    def hold() -> AbstractContextManager[object]:
        return lock

    replica = place / book_id_of(genesis).hex()[:32]
    book = Book(Replica(replica, disk), own, state=place / "book", disk=disk, system=system, hold=hold)
    return Member(
        name="ana", root=ROOT, own=own, disk=disk, system=system, replica=replica, state=place, book=book, hold=hold
    )


def state_of(book: Book) -> Frozen:
    """Return the present state of a book."""
    state = State(book.membership.person_of, book=book.id)
    for op in book.ops_after({}):
        state.apply(op)
    return state.snapshot()


def two_machines() -> tuple[Machine, Machine]:
    """Return two devices of one person with one private book, and former books of their own."""
    home = Machine("home")
    phone = Machine("phone", home.private.book.genesis)
    proof = phone.private.own.sign(
        admit_message(home.private.book.id, home.private.own.id, phone.private.own.public.raw, home.private.book.person)
    )
    home.private.book.admit(phone.private.own.public.raw, proof, ROOT.founding_seed)
    meet([home.private, phone.private])
    return home, phone


def interrupted(machine: Machine, limit: int, faults: list[int]) -> None:
    """Copy everything, with a crash or a full disk at some calls to the disk, and a new start after each."""
    for fault in faults:
        machine.disk.plant(fault, "crash" if fault % 2 else "fail")
        try:
            while machine.gather(limit):
                pass
        except (CrashError, StoreError):
            pass
        machine.disk.restart(is_power_cut=False)
        machine.reopen()
    while machine.gather(limit):
        pass


def require_copied(machine: Machine, origins: Mapping[bytes, str]) -> None:
    """Each entry has one copy, under its author's words; what it referred to is what it refers to now."""
    mine = state_of(machine.private.book)
    shown = Counter(entry.text for entry in machine.view().entries())
    assert set(shown.values()) <= {1}
    assert set(origins.values()) <= set(shown)
    copies = {entry: mine.copy_of(entry) for entry in origins}
    assert None not in copies.values()
    assert len(set(copies.values())) == len(copies)


@settings(max_examples=12)
@given(home_acts=ACTS, phone_acts=ACTS, limit=st.integers(1, 4), faults=st.lists(st.integers(1, 12), max_size=3))
def test_each_entry_is_copied_once(
    home_acts: list[tuple[str, str, int]], phone_acts: list[tuple[str, str, int]], limit: int, faults: list[int]
) -> None:
    """Two devices copy what each wrote alone, interrupted anywhere: both show all of it, once, as it was connected."""
    home, phone = two_machines()
    for machine, acts in ((home, home_acts), (phone, phone_acts)):
        for act in acts:
            machine.act(*act)
        interrupted(machine, limit, faults)
        assert machine.gather(9) == 0
    meet([home.private, phone.private])
    visible = {**home.visible(), **phone.visible()}
    for machine in (home, phone):
        require_copied(machine, visible)
        hidden = machine.texts.keys() - machine.visible().keys()
        assert all(state_of(machine.private.book).copy_of(entry) is None for entry in hidden)
        view = machine.view()
        for entry, text in machine.visible().items():
            now = view.find(entry)
            assert now is not None
            assert now.text == text
            origin = next(
                record for one in machine.former.values() if (record := state_of(one.book).record(entry)) is not None
            )
            expected = [
                view.entry(target.hex()).id if target in machine.visible() else target.hex()
                for _, target in origin.write.refs
            ]
            assert [ref.id for ref in now.refs] == expected
            for ref in now.refs:
                if ref.id in {other.id for other in view.entries()}:
                    assert now in view.thread(ref.id)


def test_a_copy_of_a_copy_is_one_entry() -> None:
    """What was copied into a book that became a former one itself is copied on, and every old id names the last one."""
    home, phone = two_machines()
    phone.act("old", "write", 0)
    phone.act("old", "refer", 0)
    while phone.gather(1):
        pass
    first, second = list(phone.texts)
    third = Machine("third")
    chain = [
        (state_of(phone.former["old"].book), phone.former["old"].own.id),
        (state_of(phone.private.book), phone.private.own.id),
    ]
    while gather(third.private.book, state_of(third.private.book), chain, [], limit=1):
        pass
    books = [BookState(state_of(third.private.book), "private")]
    books += [BookState(frozen, "earlier", audience="private") for frozen, _ in chain]
    view = JournalView.of(books, me=third.private.person, my_keys=set(), kinds=core_kinds(), zone=UTC)
    assert [entry.text for entry in view.entries()] == ["phone 0", "phone 1"]
    ids = [entry.id for entry in view.entries()]
    assert [view.entry(old.hex()).id for old in (first, second)] == ids
    assert [entry.id for entry in view.thread(first.hex())] == ids
    assert home.texts == {}


def test_what_was_not_copied_belongs_to_the_copy() -> None:
    """A referrer that stays in a former book, as another device's does, is part of the conversation all the same."""
    machine = Machine("home")
    origin = machine.former["old"].write("asked").id
    machine.former["older"].write("answered elsewhere", refs=[("about", origin)])
    former = [(state_of(machine.former["old"].book), machine.former["old"].own.id)]
    assert gather(machine.private.book, state_of(machine.private.book), former, [], limit=9) == 1
    view = machine.view()
    asked = next(view.entries(text="asked"))
    assert asked.id != origin.hex()
    assert [entry.text for entry in view.thread(asked.id)] == ["asked", "answered elsewhere"]
    assert next(view.entries(text="elsewhere")).refs[0].id == asked.id
    assert view.entry(origin.hex()[:8]).id == asked.id


@pytest.mark.parametrize("limit", [1, 64])
def test_what_an_entry_refers_to_goes_first(limit: int) -> None:
    """A chain of references is copied whole, however many go at once."""
    machine = Machine("home")
    last = machine.former["old"].write("0").id
    for number in range(1, 6):
        last = machine.former["old"].write(str(number), refs=[("about", last)]).id
    while machine.gather(limit):
        pass
    mine = state_of(machine.private.book)
    ordered = [mine.written[entry] for _, _, entry in sorted(mine.order, key=lambda place: place[1])]
    assert [one.write.fields for one in ordered] == [fields_of(Note(str(number))) for number in range(6)]
    assert [one.write.refs for one in ordered[1:]] == [(("about", one.op.id),) for one in ordered[:-1]]
