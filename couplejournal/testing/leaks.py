"""Search files for any run of 12 bytes of given texts or secrets, however plainly they were encoded.

Looked for are UTF-8, UTF-16 (both byte orders), hex (both cases), base64 (its three phases, both alphabets) and JSON
with escaped letters, in the content and in the names of files. A run counts as `RUN_BYTES` of its encoding; in hex,
base64 and JSON, where a byte of text takes more than one, as what 12 bytes of text become at least.

A *trivial* run says nothing and is left out: one that only repeats a unit of 1 to 4 bytes, such as spaces, a ruler of
dashes, zeros, or one emoji over and over.

How it is fast in plain Python: a run of 12 bytes somewhere in a file covers, whole, the first 5 bytes of an aligned
word of 8; one of 15 or more covers a whole aligned word. So the pieces of 5 (or 8) bytes of the texts, as numbers, are
held against every aligned word of the file by C code alone (`memoryview.cast`, `map`, `set.isdisjoint`), and only where
a piece is met does Python look closer. It finds every run, since the closer look compares whole runs at each place that
the word allows.
"""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

RUN_BYTES: Final = 12
_WORD: Final = 8
_PIECE: Final = 5  # RUN_BYTES - _WORD + 1: the first aligned word in a run has at least so many bytes of the run
_WHOLE_FROM: Final = 2 * _WORD - 1  # so long a run has a whole aligned word
_SHORT_MASK: Final = int.from_bytes(b"\xff" * _PIECE + bytes(_WORD - _PIECE), sys.byteorder)
_WHOLE_MASK: Final = (1 << 8 * _WORD) - 1
_UNIT_LIMIT: Final = 4
_LONGEST_RUN: Final = 2 * RUN_BYTES
_CHUNK_BYTES: Final = 1 << 20
_GAP: Final = b"\xff" * _WORD

Where = Literal["content", "name"]


@attrs.frozen
class Leak:
    """Tell where a run stands: ``offset`` in bytes, in the file's content or in its name, and in which encoding."""

    path: Path
    offset: int
    encoding: str
    where: Where = "content"


@attrs.frozen
class _Coded:
    """All texts in one encoding, and how many bytes of it make a run; ``data`` has them one after the other."""

    encoding: str
    run_bytes: int
    texts: tuple[bytes, ...]
    data: bytes = attrs.field(init=False, default=attrs.Factory(lambda self: _GAP.join(self.texts), takes_self=True))

    def is_run(self, run: bytes) -> bool:
        """Tell whether this is a run of one text, and says something."""
        # `data` answers quickly and nearly always; only the single texts know that a run is not made of two of them
        is_there = len(run) == self.run_bytes and run in self.data and any(run in text for text in self.texts)
        return is_there and not is_trivial(run)


def _hex(data: bytes) -> bytes:
    return data.hex().encode("ascii")


def _base64(phase: int, *, is_url: bool) -> Callable[[bytes], bytes]:
    """Return how bytes look in base64 when they begin ``phase`` bytes after a group of three began."""
    encode = base64.urlsafe_b64encode if is_url else base64.b64encode
    # the first letters are made of what stands before the text, and the last of what stands after it
    lead, tail = (0, 2, 3)[phase], (0, 3, 2)

    def encoded(data: bytes) -> bytes:
        whole = encode(bytes(phase) + data)
        return whole[lead : len(whole) - tail[(phase + len(data)) % 3]]

    return encoded


def _json_escaped(text: str) -> bytes:
    plain = json.dumps(text)[1:-1]
    return b"" if plain == text else plain.encode("ascii")


def _encodings() -> Iterator[tuple[str, int, Callable[[str], bytes]]]:
    """Yield the encodings that texts alone have."""
    yield "utf-8", RUN_BYTES, lambda text: text.encode("utf-8")
    yield "utf-16-le", RUN_BYTES, lambda text: text.encode("utf-16-le")
    yield "utf-16-be", RUN_BYTES, lambda text: text.encode("utf-16-be")
    yield "json", 2 * RUN_BYTES, _json_escaped


def _spellings() -> Iterator[tuple[str, int, Callable[[bytes], bytes]]]:
    """Yield the ways in which any bytes are spelt in letters."""
    yield "hex", 2 * RUN_BYTES, _hex
    yield "hex-upper", 2 * RUN_BYTES, lambda data: _hex(data).upper()
    for phase in range(3):
        for is_url in (False, True):
            # 12 bytes are 16 letters, of which one is shared with the neighbours unless a group begins with them
            name = f"base64{'url' if is_url else ''}-{phase}"
            yield name, 15, _base64(phase, is_url=is_url)


def _spelt(found: Sequence[bytes]) -> list[_Coded]:
    return [_Coded(name, run_bytes, tuple(map(encode, found))) for name, run_bytes, encode in _spellings()]


