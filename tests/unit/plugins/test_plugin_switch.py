from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from unit.plugins.written import FixedSystem, Viewed, view_of

from couplejournal import plugins
from couplejournal.disk import RealDisk
from couplejournal.errors import NewerFormatError, PluginError
from couplejournal.plugins import PluginHost
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.lock import LockedPlugin, read_lock
from couplejournal.plugins.manifest import Permissions, read_manifest
from couplejournal.store.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = """
id = "tiny"
api = 1
tier = "isolated"
target = "couplejournal_plugins.tiny:Tiny"
summary = "One question."
[permissions]
read = ["mine"]
[provides]
hooks = ["prompts"]
"""
CODE = """
from couplejournal_plugins.tiny.words import QUESTION
from couplejournal.plugins import JournalPlugin, Prompt
class Tiny(JournalPlugin):
    def prompts(self, request):
        return [Prompt(id="one", text=QUESTION)]
"""


@pytest.fixture
def bundled(tmp_path: Path) -> Iterator[Bundled]:
    """Return a folder with one small plugin of two modules, and forget it when the test ends."""
    folder = tmp_path / "bundle" / "tiny"
    folder.mkdir(parents=True)
    (folder / "couplejournal.toml").write_text(MANIFEST, "utf-8")
    (folder / "__init__.py").write_text(CODE, "utf-8")
    (folder / "words.py").write_text("QUESTION = 'What now?'\n", "utf-8")
    yield Bundled(folder.parent, RealDisk())
    for name in [name for name in sys.modules if name.startswith("couplejournal_plugins.tiny")]:
        del sys.modules[name]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home of its own."""
    return Home.locate(tmp_path / "home", {})


def host_of(home: Home, bundled: Bundled, reported: list[str], *, strict: bool = False) -> PluginHost:
    """Return the host of a home, with the plugins of one folder."""
    return PluginHost.of(
        Viewed(view_of([])), home=home, bundled=bundled, report=reported.append, strict=strict,
        system=FixedSystem(), failures=Failures(),
    )  # fmt: skip


def test_enable_and_disable(home: Home, bundled: Bundled) -> None:
    """Turning on writes the lock and nothing runs; the host then asks it; turning off ends that."""
    reported: list[str] = []
    assert host_of(home, bundled, reported).prompts() == ()
    done = plugins.enable("tiny", home=home, bundled=bundled)
    assert done.was == "new"
    assert "couplejournal_plugins.tiny" not in sys.modules
    assert [prompt.text for prompt in host_of(home, bundled, reported).prompts()] == ["What now?"]
    assert plugins.enable("tiny", home=home, bundled=bundled).was == "same"
    plugins.disable("tiny", home=home)
    assert host_of(home, bundled, reported).prompts() == ()
    assert reported == []


def test_lock_in_its_final_form(home: Home, bundled: Bundled) -> None:
    """The lock is JSON with the agreed fields, sorted, for the owner only, and lists each file's digest."""
    plugins.enable("tiny", home=home, bundled=bundled)
    data = json.loads(home.plugins_lock_path.read_bytes())
    assert data["format"] == 1
    (plugin,) = data["plugins"]
    assert sorted(plugin) == [
        "commands",
        "distribution",
        "files",
        "hooks",
        "id",
        "kinds",
        "notice",
        "package",
        "path",
        "permissions",
        "tier",
        "version",
    ]
    assert sorted(plugin["files"]) == ["__init__.py", "couplejournal.toml", "words.py"]
    assert all(len(digest) == 64 for digest in plugin["files"].values())
    assert plugin["permissions"] == {"kinds": [], "network": [], "read": ["mine"]}
    assert plugin["distribution"] == "couplejournal"
    if sys.platform != "win32":
        assert home.plugins_lock_path.stat().st_mode & 0o777 == 0o600
    assert plugins.enabled(home=home)[0].id == "tiny"


