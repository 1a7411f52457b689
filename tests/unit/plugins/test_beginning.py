"""What came along is turned on where a journal begins, all at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from couplejournal.disk import RealDisk
from couplejournal.errors import PluginError
from couplejournal.plugins.beginning import turn_on_bundled
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.lock import read_lock
from couplejournal.plugins.recording import enable
from couplejournal.plugins.switch import disable, logged
from couplejournal.store.home import Home

MANIFEST = """
id = "{id}"
api = 1
tier = "isolated"
target = "couplejournal_plugins.{id}:Small"
summary = "One kind."
by_default = {on}
[provides]
hooks = ["kinds"]
"""
CODE = """
from couplejournal.plugins import JournalPlugin, Kind
class Small(JournalPlugin):
    def kinds(self):
        return [Kind(name="{id}")]
"""


@pytest.fixture
def bundled(tmp_path: Path) -> Iterator[Bundled]:
    """Return three plugins, of which the last is to stay off; they are forgotten when the test ends."""
    for name, on in (("first", "true"), ("second", "true"), ("wishes", "false")):
        folder = tmp_path / "bundle" / name
        folder.mkdir(parents=True)
        (folder / "couplejournal.toml").write_text(MANIFEST.format(id=name, on=on), "utf-8")
        (folder / "__init__.py").write_text(CODE.format(id=name), "utf-8")
    yield Bundled(tmp_path / "bundle", RealDisk())
    for name in [name for name in sys.modules if name.startswith("couplejournal_plugins.")]:
        if name.split(".")[1] in ("first", "second", "wishes"):
            del sys.modules[name]


def on(home: Home) -> dict[str, list[str]]:
    """Return what is on, each with the kinds that it declared."""
    return {one.id: [str(kind["name"]) for kind in one.kinds] for one in read_lock(home.plugins_lock_path, RealDisk())}


def test_all_but_those_that_stay_off(bundled: Bundled, tmp_path: Path) -> None:
    """One is on with its kinds as if it had been enabled by itself; one that is off by default needs its name."""
    home = Home.locate(tmp_path / "home", {})
    assert turn_on_bundled(home=home, bundled=bundled) == ("first", "second")
    assert on(home) == {"first": ["first"], "second": ["second"]}
    assert [one.plugin for one in logged(home=home)] == ["first", "second"]
    assert enable("first", home=home, bundled=bundled).was == "same"
    enable("wishes", home=home, bundled=bundled)
    assert on(home)["wishes"] == ["wishes"]


def test_again_changes_nothing(bundled: Bundled, tmp_path: Path) -> None:
    """What is on stays as it was agreed to, also where its files changed since."""
    home = Home.locate(tmp_path / "home", {})
    enable("second", home=home, bundled=bundled)
    before = read_lock(home.plugins_lock_path, RealDisk())
    (bundled.folder / "second" / "more.py").write_text("", "utf-8")
    assert turn_on_bundled(home=home, bundled=bundled) == ("first",)
    assert [one for one in read_lock(home.plugins_lock_path, RealDisk()) if one.id == "second"] == list(before)
    assert turn_on_bundled(home=home, bundled=bundled) == ()
    disable("first", home=home)
    assert list(on(home)) == ["second"]


def test_a_description_that_is_not_sound_turns_nothing_on(bundled: Bundled, tmp_path: Path) -> None:
    """All or none: the file is written once, when everything was read."""
    home = Home.locate(tmp_path / "home", {})
    (bundled.folder / "second" / "couplejournal.toml").write_text("id = 1", "utf-8")
    with pytest.raises(PluginError):
        turn_on_bundled(home=home, bundled=bundled)
    assert on(home) == {}
