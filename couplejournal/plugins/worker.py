"""A process for one call of an isolated plugin: JSON in, JSON out, and an end to it.

It gets no keys, no environment, no journal, and only the modules that a plugin's values need. What else it is kept from
depends on the system, and `enforced` says so for this one. Python itself keeps nobody in: only the system does.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec

from couplejournal.errors import PluginError
from couplejournal.plugins.author import JournalPlugin
from couplejournal.plugins.calls import WorkerError
from couplejournal.plugins.workerdata import from_data, to_data

SECONDS: Final = 10
OUTPUT_LIMIT_BYTES: Final = 8_388_608
MEMORY_LIMIT_BYTES: Final = 1_073_741_824
SIZE_BYTES: Final = 8
_MODULES: Final = ("couplejournal", "attr", "attrs", "msgspec")
_START: Final = """
import sys
from importlib.machinery import PathFinder
class Only:
    def __init__(self, places): self.places = places
    def find_spec(self, name, path=None, target=None):
        if path is None and name in self.places:
            return PathFinder.find_spec(name, [self.places[name]])
sys.meta_path.append(Only(dict(zip(sys.argv[1::2], sys.argv[2::2]))))
from couplejournal.plugins.workerchild import main
main()
"""
_NO_WINDOW: Final = 0x08000000  # CREATE_NO_WINDOW: or a console would flash up on Windows


@attrs.frozen(kw_only=True)
class Worker:
    """Where a plugin's package lies, what it starts with, and what it is kept from."""

    folder: Path
    package: str
    target: str
    hidden: tuple[Path, ...] = ()
    seconds: float = SECONDS
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES

    def ask(
        self, hook: str | None, arguments: Mapping[str, Any], pick: tuple[str, str] | None = None, call: Any = ()
    ) -> Any:
        """Ask one hook in a process of its own; ``pick`` = (id, field) calls a function of what it gave.

        Raises:
            WorkerError: the plugin raised, took too long, answered too much, or gave no answer.
        """
        request = {
            "folder": str(self.folder),
            "package": self.package,
            "target": self.target,
            "hook": hook,
            "arguments": {name: to_data(value) for name, value in arguments.items()},
            "pick": pick,
            "call": [to_data(value) for value in call],
        }
        bounds = {
            "limits": {"seconds": int(self.seconds) + 1, "memory_bytes": MEMORY_LIMIT_BYTES},
            "hidden": [str(path) for path in self.hidden if path.is_dir()],
        }
        answer = self._exchange(msgspec.json.encode(bounds), msgspec.json.encode(request))
        if "error" in answer:
            raise WorkerError(_shown(*answer["error"]))
        if hook is None:
            return answer["value"]
        return from_data(answer["value"], lambda own, field: self._function(hook, arguments, own, field))

    def _function(self, hook: str, arguments: Mapping[str, Any], own: str, field: str) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            return self.ask(hook, arguments, (own, field), given)

        return run

    def _exchange(self, *parts: bytes) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="cj-worker-", ignore_cleanup_errors=True) as folder:
            child = _begin(folder)
            found: list[bytes | WorkerError] = []
            # in a thread that may be left behind: what a plugin started can hold the pipe open beyond its own end
            talk = threading.Thread(target=self._sent, args=(child, parts, found), daemon=True)
            try:
                talk.start()
                talk.join(self.seconds)
                is_late = talk.is_alive()
            finally:
                _end(child)
        if is_late:
            raise WorkerError(f"took more than {self.seconds:g} seconds")
        data = found[0] if found else b""
        if isinstance(data, WorkerError):
            raise data
        try:
            answer = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError, ValueError):
            raise WorkerError("gave no answer") from None
        if not isinstance(answer, dict) or not {"value", "error"} & set(answer):
            raise WorkerError("gave no answer")
        return answer

    def _sent(self, child: subprocess.Popen[bytes], parts: tuple[bytes, ...], found: list[bytes | WorkerError]) -> None:
        pipe_in, pipe_out = child.stdin, child.stdout
        if pipe_in is None or pipe_out is None:
            return
        with contextlib.suppress(OSError):
            for part in parts:
                pipe_in.write(len(part).to_bytes(SIZE_BYTES, "big"))
                pipe_in.write(part)
        with contextlib.suppress(OSError):
            pipe_in.close()
        with contextlib.suppress(OSError):
            size = int.from_bytes(pipe_out.read(SIZE_BYTES), "big")
            is_much = size > self.output_limit_bytes
            much = WorkerError(f"answered with more than {self.output_limit_bytes:,} bytes")
            found.append(much if is_much else pipe_out.read(size))
            pipe_out.close()


