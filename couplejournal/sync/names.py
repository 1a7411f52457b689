"""What names on a drive hint at. What a file is, only its content says (docs/spec/format.md 2, sync.md 1 rule 2)."""

from __future__ import annotations

import re
from typing import Final

from couplejournal.drive.names import TEMPORARY

_OTHER_GENESIS: Final = re.compile(r"[0-9a-f]{32}/book\.cj", re.IGNORECASE)
_HASH: Final = re.compile(r"-([0-9a-f]{32})(?![0-9a-z])", re.IGNORECASE)
_STUB_END: Final = ".icloud"
_DIGITS: Final = 15


def folder_of(book_id: bytes) -> str:
    """Return the name of a book's folder: the first 32 hex digits of its id."""
    return book_id[:16].hex()


def genesis_of(folder: str) -> str:
    """Return where a book's genesis lies, given its folder."""
    return f"{folder}/book.cj"


def is_within(path: str, folder: str) -> bool:
    """Say whether a path is in a book's folder or a copy of it that a sync client renamed, or a stray segment."""
    if "/" not in path:
        return is_segment_like(path)
    return path.startswith(folder) or path[: len(folder)].casefold() == folder


def is_streams(path: str) -> bool:
    """Say whether a path within a book's folder lies where segments do, rather than beside the genesis."""
    return path.count("/") > 1


def is_genesis_of_any(path: str) -> bool:
    """Say whether a path is where some book's genesis lies."""
    return _OTHER_GENESIS.fullmatch(path) is not None


def is_temporary(path: str) -> bool:
    """Say whether a file may vanish or be renamed any moment, so that it does not count as handed over."""
    return TEMPORARY in path and path.rpartition("/")[2].startswith(TEMPORARY)


def is_segment_like(path: str) -> bool:
    """Say whether a name claims to be a segment, conflict suffixes included."""
    name = path.rpartition("/")[2]
    return ".seg" in name.casefold() and not name.startswith((TEMPORARY, "._"))


def place_in(path: str) -> tuple[str, int]:
    """Return the folder of a file and the number of the first operation that its name claims, or -1."""
    folder, _, name = path.rpartition("/")
    first = name.partition("-")[0]
    return folder, int(first) if first.isascii() and first.isdecimal() and len(first) <= _DIGITS else -1


def hash_in(path: str) -> str:
    """Return the 32 hex digits of a file's hash that its name claims, or nothing."""
    found = _HASH.search(path.rpartition("/")[2])
    return found[1].lower() if found else ""


def fresh(path: str, number: int) -> str:
    """Return the name for the ``number``-th time that the same bytes go out under a fresh one; 0: the plain name."""
    if not number:
        return path
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}-r{number}{dot}{suffix}"


def stubbed(path: str) -> str:
    """Return what a placeholder such as ``.NAME.icloud`` stands for, or nothing: there, but not downloaded."""
    if path[-len(_STUB_END) :].casefold() != _STUB_END:
        return ""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name[1 : -len(_STUB_END)]}" if name.startswith(".") else ""
