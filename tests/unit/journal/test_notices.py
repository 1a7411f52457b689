"""What a person is told of forks, restored backups, gaps, silence and devices that shut this one out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.book.forging import keys_segment, notes, packed, words_segment

import couplejournal as cj
from couplejournal.book import Draft
from couplejournal.journal import notices
from couplejournal.journal.watching import Watch
from couplejournal.ops import domains, words
from couplejournal.seal import epochs, segments
from couplejournal.seal.keys import Root
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import meet
from couplejournal.testing.pairs import pair as members

DAY_S = 24 * 3600


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk())
    yield made
    made.close()


def files_of(journal: cj.Journal) -> dict[Path, bytes]:
    """Return what lies on a device's disk."""
    disk = journal.device.disk
    assert isinstance(disk, MemoryDisk)
    return disk.files


def messages(journal: cj.Journal) -> list[str]:
    """Return what is told."""
    return [notice.message for notice in journal.notices()]


def forked(couple: Couple) -> tuple[cj.Journal, cj.Journal]:
    """Let Ana's device be set back by a backup, and write before it syncs."""
    ana, ben = couple
    ana.add(cj.Note("one"), audience="shared")
    couple.sync()
    backup = dict(files_of(ana))
    ana.add(cj.Note("two"), audience="shared")
    couple.sync()
    files_of(ana).clear()
    files_of(ana).update(backup)
    ana = couple.restart(0)
    ana.add(cj.Note("another two"), audience="shared")
    couple.sync()
    return ana, ben


def test_a_couple_that_is_well_is_told_nothing(couple: Couple) -> None:
    """As long as all is as it should be there is nothing to know, alone or together."""
    ana, ben = couple
    ana.add(cj.Bid("Walk?"))
    couple.sync()
    assert ana.notices() == ben.notices() == ana.status().notices == ()


def test_a_fork_has_a_sentence_on_each_side(couple: Couple) -> None:
    """The other reads whose device wrote two histories and what to do; the device itself, that it was restored."""
    ana, ben = forked(couple)
    [theirs], [own] = ben.notices(), ana.notices()
    assert theirs.message == (
        "Ana's device wrote two histories: restored from a backup, copied, or its key is stolen"
    )  # fmt: skip
    assert "devices remove" in theirs.hint
    assert own.message == "this device was restored from a backup, or copied; it caught up, and nothing is lost"
    shared = ana.device.shared
    assert shared is not None
    assert {theirs.device, own.device} == {shared.own_key.hex()}
    assert theirs.since is not None
    assert ben.status().notices == (theirs,)
    for text in ("\n", "\x1b"):
        assert text not in theirs.message + theirs.hint + own.message + own.hint


def test_what_happened_once_is_not_told_for_ever(couple: Couple) -> None:
    """A fork and a restored backup are told for a month."""
    ana, ben = forked(couple)
    for days, is_told in ((29, True), (2, False)):
        for journal, system in zip(couple.journals, couple.systems, strict=True):
            system.advance(days * DAY_S)
            journal.add(cj.Note("a sign of life"), audience="shared")
        couple.sync()
        assert bool(ana.notices()) == bool(ben.notices()) == is_told


def test_a_device_has_the_name_that_it_gave(couple: Couple) -> None:
    """A device is named as its person named it, and a name cannot pass for a sentence of ours."""
    ana, ben = couple
    couple.pair(ana, couple.start("Ana", home="phone", device_name="phone\x1b[2J\nEVIL"), is_device=True)
    phone = couple.journals[2]
    shared = phone.device.shared
    assert shared is not None
    op = [op for op in shared.ops_after({}) if op.key == shared.own_key][-1]
    file = words_segment_of(phone, op.seq)
    ben_book = ben.device.shared
    assert ben_book is not None
    ben_book.take([file])
    [told] = ben.notices()
    assert told.message.startswith("Ana's device phone")


def words_segment_of(journal: cj.Journal, number: int) -> bytes:
    """Return a file of a device with another history from a number of its stream on."""
    shared = journal.device.shared
    assert shared is not None
    writer = shared._writer
    op = next(op for op in shared.ops_after({}) if op.key == shared.own_key and op.seq == number)
    before = [one for one in shared.ops_after({}) if one.stream == op.stream and one.seq == number - 1]
    prev = before[0].id if before else domains.first_link(shared.own_key, op.stream, segments.WORD_STREAM)
    epoch = writer.rotation.newest()
    assert epoch is not None
    key = writer.shelf.epochs.key_of(epoch.id)
    assert key is not None
    return segments.seal_words(
        writer.shelf.own, key, book=shared.id, stream=op.stream, epoch=epoch.id, first=number, prev=prev,
        ops=notes("another history"),
    ).sealed.data  # fmt: skip


