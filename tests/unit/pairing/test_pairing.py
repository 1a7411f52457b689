"""Pairing without an enemy: slow folders, restarts, processes, a second device, what is shared at the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim, FaultyDrive


@pytest.fixture
def singles(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, each with a journal of one, before one folder."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
    yield made
    made.close()


def again(journal: cj.Journal) -> cj.Journal:
    """Open the same journal as another process would."""
    fresh = cj.open(home=journal.home.config.parent, disk=journal.device.disk, system=journal.device.system)
    fresh.place.use(journal.place.drive())
    return fresh


def meet(couple: Couple) -> tuple[cj.Invitation, cj.Joining]:
    """Return an invite and its joining, with the same six words on both screens."""
    ana, ben = couple.journals[:2]
    invitation = ana.pairing.invite()
    ben.pairing.join(" ".join(invitation.words))
    couple.sync()
    joining = ben.pairing.current
    assert isinstance(joining, cj.Joining)
    assert invitation.check_words == joining.check_words
    return invitation, joining


def books_of(journal: cj.Journal) -> list[str]:
    """Return the roles of a device's books, as another process reads them."""
    return [secret.role for secret in again(journal).device.secrets.books]


def pairing_files(couple: Couple) -> list[str]:
    """Return the names of the pairing files in the folder."""
    return [path.name for path in (couple.drive / "invites").glob("*")]


def test_names_and_states_on_the_way(singles: Couple) -> None:
    """Each side says who the other is and where it stands, from the words to the end."""
    invitation, joining = meet(singles)
    ana, ben = singles
    assert (invitation.joiner_name, joining.inviter_name) == ("Ben", "Ana")
    assert (invitation.purpose, joining.purpose, joining.state) == ("partner", "partner", "offered")
    joining.confirm()
    joining.confirm()
    assert joining.state == "confirmed"
    invitation.accept()
    invitation.accept()
    singles.sync()
    joining.refresh()
    assert joining.state == "done"
    assert (ana.pairing.current, ben.pairing.current) == (None, None)
    assert pairing_files(singles) == []
    assert books_of(ana) == books_of(ben) == ["private", "shared"]
    with pytest.raises(cj.PairingError):
        joining.cancel()
    with pytest.raises(cj.PairingError):
        invitation.cancel()


def test_two_processes_accept_at_once(singles: Couple) -> None:
    """However many threads and processes accept and join at once, one book is founded and taken."""
    invitation, joining = meet(singles)
    ana, ben = singles
    joining.confirm()
    others = [again(ana).pairing.current for _ in range(3)]
    errors: list[BaseException] = []

    def work(one: object) -> None:
        try:
            assert isinstance(one, cj.Invitation | cj.Joining)
            if isinstance(one, cj.Invitation):
                one.accept()
            else:
                one.refresh()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    for group in ([invitation, *others], [joining, *(again(ben).pairing.current for _ in range(3))]):
        threads = [threading.Thread(target=work, args=(one,)) for one in group]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        singles.sync()
    assert errors == []
    assert books_of(ana) == books_of(ben) == ["private", "shared"]
    assert len(list(singles.drive.glob("*/book.cj"))) == 1


def test_a_stale_object_founds_no_second_book(singles: Couple) -> None:
    """An invite that another process accepted is done, for whoever still holds an old object of it."""
    invitation, joining = meet(singles)
    ana, ben = singles
    stale = again(ana).pairing.current
    assert isinstance(stale, cj.Invitation)
    joining.confirm()
    invitation.accept()
    singles.sync()
    stale.accept()
    with pytest.raises(cj.PairingError, match="accepted already"):
        stale.cancel()
    singles.sync()
    assert books_of(ana) == books_of(ben) == ["private", "shared"]


def test_the_yes_of_either_may_come_first(singles: Couple) -> None:
    """The inviter may found before the joiner has said yes; the joiner takes the book afterwards."""
    invitation, joining = meet(singles)
    invitation.accept()
    singles.sync()
    assert joining.state == "offered"
    joining.confirm()
    singles.sync()
    assert singles.journals[1].view().partner is not None


def test_an_answer_that_the_folder_lost_is_laid_down_again(singles: Couple) -> None:
    """A joiner puts its answer back as long as the book has not come, before and after its yes."""
    ana, ben = singles
    invitation = ana.pairing.invite()
    ben.pairing.join(" ".join(invitation.words))
    ben.sync()
    joining = ben.pairing.current
    assert isinstance(joining, cj.Joining)
    joining.confirm()
    for path in (singles.drive / "invites").glob("*"):
        path.unlink()
    ana.sync()
    assert invitation.check_words is None
    ben.sync()
    assert invitation.check_words == joining.check_words
    assert len(pairing_files(singles)) == 2


