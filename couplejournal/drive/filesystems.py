"""Which file system a folder lies on, whether it tells of changes by others, and whether it can hang.

The names are data (docs/spec/sync.md 4): what is not known is polled and given a deadline. Nothing here touches a
mount that can hang before it is known to be one.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from couplejournal.drive.interface import Place

LOCAL: Final = frozenset({
    "apfs", "bcachefs", "btrfs", "devtmpfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfs", "jfs", "msdos", "ntfs",
    "ntfs3", "overlay", "ramfs", "refs", "reiserfs", "tmpfs", "ufs", "vfat", "xfs", "zfs",
})  # fmt: skip
"""File systems of this machine's own kernel: watched, and never waiting for a network or another program."""

UNKNOWN: Final = "unknown"
_HYDRATED: Final = ("/Library/CloudStorage/", "/Library/Mobile Documents/")  # macOS fetches files on reading
_MOUNTS: Final = Path("/proc/self/mountinfo")
_LINKS_LIMIT: Final = 40


def can_watch(fs_type: str) -> bool:
    """Say whether changes by anyone are told of on this file system."""
    return fs_type in LOCAL


def can_block(fs_type: str, path: Path) -> bool:
    """Say whether a call on this file system may hang for good: network, FUSE, unknown, or fetched when read."""
    return fs_type not in LOCAL or any(part in f"{path}/" for part in _HYDRATED)


def may_hang(path: Path) -> bool:
    """Say whether a folder needs a deadline, without touching a mount that can hang."""
    return can_block(fs_type_of(path), path)


def probe_folder(path: Path) -> Place:
    """Look at a folder and the file system under it.

    Raises:
        OSError: it could not be looked at. That it is not there is no error.
    """
    try:
        seen = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return Place(exists=False)
    if not stat.S_ISDIR(seen.st_mode):
        return Place(exists=False)
    fs_type = fs_type_of(path)
    return Place(
        exists=True,
        identity=(seen.st_dev, seen.st_ino, fs_type),
        fs_type=fs_type,
        can_watch=can_watch(fs_type),
        can_block=can_block(fs_type, path),
    )


def fs_type_of(path: Path) -> str:
    """Return the file system of a path by name, such as ``ext4``, ``fuse.sshfs`` or ``smb3``; else `UNKNOWN`."""
    try:
        if sys.platform == "win32":
            return _windows_type(path)
        if sys.platform == "darwin":
            return _macos_type(path)
        return type_among(read_mounts(_MOUNTS.read_text("utf-8", "surrogateescape")), path)
    except (OSError, ValueError, AttributeError):
        return UNKNOWN


def read_mounts(text: str) -> dict[str, str]:
    """Return mount point to type from the text of ``/proc/self/mountinfo``; where two are stacked, the upper one."""
    mounts: dict[str, str] = {}
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ", 1)[0]
        if separator and len(fields) > 4 and kind:
            mounts[_unescaped(fields[4])] = kind
    return mounts


def type_among(mounts: Mapping[str, str], path: Path) -> str:
    """Return the type of the mount that a path lies on, following links part by part.

    The walk stops at the first mount that is not `LOCAL`: what lies behind it is not touched.
    """
    here, kind = "/", mounts.get("/", UNKNOWN)
    rest = [part for part in reversed(os.path.abspath(path).split("/")) if part]
    links = 0
    while rest:
        step = rest.pop()
        if step == "..":
            here = os.path.dirname(here)
            continue
        there = f"{here.rstrip('/')}/{step}"
        if there in mounts:
            here, kind = there, mounts[there]
            if kind not in LOCAL:
                return kind
            continue
        target = _link_target(there)
        if target is None:
            here = there
            continue
        links += 1
        if links > _LINKS_LIMIT:
            return UNKNOWN
        if target.startswith("/"):
            here = "/"
        rest += [part for part in reversed(target.split("/")) if part not in {"", "."}]
    return mounts.get(_mount_point(mounts, here), UNKNOWN)


def _mount_point(mounts: Mapping[str, str], path: str) -> str:
    while path not in mounts and path != "/":
        path = os.path.dirname(path)
    return path


def _link_target(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def _unescaped(field: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def _macos_type(path: Path) -> str:
    import ctypes  # one platform only, and slow to load

    libc = ctypes.CDLL(None, use_errno=True)
    statfs = getattr(libc, "statfs$INODE64", None) or libc.statfs
    room = ctypes.create_string_buffer(4096)  # struct statfs with 64-bit inodes: 2,168 bytes
    if statfs(os.fsencode(path), room) != 0:
        return UNKNOWN
    return room.raw[72:88].split(b"\0", 1)[0].decode("ascii", "replace").lower() or UNKNOWN  # f_fstypename


def _windows_type(path: Path) -> str:
    import ctypes  # one platform only, and slow to load

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    volume, name = ctypes.create_unicode_buffer(1024), ctypes.create_unicode_buffer(64)
    if not kernel.GetVolumePathNameW(str(path), volume, 1024):
        return UNKNOWN
    if kernel.GetDriveTypeW(volume) == 4:  # DRIVE_REMOTE
        return "remote"
    if not kernel.GetVolumeInformationW(volume, None, 0, None, None, None, name, 64):
        return UNKNOWN
    return name.value.lower() or UNKNOWN
