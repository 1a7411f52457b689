"""File systems of people's sticks and cards, and one that fills up or may only be read: each with one view for both."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from drives.people import PATIENCE_S, find
from drives.running import Program, is_mounted, unmount
from drives.scenario import digests

SIZE_MIB = 256


class Small:
    """A small file system that only processes in a name space of their own see; it ends with the first of them."""

    def __init__(self, mount: Path, *, mebibytes: int = 1) -> None:
        self.mount = mount
        mount.mkdir()
        is_root = os.geteuid() == 0
        own = ["unshare", "-m"] if is_root else ["unshare", "-Urm"]
        script = f'mount -t tmpfs -o size={mebibytes}M,mode=777 couplejournal "$1" && echo ready && exec sleep 3600'
        self.keeper = subprocess.Popen(
            [*own, "sh", "-c", script, "sh", str(mount)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.keeper.stdout is not None
        assert self.keeper.stderr is not None
        if self.keeper.stdout.readline() != "ready\n":
            pytest.skip(f"no mount of one's own here: {self.keeper.stderr.read().strip()}")
        into = ["nsenter", "-t", str(self.keeper.pid), "-m"]
        self.prefix = into if is_root else [*into, "-U", "--preserve-credentials"]

    def do(self, script: str) -> str:
        """Run a line of shell where the file system is seen, in its root."""
        done = subprocess.run(
            [*self.prefix, "sh", "-c", f'cd "$1" && {script}', "sh", str(self.mount)],
            check=False, capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
        return done.stdout

    def files(self) -> list[str]:
        """Return what lies in it."""
        return sorted(self.do("find . -type f ! -name filling").split())

    def end(self) -> None:
        """Let it go."""
        self.keeper.kill()
        self.keeper.communicate()


class OneView:
    """A place that Ana sees as it is, and Ben through a link that leads nowhere useful while he is away."""

    prefix: Sequence[str] = ()
    sends_again_s = 0.0

    def __init__(self, work: Path, mount: Path) -> None:
        self.ana, self.ben, self._bare = mount, work / "ben-link", work / "bare"
        self._bare.mkdir()
        self._lead(mount)

    def _lead(self, there: Path) -> None:
        self.ben.unlink(missing_ok=True)
        self.ben.symlink_to(there)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Ben has not got the stick."""
        self._lead(self._bare)
        yield
        assert list(self._bare.iterdir()) == [], "something was made where the stick was not"
        self._lead(self.ana)


class Stick(OneView):
    """A file system in a file, mounted by a program of its own, which is killed as when a stick is pulled."""

    def __init__(self, work: Path, kind: str) -> None:
        super().__init__(work, work / "stick")
        self.ana.mkdir()
        self._kind, self._image, self._log = kind, work / "image", work / "stick.log"
        self._program: Program | None = None

    def begin(self) -> None:
        """Make it, and mount it."""
        with self._image.open("wb") as file:
            file.truncate(SIZE_MIB << 20)
        make = {
            "exfat": ["mkfs.exfat"],
            "fat": ["mkfs.vfat", "-s", "64"],  # fusefat ends when a folder needs a second cluster
            "ntfs": ["mkfs.ntfs", "-F", "-q"],
        }[self._kind]
        subprocess.run([str(find(make[0])), *make[1:], str(self._image)], check=True, capture_output=True)
        self._mount()

    def _mount(self) -> None:
        image, mount = str(self._image), str(self.ana)
        if self._kind == "exfat":  # wants a block device
            image = self._losetup("--find", "--show", image)
        command = {
            "exfat": ["mount.exfat-fuse", "-d", image, mount],
            "fat": ["fusefat", "-f", "-s", "-o", "rw+", image, mount],
            "ntfs": ["lowntfs-3g", "-o", "no_detach,ignore_case,windows_names", image, mount],
        }[self._kind]
        self._program = Program([str(find(command[0])), *command[1:]], self._log)
        try:
            self._program.wait_for(lambda: is_mounted(self.ana))
        finally:
            if self._kind == "exfat":
                self._losetup("--detach", image)  # goes when nobody holds it any more

    def _losetup(self, *args: str) -> str:
        done = subprocess.run([str(find("losetup")), *args], check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no loop device here: {done.stderr.strip()}")
        return done.stdout.strip()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """The program is killed; that of FAT ends in peace, since it gives clusters of old files away once more."""
        assert self._program is not None
        if self._kind == "fat":
            unmount(self.ana)
            self._program.end()
        else:
            self._program.kill()
        yield
        unmount(self.ana)
        self._mount()

    def listed(self) -> list[dict[str, str]]:
        """Return what lies there."""
        return [digests(self.ana)]

    def end(self) -> None:
        """Unmount it."""
        unmount(self.ana)
        if self._program is not None:
            self._program.end()


class Stubborn(OneView):
    """A file system that takes nothing for a while."""

    HARMS = {  # noqa: RUF012 - a table
        "full": ("cat /dev/zero > filling", "rm filling"),
        "read-only": ('mount -o remount,ro "$1"', 'mount -o remount,rw "$1"'),
    }

    def __init__(self, work: Path, kind: str) -> None:
        self._small = Small(work / "small", mebibytes=32)
        super().__init__(work, self._small.mount)
        self.prefix = self._small.prefix
        self._harm, self._heal = self.HARMS[kind]

    def begin(self) -> None:
        """It stands."""

    @contextmanager
    def cut(self) -> Iterator[None]:
        """It is full, or may only be read."""
        self._small.do(self._harm)
        yield
        self._small.do(self._heal)

    def listed(self) -> list[dict[str, str]]:
        """Return what lies there."""
        lines = self._small.do("find . -type f -exec sha256sum {} +").splitlines()
        return [{path.removeprefix("./"): digest for digest, _, path in (line.partition("  ") for line in lines)}]

    def end(self) -> None:
        """Let it go."""
        self._small.end()
