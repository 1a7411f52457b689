"""The files of a home from outside: whose they are, who may open them, and what a killed process left behind.

Nothing here knows what a file holds, and nothing raises because of what lies there: what cannot be looked at is left
out, and told as that by whoever asks for more.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.disk import TEMPORARY_PREFIX
from couplejournal.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEFTOVER_AGE_MS: Final = 3_600_000  # a write takes a moment: whoever began one an hour ago is gone
OTHERS: Final = 0o077
OTHERS_WRITE: Final = 0o022
_DEPTH_LIMIT: Final = 8


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A file or a folder as the system describes it; ``mode`` are the bits that say who may do what."""

    path: Path
    is_folder: bool
    is_link: bool
    mode: int
    is_mine: bool
    mtime_ns: int

    @property
    def is_leftover_name(self) -> bool:
        """Return whether it is named like a file that is being written."""
        name = self.path.name
        return name.startswith(TEMPORARY_PREFIX) and name.endswith(".tmp") and not self.is_folder


def can_tell_modes() -> bool:
    """Return whether this system has owners and modes as POSIX knows them."""
    return hasattr(os, "getuid")


def look(root: Path) -> Iterator[Seen]:
    """Yield a folder and everything below it; nothing where there is no such folder.

    Links are not followed, but for the folder itself: whoever keeps a home elsewhere has it looked at too.
    """
    waiting = [(root, 0)]
    while waiting:
        at, depth = waiting.pop()
        seen = _seen(at, follows=depth == 0)
        if seen is None:
            continue
        yield seen
        if seen.is_folder and depth < _DEPTH_LIMIT:
            waiting.extend((at / name, depth + 1) for name in _names(at))


def is_leftover(seen: Seen, *, now_ms: int) -> bool:
    """Return whether a file was being written by a process that is surely gone by now (ms since 1970)."""
    return seen.is_leftover_name and now_ms - seen.mtime_ns // 1_000_000 > LEFTOVER_AGE_MS


def close_to_others(seen: Seen, *, barred: int) -> None:
    """Take rights away from everybody but the owner: those among ``barred``.

    Raises:
        StoreError: the system refused.
    """
    if seen.is_link:
        return
    try:
        os.chmod(seen.path, seen.mode & ~barred)  # noqa: PTH101 - beside the other calls of this kind
    except OSError:
        raise StoreError("the mode of a file of this device could not be changed", hint="change it by hand") from None


def _seen(path: Path, *, follows: bool) -> Seen | None:
    try:
        about = os.stat(path, follow_symlinks=follows)  # noqa: PTH116 - beside the other calls of this kind
    except (OSError, ValueError):
        return None
    return Seen(
        path=path,
        is_folder=stat.S_ISDIR(about.st_mode),
        is_link=stat.S_ISLNK(about.st_mode),
        mode=stat.S_IMODE(about.st_mode),
        is_mine=not can_tell_modes() or about.st_uid == os.getuid(),
        mtime_ns=about.st_mtime_ns,
    )


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names, whatever they are
    except OSError:
        return []
