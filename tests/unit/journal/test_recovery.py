"""Recovery words: shown once, forgotten, and enough to come back with."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from unit.journal.losing import lose, recovered, texts, written_down

import couplejournal as cj
from couplejournal.book.founding import founding_signature, make_genesis
from couplejournal.seal import recovery as sealing
from couplejournal.seal.keys import KeyPair, Root
from couplejournal.store.keystore import Keystore
from couplejournal.testing.couples import Couple, pair


@pytest.fixture
def couple(tmp_path: Path) -> Couple:
    """Return Ana and Ben, who share a journal with an entry of each."""
    couple = pair(tmp_path)
    ana, ben = couple
    ana.add(cj.Bid("Ana before"))
    ben.add(cj.Bid("Ben before"))
    couple.sync()
    return couple


def test_words_are_here_until_three_were_typed_back(couple: Couple) -> None:
    """F19: words that were only looked at stay; a wrong or missing one forgets nothing; three right ones forget all."""
    ana = couple.journals[0]
    words = ana.recovery.words()
    assert len(words) == 24
    asked = ana.recovery.ask()
    assert ana.recovery.ask() == asked
    right = {number: words[number - 1] for number in asked}
    for wrong in ({}, {**right, asked[1]: "zoo"}, {number: words[number - 2] for number in asked}):
        with pytest.raises(cj.RecoveryError) as caught:
            ana.recovery.confirm(wrong)
        assert not set(words) & set(str(caught.value).split())
    assert (ana.recovery.is_shown, ana.status().is_shown) == (False, False)
    ana.recovery.confirm(right)
    assert (ana.recovery.is_shown, ana.status().is_shown) == (True, True)
    with pytest.raises(cj.RecoveryError, match="not on this device"):
        ana.recovery.words()
    with pytest.raises(cj.RecoveryError):
        ana.recovery.confirm(right)


def test_the_keystore_has_no_root_after_it_was_shown(couple: Couple) -> None:
    """F19: what a later process reads holds neither the seed nor anything that it could be made from."""
    ana = couple.journals[0]
    words = written_down(ana)
    seed = sealing.seed_of(" ".join(words))
    device = ana.device
    secrets = Keystore.open(device.home, device.disk, device.system).secrets
    assert secrets.root_seed is None
    data = device.disk.read(device.home.keystore_path, limit_bytes=1 << 20)
    assert data is not None
    assert seed not in data
    assert secrets.founding_seed in data  # the search would have found it: this keystore is open


@pytest.mark.long
def test_a_device_that_joined_never_has_the_words(couple: Couple) -> None:
    """F19: a second device of a person gets the founding seed and never the root."""
    ana = couple.journals[0]
    phone = couple.start("Ana", home="phone")
    couple.pair(ana, phone, is_device=True)
    assert phone.recovery.is_shown
    assert not ana.recovery.is_shown
    with pytest.raises(cj.RecoveryError):
        phone.recovery.words()


def test_a_lost_laptop_comes_back_from_folder_and_words(couple: Couple) -> None:
    """F21: everything shared is back under a fresh key, both go on writing, and the words are on no device."""
    words = written_down(couple.journals[0])
    lost = lose(couple)
    back = recovered(couple, words)
    assert (back.status().name, back.status().unsent_removals) == ("Ana", 0)  # its admission is no removal
    assert texts(back) == texts(lost) == ["Ana before", "Ben before"]
    assert back.recovery.is_shown
    assert back.device.secrets.root_seed is None
    assert back.device.secrets.founding_seed == lost.device.secrets.founding_seed
    ben = couple.journals[0]
    back.reply(next(back.entries(text="Ben")).id, cj.Response.toward("I am back"))
    couple.sync()
    assert next(ben.entries(text="back")).author.name == "Ana"
    ben.add(cj.Bid("Ben after"))
    couple.sync()
    assert "Ben after" in texts(back)
    assert [(one.standing, one.is_this) for one in back.devices if one.person.is_me] == [
        ("live", True),
        ("live", False),
    ]
    assert back.view().me.person == lost.view().me.person


@pytest.mark.long
def test_private_entries_do_not_come_back_from_the_shared_folder(couple: Couple) -> None:
    """What lay on the lost device alone is gone; the new device begins a private book of the same person."""
    ana = couple.journals[0]
    ana.add(cj.Note("for myself"))
    assert ana.status().alone == 1
    words = written_down(ana)
    lose(couple)
    back = recovered(couple, words)
    assert texts(back, "private") == []
    back.add(cj.Note("for myself again"))
    assert texts(back, "private") == ["for myself again"]
    assert [one.role for one in back.recovery.books()] == ["private", "shared"]


@pytest.mark.long
def test_a_private_folder_gives_private_entries_back(couple: Couple, tmp_path: Path) -> None:
    """F20: a copy of the private book in a folder of its own is taken and goes on, and stays out of the shared one."""
    ana = couple.journals[0]
    ana.add(cj.Note("for myself"))
    words = written_down(ana)
    own = tmp_path / "own"
    private = ana.device.private
    for name in ["book.cj", *(held.path.partition("/")[2] for held in private.held())]:
        target = own / private.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(private.read(f"{private.folder}/{name}"))
    lose(couple)

    def come_back(folder: Path) -> cj.Journal:
        return cj.recover(
            couple.drive, words, passphrase=cj.NO_PASSPHRASE, home=tmp_path / "new", private_drive=folder
        )  # fmt: skip

    (tmp_path / "another").mkdir()
    with pytest.raises(cj.RecoveryError, match="private"):
        come_back(tmp_path / "another")
    with pytest.raises(cj.DriveError):
        come_back(couple.drive)
    back = come_back(own)
    assert texts(back, "private") == ["for myself"]
    assert back.device.private.id == private.id
    back.add(cj.Note("one more"))
    back.sync()
    assert not (couple.drive / private.folder).exists()


def test_a_forgotten_passphrase_costs_nothing_that_is_on_this_machine(couple: Couple) -> None:
    """Copies that survive in a home without its keystore are found and opened by the words, the private one too."""
    ana = couple.journals[0]
    ana.add(cj.Note("for myself"))
    ana.add(cj.Bid("never handed over"))
    words = written_down(ana)
    lost = lose(couple)
    lost.home.keystore_path.rename(couple.folder / "locked.cj")
    back = recovered(couple, words, home="ana")
    assert texts(back, "private") == ["for myself"]
    assert "never handed over" in texts(back)
    assert back.device.private.id == lost.device.private.id
    assert {one.name for one in back.devices} >= {"ana"}


def test_an_incomplete_folder_gives_what_it_has_and_the_rest_later(couple: Couple, tmp_path: Path) -> None:
    """A folder that still syncs: what is there comes back, what is known to be missing is said, and comes by a sync."""
    ana, ben = couple
    for number in range(3):
        ben.add(cj.Bid(f"Ben {number}"))
        couple.sync()
    words = written_down(ana)
    whole = texts(ana)
    shared = ben.device.shared
    assert shared is not None
    withheld = [held for held in shared.held() if held.is_mine and not held.is_key][1:]
    aside = {couple.drive / held.path: (couple.drive / held.path).read_bytes() for held in withheld}
    for path in aside:
        path.unlink()
    lose(couple)
    back = recovered(couple, words)
    assert set(texts(back)) < set(whole)
    assert sum(one.missing for one in back.recovery.books()) > 0
    for path, data in aside.items():
        path.write_bytes(data)
    couple.sync()
    assert texts(back) == whole
    assert sum(one.missing + one.closed for one in back.recovery.books()) == 0


def test_a_folder_without_the_book_makes_no_journal(couple: Couple, tmp_path: Path) -> None:
    """F20: where nothing belongs to the words, nothing is made, and the next try finds the home as it was."""
    words = written_down(couple.journals[0])
    (tmp_path / "empty").mkdir()
    for folder, typed in ((tmp_path / "empty", words), (couple.drive, sealing.words_of(bytes(range(32))))):
        with pytest.raises(cj.RecoveryError, match="nothing here belongs"):
            cj.recover(folder, typed, passphrase=cj.NO_PASSPHRASE, home=tmp_path / "new")
        with pytest.raises(cj.NoJournalError):
            cj.open(home=tmp_path / "new")
    with pytest.raises(cj.DriveError, match="not there"):
        cj.recover(tmp_path / "nowhere", words, passphrase=cj.NO_PASSPHRASE, home=tmp_path / "new")
    assert texts(recovered(couple, words)) == ["Ana before", "Ben before"]


def test_a_home_with_a_journal_is_left_alone(couple: Couple) -> None:
    """Recovery makes a journal and never replaces one."""
    ana, ben = couple
    words = written_down(ana)
    with pytest.raises(cj.SetupError, match="already"):
        cj.recover(couple.drive, words, passphrase=cj.NO_PASSPHRASE, home=couple.folder / "ben")
    assert ben.status().name == "Ben"


@pytest.mark.long
def test_recovery_writes_nothing_into_the_folder(couple: Couple) -> None:
    """F20: until the first sync the folder is as it was, so a try that fails leaves no trace in it."""
    words = written_down(couple.journals[0])
    lose(couple)
    before = {path: path.read_bytes() for path in sorted(couple.drive.rglob("*")) if path.is_file()}
    recovered(couple, words)
    assert {path: path.read_bytes() for path in sorted(couple.drive.rglob("*")) if path.is_file()} == before


def test_words_at_a_live_device_open_what_it_cannot_read(couple: Couple) -> None:
    """F21: typed where the journal is already, the words open what only they open, and are not kept; others refuse."""
    ana = couple.journals[0]
    words = written_down(ana)
    assert ana.recovery.open_with(words) == 0
    assert ana.device.secrets.root_seed is None
    with pytest.raises(cj.RecoveryError, match="not those of this journal"):
        ana.recovery.open_with(sealing.words_of(bytes(32)))


@pytest.mark.long
def test_both_persons_may_come_back(couple: Couple) -> None:
    """Two bare machines and two papers are enough: both read all and go on."""
    papers = [written_down(journal) for journal in couple]
    before = texts(couple.journals[0])
    lose(couple)
    lose(couple)
    ana, ben = recovered(couple, papers[0], home="new ana"), recovered(couple, papers[1], home="new ben")
    couple.sync()
    assert texts(ana) == texts(ben) == before
    ana.add(cj.Bid("again"))
    couple.sync()
    assert "again" in texts(ben)


@pytest.mark.long
def test_recovering_twice_gives_two_devices(couple: Couple) -> None:
    """The same words on two machines make two devices of the person, who both read and write."""
    words = written_down(couple.journals[0])
    lose(couple)
    one, two = recovered(couple, words, home="one"), recovered(couple, words, home="two")
    couple.sync()
    one.add(cj.Bid("from one"))
    couple.sync()
    assert "from one" in texts(two)
    assert len([each for each in two.devices if each.person.is_me and each.is_live]) == 3


def test_renewed_words_are_those_of_a_new_person(couple: Couple) -> None:
    """After a renewal the old private entries stay readable, the old words open nothing new, and an invite is due."""
    ana = couple.journals[0]
    ana.add(cj.Note("for myself"))
    with pytest.raises(cj.RecoveryError, match="never shown"):
        ana.recovery.renew()
    old = written_down(ana)
    assert ana.recovery.renew() == 0
    assert not ana.recovery.is_shown
    assert ana.recovery.words() != old
    assert texts(ana, "private") == ["for myself"]
    assert ana.status().is_renewed
    for typed, told in ((old, "replaced by newer"), (sealing.words_of(bytes(32)), "not those of this journal")):
        with pytest.raises(cj.RecoveryError, match=told):
            ana.recovery.open_with(typed)
    with pytest.raises(cj.PairingError, match="renewed"):
        ana.pairing.invite(device=True)  # it would go under a root that the shared journal does not have
    ana.add(cj.Note("after"))
    assert texts(ana, "private") == ["after", "for myself"]
    ana.add(cj.Bid("still shared"))
    couple.sync()
    assert "still shared" in texts(couple.journals[1])


@pytest.mark.long
def test_a_new_journal_under_new_words_comes_back_with_them(couple: Couple) -> None:
    """What was begun anew after a renewal comes back with the new words; what stood before with the old ones."""
    ana, ben = couple
    old = written_down(ana)
    ana.recovery.renew()
    couple.pair(ana, ben, anew=True)
    assert not ana.status().is_renewed
    ana.add(cj.Bid("begun anew"))
    couple.sync()
    new = written_down(ana)
    lose(couple)
    back = recovered(couple, new, home="under new")
    assert texts(back) == ["begun anew"]
    assert texts(recovered(couple, old, home="under old")) == ["Ana before", "Ben before"]


def test_the_open_one_of_several_shared_journals_goes_on(couple: Couple) -> None:
    """Old and new books of one root are all taken: the one that was not ended is written to, the others are read."""
    ana, ben = couple
    for system in couple.systems:
        system.advance(-86_400)  # no clock decides which one is open
    couple.pair(ana, ben, anew=True)
    ana.add(cj.Bid("begun anew"))
    couple.sync()
    words = written_down(ana)
    lose(couple)
    back = recovered(couple, words)
    assert texts(back) == ["Ana before", "Ben before", "begun anew"]
    assert [one.role for one in back.recovery.books()] == ["private", "shared", "earlier"]
    back.add(cj.Bid("goes on"))
    couple.sync()
    assert "goes on" in texts(ben)


def test_a_newer_journal_that_a_thief_laid_down_is_not_written_to(couple: Couple) -> None:
    """Who had a device can found a book with a partner of their own making: it is shown, and the older one goes on."""
    ana, ben = couple
    couple.sync()
    words = written_down(ana)
    secrets, thief, fake = ana.device.secrets, KeyPair(b"t" * 32, b"h" * 32), Root(b"f" * 32)
    other = KeyPair(b"o" * 32, b"p" * 32)
    founders = [(secrets.root_keys, thief.public.raw), (fake.root_keys, other.public.raw)]
    signed = [founding_signature(seed, founders) for seed in (secrets.founding_seed, fake.founding_seed)]
    couple.systems[0].advance(3600)
    genesis = make_genesis(thief, founders, signed, couple.systems[0])
    place = couple.drive / hashlib.sha256(genesis).hexdigest()[:32]
    place.mkdir()
    (place / "book.cj").write_bytes(genesis)
    lose(couple)
    back = recovered(couple, words)
    back.add(cj.Bid("to the right one"))
    couple.sync()
    assert "to the right one" in texts(ben)
    books = [one for one in back.recovery.books() if one.number]
    assert [(one.role, one.is_ended) for one in books] == [("shared", False), ("earlier", False)]
    assert books[0].number == ben.safety().number != books[1].number


def test_a_sealed_answer_can_still_be_opened_after_recovery(couple: Couple) -> None:
    """40: sealed on the only device, lost with it, recovered by the words: it opens once both have answered."""
    ana, ben = couple
    ana.answers.seal("winter plans", "The sea.")
    couple.sync()
    words = written_down(ana)
    lose(couple)
    back = recovered(couple, words)
    couple.sync()
    ben.answers.seal("winter plans", "Mountains.")
    couple.sync()
    couple.sync()
    assert back.answers.of("winter plans").my_texts == ("The sea.",)
    assert ben.answers.of("winter plans").their_texts == ("The sea.",)
