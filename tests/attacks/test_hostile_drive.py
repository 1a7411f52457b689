"""A host that forges, cuts, swaps, withholds and litters (docs/explanation: the attacks are numbered there)."""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path

import msgspec
import pytest
from unit.book.forging import keys_segment, lack, notes, packed, words_segment

from couplejournal.book import Draft, Verdict
from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import Drive
from couplejournal.errors import UntrustedDataError
from couplejournal.ops import domains, words
from couplejournal.ops.membership import admit_message
from couplejournal.seal import boxes, epochs
from couplejournal.seal.keys import is_signed, signed_message
from couplejournal.sync import Sync, SyncMemory, SyncReport
from couplejournal.system import RealSystem
from couplejournal.testing.drives import DriveSim
from couplejournal.testing.pairs import Member, keys_of, meet, note, pair

HARMLESS = {Verdict.PENDING, Verdict.REFUSED, Verdict.FOREIGN, Verdict.HELD, Verdict.NEWER}


def verdict(member: Member, file: bytes) -> Verdict:
    """Offer one file."""
    return member.book.take([file])[0].verdict


def synced(member: Member, drive: Drive, *, may_found: bool = False) -> SyncReport:
    """Sync a book with a drive once."""
    memory = SyncMemory(member.disk, member.state / "sync.json")
    return Sync(member.book, drive, memory, member.system).run(may_found=may_found)


def met() -> tuple[Member, Member]:
    """Return Ana and Ben, who know what the other said."""
    ana, ben = pair()
    ana.write("hers")
    ben.write("his")
    for _ in range(3):
        meet([ana, ben])
        ana.book.acknowledge()
        ben.book.acknowledge()
    return ana, ben


def test_1_epochs_and_grants_of_a_stranger() -> None:
    """Attack 1: an epoch or a grant unsigned or signed by a stranger is not believed, and nobody writes under it."""
    ana, ben = met()
    [eve, _] = pair("eve", "ben")
    made = epochs.new_epoch(b"k" * 32, ana.own.id, {ben.own.id: ben.own.public.kem}, None)
    own = ben.book._writer.rotation.newest()
    assert own is not None
    granted = words.Grant([(own.id, ben.own.id, made.wraps[0][1])])
    for ops in (packed(("epoch", made)), packed(("grant", granted))):
        assert verdict(ben, keys_segment(ana, ops, author=eve.own).sealed.data) is Verdict.HELD
        unsigned = keys_segment(ana, ops).sealed.data[:-64] + bytes(64)
        assert verdict(ben, unsigned) is Verdict.PENDING
    before = ben.book._writer.rotation.newest()
    assert verdict(ben, keys_segment(ana, packed(("grant", granted))).sealed.data) is Verdict.STORED
    ben.write("on")
    assert ben.book._writer.rotation.newest() == before
    assert verdict(ana, words_segment(ben, notes("x"), epoch=b"E" * 16).sealed.data) is Verdict.HELD


def test_1_words_under_the_epoch_of_another() -> None:
    """Attack 1: words sealed under an epoch that another key made are refused, though everything else is right."""
    ana, ben = met()
    hers = ana.book._writer.rotation.newest()
    assert hers is not None
    key = ben.book._shelf.epochs.key_of(hers.id)
    forged = words_segment(ben, notes("x"), epoch=hers.id, key=key)
    assert verdict(ana, forged.sealed.data) is Verdict.REFUSED


def test_2_a_wrap_copied_elsewhere() -> None:
    """Attack 2: a wrap copied into another epoch, another recipient's place or another book opens nothing there."""
    ana, ben = met()
    real = ana.book._writer.rotation.newest()
    assert real is not None
    fresh = epochs.new_epoch(b"n" * 32, ana.own.id, {}, None)
    copied = attrs_struct(fresh, wraps=sorted((key, wrap) for key, [wrap] in real.wraps.items()))
    swapped = attrs_struct(fresh, wraps=[(ben.own.id, wrap) for wrap in real.wraps[ana.own.id]])
    for number, epoch in enumerate((copied, swapped)):
        file = keys_segment(ana, packed(("epoch", epoch)), stream=bytes([number]) * 16)
        assert verdict(ben, file.sealed.data) is Verdict.STORED
        assert ben.book._shelf.epochs.key_of(file.links[0][:16]) is None
    other, _ = pair("ana", "ben", seed="other")
    other.write("elsewhere")
    assert {taken.verdict for taken in ben.take_from(other)} == {Verdict.FOREIGN}


