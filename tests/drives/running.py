"""Programs that tests start: each with a log, in a group of its own, and gone when the test or its runner is."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from drives.people import below, find, until

STARTS_WITHIN_S = 20.0
ENDS_WITHIN_S = 10.0
DIES_WITHIN_S = 60.0  # one that is killed in the midst of a write to a busy disk is gone when the write is done


class Program:
    """One program that runs in the foreground, and all that it starts."""

    def __init__(self, command: Sequence[str], log: Path, *, environ: Mapping[str, str] | None = None) -> None:
        self.log = log
        assert threading.current_thread() is threading.main_thread(), "it would end with the thread that starts it"
        keeper = find("setpriv")  # if the runner of the tests is killed, so is this
        guard = [keeper, "--pdeathsig", "TERM"] if keeper else []
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [*guard, *command], stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                env={**os.environ, **(environ or {})},
            )  # fmt: skip

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_for(self, is_ready: Callable[[], bool]) -> None:
        """Wait until it serves; skip with its own last words where it ends instead."""
        until(lambda: not self.is_running or is_ready(), patience_s=STARTS_WITHIN_S)
        if not self.is_running:
            said = self.log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
            pytest.skip(f"{Path(str(self._process.args[-1])).name}: does not start here: {said[-1]}")  # type: ignore[index]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it started."""
        apart = below(self._process.pid)  # some begin groups of their own
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        for process in apart:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.signal(signal.SIGKILL)
        self._process.wait(DIES_WITHIN_S)

    def end(self) -> None:
        """End it in peace, and with force where it does not."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDS_WITHIN_S)
        self.kill()


@contextlib.contextmanager
def stopped(program: Program) -> Iterator[None]:
    """Let a program do nothing for as long as the context lasts."""
    program.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        program.signal(signal.SIGCONT)


def free_port() -> int:
    """Return a port of the loopback at which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def is_open(port: int) -> bool:
    """Say whether somebody answers at a port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def require_fuse() -> None:
    """Skip where no file system can be mounted from a program."""
    if find("fusermount3") is None or not Path("/dev/fuse").exists():
        pytest.skip("no FUSE here")


def unmount(mount: Path) -> None:
    """Let go of a mount, whatever state its program is in; none is fine."""
    for options in ("-u", "-uz"):
        for _ in range(20):
            if not is_mounted(mount):
                return
            subprocess.run(["fusermount3", options, str(mount)], check=False, capture_output=True)
            if is_mounted(mount):
                with contextlib.suppress(AssertionError):
                    until(lambda: not is_mounted(mount), patience_s=0.2)


def is_mounted(mount: Path) -> bool:
    """Say whether something is mounted at a path, without touching what may hang."""
    mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    return any(line.split(" ")[4] == str(mount) for line in mounts.splitlines())
