"""What plugins that are on cost a command that asks none of them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from benchmarks.figures import Figures, installed_environment, ms, python

import couplejournal as cj
from couplejournal.disk import RealDisk
from couplejournal.plugins.bundled import digests_of
from couplejournal.plugins.installed import Found
from couplejournal.plugins.kinds import kind_data
from couplejournal.plugins.lock import LockedPlugin, write_lock
from couplejournal.plugins.making import make_plugin
from couplejournal.plugins.manifest import read_manifest
from couplejournal.plugins.packs import read_pack
from couplejournal.store.home import Home

pytestmark = pytest.mark.bench

PLUGINS = 20
ROUNDS = 25
LIMIT_MS = 10


def locked(number: int, folder: Path) -> LockedPlugin:
    """Return a plugin as `plugins new` writes it, as the lock names one that is on: every fourth declares a kind."""
    disk = RealDisk()
    made, _ = make_plugin(f"river_{number}", "isolated", folder, disk)
    package = f"couplejournal_river_{number}"
    manifest = read_manifest((made / package / "couplejournal.toml").read_bytes())
    found = Found(manifest=manifest, distribution="river", version="1", package=package, path=str(made / package))
    one = found.locked(digests_of(made / package, disk))
    if number % 4:
        return one
    pack, _ = make_plugin(f"evening_{number}", "pack", folder, disk)
    [kind] = read_pack((pack / f"evening_{number}.toml").read_bytes()).kinds
    return msgspec.structs.replace(one, kinds=({**kind_data(kind), "name": f"walk-{number}"},))


@pytest.mark.skipif(sys.platform == "win32", reason="no times of processes here")
@pytest.mark.parametrize("args", [("note", "hello", "--no-sync"), ("--help",)], ids=lambda args: args[0])
def test_plugins_that_are_not_asked(args: tuple[str, ...], tmp_path: Path, figures: Figures) -> None:
    """Twenty plugins that are on add at most 10 ms to a command that uses none of them."""
    homes = {count: tmp_path / f"home{count}" for count in (0, PLUGINS)}
    for home in homes.values():
        cj.create("Ana", home=home, passphrase=cj.NO_PASSPHRASE).close()
    lock = Home.locate(homes[PLUGINS], os.environ).plugins_lock_path
    write_lock(lock, [locked(number, tmp_path / "packages") for number in range(PLUGINS)], RealDisk())
    environment = installed_environment(tmp_path / "caches")

    def took(count: int) -> float:
        """Return the time of the processor, since a few milliseconds are less than other programs may take."""
        own = {**environment, "COUPLEJOURNAL_HOME": str(homes[count])}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(python("-m", "couplejournal", *args), env=own, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    for count in homes:
        took(count)
    none, many = (min(times) for times in zip(*((took(0), took(PLUGINS)) for _ in range(ROUNDS)), strict=True))
    name = f"couplejournal {args[0]}, 20 plugins on and not asked"
    figures.require(name, (many - none) * 1000, "ms more", LIMIT_MS, said=f"{ms([many])} against {ms([none])}")


def test_help_imports_no_plugin(tmp_path: Path) -> None:
    """With twenty plugins on, the help of the whole and of plugins opens neither the lock nor a plugin."""
    home = tmp_path / "home"
    cj.create("Ana", home=home, passphrase=cj.NO_PASSPHRASE).close()
    lock = Home.locate(home, os.environ).plugins_lock_path
    write_lock(lock, [locked(number, tmp_path / "packages") for number in range(PLUGINS)], RealDisk())
    code = (
        "import builtins, os, sys; opened = []; sys.addaudithook(lambda name, args: opened.append(str(args[0])) "
        "if name == 'open' else None); sys.argv = ['couplejournal', *sys.argv[1:]]\n"
        "from couplejournal.cli.main import run\n"
        "run()\n"
        "assert not any('plugins.lock' in one or 'couplejournal_river' in one for one in opened), opened\n"
        "assert not any('couplejournal_river' in name or name == 'couplejournal.plugins' for name in sys.modules)\n"
    )
    for args in (("--help",), ("plugins", "--help"), ("--version",)):
        own = {**os.environ, "COUPLEJOURNAL_HOME": str(home)}
        subprocess.run(python("-c", code, *args), env=own, check=True, capture_output=True)
