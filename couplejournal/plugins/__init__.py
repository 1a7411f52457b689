"""What a plugin is made of, and what runs it.

Beside the eight stages, after `journal` and before `cli`. A plugin adds kinds, questions, exercises, analyses and
formats; it never touches keys, pairing, the format or sync, and it can never lose or change an entry. What a reader may
rely on: installed is not turned on; nothing in the shared folder can turn code on; a failing plugin never stops the
others; private entries never feed a shared result; pluggy shows in no public signature.

For authors: `JournalPlugin` and the values of its hooks, and the values that a view hands out. For programs: `host`,
`PluginHost`, `enable`, `disable`, `available`, `enabled`.

Every name is loaded on first use, since start-up must not pay for pluggy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from couplejournal.model.entry import Author, Entry
    from couplejournal.model.lifecycle import Lifecycle, Transition
    from couplejournal.plugins.author import JournalPlugin
    from couplejournal.plugins.consent import say_partner_words
    from couplejournal.plugins.events import EntryEvent, SyncEvent
    from couplejournal.plugins.hooks import Analyzed
    from couplejournal.plugins.hosting import PluginHost, PluginState, host
    from couplejournal.plugins.kinds import Field, Kind
    from couplejournal.plugins.lock import LockedPlugin
    from couplejournal.plugins.manifest import Manifest, Permissions
    from couplejournal.plugins.packsplugin import PackPlugin
    from couplejournal.plugins.recording import enable, tell_partner, tell_partner_off
    from couplejournal.plugins.result import CAVEAT, JSON, AnalysisResult, Band, Mark, Point, Series, Table
    from couplejournal.plugins.switch import Enabled, available, disable, enabled
    from couplejournal.plugins.values import (
        Analysis,
        AnalysisRequest,
        ChoosePrompt,
        Draft,
        Exercise,
        ExerciseStep,
        Exporter,
        ExportRequest,
        Importer,
        ImportRequest,
        Notice,
        Prompt,
        PromptId,
        PromptRequest,
        Reminder,
        ReminderRequest,
        Rendered,
        RenderRequest,
        Scope,
    )
    from couplejournal.plugins.views import EntryView
    from couplejournal.view import JournalView

__all__ = [
    "CAVEAT",
    "JSON",
    "Analysis",
    "AnalysisRequest",
    "AnalysisResult",
    "Analyzed",
    "Author",
    "Band",
    "ChoosePrompt",
    "Draft",
    "Enabled",
    "Entry",
    "EntryEvent",
    "EntryView",
    "Exercise",
    "ExerciseStep",
    "ExportRequest",
    "Exporter",
    "Field",
    "ImportRequest",
    "Importer",
    "JournalPlugin",
    "JournalView",
    "Kind",
    "Lifecycle",
    "LockedPlugin",
    "Manifest",
    "Mark",
    "Notice",
    "PackPlugin",
    "Permissions",
    "PluginHost",
    "PluginState",
    "Point",
    "Prompt",
    "PromptId",
    "PromptRequest",
    "Reminder",
    "ReminderRequest",
    "RenderRequest",
    "Rendered",
    "Scope",
    "Series",
    "SyncEvent",
    "Table",
    "Transition",
    "available",
    "disable",
    "enable",
    "enabled",
    "host",
    "say_partner_words",
    "tell_partner",
    "tell_partner_off",
]

_HOME_OF: Final = {
    name: module
    for module, names in {
        "couplejournal.model.entry": (
            "Author",
            "Entry",
        ),
        "couplejournal.model.lifecycle": (
            "Lifecycle",
            "Transition",
        ),
        "couplejournal.plugins.author": ("JournalPlugin",),
        "couplejournal.plugins.consent": ("say_partner_words",),
        "couplejournal.plugins.events": (
            "EntryEvent",
            "SyncEvent",
        ),
        "couplejournal.plugins.hooks": ("Analyzed",),
        "couplejournal.plugins.hosting": (
            "PluginHost",
            "PluginState",
            "host",
        ),
        "couplejournal.plugins.kinds": (
            "Field",
            "Kind",
        ),
        "couplejournal.plugins.lock": ("LockedPlugin",),
        "couplejournal.plugins.manifest": (
            "Manifest",
            "Permissions",
        ),
        "couplejournal.plugins.packsplugin": ("PackPlugin",),
        "couplejournal.plugins.recording": ("enable", "tell_partner", "tell_partner_off"),
        "couplejournal.plugins.result": (
            "CAVEAT",
            "JSON",
            "AnalysisResult",
            "Band",
            "Mark",
            "Point",
            "Series",
            "Table",
        ),
        "couplejournal.plugins.switch": (
            "Enabled",
            "available",
            "disable",
            "enabled",
        ),
        "couplejournal.plugins.values": (
            "Analysis",
            "AnalysisRequest",
            "ChoosePrompt",
            "Draft",
            "Exercise",
            "ExerciseStep",
            "ExportRequest",
            "Exporter",
            "ImportRequest",
            "Importer",
            "Notice",
            "Prompt",
            "PromptId",
            "PromptRequest",
            "Reminder",
            "ReminderRequest",
            "RenderRequest",
            "Rendered",
            "Scope",
        ),
        "couplejournal.plugins.views": ("EntryView",),
        "couplejournal.view": ("JournalView",),
    }.items()
    for name in names
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for.

    Raises:
        AttributeError: there is no such name.
    """
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
