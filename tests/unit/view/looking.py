"""Views for tests: Ana's, made of operations."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from unit.merge.scribe import ANA, PERSONS, fold

from couplejournal.model.kinds import core_kinds
from couplejournal.view import BookState, JournalView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from couplejournal.ops.op import Op


def view_of(
    shared: Iterable[Op] = (),
    private: Iterable[Op] = (),
    *,
    earlier: Iterable[BookState] = (),
    me: bytes = ANA,
    accepted: Mapping[bytes, Mapping[bytes, int]] | None = None,
) -> JournalView:
    """Return the view of a person on a shared and a private book; ``accepted`` as for `fold`, of the shared one."""
    return JournalView.of(
        [
            BookState(fold(private, book="private"), "private"),
            BookState(fold(shared, book="shared", accepted=accepted), "shared"),
            *earlier,
        ],
        me=me,
        my_keys={key for key, person in PERSONS.items() if person == me},
        kinds=core_kinds(),
        zone=UTC,
    )


def texts(view: JournalView, **asked: object) -> list[str]:
    """Return the texts of the entries that are asked for."""
    return [entry.text for entry in view.entries(**asked)]  # type: ignore[arg-type]
