"""A new journal beside an old one: with the same partner, with another, and what never goes over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import couplejournal as cj
from couplejournal.journal import Journal
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal with one waiting entry of Ana's brought into it, and Carl alone."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
    ana, ben = made
    ana.add(cj.Bid("waited for Ben"))
    made.pair(ana, ben, share_existing=True)
    ben.add(cj.Bid("Ben shares"))
    made.start("Carl")
    made.sync()
    yield made
    made.close()


def shown(journal: Journal) -> list[tuple[str, str, str]]:
    """Return text, audience and author's name of every entry, in the order of the timeline."""
    return sorted(
        (entry.text, "earlier" if entry.is_earlier else entry.audience, entry.author.name)
        for entry in journal.entries()
    )


def book_folders(folder: Path) -> set[str]:
    """Return the books that lie in a folder."""
    return {path.parent.name for path in folder.glob("*/book.cj")}


def test_a_shared_journal_is_not_left_by_accident(couple: Couple) -> None:
    """Who shares a journal neither invites a partner nor joins one without saying that it begins anew."""
    ana, ben, carl = couple
    with pytest.raises(cj.PairingError, match="shared already") as caught:
        ana.pairing.invite()
    assert "--anew" in caught.value.hint
    words = " ".join(carl.pairing.invite().words)
    with pytest.raises(cj.PairingError, match="shared already"):
        ben.pairing.join(words)
    assert (ana.is_shared, ben.is_shared) == (True, True)


def test_the_same_partner_anew(couple: Couple) -> None:
    """The old journal ends with the birth of the new one, in one folder, and one timeline shows both, once each."""
    ana, ben, _ = couple
    old = ana.device.shared
    couple.pair(ana, ben, anew=True)
    assert old is not None
    assert ana.device.shared is not old
    assert old.is_ended()
    ana.add(cj.Bid("new"))
    couple.sync()
    for journal in (ana, ben):
        assert shown(journal) == [
            ("Ben shares", "earlier", "Ben"),
            ("new", "shared", "Ana"),
            ("waited for Ben", "earlier", "Ana"),
        ]
        assert [author.name for author in journal.view().people] == [journal.view().me.name, journal.partner_name]
        status = journal.status()
        assert (status.shared, status.earlier, [(one.ended_by, one.state) for one in status.parted]) == (
            1, 2, [("both", "stopped")],
        )  # fmt: skip
    assert len(book_folders(couple.drive)) == 2


def test_an_answer_across_journals_needs_the_same_partner(couple: Couple) -> None:
    """An old entry is answered in the new journal where the other has both; with somebody else it is refused."""
    ana, ben, carl = couple
    couple.pair(ana, ben, anew=True)
    bid = next(ana.entries(text="Ben shares"))
    answer = ana.reply(bid, cj.Response.toward("at last"))
    assert answer.audience == "shared"
    couple.sync()
    assert [entry.text for entry in ben.view().thread(bid.id)] == ["Ben shares", "at last"]
    couple.pair(ana, carl, anew=True)
    with pytest.raises(cj.InvalidEntryError, match="earlier journal"):
        ana.reply(bid, cj.Response.toward("again"))
    kept = ana.reply(bid, cj.Response.toward("for myself"), audience="private")
    with pytest.raises(cj.InvalidEntryError, match="earlier journal"):
        ana.share(kept)


def test_another_partner_gets_nothing_of_before(couple: Couple) -> None:
    """Neither what waited and was asked about, nor what had gone into the old journal, goes over by itself."""
    ana, _, carl = couple
    ana.parting.leave()
    ana.add(cj.Bid("between the two"))
    couple.pair(ana, carl)
    couple.sync()
    assert carl.view().count() == 0
    assert [entry.text for entry in ana.entries(audience="waiting")] == ["between the two"]
    ana.add(cj.Bid("for Carl"))
    couple.sync()
    assert shown(carl) == [("for Carl", "shared", "Ana")]
    couple.restart(0).sync()
    couple.sync()
    assert shown(carl) == [("for Carl", "shared", "Ana")]


