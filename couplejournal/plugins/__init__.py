"""What a plugin is made of, and what runs it.

Beside the eight stages, after `journal` and before `cli`. A plugin adds questions and analyses (more later, on the same
class); it never touches keys, pairing, the format or sync, and it can never lose or change an entry. The rules a reader
may rely on: installed is not turned on; nothing in the shared folder can turn code on; a failing plugin never stops the
others; private entries never feed a shared result; pluggy shows in no public signature.

For authors: `JournalPlugin`, `Prompt`, `PromptRequest`, `Analysis`, `AnalysisRequest`, `AnalysisResult` with its parts,
and the values that a view hands out. For programs: `host`, `PluginHost`, `enable`, `disable`, `available`, `enabled`.

Every name is loaded on first use, since start-up must not pay for pluggy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from couplejournal.model.entry import Author, Entry
    from couplejournal.plugins.author import Analysis, AnalysisRequest, JournalPlugin, Prompt, PromptRequest, Scope
    from couplejournal.plugins.hosting import Analyzed, PluginHost, PluginState, host
    from couplejournal.plugins.lock import LockedPlugin
    from couplejournal.plugins.manifest import Manifest
    from couplejournal.plugins.result import CAVEAT, AnalysisResult, Band, Mark, Point, Series, Table
    from couplejournal.plugins.switch import Enabled, available, disable, enable, enabled
    from couplejournal.view import JournalView

__all__ = [
    "CAVEAT",
    "Analysis",
    "AnalysisRequest",
    "AnalysisResult",
    "Analyzed",
    "Author",
    "Band",
    "Enabled",
    "Entry",
    "JournalPlugin",
    "JournalView",
    "LockedPlugin",
    "Manifest",
    "Mark",
    "PluginHost",
    "PluginState",
    "Point",
    "Prompt",
    "PromptRequest",
    "Scope",
    "Series",
    "Table",
    "available",
    "disable",
    "enable",
    "enabled",
    "host",
]

_HOME_OF: Final = {
    **dict.fromkeys(("Author", "Entry"), "couplejournal.model.entry"),
    **dict.fromkeys(
        ("Analysis", "AnalysisRequest", "JournalPlugin", "Prompt", "PromptRequest", "Scope"),
        "couplejournal.plugins.author",
    ),
    **dict.fromkeys(("Analyzed", "PluginHost", "PluginState", "host"), "couplejournal.plugins.hosting"),
    "LockedPlugin": "couplejournal.plugins.lock",
    "Manifest": "couplejournal.plugins.manifest",
    **dict.fromkeys(
        ("CAVEAT", "AnalysisResult", "Band", "Mark", "Point", "Series", "Table"), "couplejournal.plugins.result"
    ),
    **dict.fromkeys(("Enabled", "available", "disable", "enable", "enabled"), "couplejournal.plugins.switch"),
    "JournalView": "couplejournal.view",
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