def attrs_struct(epoch: words.Epoch, *, wraps: list[tuple[bytes, bytes]]) -> words.Epoch:
    """Return an epoch with other wraps."""
    return words.Epoch(commit=epoch.commit, wraps=wraps, back=[], roots=[])


def test_3_an_epoch_that_shuts_a_device_out() -> None:
    """Attack 3: a device left out of an epoch asks once, is granted by an honest one, and the exchange ends."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    key = b"p" * 32
    made = epochs.new_epoch(key, ben.own.id, {ana.own.id: ana.own.public.kem}, None)
    epoch = keys_segment(ben, packed(("epoch", made)), stream=b"P" * 16)
    ben.write("for all")
    said = words_segment(ben, notes("not for her phone"), epoch=epoch.links[0][:16], key=key)
    for member in (ana, phone):
        member.take_from(ben)
        assert verdict(member, epoch.sealed.data) is Verdict.STORED
    assert verdict(ana, said.sealed.data) is Verdict.STORED
    assert verdict(phone, said.sealed.data) is Verdict.HELD
    written = [phone.book.tend()]
    for _ in range(3):
        ana.take_from(phone)
        written.append(ana.book.tend())
        phone.take_from(ana)
        written.append(phone.book.tend())
    assert written == [True, True, *[False] * 5]
    assert "not for her phone" in phone.texts()


def test_4_admissions_and_removals_by_the_wrong_hand() -> None:
    """Attack 4: the partner, a stranger or the host adds and removes none of my devices."""
    ana, ben = met()
    [eve, _] = pair("eve", "ben")
    before = ana.book.membership.live_devices(ana.person)
    for author in (ben.own, eve.own):
        drafts = []
        for person in (ana.person, ben.person):
            proof = eve.own.sign(admit_message(ana.book.id, author.id, eve.own.public.raw, person))
            drafts.append(("admit", words.Admit(person, eve.own.public.raw, proof, b"")))
        ana.book.take([keys_segment(ben, packed(*drafts), author=author).sealed.data])
        removal = packed(("remove", {"keys": [[ana.own.id, []]]}))
        file = keys_segment(ben, removal, author=author, stream=b"X" * 16).sealed.data
        ana.book.take([file])
    assert ana.book.membership.live_devices(ana.person) == before
    assert ana.book.membership.person_of(eve.own.id) == ben.person  # Ben may add it, to himself


def test_6_nothing_passes_as_something_else() -> None:
    """Attack 6: what is signed or sealed for one use holds for no other, for all pairs of uses."""
    own, key = keys_of("ana"), b"k" * 32
    for one, other in itertools.permutations(sorted(domains.WORDS), 2):
        message = signed_message(one, b"content")
        assert not is_signed(own.public.sign, own.sign(message), signed_message(other, b"content"))
    sealed = {word: boxes.seal_box(key, domains.domain(word), b"content") for word in domains.WORDS}
    for one, other in itertools.permutations(sorted(domains.WORDS), 2):
        with pytest.raises(UntrustedDataError):
            boxes.open_box(key, domains.domain(other), sealed[one])


def test_8_flips_in_a_large_segment() -> None:
    """Attack 8: a bit turned in every 9,973rd byte of a large segment, and in each of its ends, is refused."""
    ana, ben = met()
    ana.write("ä" * (1 << 19))
    file = ana.word_files()[-1][1]
    places = {*range(0, len(file), 9973), *range(8), len(file) - 1, len(file) - 64, len(file) - 65}
    for at in sorted(places):
        changed = bytearray(file)
        changed[at] ^= 1 << at % 8
        assert verdict(ben, bytes(changed)) in HARMLESS
    assert verdict(ben, file) is Verdict.STORED


def test_9_cuts_of_a_large_segment() -> None:
    """Attack 9: a large segment cut at and beside each 16 KiB border, or with a byte more, is not taken."""
    ana, ben = met()
    ana.write("x" * 100_000)
    file = ana.word_files()[-1][1]
    borders = range(182 + 56, len(file), (16 << 10) + 16)
    for cut in sorted({border + beside for border in borders for beside in (-1, 0, 1, 16)}):
        assert verdict(ben, file[:cut]) is Verdict.PENDING
    assert verdict(ben, file + b"\0") is Verdict.PENDING


def test_10_swapped_and_moved_files() -> None:
    """Attack 10, F4: files that swap names, or lie in another's folder, say what their headers say."""
    ana, ben = met()
    ana.write("second")
    sim = DriveSim(2)
    synced(ana, sim.face(0), may_found=True)
    names = sorted(path for path in sim.views[0] if path.endswith(".seg"))
    files = [sim.views[0][path] for path in names]
    sim.views[1] = dict(sim.views[0]) | dict(zip(names, files[1:] + files[:1], strict=True))
    report = synced(ben, sim.face(1))
    assert report.drive == "ok"
    assert not report.refused
    assert sorted(ben.texts()) == ["hers", "his", "second"]