def test_an_offer_that_cannot_be_laid_down_is_no_open_invite(tmp_path: Path) -> None:
    """A folder that fails leaves no invite behind; one that is not there changes nothing."""
    sim = DriveSim(1)
    ana = cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path, disk=MemoryDisk())
    with pytest.raises(cj.DriveError):
        ana.pairing.invite()
    with pytest.raises(cj.DriveError):
        ana.pairing.invite(str(tmp_path / "nowhere"))
    drive = FaultyDrive(sim.face(0), fail_at=1, calls=frozenset({"publish"}))
    ana.place.use(drive)
    with pytest.raises(cj.DriveError):
        ana.pairing.invite()
    assert (ana.pairing.current, ana.place.path, sim.views[0]) == (None, None, {})
    assert ana.pairing.invite().words


def test_one_pairing_at_a_time(singles: Couple) -> None:
    """While one is open there is no other, of either side, in any process; an own invite is not for oneself."""
    ana, ben = singles
    invitation = ana.pairing.invite()
    for act in (ana.pairing.invite, again(ana).pairing.invite, lambda: ana.pairing.join(" ".join(invitation.words))):
        with pytest.raises(cj.PairingError, match="open already"):
            act()
    with pytest.raises(cj.PairingError, match="no shared journal yet"):
        ben.pairing.invite(device=True)
    with pytest.raises(cj.PairingError, match="nobody has answered"):
        invitation.accept()
    invitation.cancel()
    singles.pair(ana, ben)
    with pytest.raises(cj.PairingError, match="shared already"):
        ben.pairing.invite()
    with pytest.raises(cj.PairingError, match="shared already"):
        ben.pairing.join(" ".join(invitation.words))


def test_a_cancelled_joining_takes_its_answer_back(singles: Couple) -> None:
    """The joiner's cancel removes its answer and its keys; a new invite works."""
    invitation, joining = meet(singles)
    joining.cancel()
    assert [name.rpartition(".")[2] for name in pairing_files(singles)] == ["offer"]
    for act in (joining.refresh, joining.confirm, joining.cancel):
        with pytest.raises(cj.PairingError, match="no longer open"):
            act()
    invitation.cancel()
    assert pairing_files(singles) == []
    singles.pair(*singles.journals)


@pytest.mark.parametrize("is_existing", [True, False])
def test_what_waited_goes_along_as_was_said(singles: Couple, *, is_existing: bool) -> None:
    """Before the answer only if one said so; after it always; private entries and what was retracted never."""
    ana, ben = singles
    for journal in singles:
        name = journal.status().name
        goal = journal.add(cj.Goal(f"{name} old goal"))
        journal.step(goal, "propose")
        journal.retract(journal.add(cj.Bid(f"{name} retracted")))
        journal.revise(journal.add(cj.Bid(f"{name} unrevised")), cj.Bid(f"{name} old bid"))
        journal.add(cj.Note(f"{name} private"))
    invitation = ana.pairing.invite(share_existing=is_existing)
    ben.pairing.join(" ".join(invitation.words), share_existing=is_existing)
    for journal in singles:
        journal.add(cj.Bid(f"{journal.status().name} while waiting"))
    singles.sync()
    joining = ben.pairing.current
    assert isinstance(joining, cj.Joining)
    joining.confirm()
    assert invitation.check_words is not None
    invitation.accept()
    ana.add(cj.Bid("Ana first in the book"))
    singles.sync()
    both = {"Ana first in the book", "Ana while waiting", "Ben while waiting"}
    old = {f"{name} {what}" for name in ("Ana", "Ben") for what in ("old goal", "old bid")}
    for journal in singles:
        shown = [entry for entry in journal.entries(audience="shared") if entry.text]
        assert {entry.text for entry in shown} == (both | old if is_existing else both)
        assert len({entry.text for entry in shown}) == len(shown)
        states = {entry.state for entry in shown if entry.kind == "goal"}
        assert states == ({"proposed"} if is_existing else set())
        assert journal.status().waiting == (0 if is_existing else 3)
        assert {author.name for author in journal.view().people} == {"Ana", "Ben"}
    assert list(ana.entries(audience="shared")) != []
    assert [entry.id for entry in ana.entries(audience="shared")] == [e.id for e in ben.entries(audience="shared")]


def test_from_now_counts_what_another_process_just_wrote(singles: Couple) -> None:
    """An entry that another process saved before the invite was there before, and stays behind."""
    ana, ben = singles
    ana.add(cj.Bid("known here"))
    again(ana).add(cj.Bid("written elsewhere"))
    singles.pair(ana, ben)
    assert list(ben.entries()) == []
    assert ana.status().waiting == 2


def test_a_device_invite_shares_nothing_that_stayed_behind(singles: Couple) -> None:
    """What was not to be shared with the partner is not shared when a device of one's own comes, either."""
    ana, ben = singles
    ana.add(cj.Bid("stayed behind"))
    singles.pair(ana, ben)
    phone = singles.start("Ana", home="phone")
    singles.pair(ana, phone, is_device=True)
    assert list(ben.entries()) == list(phone.entries()) == []
    assert ana.status().waiting == 1


