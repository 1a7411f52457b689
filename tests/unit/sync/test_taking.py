"""What comes: verified before it is stored, and every other file told apart."""

from __future__ import annotations

import pytest
from unit.sync.couple import Couple
from unit.sync.fake_book import NEWER, WRONG, FakeBook, Toy

from couplejournal.drive.interface import NotYetError
from couplejournal.sync import Refusal
from couplejournal.sync.names import folder_of

MINUTES = 60


@pytest.fixture
def pair() -> Couple:
    """Two devices that have met."""
    couple = Couple()
    couple.meet()
    return couple


@pytest.mark.parametrize(
    "name",
    [
        "{path} (Ann's conflicted copy 2026-01-02)",
        "{stem} (1).seg",
        "{stem}.sync-conflict-20260102-030405-ABCDEFG.seg",
        "{path}.conflict1",
        "{folder}/anything at all",
        "{folder} (1)/streams/x.seg",
        "sent by mail.seg",
        "{upper}",
    ],
)
def test_known_by_content(pair: Couple, name: str) -> None:
    """A segment is taken under any name, wherever it lies, and a second copy of it changes nothing."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    stem = toy.path.removesuffix(".seg")
    path = name.format(path=toy.path, stem=stem, folder=folder_of(ana.book.id), upper=toy.path.upper())
    pair.sim.plant(1, path, toy.seal())
    assert ben.sync().received_files == 1
    pair.sim.plant(1, toy.path, toy.seal())
    report = ben.sync()
    assert (report.received_files, report.problems, report.exit_code) == (0, (), 0)


def test_half_a_file_is_not_yet(pair: Couple) -> None:
    """Half a file is pending, and taken at once when the rest has come."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    for part in (b"", toy.seal()[:100], toy.seal()[:-1], bytes(len(toy.seal()))):
        pair.sim.plant(1, toy.path, part)
        report = ben.sync()
        assert (report.pending, report.damaged, report.received_files, report.exit_code) == (1, 0, 0, 3)
    pair.sim.plant(1, toy.path, toy.seal())
    report = ben.sync()
    assert (report.pending, report.received_files, report.exit_code) == (0, 1, 0)


def test_pending_becomes_damaged(pair: Couple) -> None:
    """What does not authenticate is damaged only when unchanged over 3 syncs and 10 minutes, and stays untouched."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    half = toy.seal()[:-1]
    pair.sim.plant(1, toy.path, half)
    ben.sync()
    pair.system.pass_by(seconds=11 * MINUTES)
    assert ben.sync().pending == 1, "only twice"
    assert (ben.sync().damaged, ben.sync().pending) == (1, 0)
    assert ben.sync().problems
    assert pair.sim.views[1][toy.path].data == half


def test_three_quick_looks_are_no_damage(pair: Couple) -> None:
    """Many syncs within ten minutes leave a file pending, and read it ever more rarely."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    pair.system.pass_by(hours=1)
    ben.sync()
    pair.sim.plant(1, toy.path, toy.seal()[:-1])
    reads = 0
    for _ in range(100):
        assert ben.sync().pending == 1
        reads += ben.reads
        pair.system.pass_by(seconds=5)
    assert reads == 4


