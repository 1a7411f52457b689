"""The doctor among ruins: whatever is flipped, cut, removed or put there, it finds, and never fails."""

from __future__ import annotations

import random
import shutil

import pytest
from unit.journal.patients import Two, codes, couple, flip, look, template

__all__ = ["couple", "template"]  # fixtures


@pytest.mark.parametrize("seed", range(12))
def test_no_damage_makes_the_doctor_fall_ill(couple: Two, seed: int) -> None:
    """After random flips, cuts, removals and strange things in home and folder there are findings, never an error."""
    ruin(couple, random.Random(seed))
    for repair in (False, True):
        found = look(couple.journals[0], repair=repair)
        assert not [code for code in codes(found) if code.endswith("-failed")], found.findings


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12, 92))
def test_no_damage_at_all_makes_the_doctor_fall_ill(couple: Two, seed: int) -> None:
    """The same with many more kinds of damage."""
    dice = random.Random(seed)
    for _ in range(3):
        ruin(couple, dice)
    for repair in (False, True):
        found = look(couple.journals[0], repair=repair)
        assert not [code for code in codes(found) if code.endswith("-failed")], found.findings


def ruin(couple: Two, dice: random.Random) -> None:
    """Damage a home and its folder in several ways."""
    roots = [couple.folder / "ana", couple.drive]
    for _ in range(dice.randint(1, 6)):
        every = [path for root in roots for path in sorted(root.rglob("*"))]
        files = [path for path in every if path.is_file() and path.name != "lock"]
        folders = [path for path in every if path.is_dir() and not path.is_symlink()]
        if not files:
            return
        path = dice.choice(files)
        data = path.read_bytes()
        act = dice.randrange(8)
        if act == 0 and data:
            flip(path, dice.randrange(len(data)))
        elif act == 1:
            path.write_bytes(data[: dice.randint(0, len(data))])
        elif act == 2:
            path.unlink()
        elif act == 3:
            path.write_bytes(dice.randbytes(dice.randint(0, 3000)))
        elif act == 4:
            path.unlink()
            path.mkdir()
        elif act == 5:
            path.unlink()
            path.symlink_to(dice.choice(every))
        elif act == 6:
            shutil.rmtree(dice.choice(folders))
        else:
            (dice.choice(folders) / dice.choice(["x", "\x1b[2J", "0" * 32, "~$cj1.tmp"])).write_bytes(data)
