"""A folder on another machine, as SSHFS shows it, whose server stops answering for a while."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from drives.people import Person, below, find, meet, require, texts, until

pytestmark = pytest.mark.drives
ENDS_WITHIN_S = 2.0
TRIES = 5  # the time is that of a machine with nothing else to do: the best of some tries


class Share:
    """A folder behind an SSH server of our own on this machine's loopback, and where it is mounted."""

    def __init__(self, work: Path) -> None:
        self.folder, self.mount, self._work = work / "served", work / "mounted", work
        self.folder.mkdir()
        self.mount.mkdir()
        self._server: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start the server and mount the folder; skip where this machine does not let us."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for name in ("host", "user"):
            key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._work / name)]
            subprocess.run(key, check=True)
        settings = {
            "Port": port, "ListenAddress": "127.0.0.1", "HostKey": self._work / "host", "UsePAM": "no",
            "AuthorizedKeysFile": self._work / "user.pub", "StrictModes": "no", "PidFile": "none",
            "PasswordAuthentication": "no", "PermitRootLogin": "prohibit-password", "Subsystem": "sftp internal-sftp",
        }  # fmt: skip
        (self._work / "sshd").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where the server of Debian wants to be locked up
        with (self._work / "log").open("wb") as log:
            command = [str(find("sshd")), "-D", "-e", "-f", str(self._work / "sshd")]
            self._server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: is_open(port) or self._server is None or self._server.poll() is not None)
        self._mount(port)

    def _mount(self, port: int) -> None:
        options = (
            f"IdentityFile={self._work / 'user'},StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null,LogLevel=ERROR,"
            "dcache_timeout=1"
        )
        user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        there = f"{user}@127.0.0.1:{self.folder}"
        done = subprocess.run(
            ["sshfs", there, str(self.mount), "-p", str(port), "-o", options],
            check=False, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"no SSHFS mount here: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}")

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Let the server not answer for as long as the context lasts."""
        assert self._server is not None
        processes = [self._server.pid, *below(self._server.pid)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def end(self) -> None:
        """Unmount, and end the server with all that it began."""
        for options in ("-u", "-uz"):
            with contextlib.suppress(AssertionError):
                until(lambda options=options: not self._is_mounted(options), patience_s=5)  # type: ignore[misc]
                break
        if self._server is not None:
            for process in [*below(self._server.pid), self._server.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGTERM)
            self._server.wait(10)

    def _is_mounted(self, options: str) -> bool:
        if not os.path.ismount(self.mount):
            return False
        subprocess.run(["fusermount3", options, str(self.mount)], check=False, capture_output=True)
        return os.path.ismount(self.mount)


def is_open(port: int) -> bool:
    """Say whether somebody answers at a port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Share]:
    """Return a mounted folder of a server on this machine."""
    require("sshd", "ssh-keygen", "sshfs", "fusermount3")
    if not Path("/dev/fuse").exists():
        pytest.skip("no FUSE here")
    made = Share(tmp_path)
    try:
        made.begin()
        yield made
    finally:
        made.end()


def test_server_that_stops_answering(share: Share, tmp_path: Path) -> None:
    """While the folder hangs, add and log end within 2 s with the entry saved and one line said; then all arrives."""
    ana, ben = Person(tmp_path / "ana"), Person(tmp_path / "ben")
    meet(share.mount, ana, ben)
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


def test_folder_that_is_unmounted(share: Share, tmp_path: Path) -> None:
    """When the mount is gone, the bare folder is named as empty, nothing is made in it, and all goes on afterwards."""
    ana, ben = Person(tmp_path / "ana"), Person(tmp_path / "ben")
    meet(share.mount, ana, ben)
    until(lambda: not share._is_mounted("-u"))
    assert ana("add", "bid", "Anybody?").code == 0
    done = ana("sync")
    assert (done.code, done.err.count("\n")) == (3, 1), done.err
    assert "not mounted" in done.err
    assert list(share.mount.iterdir()) == []
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    share.mount.rmdir()
    share.mount.symlink_to(share.folder)
    until(lambda: ana("sync").code == 0 and ben("sync").code == 0 and "Anybody?" in texts(ben))
