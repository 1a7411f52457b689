"""The private folder: one private book on several devices of a person, and nothing of it where the other looks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.journal.losing import written_down

import couplejournal as cj
from couplejournal.journal import Journal
from couplejournal.store.settings import Settings
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal, and a telephone of Ana's that shares it too; each wrote privately."""
    couple = pair(tmp_path, disk=lambda _: MemoryDisk())
    phone = couple.start("Ana", home="phone", device_name="phone")
    phone.add(cj.Note("before it was Ana's"))
    couple.pair(couple.journals[0], phone, is_device=True)
    couple.journals[0].add(cj.Note("written at home"))
    first = phone.add(cj.Note("written under way"))
    phone.add(cj.Note("about that"), refs={"about": first})
    (tmp_path / "own").mkdir()
    yield couple
    couple.close()


def private_texts(journal: Journal) -> list[str]:
    """Return the texts of what is private, sorted; twice what shows twice."""
    return sorted(entry.text for entry in [*journal.entries(audience="private"), *journal.entries(audience="waiting")])


def join_privately(couple: Couple, inviter: Journal, joiner: Journal, folder: Path) -> None:
    """Let a device come into the private book of another, as a person does who compares six words."""
    invitation = inviter.pairing.invite(private=True)
    path, _ = joiner.place.require_private(str(folder), is_joining=True)
    joiner.pairing.join(" ".join(invitation.words), private_folder=str(path))
    joiner.sync()
    joining = joiner.pairing.current
    assert isinstance(joining, cj.Joining)
    assert joining.check_words == invitation.check_words
    joining.confirm()
    invitation.accept()
    couple.sync()
    assert joiner.pairing.current is None
    assert inviter.pairing.current is None


def test_all_that_is_private_is_on_both_devices(couple: Couple, tmp_path: Path) -> None:
    """Both devices show what either wrote, once, the references led along, and what each writes from then on."""
    ana, _, phone = couple
    old = next(phone.entries(text="under way"))
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    join_privately(couple, ana, phone, tmp_path / "own")
    texts = ["about that", "before it was Ana's", "written at home", "written under way"]
    assert private_texts(ana) == private_texts(phone) == texts
    assert [entry.text for entry in phone.view().thread(old.id)] == ["written under way", "about that"]
    here = next(ana.entries(text="under way"))
    assert phone.entry(old.id).id == here.id != old.id
    assert here.happened_at == old.happened_at
    assert next(ana.entries(text="about that")).refs == (cj.Ref("about", here.id),)
    ana.add(cj.Note("later, at home"))
    phone.add(cj.Note("later, under way"), refs={"about": old})
    couple.sync()
    assert private_texts(ana) == private_texts(phone) == sorted([*texts, "later, at home", "later, under way"])
    assert len(ana.view().thread(here.id)) == 3
    assert [journal.status().alone for journal in (ana, phone)] == [0, 0]
    assert ana.status().private_path == tmp_path / "own"


def test_the_shared_folder_learns_nothing(couple: Couple, tmp_path: Path) -> None:
    """42, F28: with a private folder, and a device that joins it, not one byte in the shared folder differs."""
    ana, ben, phone = couple
    couple.sync()
    before = snapshot(couple.drive)
    mine = {journal.device.private.folder for journal in couple}
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    join_privately(couple, ana, phone, tmp_path / "own")
    ana.add(cj.Note("nobody's business"))
    ana.answers.skip("a question")
    couple.sync()
    assert snapshot(couple.drive) == before
    assert snapshot(tmp_path / "own").keys() != before.keys()
    assert not any(folder in path for path in before for folder in mine)
    assert private_texts(ben) == []
    assert len([one for one in ben.devices if not one.person.is_me]) == 2


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def alone_at(tmp_path: Path, home: str = "ana") -> tuple[Couple, Journal]:
    """Return a journal of one with no shared folder, and an empty folder of its own."""
    couple = Couple(tmp_path, disk=lambda _: MemoryDisk())
    journal = couple.start("Ana", home=home)
    journal.device.change_settings(lambda _: Settings())
    (tmp_path / "own").mkdir(exist_ok=True)
    return couple, journal


