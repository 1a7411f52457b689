"""A note of the links of forked streams, so that a start need not read and open every word of such a stream.

Names tell nothing of links. So what was proved once is kept, by the hash of its file, in a file that may be lost: then
the streams are read again. Whoever opens a file proves it as ever; this says only how the files hang together.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Final

import msgspec

from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.disk import Disk
from couplejournal.errors import StoreError
from couplejournal.seal.segments import WORD_STREAM

LIMIT_BYTES: Final = 1 << 30
_SUM_BYTES: Final = 32
_decoder: Final = msgspec.msgpack.Decoder(dict[bytes, bytes])


class BranchNotes:
    """The note of one book."""

    def __init__(self, disk: Disk, path: Path) -> None:
        """Take the file's place; it is made when a stream turns out to be forked."""
        self._disk = disk
        self._path = path
        self._noted = 0
        self._is_read = False

    def read(self, shelf: Shelf) -> None:
        """Let the shelf know the links that were noted, once; a note that is torn or damaged counts as none.

        Raises:
            StoreError: the disk fails.
        """
        if self._is_read:
            return
        data = self._disk.read(self._path, limit_bytes=LIMIT_BYTES) or b""
        self._is_read = True
        if hashlib.sha256(data[_SUM_BYTES:]).digest() == data[:_SUM_BYTES]:
            with contextlib.suppress(msgspec.DecodeError, RecursionError, ValueError):
                shelf.links.update(_decoder.decode(data[_SUM_BYTES:]))
                self._noted = len(shelf.links)

    def write(self, shelf: Shelf) -> None:
        """Note the links of every forked stream of words, if more were read since. It may fail without harm."""
        trees = [stream for stream in shelf.streams.values() if _is_read(stream)]
        if sum(len(stream.parts) for stream in trees) == self._noted:
            return
        found = {
            part.digest: b"".join(links)
            for stream in trees
            if stream.tree is not None
            for part, links in stream.tree.parts.items()
        }
        body = msgspec.msgpack.encode(found)
        with contextlib.suppress(StoreError):
            self._disk.replace(self._path, hashlib.sha256(body).digest() + body, durable=False, private=True)
        self._noted = len(found)


def _is_read(stream: Stream) -> bool:
    return stream.type == WORD_STREAM and stream.tree is not None and not stream.unread
