"""A hundred thousand hostile files in a real folder: what a sync costs beside them, and what it says of them."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import pytest

import couplejournal as cj
from couplejournal.testing.couples import Couple

FILES: Final = 100_000
SECONDS_MORE: Final = 10.0
MEGABYTES_MORE: Final = 200
MEMORY_FILE_LIMIT_BYTES: Final = 64 << 20
ENTRIES: Final = 200
CAP_BYTES: Final = 4 << 20  # what a segment may have at most


# The peak is asked of the kernel by the process itself: what a parent is told counts the parent's own memory, too.
SYNC: Final = """
import sys
from pathlib import Path
from couplejournal.cli.main import run

code = run(["sync"])
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
Path(sys.argv[1]).write_text(status["VmHWM"].split()[0])
sys.exit(code)
"""


@attrs.frozen
class Cost:
    """What one `couplejournal sync` came to: processor time, time on the wall, the process's peak, and what it said."""

    seconds: float
    wall_s: float
    peak_mb: float
    code: int
    out: str
    err: str


def synced(home: Path) -> Cost:
    """Sync in a process of its own, as a person does, and measure it."""
    environ = os.environ | {"COUPLEJOURNAL_HOME": str(home)}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    peak = home.with_name("peak")
    done = subprocess.run(
        [sys.executable, "-c", SYNC, str(peak)], capture_output=True, text=True, env=environ, check=False
    )
    wall_s, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, wall_s, int(peak.read_text()) / 1024, done.returncode, done.stdout, done.stderr)


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben with some entries, on the clock and the disk of this machine."""
    found = Couple(tmp_path)
    for name in ("Ana", "Ben"):
        journal = cj.create(name, passphrase=cj.NO_PASSPHRASE, home=tmp_path / name.lower())
        found.journals.append(journal)
        found.meet_in(journal, 0)
    ana, ben = found.journals
    found.pair(ana, ben)
    for number in range(ENTRIES):
        (ana, ben)[number % 2].add(cj.Note(f"entry {number}"), audience="shared")
    found.sync()
    yield found
    found.close()


class Litter:
    """Junk of every sort, about as many files of each, laid into a drive around its real files."""

    def __init__(self, drive: Path, *, count: int) -> None:
        """Take the folder, and how many files there are to be."""
        self.drive = drive
        self.real = sorted(drive.glob("*/streams/*/*.seg"))
        self.contents = [path.read_bytes() for path in self.real]
        self.book = self.real[0].parents[2]
        self.laid = 0
        sorts = [
            self.garbage, self.wrong_hash, self.truncated, self.flipped, self.copies, self.foreign_book, self.stranger,
            self.tiny, self.at_the_root, self.pairing, self.temporary, self.deep,
        ]  # fmt: skip
        for number in range(count):
            sorts[number % len(sorts)](number)
        for number in range(200):
            self.odd(number)
        for number in range(500):
            self.huge(number)

    def put(self, path: Path, data: bytes) -> None:
        """Write a file, and its folders."""
        try:
            path.write_bytes(data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
        self.laid += 1

    @staticmethod
    def digits(number: int) -> str:
        """Return 32 hex digits."""
        return hashlib.sha256(b"%d" % number).hexdigest()[:32]

    def name(self, number: int) -> str:
        """Return a name of the right shape."""
        return f"{number:08d}-{number:08d}-{self.digits(number)}.seg"

    def content(self, number: int) -> bytes:
        return self.contents[number % len(self.contents)]

    def garbage(self, number: int) -> None:
        """The right name, in a real stream's folder or a made-up one; nothing but noise in it."""
        folder = self.real[number % len(self.real)].parent
        if number % 5 == 0:
            folder = self.book / "streams" / self.digits(number % 500)
        self.put(folder / self.name(number), b"CJS1\1\2" + self.digits(number).encode() * 40)

    def wrong_hash(self, number: int) -> None:
        """A real file with a byte more, under a name of another hash."""
        self.put(self.real[number % len(self.real)].parent / self.name(number), self.content(number) + b"\0")

    def truncated(self, number: int) -> None:
        content = self.content(number)
        self.put(self.real[number % len(self.real)].parent / self.name(number), content[: number % len(content)])

    def flipped(self, number: int) -> None:
        content = bytearray(self.content(number))
        content[number % len(content)] ^= 1 + number % 255
        self.put(self.book / "streams" / self.digits(number % 50) / self.name(number), bytes(content))

    def copies(self, number: int) -> None:
        """A real file, whole, under the name that a sync client gives what it fights about."""
        real = self.real[number % len(self.real)]
        self.put(real.with_name(f"{real.stem} (conflicted copy {number}).seg"), self.content(number))

    def foreign_book(self, number: int) -> None:
        """Another book, with a beginning and a file in it."""
        book = self.drive / self.digits(number)
        if number % 2:
            self.put(book / "book.cj", b"CJS1\1\1" + bytes(3000))
        else:
            self.put(book / "streams" / self.digits(number + 1) / self.name(number), self.content(number))

    def stranger(self, number: int) -> None:
        self.put(self.book / ("streams" if number % 2 else "") / f"photo {number}.jpg", b"\xff\xd8" + bytes(3000))

    def tiny(self, number: int) -> None:
        self.put(self.real[0].parent / self.name(number), b"CJS1"[: number % 5])

    def at_the_root(self, number: int) -> None:
        self.put(self.drive / self.name(number), self.digits(number).encode() * 20)

    def pairing(self, number: int) -> None:
        self.put(self.drive / "invites" / f"{self.digits(number)}.{('offer', 'join')[number % 2]}", bytes(500))

    def temporary(self, number: int) -> None:
        self.put(self.real[0].parent / f"~$junk{number}.seg", self.content(number))

    def deep(self, number: int) -> None:
        folder = self.book / "streams" / self.digits(number % 40)
        self.put(folder.joinpath(*("deep",) * (1 + number % 30)) / self.name(number), b"x" * 400)

    def odd(self, number: int) -> None:
        """Links out of the folder, to endless devices and to itself; pipes."""
        path = self.real[0].parent / self.name(10**7 + number)
        if number % 4 == 3:
            os.mkfifo(path)
        else:
            path.symlink_to(("/dev/zero", "..", self.real[0])[number % 4])
        self.laid += 1

    def huge(self, number: int) -> None:
        """A sparse file: just under what a segment may have, or ten gigabytes."""
        path = self.real[0].parent / self.name(2 * 10**7 + number)
        with path.open("wb") as file:
            file.write(b"CJS1\1\2")
            file.truncate(10 << 30 if number % 5 == 0 else CAP_BYTES)
        self.laid += 1


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the measuring of a process is that of Linux")
def test_a_hundred_thousand_hostile_files(couple: Couple, tmp_path: Path) -> None:
    """38: beside them a sync takes less than 10 s and 200 MB more than without, and says what it left in one line."""
    ana, ben = couple.journals
    home = tmp_path / "ana"
    ana.close()
    synced(home)
    alone = synced(home)
    assert (alone.code, alone.err) == (0, "")
    litter = Litter(couple.drive, count=FILES)
    assert litter.laid >= FILES
    ben.add(cj.Note("among all the junk"), audience="shared")
    ben.sync()
    costs = [synced(home) for _ in range(3)]
    assert "came" in costs[0].out, "what is real comes first"
    print(f"{alone.seconds:.1f} s of processor time and {alone.peak_mb:.0f} MB without junk")
    for cost in costs:
        more_s, more_mb = cost.seconds - alone.seconds, cost.peak_mb - alone.peak_mb
        print(f"{more_s:.1f} s of processor time more, {cost.wall_s:.1f} s on the wall, {more_mb:.0f} MB more")
        assert more_s < SECONDS_MORE, cost
        assert more_mb < MEGABYTES_MORE, cost
        assert cost.code == 3
        assert len(cost.err.splitlines()) == 1, cost.err
        assert cost.err.startswith("files not taken from the shared folder: ")
    memory = max(path.stat().st_size for path in (home / "state").rglob("*") if path.is_file())
    assert memory < MEMORY_FILE_LIMIT_BYTES
    with cj.open(home=home) as again:
        assert {f"entry {number}" for number in range(ENTRIES)} < {entry.text for entry in again.view().entries()}


@pytest.mark.long
def test_junk_is_looked_at_to_its_end(couple: Couple, tmp_path: Path) -> None:
    """38: after so many syncs each piece of junk had its turn, and the next sync reads nothing at all."""
    ana, _ = couple.journals
    Litter(couple.drive, count=6000)
    ana.sync()
    ana.sync()
    began = time.process_time()
    report = ana.sync()
    assert (report.drive, report.finished) == ("ok", True)
    assert time.process_time() - began < SECONDS_MORE / 5
    assert len([line for line in report.problems if "not taken" in line]) == 1
