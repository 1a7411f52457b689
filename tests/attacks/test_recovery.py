"""Attacks on a person who has nothing but the words and a folder, and on what two compare. Numbers as in the list."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from unit.journal.losing import lose, recovered, texts, written_down

import couplejournal as cj
from couplejournal.book.founding import Founder, founding_signature
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import found_message
from couplejournal.seal import epochs, segments
from couplejournal.seal.keys import KeyPair, Root, sign_with
from couplejournal.seal.recovery import seed_of, words_of
from couplejournal.seal.segments import KEY_STREAM, NO_BOOK
from couplejournal.testing.couples import Couple, pair


@pytest.fixture
def couple(tmp_path: Path) -> Couple:
    """Return Ana and Ben, who share a journal with an entry of each."""
    couple = pair(tmp_path)
    couple.journals[0].add(cj.Bid("Ana before"))
    couple.journals[1].add(cj.Bid("Ben before"))
    couple.sync()
    return couple


def key(name: str) -> KeyPair:
    """Return a key of the attacker's."""
    return KeyPair(hashlib.sha256(f"{name} sign".encode()).digest(), hashlib.sha256(f"{name} kem".encode()).digest())


def genesis(author: KeyPair, founders: list[Founder], signatures: list[bytes], *, at_ms: int = 1 << 44) -> bytes:
    """Return a genesis that says whatever one likes, well formed and signed by its author."""
    stream = hashlib.sha256(b"stream").digest()[:16]
    ops = [
        codec.encode_op("found", words.Found(founders, signatures), salt=bytes(16), clock=(at_ms, 0)),
        codec.encode_op(
            "epoch", epochs.new_epoch(bytes(32), author.id, {author.id: author.public.kem}, None), salt=bytes(16),
            clock=(at_ms, 1),
        ),
    ]  # fmt: skip
    first = domains.first_link(author.id, stream, KEY_STREAM)
    sealed = segments.seal_keys(author, book=NO_BOOK, stream=stream, first=1, prev=first, ops=ops)
    return sealed.sealed.data


def plant(couple: Couple, data: bytes) -> None:
    """Lay a genesis into the folder under its right name."""
    folder = couple.drive / hashlib.sha256(data).hexdigest()[:32]
    folder.mkdir()
    (folder / "book.cj").write_bytes(data)


def forgeries(root: Root, device: KeyPair) -> dict[str, bytes]:
    """Return geneses with Ana's true root that somebody made who knows her public keys, and signs what he can."""
    eve, eves = Root(hashlib.sha256(b"eve").digest()), key("eve")
    pairs = [(root.root_keys, device.public.raw), (eve.root_keys, eves.public.raw)]
    by_eve = sign_with(eve.founding_seed, found_message(pairs))
    true = founding_signature(root.founding_seed, [(root.root_keys, key("ana's own").public.raw)])
    other_root = root.public.raw + eve.root_keys[-32:]
    renamed = [(other_root, device.public.raw), (eve.root_keys, eves.public.raw)]
    return {
        "signed by the attacker": genesis(eves, pairs, [by_eve, by_eve]),
        "a true signature of another list": genesis(eves, pairs, [true, by_eve]),
        "without a signature": genesis(eves, pairs, [bytes(64), by_eve]),
        "with one signature": genesis(eves, pairs, [by_eve]),
        "as a private book": genesis(device, [pairs[0]], [true]),
        "with the attacker's founding key": genesis(
            eves, renamed, [sign_with(eve.founding_seed, found_message(renamed))] * 2
        ),
        "with the root as a device": genesis(eves, [(eve.root_keys, root.public.raw)], [by_eve]),
    }


def test_28_a_genesis_with_the_true_root_and_a_stranger_s_devices(couple: Couple) -> None:
    """Attack 28, F20: who recovers takes no book that the founding key did not sign, however new it claims to be."""
    ana = couple.journals[0]
    shared = ana.device.shared
    assert shared is not None
    paper = written_down(ana)
    root = Root(seed_of(" ".join(paper)))
    planted = forgeries(root, key("a stranger's device"))
    for data in planted.values():
        plant(couple, data)
    lose(couple)
    back = recovered(couple, paper)
    assert [one.book for one in back.device.secrets.books if one.role == "shared"] == [shared.id]
    assert texts(back) == ["Ana before", "Ben before"]
    names = {path.name for path in back.home.data.iterdir()}
    assert not names & {hashlib.sha256(data).hexdigest()[:32] for data in planted.values()}


@pytest.mark.parametrize("what", sorted(forgeries(Root(bytes(32)), key("device"))))
def test_28_a_forged_genesis_alone_brings_nothing_back(what: str, tmp_path: Path) -> None:
    """Attack 28: before a folder that holds nothing but a forgery, nothing is made and nothing is copied."""
    root = Root(hashlib.sha256(b"ana").digest())
    couple = Couple(tmp_path)
    plant(couple, forgeries(root, key("device"))[what])
    with pytest.raises(cj.RecoveryError, match="nothing here belongs"):
        recovered(couple, words_of(root.kem_seed))
    assert not list((tmp_path / "new" / "data").iterdir())


