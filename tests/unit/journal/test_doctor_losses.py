"""The doctor and what is gone, or does not belong, in this device's own copies: told, and moved or put back if safe."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from unit.journal.patients import WORDS, Two, codes, couple, look, segments, template

import couplejournal as cj
from couplejournal.ops.domains import first_link
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM, seal_keys

__all__ = ["couple", "template"]  # fixtures


def add_alone(journal: cj.Journal) -> Path:
    """Add a note to the private book, and return the file of the copy that holds it."""
    record = journal.reader.record(bytes.fromhex(journal.add(cj.Note(WORDS)).id))
    assert record is not None
    own = [path for path in segments(journal, shared=False) if path.parent.name == record.op.stream.hex()]
    return own[-1]  # by its range: files made within one tick of the disk's clock have one time


def test_a_last_file_that_is_gone_is_found(couple: Two) -> None:
    """What this device wrote last in its private book leaves no gap: the notes know of it, until it is back."""
    ana, _ = couple
    path = add_alone(ana)
    whole = path.read_bytes()
    path.unlink()
    found = look(ana)
    assert codes(found) == ["cut"]
    assert "backup" in found.findings[0].remedy
    assert codes(look(ana, repair=True)) == ["cut"]
    path.write_bytes(whole)
    assert codes(look(ana)) == []


def test_it_stays_found_after_this_device_wrote_on(couple: Two) -> None:
    """Writing goes on in new streams, and the loss is neither forgotten nor said to be none."""
    ana, _ = couple
    add_alone(ana).unlink()
    with cj.open(home=ana.home.config.parent, system=couple.systems[0]) as again:
        again.add(cj.Note(WORDS))
        assert [one.code for one in again.notices()] == ["cut", "restored-or-copied"]
        assert "nothing is lost" not in repr(again.notices())
    assert codes(look(ana)) == ["cut"]


def test_what_the_folder_has_comes_back(couple: Two) -> None:
    """Of the book of both, what this device wrote last comes back with the sync of a repair."""
    ana, _ = couple
    written = ana.reader.record(bytes.fromhex(ana.add(cj.Bid(WORDS)).id))
    assert written is not None
    for _ in range(2):
        ana.sync()
    for path in segments(ana, shared=True):
        if path.parent.name == written.op.stream.hex():
            path.unlink()
    assert "cut" in codes(look(ana))
    assert "cut" in [one.code for one in look(ana, repair=True).repaired]


@pytest.mark.parametrize("kind", ["noise", "far", "another's", "forged", "renamed"])
def test_a_stray_file_is_moved_aside(couple: Two, kind: str) -> None:
    """What has a segment's name and can never be one is harmless: moved out of the copy, byte for byte, and well."""
    ana, _ = couple
    real = segments(ana, shared=True)[-1]
    foreign = segments(ana, shared=False)[-1].read_bytes()
    data = {
        "noise": b"noise" * 999,
        "far": b"noise" * 999,
        "another's": foreign,
        "forged": real.read_bytes()[:-1] + b"x",
    }.get(kind)
    data = data or real.read_bytes()
    numbers = "00000077-00000077" if kind in ("far", "renamed") else real.name[:17]
    stray = real.with_name(f"{numbers}-{hashlib.sha256(data).hexdigest()[:32]}.seg")
    stray.write_bytes(data)
    assert codes(look(ana))[0] == "strays"
    done = look(ana, repair=True)
    assert (codes(done), done.repaired[0].code) == ([], "strays")
    assert not stray.exists()
    shared = ana.device.shared
    assert shared is not None
    assert (ana.home.data / "aside" / shared.folder / stray.name).read_bytes() == data
    assert codes(look(ana)) == []


def test_what_may_become_right_stays_where_it_is(couple: Two) -> None:
    """A file of a device that is not known here yet is no stray: nothing moves it."""
    ana, _ = couple
    shared = ana.device.shared
    assert shared is not None
    stranger = KeyPair(bytes(31) + b"1", bytes(31) + b"2")
    link = first_link(stranger.id, b"s" * 16, KEY_STREAM)
    made = seal_keys(stranger, book=shared.id, stream=b"s" * 16, first=1, prev=link, ops=[b"x"]).sealed
    folder = ana.home.replica(shared.folder) / "streams" / (b"s" * 16).hex()
    folder.mkdir(mode=0o700)
    (folder / f"00000001-00000001-{made.digest.hex()[:32]}.seg").write_bytes(made.data)
    assert codes(look(ana, repair=True)) == ["unproved"]
    assert list(folder.iterdir())


def test_merged_files_are_neither_lost_nor_new(couple: Two) -> None:
    """Whatever a merge has come to, here and in the folder, nothing of it is missing; what never went out is."""
    ana, _ = couple
    shared = ana.device.shared
    assert shared is not None
    for _ in range(9):
        ana.add(cj.Bid(WORDS))
        ana.sync()
        couple.systems[0].advance(60)
    before = len(segments(ana, shared=True))
    assert any(one.is_mine and one.last > one.first + 6 for one in shared.held()), "the sync merged"
    for _ in range(4):
        for journal in couple:
            journal.sync()
            couple.age()
            assert codes(look(journal)) == []
        for system in couple.systems:
            system.advance(660)
    assert len(segments(ana, shared=True)) < before
    merged = next(one for one in shared.held() if one.is_mine and one.last > one.first + 6)
    (couple.drive / merged.path).unlink()
    assert codes(look(ana)) == ["folder-lost"]
