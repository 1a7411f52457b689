"""Which names may stand on a drive, which folders are entered, which files are offered (docs/spec/format.md 2).

Sync clients rename what they fight about, files and folders alike, and some hosts change the case; so a folder is ours
by how its name begins, and a file is offered whatever its name is. What verifies decides.
"""

from __future__ import annotations

import re
from typing import Final

NAME_LIMIT_BYTES: Final = 100
DEPTH_LIMIT: Final = 4
TEMPORARY: Final = "~$"  # sync clients leave such names alone (docs/spec/sync.md 8, row 16)

_PUBLISHABLE: Final = re.compile(r"[0-9a-z_-][0-9a-z._-]{0,99}")
_NO_TEXT: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # controls, and what the system could not decode
_HEX: Final = re.compile(r"[0-9a-f]{32}(?![0-9a-z])", re.IGNORECASE)
_STREAMS: Final = re.compile(r"streams(?![0-9a-z])", re.IGNORECASE)
_INVITES: Final = re.compile(r"invites(?![0-9a-z])", re.IGNORECASE)
_SEGMENT: Final = re.compile(r"[0-9]{8,}-[0-9]{8,}-[0-9a-f]{32}", re.IGNORECASE)
_ENTERED: Final = (
    re.compile(f"{_HEX.pattern}|{_INVITES.pattern}", re.IGNORECASE),  # <root>/<book>, <root>/invites
    _STREAMS,  # <root>/<book>/streams
    _HEX,  # <root>/<book>/streams/<stream>
)


def is_entered(name: str, depth: int) -> bool:
    """Say whether a folder ``depth`` levels below the root is one of ours, and so is looked into."""
    return depth < len(_ENTERED) and _ENTERED[depth].match(name) is not None and is_text(name)


def depth_of(name: str) -> int:
    """Return how deep a folder of this name lies below a root: 1 for a book's own, else 0 for a root."""
    return 1 if is_book(name) else 0


def is_book(name: str) -> bool:
    """Say whether a folder right below the root is a book's own, and not a copy that a sync client renamed."""
    return _HEX.fullmatch(name) is not None


def is_invites(name: str) -> bool:
    """Say whether a folder right below the root holds pairing files, which have no folders of their own."""
    return _INVITES.match(name) is not None


def is_temporary(name: str) -> bool:
    """Say whether a file's name is one under which a file is written before it gets its own."""
    return name.startswith(TEMPORARY)


def is_likely(name: str) -> bool:
    """Say whether a file's name begins like a segment's or is that of a genesis file."""
    return _SEGMENT.match(name) is not None or name == "book.cj"


def is_text(name: str) -> bool:
    """Say whether a name is text without control characters."""
    return (name.isascii() and name.isprintable()) or _NO_TEXT.search(name) is None  # the first is the quick answer


def require_inside(path: str) -> list[str]:
    """Return the parts of a path as a listing gives it.

    Raises:
        ValueError: it is empty, absolute, too deep, or leaves the drive.
    """
    parts = path.split("/")
    if len(parts) > DEPTH_LIMIT or any(part in {"", ".", ".."} or not is_text(part) for part in parts):
        raise ValueError("not a path on the drive")
    return parts


def require_publishable(path: str) -> list[str]:
    """Return the parts of a path that every host can hold: lower-case ASCII, no leading dot, at most 100 bytes each.

    Raises:
        ValueError: it is no such path.
    """
    parts = require_inside(path)
    if any(_PUBLISHABLE.fullmatch(part) is None for part in parts):
        raise ValueError("not a name that may stand on a drive")
    return parts
