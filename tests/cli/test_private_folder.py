"""The private folder at the command line: set it, bring a second device in, let go of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Return Ana's command line, with a journal of her own and a note in it."""
    cli = command_line("ana")
    assert cli("init", "--name", "Ana", "--no-passphrase").code == 0
    assert cli("note", "mine alone").code == 0
    return cli


def texts(cli: CommandLine) -> list[str]:
    """Return the texts of what is private on a device."""
    return sorted(entry["content"]["text"] for entry in json.loads(cli("log", "--json").out)["entries"])


def test_two_devices_of_one_person_and_nobody_else(
    ana: CommandLine, command_line: Callable[[str], CommandLine], tmp_path: Path
) -> None:
    """`drive --private`, `invite --device --private`, `join --private`: everything private is on both devices."""
    own = tmp_path / "own"
    own.mkdir()
    assert "there is no private folder" in ana("drive", "--private").err
    assert ana("invite", "--device", "--private").code != 0
    refused = ana("drive", "--private", str(own))
    assert (refused.code, "--yes" in refused.err) == (1, True)
    assert "nothing was changed" in ana("drive", "--private", str(own), stdin="n\n", terminal=True).err
    assert json.loads(ana("status", "--json").out)["private_drive"] is None
    done = ana("drive", "--private", str(own), "--yes")
    assert (done.code, done.out.strip()) == (0, str(own))
    assert (ana("sync").code, ana("sync").code) == (0, 0)
    found = json.loads(ana("status", "--json").out)
    assert (found["private_drive"], found["alone"]) == (str(own), 0)
    assert "private folder" in ana("status").out
    invited = ana("invite", "--device", "--private", "--json")
    words = " ".join(json.loads(invited.out)["words"])
    assert json.loads(invited.out)["purpose"] == "private"
    assert ana("invite", "--device", "--json").code == 1
    phone = command_line("phone")
    joined = phone(
        "join",
        str(own),
        "--private",
        "--name",
        "Ana",
        "--device-name",
        "phone",
        "--no-passphrase",
        "--yes",
        stdin=words,
    )
    assert joined.code == 0, joined.err
    assert ana("accept", "--yes").code == 0
    phone("note", "from the phone")
    for cli in (phone, ana):
        assert cli("sync").code == 0
    assert texts(ana) == texts(phone) == ["from the phone", "mine alone"]
    assert json.loads(phone("drive", "--private", "--json").out)["private_drive"] == str(own)
    assert [one["name"] for one in json.loads(ana("devices", "--json").out)["devices"]] == ["", "phone"]
    assert phone("drive", "--private", "--off").code == 0
    assert json.loads(phone("status", "--json").out)["private_drive"] is None
    assert texts(phone) == ["from the phone", "mine alone"]


def test_what_does_not_go_together_is_refused(ana: CommandLine, tmp_path: Path) -> None:
    """--off needs --private, an invite to the private book takes no folder, and the shared folder is no private one."""
    assert ana("drive", "--off").code == 2
    assert ana("drive", "--private", "--off", str(tmp_path)).code == 2
    assert ana("invite", "--private").code == 2
    (tmp_path / "ours" / "inside").mkdir(parents=True)
    assert ana("invite", str(tmp_path / "ours"), "--json").code == 0
    for folder in (tmp_path / "ours", tmp_path / "ours" / "inside", tmp_path):
        assert "apart" in ana("drive", "--private", str(folder), "--yes").err
