"""Removing several devices at the command line, and what is told of removals and of devices that do not count."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from cli.conftest import CommandLine

import couplejournal as cj
from couplejournal.cli import meeting
from couplejournal.testing import couples


@pytest.fixture
def four(tmp_path: Path, command_line: Callable[[str], CommandLine]) -> tuple[CommandLine, CommandLine]:
    """Return the command lines of Ana, who has a phone and a tablet too, and of Ben."""
    made = couples.pair(tmp_path)
    for name in ("phone", "tablet"):
        made.pair(made.journals[0], made.start("Ana", home=name, device_name=name), is_device=True)
    made.close()
    return command_line("ana"), command_line("ben")


def standings(cli: CommandLine) -> dict[str, str]:
    """Return how the phone and the tablet stand."""
    listed = json.loads(cli("devices", "--json").out)["devices"]
    return {one["name"]: one["standing"] for one in listed if one["name"] in ("phone", "tablet")}


def test_several_removals_are_all_checked_before_the_first(four: tuple[CommandLine, CommandLine]) -> None:
    """One name that fits nothing, and nobody is removed; and what was removed goes out, also where the next is not."""
    ana, ben = four
    both = ana("devices", "remove", "phone", "toaster", "--yes")
    assert (both.code, both.out, "no device of yours" in both.err) == (1, "", True)
    assert standings(ana) == {"phone": "live", "tablet": "live"}
    half = ana("devices", "remove", "phone", "tablet", stdin="y\nn\n", terminal=True)
    assert (half.code, "it was not removed" in half.err, "the other devices follow" in half.err) == (1, True, True)
    assert ben("sync").code == 0
    assert standings(ben) == {"phone": "removed", "tablet": "live"}


def test_a_removal_that_was_not_handed_over_is_told(four: tuple[CommandLine, CommandLine]) -> None:
    """`status` says that the others do not know of a removal yet, until the folder has it."""
    ana, _ = four
    assert ana("devices", "remove", "phone", "--yes", "--no-sync").code == 0
    told = " ".join(ana("status", "--no-sync").out.split())
    assert "not in the folder yet, so the other devices do not know of it" in told
    for _ in range(2):
        assert ana("sync").code == 0
    assert "do not know of it" not in " ".join(ana("status").out.split())


def test_sealed_answers_that_cannot_be_taken_over_are_told(
    four: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine]
) -> None:
    """`take-over` says how many sealed answers of a removed device stay behind, and what can be done."""
    ana, _ = four
    phone = command_line("phone")
    assert phone("seal", "winter plans", "the sea").code == 0
    assert ana("devices", "remove", "phone", "--yes", "--no-sync").code == 0
    for cli in (phone, ana):
        assert cli("sync").code == 0
    told = " ".join(ana("devices", "take-over", "--all").err.split())
    assert "1 sealed answer of a removed device cannot be taken over" in told
    assert "can be sealed again" in told


@pytest.mark.parametrize(
    ("standing", "label", "told"),
    [
        ("removed", "removed", "removed from the journal, with the recovery words"),
        ("void", "removed", "the device that let this one in was removed before"),
        ("claimed", "claimed", "had it claimed for both of you, so it counts for neither"),
    ],
)
def test_a_device_that_does_not_count_says_why(tmp_path: Path, standing: str, label: str, told: str) -> None:
    """`status` names the reason, what still works, and how to go on; of a live device it says nothing."""
    with cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana") as ana:
        found = ana.status()
    assert not {"removed", "claimed"} & dict(meeting._status_rows(found)).keys()
    rows = meeting._status_rows(attrs.evolve(found, standing=standing))
    [row] = [row for row in rows if told in row[1]]
    assert row[0] == label
    assert any("on a fresh home" in text for _, text in rows)