def test_damage_under_an_unchanged_time(pair: Couple) -> None:
    """A file that completes without a new time or size is found by the looks that go on."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    data = toy.seal()
    pair.sim.plant(1, toy.path, bytes(len(data)))
    ben.sync()
    pair.sim.views[1][toy.path] = type(pair.sim.views[1][toy.path])(data, pair.sim.views[1][toy.path].mtime_ns)
    assert (ben.sync().received_files, ben.reads) == (0, 0)
    pair.system.pass_by(seconds=6)
    assert ben.sync().received_files == 1


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [(WRONG, "signed but wrong"), (NEWER, "written by a newer version: update couplejournal")],
)
def test_refused_is_remembered(pair: Couple, flaw: int, reason: str) -> None:
    """What is refused is counted by reason, not read again at every sync, and tried at once after an update."""
    ana, ben = pair.devices
    for number in range(2):
        toy = Toy(book=ana.book.id, author=0, stream=bytes([9, number] * 8), first=1, ops=(b"x",), flaw=flaw)
        pair.sim.plant(1, toy.path, toy.seal())
    for reads in (2, 0, 0):
        report = ben.sync()
        assert (report.refused, ben.reads, report.exit_code) == ((Refusal(reason, 2),), reads, 3)
    ben.restart(program="1.1")
    ben.sync()
    assert ben.reads == 2
    ben.sync()
    assert ben.reads == 0


def test_foreign_is_told_apart(pair: Couple) -> None:
    """A valid segment of another book is neither stored nor called a problem."""
    _, ben = pair.devices
    toy = FakeBook(0, name="another").write("not ours")
    pair.sim.plant(1, f"{folder_of(ben.book.id)}/streams/x.seg", toy.seal())
    report = ben.sync()
    assert (report.foreign, report.received_files, report.problems) == (1, 0, ())
    assert "not ours" not in ben.book.words()


def test_fork_is_taken(pair: Couple) -> None:
    """A second history of one stream is no trouble of the drive: it is taken, and goes to everybody."""
    ana, ben = pair.devices
    ana.book.write("one")
    pair.round()
    pair.round()
    fork = Toy(book=ana.book.id, author=0, stream=ana.book.stream_of(2), first=1, ops=(b"another",))
    pair.sim.plant(1, fork.path, fork.seal())
    report = ben.sync()
    assert (report.received_ops, report.refused, report.exit_code) == (1, (), 0)
    assert ben.book.words() == {"one", "another"}


def test_words_before_their_key() -> None:
    """Words whose key is not known are held, and taken in the very sync in which the key comes."""
    couple = Couple(3)
    ana, _, eve = couple.devices
    couple.devices[0].sync(may_found=True)
    couple.carry()
    words = [eve.book.write(f"word {number}") for number in range(3)]
    for toy in words:
        couple.sim.plant(0, toy.path, toy.seal())
    assert (ana.sync().held, ana.sync().received_files, ana.reads) == (3, 0, 0)
    key = next(held for held in eve.book.held() if held.is_key)
    couple.sim.plant(0, f"{key.path}.zzz", eve.book.read(key.path))
    report = ana.sync()
    assert (report.held, report.received_files) == (0, 4)
    assert ana.book.words() == {"word 0", "word 1", "word 2"}


def test_key_behind_its_words_in_one_sync() -> None:
    """Words and key of a first sync are all taken, whatever the order in which they are read."""
    couple = Couple(2)
    ana, ben = couple.devices
    couple.devices[0].sync(may_found=True)
    couple.carry()
    for number in range(100):
        toy = ana.book.write(f"word {number}")
        couple.sim.plant(1, toy.path, toy.seal())
    key = next(held for held in ana.book.held() if held.is_key)
    del couple.sim.views[1][key.path]
    couple.sim.plant(1, f"{folder_of(ana.book.id)}/streams/zzz.seg", ana.book.read(key.path))
    assert ben.sync().received_files == 101


def test_junk_costs_nothing(pair: Couple) -> None:
    """Junk of any kind is counted, read at most once, and delays nothing."""
    ana, ben = pair.devices
    folder = folder_of(ben.book.id)
    for name, data in {
        "Thumbs.db": b"x",
        ".DS_Store": b"Bud1" * 100,
        "streams/notes.txt": b"what is this? " * 100,
        "streams/._x.seg": b"\0\5\x16\7" * 100,
        "streams/~$cj00.tmp": b"half" * 100,
        "streams/huge.seg": bytes((4 << 20) + 1),
    }.items():
        pair.sim.plant(1, f"{folder}/{name}", data)
    toy = ana.book.write("tea?")
    pair.sim.plant(1, toy.path, toy.seal())
    report = ben.sync()
    assert (report.received_files, report.skipped_junk, report.problems, report.exit_code) == (1, 6, (), 0)
    ben.sync()
    assert ben.reads == 0


def test_half_a_conflict_copy_of_what_is_held(pair: Couple) -> None:
    """Half a copy of a segment that is held whole is junk and no damage."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    pair.round()
    pair.round()
    pair.sim.plant(1, toy.path.replace(".seg", " (1).seg"), toy.seal()[:-1])
    report = ben.sync()
    assert (report.pending, report.skipped_junk, report.exit_code) == (0, 1, 0)


