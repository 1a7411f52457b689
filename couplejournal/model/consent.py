"""What the two say to each other about plugins of others: that one is on, and whether any may read one's words.

Both are entries like any other: signed, synced, exported, revised and taken back by their author alone. They hold no
word of another entry. What follows from them is decided above (`couplejournal.plugins.consent`), by an honest program:
no key depends on it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

import attrs

from couplejournal.errors import InvalidEntryError
from couplejournal.model.content import Content
from couplejournal.model.lifecycle import Lifecycle, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLUGIN_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _as_tuple(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


@attrs.frozen
class PluginNotice(Content):
    """Say that its author turned a plugin of somebody else on, which reads what the other wrote.

    ``read``, ``kinds`` and ``network`` are the plugin's permissions, ``tier`` is how it runs; the text is for people.
    """

    kind: ClassVar[str] = "notice"
    needs_text: ClassVar[bool] = False

    plugin: str
    text: str = ""
    summary: str = attrs.field(default="", kw_only=True)
    tier: str = attrs.field(default="", kw_only=True)
    read: tuple[str, ...] = attrs.field(default=(), converter=_as_tuple, kw_only=True)
    kinds: tuple[str, ...] = attrs.field(default=(), converter=_as_tuple, kw_only=True)
    network: tuple[str, ...] = attrs.field(default=(), converter=_as_tuple, kw_only=True)

    def require_own(self) -> None:
        """Refuse a name that no plugin has.

        Raises:
            InvalidEntryError: it is none.
        """
        if not _PLUGIN_ID.fullmatch(self.plugin):
            raise InvalidEntryError("a notice names a plugin: small letters, digits and underscores, at most 40")


@attrs.frozen
class PartnerWords(Content):
    """Say whether plugins of others, on the partner's devices, may read what its author writes; the text is in words.

    A person's word is no as long as any version of any such entry of theirs says so that no later one replaced: of a
    yes and a no that did not know each other the no holds, whatever the clocks say.
    """

    kind: ClassVar[str] = "partner-words"
    needs_text: ClassVar[bool] = False

    may_read: bool
    text: str = ""


NOTICE_LIFECYCLE: Final = Lifecycle("on", (Transition("on", "off", "off", "author"),))
