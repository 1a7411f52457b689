"""What runs in a worker process: give up what the system lets it give up, then ask one plugin one thing.

It runs as ``python -I -S``, without environment, in an empty folder. The request comes whole before any code of the
plugin is loaded; from then on its standard streams lead nowhere, and one answer goes back through a pipe of its own.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from importlib.machinery import SourceFileLoader
from typing import Any, Final

import msgspec

from couplejournal.plugins.loading import load_package
from couplejournal.plugins.workerdata import from_data, to_data

SIZE_BYTES: Final = 8
_NAMESPACES: Final = 0x10000000 | 0x40000000 | 0x20000000 | 0x00020000  # user, network, processes, mounts
_PRIVATE: Final = 0x4000 | 0x40000  # MS_REC, MS_PRIVATE
_DIE_WITH_PARENT: Final = 1
_GARBAGE_OBJECTS: Final = 100_000  # a worker lives for a moment and has memory for ten thousand entries many times over


def main() -> None:
    """Read one request, answer it, and end."""
    bounds, whole = (_exactly(int.from_bytes(_exactly(SIZE_BYTES), "big")) for _ in range(2))
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    kept = _give_up(**msgspec.json.decode(bounds))
    try:
        request = _decoded(whole)  # not before: giving up may fork, and what a process has forked with is copied
        value = {**kept, "processes": _is_alone()} if request["hook"] is None else _asked(request)
        answer: dict[str, Any] = {"value": value}
    except BaseException as error:  # noqa: BLE001 - whatever a plugin raises is an answer; the process ends anyway
        answer = {"error": _named(error)}
    data = _encoded(answer)
    for part in (len(data).to_bytes(SIZE_BYTES, "big"), data):
        _write(answers, part)
    os._exit(0)


def _decoded(whole: bytes) -> dict[str, Any]:
    gc.disable()  # or what is no garbage would be looked through again and again while it grows
    request: dict[str, Any] = msgspec.json.decode(whole)
    gc.freeze()
    gc.set_threshold(_GARBAGE_OBJECTS)
    gc.enable()
    return request


def _encoded(answer: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(answer)
    except Exception as error:  # noqa: BLE001 - a number beyond 64 bits, half of a letter: the plugin's fault, and told as such
        return msgspec.json.encode({"error": _named(error)})


def _exactly(count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        data = os.read(0, min(count, 1 << 20))
        if not data:
            os._exit(1)
        parts.append(data)
        count -= len(data)
    return b"".join(parts)


def _write(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]


def _asked(request: dict[str, Any]) -> Any:
    as_ever, package = SourceFileLoader.get_code, request["package"]

    def from_source(loader: Any, name: str) -> Any:
        if name != package and not name.startswith(package + "."):
            return as_ever(loader, name)
        path = loader.get_filename(name)  # what Python compiled before is not among the files of the lock
        return loader.source_to_code(loader.get_data(path), path)

    setattr(SourceFileLoader, "get_code", from_source)  # noqa: B010 - for this process alone
    plugin = load_package(request["target"], request["package"], request["folder"])
    arguments = {name: from_data(each) for name, each in request["arguments"].items()}
    found = getattr(plugin, request["hook"])(**arguments)
    if request["pick"] is not None:
        own, field = request["pick"]
        value = next(each for each in found if each.id == own)
        found = getattr(value, field)(*(from_data(each) for each in request["call"]))
    return to_data(found)


def _named(error: BaseException) -> list[Any]:
    """Return the kind of an error and its place; never its text, which may be journal text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = "" if trace is None else trace.tb_frame.f_code.co_filename
    place = "" if trace is None else f"{name.replace(os.sep, '/').rpartition('/')[2]}:{trace.tb_lineno}"
    return [type(error).__name__, place]


def _is_alone() -> bool:
    """Try whether this process can start another one; whoever is root can, whatever the limit says."""
    try:
        child = os.fork()
    except (AttributeError, OSError):
        return hasattr(os, "fork")
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return False


def _give_up(limits: dict[str, int], hidden: list[str]) -> dict[str, bool]:
    """Give up network, files, processes and memory as far as this system lets a process; return what worked."""
    apart, covered = _apart(hidden)
    kept = {"network": apart, "journal": covered, "leftovers": apart, "memory": False, "writing": False}
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        def at_most(what: int, count: int) -> None:
            hard = resource.getrlimit(what)[1]
            most = count if hard == resource.RLIM_INFINITY else min(count, hard)
            resource.setrlimit(what, (most, most))

        at_most(resource.RLIMIT_CORE, 0)
        at_most(resource.RLIMIT_CPU, limits["seconds"] + 1)
        at_most(resource.RLIMIT_NOFILE, 64)
        at_most(resource.RLIMIT_FSIZE, 0)
        kept["writing"] = True
        if sys.platform == "linux":
            at_most(resource.RLIMIT_AS, limits["memory_bytes"])
            kept["memory"] = True
        at_most(resource.RLIMIT_NPROC, 0)  # holds for nobody who is root, so it is not counted on
    return kept


def _apart(hidden: list[str]) -> tuple[bool, bool]:
    """Go into namespaces of one's own, with the folders of the journal covered; return (apart, covered)."""
    if sys.platform != "linux":
        return False, False
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_NAMESPACES) != 0:
            return False, False
        libc.mount(None, b"/", None, _PRIVATE, None)
        covered = True
        for one in hidden:
            covered = libc.mount(b"none", os.fsencode(one), b"tmpfs", 0, b"size=4k") == 0 and covered
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        libc.prctl(_DIE_WITH_PARENT, 9)  # whatever it starts ends with it: it is the first of its processes
    except (ImportError, OSError, AttributeError):
        return False, False
    return True, covered
