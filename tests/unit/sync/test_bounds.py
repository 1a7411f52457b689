"""What no file of a drive can do: keep the others waiting, or cost time without end."""

from __future__ import annotations

import pytest
from unit.sync.couple import Couple

from couplejournal.drive.interface import DriveLateError, NotYetError
from couplejournal.sync import trip
from couplejournal.sync.names import folder_of
from couplejournal.testing.drives import CountingDrive

MINUTES = 60
FAILURES_AT_ONCE = 200
MEGABYTES_AT_ONCE = 4


@pytest.fixture
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one sync read less in vain than it does."""
    monkeypatch.setattr(trip, "FAILURES_AT_ONCE", FAILURES_AT_ONCE)
    monkeypatch.setattr(trip, "FAILED_BYTES_AT_ONCE", MEGABYTES_AT_ONCE << 20)


@pytest.fixture
def pair() -> Couple:
    """Two devices that have met."""
    couple = Couple()
    couple.meet()
    return couple


def test_a_file_that_hangs_delays_no_other(pair: Couple) -> None:
    """When reading one file makes the drive late, the next sync begins with the others."""
    ana, ben = pair.devices
    toys = [ana.book.write(f"word {number}") for number in range(3)]
    for toy in toys:
        pair.sim.plant(1, toy.path, toy.seal())

    class Hanging(CountingDrive):
        def read(self, path: str, *, limit_bytes: int) -> bytes:
            if path == toys[0].path:
                raise DriveLateError("late")
            return super().read(path, limit_bytes=limit_bytes)

    calm, ben.drive.inner = ben.drive.inner, Hanging(ben.drive.inner)
    assert ben.sync().drive == "late"
    report = ben.sync()
    assert (report.drive, report.received_files, report.pending) == ("ok", 2, 1)
    ben.drive.inner = calm
    pair.system.pass_by(seconds=6)
    assert ben.sync().received_files == 1


def test_drive_that_goes_while_it_is_read(pair: Couple) -> None:
    """Files of a drive that went away are not looked at one by one, and do not wait when it is back."""
    ana, ben = pair.devices
    for number in range(20):
        toy = ana.book.write(f"word {number}")
        pair.sim.plant(1, toy.path, toy.seal())

    class Unplugged(CountingDrive):
        def read(self, path: str, *, limit_bytes: int) -> bytes:
            pair.sim.unplug(1)
            return super().read(path, limit_bytes=limit_bytes)

    calm, ben.drive.inner = ben.drive.inner, Unplugged(ben.drive.inner)
    report = ben.sync()
    assert (report.drive, report.pending, ben.reads) == ("missing", 0, 1)
    ben.drive.inner = calm
    pair.sim.plug(1)
    assert ben.sync().received_files == 20


def test_what_cannot_be_read_is_tried_every_ten_minutes(pair: Couple) -> None:
    """A file that was not downloaded for days is taken soon after it is, although its size and time stay the same."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    pair.sim.plant(1, toy.path, toy.seal())

    class Evicted(CountingDrive):
        def read(self, path: str, *, limit_bytes: int) -> bytes:
            raise NotYetError("not downloaded")

    calm, ben.drive.inner = ben.drive.inner, Evicted(ben.drive.inner)
    for _ in range(20):
        assert ben.sync().pending
        pair.system.pass_by(hours=6)
    ben.sync()
    ben.drive.inner = calm
    pair.system.pass_by(seconds=10 * MINUTES)
    assert ben.sync().received_files == 1


def test_strangers_cost_bounded_time(pair: Couple) -> None:
    """Of any number of files that are none of ours, one sync reads a thousand; words never wait behind them."""
    ana, ben = pair.devices
    folder = folder_of(ben.book.id)
    for number in range(1500):
        pair.sim.plant(1, f"{folder}/{number:05d}.jpg", bytes(2000))
    toy = ana.book.write("tea?")
    pair.sim.plant(1, toy.path, toy.seal())
    assert (ben.sync().received_files, ben.reads) == (1, 1001)
    assert (ben.sync().skipped_junk, ben.reads) == (1500, 500)
    assert (ben.sync().skipped_junk, ben.reads) == (1500, 0)


