"""Two persons with a whole journal, to be damaged and examined, and what every test of the doctor asks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.disk import RealDisk
from couplejournal.journal.doctor import examine
from couplejournal.journal.health import Examined
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.couples import pair

WORDS = "nobody-else-reads-this"


class Two:
    """Ana and Ben, who share a journal and hold all of it, as they were when it was made."""

    def __init__(self, folder: Path, now_ms: int) -> None:
        self.folder = folder
        self.drive = folder / "drive"
        self.systems = [FakeSystem(f"{name} again", start_ms=now_ms) for name in ("ana", "ben")]
        self.journals = [
            cj.open(home=folder / name, system=system)
            for name, system in zip(("ana", "ben"), self.systems, strict=True)
        ]  # fmt: skip

    def __iter__(self) -> Iterator[cj.Journal]:
        return iter(self.journals)

    def age(self) -> None:
        """Let the files of the folder be as old as the clock says."""
        now_s = self.systems[0].now_ms() / 1000
        for path in (*self.drive.rglob("*"), *(self.folder / "own").rglob("*")):
            os.utime(path, (now_s, now_s))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, int]:
    """Return where two live, a copy of all their files, and what time it is; pairing takes a while."""
    folder = tmp_path_factory.mktemp("two")
    made = pair(folder / "here")
    ana, ben = made
    ana.add(cj.Bid(WORDS))
    ana.add(cj.Note(WORDS))
    ben.add(cj.Bid(WORDS))
    made.sync()
    made.close()
    shutil.copytree(folder / "here", folder / "kept")
    return folder / "here", folder / "kept", max(system.now_ms() for system in made.systems)


@pytest.fixture
def couple(template: tuple[Path, Path, int]) -> Iterator[Two]:
    """Return the two, with everything as it was."""
    here, kept, now_ms = template
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(kept, here, symlinks=True)
    made = Two(here, now_ms)
    made.age()
    yield made
    for journal in made:
        journal.close()


def look(journal: cj.Journal, *, repair: bool = False, passphrase: str | None = None) -> Examined:
    """Examine the home of a journal."""
    return examine(
        journal.home, disk=RealDisk(), system=journal.device.system, passphrase=passphrase, repair=repair
    )  # fmt: skip


def codes(found: Examined) -> list[str]:
    """Return what was found, by code, and see that all of it has a cause and a remedy and no word of the journal."""
    for one in (*found.findings, *found.repaired):
        assert one.cause.strip()
        assert one.remedy.strip()
        assert "\n" not in one.cause + one.remedy
    assert WORDS not in repr(found)
    return [one.code for one in found.findings]


def segments(journal: cj.Journal, *, shared: bool) -> list[Path]:
    """Return the files of a copy."""
    book = journal.device.shared if shared else journal.device.private
    assert book is not None
    return sorted(journal.home.replica(book.folder).rglob("*.seg"))


def flip(path: Path, at: int = -1) -> None:
    """Change a byte of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
