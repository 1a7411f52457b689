"""Strategies for hypothesis: what people write, what analyses are given, what drives do, where a disk fails."""

from __future__ import annotations

import errno
import math
from datetime import UTC, date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from hypothesis import strategies as st

from couplejournal.model.kinds import Appreciation, Bid, Note
from couplejournal.plugins.guards import EVERYTHING, cut
from couplejournal.plugins.values import AnalysisRequest
from couplejournal.testing.couple import END, SPAN_DAYS, Draft
from couplejournal.testing.disks import CrashDisk, Fault
from couplejournal.testing.drivesim import HOSTILE, DriveSim
from couplejournal.testing.views import view_of, written

if TYPE_CHECKING:
    from couplejournal.model.content import Content
    from couplejournal.plugins.kinds import Field, Kind
    from couplejournal.plugins.manifest import Permissions
    from couplejournal.plugins.values import Scope

NUMBERS: Final = (
    errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ESTALE, errno.ETIMEDOUT, errno.ENOENT,
)  # fmt: skip


class DriveFault(NamedTuple):
    """One thing that a simulated drive does: what, to which view, and any number that chooses among what there is."""

    act: str
    device: int
    choice: int

    def befall(self, sim: DriveSim) -> None:
        """Let it happen."""
        sim.do(self.act, self.device % len(sim.views), self.choice)


class DiskFault(NamedTuple):
    """Where a disk fails or a process ends: at which call from now on, how, with which errno, once or from then on."""

    at: int
    fault: Fault
    number: int
    is_lasting: bool

    def plant(self, disk: CrashDisk) -> None:
        """Plant it."""
        disk.plant(self.at, self.fault, number=self.number, is_lasting=self.is_lasting)


def texts(*, max_size: int = 200) -> st.SearchStrategy[str]:
    """Return texts as people write them: any script, line breaks, emoji; not empty, and no lone surrogates."""
    return st.text(
        st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), min_size=1, max_size=max_size
    )


def contents(*kinds: Kind) -> st.SearchStrategy[Content]:
    """Return contents of the kinds that refer to nothing: a bid, a note, an appreciation, or one of plugins' ``kinds``.

    Each field has a value that it may have, or is left out where it may be.
    """
    words = texts().filter(lambda text: bool(text.strip()))
    own = (
        st.builds(
            partial(written, kind), words, **{one.name: _values(one) for one in kind.fields if one.is_needed},
        ) | st.builds(partial(written, kind), words, **{one.name: _values(one) for one in kind.fields})
        for kind in kinds
    )  # fmt: skip
    return st.one_of(words.map(Bid), words.map(Note), words.map(Appreciation), *own)


def _values(field: Field) -> st.SearchStrategy[object]:
    if field.choices:
        return st.sampled_from(field.choices)
    words = texts(max_size=40).filter(lambda text: bool(text.strip()))
    whole = st.integers(
        -(1 << 31) if field.least is None else math.ceil(field.least),
        1 << 31 if field.most is None else math.floor(field.most),
    )
    found: dict[str, st.SearchStrategy[object]] = {
        "text": words,
        "texts": st.lists(words, min_size=1, max_size=3).map(tuple),
        "whole": whole,
        "number": st.floats(field.least, field.most, allow_nan=False, allow_infinity=False, width=32) | whole,
        "day": st.dates(date(1970, 1, 1), date(2100, 1, 1)).map(date.isoformat),
        "yes-no": st.booleans(),
    }
    return found[field.type]


def requests(
    *kinds: Kind, permissions: Permissions = EVERYTHING, scope: Scope = "couple", max_size: int = 30
) -> st.SearchStrategy[AnalysisRequest]:
    """Return what an analysis is given: up to ``max_size`` entries of both, of any kind, on any days of half a year."""
    draft = st.builds(
        Draft,
        key=st.uuids().map(str),
        author=st.sampled_from(("ana", "ben")),
        content=contents(*kinds),
        happened_at=st.integers(0, SPAN_DAYS * 1440).map(lambda minutes: END - timedelta(minutes=minutes)),
        audience=st.sampled_from((None, "shared", "private")),
    )

    def asked(drafts: list[Draft]) -> AnalysisRequest:
        view = view_of(sorted(drafts, key=lambda one: one.happened_at), kinds=kinds)
        return AnalysisRequest(view=cut(view, permissions, scope), now=END, zone=UTC, language="en")

    return st.lists(draft, max_size=max_size, unique_by=lambda one: one.key).map(asked)


def drive_faults(*, acts: tuple[str, ...] = tuple(HOSTILE)) -> st.SearchStrategy[DriveFault]:
    """Return faults of a simulated drive, of those that are named; the first are the simplest."""
    return st.builds(DriveFault, st.sampled_from(acts), st.integers(0, 7), st.integers(0, 1 << 24))


def disk_faults(*, calls: int = 40) -> st.SearchStrategy[DiskFault]:
    """Return faults of a disk, or ends of a process, within so many calls of it."""
    fault: st.SearchStrategy[Fault] = st.sampled_from(("fail", "crash", "crash within", "crash after"))
    return st.builds(DiskFault, st.integers(1, calls), fault, st.sampled_from(NUMBERS), st.booleans())
