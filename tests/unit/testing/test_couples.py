"""The public kit: couples that pair for real, machines whose time and chance repeat, names that load when used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal import testing
from couplejournal.testing import DriveSim, FakeSystem, MemoryDisk, pair


@pytest.mark.parametrize("is_simulated", [False, True])
def test_a_couple_shares_and_syncs(tmp_path: Path, *, is_simulated: bool) -> None:
    """`pair` gives two journals that share one folder, and `sync` ends when nothing moves any more."""
    sim = DriveSim(2) if is_simulated else None
    ana, ben = couple = pair(tmp_path, sim=sim, disk=lambda _: MemoryDisk())
    bid = ana.add(cj.Bid("Walk?"))
    couple.sync()
    ben.reply(bid.id, cj.Response.toward("Yes"))
    couple.sync()
    assert ana.entry(bid.id).state == "toward"
    assert couple.restart(0).entry(bid.id).author.name == "Ana"
    couple.close()


def test_time_and_chance_repeat() -> None:
    """The same seed gives the same bytes; time passes only when told to."""
    one, two, other = FakeSystem("a"), FakeSystem("a"), FakeSystem("b")
    assert [one.random_bytes(16) for _ in range(3)] == [two.random_bytes(16) for _ in range(3)]
    assert one.random_bytes(16) != other.random_bytes(16)
    before, boot = (one.now_ms(), one.monotonic()), one.boot_id()
    one.advance(1.5)
    assert (one.now_ms() - before[0], one.monotonic() - before[1]) == (1500, 1.5)
    one.boot()
    assert one.boot_id() != boot


def test_every_name_of_the_kit_is_there() -> None:
    """Each public name loads, and no other is pretended."""
    for name in testing.__all__:
        assert getattr(testing, name).__name__ == name
    assert set(testing.__all__) <= set(dir(testing))
    with pytest.raises(AttributeError):
        _ = testing.nothing_of_the_kind


def test_the_kit_loads_nothing_by_itself() -> None:
    """Importing the package imports neither pytest nor cryptography."""
    code = "import couplejournal.testing, sys; sys.exit(len({'pytest', 'cryptography'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
