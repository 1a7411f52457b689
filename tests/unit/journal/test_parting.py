"""Leaving and pausing: one person's own decision, at once, and nothing of anybody's is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.book import Book, Draft
from couplejournal.drive.interface import DriveMissingError, Listing, Place
from couplejournal.errors import StoreError
from couplejournal.journal import Journal
from couplejournal.journal.watching import Watch
from couplejournal.model.change import Added, Change
from couplejournal.ops import words
from couplejournal.seal.keys import Root
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk
from couplejournal.testing.pairs import note

DAY_S = 86_400


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal with an entry of each, and have a private one each."""
    made = pair(tmp_path, disk=lambda _: CrashDisk(MemoryDisk()))
    for journal, name in zip(made, ("Ana", "Ben"), strict=True):
        journal.add(cj.Bid(f"{name} shares"))
        journal.add(cj.Note(f"{name} alone"))
    made.sync()
    yield made
    made.close()


class Nowhere:
    """A folder that is away."""

    def probe(self) -> Place:
        raise DriveMissingError("away")

    def list(self) -> Listing:
        raise DriveMissingError("away")

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        raise DriveMissingError("away")

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        raise DriveMissingError("away")

    def remove(self, path: str) -> None:
        raise DriveMissingError("away")


def texts(journal: Journal, *, audience: str = "shared") -> list[str]:
    """Return the texts of what an audience reads, sorted."""
    return sorted(entry.text for entry in journal.entries(audience=audience))


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file of a folder with its bytes and its time."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def states(journal: Journal) -> list[tuple[str, str]]:
    """Return who ended each earlier journal, and how this device stands with it."""
    return [(one.ended_by, one.state) for one in journal.status().parted]


def is_open(journal: Journal) -> bool:
    """Return whether a shared book stands open."""
    return journal.device.shared is not None


def book_of(journal: Journal) -> Book:
    """Return the shared book."""
    assert journal.device.shared is not None
    return journal.device.shared


def test_leaving_needs_neither_the_other_nor_the_folder(couple: Couple, tmp_path: Path) -> None:
    """One leaves offline: at once the book is an earlier one, all is readable, and what is new is private."""
    ana, ben = couple
    couple.drive.rename(tmp_path / "away")
    told = ana.parting.leave()
    assert (told.partner, told.shared, told.mine, told.is_ended) == ("Ben", 2, 1, False)
    assert (ana.device.shared, ana.is_shared, ana.partner_name) == (None, False, "")
    assert texts(ana) == ["Ana shares", "Ben shares"]
    assert all(entry.is_earlier for entry in ana.entries(audience="shared"))
    assert ana.add(cj.Bid("after")).audience == "waiting"
    assert ana.sync().drive == "missing"
    assert states(ana) == [("me", "handing over")]
    (tmp_path / "away").rename(couple.drive)
    couple.sync()
    assert states(ana) == [("me", "stopped")]
    assert states(ben) == [("other", "syncing")]
    assert texts(ben) == ["Ana shares", "Ben shares"]
    assert ben.add(cj.Bid("after")).audience == "waiting"
    assert ben.add(cj.Note("mine")).audience == "private"


def test_leaving_is_asked_about_before(couple: Couple) -> None:
    """What leaving means can be asked without doing it; without anything to leave both are refused."""
    ana, _ = couple
    ana.add(cj.Bid("on its way"))
    outlook = ana.parting.outlook()
    assert (outlook.shared, outlook.mine, outlook.alone, outlook.waiting, outlook.outbox) == (3, 2, 1, 0, 1)
    assert ana.is_shared
    assert ana.parting.leave() == outlook
    couple.sync()
    for act in (ana.parting.outlook, ana.parting.leave):
        with pytest.raises(cj.PairingError, match="nothing to leave"):
            act()


def test_what_was_written_before_is_still_handed_over(couple: Couple) -> None:
    """Words that had not reached the folder when their author left reach the other."""
    ana, ben = couple
    ana.add(cj.Bid("the last one"))
    ana.parting.leave()
    couple.sync()
    assert "the last one" in texts(ben)


def test_who_left_reads_and_writes_nothing_there_any_more(couple: Couple) -> None:
    """After its outbox is handed over the device takes nothing from the folder, and puts nothing there."""
    ana, ben = couple
    ana.parting.leave()
    couple.sync()
    forced(ben, "what a program without manners writes")
    couple.sync()
    assert "what a program without manners writes" in texts(ben)
    before = tree(couple.drive)
    for file in list(couple.drive.rglob("*.seg")):
        file.unlink()
    left = tree(couple.drive)
    for _ in range(3):
        couple.systems[0].advance(2 * DAY_S)
        ana.sync()
    assert tree(couple.drive) == left != before
    assert texts(ana) == ["Ana shares", "Ben shares"]


def forced(journal: Journal, text: str) -> None:
    """Write into an earlier book, as no honest program does."""
    [book] = journal.device.parted
    book._writer.append([note(text)])


