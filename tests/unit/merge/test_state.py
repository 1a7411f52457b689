"""The fold: any order, malformed fields, names, shares, fixed snapshots."""

from __future__ import annotations

import msgspec
import pytest
from unit.merge.scribe import ANA, BEN, PERSONS, START_MS, Scribe, fixed, fold

from couplejournal.merge import State
from couplejournal.ops.codec import encode
from couplejournal.ops.op import Op


def test_a_revision_waits_for_its_write() -> None:
    """What is said about an entry that is not here yet counts as soon as it comes."""
    ana = Scribe("ana phone")
    entry = ana.write("note", "one")
    revision = ana.revise(entry, "two", after=[entry])
    state = State(PERSONS.get, book=fixed("book"))
    state.apply(revision)
    assert len(state.snapshot().records) == 0
    state.apply(entry)
    assert [op for op, _ in state.snapshot().records[entry.id].revisions] == [revision]


def test_duplicates_change_nothing() -> None:
    """The same operation twice is the same operation."""
    ana = Scribe("ana phone")
    entry = ana.write("note", "one")
    ops = [entry, ana.revise(entry, "two", after=[entry]), ana.profile("Ana", "phone"), ana.say("write", {"bad": 1})]
    assert fold(ops) == fold([*ops, *ops])


def test_a_snapshot_stays_fixed() -> None:
    """What is applied later changes nothing in an earlier snapshot."""
    ana = Scribe("ana phone")
    entry = ana.write("note", "one")
    state = State(PERSONS.get, book=fixed("book"))
    state.apply(entry)
    before = state.snapshot()
    state.apply(ana.revise(entry, "two", after=[entry]))
    state.apply(ana.write("note", "other", refs=[("about", entry)]))
    state.apply(ana.profile("Ana", "phone"))
    after = state.snapshot()
    assert before.records[entry.id].revisions == ()
    assert (len(before.records), len(before.order), before.referrers(entry.id), before.profiles) == (1, 1, (), {})
    assert (len(after.records), len(after.order), len(after.referrers(entry.id))) == (2, 2, 1)


@pytest.mark.parametrize("many", [3, 200])
def test_entries_are_ordered_by_happened_clock_and_id(many: int) -> None:
    """The order is kept for few new entries and for many, over several snapshots."""
    ana = Scribe("ana phone")
    state = State(PERSONS.get, book=fixed("book"))
    for number in range(many * 2):
        state.apply(ana.write("note", happened=(START_MS + number * 7919 % 101, 0, "minute")))
        if number in {1, many}:
            state.snapshot()
    order = state.snapshot().order
    assert len(order) == many * 2
    assert list(order) == sorted(order)


MALFORMED = [
    ("write", {}),
    ("write", {"kind": 3, "schema": 1, "happened": [1, 2, "day"], "fields": {}}),
    ("write", {"kind": "note", "schema": 1, "happened": "today", "fields": {}}),
    ("write", {"kind": "note", "schema": 1, "happened": [1, 2, "day"], "fields": {}, "refs": [["about"]]}),
    ("revise", {"entry": b"short", "after": [], "fields": {}}),
    ("retract", {"entry": b"", "after": []}),
    ("retract", 7),
    ("share", {"entry": fixed("x"), "salt": b"short", "key": b""}),
    ("profile", {"name": None, "device": ""}),
]


@pytest.mark.parametrize(("word", "fields"), MALFORMED)
def test_malformed_fields_are_counted_and_never_raised(word: str, fields: object) -> None:
    """An operation whose fields do not fit changes nothing but the count."""
    ana = Scribe("ana phone")
    frozen = fold([ana.say(word, fields), ana.write("note", "one")])
    assert frozen.malformed == 1
    assert len(frozen.records) == 1


def test_fields_that_are_no_msgpack_are_malformed() -> None:
    """Broken bytes are counted like any other misfit."""
    op = Op(fixed("id"), fixed("key"), b"", 1, "write", (1, 0), b"", b"\xc1")
    assert fold([op]).malformed == 1


def test_words_that_say_nothing_about_entries_are_passed_over() -> None:
    """Acknowledgements and optional words of newer versions are no mistakes."""
    ana = Scribe("ana phone")
    frozen = fold([ana.say("seen", {"heads": []}), ana.say("sparkle", {"x": 1})])
    assert (frozen.malformed, len(frozen.records)) == (0, 0)


