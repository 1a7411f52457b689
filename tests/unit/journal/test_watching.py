"""Changes as they come: in order, each once, over restarts and processes, and told outside every lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.errors import StoreError
from couplejournal.journal.watching import Watch
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import CrashDisk, MemoryDisk

PATIENCE_S = 10.0


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk())
    yield made
    made.close()


def watch_of(journal: cj.Journal, got: list[cj.Change], *, after: str | None = None) -> Watch:
    """Return a watch that is looked through by hand."""
    return Watch(journal, got.append, after=after)


def texts(changes: list[cj.Change]) -> list[str]:
    """Return what changed, in short."""
    return [
        change.entry_id[:4] if isinstance(change, cj.Retracted) else f"{type(change).__name__} {change.entry.text}"
        for change in changes
    ]


def until(is_true: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    limit = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < limit
        time.sleep(0.002)


def again(journal: cj.Journal) -> cj.Journal:
    """Open the same journal as another process would."""
    return cj.open(home=journal.home.config.parent, disk=journal.device.disk, system=journal.device.system)


def test_own_changes_and_the_others_are_told_once_and_in_order(couple: Couple) -> None:
    """Additions, revisions and retractions of both come in the order of arrival, each once."""
    ana, ben = couple
    got: list[cj.Change] = []
    watch = watch_of(ana, got)
    bid = ana.add(cj.Bid("walk"))
    ana.add(cj.Note("mine"))
    couple.sync()
    ben.reply(bid.id, cj.Response.toward("yes"))
    couple.sync()
    ana.revise(bid, cj.Bid("a long walk"))
    ana.retract(bid)
    watch.look()
    watch.look()
    assert texts(got) == ["Added mine", "Added yes", bid.id[:4]] or texts(got)[-1] == bid.id[:4]
    assert {type(change) for change in got} <= {cj.Added, cj.Revised, cj.Retracted}
    [gone] = [change for change in got if isinstance(change, cj.Retracted)]
    assert (gone.entry_id, gone.kind) == (bid.id, "bid")
    assert len({change.cursor for change in got}) == len(got)


def test_each_change_is_told_as_it_comes(couple: Couple) -> None:
    """Looked at one by one, a write is Added, a revision Revised, a retraction Retracted."""
    ana, ben = couple
    got: list[cj.Change] = []
    watch = watch_of(ben, got)
    bid = ana.add(cj.Bid("walk"))
    for act in (lambda: None, lambda: ana.revise(bid, cj.Bid("run")), lambda: ana.retract(bid)):
        act()
        couple.sync()
        watch.look()
    assert texts(got) == ["Added walk", "Revised run", bid.id[:4]]


def test_a_cursor_survives_a_restart(couple: Couple) -> None:
    """Who goes on at the cursor of any change gets exactly what came after it, in whatever process."""
    ana, ben = couple
    for number in range(3):
        ana.add(cj.Note(f"own {number}"))
        ben.add(cj.Bid(f"other {number}"))
        couple.sync()
    every: list[cj.Change] = []
    watch_of(ana, every, after=cj.BEGINNING).look()
    assert len(every) == 6
    for at, change in enumerate(every):
        rest: list[cj.Change] = []
        watch_of(again(ana), rest, after=change.cursor).look()
        assert rest == every[at + 1 :]


def test_several_processes_tell_the_same_order(couple: Couple) -> None:
    """Whoever looks first settles the order of arrival; the others tell the same, with the same cursors."""
    ana, ben = couple
    other = again(ana)
    one: list[cj.Change] = []
    two: list[cj.Change] = []
    watches = [watch_of(ana, one, after=cj.BEGINNING), watch_of(other, two, after=cj.BEGINNING)]
    for number in range(4):
        (ana if number % 2 else other).add(cj.Note(f"note {number}"))
        ben.add(cj.Bid(f"bid {number}"))
        ben.sync()
        watches[number % 2].look()
    for watch in watches:
        watch.look()
    assert texts(one) == texts(two)
    assert [change.cursor for change in one] == [change.cursor for change in two]
    assert len(one) == 8


def test_what_another_process_wrote_is_told_without_a_drive(tmp_path: Path) -> None:
    """Private entries that another process of this device saved are told, too."""
    journal = cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path, disk=MemoryDisk())
    got: list[cj.Change] = []
    watch = watch_of(journal, got)
    again(journal).add(cj.Note("elsewhere"))
    assert watch.look()
    assert texts(got) == ["Added elsewhere"]


@pytest.mark.parametrize("cursor", ["1", "x", "", "0-", "ff-1", "{id}-999", "{id}--1", "{id}-" + "9" * 5000])
def test_a_cursor_of_elsewhere_is_refused(couple: Couple, cursor: str) -> None:
    """A cursor that is none of this device's is an error at once, not when the first change comes."""
    ana, _ = couple
    watch_of(ana, [])
    with pytest.raises(cj.InvalidEntryError):
        ana.watch(after=cursor.format(id=ana.arrivals.id))