def test_changed_files_turn_a_plugin_off(home: Home, bundled: Bundled) -> None:
    """A plugin whose files changed does not run until it is turned on again, which names the changed files."""
    plugins.enable("tiny", home=home, bundled=bundled)
    (bundled.folder / "tiny" / "words.py").write_text("QUESTION = 'Who are you?'\n", "utf-8")
    (bundled.folder / "tiny" / "more.py").write_text("", "utf-8")
    reported: list[str] = []
    host = host_of(home, bundled, reported)
    assert host.prompts() == ()
    assert [(state.id, state.state) for state in host.plugins] == [("tiny", "changed")]
    assert reported == [
        "plugin tiny has changed since it was turned on: it is off until: couplejournal plugins enable tiny"
    ]
    assert "couplejournal_plugins.tiny" not in sys.modules
    with pytest.raises(PluginError, match="has changed"):
        host_of(home, bundled, [], strict=True)
    done = plugins.enable("tiny", home=home, bundled=bundled)
    assert (done.was, done.changed_files) == ("changed", ("more.py", "words.py"))
    assert [prompt.text for prompt in host_of(home, bundled, []).prompts()] == ["Who are you?"]


@pytest.mark.parametrize("grown", ["large", "deep"])
def test_a_package_that_grew_too_large_stops_nobody(home: Home, bundled: Bundled, grown: str) -> None:
    """A plugin whose files cannot be read whole is off like any that changed, and the host stands."""
    plugins.enable("tiny", home=home, bundled=bundled)
    folder = bundled.folder / "tiny"
    if grown == "large":
        with (folder / "large.bin").open("wb") as file:
            file.truncate(9 << 20)
    else:
        (folder / "a/b/c/d/e/f/g/h/i/j").mkdir(parents=True)
        (folder / "a/b/c/d/e/f/g/h/i/j" / "x.py").write_text("", "utf-8")
    reported: list[str] = []
    host = host_of(home, bundled, reported)
    assert [(state.id, state.state) for state in host.plugins] == [("tiny", "changed")]
    assert len(reported) == 1


def test_what_python_caches_is_no_change(home: Home, bundled: Bundled) -> None:
    """Running a plugin, which leaves compiled files, does not count as a change."""
    plugins.enable("tiny", home=home, bundled=bundled)
    host_of(home, bundled, [])
    (bundled.folder / "tiny" / "__pycache__").mkdir(exist_ok=True)
    (bundled.folder / "tiny" / "__pycache__" / "words.pyc").write_bytes(b"x")
    assert host_of(home, bundled, []).plugins[0].state == "on"


def test_missing_plugin_is_named(home: Home, bundled: Bundled) -> None:
    """A plugin that was turned on and is gone is named, and the rest goes on."""
    plugins.enable("tiny", home=home, bundled=bundled)
    reported: list[str] = []
    host = host_of(home, Bundled(bundled.folder / "nowhere", RealDisk()), reported)
    assert host.plugins[0].state == "missing"
    assert reported == ["plugin tiny is not here any more: it is off"]


@pytest.mark.parametrize("code", ["raise ValueError('x')", "raise SystemExit", "import no_such_module", "Tiny = 3", ""])
def test_plugin_that_cannot_be_loaded(home: Home, bundled: Bundled, code: str) -> None:
    """Whatever happens while it is imported, the host stands and says so, and no half module stays."""
    (bundled.folder / "tiny" / "__init__.py").write_text(code, "utf-8")
    plugins.enable("tiny", home=home, bundled=bundled)
    reported: list[str] = []
    host = host_of(home, bundled, reported)
    assert host.plugins[0].state == "failed"
    assert reported[0].startswith("plugin tiny failed in loading: ")


def test_target_outside_the_package_is_refused(home: Home, bundled: Bundled) -> None:
    """A target in another package is never imported."""
    manifest = bundled.folder / "tiny" / "couplejournal.toml"
    manifest.write_text(MANIFEST.replace("couplejournal_plugins.tiny:Tiny", "antigravity:Tiny"), "utf-8")
    plugins.enable("tiny", home=home, bundled=bundled)
    assert host_of(home, bundled, []).plugins[0].state == "failed"
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("name", ["unknown", "../tiny", "", "Tiny", "tiny/../tiny", "nul\0"])
def test_unknown_plugin(home: Home, bundled: Bundled, name: str) -> None:
    """A name that is none, or that would lead out of the folder, is no plugin; nothing is written."""
    with pytest.raises(PluginError, match="no plugin of that name here"):
        plugins.enable(name, home=home, bundled=bundled)
    with pytest.raises(PluginError, match="no plugin of that name is on"):
        plugins.disable(name, home=home)
    assert not home.plugins_lock_path.exists()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": "x"}', b"\xff\xfe", b'{"format": 1, "plugins": [{"id": 3}]}'])  # fmt: skip  # noqa: E501