def test_what_is_asked_about_is_all_that_goes_over(couple: Couple) -> None:
    """Said yes, what waits now goes along, and still nothing that once waited for the other partner."""
    ana, _, carl = couple
    ana.parting.leave()
    ana.add(cj.Bid("between the two"))
    assert ana.status().waiting == 1
    couple.pair(ana, carl, share_existing=True)
    couple.sync()
    assert shown(carl) == [("between the two", "shared", "Ana")]


def test_couple_analyses_leave_the_one_before_out(couple: Couple) -> None:
    """What both can read leaves out a journal with another partner, and keeps an old one with the same."""
    ana, ben, carl = couple
    couple.pair(ana, ben, anew=True)
    assert {entry.text for entry in ana.view().shared_only().entries()} == {"Ben shares", "waited for Ben"}
    couple.pair(ana, carl, anew=True)
    assert list(ana.view().shared_only().entries()) == []
    assert ana.view().count(audience="shared") == 2


def test_one_self_under_two_roots(couple: Couple) -> None:
    """Who becomes a device of another root keeps old entries as their own, in private and shared books alike."""
    ana, ben, carl = couple
    ana.add(cj.Note("before"))
    couple.pair(carl, ana, is_device=False, anew=True)
    phone = couple.start("Ana", home="phone")
    phone.add(cj.Note("on the telephone"))
    couple.pair(ana, phone, is_device=True)
    assert all(entry.is_mine for entry in phone.entries(text="telephone"))
    assert [entry.is_mine for entry in ana.entries(text="waited")] == [True]
    assert ben.view().partner is None
    assert [author.is_me for author in ana.view().people].count(True) == 1


def test_a_lost_device_begins_anew_with_a_new_root(couple: Couple, tmp_path: Path) -> None:
    """The partner's device is gone: a new one invites, the other joins anew, and keeps the names of both journals."""
    ana, ben, carl = couple
    carl.close()
    again = couple.start("Ben", home="ben again")
    couple.journals.remove(ben)
    couple.systems.remove(couple.systems[1])
    couple.pair(again, ana, anew=True)
    assert shown(again) == []
    assert shown(ana) == [("Ben shares", "earlier", "Ben"), ("waited for Ben", "earlier", "Ana")]
    assert ana.partner_name == "Ben"
    [earlier] = ana.status().parted
    assert (earlier.partner, earlier.ended_by) == ("Ben", "me")


def test_nobody_has_joined(couple: Couple) -> None:
    """Accepted and then cancelled by the other, a journal is shared with nobody; that is seen, and left behind."""
    ana, _, carl = couple
    invitation = ana.pairing.invite(anew=True)
    joining = carl.pairing.join(" ".join(invitation.words))
    assert joining.check_words is not None
    assert invitation.check_words == joining.check_words
    joining.confirm()
    assert invitation.ends_sharing
    invitation.accept()
    joining.cancel()
    couple.sync()
    assert (ana.is_shared, ana.status().has_joined) == (True, False)
    ana.parting.leave()
    couple.pair(ana, carl)
    assert (ana.status().has_joined, ana.partner_name) == (True, "Carl")


def test_elsewhere_the_old_book_goes_on_where_it_was(couple: Couple, tmp_path: Path) -> None:
    """In another folder only the new book is laid down; the old one's end is still handed over where it meets."""
    ana, ben, carl = couple
    old = ana.device.shared
    assert old is not None
    other = tmp_path / "other"
    other.mkdir()
    ana.add(cj.Bid("the last one"))
    invitation = ana.pairing.invite(other, anew=True)
    carl.place.choose(str(other), is_joining=True)
    joining = carl.pairing.join(" ".join(invitation.words))
    assert joining.check_words == invitation.check_words
    assert ana.sync().drive == "ok"
    assert ana.place.path_of(old) == couple.drive
    joining.confirm()
    invitation.accept()
    couple.sync()
    assert ana.device.shared is not None
    assert book_folders(other) == {ana.device.shared.folder}
    assert book_folders(couple.drive) == {old.folder}
    assert (ben.is_shared, carl.partner_name) == (False, "Ana")
    assert "the last one" in [entry.text for entry in ben.entries()]
    assert old.folder in ana.device.settings.stopped
    assert ana.status().drive_path == other