def test_file_that_cannot_be_read_yet(pair: Couple) -> None:
    """A file that is listed and cannot be read is pending however long it lasts, never damaged."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    pair.sim.plant(1, toy.path, toy.seal())
    real = pair.sim.face(1).read

    def read(path: str, *, limit_bytes: int) -> bytes:
        if path == toy.path:
            raise NotYetError("not downloaded")
        return real(path, limit_bytes=limit_bytes)

    ben.drive.inner.read = read  # type: ignore[method-assign]
    for _ in range(5):
        report = ben.sync()
        assert (report.pending, report.damaged) == (1, 0)
        pair.system.pass_by(hours=1)
    ben.drive.inner.read = real  # type: ignore[method-assign]
    pair.system.pass_by(hours=24)
    assert ben.sync().received_files == 1


def test_placeholder_of_a_host(pair: Couple) -> None:
    """A placeholder says that a file is there and not downloaded: it is pending, not junk, and not lost."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    ana.sync()
    ana.sync()
    del pair.sim.views[0][toy.path]
    folder, _, name = toy.path.rpartition("/")
    pair.sim.plant(0, f"{folder}/.{name}.icloud", b"bplist00")
    pair.system.pass_by(hours=48)
    report = ana.sync()
    assert (report.pending, report.restored, report.skipped_junk, ana.writes) == (1, 0, 0, 0)


def test_spoiled_file_under_an_unchanged_time_after_a_boot(pair: Couple) -> None:
    """After a boot the last own segments are read again, and what a power cut left is put back."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    ana.sync()
    ana.sync()
    seen = pair.sim.views[0][toy.path]
    pair.sim.plant(0, toy.path, bytes(len(seen.data)))
    pair.sim.views[0][toy.path] = type(seen)(bytes(len(seen.data)), seen.mtime_ns)
    assert (ana.sync().restored, ana.reads) == (0, 0)
    ana.system.boot = "boot-2"
    assert ana.sync().restored == 1
    assert (ana.sync().restored, pair.sim.views[0][toy.path].data) == (0, toy.seal())
    ana.sync()
    assert ana.reads == 0


def test_boot_reads_twenty_files_at_most() -> None:
    """A boot costs at most twenty reads, however long the journal."""
    couple = Couple()
    ana, _ = couple.devices
    for number in range(50):
        ana.book.write(f"word {number}")
    couple.meet()
    couple.system.pass_by(hours=1)
    ana.sync()
    ana.system.boot = "boot-2"
    ana.sync()
    assert ana.reads == 20
    ana.sync()
    assert ana.reads == 0


def test_system_without_a_boot_id(pair: Couple) -> None:
    """Where the system names no boot, a new process reads the last own files again, at most once an hour."""
    ana, _ = pair.devices
    ana.system.boot = ""
    pair.system.pass_by(hours=2)
    ana.sync()
    for hours, reads in ((0.0, 1), (0.0, 0), (2.0, 1), (0.0, 0)):
        pair.system.pass_by(hours=hours)
        ana.restart()
        ana.sync()
        assert ana.reads == reads


def test_looks_after_the_handing_over(pair: Couple) -> None:
    """In the ten minutes after the handing over a segment is read twice more, and then never again."""
    ana, _ = pair.devices
    pair.system.pass_by(hours=1)
    ana.sync()
    ana.book.write("tea?")
    ana.sync()
    ana.sync()
    reads = []
    for _ in range(20):
        pair.system.pass_by(seconds=1 * MINUTES)
        ana.sync()
        reads.append(ana.reads)
    assert reads == [1] + [0] * 8 + [1] + [0] * 10
