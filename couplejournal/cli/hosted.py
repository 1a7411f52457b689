"""Where the commands meet plugins: only those are loaded that a command asks, and none of them can stop it.

Which plugins have which hooks stands in the one file that start-up reads anyway. What a plugin says goes to stderr or
through the same cleaning as everything that somebody wrote.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NoReturn

from couplejournal.cli.rendering import clean, clean_line, talk
from couplejournal.cli.settings import current, language
from couplejournal.errors import CouplejournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from couplejournal.journal import Journal
    from couplejournal.model.content import Content
    from couplejournal.model.entry import Entry
    from couplejournal.plugins import LockedPlugin, PluginHost
    from couplejournal.plugins.hooks import ViewSource
    from couplejournal.store.home import Home
    from couplejournal.sync.report import SyncReport
    from couplejournal.view import JournalView

RENDERING_S: Final = 3.0
"""How long a listing waits for plugins that show entries; the rest is shown plainly."""


class NoView:
    """Stands where a journal would: what needs no entry is asked without opening one, so without a passphrase."""

    def view(self) -> NoReturn:
        """Refuse.

        Raises:
            AssertionError: always.
        """
        raise AssertionError("this needs no view")


def home() -> Home:
    """Return the home of this device."""
    from couplejournal.store.home import Home

    return Home.locate(None, os.environ)


def has_lock() -> bool:
    """Return whether a plugin was ever turned on here; nothing of plugins is loaded to know that."""
    from couplejournal.disk import RealDisk

    path = home().plugins_lock_path
    try:
        return any(listed.name == path.name for listed in RealDisk().list(path.parent))
    except CouplejournalError:
        return False


def plugins_with(*hooks: str) -> tuple[LockedPlugin, ...]:
    """Return the plugins that are on and may have one of these hooks; a file that cannot be read names none.

    What is wrong with it is for `plugins` and `doctor` to say: no entry is lost or hidden for it.
    """
    if not has_lock():
        return ()
    from couplejournal.disk import RealDisk
    from couplejournal.plugins.lock import read_lock

    try:
        return tuple(plugin for plugin in read_lock(home().plugins_lock_path, RealDisk()) if plugin.has(*hooks))
    except CouplejournalError:
        return ()


def hosting(
    source: ViewSource,
    *hooks: str,
    plugins: Iterable[str] | None = None,
    report: Callable[[str], None] | None = None,
) -> PluginHost:
    """Host the plugins that are on and have one of these hooks (of ``plugins`` alone, where ids are given).

    Raises:
        PluginError: ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed.
    """
    from couplejournal.plugins.hosting import PluginHost
    from couplejournal.plugins.recording import renew_bundled

    ids = None if plugins is None else frozenset(plugins)

    def is_wanted(plugin: LockedPlugin) -> bool:
        return plugin.has(*hooks) and (ids is None or plugin.id in ids)

    renew_bundled(home=home())
    host = PluginHost.of(source, home=home(), report=report or _say_once, wanted=is_wanted)
    if report is None:  # whoever takes the reports lives on, and a failure is no end for it
        current().hosts.append(host)
    return host


def _say_once(line: str) -> None:
    """Say what a plugin did wrong, each thing once in a command, however many times plugins are asked in it."""
    said = current().said
    if line not in said:
        said.add(line)
        talk(clean_line(f"couplejournal: {line}"))


def say_notices(source: ViewSource, content: Content, happened_at: datetime | None = None) -> None:
    """Say what plugins have to say about what was just saved. Nothing is asked, and it stays whatever they say."""
    if not plugins_with("check_draft"):
        return
    from couplejournal.plugins.drafts import draft_of

    try:
        told = hosting(source, "check_draft").check_draft(draft_of(content, happened_at))
    except CouplejournalError as error:  # what somebody wrote is saved whatever becomes of plugins
        talk(clean_line(str(error)))
        return
    for plugin_id, notice in told:
        talk(f"{clean_line(plugin_id)}: {clean(notice.text)}")


def tell_plugins(
    journal: Journal, report: SyncReport | None = None, *, say: Callable[[str], None] | None = None
) -> None:
    """Tell plugins what came since they were last told; whatever becomes of that is said, and changes nothing."""
    if not has_lock():
        return
    from couplejournal.plugins.delivering import tell_plugins as tell
    from couplejournal.plugins.events import EVENTS

    try:
        tell(journal, report, lambda ids: hosting(journal, *EVENTS, plugins=ids, report=say))
    except CouplejournalError as error:
        (say or talk)(clean_line(str(error)))


class Renderer:
    """Shows entries of kinds that plugins brought as those plugins show them, as long as that is quick."""

    def __init__(self, source: ViewSource, view: JournalView, *, is_whole: bool) -> None:
        """Load nothing yet."""
        self._source = source
        self._view = view
        self._is_whole = is_whole
        self._owners: dict[str, str] | None = None
        self._host: PluginHost | None = None
        self._left_s = RENDERING_S

    def __call__(self, entry: Entry) -> tuple[str, ...] | None:
        """Return an entry as blocks of text, None for the plain rendering."""
        from couplejournal.model.kinds import core_kinds

        if entry.kind in core_kinds():
            return None
        if self._owners is None:
            self._owners = {str(kind.get("name")): one.id for one in plugins_with("render") for kind in one.kinds}
        owner = self._owners.get(entry.kind)
        if owner is None or self._left_s <= 0:
            return None
        from couplejournal.system import RealSystem

        if self._host is None:
            try:
                self._host = hosting(self._source, "render", plugins=set(self._owners.values()))
            except CouplejournalError as error:  # what was written is shown whatever becomes of plugins
                talk(clean_line(str(error)))
                self._left_s = 0.0
                return None
        clock = RealSystem().monotonic
        begun = clock()
        found = self._host.render(
            entry, language=language(), is_whole=self._is_whole, kinds=self._view.kinds, owner=owner
        )
        self._left_s -= clock() - begun
        if self._left_s <= 0:
            talk(f"plugin {clean_line(owner)} takes long; what comes below is shown plainly")
        return None if found is None else found.blocks
