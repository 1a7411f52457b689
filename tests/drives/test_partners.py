"""Two partners over real drives: the same story over each (see `scenario.py`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drives.disks import Stick, Stubborn
from drives.mounts import Mounted, Samba, Sshfs, WebDav
from drives.people import require
from drives.running import require_fuse
from drives.scenario import SECONDS, live
from drives.syncthing import Syncthings

pytestmark = pytest.mark.drives


@pytest.fixture
def syncthings(tmp_path: Path) -> Iterator[Syncthings]:
    """Return two folders that two Syncthings keep in step."""
    require("syncthing")
    made = Syncthings(tmp_path)
    try:
        made.begin()
        yield made
    finally:
        made.end()


def test_syncthing(syncthings: Syncthings, tmp_path: Path) -> None:
    """Two Syncthings that are killed again and again make no conflict copy of ours, and everything arrives."""
    live("Syncthing", syncthings, tmp_path)


def samba(work: Path, *, is_case_sensitive: bool) -> Samba:
    """Return a share, where we may serve one."""
    require("smbd", "smbpasswd")
    if os.geteuid() != 0:
        pytest.skip("Samba serves nobody else than root here")
    return Samba(work, is_case_sensitive=is_case_sensitive)


def sshfs(work: Path) -> Sshfs:
    """Return a folder behind SSH."""
    require("sshd", "ssh-keygen", "sshfs")
    return Sshfs(work)


MOUNTED: dict[str, tuple[str, Callable[[Path], Mounted]]] = {
    "WebDAV, no cache": ("rclone", lambda work: WebDav(work, cache="off")),
    "WebDAV, written back at once": ("rclone", lambda work: WebDav(work, cache="writes")),  # renames get undone
    "WebDAV, written back after 1 s": ("rclone", lambda work: WebDav(work, cache="writes", write_back="1s")),
    "Samba": ("rclone", lambda work: samba(work, is_case_sensitive=True)),
    "Samba, case-insensitive": ("rclone", lambda work: samba(work, is_case_sensitive=False)),
    "SSHFS": ("sshfs", sshfs),
}


BY_HAND = {"WebDAV, written back after 1 s"}


@pytest.mark.parametrize("name", MOUNTED)
def test_mounted(name: str, tmp_path: Path) -> None:
    """Over a mounted server that is killed, and a mount that is gone for a while, everything arrives."""
    program, make = MOUNTED[name]
    if name in BY_HAND and "DRIVE_SECONDS" not in os.environ:
        pytest.skip("it is slow: `make drives` tries it")
    require(program)
    require_fuse()
    drive = make(tmp_path)
    try:
        drive.begin()
        live(name, drive, tmp_path)
    finally:
        drive.end()


STICKS = {
    "exFAT": ("exfat", ("mkfs.exfat", "mount.exfat-fuse", "losetup")),
    "FAT": ("fat", ("mkfs.vfat", "fusefat")),
    "NTFS": ("ntfs", ("mkfs.ntfs", "lowntfs-3g")),
}
MOST_S = {"fat": 30.0}  # for want of room in a folder, see `disks.Stick`


@pytest.mark.parametrize("name", STICKS)
def test_stick(name: str, tmp_path: Path) -> None:
    """On a stick of people's file systems that is pulled while both write, everything arrives."""
    kind, programs = STICKS[name]
    require(*programs)
    require_fuse()
    drive = Stick(tmp_path, kind)
    try:
        drive.begin()
        live(name, drive, tmp_path, seconds=min(SECONDS, MOST_S.get(kind, SECONDS)))
    finally:
        drive.end()


@pytest.mark.parametrize("name", ["full", "read-only"])
def test_stubborn(name: str, tmp_path: Path) -> None:
    """Through a time in which the folder is full, or may only be read, nothing is lost, and then everything arrives."""
    require("unshare", "nsenter", "mount")
    drive = Stubborn(tmp_path, name)
    try:
        live(name, drive, tmp_path)
    finally:
        drive.end()
