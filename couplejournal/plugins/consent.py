"""The consent of the person whose words are read: what a plugin of others is given of the partner's words, and why not.

Two things are needed, both entries that the two exchange like any other: this person told the partner of the plugin (a
`PluginNotice`), and the partner did not say no (`PartnerWords`). What came with couplejournal is as trusted as it is,
and needs neither. This is honour and not cryptography: a changed program could ignore both, and the screen says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

from couplejournal.errors import InvalidEntryError, NoSuchEntryError
from couplejournal.model.consent import PartnerWords, PluginNotice
from couplejournal.plugins.lock import DISTRIBUTION

if TYPE_CHECKING:
    from couplejournal.journal import Journal
    from couplejournal.model.entry import Entry
    from couplejournal.plugins.lock import LockedPlugin
    from couplejournal.view import JournalView

ASKED: Final = "Your partner asked that plugins of others do not read their words; this was made without them."
UNTOLD: Final = (
    "Your partner was not told of this plugin, so this was made without their words; "
    "`couplejournal plugins enable {id}` tells them."
)
HONOUR: Final = (
    "a matter of honour: your partner's couplejournal obeys once this has arrived there, a changed program need not; "
    "no cryptography enforces it"
)
MAY_READ: Final = "Plugins of others may read what I write."
MAY_NOT_READ: Final = "I ask that plugins of others do not read what I write."
_SUMMARY_CHARACTERS: Final = 200


@attrs.frozen
class Consent:
    """Say whose words a plugin may be given.

    ``silent`` are the persons (ids) who said no; ``told`` is "all" where the partner of now was told of the plugin,
    "earlier" where only the partner of an earlier journal was, else "nobody".
    """

    silent: frozenset[str] = frozenset()
    told: Literal["all", "earlier", "nobody"] = "all"

    def allows(self, entry: Entry) -> bool:
        """Return whether the words of an entry may be given, as far as whoever wrote them is concerned."""
        if entry.is_mine and not may_be_of_both(entry):
            return True
        is_told = self.told == "all" or (self.told == "earlier" and entry.is_earlier)
        return is_told and (not self.silent if entry.is_mine else entry.author.person not in self.silent)

    def allows_both(self, view: JournalView) -> bool:
        """Return whether the words of both may be given: of both, or of neither."""
        return self.told == "all" and not any(one.person in self.silent for one in view.people if not one.is_me)


FREE: Final = Consent()
"""What came with couplejournal, and what a program hands to a host itself: nobody has to be told or asked."""


def may_be_of_both(entry: Entry) -> bool:
    """Return whether either of the two may have written what an entry says now: it is joint, and was revised."""
    return entry.joint and entry.revised > 0


def needs_consent(plugin: LockedPlugin) -> bool:
    """Return whether a plugin is somebody else's and reads what the partner wrote."""
    return plugin.distribution != DISTRIBUTION and "partner" in plugin.permissions.read


def consent_in(view: JournalView, plugin: LockedPlugin, *, is_told: bool = False) -> Consent:
    """Return the consent that stands in a journal; ``is_told`` takes it that the partner was told."""
    if not needs_consent(plugin):
        return FREE
    told: Literal["all", "earlier", "nobody"] = "all"
    if not is_told:
        notice = standing_notice(view, plugin)
        told = "nobody" if notice is None else "earlier" if notice.is_earlier else "all"
    return Consent(silent_in(view), told)


def reason_in(view: JournalView, plugin: LockedPlugin, consent: Consent) -> str | None:
    """Return the sentence on why the partner's words are left out; None where they are not, or there is no partner."""
    partner = view.partner
    if partner is None or consent == FREE:
        return None
    if partner.person in consent.silent:
        return ASKED
    return UNTOLD.format(id=plugin.id) if consent.told != "all" else None


def silent_in(view: JournalView) -> frozenset[str]:
    """Return the ids of the others who asked that plugins of others do not read their words.

    What somebody said in the journal of now counts before what was said in an earlier one.
    """
    said: dict[str, dict[bool, bool]] = {}
    for entry in _words(view):
        if not entry.is_mine:
            by_time = said.setdefault(entry.author.person, {})
            by_time[entry.is_earlier] = by_time.get(entry.is_earlier, False) or not _is_yes(entry)
    return frozenset(person for person, by_time in said.items() if by_time.get(False, by_time.get(True)))


