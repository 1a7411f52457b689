"""Merged files: when they are made, and when what they hold goes from the drive and from here (docs/spec/sync.md 1, 8).

The larger file is stored and handed over first. Only when it was seen whole on the drive, ten more minutes went by,
another device told that it holds all of it, and it was read there once more are the files deleted of which it holds
every operation. So whatever happens between two of these steps, all of it lies on the drive and here, and the next sync
finds out from what it sees how far things are: nothing is remembered for it. Behind a sync client a host may hear of
the deletions first, and this device may be lost just then: what another device holds is lost to nobody. What a host
brings back is deleted in the same way, with growing pauses.
"""

from __future__ import annotations

import contextlib
import hashlib
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, TypeVar

import attrs

from couplejournal.errors import DriveError, StoreError
from couplejournal.seal.segments import SEGMENT_LIMIT_BYTES
from couplejournal.sync import names, schedule
from couplejournal.sync.trip import DIGEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from couplejournal.sync.memory import Mark, Sent
    from couplejournal.sync.port import File, Held
    from couplejournal.sync.trip import Trip

    _F = TypeVar("_F", bound=File)

MERGES_AT_ONCE: Final = 4
BACKLOG_MERGES: Final = 64
REMOVALS_AT_ONCE: Final = 64
BACKLOG: Final = 8  # so many files that never went out are merged before they do


@attrs.define(eq=False)
class _Larger:
    """A file of one's own that holds all of others: of ``held`` ones, and of those on the drive by their paths."""

    held: Held
    inner: list[Held] = attrs.field(factory=list)
    listed: list[tuple[str, Mark]] = attrs.field(factory=list)


def merge_backlog(trip: Trip) -> None:
    """Merge what was written while the drive was away, so that it need not go out file by file.

    Raises:
        StoreError: this device's own copy failed.
    """
    unsent = sum(held.digest.hex() not in trip.kept.sent for held in _mergeable(trip.held.values()))
    if unsent >= BACKLOG:
        _merge(trip, BACKLOG_MERGES)


def fold(trip: Trip) -> None:
    """Delete what larger files of one's own hold that lie on the drive for long enough, and make further ones.

    Raises:
        StoreError: this device's own copy failed.
    """
    if not trip.kept.founding:
        with contextlib.suppress(DriveError):  # all of it lies there still, and the next sync goes on
            _delete(trip)
        _merge(trip, MERGES_AT_ONCE)


def outline(held: Iterable[Held]) -> tuple[set[bytes], set[bytes]]:
    """Return the digests of one's own files that hold all of others, and of those others: none is among both."""
    own = _mergeable(held)
    pairs = _pairs(own, own)
    inner = {one.digest for one, _ in pairs}
    return {larger.digest for _, larger in pairs} - inner, inner


def unconfirmed(held: Iterable[Held], is_handed: Callable[[bytes], bool]) -> list[Held]:
    """Return the own files that hold something that is not known to lie on the drive, in whatever files.

    Of what is held twice, in small files and in the one that they became, that one.
    """
    files = [one for one in held if one.is_mine]
    merged = _mergeable(files)
    inner = {one.digest for one, _ in _pairs(merged, merged)}
    reached: dict[bytes, list[tuple[int, int]]] = {}
    for one in sorted(merged, key=_by_range):
        if is_handed(one.digest):
            runs = reached.setdefault(one.stream, [])
            if runs and one.first <= runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], max(runs[-1][1], one.last))
            else:
                runs.append((one.first, one.last))

    def is_there(one: Held) -> bool:
        runs = () if one.is_forked or one.is_key else reached.get(one.stream, ())
        return any(first <= one.first and one.last <= last for first, last in runs)

    return [one for one in files if not (one.digest in inner or is_handed(one.digest) or is_there(one))]


def _merge(trip: Trip, at_most: int) -> None:
    """Make some larger files, unless nothing changed since there was nothing to make."""
    state = _state(trip)
    if trip.kept.merged == state:
        return
    made = 0
    with contextlib.suppress(StoreError):  # a full disk: nothing is lost by it, and reading and handing over went well
        while made < at_most and _has_time(trip) and trip.book.merge():
            made += 1
    if made:
        trip.look_at_book()
    if made < at_most and _has_time(trip):  # also after a full disk: to try again takes another file
        trip.kept.merged = _state(trip)


def _delete(trip: Trip) -> None:
    """Delete what some larger files hold, at most so many files at once.

    Raises:
        DriveError: the drive failed.
        StoreError: this device's own copy failed.
    """
    room = REMOVALS_AT_ONCE
    for larger in _larger(trip):
        sent = trip.kept.sent[larger.held.digest.hex()]
        if room <= 0 or not _has_time(trip):
            return
        if not _is_due(sent, trip.now_ms) or not _is_safe(trip, larger.held, sent):
            continue
        try:
            if _is_whole_there(trip, larger.held):
                room -= _delete_inner(trip, larger, room)
        finally:
            if room > 0:
                sent.folds, sent.folded_ms = sent.folds + 1, trip.now_ms


