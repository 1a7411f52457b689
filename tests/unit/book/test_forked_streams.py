"""A book with a forked stream: what counts, what covers what, who holds which branch, and what it all costs."""

from __future__ import annotations

import itertools
import time

import pytest
from unit.book.forging import keys_segment, lack, many, notes, packed, words_segment

from couplejournal.book import Draft, Held, Run, Verdict
from couplejournal.ops import domains, words
from couplejournal.seal.segments import KEY_STREAM, WORD_STREAM
from couplejournal.store.replica import Part, Replica
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import Member, meet, pair

STREAM = b"W" * 16


def forked() -> tuple[Member, Member]:
    """Return Ana, and Ben who holds two branches of a stream of hers: one, two, three and one, TWO, THREE."""
    ana, ben = pair("ana", "ben")
    ana.write("before")
    meet([ana, ben])
    first, other = many(ana, "one", "two", "three"), many(ana, "one", "TWO", "THREE")
    ben.book.take([first[0], first[3], first[5], *other[3:]])
    return ana, ben


def held_in(member: Member) -> list[Held]:
    """Return the files of the forked stream."""
    return [held for held in member.book.held() if held.stream == STREAM]


def chains(member: Member) -> dict[bytes, list[str]]:
    """Return the texts of the forked stream by chain."""
    found: dict[bytes, list[str]] = {}
    texts = {entry.id: entry.text for entry in member.view().entries()}
    for op in member.ops():
        if op.stream == STREAM or len(op.stream) > len(STREAM):
            found.setdefault(op.stream, []).append(texts[op.id.hex()])
    return found


def test_chains_have_the_stream_s_name_and_names_of_their_own() -> None:
    """What both branches share keeps the name of the stream; each branch has one that no stream can have."""
    _, ben = forked()
    found = chains(ben)
    assert found.pop(STREAM) == ["one"]
    assert sorted(found.values()) == [["TWO", "THREE"], ["two", "three"]]
    assert {len(name) for name in found} == {32}
    assert set(ben.book.heads()) >= {STREAM, *found}
    assert [head[1] for head in ben.book.places() if head[0] == STREAM] == [3, 3]


def test_a_file_is_covered_by_its_own_branch_alone() -> None:
    """Files are told apart by the chains that they hold: numbers that are equal cover nothing."""
    _, ben = forked()
    by_run: dict[bytes, set[int]] = {}
    for held in held_in(ben):
        runs = ben.book.runs([held])[0]
        assert [run.first for run in runs][::-1][0] == held.first
        assert runs[0].last == held.last
        for run in runs:
            by_run.setdefault(run.stream, set()).update(range(run.first, run.last + 1))
    assert sorted(map(sorted, by_run.values())) == [[1], [2, 3], [2, 3]]
    straight = next(held for held in ben.book.held() if held.stream != STREAM and not held.is_key)
    assert ben.book.runs([straight])[0] == [Run(straight.stream, straight.first, straight.last)]
    unknown = Held(path="", size_bytes=1, digest=b"d" * 16, stream=STREAM, first=1, last=2, is_key=False, is_mine=False)
    assert ben.book.runs([unknown])[0] == []
    nowhere = Held(path="", size_bytes=1, digest=b"d" * 16, stream=b"N" * 16, first=1, last=2, is_key=False,
                   is_mine=False)  # fmt: skip
    assert ben.book.runs([nowhere])[0] == []


def test_what_was_taken_tells_its_branch() -> None:
    """The verdict on a file says by its last link where it belongs, held or not."""
    ana, ben = forked()
    for file in [*many(ana, "one", "two", "three"), *many(ana, "one", "TWO", "THREE")]:
        [taken] = ben.book.take([file])
        assert taken.verdict in (Verdict.KNOWN, Verdict.STORED)
        runs = ben.book.runs([taken])[0]
        assert runs
        assert (runs[-1].first, runs[0].last) == (taken.first, taken.last)


