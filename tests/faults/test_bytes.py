"""Every single bit and every length of a small real segment: refused by the library's own verdict, or harmless."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from couplejournal.book import Draft, Verdict
from couplejournal.drive.interface import Drive
from couplejournal.errors import CouplejournalError, StoreError
from couplejournal.ops import words
from couplejournal.seal.segments import HEADER_BYTES
from couplejournal.store.replica import GENESIS_NAME
from couplejournal.sync import Sync, SyncMemory
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim
from couplejournal.testing.pairs import Member, meet, note, pair

HARMLESS = {Verdict.PENDING, Verdict.REFUSED, Verdict.FOREIGN, Verdict.HELD, Verdict.NEWER}
BATCH = 4096


@lru_cache(maxsize=1)
def couple() -> tuple[Member, Member]:
    """Return Ana, who wrote two key segments and two word segments, and Ben, who has seen nothing of it."""
    ana, ben = pair("ana", "ben")
    for epoch in (b"e", b"f"):
        ana.book._writer.append_keys([Draft("lack", words.Lack([epoch * 16]))])
    ana.write("Tea?")
    ana.write("Or coffee?")
    return ana, ben


def files() -> dict[str, list[bytes]]:
    """Return the two segments of Ana's key stream and the two of her word stream."""
    ana, _ = couple()
    assert [held.is_key for held in ana.book.held()] == [True, True, False, False]
    return {"keys": ana.files()[:2], "words": ana.files()[2:]}


