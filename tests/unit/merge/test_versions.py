"""Revisions, conflicts and retractions: what is shown of an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from unit.merge.scribe import START_MS, Scribe, fixed, fold

from couplejournal.merge import Versions, versions_of
from couplejournal.ops.codec import encode
from couplejournal.ops.words import Revise

if TYPE_CHECKING:
    from couplejournal.ops.op import Op


def versions(entry: Op, *ops: Op) -> Versions:
    """Return the versions of an entry after all these operations."""
    return versions_of(fold((entry, *ops)).records[entry.id])


def test_a_write_alone_is_shown() -> None:
    """Without revisions the write is the only version."""
    entry = Scribe("ana phone").write("note", "one")
    found = versions(entry)
    assert found.shown.op == entry
    assert (found.others, found.is_hidden, found.was_retracted, found.named) == ((), False, False, (entry.id,))


def test_the_revision_that_knew_the_other_is_shown_whatever_the_clocks() -> None:
    """No clock decides between revisions of which one knew the other."""
    ana = Scribe("ana phone")
    entry = ana.write("note", "one")
    second = ana.revise(entry, "two", after=[entry], clock=(START_MS + 9_000_000, 0))
    third = ana.revise(entry, "three", after=[second], clock=(START_MS, 0))
    found = versions(entry, second, third)
    assert (found.shown.op, found.others, found.named) == (third, (), (third.id,))


def test_concurrent_revisions_are_both_kept_and_the_later_is_shown() -> None:
    """Two devices revised the same version: the later by (clock, op id) is shown, the other stands beside it."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = phone.write("note", "one")
    early = phone.revise(entry, "phone", after=[entry], clock=(START_MS + 5000, 0))
    late = laptop.revise(entry, "laptop", after=[entry], clock=(START_MS + 5000, 1))
    found = versions(entry, late, early)
    assert found.shown.op == late
    assert [version.op for version in found.others] == [early]
    assert found.named == tuple(sorted([early.id, late.id]))


def test_a_revision_that_names_both_ends_the_conflict() -> None:
    """Who has seen both decides."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = phone.write("note", "one")
    one = phone.revise(entry, "phone", after=[entry])
    two = laptop.revise(entry, "laptop", after=[entry])
    both = phone.revise(entry, "both", after=[one, two])
    assert versions(entry, one, two, both).others == ()


def test_the_author_alone_revises_an_entry() -> None:
    """A revision by the partner does not count, and takes nothing from those that do."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    entry = ana.write("note", "one")
    mine = ana.revise(entry, "two", after=[entry])
    theirs = ben.revise(entry, "stolen", after=[entry, mine], clock=(START_MS + 9_000_000, 0))
    found = versions(entry, mine, theirs)
    assert (found.shown.op, found.others) == (mine, ())


def test_either_person_revises_a_joint_entry_and_only_its_author_retracts_it() -> None:
    """Joint means that both may write it; hiding it stays with the author."""
    ana, ben, stranger = Scribe("ana phone"), Scribe("ben phone"), Scribe("stranger")
    entry = ana.write("goal", "one", joint=True)
    theirs = ben.revise(entry, "ours", after=[entry])
    found = versions(
        entry, theirs, stranger.revise(entry, "?", after=[theirs]), ben.retract(entry, after=[entry, theirs])
    )  # fmt: skip
    assert (found.shown.op, found.is_hidden) == (theirs, False)
    assert versions(entry, theirs, ana.retract(entry, after=[theirs])).is_hidden


def test_a_key_without_a_known_person_is_its_own_author_only() -> None:
    """Two keys of unknown persons are not taken for one person; one key revises what it wrote."""
    one, other = Scribe("stranger"), Scribe("another stranger")
    entry = one.write("note", "one")
    assert versions(entry, other.revise(entry, "two", after=[entry])).shown.op == entry
    assert versions(entry, revised := one.revise(entry, "two", after=[entry])).shown.op == revised


def test_a_retraction_hides() -> None:
    """The author's retraction hides the entry, whether it names the write or nothing."""
    ana = Scribe("ana phone")
    entry = ana.write("note", "one")
    assert versions(entry, ana.retract(entry, after=[entry])).is_hidden
    assert versions(entry, ana.retract(entry, after=[])).is_hidden
    assert not versions(entry, Scribe("ben phone").retract(entry, after=[entry])).is_hidden


def test_a_revision_that_a_retraction_does_not_name_keeps_the_entry() -> None:
    """A retraction on one device and a revision on another: the revision stays visible, and it is said."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = phone.write("note", "one")
    revision = laptop.revise(entry, "two", after=[entry])
    retraction = phone.retract(entry, after=[entry])
    found = versions(entry, retraction, revision)
    assert (found.shown.op, found.is_hidden, found.was_retracted) == (revision, False, True)
    assert versions(entry, retraction, revision, laptop.retract(entry, after=[revision])).is_hidden


def test_of_two_current_versions_a_retraction_takes_the_one_it_names() -> None:
    """What the retraction knew is gone from the conflict as well."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = phone.write("note", "one")
    one = phone.revise(entry, "phone", after=[entry], clock=(START_MS + 9_000_000, 0))
    two = laptop.revise(entry, "laptop", after=[entry])
    found = versions(entry, one, two, phone.retract(entry, after=[one]))
    assert (found.shown.op, found.others, found.was_retracted) == (two, (), True)


def test_revisions_in_a_circle_still_show_one() -> None:
    """No hash could make them, and yet nothing raises: the latest is shown."""
    ana = Scribe("ana phone")
    entry = ana.write("note", "one")
    one, two = fixed("one"), fixed("two")
    fields = msgspec.Raw(encode({"text": "?"}))
    circle = [
        msgspec.structs.replace(ana.say("revise", Revise(entry.id, [other], fields)), id=own)
        for own, other in ((one, two), (two, one))
    ]
    assert versions(entry, *circle).shown.op.id == two
