"""What an empty device needs to take over ten thousand entries that lie in the folder."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from pathlib import Path

import pytest
from benchmarks.figures import Figures, ms, paired

from couplejournal.disk import RealDisk
from couplejournal.drive.folder import FolderDrive
from couplejournal.seal import boxes, segments
from couplejournal.seal.derive import derive
from couplejournal.seal.segments import HEADER_BYTES, SIGNATURE_BYTES, WORD_STREAM
from couplejournal.sync import Sync, SyncMemory
from couplejournal.testing.drives import CountingDrive
from couplejournal.testing.pairs import Member, newcomer, note, pair

pytestmark = pytest.mark.bench

ENTRIES = 10_000
AT_ONCE = 8
ONE_BY_ONE = 1808  # what is left behind two files of 4,096
ROUNDS = 7


def lay_down(member: Member, drive: Path) -> list[Path]:
    """Write the entries, the last fifth one by one, with all merges that are due, and put the files into a folder."""
    for number in range(0, ENTRIES - ONE_BY_ONE, AT_ONCE):
        member.book.append([note(f"Number {number + more}: will you come and look?") for more in range(AT_ONCE)])
    merge_all(member)
    for number in range(ENTRIES - ONE_BY_ONE, ENTRIES):
        member.book.append([note(f"Number {number}: will you come and look?")])
        merge_all(member)
    paths = []
    for path, data in [
        (f"{member.book.folder}/book.cj", member.book.genesis),
        *((held.path, member.book.read(held.path)) for held in member.book.held()),
    ]:
        file = drive / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        paths.append(file)
    return paths


def merge_all(member: Member) -> None:
    """Merge what may be merged, and let go of what went in."""
    while member.book.merge():
        own = [held for held in member.book.held() if held.is_mine and not held.is_key]
        for larger in own:
            if larger.last > larger.first:
                member.book.let_go(larger, [held for held in own if larger.first <= held.first <= larger.last])


def copied_and_opened(paths: list[Path], member: Member, folder: Path) -> float:
    """Copy the files durably, each with a sync of file and folder, and decrypt them; return the seconds it took."""
    keys = {fact.id: member.book._shelf.epochs.key_of(fact.id) for fact in member.book.membership.epochs.values()}
    folder.mkdir()
    begun = time.perf_counter()
    for path in paths:
        data = path.read_bytes()
        descriptor = os.open(folder / path.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, data)
        os.fsync(descriptor)
        os.close(descriptor)
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        header = segments.parse(data).header
        key = keys.get(header.epoch)
        if header.type == WORD_STREAM and key is not None:
            context = segments._body_context(header)
            assert boxes.open_box(derive(key, "body-key"), context, data[HEADER_BYTES:-SIGNATURE_BYTES])
    return time.perf_counter() - begun


def test_the_first_sync_of_ten_thousand_entries(tmp_path: Path, figures: Figures) -> None:
    """At most 60 files are read, in at most three times what copying the same bytes and decrypting them takes."""
    ana, _ = pair()
    drive = tmp_path / "drive"
    paths = lay_down(ana, drive)
    numbers = itertools.count()
    reads = []

    def floor() -> float:
        return copied_and_opened(paths, ana, tmp_path / f"copy {next(numbers)}")

    def measured() -> float:
        ben = newcomer("ben", ana, disk=RealDisk(), folder=tmp_path / f"home {next(numbers)}")
        counted = CountingDrive(FolderDrive(drive, ben.system))
        sync = Sync(ben.book, counted, SyncMemory(ben.disk, ben.state / "sync.json"), ben.system)
        begun = time.perf_counter()
        report = sync.run()
        took = time.perf_counter() - begun
        assert report.received_ops >= ENTRIES
        reads.append(counted.counts["read"])
        return took

    ratio, low, high = paired(floor, measured, rounds=ROUNDS)
    said = f"{ms([high])}, against {ms([low])} for {len(paths)} files"
    figures.require("first sync of 10,000 entries, file transfers", max(reads), "files", 60)
    figures.require("first sync of 10,000 entries", ratio, "times", 3, said=said)
    assert hashlib.sha256(ana.book.genesis).digest() == ana.book.id
