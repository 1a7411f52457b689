"""Where runs of the fuzzer come from: one process that has imported everything, and forks for each run.

What the fuzzer watches has to be imported under its eyes, which takes seconds; a fork takes none. What the fuzzer keeps
(which branches it has seen, when it began) is of a process, so each run gets one of its own.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NoReturn, Self

import attrs
from fuzz.harness import Target, attempt, require, targets

NURSERY: Final = "--nursery"
_GUIDED: Final = "guided"
_UNGUIDED: Final = "unguided"
_POLL_S: Final = 0.02


def _planted(data: bytes) -> None:
    """Break a promise for one in sixteen million inputs of three bytes: what chance alone does not find in a minute."""
    require(data[:1] != b"C" or data[1:2] != b"J" or data[2:3] != b"S", "nothing is planted here")


PLANTED: Final = Target("planted", _planted, lambda: [b"xyz"], limit_bytes=16)


@attrs.frozen
class Ended:
    """How a run ended: ``code`` as of a process (negative: the signal that ended it), and all that it told."""

    code: int
    seconds: float
    told: str


class Nursery:
    """The process that runs of the fuzzer are forked from, seen from outside; it starts with the first run.

    Not guided, the fuzzer changes what the corpus holds without a look at what the code does with it.
    """

    def __init__(self, names: Iterable[str], *, is_guided: bool = True) -> None:
        """Prepare runs of these targets."""
        self.is_guided = is_guided
        self._names = tuple(names)
        self._process: subprocess.Popen[str] | None = None
        self._complaints = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed with the process

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
        self._complaints.close()

    def run(self, name: str, options: list[str], *, limit_s: float) -> Ended:
        """Run the fuzzer on one target in a process of its own, and wait for its end; it is killed at the limit.

        Raises:
            RuntimeError: the process that it would be forked from is gone.
        """
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("__main__.py")), NURSERY,
                 _GUIDED if self.is_guided else _UNGUIDED, *self._names],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints, text=True,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            )  # fmt: skip
        with tempfile.TemporaryDirectory() as scratch:
            told = Path(scratch, "told")
            print(json.dumps([name, options, limit_s, str(told)]), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline() if self._process.stdout else ""
            if not answer:
                self._process.wait()
                self._complaints.seek(0)
                raise RuntimeError(f"nothing can be fuzzed:\n{self._complaints.read()[-2000:]}")
            code, seconds = json.loads(answer)
            return Ended(code, seconds, told.read_text(encoding="utf-8", errors="replace"))


def tend(how: str, names: list[str]) -> None:
    """Be that process: import everything so that the fuzzer sees its branches, then fork for each line of stdin."""
    import atheris

    with atheris.instrument_imports(include=["couplejournal" if how == _GUIDED else "nothing"]):
        known = targets() | {PLANTED.name: PLANTED}
        for name in names:
            for seed in known[name].seeds():  # what is imported late is imported now
                with contextlib.suppress(Exception):  # the run tries it again, and makes a case of it
                    attempt(known[name], seed)
    gc.freeze()
    for line in sys.stdin:
        name, options, limit_s, told = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if not child:
            _fuzz(known[name], options, Path(told), is_guided=how == _GUIDED)
        print(json.dumps([_waited(child, limit_s), time.monotonic() - began]), flush=True)


def _fuzz(target: Target, options: list[str], told: Path, *, is_guided: bool) -> NoReturn:
    """Be the child, and hand over to the fuzzer, which does not return."""
    import atheris

    with told.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if target is PLANTED or not is_guided:  # without any counter the fuzzer would not begin
        target = attrs.evolve(target, run=atheris.instrument_func(target.run))
    atheris.Setup([target.name, *options], lambda data: attempt(target, data))
    atheris.Fuzz()
    sys.exit()  # the long way out in any case: it is on its way that the fuzzer keeps the input that broke a promise


def _waited(child: int, limit_s: float) -> int:
    """Return the code with which a child ended, killed if it takes too long."""
    end = time.monotonic() + limit_s
    while True:
        gone, status = os.waitpid(child, os.WNOHANG)
        if gone:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
        time.sleep(_POLL_S)
