"""Words of a removed device: what counts, what stands apart, and what was taken over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unit.merge.scribe import ANA, PERSONS, START_MS, Scribe, fixed, fold

from couplejournal.merge import TAKEN_OVER, Apart, Frozen, State, apart_of, taken_over_by, versions_of
from couplejournal.ops.op import Op


def ended(scribe: Scribe, seq: int) -> Mapping[bytes, Mapping[bytes, int]]:
    """Return what is accepted once a device was removed, with a pin at this number of its stream."""
    return {scribe.key: {scribe.stream: seq}}


def ids(found: Iterable[Apart]) -> list[bytes]:
    """Return the ids of what stands apart."""
    return [one.op.id for one in found]


def shown_text(frozen: Frozen, op: Op) -> bytes:
    """Return the fields that are shown of an entry."""
    record = frozen.record(op.id)
    assert record is not None
    return bytes(versions_of(record).shown.fields)


def test_without_a_removal_nothing_stands_apart() -> None:
    """A journal in which nobody was removed knows no limits."""
    frozen = fold([Scribe("ana phone").write("bid", "Walk?")])
    assert not frozen.accepted
    assert apart_of(frozen) == ()
    assert len(frozen.records) == 1


def test_words_count_up_to_the_pin() -> None:
    """What the removed device wrote up to the pin is an entry, what it wrote later stands apart, in order."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    before, after, later = phone.write("bid", "one"), phone.write("bid", "two"), phone.write("note", "three")
    own = laptop.write("bid", "laptop")
    frozen = fold([later, own, after, before], accepted=ended(phone, 1))
    assert set(frozen.records) == {before.id, own.id}
    assert len(frozen.records) == 2
    assert ids(apart_of(frozen)) == [after.id, later.id]
    assert frozen.record(after.id) is not None


def test_a_stream_that_no_pin_names_counts_for_nothing() -> None:
    """A removal without a pin for a stream, and a key that never was admitted rightly, end all of it."""
    phone = Scribe("ana phone")
    op = phone.write("bid", "one")
    for limits in ({}, {fixed("another stream", 16): 9}):
        frozen = fold([op], accepted={phone.key: limits})
        assert not frozen.records
        assert ids(apart_of(frozen)) == [op.id]


def test_marks_past_the_pin_change_nothing() -> None:
    """A revision, a retraction, a share and a name given after the removal have no effect."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = laptop.write("note", "mine")
    hello = phone.profile("Ana", "phone")
    revision = phone.revise(entry, "changed", after=[entry])
    retraction = phone.retract(entry, after=[entry])
    renamed = phone.profile("Mallory", "stolen")
    share = phone.share(entry, salt=fixed("salt", 16), key=phone.key)
    frozen = fold([entry, hello, revision, retraction, renamed, share], accepted=ended(phone, 1))
    assert b"mine" in shown_text(frozen, entry)
    assert not versions_of(frozen.records[entry.id]).is_hidden
    assert frozen.profiles == {ANA: "Ana"}
    assert frozen.devices[phone.key] == "phone"
    assert frozen.shares == ()
    assert ids(apart_of(frozen)) == [revision.id]


def test_references_past_the_pin_are_no_answers() -> None:
    """An entry that does not count answers nothing, and was not shared."""
    phone, ben = Scribe("ana phone"), Scribe("ben phone")
    bid = ben.write("bid", "Walk?")
    salt = fixed("salt", 16)
    reply = phone.write("response", turn="toward", refs=[("responds_to", bid)], salt=salt)
    frozen = fold([bid, reply], accepted=ended(phone, 0))
    assert frozen.referrers(bid.id) == ()
    assert frozen.records[bid.id].referrers == ()
    assert frozen.written_with(salt, phone.key) is None
    assert fold([bid, reply]).written_with(salt, phone.key) == reply.id


def test_an_entry_apart_has_its_last_text() -> None:
    """Revisions of an entry that does not count are one with it, and the device's own retraction hides nothing."""
    phone = Scribe("ana phone")
    entry = phone.write("note", "first")
    second = phone.revise(entry, "second", after=[entry])
    third = phone.revise(entry, "third", after=[second])
    retraction = phone.retract(entry, after=[third])
    [one] = apart_of(fold([entry, second, third, retraction], accepted=ended(phone, 0)))
    assert (one.op.id, one.is_revision) == (entry.id, False)
    assert b"third" in bytes(one.fields)


