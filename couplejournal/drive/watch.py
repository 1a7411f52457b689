"""Being told of changes: an accelerator and no more, since polling is the truth (docs/spec/sync.md 1, rule 6; 4).

One `Watcher` looks after any number of folders, the drive and the replica alike. It watches what the system can watch,
asks for a look at growing intervals anyway, and arms itself anew when a folder was replaced, mounted over or created
again, or when watchdog has died: watchdog says none of it. What it calls back does the looking; a watcher that calls
once too often does no harm, and one whose looks lead to nothing again and again (they may be what it hears of: a drive
that refuses what is written to it) takes a rest between them.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from couplejournal.drive import names
from couplejournal.drive.filesystems import probe_folder
from couplejournal.drive.interface import Place
from couplejournal.errors import DriveError
from couplejournal.system import System

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver, ObservedWatch

WATCHED_POLLS_S: Final = (60.0,)
UNWATCHED_POLLS_S: Final = (5.0, 5.0, 5.0, 10.0, 20.0, 40.0, 60.0)
FOLDERS_LIMIT: Final = 64  # of one root: each costs a thread, and a partner can make any number of them
_FRUITLESS_LOOKS: Final = 8  # in a row, each because of a change: from then on a rest before the next
_REST_S: Final = 0.5
_LIMITS: Final = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})

_Identity = tuple[int, int]


@attrs.frozen
class Watched:
    """A folder to look after: the root of a drive, of a replica, or of several replicas.

    ``probe`` looks at it; give that of a `DeadlineDrive` where the folder can hang. The pauses between polls, in
    seconds, are those where the system tells of changes and those where it does not; the last of them repeats, and
    every change begins them anew.
    """

    path: Path
    probe: Callable[[], Place] = attrs.field(kw_only=True)
    watched_polls_s: Sequence[float] = attrs.field(default=WATCHED_POLLS_S, kw_only=True)
    unwatched_polls_s: Sequence[float] = attrs.field(default=UNWATCHED_POLLS_S, kw_only=True)

    @probe.default
    def _probe_path(self) -> Callable[[], Place]:
        return lambda: probe_folder(self.path)


@attrs.frozen
class _Armed:
    identity: _Identity
    watch: ObservedWatch


class Watcher:
    """Calls back when something may have changed in one of several folders, from one thread of its own.

    ``on_change`` is called without any lock, once at the start, after every change and at every poll; if it returns
    True, something was new, and the polls begin anew at their shortest. One that raises is told to ``on_error`` and
    changes nothing. Changes within ``quiet_s`` seconds are one, for at most ``most_s`` seconds.
    """

    def __init__(
        self,
        folders: Sequence[Watched],
        on_change: Callable[[], object],
        system: System,
        *,
        on_error: Callable[[Exception], object] | None = None,
        quiet_s: float = 0.005,
        most_s: float = 0.2,
        check_s: float = 5.0,
    ) -> None:
        self._folders = tuple(folders)
        self._on_change = on_change
        self._on_error = on_error
        self._system = system
        self._quiet_s = quiet_s
        self._most_s = most_s
        self._check_s = check_s
        self._poked = threading.Event()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._observer: BaseObserver | None = None
        self._armed: dict[str, _Armed] = {}
        self._watching: frozenset[Path] = frozenset()
        self._problem = ""

    @property
    def problem(self) -> str:
        """Why a folder that could be watched is not, as one sentence for people; empty if there is no reason to say."""
        return self._problem

    @property
    def watching(self) -> frozenset[Path]:
        """The folders of whose changes the system tells just now; all others are polled alone."""
        return self._watching

    def start(self) -> None:
        """Begin, in the background.

        Raises:
            ValueError: it was started already.
        """
        if self._thread is not None:
            raise ValueError("a watcher is started once")
        self._thread = threading.Thread(target=self._run, name="couplejournal-watch", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that something changed, as a writer in this process knows it at once."""
        self._woken.set()
        self._poked.set()

    def stop(self, *, patience_s: float = 2.0) -> bool:
        """End, and say whether it did within ``patience_s`` seconds; it may be called by what it calls back."""
        self._stopping.set()
        self.wake()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(patience_s)
        return not thread.is_alive()

    def __enter__(self) -> Self:
        """Begin, in the background."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.stop()

    def _run(self) -> None:
        try:
            self._look_until_stopped()
        finally:
            self._disarm_all()

    def _look_until_stopped(self) -> None:
        self._arm()
        is_new, step, fruitless = self._call(), 0, 0
        while not self._stopping.is_set():
            step = 0 if is_new else step
            if fruitless > _FRUITLESS_LOOKS:
                self._woken.wait(_REST_S)
            self._woken.clear()
            poll_at = self._system.monotonic() + self._pause_s(step)
            is_poked, is_armed = self._wait_until(poll_at)
            if self._stopping.is_set():
                return
            step = 0 if is_poked or is_armed else step + 1
            is_new = self._call()
            fruitless = fruitless + 1 if is_poked and not is_new else 0

    def _wait_until(self, poll_at: float) -> tuple[bool, bool]:
        """Wait for a change, a folder to arm anew, or the time to poll; say which of the first two it was."""
        while True:
            left_s = poll_at - self._system.monotonic()
            is_poked = self._poked.wait(max(0.0, min(left_s, self._check_s) if self._armed else left_s))
            if is_poked:
                self._settle()
            if self._stopping.is_set():
                return is_poked, False
            # Before the look, so that nothing falls between the look and the watch.
            is_armed = self._arm()
            if is_poked or is_armed or self._system.monotonic() >= poll_at:
                return is_poked, is_armed

    def _settle(self) -> None:
        """Let a burst of changes end, or at least not wait for all of it."""
        until = self._system.monotonic() + self._most_s
        while not self._stopping.is_set():
            self._poked.clear()
            left_s = until - self._system.monotonic()
            if left_s <= 0 or not self._poked.wait(min(self._quiet_s, left_s)):
                return

    def _call(self) -> bool:
        try:
            return self._on_change() is True
        except Exception as error:  # noqa: BLE001 - one bad look must not end the looking
            if self._on_error is not None:
                self._on_error(error)
            return False

    def _pause_s(self, step: int) -> float:
        return min(
            (_at(one.watched_polls_s if one.path in self._watching else one.unwatched_polls_s, step))
            for one in self._folders
        )

    def _arm(self) -> bool:
        """Watch what can be watched and is not yet, or no longer; say whether anything was armed."""
        wanted: dict[str, _Identity] = {}
        roots: dict[Path, list[str]] = {}
        for one in self._folders:
            below = _folders_of(one)
            roots[one.path] = list(below)
            wanted.update(below)
        self._disarm_stale(wanted)
        is_armed, problem = False, ""
        for path, identity in wanted.items():
            if path not in self._armed:
                trouble = self._schedule(path, identity)
                is_armed = is_armed or trouble is None
                problem = trouble or problem
        self._problem = problem
        self._watching = frozenset(
            root
            for root, paths in roots.items()
            if 0 < len(paths) < FOLDERS_LIMIT and all(path in self._armed for path in paths)
        )
        return is_armed

    def _disarm_stale(self, wanted: dict[str, _Identity]) -> None:
        observer = self._observer
        if observer is None:
            return
        if not observer.is_alive():
            self._disarm_all()
            return
        alive = {emitter.watch for emitter in observer.emitters if emitter.is_alive()}
        for path, armed in list(self._armed.items()):
            if wanted.get(path) != armed.identity or armed.watch not in alive:
                del self._armed[path]
                try:
                    observer.unschedule(armed.watch)
                except (KeyError, OSError):
                    continue  # it went with its folder

    def _schedule(self, path: str, identity: _Identity) -> str | None:
        """Watch one folder; return None, or why not (empty if it is simply gone)."""
        handler: Any = _Poke(self._poked)
        try:
            observer = self._started_observer()
            watch = observer.schedule(handler, path, recursive=False, event_filter=_changes())
        except OSError as error:
            if error.errno in _LIMITS:
                return "the system's limit of watched folders is reached; looking now and then instead"
            return "" if error.errno in _GONE else "a folder here cannot be watched; looking now and then instead"
        self._armed[path] = _Armed(identity, watch)
        return None

    def _started_observer(self) -> BaseObserver:
        if self._observer is None:
            from watchdog.observers import Observer  # start-up: only a watch needs it

            observer = Observer()
            observer.start()
            self._observer = observer
        return self._observer

    def _disarm_all(self) -> None:
        observer, self._observer = self._observer, None
        self._armed = {}
        self._watching = frozenset()
        if observer is not None and observer.is_alive():
            observer.stop()
            observer.join(2.0)


class _Poke:
    """What watchdog hands its events to; they say no more than that there was one.

    What happens to a file under its temporary name is nothing to look at yet. The name that it gets is.
    """

    def __init__(self, poked: threading.Event) -> None:
        self._poked = poked

    def dispatch(self, event: FileSystemEvent) -> None:
        paths = (event.src_path, event.dest_path)
        if not all(names.is_temporary(os.path.basename(os.fsdecode(path))) for path in paths if path):
            self._poked.set()


def _changes() -> list[Any]:
    """Return the kinds of events that matter: not that a file was opened, or our own reading would wake us."""
    from watchdog import events  # start-up: only a watch needs it

    return [
        events.DirCreatedEvent, events.DirDeletedEvent, events.DirMovedEvent, events.FileClosedEvent,
        events.FileCreatedEvent, events.FileDeletedEvent, events.FileModifiedEvent, events.FileMovedEvent,
    ]  # fmt: skip


def _at(pauses_s: Sequence[float], step: int) -> float:
    return pauses_s[min(step, len(pauses_s) - 1)]


def _folders_of(one: Watched) -> dict[str, _Identity]:
    """Return the folder and those in it that are ours, with what each is now; nothing where watching tells nothing."""
    try:
        place = one.probe()
    except (DriveError, OSError):
        return {}
    if place.identity is None or not place.can_watch:
        return {}
    found = {str(one.path): place.identity[:2]}
    level = [(str(one.path), names.depth_of(one.path.name))]
    for path, depth in level:
        if depth >= names.DEPTH_LIMIT - 1:
            continue  # nothing below a stream is ours
        try:
            with os.scandir(path) as entries:
                inner = [entry for entry in entries if names.is_entered(entry.name, depth)]
            for entry in inner:
                seen = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False) and len(found) < FOLDERS_LIMIT:
                    found[entry.path] = (seen.st_dev, seen.st_ino)
                    below = names.DEPTH_LIMIT if depth == 0 and names.is_invites(entry.name) else depth + 1
                    level.append((entry.path, below))
        except OSError:
            continue  # gone meanwhile, or not ours to read
    return found
