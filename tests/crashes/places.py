"""Where a command is struck: a folder that is laid out anew each time, on a file system of its own if power is to go.

A power cut is asked of the kernel: the file system is shut down at once, what was not synced is gone, and mounting it
again replays its journal. With ``is_log_kept`` the journal's log still reaches the disk and the data do not.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN: _IOR('X', 125, u32)
LOG_FLUSHED, LOG_LOST = 1, 2
SIZES_MIB = {"ext4": 32, "xfs": 300}  # of the second the smallest that mkfs makes


class Place:
    """A folder on the file system that is there; its content is copied from a stage."""

    can_cut = False

    def __init__(self, folder: Path) -> None:
        """Take the folder that is laid out anew each time."""
        self.folder = folder

    def lay_out(self, stage: Path) -> None:
        """Make the folder what the stage is."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(stage, self.folder, symlinks=True)

    def cut(self) -> None:
        """Cut the power."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Fragile(Place):
    """A folder on a file system of its own, in a file."""

    can_cut = True

    def __init__(self, folder: Path, images: Path, kind: str, *, is_log_kept: bool = False) -> None:
        """Take where to mount, where files as large as disks may lie, and ``ext4`` or ``xfs``."""
        super().__init__(folder)
        self.images = images
        self.kind = kind
        self.flag = LOG_FLUSHED if is_log_kept else LOG_LOST
        self._disk = images / f"{kind}.disk"
        self._is_mounted = False
        images.mkdir(parents=True, exist_ok=True)

    def lay_out(self, stage: Path) -> None:
        """Make the folder what the stage is, all of it synced."""
        self._unmount()
        image = self.images / f"{self.kind}-{stage.name}.image"
        if not image.exists():
            self._make(image, stage)
        _call("cp", "--sparse=always", str(image), str(self._disk))
        self._mount(self._disk)

    def cut(self) -> None:
        """Cut the power, and bring it back."""
        opened = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(opened, SHUTDOWN, struct.pack("I", self.flag))
        finally:
            os.close(opened)
        self._unmount()
        self._mount(self._disk)

    def close(self) -> None:
        """Leave nothing mounted behind."""
        self._unmount()
        super().close()

    def _make(self, image: Path, stage: Path) -> None:
        part = image.with_suffix(".part")
        part.unlink(missing_ok=True)
        with part.open("wb") as file:
            file.truncate(SIZES_MIB[self.kind] << 20)
        _call(f"mkfs.{self.kind}", "-q", "-F" if self.kind == "ext4" else "-f", str(part))
        self._mount(part)
        try:
            shutil.copytree(stage, self.folder, symlinks=True, dirs_exist_ok=True)
        finally:
            self._unmount()
        part.rename(image)

    def _mount(self, image: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = "loop" if self.kind == "ext4" else "loop,nouuid"
        _call("mount", "-t", self.kind, "-o", options, str(image), str(self.folder))
        self._is_mounted = True

    def _unmount(self) -> None:
        if self._is_mounted:
            _call("umount", str(self.folder))
            self._is_mounted = False


def lacking(kind: str) -> str:
    """Return why the power of such a file system cannot be cut here; "" if it can."""
    if os.geteuid() != 0:
        return "a power cut needs root"
    for program in (f"mkfs.{kind}", "mount", "losetup"):
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            return f"a power cut on {kind} needs {program}"
    return ""


def go_apart() -> None:
    """Begin this process anew in a mount name space of its own, so that whatever it mounts ends with it.

    Raises:
        OSError: that is not allowed here.
    """
    if "COUPLEJOURNAL_TEST_APART" in os.environ:
        return
    own = ("unshare", "--mount", "--propagation", "private")
    _call(*own, "true")
    os.environ["COUPLEJOURNAL_TEST_APART"] = "1"
    os.execvp(own[0], [*own, sys.executable, *sys.argv])


def _call(*argv: str) -> None:
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{argv[0]} failed: {done.stderr.strip()}")