def test_the_last_name_of_a_person_wins_and_each_device_has_its_own() -> None:
    """Names go by (clock, op id), not by arrival; an empty one takes no name away."""
    phone, laptop, ben = Scribe("ana phone"), Scribe("ana laptop"), Scribe("ben phone")
    late = laptop.profile("Ana Maria", "laptop", clock=(START_MS + 9000, 0))
    early = phone.profile("Ana", "old phone", clock=(START_MS, 0))
    empty = phone.profile("", "phone", clock=(START_MS + 10_000, 0))
    frozen = fold([late, empty, early, ben.profile("Ben", "tablet"), Scribe("stranger").profile("Nobody", "?")])
    assert frozen.profiles == {ANA: "Ana Maria", BEN: "Ben"}
    assert (frozen.devices[phone.key], frozen.devices[laptop.key]) == ("phone", "laptop")


def test_a_person_that_becomes_known_later_counts_in_the_next_snapshot() -> None:
    """It makes no difference whether words or the membership of their key come first."""
    persons: dict[bytes, bytes] = {}
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = phone.write("note", "one")
    state = State(persons.get, book=fixed("book"))
    state.apply(entry)
    state.apply(laptop.revise(entry, "two", after=[entry]))
    before = state.snapshot()
    persons |= PERSONS
    after = state.snapshot()
    assert (before.records[entry.id].person, before.records[entry.id].revisions) == (None, ())
    assert after.records[entry.id].person == ANA
    assert len(after.records[entry.id].revisions) == 1


def test_shares_are_listed_when_the_author_made_them() -> None:
    """A share by somebody else, or of an entry that is not here, moves nothing."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    entry, salt = ana.write("bid", "one", both=True), fixed("salt", 16)
    frozen = fold(
        [
            entry,
            ana.share(entry, salt=salt, key=ana.key),
            ana.share(entry, salt=salt, key=ana.key),
            ben.share(entry, salt=fixed("other", 16), key=ben.key),
            ana.share(ben.write("bid"), salt=salt, key=ana.key),
        ]
    )
    assert frozen.shares == ((entry.id, salt, ana.key),)
    assert frozen.sources(salt, ana.key) == (entry.id,)
    assert frozen.sources(salt, ben.key) == ()


def test_a_write_is_found_by_salt_and_key_only_together() -> None:
    """Somebody who copies a salt does not get the entry."""
    ana, ben, salt = Scribe("ana phone"), Scribe("ben phone"), fixed("salt", 16)
    second = ana.write("bid", "two", salt=salt, clock=(START_MS + 2, 0))
    first = ana.write("bid", "one", salt=salt, clock=(START_MS + 1, 0))
    frozen = fold([second, ben.write("bid", "copied", salt=salt, clock=(START_MS, 0)), first])
    assert frozen.written_with(salt, ana.key) == first.id
    assert frozen.written_with(fixed("none", 16), ana.key) is None


def test_references_are_known_before_their_target_and_across_books() -> None:
    """What refers to an entry is listed whether or not this book has it."""
    ana = Scribe("ana phone")
    target = Scribe("ben phone").write("bid", "one")
    note = ana.write("note", "two", refs=[("about", target), ("follows", target), ("odd", b"short")])
    assert fold([note]).referrers(target.id) == (note.id,)
    assert fold([note, target]).records[target.id].referrers == (note.id,)


def test_the_fields_of_an_entry_stay_undecoded() -> None:
    """Whatever an entry's fields hold, the fold takes it: an integer, or a map that nests deeply."""
    ana = Scribe("ana phone")
    entry = ana.write("note", fields=7)
    frozen = fold([entry])
    assert frozen.malformed == 0
    assert bytes(frozen.records[entry.id].write.fields) == encode(7)
    assert isinstance(frozen.records[entry.id].write.fields, msgspec.Raw)


def test_a_record_that_is_not_there_is_a_key_error() -> None:
    """The mapping of records behaves like every mapping."""
    ana = Scribe("ana phone")
    entry = ana.write("note")
    records = fold([entry]).records
    assert list(records) == [entry.id]
    assert records[entry.id].id == entry.id
    with pytest.raises(KeyError):
        records[fixed("none")]