def word_of(view: JournalView, *, is_mine: bool) -> bool | None:
    """Return what I said, or my partner of now: True for yes, False for no, None where nothing was said."""
    found = [_is_yes(entry) for entry in _words(view) if entry.is_mine == is_mine and not entry.is_earlier]
    return all(found) if found else None


def say_partner_words(journal: Journal, *, may_read: bool) -> Entry:
    """Say whether plugins of others may read one's words; it replaces whatever one said before, and is in an entry.

    Raises:
        InvalidEntryError: no journal is shared, so there is nobody to say it to.
        StoreError: the disk failed; nothing was saved.
    """
    if not journal.is_shared:
        raise InvalidEntryError(
            "no journal is shared, so nobody's plugins read your words", hint="say it once your partner has joined"
        )
    content = PartnerWords(may_read, MAY_READ if may_read else MAY_NOT_READ)
    own = [entry for entry in _words(journal.view()) if entry.is_mine and not entry.is_earlier]
    revised = [journal.revise(entry, content) for entry in own if not _says(entry, content)]
    if revised:
        return revised[-1]
    return own[-1] if own else journal.add(content, audience="shared")


def standing_notice(view: JournalView, plugin: LockedPlugin) -> Entry | None:
    """Return the notice by which this device told the partner of a plugin, if it says what the plugin may read now."""
    found = _notice(view, plugin)
    if found is None or not isinstance(found.content, PluginNotice):
        return None
    told, asked = found.content, plugin.permissions
    is_same = (told.plugin, set(told.read), set(told.kinds)) == (plugin.id, set(asked.read), set(asked.kinds))
    return found if is_same and set(asked.network) <= set(told.network) else None


def tell(journal: Journal, plugin: LockedPlugin, *, summary: str = "") -> Entry | None:
    """Tell the partner that a plugin is on and what it reads, and return the notice, whose id goes into the lock.

    None where nobody has to be told, or nobody is there. It is one entry for each device, which is revised when the
    plugin asks for something else.

    Raises:
        StoreError: the disk failed; nothing was saved.
    """
    if not needs_consent(plugin) or not journal.is_shared:
        return None
    view = journal.view()
    standing, before = standing_notice(view, plugin), _notice(view, plugin)
    if standing is not None and not standing.is_earlier:
        return standing
    content = _content(plugin, summary)
    if before is not None and not before.is_earlier:
        return journal.revise(before, content)
    return journal.add(content, audience="shared")


def tell_off(journal: Journal, plugin: LockedPlugin) -> Entry | None:
    """Tell the partner that a plugin of which they were told is off; return the step, None where nobody was told.

    Raises:
        StoreError: the disk failed; nothing was saved.
    """
    notice = _notice(journal.view(), plugin)
    return None if notice is None or notice.is_earlier else journal.step(notice, "off")


def _words(view: JournalView) -> list[Entry]:
    return [entry for entry in view.entries(kind=PartnerWords.kind) if entry.audience == "shared"]


def _is_yes(entry: Entry) -> bool:
    # of versions that did not know each other the no holds; what cannot be read is no yes
    return all(getattr(content, "may_read", False) is True for content in (entry.content, *entry.conflict))


def _says(entry: Entry, content: PartnerWords) -> bool:
    return not entry.conflict and getattr(entry.content, "may_read", None) is content.may_read


def _notice(view: JournalView, plugin: LockedPlugin) -> Entry | None:
    """Return the notice that the lock names, if it is one of one's own, for both, and not taken back."""
    try:
        found = view.entry(plugin.notice)
    except NoSuchEntryError:
        return None
    is_fit = found.kind == PluginNotice.kind and found.is_mine and found.audience == "shared" and found.state == "on"
    return found if is_fit else None


def _content(plugin: LockedPlugin, summary: str) -> PluginNotice:
    permissions = plugin.permissions
    kinds = ", ".join(permissions.kinds) or "every kind that is for both unless one says otherwise"
    told = f"I turned on the plugin {plugin.id}, of others, which reads what you write. Kinds: {kinds}."
    hosts = f" It may talk to: {', '.join(permissions.network)}." if permissions.network else ""
    return PluginNotice(
        plugin.id, told + hosts, summary=summary[:_SUMMARY_CHARACTERS], tier=plugin.tier, read=permissions.read,
        kinds=permissions.kinds, network=permissions.network,
    )  # fmt: skip
