"""A folder behind a server on this machine's loopback, mounted once for each partner, as a network drive is."""

from __future__ import annotations

import contextlib
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from drives.people import find
from drives.running import Program, free_port, is_mounted, is_open, stopped, unmount
from drives.scenario import digests

LISTED_AGAIN_AFTER = "1s"  # how old a listing of a mount may be: 5 minutes, if nobody says
PASSWORD = "for-tests-on-the-loopback"


class Mounted(ABC):
    """One server, one folder that it serves, two mounts."""

    prefix: Sequence[str] = ()
    sends_again_s = 0.0
    COMES_BACK = True  # by itself, when the server is there again

    def __init__(self, work: Path) -> None:
        self.work, self.folder, self.port = work, work / "served", free_port()
        self.ana, self.ben = work / "ana-mount", work / "ben-mount"
        for folder in (self.folder, self.ana, self.ben):
            folder.mkdir()
        self._server: Program | None = None
        self._mounts: dict[Path, Program] = {}

    @abstractmethod
    def serving(self) -> list[str]:
        """Return the command of the server, which runs in the foreground."""

    @abstractmethod
    def mounting(self, mount: Path) -> list[str]:
        """Return the command that mounts it, and runs in the foreground."""

    def environ(self) -> dict[str, str]:
        """Return what the programs find in their environment."""
        return {}

    def begin(self) -> None:
        """Start the server, and mount twice."""
        self._serve()
        for mount in (self.ana, self.ben):
            self._mount(mount)

    def _serve(self) -> None:
        self._server = Program(self.serving(), self.work / "server.log", environ=self.environ())
        self._server.wait_for(lambda: is_open(self.port))

    def _mount(self, mount: Path) -> None:
        log = mount.with_suffix(".log")
        self._mounts[mount] = Program(self.mounting(mount), log, environ=self.environ())
        self._mounts[mount].wait_for(lambda: is_mounted(mount))

    @contextmanager
    def away(self) -> Iterator[None]:
        """Ben's mount is gone, and its folder is bare."""
        self._mounts[self.ben].end()
        unmount(self.ben)
        assert list(self.ben.iterdir()) == []
        yield
        assert list(self.ben.iterdir()) == [], "something was made where the mount was"
        self._mount(self.ben)

    @contextmanager
    def cut(self) -> Iterator[None]:
        """The server and Ana's mount are killed."""
        assert self._server is not None
        self._server.kill()
        self._mounts[self.ana].kill()
        yield
        unmount(self.ana)
        self._serve()
        self._mount(self.ana)
        if not self.COMES_BACK or not self._is_well(self.ben):
            self._mounts[self.ben].end()
            unmount(self.ben)
            self._mount(self.ben)

    def _is_well(self, mount: Path) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return subprocess.run(["ls", str(mount)], check=False, capture_output=True, timeout=5).returncode == 0
        return False

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The server does not answer."""
        assert self._server is not None
        with stopped(self._server):
            yield

    def listed(self) -> list[dict[str, str]]:
        """Return what lies in the folder that is served."""
        return [digests(self.folder)]

    def end(self) -> None:
        """End all of it."""
        for mount, program in self._mounts.items():
            program.end()
            unmount(mount)
        if self._server is not None:
            self._server.end()


class WebDav(Mounted):
    """WebDAV, served and mounted by rclone."""

    def __init__(self, work: Path, *, cache: str, write_back: str = "0s") -> None:
        super().__init__(work)
        self._cache, self._write_back = cache, write_back
        if cache != "off":  # the mount sends what its server had not confirmed, into the same file
            self.sends_again_s = 10.0

    def environ(self) -> dict[str, str]:
        """Let rclone read no settings of anybody's."""
        return {"RCLONE_CONFIG": str(self.work / "rclone.conf")}

    def serving(self) -> list[str]:
        """Serve without a cache."""
        return [
            str(find("rclone")), "serve", "webdav", str(self.folder), "--addr", f"127.0.0.1:{self.port}",
            "--vfs-cache-mode", "off", "--dir-cache-time", "1s", "--poll-interval", "0",  # at 0 s it does nothing else
        ]  # fmt: skip

    def mounting(self, mount: Path) -> list[str]:
        """Mount with the cache that is tried."""
        return [
            str(find("rclone")), "mount", self.remote(), str(mount), *self.options(),
            "--vfs-cache-mode", self._cache, "--vfs-write-back", self._write_back,
            "--dir-cache-time", LISTED_AGAIN_AFTER, "--poll-interval", "0",
            "--cache-dir", str(mount.with_suffix(".cache")),
        ]  # fmt: skip

    def remote(self) -> str:
        """Return what rclone calls the server."""
        return ":webdav:"

    def options(self) -> list[str]:
        """Return where the server is."""
        return ["--webdav-url", f"http://127.0.0.1:{self.port}"]