def plant_noise(pair: Couple, count: int, *, size_bytes: int = 1000, at: str = "00") -> None:
    """Lay files into the folder that have the right names and hold noise."""
    streams = f"{folder_of(pair.devices[0].book.id)}/streams/{at * 16}"
    for number in range(count):
        noise = (b"CJS1%06d" % number).ljust(size_bytes, b"?")
        pair.sim.plant(1, f"{streams}/{number:08d}-{number:08d}-{number:032x}.seg", noise)


@pytest.mark.usefixtures("_few_at_once")
def test_noise_under_right_names_costs_bounded_time(pair: Couple) -> None:
    """One sync reads so many files in vain, the next goes on with those not read yet, until each had its turn."""
    _, ben = pair.devices
    plant_noise(pair, 2 * FAILURES_AT_ONCE + 100)
    report = ben.sync()
    assert FAILURES_AT_ONCE <= ben.reads <= FAILURES_AT_ONCE + 64
    assert (report.pending, report.finished, report.exit_code) == (2 * FAILURES_AT_ONCE + 100, True, 3)
    reads = ben.reads
    pair.system.pass_by(seconds=6)  # those read first are due again, and come after those never read
    for _ in range(2):
        ben.sync()
        reads += ben.reads
    assert {trouble.tries for trouble in ben.memory.kept.troubles.values()} == {1, 2}
    assert len(ben.memory.kept.troubles) == 2 * FAILURES_AT_ONCE + 100
    assert reads <= 3 * (FAILURES_AT_ONCE + 64)


@pytest.mark.usefixtures("_few_at_once")
def test_large_noise_costs_bounded_bytes(pair: Couple) -> None:
    """Few large files count as many small ones."""
    _, ben = pair.devices
    plant_noise(pair, 80, size_bytes=1 << 20)
    ben.sync()
    assert MEGABYTES_AT_ONCE <= ben.reads <= MEGABYTES_AT_ONCE + 16  # a batch of 16 MiB is on its way


@pytest.mark.usefixtures("_few_at_once")
def test_copies_cost_bounded_time(pair: Couple) -> None:
    """Copies of what is held are known for what they are, so many in one sync, and nothing is reported of them."""
    ana, ben = pair.devices
    ana.book.write("tea?")
    pair.round()
    pair.round()
    [word] = [held for held in ben.book.held() if not held.is_key]
    for number in range(10 * FAILURES_AT_ONCE):
        pair.sim.plant(1, word.path.replace(".seg", f" (copy {number}).seg"), ben.book.read(word.path))
    report = ben.sync()
    assert 8 * FAILURES_AT_ONCE <= ben.reads <= 8 * FAILURES_AT_ONCE + 8
    assert report.pending == 10 * FAILURES_AT_ONCE - ben.reads
    assert (ben.sync().problems, ben.sync().pending, ben.reads) == ((), 0, 0)


@pytest.mark.usefixtures("_few_at_once")
def test_what_goes_on_where_a_stream_ends_comes_first(pair: Couple) -> None:
    """The next file of a stream is read before all noise, whatever the noise is called."""
    ana, ben = pair.devices
    ana.book.write("tea?")
    pair.round()
    pair.round()
    plant_noise(pair, FAILURES_AT_ONCE + 500)
    toy = ana.book.write("or coffee?")
    pair.sim.plant(1, toy.path, toy.seal())
    assert ben.sync().received_files == 1


def test_own_words_go_although_much_came(pair: Couple) -> None:
    """A short time is shared: what was just saved here is handed over before all that came is taken."""
    ana, ben = pair.devices
    for number in range(100):
        toy = ana.book.write(f"word {number}")
        pair.sim.plant(1, toy.path, toy.seal())
    ben.book.write("from Ben")

    class Costly(CountingDrive):
        def read(self, path: str, *, limit_bytes: int) -> bytes:
            pair.system.pass_by(seconds=0.1)
            return super().read(path, limit_bytes=limit_bytes)

    ben.drive.inner = Costly(ben.drive.inner)
    report = ben.sync(budget_s=1)
    assert (report.published_files, report.finished) == (1, False)
    assert 4 <= report.received_files <= 6
    assert max(ben.book.batches) <= 8