def test_delivery_is_known_for_each_branch() -> None:
    """An acknowledgement of one branch says nothing of the other."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    ana.write("before")
    meet([ana, ben, phone])
    one, other = many(ana, "one", "two"), many(ana, "one", "TWO")
    ana.book.take([*one[:1], one[2], other[2]])
    ben.book.take([one[0], one[2]])
    ben.book.acknowledge()
    ana.take_from(ben)
    ana.view()
    files = {held.digest: held for held in ana.book.held() if held.stream == STREAM}
    lacks = {held.last: set[bool]() for held in files.values()}
    for held in files.values():
        lacks[held.last].add(ana.book.lacks(held, ben.own.id))
    assert lacks == {1: {False}, 2: {True, False}}
    assert ana.book.reached() is False
    ben.book.take([other[2]])
    ben.book.acknowledge()
    meet([ana, ben])
    ana.view()
    assert {ana.book.lacks(held, ben.own.id) for held in files.values()} == {False}
    ben.book.acknowledge()
    meet([ana, ben])
    ana.view()
    assert ana.book.reached() is True


def test_each_branch_is_acknowledged_once() -> None:
    """A `seen` names the end of every branch, and again only what moved."""
    ana, ben = forked()
    ben.book.acknowledge()
    told = [tuple(head) for op in ben.ops() if op.word == "seen" for head in _heads(op.fields) if head[0] == STREAM]
    assert sorted(told) == [head for head in ben.book.places() if head[0] == STREAM]
    assert ben.book.acknowledge() is False
    ben.reopen()
    assert ben.book.acknowledge() is False
    whole = words_segment(ana, notes("one", "TWO", "THREE"))
    more = words_segment(ana, notes("FOUR", at=9), first=4, prev=whole.links[-1])
    assert ben.book.take([more.sealed.data])[0].ops == 1
    assert ben.book.acknowledge() is True
    last = [op for op in ben.ops() if op.word == "seen"][-1]
    assert [tuple(head) for head in _heads(last.fields)] == [(STREAM, 4, more.links[-1])]
    ben.disk.remove(ben.state / "book.marks")
    ben.reopen()
    assert ben.book.acknowledge() is False


def _heads(fields: bytes) -> list[words.Head]:
    return words.decode_fields(words.Seen, fields).heads


def test_pins_accept_one_branch() -> None:
    """Of a removed key the branch that the pin names counts, up to the pin; the other does not from where they part."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    phone.write("before")
    meet([ana, ben, phone])
    one, other = words_segment(phone, notes("one", "two", "three")), words_segment(phone, notes("one", "TWO", "THREE"))
    ben.book.take([one.sealed.data, other.sealed.data])
    for pin, accepted in (((2, one.links[1]), {0, 1}), ((3, one.links[2]), {0, 1, 2}), ((1, one.links[0]), {0})):
        hers, his = ana.copied(), ben.copied()
        hers.remove(phone, pins={phone.own.id: [(STREAM, *pin)]})
        his.take_from(hers)
        ops = [op for op in his.ops() if op.key == phone.own.id]
        assert {op.id for op in ops if his.book.counts(op)} == {one.links[at] for at in accepted}
        assert his.book.accepted(ana.own.id) is None
        assert all(his.book.counts(op) for op in his.ops() if op.key == ana.own.id)
    nobody = ana.copied()
    nobody.remove(phone, pins={phone.own.id: [(STREAM, 3, b"?" * 32)]})
    ben.take_from(nobody)
    assert ben.book.accepted(phone.own.id) == {}, "as long as the pinned link is not held, nothing is sure to count"
    assert ben.book.accepted(b"k" * 32) == {}


