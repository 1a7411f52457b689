"""The guards, enforced once for every plugin: what a hook may see, and what a result for both may say.

`cut` makes the view. It follows the manifest's permissions, and rules that no permission lifts: nothing that is marked
tender or intimate; no name, and nobody called "me", where the result is for both; and for both only what both can read,
of both or of neither. What is sealed and not yet opened is in no view at all. Of the other person's words a plugin of
others is given what that person was told of and did not refuse (`consent`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.model.consent import PartnerWords, PluginNotice
from couplejournal.model.content import RawContent
from couplejournal.plugins.comparing import texts_of
from couplejournal.plugins.consent import FREE, Consent, may_be_of_both
from couplejournal.plugins.manifest import Permissions
from couplejournal.plugins.views import CutView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from couplejournal.model.entry import Author, Entry
    from couplejournal.model.kinds import Kind
    from couplejournal.plugins.result import AnalysisResult
    from couplejournal.plugins.values import Scope
    from couplejournal.view import JournalView

EVERYTHING: Final = Permissions(read=("counts", "mine", "partner"))
"""What a plugin object may read that a program hands to a host itself."""

HELD_BACK: Final = frozenset({PluginNotice.kind, PartnerWords.kind})
"""What the two say to each other about plugins is for no plugin: none shall plead, or count who said no."""

PARTS_LIMIT: Final = 20_000
TEXT_LIMIT_CHARACTERS: Final = 500_000


class OversizeError(Exception):
    """A result is too large; the message holds nothing of the result."""


def require_small(result: AnalysisResult) -> None:
    """Refuse a result that no screen could show.

    Raises:
        OversizeError: it has too many numbers or too much text.
    """
    parts = sum(len(table.rows) * max(len(table.columns), 1) for table in result.tables)
    parts += sum(len(series.points) for series in result.series) + len(result.bands) + len(result.notes)
    if parts > PARTS_LIMIT:
        raise OversizeError(f"answered with more than {PARTS_LIMIT:,} numbers")
    texts = (*texts_of(result), result.headline, *result.notes)
    if sum(map(len, texts)) > TEXT_LIMIT_CHARACTERS:
        raise OversizeError(f"answered with more than {TEXT_LIMIT_CHARACTERS:,} characters")


def is_readable(entry: Entry, kinds: Mapping[str, Kind], permissions: Permissions) -> bool:
    """Return whether permissions let a plugin read the words of an entry, for this person's own eyes.

    Of the other person's words `Consent.allows` has to be asked, too.
    """
    is_out = entry.kind in HELD_BACK or _is_left_out(entry, kinds, permissions.kinds, is_for_both=False)
    return not is_out and _whose(entry) <= set(permissions.read) and _is_named(entry.kind, kinds, permissions)


def cut(view: JournalView, permissions: Permissions, scope: Scope, consent: Consent = FREE) -> CutView:
    """Return what a plugin with these permissions sees, for a result that both see or for one's own.

    ``consent`` says whose words it may be given; a plugin object of a program, and what came along, need none.
    """
    is_for_both = scope == "couple"
    # in a pair, whatever is not mine is the other's: what only one can read must not feed what both see
    source = view.shared_only() if is_for_both else view
    people = tuple(_nameless(one) for one in sorted(source.people, key=lambda one: one.person))
    return CutView(
        lambda: _entries(source, permissions, consent, is_for_both=is_for_both),
        zone=view.zone,
        me=None if is_for_both else source.me,
        people=people if is_for_both else source.people,
    )


def is_tender(entry: Entry, kinds: Mapping[str, Kind]) -> bool:
    """Return whether an entry is marked tender or intimate in any version of it, or is of such a kind."""
    kind = kinds.get(entry.kind)
    marked = any(content.tender != "none" for content in (entry.content, *entry.conflict))
    return marked or (kind is not None and kind.tender != "none")


def _entries(view: JournalView, permissions: Permissions, consent: Consent, *, is_for_both: bool) -> list[Entry]:
    named = permissions.kinds
    has_words = _may_read(view, permissions.read, consent, is_for_both=is_for_both)
    has_counts = "counts" in permissions.read
    kept: list[Entry] = []
    out: set[str] = set()
    decided: set[str] = set()  # what a tender entry refers to: its state could tell what that entry says
    for entry in view.entries():
        if entry.kind in HELD_BACK:
            out.add(entry.id)
        elif _is_left_out(entry, view.kinds, named, is_for_both=is_for_both):
            decided.update(ref.id for ref in entry.refs)
        elif _is_named(entry.kind, view.kinds, permissions) and (has_counts or has_words(entry)):
            seen = entry if has_words(entry) else _wordless(entry)
            kept.append(attrs.evolve(seen, author=_nameless(seen.author), device="") if is_for_both else seen)
    kept = [entry for entry in kept if out.isdisjoint(ref.id for ref in entry.refs)]
    here = {entry.id for entry in kept}
    return [
        attrs.evolve(
            entry,
            refs=tuple(ref for ref in entry.refs if ref.id in here),
            state=None if entry.id in decided else entry.state,
        )
        for entry in kept
    ]


def _may_read(
    view: JournalView, read: Sequence[str], consent: Consent, *, is_for_both: bool
) -> Callable[[Entry], bool]:
    """Return what says whether the words of an entry may be read: for both those of both or of neither."""
    if is_for_both:
        of_both = "mine" in read and "partner" in read and consent.allows_both(view)
        return lambda _: of_both
    return lambda entry: _whose(entry) <= set(read) and consent.allows(entry)


def _whose(entry: Entry) -> set[str]:
    """Return whose words an entry holds: of a joint one that was revised, nobody can tell, so it counts as of both."""
    return {"mine", "partner"} if may_be_of_both(entry) else {"mine" if entry.is_mine else "partner"}


def _is_left_out(entry: Entry, kinds: Mapping[str, Kind], named: Sequence[str], *, is_for_both: bool) -> bool:
    """Ask whether an entry is tender; a tender kind is there for one's own result if the permissions name it."""
    if not is_tender(entry, kinds):
        return False
    kind = kinds.get(entry.kind)
    asked_for = entry.kind in named and kind is not None and kind.tender != "none"
    return is_for_both or not asked_for


def _is_named(kind: str, kinds: Mapping[str, Kind], permissions: Permissions) -> bool:
    """Ask whether the permissions name a kind; without names they mean every kind that is for both by default."""
    if permissions is EVERYTHING:
        return True
    if permissions.kinds:
        return kind in permissions.kinds
    known = kinds.get(kind)
    return known is not None and known.default_audience == "shared"


def _wordless(entry: Entry) -> Entry:
    empty = RawContent(entry.kind, entry.content.schema, {})
    return attrs.evolve(entry, content=empty, conflict=(), device="", author=_nameless(entry.author))


def _nameless(author: Author) -> Author:
    return attrs.evolve(author, name="", is_me=False)