def test_many_waiting_entries_keep_their_order_and_refs(singles: Couple) -> None:
    """More entries than are shared at one go arrive all, once, in their order, each reference with them."""
    ana, ben = singles
    before = ana.add(cj.Goal("goal"))
    for number in range(40):
        before = (
            ana.add(cj.Milestone(f"milestone {number}"), refs={"part_of": before})
            if number % 2 == 0
            else ana.add(cj.Goal(f"goal {number}"))
        )
    singles.pair(ana, ben, share_existing=True)
    assert [entry.text for entry in ben.entries()] == [entry.text for entry in ana.entries()]
    assert ben.view().count() == 41
    for entry in ben.entries(kind="milestone"):
        assert ben.entry(entry.refs[0].id).kind == "goal"


def test_a_new_device_sees_what_is_shared_and_is_seen(singles: Couple) -> None:
    """Three devices, with a partner who writes before it knows the new one: everybody reads everything shared."""
    ana, ben = singles
    singles.pair(ana, ben)
    ana.add(cj.Bid("from before"))
    ana.add(cj.Note("Ana alone"))
    singles.sync()
    phone = singles.start("Ana", home="phone", device_name="phone")
    phone.add(cj.Note("from the telephone's own time"))
    invitation = ana.pairing.invite(device=True)
    phone.pairing.join(" ".join(invitation.words))
    for journal in (phone, ana, phone):
        journal.sync()
    joining = phone.pairing.current
    assert isinstance(joining, cj.Joining)
    assert joining.check_words == invitation.check_words
    joining.confirm()
    invitation.accept()
    ana.sync()
    ben_writes = ben.add(cj.Bid("before Ben knew"))
    phone.sync()
    assert joining.purpose == "device"
    mine = phone.add(cj.Bid("from the telephone"))
    singles.sync()
    shared = {"from before", "before Ben knew", "from the telephone"}
    for journal in singles:
        assert {entry.text for entry in journal.entries(audience="shared")} == shared
        assert len(journal.devices) == 3
    assert phone.entry(ben_writes.id).author.name == "Ben"
    assert (ana.entry(mine.id).is_mine, ben.entry(mine.id).is_mine) == (True, False)
    assert ana.entry(mine.id).device == "phone"
    assert {entry.text for entry in phone.entries(audience="private")} == {"from the telephone's own time"}
    assert {entry.text for entry in ana.entries(audience="private")} == {"Ana alone"}
    later = phone.add(cj.Note("private here"))
    singles.sync()
    assert phone.entry(later.id).audience == "private"
    with pytest.raises(cj.NoSuchEntryError):
        ana.entry(later.id)
    ana.retract(mine.id)
    singles.sync()
    with pytest.raises(cj.NoSuchEntryError):
        phone.entry(mine.id)


def test_a_new_device_of_each(singles: Couple) -> None:
    """Devices of both persons come one after the other, also invited by one that was invited itself."""
    ana, ben = singles
    singles.pair(ana, ben)
    phone = singles.start("Ana", home="phone")
    singles.pair(ana, phone, is_device=True)
    tablet = singles.start("Ana", home="tablet")
    singles.pair(phone, tablet, is_device=True)
    desk = singles.start("Ben", home="desk")
    singles.pair(ben, desk, is_device=True)
    for journal in singles:
        journal.add(cj.Bid(f"bid of {journal.home.config.parent.name}"))
    singles.sync()
    texts = [sorted(entry.text for entry in journal.entries()) for journal in singles]
    assert all(shown == texts[0] for shown in texts)
    assert len(texts[0]) == 5
    assert {len(journal.devices) for journal in singles} == {5}


def test_a_pairing_over_a_slow_folder(tmp_path: Path) -> None:
    """A folder that delivers late, in any order, still brings both to one journal."""
    sim = DriveSim(2, seed=5)
    couple = Couple(tmp_path, sim=sim, disk=lambda _: MemoryDisk())
    ana, ben = couple.start("Ana"), couple.start("Ben")
    ana.add(cj.Bid("before"))
    invitation = ana.pairing.invite(share_existing=True)
    ben.pairing.join(" ".join(invitation.words))
    for round_ in range(400):
        sim.deliver(sim.draw(1 << 20))
        (ana if round_ % 3 else ben).sync()
        joining = ben.pairing.current
        if isinstance(joining, cj.Joining) and joining.check_words_known and invitation.is_answered:
            assert joining.check_words == invitation.check_words
            joining.confirm()
            invitation.accept()
        elif not invitation.is_answered:
            invitation.refresh()
        if joining is None and ben.view().count() == 1:
            break
        for journal in couple.systems:
            journal.advance(1)
    couple.sync()
    assert [entry.text for entry in ben.entries()] == ["before"]
