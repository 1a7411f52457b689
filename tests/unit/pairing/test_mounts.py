"""Pairing over mounts that take renames back, or wait with an upload for as long as somebody reads the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.drive.interface import Drive
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import CountingDrive, FaultyDrive


@pytest.fixture
def singles(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, each with a journal of one, before one folder."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
    yield made
    made.close()


class UndoneDrive(FaultyDrive):
    """A drive that takes back every rename a moment after it succeeded, as some mounts do."""

    def __init__(self, inner: Drive) -> None:
        super().__init__(inner, fail_at=0)

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        folder, _, _ = path.rpartition("/")
        self.inner.publish(path if direct else f"{folder}/renamed-and-undone", data, direct=direct)


def test_a_pairing_where_renames_are_undone(singles: Couple) -> None:
    """Offer and answer are written under their final names from the second try on, and the two find each other."""
    for journal in singles.journals:
        journal.place.use(UndoneDrive(journal.place.drive()))
    ana, ben = singles.journals[:2]
    invitation = ana.pairing.invite()
    ben.pairing.join(" ".join(invitation.words))
    for _ in range(2):
        singles.sync()
    joining = ben.pairing.current
    assert isinstance(joining, cj.Joining)
    assert invitation.check_words == joining.check_words
    assert joining.check_words is not None


def test_who_waits_leaves_its_own_file_alone(singles: Couple) -> None:
    """A side that waits reads its own file once: some mounts upload it only when nobody has read it for a while."""
    ana, ben = singles.journals[:2]
    for journal in singles.journals:
        journal.place.use(CountingDrive(journal.place.drive()))
    invitation = ana.pairing.invite()
    joining = ben.pairing.join(" ".join(invitation.words))
    for side, journal in ((invitation, ana), (joining, ben)):
        side.refresh()
        side.refresh()
        drive = journal.place.drive()
        assert isinstance(drive, CountingDrive)
        before = drive.counts["read"]
        side.refresh()
        assert drive.counts["read"] == before, side
