"""From save to the other's view, and what a drive that hangs costs."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from benchmarks.figures import Figures, durable_write, ms, python, timed

import couplejournal as cj
from couplejournal.drive.deadline import DeadlineDrive
from couplejournal.drive.interface import Listing, Place
from couplejournal.errors import DriveError
from couplejournal.system import RealSystem

pytestmark = pytest.mark.bench

ENTRIES = 60
PAUSE_S = 0.15
PERSON = Path(__file__).resolve().parents[2] / "examples" / "demo" / "person.py"
SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
HANG_S = 30.0


class HangingDrive:
    """A drive whose every call hangs for half a minute."""

    def probe(self) -> Place:
        self._hang()

    def list(self) -> Listing:
        self._hang()

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        self._hang()

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        self._hang()

    def remove(self, path: str) -> None:
        self._hang()

    def _hang(self) -> NoReturn:
        threading.Event().wait(HANG_S)
        raise DriveError("the wait is over")


def pair(folder: Path, drive: Path) -> dict[str, Path]:
    """Make two homes that share a journal through a drive."""
    homes = {name: folder / name for name in ("ana", "ben")}
    with cj.create("Ana", home=homes["ana"], passphrase=cj.NO_PASSPHRASE) as ana:
        invitation = ana.pairing.invite(str(drive))
        with cj.join(drive, invitation.words, name="Ben", home=homes["ben"], passphrase=cj.NO_PASSPHRASE) as joining:
            assert joining.check_words == invitation.check_words
            joining.confirm()
            invitation.accept()
            for journal in (ana, joining.journal, ana):
                assert journal.sync().drive == "ok"
    return homes


class WatchingPerson:
    """A watcher as a process of its own, and when it told of which entry."""

    def __init__(self, home: Path) -> None:
        self.seen: dict[str, float] = {}
        self.process = subprocess.Popen(
            python(str(PERSON), "watch", str(home)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "ready"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            entry_id, at = line.split()
            self.seen[entry_id] = float(at)

    def end(self) -> None:
        """Let it end."""
        self.process.communicate(timeout=20)


def test_save_to_seen(tmp_path: Path, figures: Figures) -> None:
    """With a watcher running on each side, the other sees an entry within 150 ms (median), one second at worst."""
    drive, floor_folder = tmp_path / "drive", tmp_path / "floor"
    drive.mkdir()
    floor_folder.mkdir()
    homes = pair(tmp_path, drive)
    watchers = [WatchingPerson(home) for home in homes.values()]
    saved = {}
    floors = []
    pause = threading.Event()
    with cj.open(home=homes["ana"]) as ana:
        pause.wait(2 * PAUSE_S)
        for number in range(ENTRIES):
            entry = ana.add(cj.Bid(f"Number {number}: will you come and look?"))
            saved[entry.id] = time.perf_counter()
            pause.wait(PAUSE_S)
            floors.append(durable_write(floor_folder, bytes(1500)) + durable_write(floor_folder, bytes(1500)))
    until = time.monotonic() + 30
    while len(watchers[1].seen) < ENTRIES and time.monotonic() < until:
        pause.wait(0.05)
    for watcher in watchers:
        watcher.end()
    assert saved.keys() <= watchers[1].seen.keys()
    waits = [watchers[1].seen[entry_id] - at for entry_id, at in saved.items()]
    floor = statistics.median(floors)
    said = f"{statistics.median(waits) / floor:.3g} times two durable writes ({ms([floor])})"
    figures.require("save to seen, median", statistics.median(waits) * 1000, "ms", 150, said=said)
    figures.require("save to seen, worst", max(waits) * 1000, "ms", 1000)


@pytest.fixture
def stopped_sshfs(tmp_path: Path) -> Iterator[tuple[Path, dict[str, Path]]]:
    """Give two homes that meet on an SSHFS mount whose server was then stopped."""
    server = next((path for path in SFTP_SERVERS if Path(path).exists()), None)
    unmount = shutil.which("fusermount3") or shutil.which("fusermount")
    if server is None or unmount is None or shutil.which("sshfs") is None or not Path("/dev/fuse").exists():
        pytest.skip("needs sshfs, an sftp-server and /dev/fuse")
    source, mount, note, script = (tmp_path / name for name in ("source", "mount", "pid", "ssh"))
    source.mkdir()
    mount.mkdir()
    script.write_text(f"#!/bin/sh\necho $$ > '{note}'\nexec {server}\n", "utf-8")  # no network: the server itself
    script.chmod(0o700)
    command = ["sshfs", f"localhost:{source}", str(mount), "-o", f"ssh_command={script}"]
    quiet = subprocess.DEVNULL  # no pipe, which the server would keep open
    if subprocess.run(command, check=False, stdout=quiet, stderr=quiet, timeout=20).returncode:
        pytest.skip("this machine does not let us mount")
    try:
        homes = pair(tmp_path, mount)
        pid = int(note.read_text("utf-8"))
        os.kill(pid, signal.SIGSTOP)
        try:
            yield mount, homes
        finally:
            os.kill(pid, signal.SIGCONT)
    finally:
        subprocess.run([unmount, "-u", "-z", str(mount)], check=False, timeout=20)


def use(home: Path, *args: str) -> tuple[float, str]:
    """Run a command line to its end; return how long it took, in seconds, and what it said on stderr."""
    environment = {**os.environ, "COUPLEJOURNAL_HOME": str(home)}
    said = []

    def run() -> None:
        done = subprocess.run(
            python(*args), env=environment, check=True, capture_output=True, text=True, timeout=HANG_S
        )  # fmt: skip
        said.append(done.stderr)

    return timed(run), said[0]


@pytest.mark.drives
def test_commands_end_while_sshfs_hangs(stopped_sshfs: tuple[Path, dict[str, Path]], figures: Figures) -> None:
    """With the server of an SSHFS mount stopped, `add` and `log` end within two seconds and the entry is saved."""
    _, homes = stopped_sshfs
    for args in (("add", "bid", "Are you there?"), ("log", "-n", "1")):
        took, stderr = use(homes["ana"], "-m", "couplejournal", *args)
        assert len(stderr.splitlines()) == 1, stderr
        figures.require(f"`{args[0]}` while SSHFS hangs", took, "s", 2)
    with cj.open(home=homes["ana"]) as journal:
        assert [entry.text for entry in journal.entries(kind="bid")] == ["Are you there?"]


def test_saving_and_syncing_while_the_drive_hangs(tmp_path: Path, figures: Figures) -> None:
    """With every call to the drive hanging, saving, trying the drive as `add` does, and listing end in two seconds."""
    drive = tmp_path / "drive"
    drive.mkdir()
    home = pair(tmp_path, drive)["ana"]
    system = RealSystem()
    with cj.open(home=home) as journal:
        journal.place.use(DeadlineDrive(HangingDrive(), system, deadline_s=HANG_S))
        reports = []

        def act() -> None:
            journal.add(cj.Bid("Are you there?"))
            reports.append(journal.sync(deadline_s=1.0))
            assert [entry.text for entry in journal.entries(kind="bid")] == ["Are you there?"]

        figures.require("add, sync and list while a drive hangs", timed(act), "s", 2)
        assert reports[0].drive == "late"