def test_13_other_suites_and_plain_text() -> None:
    """Attack 13: a lower suite and plain text are rejected; a higher suite asks for an update; nothing is stored."""
    ana, ben = met()
    ana.write("second")
    file = ana.word_files()[-1][1]
    sim = DriveSim(2)
    synced(ana, sim.face(0), may_found=True)
    [path] = [path for path, known in sim.views[0].items() if known.data == file]
    for suite, word in ((0, "malformed"), (2, "newer")):
        sim.views[1] = dict(sim.views[0])
        sim.plant(1, path, file[:4] + bytes([suite]) + file[5:])
        report = synced(ben.copied(), sim.face(1))
        assert [word in refusal.reason for refusal in report.refused] == [True]
        assert report.received_ops == 0
    sim.plant(1, path, b"Dear diary, " * 200)
    assert synced(ben.copied(), sim.face(1)).pending == 1


def test_15_a_signature_stripped_and_made_anew() -> None:
    """Attack 15: a member that takes my sealed words and signs them as its own has nothing that opens."""
    ana, ben = met()
    ana.write("second")
    file = ana.word_files()[-1][1]
    epoch = ben.book._writer.rotation.newest()
    assert epoch is not None
    stolen = words_segment(ben, notes("x")).sealed
    for header in (stolen.header, msgspec.structs.replace(stolen.header, epoch=file[86:102])):
        head = header.pack()
        body = file[182:-64]
        signed = domains.domain("segment") + domains.digest("segment", head, body)
        assert verdict(ana, head + body + ben.own.sign(signed)) in HARMLESS


def test_17_old_segments_again() -> None:
    """Attack 17: what was taken comes again, twice, under a new name, in reverse order: it is applied once."""
    ana, ben = met()
    for text in ("one", "two", "three"):
        ana.write(text)
    ben.take_from(ana)
    before = ben.ops()
    assert {taken.verdict for taken in ben.book.take([*ana.files()[::-1], *ana.files()])} == {Verdict.KNOWN}
    assert ben.ops() == before
    late, files = pair()[1], ana.files()
    assert {taken.verdict for taken in late.book.take(files)} == {Verdict.FOREIGN}


def test_20_a_segment_withheld() -> None:
    """Attack 20, F10: with n+1 withheld n+2 is kept and not shown; both are once it comes."""
    ana, ben = met()
    for text in ("one", "two", "three"):
        ana.write(text)
    sim = DriveSim(2)
    synced(ana, sim.face(0), may_found=True)
    withheld = ana.word_files()[-2][0]
    sim.views[1] = {path: file for path, file in sim.views[0].items() if path != withheld}
    report = synced(ben, sim.face(1))
    assert len(report.gaps) == 1
    assert "three" not in ben.texts()
    sim.views[1][withheld] = sim.views[0][withheld]
    assert synced(ben, sim.face(1)).gaps == ()
    assert ben.texts()[-3:] == ["one", "two", "three"]


def test_33_a_writer_rotates_before_it_writes() -> None:
    """Attack 33: who has seen an admission makes a new epoch before its next word, and not before."""
    ana, ben, phone = pair("ana", "ben", "ana phone", is_met=False)
    ben.write("before")
    old = ben.book._writer.rotation.newest()
    ben.take_from(ana)
    assert ben.book._writer.rotation.newest() == old
    ben.write("after")
    new = ben.book._writer.rotation.newest()
    assert old is not None
    assert new is not None
    assert phone.own.id in new.wraps
    assert phone.own.id not in old.wraps


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_45_a_thousand_epochs(count: int) -> None:
    """Attack 45: a partner that rotates a thousand times slows nobody down for long, and writing goes on."""
    ana, ben = met()
    previous, link, files = None, None, []
    for number in range(1, count + 1):
        made = epochs.new_epoch(number.to_bytes(32), ben.own.id, {}, previous)
        one = keys_segment(ben, packed(("epoch", made)), stream=b"R" * 16, first=number, prev=link)
        link = one.links[-1]
        previous = (link[:16], number.to_bytes(32))
        files.append(one.sealed.data)
    assert {taken.verdict for taken in ana.book.take(files)} == {Verdict.STORED}
    assert ana.book.tend() is True
    assert ana.book.tend() is False
    ana.write("goes on")
    assert ana.reopen().gaps() == []