def test_silence_is_told_after_two_weeks(couple: Couple) -> None:
    """Nothing from the other for a fortnight: the date of the last word, and what looks alike."""
    ana, ben = couple
    ben.add(cj.Note("his"), audience="shared")
    couple.sync()
    couple.systems[0].advance(14 * DAY_S)
    assert ana.notices() == ()
    couple.systems[0].advance(DAY_S)
    [told] = ana.notices()
    assert told.code == "silent"
    assert told.message.startswith("last heard from Ben on 2026-")
    assert told.device == ""
    couple.systems[1].advance(15 * DAY_S)
    couple.sync()  # a week without a word: his device gives a sign of life
    assert ana.notices() == ()


def test_a_clock_far_ahead_does_not_hide_silence(couple: Couple) -> None:
    """A word dated years ahead says nothing about when its device was last heard; that of another device does."""
    ana, ben = couple
    couple.pair(ben, couple.start("Ben", home="phone"), is_device=True)
    phone = couple.journals[2]
    couple.systems[1].advance(3000 * DAY_S)
    ben.add(cj.Note("from far ahead"), audience="shared")
    couple.sync()
    couple.systems[0].advance(15 * DAY_S)
    [told] = ana.notices()
    assert told.code == "silent"
    couple.systems[2].advance(15 * DAY_S)
    phone.add(cj.Note("his"), audience="shared")
    couple.sync()
    assert ana.notices() == ()


def test_who_is_alone_hears_of_no_silence(tmp_path: Path) -> None:
    """Without a partner there is nobody whose silence could be told."""
    couple = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
    couple.journals[0].add(cj.Note("mine"))
    couple.systems[0].advance(400 * DAY_S)
    assert couple.journals[0].notices() == ()
    couple.close()


def test_a_gap_is_told_as_long_as_it_is_there(couple: Couple) -> None:
    """What something waits for is told, by the device that wrote it."""
    ana, ben = couple
    for text in ("one", "two"):
        ana.add(cj.Note(text), audience="shared")
    shared, his = ana.device.shared, ben.device.shared
    assert shared is not None
    assert his is not None
    files = [shared.read(held.path) for held in shared.held() if held.is_mine and not held.is_key]
    his.take(files[-1:])
    assert messages(ben) == ["waiting for an entry of Ana's device"]
    his.take(files)
    assert ben.notices() == ()


def test_a_device_that_is_shut_out_says_by_whom() -> None:
    """An epoch that leaves a device out which an earlier one named, or gives it a false wrap, is told by its author."""
    for is_false in (True, False):
        ana, ben, phone = members("ana", "ben", "ana phone")
        ben.write("for all")
        meet([ana, ben, phone])
        key = b"p" * 32
        made = epochs.new_epoch(key, ben.own.id, {ana.own.id: ana.own.public.kem}, None)
        if is_false:  # in a stream of its own, where nothing was said before
            made.wraps.append((phone.own.id, bytes(1168)))
            ben.book.take([keys_segment(ben, packed(("epoch", made)), stream=b"P" * 16).sealed.data])
        else:
            ben.book._writer.append_keys([Draft("epoch", made)])
        [fact] = [fact for fact in ben.book.membership.epochs.values() if fact.commit == made.commit]
        said = words_segment(ben, notes("not for the phone"), epoch=fact.id, key=key)
        for member in (ana, phone):
            member.take_from(ben)
        assert phone.book.notices() == ()
        phone.book.tend()
        assert [(notice.code, notice.key) for notice in phone.book.notices()] == [("shut-out", ben.own.id)]
        assert ana.book.notices() == ()
        meet([ana, phone])
        phone.book.take([said.sealed.data])
        assert "not for the phone" in phone.texts(), "another device let it in"
        assert [notice.code for notice in phone.book.notices()] == ["shut-out"], "and that is told all the same"


