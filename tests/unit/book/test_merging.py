"""Merging: which files become one, that nothing but the files changes, and what may be let go for them."""

from __future__ import annotations

import errno
import hashlib
from itertools import pairwise
from types import SimpleNamespace

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import example, given, settings
from unit.book.forging import notes, words_segment

from couplejournal.book import Held, Verdict, merging
from couplejournal.book.merging import FULL_BYTES, MERGED_BYTES, TIER, choose
from couplejournal.errors import StoreError
from couplejournal.ops import words
from couplejournal.seal import segments
from couplejournal.store.replica import Part
from couplejournal.testing.disks import CrashDisk, MemoryDisk
from couplejournal.testing.pairs import Member, admit, meet, newcomer, pair


def written(count: int = 9, *names: str) -> list[Member]:
    """Return devices of which the first wrote so many notes, each into a file of its own."""
    members = pair(*(names or ("ana", "ben")))
    for number in range(count):
        members[0].write(f"word {number}")
    return members


def own_words(member: Member) -> list[Held]:
    """Return the files of a device's own words."""
    return [held for held in member.book.held() if held.is_mine and not held.is_key]


def ranges(member: Member, *, mine: bool = True) -> list[tuple[int, int]]:
    """Return the numbers that each file of words holds, of a device's own or of the others."""
    return [(one.first, one.last) for one in member.book.held() if one.is_mine is mine and not one.is_key]


def fold(member: Member) -> None:
    """Let go of all that any other file holds."""
    own = own_words(member)
    for larger in own:
        member.book.let_go(larger, [one for one in own if one is not larger])


def parts_of(sizes: list[tuple[int, int]]) -> list[Part]:
    """Return neighbours with so many operations and bytes each."""
    found, at = [], 0
    for number, (count, size_bytes) in enumerate(sizes):
        found.append(Part(b"s" * 16, at + 1, at + count, bytes([number % 256]) * 16, size_bytes))
        at += count
    return found


def test_eight_files_become_one_and_nothing_else_changes() -> None:
    """F6: operations, links, places, clock and what is due stay; the newest file stays out; the small ones stay."""
    ana, _ = written(9)
    before = (ana.ops(), ana.book.places(), ana.book.clock(), ana.book.heads(), ana.texts())
    assert ana.book.merge()
    assert not ana.book.merge()
    assert ranges(ana) == [(1, 8), *((number, number) for number in range(1, 10))]
    assert (ana.ops(), ana.book.places(), ana.book.clock(), ana.book.heads(), ana.texts()) == before
    fold(ana)
    assert ranges(ana) == [(1, 8), (9, 9)]
    for book in (ana.book, ana.reopen()):
        assert (ana.ops(), ana.book.places(), book.clock(), book.heads(), ana.texts()) == before
    assert ana.write("on").seq == 10
    assert ana.book.notices() == ()


def test_a_merged_file_has_the_epoch_of_what_went_in() -> None:
    """Nobody can read more or less for a merge: each file has one epoch, that of all its operations."""
    ana, ben = written(3)
    phone = newcomer("ana phone", ana)
    admit(ana, phone)  # a new recipient, so a new epoch
    for number in range(10):
        ana.write(f"later {number}")
    epochs = {op: sealed.header.epoch for op, sealed in _epochs(ana)}
    while ana.book.merge():
        pass
    fold(ana)
    assert ranges(ana)[:2] == [(1, 3), (4, 12)]
    assert {op: sealed.header.epoch for op, sealed in _epochs(ana)} == epochs
    assert len(set(epochs.values())) == 2
    meet([ana, ben, phone])
    assert ben.texts() == phone.texts() == ana.texts()


def _epochs(member: Member) -> list[tuple[int, segments.SealedSegment]]:
    found = []
    for held in own_words(member):
        sealed = segments.parse(member.book.read(held.path))
        found += [(number, sealed) for number in range(held.first, held.last + 1)]
    return found


