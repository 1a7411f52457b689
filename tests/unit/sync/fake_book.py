"""A small, honest book of toy segments for the tests of `couplejournal.sync`, and the machine around it.

A toy segment is known by its content: it ends with a checksum, so that half of one does not authenticate. Words of a
device are held back until its key segment is there, as real ones are.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from couplejournal.disk import Listed
from couplejournal.seal.segments import MAGIC, SMALLEST_BYTES
from couplejournal.sync.port import File, Gap, Held, Run, Taken, Verdict

_HEAD = struct.Struct(">4sBB32sB16sQQ")
KEYS, WORDS = 1, 2
FINE, WRONG, NEWER = 0, 1, 2
FLAWS = {WRONG: Verdict.REFUSED, NEWER: Verdict.NEWER}
START_MS = 1_800_000_000_000


class FakeSystem:
    """A machine whose time passes only when told to."""

    def __init__(self) -> None:
        self.ms = START_MS
        self.seconds = 0.0
        self.boot = "boot-1"

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.seconds

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)

    def boot_id(self) -> str:
        return self.boot

    def machine_id(self) -> str:
        return "machine"

    def pass_by(self, *, seconds: float = 0, hours: float = 0) -> None:
        """Let time pass on both clocks."""
        self.ms += int(seconds * 1000 + hours * 3_600_000)
        self.seconds += seconds + hours * 3600


class MemoryDisk:
    """A disk in memory; ``writes`` counts what was written."""

    def __init__(self) -> None:
        self.files: dict[Path, bytes] = {}
        self.writes = 0

    def write_new(self, path: Path, data: bytes) -> None:
        self.replace(path, data)

    def replace(self, path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
        self.files[path] = data
        self.writes += 1

    def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
        return self.files.get(path)

    def list(self, folder: Path) -> list[Listed]:
        return [Listed(path.name, len(data), 0, True) for path, data in self.files.items() if path.parent == folder]

    def make_folder(self, path: Path, *, private: bool = False) -> None:
        """Need nothing."""

    def remove(self, path: Path) -> None:
        self.files.pop(path, None)

    def append(self, path: Path, data: bytes, *, durable: bool) -> None:
        self.files[path] = self.files.get(path, b"") + data


@attrs.frozen(kw_only=True)
class Toy:
    """A toy segment before it is sealed; ``ops`` are any bytes without a newline."""

    book: bytes
    author: int
    stream: bytes
    first: int
    ops: tuple[bytes, ...]
    kind: int = WORDS
    flaw: int = FINE

    @property
    def last(self) -> int:
        return self.first + len(self.ops) - 1

    def seal(self) -> bytes:
        """Return the file."""
        head = _HEAD.pack(MAGIC, self.kind, self.flaw, self.book, self.author, self.stream, self.first, self.last)
        body = (head + b"\n".join(self.ops) + b"\n").ljust(SMALLEST_BYTES, b"\0")
        return body + hashlib.sha256(body).digest()

    @property
    def path(self) -> str:
        """Return its name on the drive."""
        digest = hashlib.sha256(self.seal()).hexdigest()[:32]
        return f"{self.book[:16].hex()}/streams/{self.stream.hex()}/{self.first:08d}-{self.last:08d}-{digest}.seg"


def opened(data: bytes) -> Toy | None:
    """Return what a file holds, or None where it does not authenticate."""
    body, checksum = data[:-32], data[-32:]
    if not data.startswith(MAGIC) or len(data) < SMALLEST_BYTES or hashlib.sha256(body).digest() != checksum:
        return None
    _, kind, flaw, book, author, stream, first, last = _HEAD.unpack_from(body)
    ops = tuple(body[_HEAD.size :].split(b"\n")[: last - first + 1])
    return Toy(book=book, author=author, stream=stream, first=first, ops=ops, kind=kind, flaw=flaw)


def genesis_of(name: str) -> bytes:
    """Return the genesis of a toy book."""
    return (MAGIC + name.encode()).ljust(SMALLEST_BYTES + 9, b"\0")


class FakeBook:
    """One device's book. ``files`` is its replica, which several books (processes) of one device may share."""

    def __init__(self, author: int, *, name: str = "book", files: dict[str, bytes] | None = None) -> None:
        self.genesis = genesis_of(name)
        self.id = hashlib.sha256(self.genesis).digest()
        self.author = author
        self.files = {} if files is None else files
        self.forked: set[bytes] = set()
        self.tier = 0
        self.batches: list[int] = []
        self.elsewhere: bool | None = True
        self.told: dict[bytes, int] = {}
        self.lacked: dict[bytes, set[bytes]] = {}
        self._toys: dict[str, Toy] = {}
        if not self.files:
            self._add(KEYS, (b"admit",))

    # What a device does.

    def stream_of(self, kind: int, author: int | None = None) -> bytes:
        """Return the id of a device's stream."""
        return bytes([kind, self.author if author is None else author] * 8)

    def write(self, *words: str) -> Toy:
        """Save some words as one segment, as an add does."""
        return self._add(WORDS, tuple(word.encode() for word in words))

    def _add(self, kind: int, ops: tuple[bytes, ...]) -> Toy:
        self.refresh()
        stream = self.stream_of(kind)
        first = 1 + max((toy.last for toy in self._toys.values() if toy.stream == stream), default=0)
        toy = Toy(book=self.id, author=self.author, stream=stream, first=first, ops=ops, kind=kind)
        self.files[toy.path] = toy.seal()
        self.refresh()
        return toy

    def ops(self) -> dict[tuple[bytes, int], bytes]:
        """Return every operation that is held, by stream and number."""
        return {
            (toy.stream, toy.first + number): op for toy in self._toys.values() for number, op in enumerate(toy.ops)
        }

    def words(self) -> set[str]:
        """Return every word that is held."""
        return {op.decode() for toy in self._toys.values() if toy.kind == WORDS for op in toy.ops}

    # The port.

    def refresh(self) -> None:
        for path, data in self.files.items():
            toy = opened(data)
            assert toy is not None, "something unverified was stored"
            self._toys.setdefault(path, toy)

    def held(self) -> Sequence[Held]:
        toys = sorted(self._toys.items(), key=lambda item: (item[1].kind, item[1].stream, item[1].first, -item[1].last))
        return [
            Held(
                path=path,
                size_bytes=len(self.files[path]),
                digest=hashlib.sha256(self.files[path]).digest()[:16],
                stream=toy.stream,
                first=toy.first,
                last=toy.last,
                is_key=toy.kind == KEYS,
                is_mine=toy.author == self.author,
                is_forked=toy.stream in self.forked,
            )
            for path, toy in toys
        ]

    def read(self, path: str) -> bytes:
        return self.files[path]

    def gaps(self) -> Sequence[Gap]:
        numbers: dict[bytes, list[int]] = {}
        for stream, number in sorted(self.ops()):
            numbers.setdefault(stream, []).append(number)
        return [
            Gap(stream, f"device {stream[1]}", before + 1, after - 1)
            for stream, found in numbers.items()
            for before, after in zip([0, *found], found, strict=False)
            if after > before + 1
        ]

    def told_all(self) -> Mapping[bytes, int]:
        return dict(self.told)

    def lacks(self, held: Held, key: bytes) -> bool:
        return held.digest in self.lacked.get(key, ())

    def is_elsewhere(self, held: Held) -> bool | None:
        assert held.path in self.files
        return self.elsewhere

    def take(self, files: Sequence[bytes]) -> list[Taken]:
        self.batches.append(len(files))
        self.refresh()
        verdicts: dict[int, Taken] = {}
        toys = [opened(data) for data in files]
        for number in sorted(range(len(files)), key=lambda at: toys[at] is None or toys[at].kind):  # type: ignore[union-attr]
            digest = hashlib.sha256(files[number]).digest()
            verdicts[number] = self._take(toys[number], files[number], digest)
        return [verdicts[number] for number in range(len(files))]

    def _take(self, toy: Toy | None, data: bytes, digest: bytes) -> Taken:
        if toy is None:
            return Taken(Verdict.PENDING, "does not authenticate", digest)
        if toy.book != self.id or toy.flaw:
            verdict = Verdict.FOREIGN if toy.book != self.id else FLAWS[toy.flaw]
            return Taken(verdict, "signed but wrong" if verdict is Verdict.REFUSED else "", digest)
        authors = {known.author for known in self._toys.values() if known.kind == KEYS}
        if toy.kind == WORDS and toy.author not in authors:
            return Taken(Verdict.HELD, "its key is not known yet", digest)
        mine = self.ops()
        new = {(toy.stream, toy.first + number): op for number, op in enumerate(toy.ops)}
        count = sum(place not in mine for place in new)
        if any(mine.get(place, op) != op for place, op in new.items()) and toy.path not in self.files:
            self.forked.add(toy.stream)
            count = max(count, 1)
        if count:
            self.files[toy.path] = data
            self._toys[toy.path] = toy
        verdict = Verdict.STORED if count else Verdict.KNOWN
        return Taken(verdict, "", digest, ops=count, stream=toy.stream, first=toy.first, last=toy.last)

    def merge(self) -> bool:
        """Make one of the ``tier`` oldest files of one word of this device that no larger one holds; 0: never."""
        own = [toy for toy in self._toys.values() if toy.kind == WORDS and toy.author == self.author]
        held = {toy.first + number for toy in own if len(toy.ops) > 1 for number in range(len(toy.ops))}
        small = sorted((toy for toy in own if toy.first not in held), key=lambda toy: toy.first)[: self.tier]
        if not self.tier or len(small) < self.tier:
            return False
        ops = tuple(op for toy in small for op in toy.ops)
        merged = attrs.evolve(small[0], ops=ops)
        self.files[merged.path] = merged.seal()
        self.refresh()
        return True

    def covers(self, larger: File, files: Sequence[File]) -> Sequence[bool]:
        mine = self._ops_of(larger)
        return [file.stream not in self.forked and self._ops_of(file).items() < mine.items() for file in files]

    def let_go(self, larger: File, files: Sequence[File]) -> int:
        gone = [file for file, is_held in zip(files, self.covers(larger, files), strict=True) if is_held]
        for path in [held.path for held in self.held() if held.digest in {file.digest for file in gone}]:
            del self.files[path]
            del self._toys[path]
        return len(gone)

    def _ops_of(self, file: File) -> dict[int, bytes]:
        """Return the operations of a file by number: as they are held here, which is the same where none is forked."""
        return {number: op for (stream, number), op in self.ops().items()
                if stream == file.stream and file.first <= number <= file.last}  # fmt: skip

    def runs(self, files: Sequence[File]) -> Sequence[Sequence[Run]]:
        return [[Run(self._branch_of(file), file.first, file.last)] for file in files]

    def _branch_of(self, file: File) -> bytes:
        return file.digest if file.stream in self.forked else file.stream  # no file of a fork holds another one's
