"""What the screen, `doctor` and the docs say that this machine enforces is so: tried from inside, and listed alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from unit.plugins.test_worker import BAD, package, request, worker

from couplejournal.plugins.calls import WorkerError
from couplejournal.plugins.enforced import ALWAYS, AS_ROOT, IN_PROCESS, NEVER, TRIED, in_a_worker, of_tier
from couplejournal.plugins.lock import LockedPlugin
from couplejournal.plugins.manifest import Manifest, Permissions
from couplejournal.plugins.permissions import screen
from couplejournal.plugins.switch import Offered
from couplejournal.plugins.worker import plugin_in

if TYPE_CHECKING:
    from typing import Literal

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "plugins.md"


def tried(tmp_path: Path) -> set[str]:
    """Return what a plugin could do in a worker, by the names that the screen has for it."""
    secret, others = tmp_path / "config", tmp_path / "others"
    secret.mkdir()
    others.mkdir()
    for place in (secret, others):
        (place / "file").write_bytes(b"sealed")
    body = (
        "import errno, os, socket\n"
        "        told = []\n"
        f"        if os.path.exists({str(secret / 'file')!r}): told.append('journal')\n"
        f"        if open({str(others / 'file')!r}).read(): told.append('reading')\n"
        f"        os.rename({str(others / 'file')!r}, {str(others / 'moved')!r})\n"
        f"        os.remove({str(others / 'moved')!r}); told.append('removing')\n"
        "        try: socket.create_connection(('127.0.0.1', 9), 2)\n"
        "        except OSError as error:\n"
        "            if error.errno != errno.ENETUNREACH: told.append('network')\n"
        f"        try:\n            with open({str(tmp_path / 'made')!r}, 'w') as file: file.write('x')\n"
        "            told.append('writing')\n"
        "        except OSError: pass\n"
        "        try:\n"
        "            if os.fork() == 0: os._exit(0)\n"
        "            told.append('processes')\n"
        "        except (AttributeError, OSError): pass\n"
        "        if os.environ.keys() - {'LC_CTYPE', 'SYSTEMROOT'}: told.append('keys')\n"
        "        return [Prompt(id='x', text=' '.join(told) or 'nothing')]"
    )
    asked = plugin_in(worker(package(tmp_path, BAD.replace("BODY", body)), hidden=(secret,)), ("prompts",))
    (found,) = asked.prompts(request())
    return set(found.text.split()) - {"nothing"}


def test_each_name_is_so_on_this_machine(tmp_path: Path) -> None:
    """What is called enforced cannot be done from inside, and what is called open can: network, files, processes."""
    here, can = in_a_worker(), tried(tmp_path)
    names = {"journal", "network", "writing", "processes", "reading", "removing", "keys"}
    assert can == names & set(here.open)
    assert names - can == names & set(here.kept)


@pytest.mark.skipif("memory" not in in_a_worker().kept, reason="this system holds nobody to so much memory")
def test_memory_is_held(tmp_path: Path) -> None:
    """Where memory is called enforced, asking for 4 GiB ends the call."""
    body = "return [Prompt(id='x', text=str(len(bytes(4 << 30))))]"
    with pytest.raises(WorkerError, match="MemoryError"):
        plugin_in(worker(package(tmp_path, BAD.replace("BODY", body))), ("prompts",)).prompts(request())


def test_root_is_told_what_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the limit on processes does not hold since the person is root, the screen says why."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    told = in_a_worker().open.get("processes", "")
    assert (AS_ROOT in told) == (is_root and "processes" in in_a_worker().open)
    monkeypatch.setattr("couplejournal.plugins.worker.Worker.ask", lambda *_: {})
    in_a_worker.cache_clear()
    nothing = in_a_worker()
    in_a_worker.cache_clear()
    assert (set(nothing.kept), set(nothing.open)) == (set(ALWAYS), {*TRIED, *NEVER})


def test_the_page_lists_the_same_names_and_words() -> None:
    """The table of the reference has each name once, with the words of the screen for both cases."""
    table = PAGE.read_text("utf-8").partition("| name | where it holds |")[2].partition("\n\n")[0]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    words = {name: (kept, "") for name, kept in ALWAYS.items()} | dict(TRIED)
    words |= {name: ("", left) for name, left in NEVER.items()}
    assert {name: (kept, left) for name, kept, left, _ in rows} == words
    assert len(rows) == len(words)
    trusted = PAGE.read_text("utf-8").partition("| name | of a trusted plugin |")[2].partition("\n\n")[0]
    cells = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in trusted.splitlines()[2:]]
    assert dict(cells) == dict(IN_PROCESS) == dict(of_tier("trusted").open)


@pytest.mark.parametrize("tier", ["pack", "isolated", "trusted"])
def test_the_screen_lists_all_of_a_tier(tier: Literal["pack", "isolated", "trusted"]) -> None:
    """Each name of the tier has its line, enforced or not, and there is none besides."""
    manifest = Manifest(id="x", api=1, tier=tier, target="x:X", summary="X.")
    plugin = LockedPlugin(id="x", distribution="o", version="1", files={}, permissions=Permissions(), tier=tier)
    lines = [line for line in screen(Offered(manifest=manifest, plugin=plugin)) if "enforced here: " in line]
    here = of_tier(tier)
    kept = [f"enforced here: {name}: {words}" for name, words in here.kept.items()]
    assert lines == kept + [f"NOT enforced here: {name}: {words}" for name, words in here.open.items()]
