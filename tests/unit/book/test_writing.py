"""Appending: numbers, salts, clocks, epochs by the rule, and refusals that leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import attrs
import msgspec
import pytest

from couplejournal.book import Book, Draft, Verdict
from couplejournal.errors import InvalidEntryError, StoreError
from couplejournal.ops import codec, words
from couplejournal.testing.clocks import START_MS
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import Member, admit, meet, note, pair


def seen(member: Member) -> list[words.Seen]:
    """Return the acknowledgements of a device."""
    return [
        words.decode_fields(words.Seen, op.fields)
        for op in member.ops()
        if op.word == "seen" and op.key == member.own.id
    ]


def epochs(member: Member) -> int:
    """Return how many epochs a device has announced."""
    return sum(fact.key == member.own.id for fact in member.book.membership.epochs.values())


def test_numbers_and_clocks_rise() -> None:
    """Operations of one device are numbered from 1 without a gap, and their clocks rise, even if wall time falls."""
    ana, _ = pair()
    ops = [ana.write("one"), ana.write("two")]
    ana.system.ms -= 10_000
    ops += [ana.write("three"), ana.write("four")]
    assert [op.seq for op in ops] == [1, 2, 3, 4]
    assert len({op.stream for op in ops}) == 1
    assert sorted(op.clock for op in ops) == [op.clock for op in ops]
    assert len({op.salt for op in ops}) == 4
    assert ana.ops() == ops


def test_several_drafts_are_one_segment() -> None:
    """What is written together lies in one file and is read back in order."""
    ana, ben = pair()
    before = len(ana.book.held())
    ops = ana.book.append([note("one"), note("two"), note("three")])
    assert [op.seq for op in ops] == [1, 2, 3]
    assert len(ana.book.held()) == before + 1
    ben.take_from(ana)
    assert ben.texts() == ["one", "two", "three"]
    assert ana.book.append([]) == []


def test_the_salt_may_be_chosen() -> None:
    """Somebody who has to know the salt beforehand gives it."""
    ana, _ = pair()
    op = ana.book.append([msgspec.structs.replace(note("one"), salt=b"my own salt.....")])[0]
    assert op.salt == b"my own salt....."


UNFIT: dict[str, msgspec.Struct] = {
    "too long": words.Profile("x" * codec.OP_LIMIT_BYTES, ""),
    "not Unicode": words.Profile("\udc00", ""),
    "nested too deeply": words.Revise(b"e" * 32, [], msgspec.Raw(b"\x81\xa1a" + b"\x91" * 40 + b"\x90")),
    "not a number": words.Revise(b"e" * 32, [], msgspec.Raw(b"\x81\xa1a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00")),
    "not canonical": words.Revise(b"e" * 32, [], msgspec.Raw(b"\x82\xa1b\x01\xa1a\x01")),
    "no msgpack": words.Revise(b"e" * 32, [], msgspec.Raw(b"\xc1")),
    "a number beyond 64 bits": words.Seen([(b"s" * 16, 1 << 70, b"l" * 32)]),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_a_reader_would_refuse_is_not_written(name: str) -> None:
    """A value that would make everybody refuse this device's stream is refused here, and the next entry is written."""
    ana, ben = pair()
    word = type(UNFIT[name]).__name__.lower()
    ana.write("before")
    with pytest.raises(InvalidEntryError) as caught:
        ana.book.append([Draft(word, UNFIT[name])])
    assert "\n" not in str(caught.value)
    assert ana.write("after").seq == 2
    assert {taken.verdict for taken in ben.take_from(ana)} == {Verdict.STORED}
    assert ana.reopen().gaps() == []
    assert ben.texts() == ["before", "after"]


def test_a_salt_of_another_length_is_refused() -> None:
    """An operation whose salt no reader would take is not written."""
    ana, _ = pair()
    with pytest.raises(InvalidEntryError):
        ana.book.append([msgspec.structs.replace(note("one"), salt=b"short")])


def test_more_than_a_segment_holds_is_refused() -> None:
    """Several large drafts that are more than a segment may hold are refused, and nothing of them is written."""
    ana, _ = pair()
    with pytest.raises(InvalidEntryError):
        ana.book.append([note("x" * 1_000_000)] * 5)
    assert ana.ops() == []
    assert ana.write("one").seq == 1


def test_an_entry_of_one_mebibyte_is_written() -> None:
    """The longest text that an entry may have goes through, here and there."""
    ana, ben = pair()
    ana.write("ä" * (1 << 19))
    ben.take_from(ana)
    assert len(ben.texts()[0]) == 1 << 19


def test_a_new_device_makes_everyone_rotate_once() -> None:
    """Attack 33: the first entry after an admission was seen comes under an epoch that the newcomer can open."""
    ana, ben = pair("ana", "ben")
    ben.write("before")
    assert epochs(ben) == 1
    ana.write("before")
    assert epochs(ana) == 1
    [*_, phone] = members = _with_phone(ana, ben)
    ben.write("after")
    ben.write("after, too")
    assert epochs(ben) == 2
    phone.take_from(ben)
    assert "after, too" in phone.texts()
    ana.write("by her")
    assert epochs(ana) == 2  # made by the admission itself
    meet(members)
    assert phone.texts() == ben.texts()