def test_two_removals_accept_what_both_do() -> None:
    """With two removals an operation counts if both accept it."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    phone.write("before")
    meet([ana, ben, phone])
    one, other = words_segment(phone, notes("one", "two", "three")), words_segment(phone, notes("one", "TWO", "THREE"))
    files = [one.sealed.data, other.sealed.data]
    pins = {"short": one.links[1], "long": one.links[2], "other": other.links[2]}
    expected = {("short", "long"): {one.links[0], one.links[1]}, ("long", "other"): {one.links[0]}}
    for (first, second), counting in expected.items():
        hers, again = ana.copied(), ana.copied()
        for member, name in ((hers, first), (again, second)):
            number = 2 if name == "short" else 3
            member.remove(phone, pins={phone.own.id: [(STREAM, number, pins[name])]})
        for order in itertools.permutations([files, hers.files(), again.files()]):
            his = ben.copied()
            for batch in order:
                his.book.take(batch)
            assert {op.id for op in his.ops() if op.key == phone.own.id and his.book.counts(op)} == counting


def test_a_crash_right_after_a_branch_was_stored_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork that names do not show is noted before its file is stored: so no crash makes it be overlooked."""
    ana, ben = pair("ana", "ben")
    ana.write("before")
    meet([ana, ben])
    one, other = many(ana, "one", "two", "three"), many(ana, "one", "TWO", "THREE")
    ben.book.take([one[2]])
    put = Replica.put

    def crash(self: Replica, path: str, data: bytes) -> None:
        put(self, path, data)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Replica, "put", crash)
        with pytest.raises(KeyboardInterrupt):
            ben.book.take([other[3]])
    ben.reopen()
    assert sorted(ben.texts()) == ["TWO", "before", "one", "three", "two"]
    assert [notice.code for notice in ben.book.notices()] == ["forked"]


def test_a_fork_that_no_name_shows_is_found_by_reading() -> None:
    """With all notes gone, and files whose numbers stand in one row, links tell that the last joins nothing."""
    ana, ben = pair("ana", "ben")
    ana.write("before")
    meet([ana, ben])
    one, other = many(ana, "one", "two", "three"), many(ana, "one", "TWO", "THREE")
    ben.book.take([one[0], one[3], other[5]])
    said = (ben.book.places(), ben.book.gaps())
    for name in ("book.marks", "book.branches"):
        ben.disk.remove(ben.state / name)
    ben.reopen()
    assert ben.texts() == ["before", "one", "two"]
    assert (ben.book.places(), ben.book.gaps()) == said
    assert [notice.code for notice in ben.book.notices()] == ["forked", "gap"]


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_start_need_not_open_a_forked_stream(monkeypatch: pytest.MonkeyPatch, *, is_noted: bool) -> None:
    """What was proved of links once is noted; where the note is spoiled all is read again, and said the same."""
    _, ben = forked()
    said = (ben.book.heads(), ben.book.places(), ben.book.gaps())
    assert isinstance(ben.disk, MemoryDisk)
    path = ben.state / "book.branches"
    assert path in ben.disk.files
    if not is_noted:
        ben.disk.files[path] = ben.disk.files[path][:-1] + b"?"
    opened: list[str] = []
    find = Replica.find

    def noted(self: Replica, path: str) -> bytes | None:
        opened.append(path)
        return find(self, path)

    monkeypatch.setattr(Replica, "find", noted)
    ben.reopen()
    assert (ben.book.heads(), ben.book.places(), ben.book.gaps()) == said
    assert (sum(STREAM.hex() in path for path in opened) > 1) != is_noted  # one tells whose stream it is
    assert len(ben.texts()) == 6


def test_a_damaged_file_of_one_branch_takes_nothing_of_the_other() -> None:
    """A worn bit hides what stands behind it on its own branch, and comes back."""
    _, ben = forked()
    assert isinstance(ben.disk, MemoryDisk)
    whole = set(ben.texts())
    for held in held_in(ben):
        path = ben.replica / Part(held.stream, held.first, held.last, held.digest, 0).path
        data = ben.disk.files[path]
        for is_restarted in (True, False):
            if not is_restarted:
                ben.book._shelf._cache.clear()
            ben.disk.files[path] = data[:-1] + bytes([data[-1] ^ 1])
            if is_restarted:
                ben.reopen()
            left = set(ben.texts())
            other = {"two", "three", "TWO", "THREE"} - left
            assert other <= {"two", "three"} or other <= {"TWO", "THREE"} or held.first == 1
            ben.book.take([data])
            assert set(ben.texts()) == whole
            assert ben.disk.files[path] == data or left == whole, "what was missed came back"
            ben.disk.files[path] = data