def test_28_the_forgeries_fail_for_their_signatures_alone(couple: Couple) -> None:
    """Attack 28: the same genesis, signed by the true founding keys, would have been taken: nothing else is wrong."""
    root, eve = Root(hashlib.sha256(b"ana").digest()), Root(hashlib.sha256(b"eve").digest())
    pairs = [(root.root_keys, key("device").public.raw), (eve.root_keys, key("eve").public.raw)]
    signatures = [founding_signature(one.founding_seed, pairs) for one in (root, eve)]
    plant(couple, genesis(key("eve"), pairs, signatures))
    back = recovered(couple, words_of(root.kem_seed), name="Ana")
    assert len(back.recovery.books()) == 2


@pytest.mark.long
def test_28_junk_under_the_names_of_books_hides_nothing(couple: Couple) -> None:
    """Attacks 28 and 38: thousands of false beginnings, copies and halves do not keep the true one from being found."""
    paper = written_down(couple.journals[0])
    shared = couple.journals[0].device.shared
    assert shared is not None
    true = (couple.drive / shared.folder / "book.cj").read_bytes()
    for number in range(2000):
        folder = couple.drive / f"{number:032x}"
        folder.mkdir()
        (folder / "book.cj").write_bytes(true if number % 2 else true[:-1] + bytes([number % 256]))
    (couple.drive / shared.folder / "book (conflict 1).cj").write_bytes(true[:100])
    lose(couple)
    back = recovered(couple, paper)
    assert texts(back) == ["Ana before", "Ben before"]
    assert len(back.device.secrets.books) == 2


def test_24_a_frozen_folder_shows_in_the_check_words(couple: Couple, tmp_path: Path) -> None:
    """Attack 24, F22: a host that shows Ana an old folder cannot make her six words those of Ben."""
    ana, ben = couple
    frozen = tmp_path / "frozen"
    copy_folder(couple.drive, frozen)
    ana.place.move(str(frozen))
    ben.add(cj.Bid("withheld"))
    couple.sync()
    assert ana.safety().words != ben.safety().words
    assert ana.safety().number == ben.safety().number
    assert ana.sync().drive == "ok"  # nothing else gives it away: silence and a frozen folder look alike
    ana.place.move(str(couple.drive))
    couple.sync()
    assert ana.safety().words == ben.safety().words


@pytest.mark.long
def test_24_a_hidden_removal_shows_in_the_check_words(couple: Couple, tmp_path: Path) -> None:
    """Attack 24, F22: hiding a removal from Ben leaves him with other words than Ana."""
    ana, ben = couple
    phone = couple.start("Ana", home="phone", device_name="phone")
    couple.pair(ana, phone, is_device=True)
    couple.sync()
    frozen = tmp_path / "frozen"
    copy_folder(couple.drive, frozen)
    ben.place.move(str(frozen))
    ana.removal("phone").carry_out()
    couple.sync()
    assert ana.safety().words != ben.safety().words


def copy_folder(source: Path, target: Path) -> None:
    """Copy what lies in a folder, as a host that goes on with an old state."""
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


def test_49_a_stolen_laptop_reads_the_old_and_nothing_new(couple: Couple) -> None:
    """Attack 49: after recovery and removal the thief's device opens no new file, with every key that it has."""
    ana = couple.journals[0]
    paper = written_down(ana)
    stolen = lose(couple)
    back = recovered(couple, paper)
    stolen_id = next(one.id for one in back.devices if one.person.is_me and not one.is_this)
    back.removal(stolen_id).carry_out(paper)
    couple.sync()
    ben = couple.journals[0]
    ben.add(cj.Bid("for Ana alone"))
    back.add(cj.Bid("for Ben alone"))
    couple.sync()
    stolen.sync()
    assert texts(stolen) == ["Ana before", "Ben before"]
    assert [one.standing for one in stolen.devices if one.is_this] == ["removed"]
    assert set(texts(ben)) == set(texts(back)) == {"Ana before", "Ben before", "for Ana alone", "for Ben alone"}


@pytest.mark.long
def test_who_reads_the_paper_is_that_person(couple: Couple) -> None:
    """A stranger with the words comes back as Ana; Ana sees the device, removes it with the same words, and renews."""
    ana, ben = couple
    paper = written_down(ana)
    stranger = recovered(couple, paper, home="stranger")
    couple.sync()
    assert texts(stranger) == ["Ana before", "Ben before"]
    assert [one.name for one in ben.devices if not one.person.is_me and one.name == "stranger"] == ["stranger"]
    ana.removal("stranger").carry_out(paper)
    ana.recovery.renew()
    couple.journals.remove(stranger)
    couple.pair(ana, ben, anew=True)
    ana.add(cj.Bid("begun anew"))
    couple.sync()
    stranger.sync()
    with pytest.raises(cj.RecoveryError):
        ana.recovery.open_with(paper)
    again = recovered(couple, paper, home="stranger again")
    assert "begun anew" not in texts(stranger) + texts(again)