@pytest.mark.skipif(os.name != "posix", reason="links, pipes and sockets of POSIX")
def test_54_links_pipes_and_folders(tmp_path: Path) -> None:
    """Attack 54: links, pipes, sockets and folders under the names of segments are skipped, at once and for good."""
    ana, ben = met()
    drive = FolderDrive(tmp_path, RealSystem())
    synced(ana, drive, may_found=True)
    streams = tmp_path / ana.book.folder / "streams" / ("e" * 32)
    streams.mkdir()
    secret = tmp_path.parent / "secret"
    secret.write_bytes(b"secret")
    name = "0000000{}-00000001-" + "a" * 32 + ".seg"
    (streams / name.format(1)).symlink_to("/dev/zero")
    (streams / name.format(2)).symlink_to(secret)
    (streams / name.format(3)).symlink_to(tmp_path)
    os.mkfifo(streams / name.format(4))
    (streams / name.format(5)).mkdir()
    (tmp_path / ana.book.folder / "streams" / ("f" * 32)).symlink_to(tmp_path.parent)
    os.chdir(streams)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(name.format(6))
        report = synced(ben, drive)
    assert report.drive == "ok"
    assert sorted(ben.texts()) == ["hers", "his"]
    assert {held.stream for held in ben.book.held()} == {held.stream for held in ana.book.held()}


def test_55_sizes_and_ranges_that_cannot_be(tmp_path: Path) -> None:
    """Attack 55: empty, tiny, headless, endless files and impossible ranges are refused before the cap is read."""
    ana, ben = met()
    file = ana.word_files()[-1][1]
    drive = FolderDrive(tmp_path, RealSystem())
    synced(ana, drive, may_found=True)
    folder = tmp_path / ana.book.folder / "streams" / ("e" * 32)
    folder.mkdir()
    contents = [b"", b"C", file[:182], file[:182] + bytes(71) + file[-64:]]
    contents += [file[:102] + first.to_bytes(8) + last.to_bytes(8) + file[118:] for first, last in
                 ((2, 1), (0, 0), (1, (1 << 64) - 1), ((1 << 64) - 1, (1 << 64) - 1))]  # fmt: skip
    for number, content in enumerate(contents):
        (folder / f"{number:08d}-00000001-{'a' * 32}.seg").write_bytes(content)
        assert verdict(ben, content) in HARMLESS
    with (folder / f"00000099-00000099-{'b' * 32}.seg").open("wb") as sparse:
        sparse.truncate(10 << 30)
    report = synced(ben, drive)
    assert report.drive == "ok"
    assert sorted(ben.texts()) == ["hers", "his"]


def test_58_files_that_are_still_on_their_way() -> None:
    """Attack 58: half a file, a conflicted copy and a folded name are looked at later, and nothing comes twice."""
    ana, ben = met()
    ana.write("second")
    sim = DriveSim(2)
    synced(ana, sim.face(0), may_found=True)
    path, _ = ana.word_files()[-1]
    data = sim.views[0][path].data
    sim.views[1] = dict(sim.views[0])
    for size in (0, 100, 1000, len(data) - 1):
        sim.plant(1, path, data[:size])
        report = synced(ben, sim.face(1))
        assert (report.drive, report.received_ops, report.damaged) == ("ok", 0, 0)
        ben.system.ms += 3_600_000
    sim.plant(1, path.replace(".seg", " (conflicted copy).seg"), data)
    sim.plant(1, path.upper(), data)
    sim.plant(1, path, data)
    report = synced(ben, sim.face(1))
    assert report.received_ops == 1
    assert ben.texts().count("second") == 1


def test_3_a_request_is_no_grant() -> None:
    """Attack 3, other side: a request names epochs that need not exist; nothing is granted, and nothing is raised."""
    ana, ben = met()
    ben.book._writer.append_keys([Draft(*lack(b"", b"e" * 16, b"e" * 500))])
    ana.take_from(ben)
    assert ana.book.tend() is False
    assert ana.book.append([note("on")])
