"""Isolated plugins: the same answers as in process, and what misbehaves harms nobody."""

from __future__ import annotations

import contextlib
import json
import os
import py_compile
import sys
import time
from datetime import UTC
from importlib.util import cache_from_source
from pathlib import Path

import attrs
import msgspec
import pytest
from unit.plugins.written import NOW, FixedSystem, Viewed, Writing, fixed, view_of

from couplejournal.disk import RealDisk
from couplejournal.model.kinds import Bid, PluginNotice, Response
from couplejournal.plugins import PluginHost, Prompt
from couplejournal.plugins.bundled import Bundled, digests_of
from couplejournal.plugins.calls import Failures, WorkerError
from couplejournal.plugins.guards import cut
from couplejournal.plugins.installed import Found
from couplejournal.plugins.lock import write_lock
from couplejournal.plugins.manifest import Permissions, read_manifest
from couplejournal.plugins.values import Draft, PromptRequest, RenderRequest
from couplejournal.plugins.worker import Worker, plugin_in
from couplejournal.plugins.workerdata import from_data, to_data, view_data, view_from
from couplejournal.store.home import Home

MANIFEST = """
id = "apart"
api = 1
tier = "TIER"
target = "apart_plugin:Apart"
summary = "One question."
[permissions]
read = ["mine", "partner"]
[provides]
hooks = ["prompts", "analyses"]
"""
GOOD = """
from couplejournal.plugins import JournalPlugin, Prompt, Analysis, AnalysisResult, Table
class Apart(JournalPlugin):
    def prompts(self, request):
        yield Prompt(id="one", text=f"What now? {request.now.isoformat()} {request.language}")
    def analyses(self):
        return [Analysis(id="all", title="All", run=everything)]
def everything(request):
    rows = [(entry.id, entry.kind, entry.content.text, entry.state, str(entry.happened_at), len(entry.refs),
             entry.precision) for entry in request.view.entries()]
    rows += [(each.id, type(each.content).__name__, "", "", "", 0, "") for one in request.view.entries(kind="bid")
             for each in request.view.thread(one.id)]
    return AnalysisResult(headline=str(request.zone), tables=(Table(title="t", columns=tuple("abcdefg"), rows=rows),))
"""
BAD = """
from couplejournal.plugins import JournalPlugin, Prompt
class Apart(JournalPlugin):
    def prompts(self, request):
        BODY
        return [Prompt(id="late", text="Still here")]
"""
ENDLESS = "took more than"
GARBAGE = """import os
        for number in range(3, 20):
            try: os.write(number, b'x' * 64)
            except OSError: pass
        os._exit(0)"""
MISBEHAVIOUR = {
    "raises": ("raise ValueError('my secret words')", "ValueError at __init__.py:5"),
    "exits": ("import sys; sys.exit(0)", "SystemExit at __init__.py:5"),
    "exits hard": ("import os; os._exit(0)", "gave no answer"),
    "loops": ("while True: pass", ENDLESS),
    "sleeps": ("import time; time.sleep(60)", ENDLESS),
    "nonsense": ("return object()", "TypeError at workerdata.py"),
    "wrong type": ("return ['a']", "answered with str"),
    "a gigabyte": ("return [Prompt(id=f'a{n}', text='x' * 2000) for n in range(20000)]", "answered with more than"),
    "writes garbage": (GARBAGE, "answered with more than"),
    "much memory": ("x = b'x' * (4 << 30)\n        return x", "MemoryError"),
    "deep": ("x = []\n        for n in range(100000): x = [x]\n        return x", "RecursionError"),
}  # fmt: skip


def package(folder: Path, code: str, tier: str = "isolated") -> Path:
    """Write a package, and return its folder."""
    made = folder / "apart_plugin"
    made.mkdir(parents=True, exist_ok=True)
    (made / "couplejournal.toml").write_text(MANIFEST.replace("TIER", tier), "utf-8")
    (made / "__init__.py").write_text(code, "utf-8")
    return made