def _with_phone(ana: Member, ben: Member) -> list[Member]:
    """Add a phone of Ana's to a couple, and let all meet."""
    genesis = ana.book.genesis
    disk = MemoryDisk()
    [_, _, phone] = pair("ana", "ben", "ana phone")
    phone = attrs.evolve(phone, disk=disk)
    disk.make_folder(phone.state)
    disk.make_folder(phone.replica)
    disk.write_new(phone.replica / "book.cj", genesis)
    phone.reopen()
    admit(ana, phone)
    members = [ana, ben, phone]
    meet(members)
    return members


def test_the_recipients_are_exactly_those_of_the_rule() -> None:
    """The roots, oneself, and the live devices of both: nobody else and nobody less."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    ana.write("one")
    newest = ana.book._writer.rotation.newest()
    assert newest is not None
    assert set(newest.wraps) == {ana.root.id, ben.root.id, ana.own.id, ben.own.id, phone.own.id}


def test_roots_read_everything() -> None:
    """Attack 5: with the root at hand every epoch opens that its person may read; a third root opens none."""
    ana, ben = pair()
    ben.write("his")
    ana.take_from(ben)
    [eve, _] = pair("eve", "ben")
    for fact in ana.book.membership.epochs.values():
        assert ana.root.id in fact.wraps
        assert ben.root.id in fact.wraps
        assert eve.root.id not in fact.wraps
    assert ana.opened(has_root=True)._shelf.epochs.key_of(fact.id) is not None


def test_a_device_that_nobody_admitted_writes_nothing() -> None:
    """A key that does not belong to the book makes no operation in it."""
    ana, _ = pair()
    [eve, _] = pair("eve", "ben")
    stranger = attrs.evolve(ana, own=eve.own)
    stranger.reopen()
    with pytest.raises(StoreError, match="no longer belongs"):
        stranger.write("let me in")
    with pytest.raises(StoreError, match="does not belong"):
        _ = stranger.book.person
    assert stranger.book.tend() is False
    assert stranger.book.acknowledge() is False


def test_two_processes_take_turns() -> None:
    """Two openings of one book, writing in turn, never use a number twice and see what the other wrote."""
    ana, ben = pair()
    first, second = ana.book, ana.opened()
    ops = [book.append([note(str(number))])[0] for number in range(6) for book in (first, second)]
    assert [op.seq for op in ops] == list(range(1, 13))
    assert {op.id for op in first.ops_after({})} == {op.id for op in second.ops_after({})} == {op.id for op in ops}
    ben.take_from(ana)
    second.take(ben.files())
    first.refresh()
    assert len(first.held()) == len(second.held())


@pytest.mark.parametrize("what", ["gone", "torn", "older", "empty", "of invalid text", "of a number beyond all"])
def test_a_lost_note_is_made_anew(what: str) -> None:
    """Whatever becomes of the note beside the replica, no number is used twice and no clock goes back."""
    ana, ben = pair()
    ben.write("his")
    ana.take_from(ben)
    assert isinstance(ana.disk, MemoryDisk)
    path = ana.state / "book.marks"
    ana.write("one")
    older = ana.disk.files[path]
    last = ana.write("two")
    other = ana.opened()
    other.append([note("three, by another process")])
    ana.disk.files.pop(path)
    spoilt = {
        "torn": ana.disk.files.get(path, older)[:20], "older": older, "empty": b"", "of invalid text": b'{"\xff":1}',
        "of a number beyond all": b'{"generation":99999999999999999999999999}',
    }  # fmt: skip
    if what in spoilt:
        ana.disk.files[path] = spoilt[what]
    op = ana.write("four")
    assert op.stream != last.stream  # where it stood in the old one, only the note could tell
    assert len({(op.stream, op.seq) for op in ana.ops()}) == len(ana.ops())
    assert op.clock > last.clock
    assert ben.take_from(ana)
    assert [entry for entry in ben.texts() if entry == "four"]


def test_a_note_with_the_right_number_does_not_hide_what_others_wrote() -> None:
    """A note that was lost and counted up again to the number that a process remembers is still not believed."""
    ana, _ = pair()
    assert isinstance(ana.disk, MemoryDisk)
    path = ana.state / "book.marks"
    ana.write("one")
    ana.write("two")
    remembered = ana.book._writer._generation
    ana.disk.files.pop(path)
    other = ana.opened()
    while msgspec.json.decode(ana.disk.files.get(path, b'{"generation":-1}'))["generation"] < remembered:
        other.append([note("by another process")])
    assert msgspec.json.decode(ana.disk.files[path])["generation"] == remembered
    op = ana.write("three")
    assert op in other.ops_after({})
    assert len({(op.stream, op.seq) for op in ana.ops()}) == len(ana.ops())


def test_a_far_clock_of_another_does_not_drag_ours() -> None:
    """A clock more than a day ahead orders its own operation alone; one within a day is followed."""
    ana, ben = pair()
    ben.system.ms += 25 * 3_600_000
    ben.write("from tomorrow")
    ana.take_from(ben)
    assert ana.write("today").clock[0] == START_MS
    ana.system.ms += 2 * 3_600_000
    ben.write("a day ahead of her")
    ana.take_from(ben)
    assert ana.write("after it").clock[0] >= START_MS + 25 * 3_600_000


def test_a_book_without_its_beginning_does_not_open() -> None:
    """A replica without a genesis is a sentence, not a traceback."""
    ana, _ = pair()
    with pytest.raises(StoreError, match="gone"):
        attrs.evolve(ana, replica=Path("/elsewhere")).opened()
    assert isinstance(ana.book, Book)