def flips(file: bytes) -> Iterator[bytes]:
    """Yield the file with each of its bits turned."""
    for at in range(len(file) * 8):
        changed = bytearray(file)
        changed[at // 8] ^= 1 << at % 8
        yield bytes(changed)


def cuts(file: bytes) -> Iterator[bytes]:
    """Yield every true prefix of the file, and the file with something behind it."""
    for size in range(len(file)):
        yield file[:size]
    for more in (b"\0", file[-1:], file):
        yield file + more


def require_harmless(offered: Iterator[bytes]) -> int:
    """Offer files to Ben, fail where one was taken or left a trace, and return how many there were."""
    ben = couple()[1].copied()
    assert isinstance(ben.disk, MemoryDisk)
    before, ops, count = dict(ben.disk.files), ben.ops(), 0
    batch = list(offered)
    for at in range(0, len(batch), BATCH):
        verdicts = {taken.verdict for taken in ben.book.take(batch[at : at + BATCH])}
        assert verdicts <= HARMLESS
        count += len(batch[at : at + BATCH])
    ben.disk.files.pop(ben.state / "book.marks")
    before.pop(ben.state / "book.marks")
    assert ben.disk.files == before
    assert ben.ops() == ops
    return count


@pytest.mark.parametrize("kind", ["keys", "words"])
def test_every_flipped_bit_is_refused(kind: str) -> None:
    """I3: a segment with any one bit turned is not taken, leaves nothing behind and raises nothing."""
    first, second = files()[kind]
    assert require_harmless(flips(first)) == len(first) * 8
    assert require_harmless(flips(second[:300])) == 300 * 8  # cut behind the header, too


@pytest.mark.parametrize("kind", ["keys", "words"])
def test_every_truncation_is_refused(kind: str) -> None:
    """A segment cut at any length, or with something behind it, is not taken and gives no byte of plaintext."""
    for file in files()[kind]:
        assert require_harmless(cuts(file)) == len(file) + 3


def test_the_whole_files_are_taken() -> None:
    """The same files, unharmed, are stored: what was refused above was refused for its one bit."""
    ana, ben = couple()[0], couple()[1].copied()
    assert {taken.verdict for taken in ben.take_from(ana)} == {Verdict.STORED}
    assert ben.texts() == ["Tea?", "Or coffee?"]


def test_headers_of_one_on_the_body_of_another_are_refused() -> None:
    """Headers, bodies and signatures of two segments, put together in any other way, are not taken."""
    (key_1, key_2), (word_1, word_2) = files()["keys"], files()["words"]
    parts = [(file[:HEADER_BYTES], file[HEADER_BYTES:-64], file[-64:]) for file in (key_1, key_2, word_1, word_2)]
    wholes = {key_1, key_2, word_1, word_2}
    mixed = [a[0] + b[1] + c[2] for a in parts for b in parts for c in parts]
    require_harmless(file for file in mixed if file not in wholes)


def segment_paths(member: Member) -> list[Path]:
    """Return where the files of a replica lie, word segments last."""
    assert isinstance(member.disk, MemoryDisk)
    return [path for path in member.disk.files if path.suffix == ".seg"]


def spoilt(member: Member, path: Path, data: bytes) -> None:
    """Put other bytes under a name of a replica, and start the program anew."""
    assert isinstance(member.disk, MemoryDisk)
    member.disk.files[path] = data
    member.reopen()


@pytest.mark.parametrize("step", [197, pytest.param(7, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", ["ana", "ben"])
def test_a_flipped_bit_in_a_replica_is_noticed_and_healed(name: str, step: int) -> None:
    """A worn bit in a file of one's own copy hides that file alone; the drive's copy heals it, and writing goes on."""
    members = {member.name: member for member in pair("ana", "ben")}
    ana, ben = members["ana"], members["ben"]
    ana.write("one")
    ana.write("two")
    meet([ana, ben])
    victim, other = members[name], ben if name == "ana" else ana
    whole = {op.id for op in victim.ops()}
    assert isinstance(victim.disk, MemoryDisk)
    for path in segment_paths(victim):
        data = victim.disk.files[path]
        for at in sorted({*range(0, len(data) * 8, step), *range(32, 48)}):  # suite and type in any case
            changed = bytearray(data)
            changed[at // 8] ^= 1 << at % 8
            spoilt(victim, path, bytes(changed))
            assert {op.id for op in victim.ops()} < whole or path.name.startswith("00000003")
            victim.take_from(other)
            assert {op.id for op in victim.ops()} == whole
            assert victim.disk.files[path] == data
            assert victim.book.notices() == ()
    op = victim.write("and on")
    assert op.id in {op.id for op in victim.ops()}
    assert name == "ben" or op.seq == 3, "what came back is gone on with"


@pytest.mark.parametrize("size", [0, 1, HEADER_BYTES, 300, 1000, -1])
def test_a_cut_file_in_a_replica_is_healed(size: int) -> None:
    """A file that a power cut left short, empty even, comes back from the other; nobody stops writing for it."""
    for at in range(4):
        ana, ben = pair("ana", "ben")
        ana.write("one")
        ana.write("two")
        meet([ana, ben])
        paths = segment_paths(ana)
        path = paths[at % len(paths)]
        assert isinstance(ana.disk, MemoryDisk)
        data, whole = ana.disk.files[path], ana.ops()
        spoilt(ana, path, data[:size])
        ana.ops()
        assert {taken.verdict for taken in ana.take_from(ben)} <= {Verdict.STORED, Verdict.KNOWN}
        assert ana.disk.files[path] == data
        assert ana.ops() == whole
        ana.write("three")
        assert {taken.verdict for taken in ben.take_from(ana)} <= {Verdict.STORED, Verdict.KNOWN}
        assert ben.texts()[-1] == "three"


def test_a_lost_file_in_a_replica_is_healed() -> None:
    """A file that is gone from the middle of one's own stream comes back; until then this device writes elsewhere."""
    ana, ben = pair("ana", "ben")
    for text in ("one", "two", "three"):
        ana.write(text)
    meet([ana, ben])
    whole, ben_files = ana.ops(), ben.files()
    streams = [whole[0].stream]
    [path] = [path for path in segment_paths(ana) if path.name.startswith("00000002")]
    assert isinstance(ana.disk, MemoryDisk)
    for is_restarted in (False, True):
        data = ana.disk.files.pop(path)
        if is_restarted:
            ana.reopen()
        else:
            ana.book._shelf._cache.clear()
        assert not set(whole) <= set(ana.ops())
        op = ana.write("four")
        ana.book.take(ben_files)
        assert set(whole) | {op} <= set(ana.ops())
        assert ana.disk.files[path] == data
        streams.append(op.stream)
    assert streams[0] not in streams[1:]
    assert {ana.write("five").stream} == set(streams[1:]), "the second time the stream in which it writes has no gap"
    assert ana.book.notices() == ()


def test_swapped_names_in_a_replica_hide_and_heal() -> None:
    """Two files of a replica that change their names are neither believed nor mixed up, and come back."""
    ana, ben = pair("ana", "ben")
    for member in (ana, ben):
        member.write(f"{member.name} one")
        member.write(f"{member.name} two")
    meet([ana, ben])
    whole = {op.id for op in ana.ops()}
    assert isinstance(ana.disk, MemoryDisk)
    paths = segment_paths(ana)
    for one in paths:
        for other in paths:
            if one < other:
                data = dict(ana.disk.files)
                spoilt(ana, one, data[other])
                spoilt(ana, other, data[one])
                assert {op.id for op in ana.ops()} <= whole
                ana.take_from(ben)
                assert {op.id for op in ana.ops()} == whole
                assert all(ana.disk.files[path] == data[path] for path in paths)


@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.long)])
def test_a_damaged_genesis_is_named(step: int) -> None:
    """A genesis with any bit turned does not open, with the library's own error."""
    [ana, _] = pair("ana", "ben")
    assert isinstance(ana.disk, MemoryDisk)
    path = ana.replica / GENESIS_NAME
    data = ana.disk.files[path]
    for at in range(0, len(data) * 8, 8 * step):
        changed = bytearray(data)
        changed[at // 8] ^= 1 << at % 8
        ana.disk.files[path] = bytes(changed)
        with pytest.raises(CouplejournalError):
            ana.reopen()
    for size in range(0, len(data), step):
        ana.disk.files[path] = data[:size]
        with pytest.raises(StoreError):
            ana.reopen()


def test_renamed_files_on_a_drive_say_the_same() -> None:
    """Whatever the files of a drive are called, and in whichever of its folders they lie, the journal is the same."""
    ana, ben = pair("ana", "ben")
    for text in ("one", "two", "three"):
        ana.write(text)
    sim = DriveSim(2)
    synced(ana, sim.face(0), may_found=True)
    view = dict(sim.views[0])
    folder = ana.book.folder
    names = [path for path in view if path.endswith(".seg")]
    for path in names:
        del view[path]
    for number, path in enumerate(names):  # each under the name of the one after it, or under none that it could have
        other = names[(number + 1) % len(names)] if number % 2 else f"{folder}/streams/{'0' * 32}/junk-{number}"
        view[other] = sim.views[0][path]
    sim.views[1] = view
    synced(ben, sim.face(1))
    assert ben.texts() == ["one", "two", "three"]
    assert ben.ops() == ana.ops()


def synced(member: Member, drive: Drive, *, may_found: bool = False) -> None:
    """Sync a book with a drive once."""
    memory = SyncMemory(member.disk, member.state / "sync.json")
    Sync(member.book, drive, memory, member.system).run(may_found=may_found)


def test_nothing_of_a_refused_entry_is_told() -> None:
    """The reason of a refusal never quotes the file."""
    ana, ben = pair("ana", "ben")
    ana.book.append([note("Zimtschnecke")])
    for file in ana.files():
        for changed in (file[:-1], file[:-1] + bytes([file[-1] ^ 1])):
            [taken] = ben.book.take([changed])
            assert "Zimt" not in taken.reason
            assert "\n" not in taken.reason