def test_a_beginning_that_came_to_nothing_goes_back(couple: Couple, tmp_path: Path) -> None:
    """An invite elsewhere that is taken back leaves the shared journal where it was."""
    ana, ben, _ = couple
    other = tmp_path / "other"
    other.mkdir()
    invitation = ana.pairing.invite(other, anew=True)
    assert ana.place.path == other
    ana.add(cj.Bid("meanwhile"))
    couple.sync()
    assert "meanwhile" in [entry.text for entry in ben.entries()]
    invitation.cancel()
    couple.sync()
    assert (ana.place.path, ana.device.settings.places) == (couple.drive, {})
    assert ana.is_shared


def test_what_was_to_go_along_is_dropped_with_the_end(couple: Couple) -> None:
    """Who leaves before the pairing is wound up is not kept from the next one by it."""
    ana, _, carl = couple
    for number in range(3):
        ana.add(cj.Bid(f"waits {number}"), audience="private")
    couple.drive.rename(couple.folder / "away")
    ana.parting.leave()
    (couple.folder / "away").rename(couple.drive)
    invitation = ana.pairing.invite()
    joining = carl.pairing.join(" ".join(invitation.words))
    assert joining.check_words == invitation.check_words
    joining.confirm()
    invitation.accept()
    assert ana.pairing.leftovers() is not None
    ana.parting.leave()
    couple.sync()
    assert ana.pairing.leftovers() is None
    assert [one.ended_by for one in carl.status().parted] == ["other"]
    assert carl.pairing.leftovers() is None
    couple.pair(ana, carl)
    assert (ana.partner_name, carl.partner_name) == ("Carl", "Ana")


def test_a_device_of_one_s_own_comes_along(couple: Couple) -> None:
    """A second device, for which the old journal still stands open, joins the new one and keeps its private entries."""
    ana, _, carl = couple
    phone = couple.start("Ana", home="phone")
    couple.pair(ana, phone, is_device=True)
    phone.add(cj.Note("on the telephone"))
    couple.journals.remove(phone)
    couple.pair(ana, carl, anew=True)
    couple.journals.append(phone)
    assert phone.is_shared
    private = phone.device.private.id
    couple.pair(ana, phone, is_device=True, anew=True)
    assert phone.device.private.id == private
    assert phone.partner_name == "Carl"
    assert shown(phone) == [
        ("Ben shares", "earlier", "Ben"),
        ("on the telephone", "private", "Ana"),
        ("waited for Ben", "earlier", "Ana"),
    ]


def test_a_device_does_not_join_what_it_has(couple: Couple) -> None:
    """A device invite for a journal that this device has already is refused, and nothing changes."""
    ana, _, _ = couple
    phone = couple.start("Ana", home="phone")
    couple.pair(ana, phone, is_device=True)
    invitation = ana.pairing.invite(device=True)
    phone.pairing.join(" ".join(invitation.words), anew=True)
    assert "belongs to that journal already" in phone.sync().message
    assert phone.is_shared


def test_settings_of_before_are_read(couple: Couple) -> None:
    """The settings of an older version name the folder and nothing of what is new."""
    ana, *_ = couple
    data = msgspec.json.encode({"drive": str(couple.drive), "may_found": False})
    ana.device.disk.replace(ana.home.config_path, data, private=True)
    assert ana.place.path == couple.drive
    assert ana.sync().drive == "ok"