def test_an_ended_book_is_written_by_nobody(couple: Couple) -> None:
    """M20: revising, retracting, answering and even appending are refused in an ended book; nothing of it changes."""
    ana, ben = couple
    mine, theirs = (next(ana.entries(text=text)) for text in ("Ana shares", "Ben shares"))
    ana.parting.leave()
    couple.sync()
    for journal in (ana, ben):
        [book] = journal.device.parted
        before = book.heads()
        with pytest.raises(cj.NoSuchEntryError, match="earlier journal"):
            journal.revise(mine if journal is ana else theirs, cj.Bid("another text"))
        with pytest.raises(cj.NoSuchEntryError, match="earlier journal"):
            journal.retract(mine if journal is ana else theirs)
        with pytest.raises(cj.InvalidEntryError, match="earlier journal"):
            journal.reply(theirs if journal is ana else mine, cj.Response.toward("late"))
        with pytest.raises(StoreError, match="ended"):
            book.append([note("late")])
        assert not book.acknowledge()
        assert book.heads() == before
    answer = ana.reply(theirs, cj.Response.toward("to myself"), audience="private")
    assert [entry.id for entry in ana.view().thread(theirs.id)] == [theirs.id, answer.id]


def test_both_leave_and_each_stops(couple: Couple) -> None:
    """The other sees that the sharing has ended, and lets this device stop by leaving, too."""
    ana, ben = couple
    ana.parting.leave()
    couple.sync()
    assert ben.parting.outlook().is_ended
    ben.parting.leave()
    couple.sync()
    assert (states(ana), states(ben)) == ([("me", "stopped")], [("both", "stopped")])
    before = tree(couple.drive)
    couple.sync()
    assert tree(couple.drive) == before


def test_words_of_a_device_that_has_not_heard_are_read(couple: Couple) -> None:
    """What a third device wrote before it heard of the end is kept, and read by whoever still syncs."""
    ana, ben = couple
    phone = couple.start("Ben", home="phone")
    couple.pair(ben, phone, is_device=True)
    ana.parting.leave()
    ana.sync()
    phone.add(cj.Bid("not heard yet"))
    couple.sync()
    assert "not heard yet" in texts(ben)
    assert (phone.device.shared, phone.add(cj.Bid("heard")).audience) == (None, "waiting")
    assert states(phone) == [("other", "syncing")]
    ben.parting.leave()
    couple.sync()
    assert states(phone) == [("both", "syncing")]
    phone.parting.leave()
    couple.sync()
    assert states(phone) == [("both", "stopped")]


def test_an_own_device_shows_what_another_ended(couple: Couple) -> None:
    """Where a person left on one device, the other one ends too, goes on syncing, and stops when told there."""
    ana, _ = couple
    phone = couple.start("Ana", home="phone")
    couple.pair(ana, phone, is_device=True)
    ana.parting.leave()
    couple.sync()
    assert (states(ana), states(phone)) == ([("me", "stopped")], [("me", "syncing")])
    phone.parting.leave()
    couple.sync()
    assert states(phone) == [("me", "stopped")]


def test_an_end_past_a_removal_does_not_count(couple: Couple) -> None:
    """M19: where a stolen device said it, its removal opens the book again; what waited meanwhile goes on waiting."""
    ana, ben = couple
    phone = couple.start("Ana", home="phone")
    couple.pair(ana, phone, is_device=True)
    book, stolen = book_of(ana), book_of(phone)
    own = {held.stream for held in stolen.held() if held.is_mine}
    pins = [head for head in book.places() if head[0] in own]
    phone.parting.leave()
    couple.sync()
    assert [is_open(journal) for journal in (ana, ben)] == [False, False]
    assert ana.add(cj.Bid("meanwhile")).audience == "waiting"
    seed = ana.device.secrets.root_seed
    assert seed is not None
    book.remove([stolen.own_key], Root(seed), {stolen.own_key: pins})
    couple.sync()
    assert [is_open(journal) for journal in (ana, ben)] == [True, True]
    assert ana.add(cj.Bid("open again")).audience == "shared"
    couple.sync()
    assert "open again" in texts(ben)
    assert texts(ana, audience="waiting") == ["meanwhile"]
    assert states(phone) == [("me", "stopped")]


def test_nobody_takes_anything_from_the_other(couple: Couple) -> None:
    """Whatever who left writes, forges or deletes, the other's entries, keys and private book stay as they are."""
    ana, ben = couple
    [book] = [book_of(ana)]
    keys = {key.id: key.is_live for key in book.membership.keys.values()}
    pins = [(stream, 0, link) for stream, _, link in book_of(ben).places()]
    theirs = book_of(ben)
    forgery = words.Remove([(book.own_key, pins)])
    theirs._writer.append_keys([Draft("remove", forgery)])
    theirs._writer.append([Draft("retract", words.Retract(entry=bytes.fromhex(own_id(ana)), after=[]))])
    ben.parting.leave()
    couple.sync()
    for path in list(couple.drive.rglob("*")):
        if path.is_file():
            path.unlink()
    couple.sync()
    assert texts(ana) == ["Ana shares", "Ben shares"]
    assert texts(ana, audience="private") == ["Ana alone"]
    assert {key.id: key.is_live for key in ana.device.parted[0].membership.keys.values()} == keys
    couple.restart(0)
    assert texts(couple.journals[0]) == ["Ana shares", "Ben shares"]
    assert couple.journals[0].add(cj.Note("still mine")).text == "still mine"