def _delete_inner(trip: Trip, larger: _Larger, room: int) -> int:
    """Delete the files that a larger one holds, first on the drive and then here; return how many went there."""
    kept, removed, left = trip.kept, 0, set[bytes]()
    files: list[File] = [mark for _, mark in larger.listed]
    for (path, mark), is_held in zip(larger.listed, trip.book.covers(larger.held, files), strict=True):
        if is_held and removed < room:
            trip.drive.remove(path)
            del kept.marks[path]
            removed += 1
            continue
        left.add(mark.digest)
        if not mark.end and mark.digest not in trip.held:
            del kept.marks[path]  # read anew, the book says which branch it belongs to
    gone = [held for held in larger.inner if held.digest not in left]
    if gone and trip.book.let_go(larger.held, gone):
        trip.look_at_book()
    return removed


def _larger(trip: Trip) -> list[_Larger]:
    """Return the files of one's own that were handed over, lie there, and hold all of others, those by each."""
    sent, now_ms = trip.kept.sent, trip.now_ms
    own = _mergeable(trip.held.values())
    streams = {held.stream for held in own}
    listed: list[tuple[str, Mark]] = []
    here = set()
    for path, file in trip.listing.items():
        mark = trip.mark_of(file)
        if mark is not None and mark.stream in streams and not names.is_temporary(path):
            listed.append((path, mark))
            here.add(mark.digest)
    whole = [
        held
        for held in own
        if held.digest in here and (known := sent.get(held.digest.hex())) is not None and _stayed(known, now_ms)
    ]
    found: dict[bytes, _Larger] = {}
    for inner, outer in _pairs(own, whole):
        found.setdefault(outer.digest, _Larger(outer)).inner.append(inner)
    paths: dict[bytes, list[tuple[str, Mark]]] = {}
    for path, mark in listed:
        paths.setdefault(mark.digest, []).append((path, mark))
    for one, outer in _pairs([marks[0][1] for marks in paths.values()], whole):
        found.setdefault(outer.digest, _Larger(outer)).listed += paths[one.digest]
    return list(found.values())


def _pairs(files: Iterable[_F], larger: Iterable[Held]) -> list[tuple[_F, Held]]:
    """Return each of some files that by its numbers lies within a larger one of its stream, with that one."""
    by_stream: dict[bytes, tuple[list[int], list[Held]]] = {}
    for held in sorted(larger, key=_by_range):
        firsts, furthest = by_stream.setdefault(held.stream, ([], []))
        best = furthest[-1] if furthest and furthest[-1].last >= held.last else held
        firsts.append(held.first)
        furthest.append(best)
    found = []
    for file in files:
        firsts, furthest = by_stream.get(file.stream, ([], []))
        at = bisect_right(firsts, file.first) - 1
        if at >= 0:
            held = furthest[at]
            if held.last >= file.last and (held.first, held.last) != (file.first, file.last):
                found.append((file, held))
    return found


def _mergeable(held: Iterable[Held]) -> list[Held]:
    """Return the files of one's own that numbers tell all about: words, in streams that are not forked."""
    return [one for one in held if one.is_mine and not one.is_key and not one.is_forked]


def _state(trip: Trip) -> str:
    """Return a name for the set of files that could be merged."""
    digests = sorted(held.digest for held in _mergeable(trip.held.values()))
    return hashlib.sha256(b"".join(digests)).hexdigest()[: 2 * DIGEST_BYTES]


def _is_safe(trip: Trip, held: Held, sent: Sent) -> bool:
    """Say whether its words are not lost with this device: another holds them, or there is none and weeks went by."""
    found = trip.book.is_elsewhere(held)
    return trip.now_ms - sent.handed_ms >= schedule.FOLDED_ALONE_AFTER_MS if found is None else found


def _is_whole_there(trip: Trip, held: Held) -> bool:
    """Read a file on the drive once more, and say whether it still is what it was.

    Raises:
        DriveError: it cannot be read.
    """
    for path, file in trip.listing.items():
        mark = trip.mark_of(file)
        if mark is not None and mark.digest == held.digest and not names.is_temporary(path):
            data = trip.drive.read(path, limit_bytes=SEGMENT_LIMIT_BYTES)
            if trip.digest_of(data) == held.digest:
                return True
            del trip.kept.marks[path]
    return False


def _stayed(sent: Sent, now_ms: int) -> bool:
    """Say whether a file was handed over long enough ago; a time that lies ahead says nothing, and begins anew."""
    sent.handed_ms = min(sent.handed_ms, now_ms)
    return bool(sent.handed_ms) and now_ms - sent.handed_ms >= schedule.FOLDED_AFTER_MS


def _is_due(sent: Sent, now_ms: int) -> bool:
    """Say whether what a larger file holds may be deleted in others now: not soon after the last time."""
    return not sent.folds or schedule.is_past(sent.folded_ms, schedule.folding_pause(sent.folds), now_ms)


def _has_time(trip: Trip) -> bool:
    """Say whether the time budget lasts; what is not merged today makes no sync an unfinished one."""
    return trip.deadline is None or trip.system.monotonic() < trip.deadline


def _by_range(held: Held) -> tuple[int, int]:
    return held.first, -held.last
