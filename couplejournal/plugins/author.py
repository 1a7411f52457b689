"""The class that a plugin overrides: every hook of this level, with its signature.

Hooks are pure functions over frozen data, so that the same plugin gives the same answer wherever it runs. None can
change or lose an entry: what is given is read-only, what comes back is offered, and people decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from click import Command

    from couplejournal.plugins.events import EntryEvent, SyncEvent
    from couplejournal.plugins.kinds import Kind
    from couplejournal.plugins.result import JSON
    from couplejournal.plugins.values import (
        Analysis,
        ChoosePrompt,
        Draft,
        Exercise,
        Exporter,
        Importer,
        Notice,
        Prompt,
        PromptId,
        PromptRequest,
        Reminder,
        ReminderRequest,
        Rendered,
        RenderRequest,
    )

API_LEVEL: Final = 1
"""The level of the hooks below; a manifest names the one that it was written for."""

OLDEST_LEVEL: Final = max(1, API_LEVEL - 1)
"""The oldest level that is still understood: the one before this (docs/reference/compatibility.md)."""


class JournalPlugin:
    """Derive from this and override the hooks you need; no decorators, no registration.

    The class is made without arguments when a program first needs it. A hook that gives several values may be a
    generator.
    """

    def kinds(self) -> Iterable[Kind]:
        """Declare kinds of entries, as data; called when the plugin is turned on, and kept until it is turned off."""
        return ()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer questions in the asked language, or in English; called each time somebody wants one."""
        del request
        return ()

    def choose_prompt(self, request: ChoosePrompt) -> PromptId | None:
        """Choose the question of the day among all that are offered, or None to leave it to others."""
        del request
        return None

    def exercises(self) -> Iterable[Exercise]:
        """Offer exercises: steps with timers, each of which can be left with "not now"."""
        return ()

    def analyses(self) -> Iterable[Analysis]:
        """List the analyses that this plugin can run."""
        return ()

    def importers(self) -> Iterable[Importer]:
        """List the formats that this plugin can read entries from."""
        return ()

    def exporters(self) -> Iterable[Exporter]:
        """List the formats that this plugin can write entries in."""
        return ()

    def render(self, request: RenderRequest) -> Rendered | None:
        """Show one entry as blocks of text, or None to leave it to others; a kind's own plugin is asked first."""
        del request
        return None

    def check_draft(self, draft: Draft) -> Iterable[Notice]:
        """Say something about what its author just wrote; it is saved, and stays whatever is said."""
        del draft
        return ()

    def reminders(self, request: ReminderRequest) -> Iterable[Reminder]:
        """Offer reminders for this person on this device; nobody else hears of them."""
        del request
        return ()

    def commands(self) -> Iterable[Command]:
        """List commands of its own, run as ``couplejournal x ID NAME``; for the trusted tier alone."""
        return ()

    def on_entry_added(self, event: EntryEvent) -> None:
        """Hear of entries that came, of one's own and the other's; at the next sync, never while one is saved."""
        del event

    def on_entry_revised(self, event: EntryEvent) -> None:
        """Hear of entries that have another text now, or came from the private into the shared journal."""
        del event

    def on_opened(self, event: EntryEvent) -> None:
        """Hear of sealed answers that came to light on both sides."""
        del event

    def on_conflict(self, event: EntryEvent) -> None:
        """Hear of entries that have two current versions now, in ``content`` and ``conflict``."""
        del event

    def on_synced(self, event: SyncEvent) -> None:
        """Hear that this device exchanged with the shared folder."""
        del event

    def diagnostics(self) -> Mapping[str, JSON]:
        """Tell how the plugin is, for `doctor`: numbers and versions, never a word of the journal."""
        return {}


HOOKS: Final = tuple(name for name in vars(JournalPlugin) if not name.startswith("_"))
"""The hooks of `JournalPlugin` at this level."""