def test_what_a_newcomer_waits_for_shuts_nobody_out() -> None:
    """Epochs from before one's time, asked for and not granted yet, are no sign of anything."""
    ana, ben = members("ana", "ben")
    key = b"p" * 32
    made = epochs.new_epoch(key, ben.own.id, {ben.own.id: ben.own.public.kem}, None)
    file = keys_segment(ben, packed(("epoch", made)), stream=b"P" * 16).sealed.data
    ana.book.take([file])
    ana.book.tend()
    assert ana.book.notices() == ()


def test_removals_that_do_not_come_are_told() -> None:
    """An epoch under one's own key that names a removal nobody shows is the sign of a withheld one, or of a copy."""
    ana, ben = members("ana", "ben")
    made = epochs.new_epoch(b"p" * 32, ana.own.id, {}, None, [(b"r" * 16, 1, b"L" * 32)])
    file = keys_segment(ana, packed(("epoch", made)), stream=b"P" * 16).sealed.data
    ana.book.take([file])
    assert "withheld-removal" in {notice.code for notice in ana.book.notices()}
    assert ana.write("goes on").word == "write"
    ben.book.take([file])
    assert "withheld-removal" not in {notice.code for notice in ben.book.notices()}


def test_each_code_has_a_sentence() -> None:
    """Every code that a book may use is worded, in one line."""
    codes = {"forked", "restored-or-copied", "named-unknown", "withheld-removal", "shut-out", "gap", "cut", "claimed"}
    assert set(notices._SENTENCES) == codes
    for sentence, hint in notices._SENTENCES.values():
        assert "\n" not in sentence.format(device="Ben's device") + hint


def test_a_watcher_misses_nothing_of_a_fork(couple: Couple) -> None:
    """Whoever listens hears every word of both branches, some of them twice, across a restart."""
    ana, ben = couple
    heard: list[str] = []

    def tell(change: cj.Change) -> None:
        if not isinstance(change, cj.Retracted):
            heard.append(change.entry.text)

    ana.add(cj.Note("one"), audience="shared")
    couple.sync()
    watch = Watch(ben, tell, after=cj.BEGINNING)
    watch.look()
    assert heard == ["one"]
    at = ben.arrivals.cursor(ben.arrivals.count)
    ana, ben = forked(couple)
    watch.look()
    assert set(heard) == {"one", "two", "another two"}
    again: list[str] = []
    ben = couple.restart(1)
    Watch(ben, lambda change: again.append(getattr(change, "entry", change).text), after=at).look()  # type: ignore[union-attr]
    assert {"two", "another two"} <= set(again)
    Watch(ben, lambda change: again.append("more"), after=ben.arrivals.cursor(ben.arrivals.count)).look()
    assert "more" not in again


def test_a_device_that_was_removed_keeps_what_is_meant_for_both(couple: Couple) -> None:
    """What it is given waits in its own book, is shown as waiting, and nothing goes out; it goes on reading."""
    ana, _ = couple
    couple.pair(ana, couple.start("Ana", home="phone"), is_device=True)
    phone = couple.journals[2]
    shared, gone = ana.device.shared, phone.device.shared
    assert shared is not None
    assert gone is not None
    seed = ana.device.secrets.root_seed
    assert seed is not None
    shared.remove([gone.own_key], Root(seed))
    couple.sync()
    assert not gone.is_live()
    before = len(gone.held())
    entry = phone.add(cj.Note("for both"), audience="shared")
    assert entry.audience == "waiting"
    assert phone.entry(entry.id).audience == "waiting"
    phone.sync()
    assert len(gone.held()) == before
    assert phone.add(cj.Note("mine"), audience="private").audience == "private"
    with pytest.raises(cj.StoreError, match="no longer belongs"):
        gone.append([Draft("profile", words.Profile("x", "y"))])


def test_a_home_that_was_renamed_goes_on_where_it_was(tmp_path: Path) -> None:
    """One folder for all, given another name on the same machine, is the same device; on another it is a copy."""
    streams = []
    machine = FakeSystem("this one")
    cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "one", system=machine).close()
    for name, system in (("one", machine), ("two", machine), ("three", machine), ("four", FakeSystem("another"))):
        if not (tmp_path / name).exists():
            next(tmp_path.iterdir()).rename(tmp_path / name)
        with cj.open(home=tmp_path / name, system=system) as journal:
            journal.add(cj.Note(name))
            private = journal.device.private
            streams.append(max(private.ops_after({}), key=lambda op: op.clock).stream)
            assert journal.notices() == ()
    assert len(set(streams[:3])) == 1
    assert streams[3] not in streams[:3]
