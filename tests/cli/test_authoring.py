"""`plugins new`: the beginnings of a plugin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine

from couplejournal.plugins.manifest import read_manifest


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Return Ana's command line; she has no journal, and needs none."""
    return command_line("ana")


@pytest.mark.parametrize("tier", ["isolated", "trusted"])
def test_a_package_is_written(tier: str, ana: CommandLine, tmp_path: Path) -> None:
    """Each file is told, no word of an outline is left, and the manifest fits the name and the tier."""
    done = ana("plugins", "new", "by_the_river", "--tier", tier, "--into", str(tmp_path / "ours"))
    assert done.code == 0
    folder = tmp_path / "ours" / "couplejournal-by-the-river"
    told = {Path(line) for line in done.out.splitlines()}
    assert told == {path for path in folder.rglob("*") if path.is_file()}
    for path in told:
        text = path.read_text("utf-8")
        assert [word for word in ("@ID@", "@PACKAGE@", "@CLASS@", "@DIST@", "@VERSION@", "@API@") if word in text] == []
        if path.suffix == ".py":
            compile(text, str(path), "exec")
    manifest = read_manifest((folder / "couplejournal_by_the_river" / "couplejournal.toml").read_bytes())
    assert (manifest.id, manifest.tier) == ("by_the_river", tier)
    assert manifest.target == "couplejournal_by_the_river:ByTheRiver"


def test_a_pack_is_written_and_sound(ana: CommandLine, tmp_path: Path) -> None:
    """A pack is a folder with one TOML file, which `plugins check` finds sound, and a README."""
    assert ana("plugins", "new", "evening", "--tier", "pack", "--into", str(tmp_path)).code == 0
    assert sorted(path.name for path in (tmp_path / "evening").iterdir()) == ["README.md", "evening.toml"]
    assert ana("plugins", "check", str(tmp_path / "evening" / "evening.toml")).code == 0


@pytest.mark.parametrize("tier", ["isolated", "pack"])
def test_nothing_is_written_over(tier: str, ana: CommandLine, tmp_path: Path) -> None:
    """Where something of the name is, a file even, the command fails and all stays as it was."""
    there = tmp_path / ("evening" if tier == "pack" else "couplejournal-evening")
    there.write_text("mine", "utf-8")
    done = ana("plugins", "new", "evening", "--tier", tier, "--into", str(tmp_path))
    assert done.code == 14
    assert "nothing was written" in done.err
    assert [path.read_text("utf-8") for path in tmp_path.iterdir() if path.name != "ana"] == ["mine"]


@pytest.mark.parametrize("name", ["Evening", "my-evening", "../evening", "", "é" * 3])
def test_a_name_that_can_be_no_id_is_refused(name: str, ana: CommandLine, tmp_path: Path) -> None:
    """Nothing is written for it."""
    assert ana("plugins", "new", name, "--tier", "pack", "--into", str(tmp_path)).code == 14
    assert [path for path in tmp_path.iterdir() if path.name != "ana"] == []


def test_a_folder_is_checked_before_it_is_installed(ana: CommandLine, tmp_path: Path) -> None:
    """A reviewer sees the screen that would ask, what is owed, and runs nothing; a sound one ends with 0."""
    ana("plugins", "new", "river", "--tier", "trusted", "--into", str(tmp_path))
    folder = tmp_path / "couplejournal-river"
    done = ana("plugins", "check", f"{folder}/")
    assert done.code == 0
    assert "reads: the other person's shared words" in done.out
    assert "from: not installed yet, 2 files" in done.out
    assert "NOT enforced here" in done.out
    about = folder / "couplejournal_river" / "couplejournal.toml"
    about.write_text(about.read_text("utf-8").replace('read = "A day', 'other = "A day'), "utf-8")
    (folder / "couplejournal_river" / "__init__.py").rename(folder / "couplejournal_river" / "other.py")
    done = ana("plugins", "check", f"{folder}/")
    assert done.code == 14
    assert [line for line in done.out.splitlines() if line.startswith("owed:")] == [
        "owed: it asks for read, and does not say why",
        "owed: there is no __init__.py beside its manifest",
    ]


def test_a_folder_without_a_plugin_is_told(ana: CommandLine, tmp_path: Path) -> None:
    """Where there is no manifest, the command fails."""
    done = ana("plugins", "check", f"{tmp_path}/")
    assert done.code == 14
    assert "there is no couplejournal.toml in this folder" in done.err
