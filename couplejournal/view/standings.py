"""Where entries stand in their lifecycles: a fold of an entry over the steps that refer to it.

A step counts for an entry when the same persons read both: a private step never changes what the other sees. What a
retraction hides takes no step. A fold over steps is kept, since each of the steps asks for it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.model.kinds import Content, Kind, RawContent
    from couplejournal.model.lifecycle import Folded
    from couplejournal.view.books import Item, Shelf


@attrs.frozen
class Standing:
    """The fold of an entry, the ids of the steps that changed nothing, and whether there are any steps."""

    folded: Folded
    idle: frozenset[bytes]
    has_steps: bool


class Standings:
    """The standings of the entries of a shelf, worked out when they are asked for."""

    def __init__(self, shelf: Shelf, kinds: Mapping[str, Kind], *, me: bytes) -> None:
        """Fold the entries of this shelf. ``me`` is the id (16 bytes) of the person whose view it is."""
        self._shelf = shelf
        self._kinds = kinds
        self._me = me
        self._known: dict[bytes, Standing] = {}

    def of(self, item: Item) -> Standing | None:
        """Return where an entry stands; None if its kind has no lifecycle, or is not known."""
        known = self._known.get(item.id)
        if known is None:
            known = self._fold(item)
            if known is not None and known.has_steps:
                self._known[item.id] = known
        return known

    def is_idle(self, item: Item, content: Content | RawContent) -> bool:
        """Ask whether an entry is a step that changed no state. A step whose target is not here yet is not."""
        if content.step_name is None:
            return False
        target = self._target(item)
        # Only its author has the private entry that a shared step names: say what the other sees, too.
        if target is None or (item.is_shared and not target.is_shared) or target.record.write.kind not in self._kinds:
            return False
        standing = self.of(target)
        return standing is None or item.id in standing.idle or not self._is_step_for(item, target)

    def steps_allowed(self, item: Item) -> tuple[str, ...]:
        """Return the names of the steps that this person can take now."""
        kind = self._kinds.get(item.record.write.kind)
        standing = self.of(item)
        if kind is None or kind.lifecycle is None or standing is None:
            return ()
        fields = item.content(self._kinds).to_fields()
        return kind.lifecycle.steps_for(
            standing.folded, author=self._author(item), person=self._me, content_fields=fields
        )

    def _fold(self, item: Item) -> Standing | None:
        kind = self._kinds.get(item.record.write.kind)
        if kind is None or kind.lifecycle is None:
            return None
        steps = []
        for referrer in self._shelf.referrers(item):
            step = self._shelf.item(referrer)
            if step is None or step.versions.is_hidden or not self._is_step_for(step, item):
                continue
            name = step.content(self._kinds).step_name
            if name is not None:
                steps.append((step.record.op.clock, step.id, name, self._person(step)))
        steps.sort(key=lambda step: step[:2])
        fields = item.content(self._kinds).to_fields() if steps else {}
        folded = kind.lifecycle.fold(self._author(item), fields, [(name, person) for _, _, name, person in steps])
        return Standing(folded, frozenset(steps[index][1] for index in folded.illegal), has_steps=bool(steps))

    def _is_step_for(self, step: Item, target: Item) -> bool:
        """Ask whether a step may act on this entry: same readers, the right relation, a kind that it is for."""
        kind = self._kinds.get(step.record.write.kind)
        target_kind = self._kinds.get(target.record.write.kind)
        return (
            step.is_shared == target.is_shared
            and kind is not None
            and kind.refs is not None
            and target_kind is not None
            and kind.refs.is_for(target_kind)
            and self._target_id(step) == target.id
        )

    def _target_id(self, step: Item) -> bytes | None:
        """Return the id of what a step is about: the first reference with the relation of its kind."""
        kind = self._kinds.get(step.record.write.kind)
        if kind is None or kind.refs is None:
            return None
        for relation, entry in step.record.write.refs:
            if relation == kind.refs.relation:
                return self._shelf.reference(step, entry)
        return None

    def _target(self, step: Item) -> Item | None:
        target_id = self._target_id(step)
        return None if target_id is None else self._shelf.item(target_id)

    def _person(self, item: Item) -> bytes | None:
        """Return who acts: in one's private books always oneself, under whatever root the book began."""
        return item.record.person if item.is_shared else self._me

    def _author(self, item: Item) -> bytes:
        """Return the author; a key whose person is not known yet stands for somebody of its own."""
        return self._person(item) or item.record.op.key