def test_a_torn_file_of_arrivals_loses_only_its_end(couple: Couple) -> None:
    """After a power cut a half-written record is cut off; what it said is put in its place anew."""
    ana, _ = couple
    got: list[cj.Change] = []
    ana.add(cj.Note("one"))
    watch_of(ana, got, after=cj.BEGINNING).look()
    path, disk = ana.home.state_file("arrivals"), ana.device.disk
    disk.append(path, b"torn", durable=True)
    ana.add(cj.Note("two"))
    rest: list[cj.Change] = []
    watch_of(again(ana), rest, after=got[-1].cursor).look()
    assert texts(rest) == ["Added two"]


def test_an_entry_that_became_shared_is_told_as_revised(tmp_path: Path) -> None:
    """What waited and was shared is told once as Added and once, with its new id, as Revised."""
    couple = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
    ana, ben = couple
    got: list[cj.Change] = []
    watch = watch_of(ana, got)
    old = ana.add(cj.Bid("before you"))
    watch.look()
    couple.pair(ana, ben, share_existing=True)
    watch.look()
    assert texts(got) == ["Added before you", "Revised before you"]
    added, revised = got
    assert isinstance(added, cj.Added)
    assert isinstance(revised, cj.Revised)
    assert (added.entry.audience, revised.entry.audience) == ("waiting", "shared")
    assert ana.entry(old.id).id == revised.entry.id
    anew: list[cj.Change] = []
    watch_of(ana, anew, after=cj.BEGINNING).look()
    assert {change.entry.id for change in anew if isinstance(change, cj.Added)} == {revised.entry.id}


def test_a_retraction_by_another_is_no_retraction(couple: Couple) -> None:
    """A partner's program that retracts what is not its own hides nothing, so nothing is told."""
    from couplejournal.book import Draft
    from couplejournal.ops import words

    ana, ben = couple
    got: list[cj.Change] = []
    bid = ana.add(cj.Bid("walk"))
    couple.sync()
    watch = watch_of(ana, got)
    assert ben.device.shared is not None
    entry = bytes.fromhex(bid.id)
    ben.device.shared.append([Draft("retract", words.Retract(entry=entry, after=[entry]))])
    couple.sync()
    watch.look()
    assert got == []
    assert ana.entry(bid.id).text == "walk"


def test_a_callback_may_use_the_journal_and_may_fail(couple: Couple) -> None:
    """A callback writes, reads and syncs; one that raises is reported, as is a report that raises, and all goes on."""
    ana, ben = couple
    got: list[str] = []
    errors: list[Exception] = []

    def reply(change: cj.Change) -> None:
        assert isinstance(change, cj.Added)
        got.append(change.entry.text)
        if change.entry.kind == "bid":
            ana.reply(change.entry, cj.Response.toward("yes"))
            ana.sync(deadline_s=1)
            list(ana.entries())
            raise RuntimeError("planted")

    def report(error: Exception) -> None:
        errors.append(error)
        raise ValueError("a report that fails")

    with ana.watching(reply, on_error=report):
        for number in range(3):
            ben.add(cj.Bid(f"bid {number}"))
        ben.sync()
        until(lambda: got.count("yes") == 3)
    assert sorted(got) == ["bid 0", "bid 1", "bid 2", "yes", "yes", "yes"]
    assert [str(error) for error in errors] == ["planted"] * 3


def test_an_error_is_reported_without_its_words(couple: Couple, caplog: pytest.LogCaptureFixture) -> None:
    """Without on_error a failing callback is one line in the log, with the error's kind and none of its text."""
    ana, _ = couple

    def fail(change: cj.Change) -> None:
        raise RuntimeError("a secret text")

    with ana.watching(fail):
        ana.add(cj.Note("x"))
        until(lambda: bool(caplog.records))
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_watch_yields_from_the_call_on(couple: Couple) -> None:
    """What is saved between the call of watch and the first next is told; the end comes with stop or close."""
    ana, _ = couple
    stop = threading.Event()
    changes = ana.watch(stop=stop)
    entry = ana.add(cj.Note("between"))
    first = next(changes)
    assert isinstance(first, cj.Added)
    assert first.entry.id == entry.id
    stop.set()
    assert list(changes) == []
    ana.add(cj.Note("later"))
    for change in ana.watch(after=first.cursor):
        assert isinstance(change, cj.Added)
        assert change.entry.text == "later"
        ana.close()


def test_a_callback_may_end_the_watch(couple: Couple) -> None:
    """Closing the journal from a callback ends it: no further change is told."""
    ana, _ = couple
    got: list[cj.Change] = []

    def close(change: cj.Change) -> None:
        got.append(change)
        ana.close()

    for number in range(3):
        ana.add(cj.Note(str(number)))
    with ana.watching(close, after=cj.BEGINNING):
        until(lambda: bool(got))
    assert len(got) == 1


def test_a_failing_disk_ends_no_watch(couple: Couple) -> None:
    """While the disk fails nothing is told and nothing is passed over; afterwards all of it is told."""
    ana, _ = couple
    got: list[cj.Change] = []
    disk = CrashDisk(ana.device.disk)
    journal = cj.open(home=ana.home.config.parent, disk=disk, system=ana.device.system)
    watch = watch_of(journal, got)
    for number in range(3):
        ana.add(cj.Note(str(number)))
    disk.plant(1, "fail", is_lasting=True)
    for _ in range(3):
        with pytest.raises(StoreError):
            watch.look()
    disk.restart(is_power_cut=False)
    watch.look()
    assert texts(got) == ["Added 0", "Added 1", "Added 2"]