def worker(folder: Path, *, seconds: float = 20, hidden: tuple[Path, ...] = ()) -> Worker:
    """Return where the plugin of these tests runs."""
    return Worker(folder=folder, package="apart_plugin", target="apart_plugin:Apart", seconds=seconds, hidden=hidden)


def hosted(folder: Path, tmp_path: Path, reported: list[str], tier: str = "isolated") -> PluginHost:
    """Return a host that runs the plugin as the lock of a home says."""
    home, disk = Home.locate(tmp_path / "home", {}), RealDisk()
    manifest = read_manifest((folder / "couplejournal.toml").read_bytes())
    found = Found(manifest=manifest, distribution="apart", version="1", package="apart_plugin", path=str(folder))
    writing = Writing()
    told = fixed(f"entry {writing.add('ana', PluginNotice('apart', read=('mine', 'partner')))}", 32).hex()
    locked = msgspec.structs.replace(found.locked(digests_of(folder, disk)), notice=told)
    write_lock(home.plugins_lock_path, [locked], disk)
    bid = writing.add("ana", Bid("a song", what="music", tags=("evening",)))
    writing.add("ben", Response.toward("gladly"), to=bid)
    return PluginHost.of(
        Viewed(view_of(writing.drafts)), home=home, bundled=Bundled(tmp_path / "none", disk), report=reported.append,
        system=FixedSystem(), failures=Failures(), zone=NOW.tzinfo,
    )  # fmt: skip


def test_the_same_in_a_worker_as_in_process(tmp_path: Path) -> None:
    """Prompts and an analysis over words, states, threads and times are equal, and nothing was reported."""
    found = []
    for tier in ("trusted", "isolated"):
        reported: list[str] = []
        host = hosted(package(tmp_path, GOOD, tier), tmp_path, reported)
        found.append((host.prompts(language="de"), host.analyze(language="de")))
        assert reported == []
        sys.modules.pop("apart_plugin", None)
    assert found[0] == found[1]
    (analysis,) = found[1][1]
    assert analysis.result is not None
    assert len(analysis.result.tables[0].rows) == 4


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_misbehaviour_ends_and_is_named(name: str, tmp_path: Path) -> None:
    """The worker's end is told by the kind and the place of the error, never by its text, and in time."""
    body, told = MISBEHAVIOUR[name]
    folder = package(tmp_path, BAD.replace("BODY", body))
    begun = time.monotonic()
    if name == "wrong type":
        assert list(map(str, plugin_in(worker(folder), ("prompts",)).prompts(request()))) == [
            "a"
        ]  # refused by whoever asks the hook
        return
    if name == "much memory" and sys.platform != "linux":
        pytest.skip("only Linux holds a process to its memory")
    with pytest.raises(WorkerError, match=told) as caught:
        plugin_in(worker(folder, seconds=2 if told == ENDLESS else 20), ("prompts",)).prompts(request())
    assert "secret" not in str(caught.value)
    assert time.monotonic() - begun < 30


def request() -> PromptRequest:
    """Return a request for questions."""
    assert NOW.tzinfo is not None
    return PromptRequest(now=NOW, zone=NOW.tzinfo)


@pytest.mark.parametrize("tier", ["isolated", "trusted"])
@pytest.mark.parametrize(
    "body", ["raise ValueError('my secret words')", "raise SystemExit(3)", "return ['nonsense']", "return 3"]
)
def test_a_host_names_it_and_goes_on(tier: str, body: str, tmp_path: Path) -> None:
    """In both tiers the host gives what the others gave, and one line names plugin and hook."""
    reported: list[str] = []
    host = hosted(package(tmp_path, BAD.replace("BODY", body), tier), tmp_path, reported)
    assert host.prompts() == ()
    sys.modules.pop("apart_plugin", None)
    assert len(reported) == 1
    assert reported[0].startswith("plugin apart failed in prompts: ")
    assert "secret" not in reported[0]