def test_it_needs_no_shared_folder(tmp_path: Path) -> None:
    """One person alone: only the private folder is synced, an exchange tells how it went, and nothing is said twice."""
    couple, ana = alone_at(tmp_path)
    ana.add(cj.Note("only mine"))
    assert (ana.status().alone, ana.sync().drive) == (1, "none")
    with pytest.raises(cj.DriveError, match="no journal in this folder"):
        ana.place.move_private(str(tmp_path / "own"))
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    assert ana.status().alone == 1
    report = ana.sync()
    assert (report.drive, report.exit_code, report.problems) == ("ok", 0, ())
    couple.sync()
    assert (ana.status().alone, ana.device.settings.private_founding) == (0, "")
    ana.add(cj.Bid("for both, some day"))
    assert ana.status().alone == 1
    ana.parting.pause()
    assert ana.sync().drive == "paused"
    ana.parting.resume()
    (tmp_path / "own").rename(tmp_path / "away")
    assert (ana.sync().drive, ana.status().alone) == ("missing", 1)
    assert "private folder" in ana.status().private_message
    assert "private folder" in ana.sync().problems[0]
    ana.place.leave_private()
    assert (ana.sync().drive, ana.status().alone) == ("none", 2)


def test_its_trouble_is_one_line_beside_the_shared_folder(couple: Couple, tmp_path: Path) -> None:
    """A private folder that is not there: the shared one is told of as ever, and one line says what is missing."""
    ana = couple.journals[0]
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    (tmp_path / "own").rmdir()
    report = ana.sync()
    assert (report.drive, report.message, report.exit_code) == ("ok", "", 3)
    assert "private folder is not there" in report.private
    assert report.problems == (report.private,)
    assert ana.status().private_message == report.private


@pytest.mark.parametrize("where", ["it", "inside", "around", "link", "link inside", "keystore", "data", "nothing"])
def test_a_folder_that_is_not_apart_is_refused(tmp_path: Path, where: str) -> None:
    """The shared folder, one inside it or around it, by whatever name, the keystore's, one's own: none can be it."""
    couple, ana = alone_at(tmp_path)
    around = tmp_path / "around"
    (around / "shared" / "inside").mkdir(parents=True)
    (tmp_path / "link").symlink_to(around / "shared")
    ana.place.choose(str(around / "shared"))
    folder = {
        "it": around / "shared",
        "inside": around / "shared" / "inside",
        "around": around,
        "link": tmp_path / "link",
        "link inside": tmp_path / "link" / "inside",
        "keystore": ana.home.config,
        "data": ana.home.data,
        "nothing": tmp_path / "nothing",
    }[where]
    if where in ("keystore", "data"):
        folder.mkdir(parents=True, exist_ok=True)
    with pytest.raises((cj.DriveError, cj.SetupError)):
        ana.place.move_private(str(folder), put_all=True)
    assert ana.place.private_path is None
    couple.sync()
    assert snapshot(around) == {}


@pytest.mark.parametrize("where", ["it", "inside", "around"])
def test_the_shared_folder_never_moves_to_the_private_one(tmp_path: Path, where: str) -> None:
    """The other way round: what is to be shared is not put where what is private lies."""
    couple, ana = alone_at(tmp_path)
    own = tmp_path / "around" / "own"
    (own / "inside").mkdir(parents=True)
    ana.place.move_private(str(own), put_all=True)
    folder = {"it": own, "inside": own / "inside", "around": own.parent}[where]
    for act in (ana.place.choose, ana.place.move, ana.pairing.invite):
        with pytest.raises(cj.DriveError, match="apart"):
            act(str(folder))
    assert ana.place.path is None
    couple.close()


def test_another_folder_in_its_place_gets_nothing(couple: Couple, tmp_path: Path) -> None:
    """The shared folder comes to stand where the private one was: nothing private is laid into it, and it is said."""
    ana = couple.journals[0]
    own = tmp_path / "own"
    ana.place.move_private(str(own), put_all=True)
    own.rmdir()
    own.symlink_to(couple.drive)
    before = snapshot(couple.drive)
    assert "apart" in ana.sync().private
    own.unlink()
    shutil.copytree(couple.drive, own)  # what a second mount looks like
    assert "apart" in ana.sync().private
    assert snapshot(couple.drive) == snapshot(own) == before


