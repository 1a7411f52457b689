"""What plugins are told of, and the commands that trusted ones bring: the hooks that give no value of their own."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from couplejournal.plugins.calls import ANSWER_LIMIT, WrongAnswerError
from couplejournal.plugins.events import EntryEvent, SyncEvent
from couplejournal.plugins.hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EVENT_ENTRIES: Final = 500

Gained = TypeVar("Gained")


class Telling(Hooks):
    """Tell plugins what happened, and fetch their commands, each call behind the same guard as every hook."""

    def commands(self, plugin_id: str) -> tuple[object, ...]:
        """Return what a plugin gives as commands; only who knows click can tell whether they are."""
        function = dict(self._calls.having("commands")).get(plugin_id)
        found = None if function is None else self.attempt(plugin_id, "commands", lambda: _several(function()))
        return () if found is None else found

    def attempt(self, plugin_id: str, place: str, act: Callable[[], Gained]) -> Gained | None:
        """Return what an act of a plugin returns, or None where it failed, which is reported like a hook's failure."""
        return self._calls.attempt(plugin_id, place, act)

    def tell(self, plugin_id: str, hook: str, ids: Iterable[str]) -> None:
        """Tell a plugin that something happened to these entries: in batches, and only of what it may read."""
        whole = self._source.view()
        now, zone = self._moment(whole.zone)
        readable = {entry.id: entry for entry in self._cut(whole, plugin_id, "mine").entries()}
        found = tuple(readable[one] for one in dict.fromkeys(ids) if one in readable)
        for at in range(0, len(found), EVENT_ENTRIES):
            event = EntryEvent(entries=found[at : at + EVENT_ENTRIES], now=now, zone=zone)
            self._calls.tell(plugin_id, hook, event)

    def tell_synced(self, plugin_id: str, drive: str, *, is_finished: bool) -> None:
        """Tell a plugin that this device exchanged with the shared folder; ``drive`` as a report has it."""
        now, zone = self._moment(None)
        how: Literal["ok", "none", "trouble"] = "ok" if drive == "ok" else "none" if drive == "none" else "trouble"
        event = SyncEvent(drive=how, is_finished=is_finished, now=now, zone=zone)
        self._calls.tell(plugin_id, "on_synced", event)


def _several(found: Iterable[object]) -> tuple[object, ...]:
    several = tuple(islice(iter(found), ANSWER_LIMIT + 1))
    if len(several) > ANSWER_LIMIT:
        raise WrongAnswerError(f"answered with more than {ANSWER_LIMIT:,} values")
    if not all(hasattr(one, "make_context") for one in several):
        raise WrongAnswerError("answered with something else than commands")
    return several