def test_it_runs_the_files_of_the_lock_alone(tmp_path: Path) -> None:
    """What Python compiled before, of the same size and age as the source, is not run in its place."""
    folder = package(tmp_path, BAD.replace("BODY", "pass"))
    source = folder / "__init__.py"
    other = source.read_text("utf-8").replace("Still here", "From cache")
    planted = tmp_path / "other.py"
    planted.write_text(other, "utf-8")
    times = source.stat().st_atime_ns, source.stat().st_mtime_ns
    os.utime(planted, ns=times)
    py_compile.compile(str(planted), cfile=cache_from_source(str(source)), doraise=True)
    (found,) = plugin_in(worker(folder), ("prompts",)).prompts(request())
    assert found.text == "Still here"


def test_it_prints_into_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What a plugin prints reaches neither the terminal nor its answer, however much it is."""
    body = "import os, sys\n        for n in range(2000): print('x' * 100000); os.write(2, b'y' * 100000)"
    (found,) = plugin_in(worker(package(tmp_path, BAD.replace("BODY", body))), ("prompts",)).prompts(request())
    assert found.text == "Still here"
    assert capfd.readouterr() == ("", "")


def test_it_has_nothing_to_begin_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, no keys, an empty folder, and of all that is installed only what the values need."""
    monkeypatch.setenv("COUPLEJOURNAL_PASSPHRASE", "secret")
    body = (
        "import os, sys\n"
        "        told = [list(os.environ), os.listdir('.')]\n"
        "        for name in ('click', 'cryptography', 'pluggy', 'pytest', 'watchdog'):\n"
        "            try: __import__(name); told.append(name)\n"
        "            except ImportError: pass\n"
        "        told.append([name for name in sys.modules if 'seal' in name or 'keystore' in name])\n"
        "        return [Prompt(id='x', text=repr(told))]"
    )
    (found,) = plugin_in(worker(package(tmp_path, BAD.replace("BODY", body))), ("prompts",)).prompts(request())
    assert found.text in ("[[], [], []]", "[['LC_CTYPE'], [], []]")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_what_it_starts_ends_with_it(tmp_path: Path) -> None:
    """A plugin that forks without end, or leaves a process behind in a session of its own, keeps nobody waiting."""
    body = (
        "import os, time\n"
        "        try: child = os.fork()\n"
        "        except OSError: return [Prompt(id='x', text='no fork')]\n"
        "        if child == 0:\n            os.setsid()\n            time.sleep(600)\n            os._exit(0)\n"
        "        os._exit(0)"
    )
    begun = time.monotonic()
    asked = plugin_in(worker(package(tmp_path, BAD.replace("BODY", body)), seconds=5), ("prompts",))
    with contextlib.suppress(WorkerError):  # it went away without an answer
        assert [each.text for each in asked.prompts(request())] == ["no fork"]
    assert time.monotonic() - begun < 20


def test_values_travel_and_come_back() -> None:
    """A view, its entries, one entry, a draft and times are equal after the way through JSON."""
    writing = Writing()
    bid = writing.add("ana", attrs.evolve(Bid("a song", tags=("x",)), extra={"later": b"\0", "more": [1, {"a": []}]}))
    writing.add("ben", Response.away(), to=bid)
    view = cut(view_of(writing.drafts), Permissions(read=("mine", "partner")), "mine")
    back = view_from(json.loads(json.dumps(view_data(view))))
    assert list(back.entries()) == list(view.entries())
    assert (back.me, back.people, back.zone) == (view.me, view.people, view.zone)
    whole = RenderRequest(entry=next(view.entries()), zone=UTC)
    assert from_data(json.loads(json.dumps(to_data(whole)))) == whole
    for value in (
        NOW,
        b"\0x",
        Prompt(id="a", text="b"),
        Draft(kind="note", fields={"a": [1, {"$": 2}]}, happened_at=NOW),
    ):
        assert from_data(json.loads(json.dumps(to_data(value)))) == value


@pytest.mark.parametrize(
    "data", [{"$": "os"}, {"$": "Prompt", "fields": {"id": 3}}, {"x": 1}, {"$": "Found", "fields": {}}]
)
def test_odd_answers_become_nothing(data: object) -> None:
    """What a worker made up is no value."""
    with pytest.raises(Exception):  # noqa: B017, PT011 - of any kind: the caller guards
        from_data(data)
