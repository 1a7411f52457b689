"""A file of this device's own copy that the disk spoiled comes back from the drive."""

from __future__ import annotations

from pathlib import Path

import couplejournal as cj
from couplejournal.testing.couples import pair


def spoil(journal: cj.Journal, stream_of: str) -> None:
    """Overwrite the last word segment that a device holds of one person with zeros."""
    shared = journal.device.shared
    assert shared is not None
    mine = [held for held in shared.held() if held.is_mine == (stream_of == "mine") and not held.is_key]
    path: Path = journal.home.data / mine[-1].path
    path.write_bytes(bytes(path.stat().st_size))


def test_a_spoiled_file_of_the_other_is_fetched_again(tmp_path: Path) -> None:
    """What Ana wrote is read again from the drive, though it was verified and marked long ago."""
    couple = pair(tmp_path)
    ana, ben = couple
    ana.add(cj.Appreciation("You put the kettle on."))
    couple.sync()
    spoil(ben, "theirs")
    again = couple.restart(1)
    assert not any(True for _ in again.entries(text="kettle"))
    again.sync()
    assert [entry.text for entry in again.entries(text="kettle")] == ["You put the kettle on."]
    couple.close()


def test_a_spoiled_file_of_ones_own_stops_nothing(tmp_path: Path) -> None:
    """No number is used twice: writing goes on elsewhere, and the file comes back with a sync."""
    couple = pair(tmp_path)
    couple.journals[0].add(cj.Appreciation("You put the kettle on."))
    couple.sync()
    spoil(couple.journals[0], "mine")
    again = couple.restart(0)
    assert not any(True for _ in again.entries(text="kettle"))
    again.add(cj.Appreciation("now"))
    again.sync()
    again.add(cj.Appreciation("now again"))
    couple.sync()
    for journal in couple:
        texts = [entry.text for entry in journal.entries(kind="appreciation")]
        assert texts == ["You put the kettle on.", "now", "now again"]
        assert journal.notices() == ()
    couple.close()
