"""From an `OSError` to what it means for two people: the only place that knows the numbers.

The texts hold no path. `guarded` raises outside its ``except`` block, so that the `OSError`, which does hold one, is
not carried along as a context.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final, TypeVar

from couplejournal.drive.interface import (
    DriveFullError,
    DriveMissingError,
    DriveReadOnlyError,
    NotYetError,
    UnfitFileError,
)
from couplejournal.errors import DriveError

GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
# The mount is there and what was mounted is not: a FUSE server that ended, a share whose host is away.
_CUT_OFF: Final = frozenset(
    getattr(errno, name)
    for name in ("ENOTCONN", "ESTALE", "ENODEV", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ESHUTDOWN")
    if hasattr(errno, name)
)
FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
# A link where O_NOFOLLOW was said; a socket or a pipe without a reader; a folder; a name that the host cannot have.
UNFIT: Final = frozenset({
    errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENOTEMPTY, errno.ENAMETOOLONG, getattr(errno, "EMLINK", errno.ELOOP),
})  # fmt: skip

_Result = TypeVar("_Result")


def guarded(act: Callable[[], _Result], meaning: Callable[[OSError], DriveError]) -> _Result:
    """Return what ``act`` returns, with every `OSError` turned into what ``meaning`` makes of it.

    Raises:
        DriveError: ``act`` raised an `OSError`.
    """
    try:
        return act()
    except OSError as error:
        failure = meaning(error)
    raise failure


def code_of(error: OSError) -> str:
    """Return the name of an error's number, such as ``EIO``."""
    number = error.errno if error.errno is not None else 0
    return errno.errorcode.get(number, f"error {number}")


def listing_failure(error: OSError) -> DriveError:
    """Return what an error means while the root is looked at or listed."""
    if error.errno in GONE | _CUT_OFF:
        return _missing()
    return DriveError(f"the shared folder cannot be listed ({code_of(error)})")


def reading_failure(error: OSError) -> DriveError:
    """Return what an error means while one file is read.

    All but what can never become a file is "not yet": half-arrived, evicted and locked files come back on their own
    (docs/spec/sync.md 8, rows 3, 12 and 25).
    """
    if error.errno in UNFIT:
        return UnfitFileError("something in the shared folder is not a plain file")
    return NotYetError(f"a file in the shared folder cannot be read yet ({code_of(error)})")


def writing_failure(error: OSError) -> DriveError:
    """Return what an error means while a file is published or removed."""
    if error.errno in FULL:
        return DriveFullError("the shared folder is full", hint="make room there, then sync again")
    if error.errno in DENIED:
        return DriveReadOnlyError("the shared folder cannot be written to", hint="check its permissions")
    if error.errno in GONE | _CUT_OFF:
        return _missing()
    if error.errno in UNFIT:
        return UnfitFileError("something that is not a file has the name of one in the shared folder")
    return DriveError(f"the shared folder could not be written to ({code_of(error)})")


def _missing() -> DriveMissingError:
    return DriveMissingError("the shared folder is not there", hint="connect or mount it, then sync again")