def test_damaged_lock(home: Home, data: bytes) -> None:
    """A damaged lock is said to be damaged, and is not overwritten by turning something on."""
    home.config.mkdir(parents=True)
    home.plugins_lock_path.write_bytes(data)
    for act in (lambda: plugins.enabled(home=home), lambda: plugins.enable("bids", home=home)):
        with pytest.raises(PluginError, match=r"plugins\.lock is damaged"):
            act()
    assert home.plugins_lock_path.read_bytes() == data


def test_newer_lock(home: Home) -> None:
    """The lock of a newer version is refused, whatever else it holds."""
    home.config.mkdir(parents=True)
    home.plugins_lock_path.write_text('{"format": 2, "shelves": []}', "utf-8")
    with pytest.raises(NewerFormatError):
        read_lock(home.plugins_lock_path, RealDisk())


def test_fields_of_later_versions_are_no_harm(home: Home, bundled: Bundled) -> None:
    """A field that a later minor version adds is passed over."""
    plugins.enable("tiny", home=home, bundled=bundled)
    data = json.loads(home.plugins_lock_path.read_bytes())
    data["plugins"][0]["later"] = True
    home.plugins_lock_path.write_text(json.dumps(data), "utf-8")
    (plugin,) = plugins.enabled(home=home)
    assert isinstance(plugin, LockedPlugin)
    assert plugin.permissions == Permissions(read=("mine",))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("api = 1", "api = 2", "written for level 2"),
        ("api = 1", 'api = "1"', "does not fit"),
        ("api = 1", "", "does not fit"),
        ('tier = "isolated"', 'tier = "root"', "does not fit"),
        ('summary = "One question."', 'summary = "x"\nsurprise = 1', "does not fit"),
        ("tiny:Tiny", "tiny", "target must look like"),
        ('read = ["mine"]', 'network = ["example.org"]', "only a trusted plugin may ask for the network"),
        ('hooks = ["prompts"]', 'commands = {x = "y"}', "only a trusted plugin may bring commands"),
        ('hooks = ["prompts"]', 'hooks = ["horoscope"]', "a hook that level 1 has not"),
        ('id = "tiny"', 'id = "Tiny!"', "a plugin's id must be"),
        ('id = "tiny"', "id = ", "no valid TOML"),
    ],
)
def test_manifests_that_are_refused(old: str, new: str, said: str) -> None:
    """Each rule of the manifest has its own sentence."""
    with pytest.raises(PluginError, match=said):
        read_manifest(MANIFEST.replace(old, new).encode())


def test_manifest_must_be_text() -> None:
    """Bytes that are no UTF-8 are no manifest."""
    with pytest.raises(PluginError, match="no valid TOML"):
        read_manifest(b"\xff")


def test_folder_and_id_must_agree(home: Home, bundled: Bundled) -> None:
    """A plugin cannot take another's name."""
    (bundled.folder / "tiny").rename(bundled.folder / "other")
    with pytest.raises(PluginError, match="calls itself otherwise"):
        plugins.enable("other", home=home, bundled=bundled)


def test_listing_imports_nothing() -> None:
    """What can be turned on, and what is, is found without plugins, pluggy or the packaging metadata."""
    code = (
        "import sys; before = set(sys.modules); from couplejournal import plugins\n"
        "assert 'bids' in [m.id for m in plugins.available()]; plugins.enabled(home='nowhere')\n"
        "new = set(sys.modules) - before\n"
        "assert not {'pluggy', 'importlib.metadata', 'couplejournal_plugins.bids', 'cryptography'} & new, new"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(plugins.__file__).parents[2])
