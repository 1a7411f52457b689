"""Who may see what, who may change it, and in which book it is written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.errors import StoreError
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk())
    yield made
    made.close()


@pytest.fixture
def single(tmp_path: Path) -> cj.Journal:
    """Return a journal of one."""
    return cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana", disk=MemoryDisk())


def test_kinds_have_their_own_audience(couple: Couple) -> None:
    """All are for both but the note, also a note about a shared entry; a word changes that."""
    ana, _ = couple
    bid = ana.add(cj.Bid("walk"))
    assert bid.audience == "shared"
    assert ana.add(cj.Note("x")).audience == "private"
    assert ana.add(cj.Note("about it"), refs={"about": bid}).audience == "private"
    assert ana.reply(bid, cj.Note("to it")).audience == "private"
    assert ana.add(cj.Note("for both"), audience="shared", refs={"about": bid}).audience == "shared"
    assert ana.add(cj.Bid("unsaid"), audience="private").audience == "private"


def test_what_is_about_a_private_entry_is_private(couple: Couple) -> None:
    """A step of a private goal is private; it cannot be shown to both before the goal is."""
    ana, _ = couple
    goal = ana.add(cj.Goal("a surprise", owner="mine"), audience="private")
    step = ana.step(goal, "activate")
    assert step.audience == "private"
    assert ana.entry(goal.id).state == "active"
    with pytest.raises(cj.InvalidEntryError, match="private"):
        ana.add(cj.Milestone("half"), audience="shared", refs={"part_of": goal})


def test_what_is_for_both_waits_for_the_book_of_both(single: cj.Journal) -> None:
    """Alone, what is for both waits, and so does what refers to it; what is private does not."""
    bid = single.add(cj.Goal("house"))
    assert bid.audience == "waiting"
    assert single.step(bid, "propose").audience == "waiting"
    assert single.add(cj.Note("x")).audience == "private"
    status = single.status()
    assert (status.waiting, status.private, status.shared) == (2, 1, 0)
    with pytest.raises(cj.InvalidEntryError, match="no shared journal"):
        single.share(bid)


def test_only_the_author_changes_an_entry(couple: Couple) -> None:
    """Nobody revises or retracts what the other wrote; a joint goal is revised by both, and retracted by its author."""
    ana, ben = couple
    bid, goal = ana.add(cj.Bid("walk")), ana.add(cj.Goal("house"))
    couple.sync()
    with pytest.raises(cj.NotYourEntryError):
        ben.revise(bid.id, cj.Bid("run"))
    with pytest.raises(cj.NotYourEntryError):
        ben.retract(goal.id)
    ben.revise(goal.id, cj.Goal("a small house"))
    couple.sync()
    assert ana.entry(goal.id).text == "a small house"
    ana.retract(goal)
    couple.sync()
    with pytest.raises(cj.NoSuchEntryError, match="retracted"):
        ben.entry(goal.id)


def test_two_revisions_at_once_are_both_kept(couple: Couple) -> None:
    """A joint entry that both revise offline shows the later one and keeps the other, the same for both."""
    ana, ben = couple
    goal = ana.add(cj.Goal("house"))
    couple.sync()
    ana.revise(goal, cj.Goal("house by the sea"))
    ben.revise(goal.id, cj.Goal("house in the hills"))
    couple.sync()
    one, two = ana.entry(goal.id), ben.entry(goal.id)
    assert one.content == two.content
    assert {one.text, *(content.text for content in one.conflict)} == {"house by the sea", "house in the hills"}
    ana.revise(goal, cj.Goal("house"))
    couple.sync()
    assert (ben.entry(goal.id).text, ben.entry(goal.id).conflict) == ("house", ())


def test_a_revision_goes_into_the_book_where_the_entry_stands(couple: Couple) -> None:
    """What was private and is shared by now is revised for both, by the old id and an old entry, too."""
    ana, ben = couple
    note = ana.add(cj.Note("draft"))
    shared = ana.share(note)
    assert shared.id != note.id
    assert (shared.audience, shared.happened_at, shared.text) == ("shared", note.happened_at, "draft")
    assert ana.entry(note.id) == shared
    ana.revise(note, cj.Note("final"))
    couple.sync()
    assert ben.entry(shared.id).text == "final"
    assert [entry.id for entry in ana.entries()] == [shared.id]
    with pytest.raises(cj.InvalidEntryError, match="shared already"):
        ana.share(note)
    about = ana.add(cj.Bid("more"), refs={"about": note})
    assert about.audience == "shared"
    assert about.refs == (cj.Ref("about", shared.id),)
    ana.retract(note.id[:12])
    couple.sync()
    assert list(ana.entries(kind="note")) == list(ben.entries(kind="note")) == []


def test_a_reply_to_an_entry_from_before_the_pairing_is_seen_by_both(tmp_path: Path) -> None:
    """An entry that one still holds from before it was shared leads to the shared one, and the answer is shared."""
    couple = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
    ana, ben = couple
    goal = ana.add(cj.Goal("house"))
    couple.pair(ana, ben, share_existing=True)
    step = ana.step(goal, "propose")
    assert step.audience == "shared"
    couple.sync()
    [seen] = ben.entries(kind="goal")
    assert (seen.state, ana.entry(goal.id).id) == ("proposed", seen.id)
    ben.step(seen, "agree")
    couple.sync()
    assert ana.entry(goal.id).state == "agreed"


def test_a_crash_while_sharing_one_entry_shares_it_once(couple: Couple) -> None:
    """Whatever call of the disk ends the program, the next start finishes what was begun; nothing is shared twice."""
    ana, ben = couple
    memory = ana.device.disk
    for at in range(1, 100, 2):
        disk = CrashDisk(memory)
        journal = cj.open(home=ana.home.config.parent, disk=disk, system=ana.device.system)
        journal.place.choose(str(couple.drive))
        note = journal.add(cj.Note(f"note {at}"))
        journal.view()
        disk.plant(at, "crash")
        try:
            journal.share(note)
        except CrashError:
            disk.restart()
            fresh = cj.open(home=ana.home.config.parent, disk=memory, system=ana.device.system)
            fresh.sync()
            ben.sync()
            shown = [entry.audience for entry in fresh.entries(text=f"note {at}") if entry.text == f"note {at}"]
            assert len(shown) == 1
            assert [entry.audience for entry in ben.entries() if entry.text == f"note {at}"] == (
                shown if shown == ["shared"] else []
            )
            continue
        return
    raise AssertionError("sharing never comes to its end")


def test_what_was_retracted_after_a_crash_is_not_shared(couple: Couple) -> None:
    """A share that a crash cut in two is not finished once its entry was retracted."""
    ana, ben = couple
    memory = ana.device.disk
    for at in range(1, 100, 2):
        disk = CrashDisk(memory)
        journal = cj.open(home=ana.home.config.parent, disk=disk, system=ana.device.system)
        note = journal.add(cj.Note("regretted"))
        journal.view()
        disk.plant(at, "crash")
        try:
            journal.share(note)
        except CrashError:
            disk.restart()
            fresh = cj.open(home=ana.home.config.parent, disk=memory, system=ana.device.system)
            fresh.retract(note.id)
            couple.sync()
            assert list(ben.entries(text="regretted")) == []
            continue
        return
    raise AssertionError("sharing never comes to its end")


def test_what_refers_to_a_private_entry_is_shared_after_it(couple: Couple) -> None:
    """One entry after the other: what it refers to goes first, and the reference follows."""
    ana, ben = couple
    goal = ana.add(cj.Goal("a surprise", owner="mine"), audience="private")
    step = ana.step(goal, "activate")
    with pytest.raises(cj.InvalidEntryError, match="still private"):
        ana.share(step)
    shared = ana.share(goal)
    moved = ana.share(step)
    assert moved.refs == (cj.Ref("about", shared.id),)
    couple.sync()
    assert ben.entry(shared.id).state == "active"


def test_steps_follow_the_lifecycle(couple: Couple) -> None:
    """Only what the lifecycle allows is offered and taken; the hint names it."""
    ana, ben = couple
    goal = ana.add(cj.Goal("house"))
    assert ana.view().steps_allowed(goal.id) == ("propose", "let-go")
    with pytest.raises(cj.InvalidEntryError) as caught:
        ana.step(goal, "resume")
    assert "propose, let-go" in caught.value.hint
    ana.step(goal, "propose")
    with pytest.raises(cj.InvalidEntryError):
        ana.step(goal, "agree")
    couple.sync()
    ben.step(goal.id, "agree")
    couple.sync()
    assert ana.entry(goal.id).state == "agreed"
    bid = ana.add(cj.Bid("walk"))
    couple.sync()
    with pytest.raises(cj.InvalidEntryError):
        ana.reply(bid, cj.Response.toward())
    with pytest.raises(cj.InvalidEntryError):
        ben.reply(goal.id, cj.Response.toward())
    ben.reply(bid.id, cj.Response.away())
    assert ben.entry(bid.id).state == "away"
    ben.step(bid.id, "second-chance")
    ben.reply(bid.id, cj.Response.toward("after all"))
    couple.sync()
    assert ana.entry(bid.id).state == "toward"


def test_a_full_disk_saves_nothing_half(couple: Couple) -> None:
    """A save that fails is one error, leaves no entry, and the next one works."""
    ana, ben = couple
    disk = CrashDisk(ana.device.disk)
    journal = cj.open(home=ana.home.config.parent, disk=disk, system=ana.device.system)
    journal.view()
    for at in range(1, 40):
        disk.plant(at, "fail", number=28, is_lasting=True)
        try:
            journal.add(cj.Bid("kept or not"))
        except StoreError:
            disk.restart(is_power_cut=False)
            assert list(journal.entries()) == []
            continue
        disk.restart(is_power_cut=False)
        break
    journal.add(cj.Bid("the next one"))
    ana.sync()
    ben.sync()
    assert [entry.text for entry in ben.entries()] == ["kept or not", "the next one"]


def test_threads_and_processes_write_at_once(tmp_path: Path) -> None:
    """Many threads of two processes that write, read, change and sync lose, repeat and raise nothing."""
    couple = pair(tmp_path)
    ana, ben = couple
    other = cj.open(home=ana.home.config.parent)
    errors: list[BaseException] = []

    def work(journal: cj.Journal, name: str) -> None:
        try:
            for number in range(6):
                entry = journal.add(cj.Bid(f"{name} {number}"))
                journal.revise(entry, cj.Bid(f"{name} {number} changed"))
                assert journal.entry(entry.id).text.endswith("changed")
                assert journal.devices
                journal.sync()
                journal.status()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(journal, f"{name}{at}"))
        for at in range(2)
        for journal, name in ((ana, "ana"), (other, "other"), (ben, "ben"))
    ]
    with ana.watching(lambda change: None), ben.watching(lambda change: list(ben.entries())):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert errors == []
    couple.sync()
    shown = [sorted((entry.id, entry.text) for entry in journal.entries()) for journal in (ana, other, ben)]
    assert shown[0] == shown[1] == shown[2]
    assert len(shown[0]) == 36


def test_nobody_makes_a_goal_of_both_the_goal_of_the_other(couple: Couple) -> None:
    """Either may revise a goal of both, but only its author can turn it into one of the author alone."""
    ana, ben = couple
    goal = ana.add(cj.Goal("a garden"))
    couple.sync()
    assert ben.revise(goal.id, cj.Goal("a small garden")).text == "a small garden"
    with pytest.raises(cj.NotYourEntryError):
        ben.revise(goal.id, cj.Goal("dig it", owner="mine"))
    couple.sync()
    assert ana.revise(goal.id, cj.Goal("mine then", owner="mine")).text == "mine then"


def test_an_entry_from_another_journal_is_not_ones_own_for_that(couple: Couple) -> None:
    """Whose entry it is, is asked of this journal, and not of the value that the other's journal handed out."""
    ana, ben = couple
    goal = ben.add(cj.Goal("swim", owner="mine"))
    couple.sync()
    for act in (
        lambda: ana.revise(goal, cj.Goal("run", owner="mine")),
        lambda: ana.retract(goal),
        lambda: ana.share(goal),
    ):
        with pytest.raises(cj.NotYourEntryError):
            act()