def test_nothing_is_merged_that_is_not_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with an operation of a later version stays as it is, which is found out once."""
    ana, _ = written(4)
    ana.retract(ana.ops()[0].id, [])
    for number in range(5):
        ana.write(f"after {number}")
    known = {word: fields for word, fields in words.WORD_WORDS.items() if word != "retract"}
    monkeypatch.setattr(merging, "words", SimpleNamespace(WORD_WORDS=known))
    assert not ana.book.merge()
    assert len(ana.book._writer.unmergeable) == 1
    monkeypatch.setattr(merging, "words", None)
    assert not ana.book.merge(), "nothing is opened for it again"
    monkeypatch.setattr(merging, "words", words)
    ana.reopen()
    assert ana.book.merge()


def test_a_device_that_does_not_belong_merges_nothing() -> None:
    """Who was removed changes nothing of the journal any more, not even its files."""
    ana, _, phone = written(0, "ana", "ben", "ana phone")
    for number in range(9):
        phone.write(f"word {number}")
    ana.remove(phone)
    phone.take_from(ana)
    assert not phone.book.merge()


def test_an_old_stream_that_is_held_whole_is_merged_too() -> None:
    """A stream in which this device writes no more becomes one file, whatever is left of it."""
    ana, ben = written(3)
    ben.take_from(ana)
    assert isinstance(ana.disk, MemoryDisk)
    ana.system.machine = "another"  # the home was copied to it, so it goes on in new streams
    ana.reopen()
    ana.write("on another machine")
    assert ana.book.merge()
    assert (1, 3) in ranges(ana)
    assert not ana.book.merge()
    meet([ana, ben])
    assert ben.texts() == ana.texts()


def test_a_stream_with_a_gap_or_a_fork_is_left_alone() -> None:
    """Of such a stream names do not say what holds what."""
    ana, _ = written(12)
    files = ana.word_files()
    whole = ana.copied()
    copy = ana.copied()
    ana.disk.remove(ana.replica / files[5][0].split("/", 1)[1])
    ana.disk.remove(ana.state / "book.marks")
    ana.reopen()
    assert not ana.book.merge()
    whole.write("one history")
    op = copy.write("another")
    assert op.seq == 13
    whole.take_from(copy)
    assert len(whole.book.places()) > len(copy.book.places())
    assert not whole.book.merge()


def test_only_what_a_larger_file_holds_by_its_links_is_let_go() -> None:
    """Not a file of another branch, not one of the same range, not one whose larger file the disk has lost."""
    ana, _ = written(9)
    assert ana.book.merge()
    larger, *small = sorted(own_words(ana), key=lambda one: one.first - one.last)
    forged = words_segment(ana, notes("another history"), first=3, stream=larger.stream, prev=bytes(32))
    other = msgspec.structs.replace(small[2], digest=forged.sealed.digest[:16], end=forged.sealed.header.end)
    unknown = msgspec.structs.replace(small[2], digest=bytes(16))
    seen = msgspec.structs.replace(unknown, end=segments.parse(ana.book.read(small[2].path)).header.end)
    asked = [*small, larger, other, unknown, seen]
    assert ana.book.covers(larger, asked) == [True] * 8 + [False, False, False, False, True]
    assert ana.book.let_go(larger, [larger, small[8], other]) == 0
    path = ana.replica / larger.path.split("/", 1)[1]
    assert isinstance(ana.disk, MemoryDisk)
    data = ana.disk.files[path]
    ana.disk.files[path] = data[:-1]
    assert ana.book.let_go(larger, small) == 0, "what is remembered of a file is not what the disk has"
    ana.disk.files[path] = data
    assert ana.book.let_go(larger, small) == 8


def test_a_merged_file_that_rotted_is_not_handed_out() -> None:
    """Its bytes are compared with its name whenever it is to go out; damaged, it stands for the small ones no more."""
    ana, ben = written(9)
    ana.book.merge()
    [merged] = [one for one in own_words(ana) if one.last > one.first]
    assert isinstance(ana.disk, MemoryDisk)
    [path] = [path for path in ana.disk.files if str(path).endswith(merged.path.rpartition("/")[2])]
    ana.disk.files[path] = ana.disk.files[path][:-1] + bytes([ana.disk.files[path][-1] ^ 1])
    with pytest.raises(StoreError, match="damaged"):
        ana.book.read(merged.path)
    assert ranges(ana) == [(number, number) for number in range(1, 10)]
    ben.book.take([ana.book.read(one.path) for one in own_words(ana)])
    assert ben.texts() == ana.texts()
    assert ana.book.notices() == ()


def test_files_of_others_go_when_the_larger_one_is_durable() -> None:
    """A reader keeps the larger file alone; it reads the same, and whoever reads from it does too."""
    ana, ben, third = written(9, "ana", "ben", "ben phone")
    ben.take_from(ana)
    before = ben.ops()
    assert ana.book.merge()
    merged = max(own_words(ana), key=lambda one: one.last - one.first)
    [taken] = ben.book.take([ana.book.read(merged.path)])
    assert taken.verdict is Verdict.STORED
    assert taken.ops == 0
    assert ranges(ben, mine=False) == [(1, 9), (10, 10)]
    assert ben.ops() == before
    ben.reopen()
    assert ben.ops() == before
    assert ben.book.gaps() == []
    small = [ana.book.read(one.path) for one in own_words(ana) if one.last <= 9 and one is not merged]
    assert {one.verdict for one in ben.book.take(small)} == {Verdict.KNOWN}
    third.take_from(ben)
    assert third.ops() == before


def test_a_merge_wants_no_acknowledgement() -> None:
    """What comes in another file is nothing new: nobody tells that it holds it."""
    ana, ben = written(9)
    ben.take_from(ana)
    assert ben.book.acknowledge()
    assert ana.book.merge()
    ben.take_from(ana)
    assert not ben.book.acknowledge()
    ana.take_from(ben)
    fold(ana)
    assert ana.book.reached() or ana.book.acknowledged is None


def test_a_note_about_other_files_is_not_believed() -> None:
    """Files come and go, so one that fits by their number alone would let the clock run back."""
    ana, _ = written(10)
    assert ana.book.merge()
    fold(ana)
    ana.write("one more")
    assert isinstance(ana.disk, MemoryDisk)
    note, count = ana.disk.files[ana.state / "book.marks"], len(ana.book.held())
    for number in range(8):
        ana.write(f"more {number}")
    assert ana.book.merge()
    fold(ana)
    assert len(ana.book.held()) == count
    clock = ana.book.clock()
    ana.disk.files[ana.state / "book.marks"] = note
    assert ana.reopen().clock() == clock


def test_a_full_disk_takes_nothing_away() -> None:
    """A merge that cannot be stored leaves all as it was, and the next one works."""
    ana, _ = written(9)
    assert isinstance(ana.disk, MemoryDisk)
    inner, before = ana.disk, ana.ops()
    disk = CrashDisk(inner, fault="fail", number=errno.ENOSPC)
    ana.disk = disk
    ana.reopen()
    ana.book.refresh()
    disk.plant(1, "fail", number=errno.ENOSPC, is_lasting=True)
    with pytest.raises(StoreError):
        ana.book.merge()
    disk.restart(is_power_cut=False)
    assert ana.ops() == before
    assert ana.book.merge()
    assert ana.ops() == before


sizes = st.lists(
    st.tuples(st.sampled_from([1, 1, 2, 7, 8, 63, 64, 500]), st.sampled_from([1342, 2000, 300_000])), max_size=80
)


@given(sizes, st.booleans())
@settings(max_examples=200)
@example([(1, 1342)] * TIER, False)
def test_what_is_chosen_follows_the_rule(drawn: list[tuple[int, int]], is_closed: bool) -> None:
    """Rule 8: neighbours, none that is full, at least eight unless all is over, a tier more, within the size."""
    parts = parts_of(drawn)
    chosen = choose(parts, is_closed=is_closed)
    if not chosen:
        return
    assert len(chosen) > 1
    assert all(after.first == before.last + 1 for before, after in pairwise(chosen))
    assert all(part.size_bytes < FULL_BYTES for part in chosen)
    total = sum(part.size_bytes for part in chosen)
    assert total <= MERGED_BYTES
    if not is_closed and total + max(part.size_bytes for part in parts) <= MERGED_BYTES:
        assert len(chosen) >= TIER


@given(st.lists(st.sampled_from([1, 1, 1, 2, 3]), min_size=1, max_size=600))
@settings(max_examples=30)
def test_files_stay_few_whatever_is_written(counts: list[int]) -> None:
    """Rule 8: of n files written one by one fewer than n / 8 are merged ones, and at most 7 of each tier are left."""
    parts: list[Part] = []
    at = made = 0
    for number, count in enumerate(counts):
        digest = hashlib.sha256(b"%d" % number).digest()[:16]
        parts.append(Part(b"s" * 16, at + 1, at + count, digest, 1342))
        at += count
        while chosen := choose(parts):
            made += 1
            where = parts.index(chosen[0])
            digest = hashlib.sha256(b"merged %d" % made).digest()[:16]
            parts[where : where + len(chosen)] = [Part(b"s" * 16, chosen[0].first, chosen[-1].last, digest, 1342)]
    assert made <= len(counts) / TIER
    tiers = [merging._tier(part) for part in parts]
    assert all(tiers.count(tier) < 2 * TIER for tier in tiers)
    assert len(parts) <= 7 * (max(tiers) + 1) + 7


def test_who_holds_a_merged_file_is_known_from_what_they_told() -> None:
    """False until another device told that it holds the end of it; what only acknowledges waits for nobody."""
    ana, ben = written(9)
    ana.book.merge()
    [merged] = [one for one in own_words(ana) if one.last > one.first]
    ana.view()
    assert ana.book.is_elsewhere(merged) is False
    ben.take_from(ana)
    assert ben.book.acknowledge()
    ana.take_from(ben)
    ana.view()
    assert ana.book.is_elsewhere(merged) is True
    ben.view()
    assert all(ben.book.is_elsewhere(one) for one in own_words(ben)), "its words are acknowledgements alone"


def test_where_nobody_else_is_nobody_is_waited_for() -> None:
    """A book of one device says that no other could tell."""
    [ana] = pair("ana")
    for number in range(9):
        ana.write(f"word {number}")
    ana.book.merge()
    ana.view()
    assert {ana.book.is_elsewhere(one) for one in own_words(ana)} == {None}
