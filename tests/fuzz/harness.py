"""What a fuzz target is, and what it must never do: raise anything else, take long, take memory.

A target takes any bytes and passes them through one parser of foreign bytes. Only the errors that the parser's promise
names may come out of it, each with one plain line as its message; beyond that a target checks what the parser means:
what was read is written again as the same bytes, every order gives the same, nothing that a terminal obeys is shown.
Nothing here needs the fuzzer itself, so that found cases are tried by every run of the tests.
"""

from __future__ import annotations

import resource
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import attrs

from couplejournal.errors import CouplejournalError

CASES: Final = Path(__file__).resolve().parent / "cases"
SECONDS_LIMIT: Final = 2.0  # of processor time, for one input
MEMORY_LIMIT_BYTES: Final = 64 << 20  # for one input, beyond what stood before
MESSAGE_LIMIT: Final = 300
_PLACES: Final = ("sealed", "belonging", "paired", "exported", "kept", "shown", "merged")
_GROWTH_LIMIT_KIB: Final = 256 << 10


class BrokenPromiseError(AssertionError):
    """A target took what it must refuse, refused it in the wrong way, or took too long."""


@attrs.frozen
class Target:
    """One parser under test.

    ``run`` takes any bytes; only ``errors`` may come out of it. ``seeds`` are inputs to begin with, ``limit_bytes`` is
    how long an input may get. ``nests``: the input is an encoding, so that the deepest ones are worth a try.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    errors: tuple[type[CouplejournalError], ...] = ()
    limit_bytes: int = 4096
    nests: bool = True


def targets() -> dict[str, Target]:
    """Return every target by its name."""
    found = [target for place in _PLACES for target in import_module(f"fuzz.{place}").TARGETS]
    return {target.name: target for target in found}


def require(fact: object, promise: str) -> None:
    """Fail where a promise is broken.

    Raises:
        BrokenPromiseError: it is.
    """
    if not fact:
        raise BrokenPromiseError(promise)


def attempt(target: Target, data: bytes) -> None:
    """Pass one input through a target.

    Raises:
        BrokenPromiseError: it took too long, or refused with a message that is no plain line.
        Exception: whatever the target raised that it may not.
    """
    began = time.process_time()
    try:
        target.run(data)
    except target.errors as error:
        for line in (str(error), error.hint):
            require(line.isprintable() and len(line) <= MESSAGE_LIMIT, "the message of an error is one plain line")
    require(time.process_time() - began < SECONDS_LIMIT, "the time for one input is bounded")


def attempt_counted(target: Target, data: bytes) -> None:
    """Pass one input through a target, with its memory counted.

    Raises:
        BrokenPromiseError: it took too much of something, or refused wrongly.
        Exception: whatever the target raised that it may not.
    """
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        attempt(target, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    require(peak < MEMORY_LIMIT_BYTES, "the memory for one input is bounded")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident
    require(grown < _GROWTH_LIMIT_KIB, "the memory for one input is bounded, outside of Python too")


def nested(limit_bytes: int) -> Iterator[bytes]:
    """Yield inputs that nest as deep as their length lets them, in every encoding: chance finds none of these."""
    for opening, inside in (
        (b"\x91", b"\x90"), (b"\x81\xa1a", b"\xc0"), (b"\x95", b""), (b"[", b"]"), (b'{"a":', b"1"), (b"a=[", b"]"),
        (b"a.", b"=1"), (b"a={", b"}"), (b"[[", b"]]"), (b'["', b""), (b"\xdd\xff\xff\xff\xff", b""), (b"9", b""),
        (b"\xdf\xff\xff\xff\xff", b""), (b"\xc6\xff\xff\xff\xff", b""), (b"\xff", b""), (b'"\\ud800', b'"'),
    ):  # fmt: skip
        yield opening * ((limit_bytes - len(inside)) // len(opening)) + inside
        yield opening + opening[:1] * (limit_bytes - len(opening) - len(inside)) + inside
    for lead, opening in (
        (b'{"x":', b"["),
        (b'{"x":', b'{"x":'),
        (b"\x81\xa1x", b"\x91"),
        (b"\x81\xa1x", b"\x81\xa1x"),
    ):
        yield lead + opening * ((limit_bytes - len(lead)) // len(opening))


def all_seeds(target: Target) -> Iterator[bytes]:
    """Yield what a target begins with: its own inputs, and the deepest that there are."""
    yield from target.seeds()
    yield b""
    for deep in nested(target.limit_bytes) if target.nests else ():
        yield deep
        yield b"\0" + deep[:-1]


def cases(target: Target) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every case that was found for a target once."""
    for path in sorted((CASES / target.name).glob("*")):
        yield path.name, path.read_bytes()


class Draw:
    """Choices out of bytes, for targets whose input has a shape; an end of the bytes is zeros without end."""

    def __init__(self, data: bytes) -> None:
        """Begin at the first byte."""
        self._data = data
        self._at = 0

    @property
    def is_over(self) -> bool:
        """Return whether all bytes are used."""
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken.ljust(count, b"\0")

    def number(self, below: int) -> int:
        """Return a number from 0 up to, and without, ``below``."""
        size = ((below - 1).bit_length() + 7) // 8
        return int.from_bytes(self.take(size)) % below

    def wild(self) -> int:
        """Return a number of any size that msgpack holds, often one at an edge."""
        edges = (0, 1, -1, 2**31, 2**32 - 1, 2**48 - 1, 2**48, 2**63 - 1, 2**64 - 1, -(2**63))
        choice = self.number(256)
        return edges[choice] if choice < len(edges) else choice - 128

    def piece(self) -> bytes:
        """Return some bytes whose length comes first."""
        return self.take(self.number(256))

    def rest(self) -> bytes:
        """Return all that is left."""
        taken = self._data[self._at :]
        self._at = len(self._data)
        return taken
