"""The program, imported once: every command runs in a fork of it, as ``python -m couplejournal`` would run it.

Started as a script this file is the process that forks; `Program` is the other end of its pipes. A fork costs a tenth
of a start. What a command does to files is the same: nothing but imports has happened before it begins.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 60
TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Done:
    """A command that came to its end, or was brought to it: ``code`` is negative where a signal ended it."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Return what it said on stdout in whole lines; half a line is no word."""
        return [line.rstrip("\n") for line in self.out.splitlines(keepends=True) if line.endswith("\n")]

    def document(self) -> dict[str, object]:
        """Return the one JSON document that was printed as a whole line; {} where there is none."""
        found = [line for line in self.lines if line.startswith("{")]
        return dict(json.loads(found[-1])) if found else {}


class Program:
    """The process that forks, from outside."""

    def __init__(self, folder: Path) -> None:
        """Start it; what commands say goes through files in ``folder``."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(PATIENCE_S)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(folder),
        )  # fmt: skip

    def run(
        self,
        argv: Sequence[str],
        home: Path,
        *,
        said: str = "",
        watch: Callable[[int], None] | None = None,
        broken: str = "",
    ) -> Done:
        """Run one command; ``watch`` gets the process before it begins, ``broken`` names a fault to plant in it."""
        out, err = self.folder / "out", self.folder / "err"
        request = {
            "argv": [*argv], "env": {"COUPLEJOURNAL_HOME": str(home)}, "said": said, "out": str(out), "err": str(err),
            "broken": broken,
        }  # fmt: skip
        pid = self._say(request)
        if watch is not None:
            watch(pid)
        code = self._say("go")
        return Done(tuple(argv), code, out.read_text("utf-8", "replace"), err.read_text("utf-8", "replace"))

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _say(self, word: object) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(word) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise AssertionError("the process that forks is gone")
        return int(json.loads(answer))


def environment(folder: Path) -> Mapping[str, str]:
    """Return an environment in which nothing leads to a real journal, and nothing is written beside the sources."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COUPLEJOURNAL_", "XDG_"))}
    return {**kept, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}


# --- the process that forks ---


def _serve(patience_s: int) -> None:
    _import_all()
    gc.disable()
    gc.freeze()  # so that a fork copies fewer pages
    while word := sys.stdin.readline():
        request = json.loads(word)
        gate, opener = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(opener)
            _become(request, gate, patience_s)
        os.close(gate)
        _answer(child)
        sys.stdin.readline()
        os.write(opener, b"!")
        os.close(opener)
        _, status = os.waitpid(child, 0)
        _answer(os.waitstatus_to_exitcode(status))


def _answer(word: int) -> None:
    print(word, flush=True)


def _import_all() -> None:
    """Import what commands import when they need it, so that no command does."""
    import importlib
    import pkgutil

    import couplejournal

    for module in pkgutil.walk_packages(couplejournal.__path__, "couplejournal."):
        if not module.name.startswith("couplejournal.testing") and not module.name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # what cannot be had here, no command imports
                importlib.import_module(module.name)


def _become(request: dict[str, object], gate: int, patience_s: int) -> None:
    """Be the command; this never returns."""
    import signal

    reader, writer = os.pipe()
    os.write(writer, str(request["said"]).encode())
    os.close(writer)
    os.dup2(reader, 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(str(request[name]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(fd, mode) for fd, mode in ((0, "r"), (1, "w"), (2, "w")))
    os.environ.update(request["env"])  # type: ignore[call-overload]
    sys.argv = ["couplejournal", "--no-input", *request["argv"]]  # type: ignore[misc]
    _allow_watching()
    from couplejournal.__main__ import main

    if request["broken"]:
        _break(str(request["broken"]))
    os.read(gate, 1)
    os.close(gate)
    signal.alarm(patience_s)  # a hang is a failure, too
    main()


def _allow_watching() -> None:
    """Let a process that is no parent trace this one, where the system asks for that (Yama)."""
    import ctypes

    ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)


def _break(what: str) -> None:
    """Plant a fault in the program, to show that it is found."""
    from couplejournal.disk import RealDisk

    if what == "no folder sync":
        RealDisk._sync_folder = lambda *_: None  # type: ignore[method-assign]
    elif what == "no file sync":
        import couplejournal.disk

        couplejournal.disk._sync = lambda descriptor: None
    elif what == "says so first":
        print("saved 000000", flush=True)
    else:
        raise AssertionError(what)


if __name__ == "__main__":
    sys.path[:] = [path for path in sys.path if path != str(Path(__file__).resolve().parent)]  # no part of the program
    _serve(int(sys.argv[1]))