class Samba(WebDav):
    """A share of Samba, mounted by rclone."""

    COMES_BACK = False  # some folders of it may answer with EIO for good, while others are listed

    def __init__(self, work: Path, *, is_case_sensitive: bool) -> None:
        super().__init__(work, cache="off")
        for name in ("state", "lock", "cache", "pid", "private", "ncalrpc"):
            (work / name).mkdir()
        self._user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        settings = {
            "interfaces": "lo", "bind interfaces only": "yes", "smb ports": self.port,
            "server role": "standalone server",
            "disable netbios": "yes", "load printers": "no", "printcap name": "/dev/null",
            "passdb backend": f"tdbsam:{work / 'private' / 'passdb.tdb'}", "log file": work / "log.%m",
            "map to guest": "never", "ncalrpc dir": work / "ncalrpc", "private dir": work / "private",
            **{f"{name} directory": work / name for name in ("state", "lock", "cache", "pid")},
        }  # fmt: skip
        share = {
            "path": self.folder, "read only": "no", "force user": self._user,
            "case sensitive": "yes" if is_case_sensitive else "no",
        }  # fmt: skip
        lines = [
            line
            for name, values in {"global": settings, "ours": share}.items()
            for line in (f"[{name}]", *(f"{key} = {value}" for key, value in values.items()))
        ]
        self._settings = work / "smb.conf"
        self._settings.write_text("\n".join(lines) + "\n", "utf-8")
        subprocess.run(
            [str(find("smbpasswd")), "-c", str(self._settings), "-s", "-a", self._user],
            check=True, capture_output=True, input=f"{PASSWORD}\n{PASSWORD}\n", text=True, timeout=60,
        )  # fmt: skip

    def environ(self) -> dict[str, str]:
        """Let rclone know the password, which is obscured as it wants it."""
        obscured = subprocess.run(
            [str(find("rclone")), "obscure", PASSWORD], check=True, capture_output=True, text=True,
            env={**os.environ, **super().environ()},
        )  # fmt: skip
        return {**super().environ(), "RCLONE_SMB_PASS": obscured.stdout.strip()}

    def serving(self) -> list[str]:
        """Serve in the foreground, with settings and state of its own."""
        return [str(find("smbd")), "--foreground", "--no-process-group", "-s", str(self._settings)]

    def remote(self) -> str:
        """Return the share."""
        return ":smb:ours"

    def options(self) -> list[str]:
        """Return where the server is."""
        return ["--smb-host", "127.0.0.1", "--smb-port", str(self.port), "--smb-user", self._user]


class Sshfs(Mounted):
    """A folder behind an SSH server of our own, mounted by SSHFS."""

    def __init__(self, work: Path) -> None:
        super().__init__(work)
        for name in ("host", "user"):
            key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(work / f"{name}-key")]
            subprocess.run(key, check=True)
        settings = {
            "Port": self.port, "ListenAddress": "127.0.0.1", "HostKey": work / "host-key", "UsePAM": "no",
            "AuthorizedKeysFile": work / "user-key.pub", "StrictModes": "no", "PidFile": "none",
            "PasswordAuthentication": "no", "PermitRootLogin": "prohibit-password", "Subsystem": "sftp internal-sftp",
        }  # fmt: skip
        (work / "sshd").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where the server of Debian wants to be locked up

    def serving(self) -> list[str]:
        """Serve in the foreground."""
        return [str(find("sshd")), "-D", "-e", "-f", str(self.work / "sshd")]

    def mounting(self, mount: Path) -> list[str]:
        """Mount in the foreground."""
        options = (
            f"IdentityFile={self.work / 'user-key'},StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null,"
            "LogLevel=ERROR,dcache_timeout=1,reconnect"
        )
        user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        there = f"{user}@127.0.0.1:{self.folder}"
        return [str(find("sshfs")), "-f", there, str(mount), "-p", str(self.port), "-o", options]
