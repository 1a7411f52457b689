"""What this machine lets a program of ours do with folders: write into one, and be told of changes in so many."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_INOTIFY: Final = Path("/proc/sys/fs/inotify")


def may_write(path: Path) -> bool:
    """Return whether this process may make files in a folder that answers; nothing is written for the question."""
    return os.access(path, os.W_OK | os.X_OK)


def watches_allowed() -> int | None:
    """Return how many folders all programs of this user may watch together, None where the system sets no limit."""
    try:
        return int((_INOTIFY / "max_user_watches").read_text("ascii"))
    except (OSError, ValueError):
        return None
