"""The export's files as one tar archive, piece by piece, and back: plain names only, nothing but regular files."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Final

from couplejournal.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

FOLDER: Final = "couplejournal-export"  # unpacked by hand, everything lies in a folder of its own
BLOCK: Final = tarfile.BLOCKSIZE
_END: Final = bytes(2 * BLOCK)


def packed(files: Mapping[str, bytes], *, made_ms: int) -> Iterator[bytes]:
    """Yield an archive of files, all readable by their owner alone and of one time (ms since 1970)."""
    for name, data in files.items():
        about = tarfile.TarInfo(f"{FOLDER}/{name}")
        about.size, about.mode, about.mtime = len(data), 0o600, made_ms // 1000
        yield about.tobuf(tarfile.USTAR_FORMAT)
        yield data
        yield bytes(-len(data) % BLOCK)
    yield _END


def unpacked(data: bytes, *, names: Collection[str]) -> dict[str, bytes]:
    """Return the files of an archive that `packed` made. No name in it ever becomes a path: only ``names`` count.

    Raises:
        ExportError: it is cut, or holds anything else.
    """
    found: dict[str, bytes] = {}
    at = 0
    while data[at : at + BLOCK] != bytes(BLOCK):
        try:
            about = tarfile.TarInfo.frombuf(data[at : at + BLOCK], "utf-8", "surrogateescape")
        except tarfile.TarError:
            raise _foreign() from None
        name = about.name.removeprefix(f"{FOLDER}/")
        content = data[at + BLOCK : at + BLOCK + about.size]
        if name not in names or name in found or not about.isreg() or not 0 <= about.size == len(content):
            raise _foreign()
        found[name] = content
        at += BLOCK + about.size + -about.size % BLOCK
    return found


def _foreign() -> ExportError:
    return ExportError("this file opens, but holds no export of couplejournal", hint="`age --decrypt` writes it out")