def test_only_the_last_of_several_revisions_stands_apart() -> None:
    """A revision that a later one names, whoever counts, is not told twice."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = laptop.write("note", "mine")
    one = phone.revise(entry, "one", after=[entry])
    two = phone.revise(entry, "two", after=[one])
    frozen = fold([entry, one, two], accepted=ended(phone, 0))
    assert [(each.op.id, each.is_revision) for each in apart_of(frozen)] == [(two.id, True)]
    known = laptop.revise(entry, "three", after=[entry, two])
    assert apart_of(fold([entry, one, two, known], accepted=ended(phone, 0))) == ()


def test_what_is_retracted_by_its_author_is_no_longer_apart() -> None:
    """A live device of the author takes it off the list, the partner and the removed device itself do not."""
    phone, laptop, ben = Scribe("ana phone"), Scribe("ana laptop"), Scribe("ben phone")
    entry, kept = phone.write("note", "late"), phone.write("note", "later")
    ops = [entry, kept, phone.retract(entry, after=[entry]), ben.retract(kept, after=[kept])]
    assert ids(apart_of(fold(ops, accepted=ended(phone, 0)))) == [entry.id, kept.id]
    ops.append(laptop.retract(entry, after=[entry]))
    assert ids(apart_of(fold(ops, accepted=ended(phone, 0)))) == [kept.id]


def test_a_revision_of_a_retracted_entry_is_not_told() -> None:
    """What its author hid is not brought back by what a removed device wrote about it."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = laptop.write("note", "mine")
    revision, retraction = phone.revise(entry, "late", after=[entry]), laptop.retract(entry, after=[entry])
    assert apart_of(fold([entry, revision, retraction], accepted=ended(phone, 0))) == ()


def test_what_was_taken_over_is_no_longer_apart() -> None:
    """An entry of the same person that refers to it as taken over stands for it; that of another does not."""
    phone, laptop, ben = Scribe("ana phone"), Scribe("ana laptop"), Scribe("ben phone")
    late = phone.write("note", "late")
    foreign = ben.write("note", "not mine to take", refs=[(TAKEN_OVER, late)], clock=(START_MS, 0))
    frozen = fold([late, foreign], accepted=ended(phone, 0))
    assert taken_over_by(frozen, late.id) is None
    assert ids(apart_of(frozen)) == [late.id]
    again = laptop.write("note", "late", refs=[(TAKEN_OVER, late)], clock=(START_MS + 9000, 0))
    twice = laptop.write("note", "late", refs=[(TAKEN_OVER, late)], clock=(START_MS + 8000, 0))
    frozen = fold([late, foreign, again, twice], accepted=ended(phone, 0))
    assert taken_over_by(frozen, late.id) == twice.id
    assert apart_of(frozen) == ()


def test_an_entry_that_counts_is_never_taken_over() -> None:
    """A reference of that name to an entry that counts replaces nothing: nobody can hide what counts."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = phone.write("note", "counts")
    claim = laptop.write("note", "instead", refs=[(TAKEN_OVER, entry)])
    frozen = fold([entry, claim], accepted=ended(phone, 1))
    assert taken_over_by(frozen, entry.id) is None
    assert set(frozen.records) == {entry.id, claim.id}


def test_an_operation_that_moved_to_a_branch_is_judged_there() -> None:
    """Where a stream turns out to be forked, what came before is judged by the branch in which it stands now."""
    phone = Scribe("ana phone")
    one, two = phone.write("note", "one"), phone.write("note", "two")
    branch = fixed("branch", 16)
    state = State(PERSONS.get, book=fixed("book shared"), accepted={phone.key: {phone.stream: 1, branch: 2}}.get)
    for op in (one, two):
        state.apply(op)
    assert ids(apart_of(state.snapshot())) == [two.id]
    state.apply(Op(two.id, two.key, branch, two.seq, two.word, two.clock, two.salt, two.fields))
    assert apart_of(state.snapshot()) == ()


def test_a_removal_that_comes_later_is_heard_at_the_next_look() -> None:
    """A snapshot keeps what it said; the next one asks anew."""
    phone = Scribe("ana phone")
    op = phone.write("note", "one")
    accepted: dict[bytes, Mapping[bytes, int]] = {}
    state = State(PERSONS.get, book=fixed("book shared"), accepted=accepted.get)
    state.apply(op)
    before = state.snapshot()
    accepted[phone.key] = {}
    assert ids(apart_of(state.snapshot())) == [op.id]
    assert set(before.records) == {op.id}
