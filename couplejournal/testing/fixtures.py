"""Fixtures for authors of plugins: ``pytest_plugins = ["couplejournal.testing.fixtures"]`` in conftest.py brings them.

A test asks for what it needs by name: `clock`, `journal`, `pair`, `cli`, `plugin_host`. Override `plugin`, and the
journals know the kinds that it declares. Nothing leaves the folder of the test, and no time passes by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from couplejournal.plugins.author import JournalPlugin
from couplejournal.testing.command import CommandLine
from couplejournal.testing.couples import Couple
from couplejournal.testing.hosts import plugin_host as hosted

if TYPE_CHECKING:
    from couplejournal.journal import Journal
    from couplejournal.plugins.hosting import PluginHost
    from couplejournal.testing.clocks import FakeSystem

__all__ = ["cli", "clock", "journal", "pair", "plugin", "plugin_host"]


@pytest.fixture
def plugin() -> JournalPlugin:
    """Return a plugin that does nothing; override this fixture to return your own."""
    return JournalPlugin()


@pytest.fixture
def pair(tmp_path: Path, plugin: JournalPlugin) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal, each on an own device; ``pair.sync()`` brings both up to date."""
    couple = Couple(tmp_path / "couple", kinds=plugin.kinds())
    couple.pair(couple.start("Ana"), couple.start("Ben"))
    yield couple
    couple.close()


@pytest.fixture
def journal(pair: Couple) -> Journal:
    """Return Ana's journal."""
    return pair.journals[0]


@pytest.fixture
def clock(pair: Couple) -> FakeSystem:
    """Return the clock of Ana's device, which `plugin_host` asks, too: ``advance``, ``jump`` and ``set_to`` move it."""
    return pair.systems[0]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Return the command line of one more person, with a journal: ``cli("log").out`` is what it prints."""
    run = CommandLine(tmp_path / "cli", monkeypatch)
    assert run("init", "--name", "Cleo", "--no-passphrase").code == 0
    return run


@pytest.fixture
def plugin_host(journal: Journal, clock: FakeSystem) -> Callable[..., PluginHost]:
    """Return what hosts a plugin: ``plugin_host(plugin, permissions=…, mode="worker")``.

    See `couplejournal.testing.plugin_host`; it reads Ana's journal unless it is given another source or a view.
    """

    def host(plugin: JournalPlugin, source: object = None, **options: object) -> PluginHost:
        return hosted(plugin, journal if source is None else source, **{"system": clock, **options})  # type: ignore[arg-type]

    return host