def test_an_end_on_a_branch_counts_by_its_branch() -> None:
    """`end` is found on any branch, and one behind a pin, or on the branch that a pin does not name, ends nothing."""
    for is_first in (True, False):
        ana, ben, phone = pair("ana", "ben", "ana phone")
        phone.write("before")
        meet([ana, ben, phone])
        plain = words_segment(phone, notes("one", "two"))
        over = words_segment(phone, [*notes("one"), *packed(("end", words.End()), at=7)])
        files = [plain.sealed.data, over.sealed.data]
        ben.book.take(files if is_first else files[::-1])
        for _ in range(2):
            assert ben.book.enders() == {phone.own.id}
            ben.disk.remove(ben.state / "book.marks")
            ben.reopen()
        again = words_segment(phone, [*notes("one"), *packed(("end", words.End()), at=8)])
        for pinned, enders in ((plain, set()), (over, {phone.own.id}), (again, {phone.own.id})):
            hers, his = ana.copied(), ben.copied()
            his.book.take([again.sealed.data])
            hers.remove(phone, pins={phone.own.id: [(STREAM, 2, pinned.links[1])]})
            his.take_from(hers)
            assert his.book.enders() == enders
            assert his.reopen().enders() == enders


@pytest.mark.parametrize("type_", [WORD_STREAM, KEY_STREAM])
@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.long)])
def test_a_flood_of_branches_costs_bounded_time_for_each_file(count: int, type_: int) -> None:
    """Attack 45: a thousand branches of one stream, of words or of keys, are taken, told and opened in a moment."""
    ana, ben = pair("ana", "ben")
    ana.write("before")
    meet([ana, ben])
    stream = b"F" * 16
    root = domains.first_link(ana.own.id, stream, type_)
    files = []
    for number in range(count):
        if type_ == WORD_STREAM:
            made = words_segment(ana, notes(f"branch {number}"), stream=stream)
        else:
            made = keys_segment(ana, packed(lack(number.to_bytes(16))), stream=stream, prev=root)
        files.append(made.sealed.data)
    begun = time.perf_counter()
    assert {taken.verdict for taken in ben.book.take(files)} == {Verdict.STORED}
    ben.book.acknowledge()
    ben.write("goes on")
    assert len([head for head in ben.book.places() if head[0] == stream]) == count
    took = time.perf_counter() - begun
    begun = time.perf_counter()
    ben.reopen()
    assert len(ben.ops()) == (count if type_ == WORD_STREAM else 0) + 3
    assert {notice.code for notice in ben.book.notices()} == {"forked"}
    assert took + time.perf_counter() - begun < 0.03 * count + 3


def test_more_ends_than_one_acknowledgement_holds_are_told_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where more streams moved than one `seen` names, the rest comes with the next, and then all is quiet."""
    monkeypatch.setattr("couplejournal.book.telling.HEADS_LIMIT", 4)
    ana, ben = pair("ana", "ben")
    ana.write("before")
    meet([ana, ben])
    for number in range(10):
        ben.book.take([words_segment(ana, notes(f"{number}"), stream=bytes([number]) * 16).sealed.data])
    said = [ben.book.acknowledge() for _ in range(6)]
    assert said.count(True) >= 3
    assert said[-1] is False
    told = {head[0] for op in ben.ops() if op.word == "seen" for head in _heads(op.fields)}
    assert {bytes([number]) * 16 for number in range(10)} <= told


def test_first_words_of_each_stream_are_found() -> None:
    """What stands at the beginning of a stream is found there, whatever branches off behind it."""
    _, ben = forked()
    assert {op.seq for op in ben.book.first_ops(1) if op.stream == STREAM} == {1}
    ben.book.append([Draft("profile", words.Profile(name="Ben", device="laptop"))])
    assert [op.word for op in ben.book.first_ops(2) if op.key == ben.own.id][-1] == "profile"