def _begin(folder: str) -> subprocess.Popen[bytes]:
    environ = {
        name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ
    }  # Windows starts nothing without
    flags: dict[str, Any] = {"creationflags": _NO_WINDOW} if sys.platform == "win32" else {"start_new_session": True}
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
        [sys.executable, "-I", "-S", "-B", "-c", _START, *_places()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=environ,
        close_fds=True, **flags,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _places() -> tuple[str, ...]:
    """Return each module that a worker may load, and after it the folder in which it lies."""
    found = ((name, find_spec(name)) for name in _MODULES)
    return tuple(
        word
        for name, spec in found
        if spec is not None and spec.origin
        for word in (name, str(Path(spec.origin).resolve().parents[1]))
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a worker, and what it started as far as it stayed in its group."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, 9)
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        child.wait(timeout=5)


def _shown(kind: object, place: object) -> str:
    name = kind if isinstance(kind, str) and kind.isidentifier() and len(kind) <= 60 else "an odd error"
    told = place if isinstance(place, str) and len(place) <= 100 and place.isprintable() else ""
    return f"{name} at {told}" if told else name


def plugin_in(worker: Worker, hooks: tuple[str, ...]) -> JournalPlugin:
    """Return a plugin whose hooks are asked in a worker.

    Raises:
        PluginError: a hook is none that a worker can be asked.
    """
    made: dict[str, Any] = {}
    for hook in hooks:
        names = getattr(JournalPlugin, hook).__code__.co_varnames[1 : getattr(JournalPlugin, hook).__code__.co_argcount]
        if tuple(names) not in _ASKING:
            raise PluginError(f"a worker cannot be asked for {hook}")
        made[hook] = _ASKING[tuple(names)](worker, hook)
    plugin: JournalPlugin = type("IsolatedPlugin", (JournalPlugin,), made)()
    return plugin


def _ask_nothing(worker: Worker, hook: str) -> Callable[..., Any]:
    def ask(self: JournalPlugin) -> Any:
        del self
        return worker.ask(hook, {})

    return ask


def _ask_request(worker: Worker, hook: str) -> Callable[..., Any]:
    def ask(self: JournalPlugin, request: Any) -> Any:
        del self
        return worker.ask(hook, {"request": request})

    return ask


def _ask_draft(worker: Worker, hook: str) -> Callable[..., Any]:
    def ask(self: JournalPlugin, draft: Any) -> Any:
        del self
        return worker.ask(hook, {"draft": draft})

    return ask


def _ask_event(worker: Worker, hook: str) -> Callable[..., Any]:
    def ask(self: JournalPlugin, event: Any) -> Any:
        del self
        return worker.ask(hook, {"event": event})

    return ask


_ASKING: Final[Mapping[tuple[str, ...], Callable[[Worker, str], Callable[..., Any]]]] = {
    (): _ask_nothing,
    ("request",): _ask_request,
    ("draft",): _ask_draft,
    ("event",): _ask_event,
}


def tried() -> Mapping[str, bool]:
    """Start a worker that gives up what this machine lets it, and return by name what worked; nothing if none starts.

    `enforced` has the words for it.
    """
    with tempfile.TemporaryDirectory(prefix="cj-worker-") as folder:
        probe = Worker(folder=Path(folder), package="", target="", hidden=(Path(folder),))
        try:
            found = probe.ask(None, {})
        except WorkerError:
            return {}
    return found if isinstance(found, dict) else {}