@pytest.mark.parametrize("is_private_first", [True, pytest.param(False, marks=pytest.mark.long)])
def test_a_new_device_may_join_either_first(tmp_path: Path, *, is_private_first: bool) -> None:
    """A bare device comes into the private and into the shared book, in either order, and is one person's in both."""
    couple = pair(tmp_path, disk=lambda _: MemoryDisk())
    ana, _ = couple
    (tmp_path / "own").mkdir()
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    ana.add(cj.Note("at home"))
    couple.sync()
    phone = couple.start("Ana", home="phone", device_name="phone")
    phone.add(cj.Note("on the phone"))
    phone.add(cj.Bid("for both"))
    for is_private in (is_private_first, not is_private_first):
        if is_private:
            join_privately(couple, ana, phone, tmp_path / "own")
        else:
            couple.pair(ana, phone, is_device=True)
    assert phone.device.secrets.root_keys == ana.device.secrets.root_keys
    assert phone.device.shared is not None
    assert phone.device.shared.person == ana.device.private.person == phone.device.private.person
    assert private_texts(ana) == private_texts(phone) == ["at home", "for both", "on the phone"]
    assert phone.view().count(audience="waiting") == ana.view().count(audience="waiting") == 1
    phone.share(next(phone.entries(text="for both")))
    couple.sync()
    assert [entry.text for entry in couple.journals[1].entries(audience="shared")] == ["for both"]
    assert private_texts(ana) == private_texts(phone) == ["at home", "on the phone"]
    couple.close()


@pytest.mark.long
def test_an_invite_of_the_other_kind_is_not_answered(couple: Couple, tmp_path: Path) -> None:
    """A private invite is answered as one and no other is, and nobody becomes a private device of somebody else."""
    ana, ben, phone = couple
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    invitation = ana.pairing.invite(private=True)
    offer = next((tmp_path / "own" / "invites").iterdir())
    (couple.drive / "invites").mkdir(exist_ok=True)
    shutil.copy(offer, couple.drive / "invites" / offer.name)
    with pytest.raises(cj.PairingError, match="shared already"):
        phone.pairing.join(" ".join(invitation.words))
    phone.pairing.join(" ".join(invitation.words), anew=True)
    assert "to a private journal" in phone.sync().message
    current = phone.pairing.current
    assert current is not None
    current.cancel()
    ben.pairing.join(" ".join(invitation.words), private_folder=str(tmp_path / "own"))
    assert "another person" in ben.sync().problems[-1]
    assert {path.suffix for path in (tmp_path / "own" / "invites").iterdir()} == {".offer"}


@pytest.mark.long
def test_a_removed_device_is_removed_here_too(couple: Couple, tmp_path: Path) -> None:
    """The removal of a device by its name ends it in the private book as well; what it copied before stays."""
    ana, _, phone = couple
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    join_privately(couple, ana, phone, tmp_path / "own")
    ana.removal("phone").carry_out()
    phone.add(cj.Note("by whoever has the phone now"))
    couple.sync()
    assert not phone.device.private.is_live()
    assert "written under way" in private_texts(ana)
    assert "by whoever has the phone now" not in private_texts(ana)
    assert [entry.text for entry in ana.view().apart()] == ["by whoever has the phone now"]


def test_a_private_book_that_is_gone_stops_no_sync(couple: Couple, tmp_path: Path) -> None:
    """Without this device's copy of it, what both share goes on, and nothing of it is lost in its own folder."""
    ana, ben, _ = couple
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    disk, genesis = ana.device.disk, ana.home.replica(ana.device.private.folder) / "book.cj"
    disk.remove(genesis)
    here = sorted(path.name for path in (tmp_path / "own").rglob("*.seg"))
    with cj.open(home=ana.home.config.parent, system=couple.systems[0], disk=disk) as again:
        again.add(cj.Bid("all the same"))
        for journal in (again, ben):
            assert journal.sync().drive == "ok"
        assert again.device.lacking == ("private",)
        assert again.status().private == 0
    assert "all the same" in [entry.text for entry in ben.entries()]
    assert sorted(path.name for path in (tmp_path / "own").rglob("*.seg")) == here


def live_there(journal: Journal) -> set[str]:
    """Return the ids of the live devices in the private book, the journal's own left out."""
    private = journal.device.private
    return {key.id.hex() for key in private.membership.live_devices(private.person)} - {private.own_key.hex()}