def _words(data: bytes | memoryview) -> memoryview:
    return memoryview(data)[: len(data) // _WORD * _WORD].cast("Q")


def _masked(data: bytes | memoryview, mask: int) -> Iterator[int]:
    words = _words(data)
    return iter(words) if mask == _WHOLE_MASK else map(mask.__and__, words)


def _pieces(data: bytes, mask: int) -> set[int]:
    """Return every piece of ``data``, at every offset, as the number of an aligned word with it under the mask."""
    pieces: set[int] = set()
    # the last short piece needs what fills its word; more would make pieces of padding alone, and zeros are common
    padded = memoryview(data if mask == _WHOLE_MASK else data + bytes(_WORD - _PIECE))
    for offset in range(_WORD):
        pieces.update(_masked(padded[offset:], mask))
    return pieces


def is_trivial(run: bytes) -> bool:
    """Tell whether a run only repeats a unit of 1 to 4 bytes."""
    return any(run[unit:] == run[:-unit] for unit in range(1, _UNIT_LIMIT + 1))


class _Sieve:
    """What is looked for under one mask: the texts in some encodings, and the set of their pieces."""

    def __init__(self, mask: int) -> None:
        self.mask = mask
        self.coded: list[_Coded] = []
        self.pieces: set[int] = set()

    def add(self, coded: _Coded) -> None:
        self.coded.append(coded)
        self.pieces |= _pieces(coded.data, self.mask)

    def scan(self, data: bytes, start: int, found: dict[str, int]) -> None:
        """Note the first run of each encoding in ``data``, which stands at ``start`` in its file."""
        padded = data + bytes(-len(data) % _WORD)
        if self.pieces.isdisjoint(_masked(padded, self.mask)):
            return
        for index, piece in enumerate(_masked(padded, self.mask)):
            if piece in self.pieces:
                wanted = [coded for coded in self.coded if coded.encoding not in found]
                if not wanted:
                    return
                for coded in wanted:
                    _look(coded, data, index * _WORD, start, found)


def _look(coded: _Coded, data: bytes, aligned: int, start: int, found: dict[str, int]) -> None:
    """Compare whole runs at each place from which one covers the piece at ``aligned``."""
    if data[aligned : aligned + _PIECE] not in coded.data:
        return
    for place in range(max(0, aligned - _WORD + 1), aligned + 1):
        if coded.is_run(data[place : place + coded.run_bytes]):
            found[coded.encoding] = start + place
            return


class Needles:
    """All runs of some texts, ready to be searched for."""

    def __init__(self, coded: Iterable[_Coded]) -> None:
        """Take texts that are encoded already; `of` does that."""
        self._sieves = (_Sieve(_SHORT_MASK), _Sieve(_WHOLE_MASK))
        for each in coded:
            self._sieves[each.run_bytes >= _WHOLE_FROM].add(each)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Needles:
        """Return the needles of ``texts``; those below 12 bytes in every encoding have none."""
        distinct = list(dict.fromkeys(texts))
        coded = [_Coded(name, run, tuple(map(encode, distinct))) for name, run, encode in _encodings()]
        return cls((*coded, *_spelt([text.encode("utf-8") for text in distinct])))

    @classmethod
    def of_secrets(cls, secrets: Iterable[bytes]) -> Needles:
        """Return the needles of byte strings such as keys: as they are, and spelt in hex and base64."""
        distinct = list(dict.fromkeys(secrets))
        return cls((_Coded("bytes", RUN_BYTES, tuple(distinct)), *_spelt(distinct)))

    def search(self, paths: Iterable[Path | str]) -> list[Leak]:
        """Search files and, to any depth, folders; return the first leak of each encoding in each file and name.

        Links are not followed: their names, and the names they point to, are searched. What vanishes meanwhile is
        passed over. The names of ``paths`` themselves are not searched, those below them are.

        Raises:
            OSError: something cannot be read, so that nobody could say it is clean.
        """
        leaks: list[Leak] = []
        for path in paths:
            leaks += self._search_at(Path(path))
        return leaks

    def search_bytes(self, data: bytes) -> list[tuple[int, str]]:
        """Return (offset, encoding) of the first run of each encoding in ``data``."""
        found: dict[str, int] = {}
        self._scan(data, 0, found)
        return [(offset, encoding) for encoding, offset in found.items()]

    def _search_at(self, path: Path) -> Iterator[Leak]:
        try:
            about = path.lstat()
            if stat.S_ISDIR(about.st_mode):
                for name in sorted(os.listdir(path)):
                    yield from self._in_name(path / name, name)
                    yield from self._search_at(path / name)
            elif stat.S_ISLNK(about.st_mode):
                yield from self._in_name(path, os.readlink(path))
            elif stat.S_ISREG(about.st_mode):
                yield from self._in_file(path)
        except (FileNotFoundError, NotADirectoryError):
            return

    def _in_name(self, path: Path, name: str) -> Iterator[Leak]:
        for offset, encoding in self.search_bytes(os.fsencode(name)):
            yield Leak(path, offset, encoding, "name")

    def _in_file(self, path: Path) -> Iterator[Leak]:
        found: dict[str, int] = {}
        kept = b""
        start = 0
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                data = kept + chunk
                self._scan(data, start, found)
                # a run may lie across two chunks
                kept = data[-_LONGEST_RUN:]
                start += len(data) - len(kept)
        for encoding, offset in found.items():
            yield Leak(path, offset, encoding)

    def _scan(self, data: bytes, start: int, found: dict[str, int]) -> None:
        for sieve in self._sieves:
            sieve.scan(data, start, found)