def own_id(journal: Journal) -> str:
    """Return the id of the shared entry of one's own."""
    return next(entry.id for entry in journal.entries(audience="shared") if entry.is_mine)


def test_a_crash_while_leaving_is_completed(couple: Couple) -> None:
    """M21: at whatever call the program ends, the device has left or not, and in the end says so to the other."""
    ana, ben = couple
    disk = ana.device.disk
    assert isinstance(disk, CrashDisk)
    assert isinstance(disk.inner, MemoryDisk)
    files, folders = dict(disk.inner.files), set(disk.inner.folders)
    is_over = has_left = False
    for at in range(1, 160, 3):
        disk.inner.files, disk.inner.folders = dict(files), set(folders)
        ana = couple.restart(0)
        ana.parting.outlook()  # everything is read before the first call that counts
        disk.plant(at, "crash after")
        try:
            ana.parting.leave()
            is_over = True
        except CrashError:
            disk.restart()
        disk.restart(is_power_cut=False)
        ana = couple.restart(0)
        has_left = ana.device.shared is None
        ana.place.use(Nowhere())
        ana.sync()
        assert ana.device.book(ana.device.secrets.books[1].book).is_ended() == has_left
        if is_over:
            break
    assert is_over
    assert has_left
    couple.restart(0)
    couple.sync()
    assert ben.device.shared is None


def test_a_full_disk_does_not_undo_leaving(couple: Couple) -> None:
    """Where the word cannot be written the device has left all the same, and says so as soon as there is room."""
    ana, ben = couple
    disk = ana.device.disk
    assert isinstance(disk, CrashDisk)
    ana.view()
    for at in range(1, 30):
        disk.plant(at, "fail", number=28, is_lasting=True)
        with pytest.raises(StoreError):
            ana.parting.leave()
        disk.restart(is_power_cut=False)
        if ana.device.shared is None:
            break
    assert ana.device.shared is None
    assert not ana.device.parted[0].is_ended()
    couple.sync()
    assert ben.device.shared is None


def test_pausing_is_silent(couple: Couple) -> None:
    """While one is paused not a byte, a name or a time changes in the folder, and reading and writing go on."""
    ana, ben = couple
    ana.parting.pause()
    before = tree(couple.drive)
    ana.add(cj.Bid("in the pause"))
    ben.add(cj.Bid("meanwhile"))
    for deadline_s in (None, 0.3, None):
        report = ana.sync(deadline_s=deadline_s)
        assert (report.drive, report.exit_code, len(report.problems)) == ("paused", 0, 1)
        couple.systems[0].advance(8 * DAY_S)
    with pytest.raises(cj.DriveError, match="paused"):
        ana.pairing.invite(device=True)
    with pytest.raises(cj.DriveError, match="paused"):
        ana.place.choose(str(couple.drive))
    assert tree(couple.drive) == before
    assert couple.restart(0).status().is_paused
    ana = couple.journals[0]
    ana.parting.resume()
    couple.sync()
    assert texts(ana) == texts(ben) == ["Ana shares", "Ben shares", "in the pause", "meanwhile"]


def test_leaving_while_paused_waits_for_the_folder(couple: Couple) -> None:
    """Who leaves while paused has left; the other hears of it when the pause is over."""
    ana, ben = couple
    ana.parting.pause()
    ana.parting.leave()
    ana.sync()
    ben.sync()
    assert (ana.device.shared, ben.is_shared) == (None, True)
    ana.parting.resume()
    couple.sync()
    assert not ben.is_shared


def test_a_watch_rests_and_goes_on(couple: Couple) -> None:
    """Who watches while paused is told own entries alone, and what came meanwhile once the pause is over."""
    ana, ben = couple
    told: list[str] = []

    def tell(change: Change) -> None:
        assert isinstance(change, Added)
        told.append(change.entry.text)

    watch = Watch(ana, tell, after=None)
    ana.parting.pause()
    ben.add(cj.Bid("meanwhile"))
    ben.sync()
    ana.add(cj.Bid("mine"))
    watch.look()
    assert told == ["mine"]
    ana.parting.resume()
    watch.look()
    assert told == ["mine", "meanwhile"]


def test_a_watch_tells_of_earlier_journals_too(couple: Couple) -> None:
    """What comes late into a journal that has ended is told to whoever still syncs it, marked as what it is."""
    ana, ben = couple
    told: list[tuple[str, bool]] = []

    def tell(change: Change) -> None:
        assert isinstance(change, Added)
        told.append((change.entry.text, change.entry.is_earlier))

    ben.add(cj.Bid("on its way"))
    watch = Watch(ana, tell, after=None)
    ben.parting.leave()
    ben.sync()
    watch.look()
    assert told == [("on its way", True)]
