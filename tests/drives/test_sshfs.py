"""A folder on another machine, as SSHFS shows it, whose server stops answering for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drives.mounts import Sshfs
from drives.people import Person, meet, require, texts, until
from drives.running import require_fuse, unmount

pytestmark = pytest.mark.drives
ENDS_WITHIN_S = 2.0
TRIES = 5  # the time is that of a machine with nothing else to do: the best of some tries


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Sshfs]:
    """Return a folder of a server on this machine, mounted."""
    require("sshd", "ssh-keygen", "sshfs")
    require_fuse()
    made = Sshfs(tmp_path)
    try:
        made.begin()
        yield made
    finally:
        made.end()


def test_server_that_stops_answering(share: Sshfs, tmp_path: Path) -> None:
    """While the folder hangs, add and log end within 2 s with the entry saved and one line said; then all arrives."""
    ana, ben = Person(tmp_path / "ana"), Person(tmp_path / "ben")
    meet(share.ana, ana, ben)
    assert ben("add", "bid", "Before the storm?").code == 0
    assert ana("sync").code == 0
    written = {f"Still here? {number}" for number in range(TRIES)}
    took: dict[str, list[float]] = {"add": [], "log": []}
    with share.stopped():
        for text in sorted(written):
            for name, done in (("add", ana("add", "bid", text)), ("log", ana("log"))):
                assert done.code == 0, done.err
                assert done.err.count("\n") == 1, done.err
                assert "Traceback" not in done.err
                took[name].append(done.seconds)
            assert text in texts(ana)
    print({name: [round(one, 2) for one in times] for name, times in took.items()})
    assert min(took["add"]) < ENDS_WITHIN_S
    assert min(took["log"]) < ENDS_WITHIN_S
    until(lambda: ana("sync").code == 0 and ben("sync").code == 0 and written <= texts(ben))
    left = [path.name for path in share.folder.rglob("*") if path.name.startswith("~$")]
    assert left == []


def test_folder_that_is_unmounted(share: Sshfs, tmp_path: Path) -> None:
    """When the mount is gone, the bare folder is named as empty, nothing is made in it, and all goes on afterwards."""
    ana, ben = Person(tmp_path / "ana"), Person(tmp_path / "ben")
    meet(share.ana, ana, ben)
    unmount(share.ana)
    assert ana("add", "bid", "Anybody?").code == 0
    done = ana("sync")
    assert (done.code, done.err.count("\n")) == (3, 1), done.err
    assert "not mounted" in done.err
    assert list(share.ana.iterdir()) == []
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    share.ana.rmdir()
    share.ana.symlink_to(share.folder)
    until(lambda: ana("sync").code == 0 and ben("sync").code == 0 and "Anybody?" in texts(ben))
