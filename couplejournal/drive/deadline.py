"""Calls that end in time, whatever the mount does.

A blocked system call cannot be timed out in its own thread. So the calls go through one worker, which is left behind
when it is late, and ends when its call does. As long as it hangs, every further call fails at once, so that a dead
mount costs one deadline and not one for each file. The worker is a thread; where the folder lies on a mount that can
hang for good, the thread waits for a process of its own (`apart`), or it would keep this one from ending.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from couplejournal.drive.apart import ApartDrive
from couplejournal.drive.filesystems import may_hang
from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import Drive, DriveLateError, Listing, Place
from couplejournal.system import System

_Result = TypeVar("_Result")


class DeadlineDrive:
    """Any drive, with at most ``deadline_s`` seconds for a call. It may be used from several threads."""

    def __init__(self, inner: Drive, system: System, *, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self._inner = _apart(inner)
        self._system = system
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._late: _Job | None = None
        self._until: float | None = None

    def allow(self, total_s: float | None) -> None:
        """Give all calls from now on ``total_s`` seconds together; None takes that limit away."""
        self._until = None if total_s is None else self._system.monotonic() + total_s

    def close(self) -> None:
        """Let the worker end when its call has."""
        with self._lock:
            if self._worker is not None:
                self._worker.jobs.put(None)
                self._worker = None

    def __del__(self) -> None:
        """Leave no idle worker behind."""
        self.close()

    def probe(self) -> Place:
        """Look at the root alone, in time.

        Raises:
            DriveLateError: it did not answer.
            DriveError: as the inner drive.
        """
        return self._call(self._inner.probe)

    def list(self) -> Listing:
        """Return the files, in time.

        Raises:
            DriveLateError: it did not answer.
            DriveError: as the inner drive.
        """
        return self._call(self._inner.list)

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the content of a file, in time.

        Raises:
            DriveLateError: it did not answer.
            DriveError: as the inner drive.
            ValueError: ``path`` leaves the drive.
        """
        return self._call(lambda: self._inner.read(path, limit_bytes=limit_bytes))

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        """Put a file under its final name, in time; one that was late may still arrive, whole.

        Raises:
            DriveLateError: it did not answer.
            DriveError: as the inner drive.
            ValueError: ``path`` is no name that may stand on a drive.
        """
        self._call(lambda: self._inner.publish(path, data, direct=direct))

    def remove(self, path: str) -> None:
        """Remove one file, in time.

        Raises:
            DriveLateError: it did not answer.
            DriveError: as the inner drive.
            ValueError: ``path`` leaves the drive.
        """
        self._call(lambda: self._inner.remove(path))

    def _call(self, act: Callable[[], _Result]) -> _Result:
        patience_s = self.deadline_s
        if self._until is not None:
            patience_s = min(patience_s, self._until - self._system.monotonic())
        job = _Job(act)
        worker = self._accept(job) if patience_s > 0 else None
        if worker is None or not job.done.wait(patience_s):
            self._abandon(worker, job)
            raise DriveLateError(
                "the shared folder does not answer", hint="what you save here is safe; sync again later"
            )
        if job.failure is not None:
            raise job.failure
        result: _Result = job.result
        return result

    def _accept(self, job: _Job) -> _Worker | None:
        """Give the job to the worker; None while an earlier one still hangs."""
        with self._lock:
            if self._late is not None and not self._late.done.is_set():
                return None
            self._late = None
            if self._worker is None:
                self._worker = _Worker()
            self._worker.jobs.put(job)
            return self._worker

    def _abandon(self, worker: _Worker | None, job: _Job) -> None:
        if worker is None:
            return
        with self._lock:
            job.is_wanted = False
            if self._worker is worker:
                self._late = worker.busy_with or job
                self._worker = None
                worker.jobs.put(None)


def _apart(inner: Drive) -> Drive:
    """Return a folder that can hang as one in a process of its own, and any other drive as it is."""
    is_python = sys.executable and not getattr(sys, "frozen", False)  # a bundled program cannot begin itself anew
    if is_python and isinstance(inner, FolderDrive) and may_hang(inner.root):
        return ApartDrive(inner.root, staging=inner.staging)
    return inner


class _Job:
    """One call, its result, and whether anyone still waits for it."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act
        self.done = threading.Event()
        self.is_wanted = True
        self.result: Any = None
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            if self.is_wanted:
                self.result = self.act()
        except Exception as failure:  # noqa: BLE001 - raised where it was called
            self.failure = failure
        finally:
            self.done.set()


class _Worker:
    """A thread that does one job after the other. A daemon: one that hangs must not keep the process."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.busy_with: _Job | None = None
        threading.Thread(target=self._work, name="couplejournal-drive", daemon=True).start()

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            self.busy_with = job
            job.run()
            self.busy_with = None
