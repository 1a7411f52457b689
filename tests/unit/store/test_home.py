"""Where a device keeps what."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from couplejournal.disk import RealDisk
from couplejournal.errors import SetupError
from couplejournal.store.home import Home

BOOK = "0123456789abcdef" * 2


def at(folder: Path) -> Home:
    """Return the home below a folder."""
    return Home.locate(folder, {})


def test_a_given_home_wins_over_the_environment(tmp_path: Path) -> None:
    """The argument comes before COUPLEJOURNAL_HOME, which comes before the system's folders."""
    environ = {"COUPLEJOURNAL_HOME": str(tmp_path / "from-environment")}
    assert Home.locate(str(tmp_path / "given"), environ).config == tmp_path / "given" / "config"
    located = Home.locate(None, environ)
    assert (located.config, located.data, located.state) == tuple(
        tmp_path / "from-environment" / name for name in ("config", "data", "state")
    )


@pytest.mark.skipif(os.name != "posix", reason="the XDG folders")
def test_without_a_home_the_system_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither argument nor variable (or an empty one): the system's own folders, config apart from data and state."""
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    located = Home.locate(None, {"COUPLEJOURNAL_HOME": ""})
    assert located == Home.locate(None, {})
    assert len({located.config, located.data, located.state}) == 3
    assert all("couplejournal" in folder.parts for folder in (located.config, located.data, located.state))


def test_where_the_system_has_one_folder_for_all_keys_and_books_lie_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On systems with a single application folder, replicas and state get folders of their own beside the keystore."""
    for kind in ("config", "data", "state"):
        monkeypatch.setattr(f"platformdirs.user_{kind}_path", lambda *_args, **_options: tmp_path)
    located = Home.locate(None, {})
    assert located.keystore_path == tmp_path / "keystore.cj"
    assert len({located.config, located.data, located.state}) == 3


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the working directory of the moment, whatever comes later."""
    monkeypatch.chdir(tmp_path)
    assert Home.locate("ana", {}).config == tmp_path / "ana" / "config"


def test_a_tilde_means_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path from a settings file, which no shell has expanded, is understood; an unknown user is one clear error."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Home.locate(None, {"COUPLEJOURNAL_HOME": "~/ana"}).config == tmp_path / "ana" / "config"
    if os.name == "posix":
        with pytest.raises(SetupError):
            Home.locate("~nobody-of-this-name-here/ana", {})


@pytest.mark.skipif(os.name != "posix", reason="the session folder of XDG")
@pytest.mark.parametrize(
    ("value", "is_there"), [("/run/user/7", True), ("relative", False), ("", False), (None, False)]
)
def test_the_session_folder_counts_only_as_an_absolute_path(value: str | None, *, is_there: bool) -> None:
    """XDG_RUNTIME_DIR is used where it is an absolute path, and nothing stands in for it."""
    runtime = Home.locate("/somewhere", {} if value is None else {"XDG_RUNTIME_DIR": value}).runtime
    assert runtime == (Path("/run/user/7/couplejournal") if is_there else None)


def test_every_file_has_its_place(tmp_path: Path) -> None:
    """The paths that other parts rely on."""
    home = at(tmp_path)
    assert home.keystore_path == tmp_path / "config" / "keystore.cj"
    assert home.config_path == tmp_path / "config" / "config.json"
    assert home.plugins_lock_path == tmp_path / "config" / "plugins.lock"
    assert home.replica(BOOK) == tmp_path / "data" / BOOK
    assert home.state_file("sync-memory.json") == tmp_path / "state" / "sync-memory.json"


@pytest.mark.parametrize("name", ["", "..", "../x", "/x", "a/b", BOOK.upper(), BOOK + "0", BOOK[:-1], BOOK + "\n"])
def test_a_folder_is_never_named_by_anything_but_a_book(tmp_path: Path, name: str) -> None:
    """A name that is not 32 lower-case hex digits cannot lead anywhere."""
    with pytest.raises(ValueError, match="32 hex"):
        at(tmp_path).replica(name)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/x", "a/b", "a\\b", ".hidden", "x\n"])
def test_a_state_file_cannot_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    """Names with separators, dots in front or line ends are refused."""
    with pytest.raises(ValueError, match="plain name"):
        at(tmp_path).state_file(name)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_the_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Every folder made is 0700, and making them twice is harmless."""
    home = at(tmp_path / "ana")
    home.prepare(RealDisk())
    home.prepare(RealDisk())
    for folder in (tmp_path / "ana", home.config, home.data, home.state):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_folders_beside_the_keystore_are_accepted(tmp_path: Path) -> None:
    """A drive or replica next to the configuration is no danger to it, whether or not it exists."""
    home = at(tmp_path / "ana")
    (tmp_path / "drive").mkdir()
    home.require_keystore_outside([tmp_path / "drive", home.data, tmp_path / "absent", tmp_path / "an"])


@pytest.mark.parametrize("holder", [".", "ana", "ana/config"])
def test_a_folder_that_holds_the_keystore_is_refused(tmp_path: Path, holder: str) -> None:
    """F18: the keystore's folder and every one above it is refused as a drive or replica, made already or not."""
    with pytest.raises(SetupError, match="keystore"):
        at(tmp_path / "ana").require_keystore_outside([tmp_path / "elsewhere", tmp_path / holder])


def test_links_hide_nothing(tmp_path: Path) -> None:
    """A link to a folder that holds the keystore is that folder, from whichever side the link stands."""
    (tmp_path / "drive").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "drive")
    with pytest.raises(SetupError):
        at(tmp_path / "drive" / "ana").require_keystore_outside([tmp_path / "alias"])
    with pytest.raises(SetupError):
        at(tmp_path / "alias" / "ana").require_keystore_outside([tmp_path / "drive"])


@pytest.mark.parametrize("inside", ["drive", f"drive/{BOOK}", f"drive/{BOOK}/streams", "drive/deep/down"])
def test_a_home_inside_anything_that_looks_like_a_journal_is_refused(tmp_path: Path, inside: str) -> None:
    """A drive or replica of any journal is known by its genesis segment, at any height above the keystore."""
    streams = tmp_path / "drive" / BOOK / "streams"
    streams.mkdir(parents=True)
    (streams.parent / "book.cj").write_bytes(b"x")
    with pytest.raises(SetupError, match="keystore"):
        at(tmp_path / inside / "ana").require_keystore_apart(RealDisk())


def test_a_home_beside_a_journal_is_accepted(tmp_path: Path) -> None:
    """Replicas in the data folder of the same home, and foreign folders with long names, are no obstacle."""
    home = at(tmp_path / "ana")
    (home.replica(BOOK) / "streams").mkdir(parents=True)
    (home.replica(BOOK) / "book.cj").write_bytes(b"x")
    (tmp_path / BOOK).mkdir()
    (tmp_path / "book.cj").write_bytes(b"x")
    home.require_keystore_apart(RealDisk())
