"""What becomes of an entry, as data: states, the steps between them, and who may take each.

A lifecycle is a table and not code, so that a plugin, or a pack that is never executed, can declare one. The state of
an entry is a fold of that table over the steps that refer to the entry, in the order of their clocks. A step that the
table does not allow changes nothing and stays visible as a note: of two people who write at the same time one is
always late, and that is not an error (docs/spec/format.md 8).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

By: TypeAlias = Literal["author", "other", "either", "both"]
_WHO: Final = ("author", "other", "either", "both")


@attrs.frozen
class Transition:
    """Allow the step ``step`` to lead from the state ``start`` to the state ``to``.

    ``by`` says who may take it: the entry's author, the other person, either, or both. A step by both moves when each
    of the two took it, or took the step that led into ``start``: who proposes has agreed. ``when`` narrows the
    transition to entries whose content has these values.
    """

    start: str
    step: str
    to: str
    by: By = attrs.field(validator=attrs.validators.in_(_WHO))
    when: Mapping[str, str] = attrs.field(factory=dict, hash=False, kw_only=True)


class Folded(msgspec.Struct, frozen=True):
    """Where an entry stands: its state, the indexes of the steps that changed nothing, and who led into the state.

    ``entered_by`` is the person (16 bytes) whose step, or whose writing of the entry, led into the state.
    """

    state: str
    illegal: tuple[int, ...]
    entered_by: bytes


def _table(lifecycle: Lifecycle) -> dict[tuple[str, str], tuple[Transition, ...]]:
    """Return the transitions by (state, step), in their order."""
    rows: defaultdict[tuple[str, str], list[Transition]] = defaultdict(list)
    for transition in lifecycle.transitions:
        rows[transition.start, transition.step].append(transition)
    return {place: tuple(found) for place, found in rows.items()}


def _as_tuple(transitions: Iterable[Transition]) -> tuple[Transition, ...]:
    """Return the rows as a tuple, in their order."""
    return tuple(transitions)


@attrs.frozen
class Lifecycle:
    """A table of transitions, and the state in which an entry begins.

    ``defaults`` are the values of fields that a content leaves out, for `Transition.when`: fields on the wire lack
    what is as usual.
    """

    initial: str
    transitions: tuple[Transition, ...] = attrs.field(converter=_as_tuple)
    defaults: Mapping[str, str] = attrs.field(factory=dict, hash=False, kw_only=True)
    _rows: dict[tuple[str, str], tuple[Transition, ...]] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_table, takes_self=True)
    )

    @property
    def states(self) -> tuple[str, ...]:
        """Return every state, the initial one first, in the order of the table."""
        found = dict.fromkeys((self.initial,))
        for transition in self.transitions:
            found |= dict.fromkeys((transition.start, transition.to))
        return tuple(found)

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the name of every step, in the order of the table."""
        return tuple(dict.fromkeys(transition.step for transition in self.transitions))

    def fold(
        self, author: bytes, content_fields: Mapping[str, object], steps: Iterable[tuple[str, bytes | None]]
    ) -> Folded:
        """Return the state after ``steps``, each (name of the step, person who took it), in the order given.

        ``author`` and the persons are ids of 16 bytes; a person that is not known (None) can take no step. It is
        total: nothing that the steps hold makes it raise.
        """
        if not self.transitions:
            return Folded(self.initial, tuple(index for index, _ in enumerate(steps)), author)
        state, entered_by = self.initial, author
        illegal: list[int] = []
        for index, (step, person) in enumerate(steps):
            taken = self._taken(Folded(state, (), entered_by), step, (author, person), content_fields)
            if taken is None or person is None:
                illegal.append(index)
            else:
                state, entered_by = taken.to, person
        return Folded(state, tuple(illegal), entered_by)

    def steps_for(
        self, folded: Folded, *, author: bytes, person: bytes, content_fields: Mapping[str, object]
    ) -> tuple[str, ...]:
        """Return the names of the steps that ``person`` can take now and that would change the state."""
        return tuple(
            step for step in self.steps if self._taken(folded, step, (author, person), content_fields) is not None
        )

    def _taken(
        self, folded: Folded, step: str, people: tuple[bytes, bytes | None], content_fields: Mapping[str, object]
    ) -> Transition | None:
        """Return the transition that this step takes; ``people`` = (author, who takes the step)."""
        author, person = people
        if person is None:
            return None
        for transition in self._rows.get((folded.state, step), ()):
            is_theirs = (
                transition.by == "either"
                or (transition.by == "author" and person == author)
                or (transition.by == "other" and person != author)
                # Whoever led into this state has already said yes, so a step by both waits for the other one only.
                or (transition.by == "both" and person != folded.entered_by)
            )
            if is_theirs and self._is_met(transition, content_fields):
                return transition
        return None

    def _is_met(self, transition: Transition, content_fields: Mapping[str, object]) -> bool:
        """Return whether the content has the values that the transition asks for."""
        return all(
            content_fields.get(field, self.defaults.get(field)) == value for field, value in transition.when.items()
        )