@pytest.mark.parametrize("is_private", [True, False])
def test_among_equal_names_the_private_half_is_asked_for(couple: Couple, tmp_path: Path, *, is_private: bool) -> None:
    """Two telephones of one name, one or both in the private book: it is never guessed which key there goes along."""
    ana, _, phone = couple
    other = couple.start("Ana", home="other", device_name="phone")
    couple.pair(ana, other, is_device=True)
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    for joiner in (phone, other) if is_private else (phone,):
        join_privately(couple, ana, joiner, tmp_path / "own")
    there = live_there(ana)
    assert len(there) == 1 + is_private
    for number, stolen in enumerate((other, phone)):  # of the second it is no help that the first one is gone
        key = next(one.id for one in stolen.devices if one.is_this)
        removal = ana.removal(key)
        assert {one.id for one in removal.remains} == there
        removal.carry_out()
        couple.sync()
        assert live_there(ana) == there, number
    ana.removal(min(there)).carry_out()
    assert live_there(ana) == there - {min(there)}


def test_what_waits_elsewhere_is_not_shared_from_now_on(couple: Couple, tmp_path: Path) -> None:
    """What another device of mine brings along while an invite is open was not meant by "from now on": it waits."""
    ana, _, _ = couple
    ben = couple.start("Ben", home="ben2")
    other = couple.start("Ana", home="other")
    other.add(cj.Bid("waits on the other device"))
    laptop = couple.start("Ana", home="laptop")
    laptop.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    join_privately(couple, laptop, other, tmp_path / "own")
    other.add(cj.Bid("waits there, too"))
    invitation = laptop.pairing.invite(share_existing=False)
    other.sync()
    laptop.sync()
    laptop.add(cj.Bid("said after the invite"))
    ben.pairing.join(" ".join(invitation.words))
    ben.sync()
    joining = ben.pairing.current
    assert isinstance(joining, cj.Joining)
    assert joining.check_words == invitation.check_words
    joining.confirm()
    invitation.accept()
    for _ in range(3):
        laptop.sync()
        other.sync()
        ben.sync()
    assert [entry.text for entry in ben.entries(audience="shared")] == ["said after the invite"]
    assert ana.view().count(audience="waiting") == 0
    assert laptop.view().count(audience="waiting") == 2


def test_skipped_prompts_come_along_and_retracted_entries_do_not(couple: Couple, tmp_path: Path) -> None:
    """What a device skipped is skipped on the other; what was taken back or shared before is not copied."""
    ana, _, phone = couple
    gone = phone.add(cj.Note("taken back"))
    phone.retract(gone)
    shared = phone.add(cj.Note("shown to both"))
    phone.share(shared)
    phone.add(cj.Note("about the shown"), refs={"about": shared})
    phone.answers.skip("a question")
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    join_privately(couple, ana, phone, tmp_path / "own")
    assert ana.answers.of("a question").mine == "skipped"
    assert "taken back" not in private_texts(ana)
    assert "shown to both" not in private_texts(ana)
    about = next(ana.entries(text="about the shown"))
    assert ana.entry(about.refs[0].id).text == "shown to both"
    assert phone.entry(shared.id).id == about.refs[0].id


@pytest.mark.long
def test_a_new_root_goes_on_in_the_private_folder(tmp_path: Path) -> None:
    """After new words were made the new private book meets in the same folder, and the words bring all of it back."""
    couple, ana = alone_at(tmp_path)
    ana.add(cj.Note("before"))
    ana.place.move_private(str(tmp_path / "own"), put_all=True)
    couple.sync()
    written_down(ana)
    ana.add(cj.Note("before, and not handed over yet"))
    ana.recovery.renew()
    ana.add(cj.Note("after"))
    couple.sync()
    assert ana.sync().problems == ()
    assert ana.status().alone == 0
    assert len({path.split("/")[0] for path in snapshot(tmp_path / "own")}) == 2
    words = written_down(ana)
    back = cj.recover(
        None, words, passphrase=cj.NO_PASSPHRASE, home=tmp_path / "new", private_drive=tmp_path / "own"
    )  # fmt: skip
    assert private_texts(back) == ["after"]
    back.add(cj.Note("after the loss"))
    assert back.status().alone == 1
    for _ in range(2):
        back.sync()
        ana.sync()
    assert back.status().alone == 0
    assert "after the loss" in private_texts(ana)
    couple.close()
