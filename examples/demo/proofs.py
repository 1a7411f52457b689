"""What the demo proves at its end. Each proof returns what it found, or raises `DemoError` with one sentence."""

from __future__ import annotations

import base64
import contextlib
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from people import DemoError

import couplejournal as cj
from couplejournal.testing.leaks import RUN_BYTES, Needles

Row: TypeAlias = "tuple[object, ...]"


def shared_rows(journal: cj.Journal) -> list[Row]:
    """Return everything that a home shows of its shared entries, in order: ids, contents, authors, times, states."""
    return [
        (entry.id, entry.kind, entry.content, entry.author.person, entry.author.name, entry.happened_at,
         entry.recorded_at, entry.state, entry.refs, entry.joint, entry.revised, entry.conflict, entry.note)
        for entry in journal.entries(audience="shared")
    ]  # fmt: skip


def require_equal(mine: Sequence[Row], theirs: Sequence[Row], written: Collection[str]) -> int:
    """Compare the shared entries of two homes and return how many there are; ``written`` are the ids that must be.

    Raises:
        DemoError: they differ in number, order, content or state.
    """
    if {row[0] for row in mine} != set(written) or len(mine) != len(written):
        raise DemoError(f"{len(written)} shared entries were written, and one home shows {len(mine)} or others")
    if len(mine) != len(theirs):
        raise DemoError(f"the two see different numbers of shared entries: {len(mine)} and {len(theirs)}")
    for number, (one, other) in enumerate(zip(mine, theirs, strict=True), 1):
        if one != other:
            raise DemoError(f"shared entry {number} of {len(mine)} is not the same in both homes")
    return len(mine)


def require_private(ids: Sequence[str], mine: cj.Journal, other: cj.Journal, *, author: str) -> int:
    """Look for one person's private entries in both homes, and return how many there are.

    Raises:
        DemoError: they are not exactly what is private in the author's home, or the other's home knows one.
    """
    if {entry.id for entry in mine.entries(audience="private")} != set(ids):
        raise DemoError(f"what {author} wrote for nobody else is not what is private there")
    for entry_id in ids:
        with contextlib.suppress(cj.NoSuchEntryError):
            other.entry(entry_id)
            raise DemoError(f"a private entry of {author} stands in the other's home")
    if any(entry.audience != "shared" and not entry.is_mine for entry in other.entries()):
        raise DemoError("a private entry stands in the home of somebody who did not write it")
    return len(ids)


def require_sealed(needles: Needles, places: Mapping[str, Path]) -> tuple[int, int]:
    """Search every file for any run of any entry's text, and return how many files and bytes were searched.

    Raises:
        DemoError: there is one; the sentence says where and in which encoding.
    """
    for place, folder in places.items():
        for leak in needles.search([folder]):
            raise DemoError(f"a run of an entry's text stands in the clear in the {place}, as {leak.encoding}")
    return counted(places.values())


def require_found(needles: Needles, folder: Path, scratch: Path, text: str) -> tuple[str, ...]:
    """Plant a run of a text in scratch copies of a folder, in each encoding, and return those that the search found.

    Raises:
        DemoError: one was not found, so that the search proves nothing.
    """
    found = []
    for name, run in planted(text):
        copy = scratch / name.replace(" ", "-")
        shutil.copytree(folder, copy)
        victim = max((path for path in copy.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
        data = victim.read_bytes()
        victim.write_bytes(data[:301] + run + data[301 + len(run) :])
        if not any(leak.path == victim for leak in needles.search([copy])):
            raise DemoError(f"the search did not find a run that was planted as {name}")
        shutil.rmtree(copy)
        found.append(name)
    return tuple(found)


def planted(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield a run of a text in every encoding that is searched for: 12 bytes of it, or what they become."""
    start = next(at for at in range(len(text)) if len(text[at : at + RUN_BYTES].encode()) >= RUN_BYTES)
    run = text[start : start + RUN_BYTES].encode()[:RUN_BYTES]
    yield "UTF-8", run
    yield "UTF-16", run.decode("utf-8", "ignore").encode("utf-16-le")[:RUN_BYTES]
    yield "hex", run.hex().encode()
    for phase in range(3):
        before, after = b"~" * phase, b"~" * (-(phase + len(run)) % 3)
        yield f"base64 {phase}", base64.b64encode(before + run + after)


def counted(folders: Iterable[Path]) -> tuple[int, int]:
    """Return how many files lie in these folders, and how many bytes they hold."""
    sizes = [path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
