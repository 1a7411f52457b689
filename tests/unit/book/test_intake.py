"""Taking files: merged and overlapping ones, gaps, forks, own ones, and streams that somebody else took the id of."""

from __future__ import annotations

import itertools

import pytest
from unit.book.forging import keys_segment, lack, many, notes, packed, words_segment

from couplejournal.book import Taken, Verdict
from couplejournal.ops import codec, domains
from couplejournal.seal.segments import WORD_STREAM
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import Member, meet, pair

STORED, KNOWN, HELD = Verdict.STORED, Verdict.KNOWN, Verdict.HELD


def verdicts(taken: list[Taken]) -> list[Verdict]:
    """Return the verdicts alone."""
    return [one.verdict for one in taken]


def test_a_verdict_for_each_in_its_order() -> None:
    """Whatever the order of the files, each has its own verdict at its own place, and says what it covers."""
    ana, ben = pair()
    ana.write("one")
    files = ana.files()
    taken = ben.book.take([b"junk", *files, b"", *files, ben.book.genesis])
    stored = [STORED] * len(files)
    assert verdicts(taken) == [Verdict.PENDING, *stored, Verdict.PENDING, *[KNOWN] * len(files), KNOWN]
    assert [one.ops for one in taken if one.verdict is STORED] == [1] * len(files)
    for one in taken:
        assert bool(one.stream) == (one.verdict in (STORED, KNOWN))
        assert bool(one.reason) == (one.verdict not in (STORED, KNOWN))
    assert verdicts(ben.take_from(ana)) == [KNOWN] * len(files)


def test_words_before_their_keys_come_in_any_order() -> None:
    """Files of a device that is not known yet are held, and taken once the files that admit it come, at once too."""
    ana, ben, phone = pair("ana", "ben", "ana phone", is_met=False)
    phone.take_from(ana)
    phone.write("from the phone")
    admission, words_of_phone = ana.files(), [file for file in phone.files() if file not in ana.files()]
    assert set(verdicts(ben.book.take(words_of_phone))) == {HELD}
    assert set(verdicts(ben.copied().book.take([*words_of_phone, *admission]))) == {STORED}
    assert set(verdicts(ben.book.take(admission))) == {STORED}
    assert set(verdicts(ben.book.take(words_of_phone))) == {STORED}
    assert ben.texts() == ["from the phone"]


def test_nothing_after_a_gap_is_applied() -> None:
    """Attack 20: operation n+2 without n+1 is kept and not applied; the gap has a name; n+1 brings both."""
    ana, ben = pair()
    for text in ("one", "two", "three"):
        ana.write(text)
    [one, two, three] = ana.files()[-3:]
    ben.book.take([*ana.files()[:-3], one, three])
    assert ben.texts() == ["one"]
    [gap] = ben.book.gaps()
    assert (gap.first_missing, gap.last_missing) == (2, 2)
    assert ben.book.acknowledge() is True
    assert ben.book.acknowledge() is False
    ben.reopen()
    assert ben.texts() == ["one"]
    [taken] = ben.book.take([two])
    assert taken.ops == 2
    assert ben.texts() == ["one", "two", "three"]
    assert ben.book.gaps() == []


def test_what_lies_beyond_a_gap_is_not_acknowledged() -> None:
    """A lone file beyond a gap makes no acknowledgement, raises nothing, and stays to be acknowledged."""
    ana, ben = pair()
    for text in ("one", "two"):
        ana.write(text)
    ben.book.take(ana.files()[:-2])
    ben.book.acknowledge()
    ben.book.take(ana.files()[-1:])
    assert ben.book.acknowledge() is False
    ben.book.take(ana.files())
    assert ben.book.acknowledge() is True


TEXTS = ("one", "two", "three", "four")


def test_merged_and_overlapping_segments_are_read() -> None:
    """Every way to cut a stream into files, overlapping ones too, in any order, gives the same operations."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    files = many(ana, *TEXTS)
    whole = ids_of(ben, [files[3]])
    assert len(whole) == 4
    orders = [[files[at] for at in order] for order in itertools.permutations(range(10), 3)]
    for order in orders[::31]:
        member = ben.copied()
        taken = member.book.take(order)
        assert set(verdicts(taken)) <= {STORED, KNOWN}
        assert set(verdicts(member.book.take(files))) <= {STORED, KNOWN}
        assert member.book.notices() == ()
        assert ids_of(member, []) == whole
        assert member.reopen().gaps() == []
        assert ids_of(member, []) == whole


def ids_of(ben: Member, files: list[bytes]) -> set[bytes]:
    """Return the ids of the notes of the forged stream after taking files."""
    member = ben.copied()
    member.book.take(files)
    return {op.id for op in member.ops() if op.stream == b"W" * 16}


def test_what_is_covered_is_known_and_what_covers_is_stored() -> None:
    """A smaller cut of what is held adds nothing; a larger one is kept beside it and counts its new operations."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    files = dict(zip([(f, t) for f in range(1, 5) for t in range(f, 5)], many(ana, *TEXTS), strict=True))
    assert [taken.ops for taken in ben.book.take([files[1, 2]])] == [2]
    assert verdicts(ben.book.take([files[1, 1], files[2, 2]])) == [KNOWN, KNOWN]
    [merged] = ben.book.take([files[1, 4]])
    assert (merged.verdict, merged.ops, merged.first, merged.last) == (STORED, 2, 1, 4)
    assert verdicts(ben.book.take([files[3, 4], files[2, 3]])) == [KNOWN, KNOWN]


def test_a_second_history_is_kept_beside_the_first() -> None:
    """Attack 21: another operation at a number that is held is a fork: both branches are stored, shown, and told of."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    first, other = many(ana, "one", "two", "three"), many(ana, "one", "TWO", "three")
    ben.book.take([first[0], first[3]])
    assert ben.book.notices() == ()
    assert [taken.ops for taken in ben.book.take([other[3], other[5], first[5]])] == [1, 1, 1]
    texts = ["before", "one", "two", "TWO", "three", "three"]
    assert sorted(ben.texts()) == sorted(texts)
    assert [(notice.code, notice.key) for notice in ben.book.notices()] == [("forked", ana.own.id)]
    assert set(verdicts(ben.book.take([*first, *other]))) <= {STORED, KNOWN}
    for member in (ben, ben.copied()):
        member.reopen()
        assert sorted(member.texts()) == sorted(texts)
        assert member.book.gaps() == []
        assert set(verdicts(member.book.take([*first, *other]))) == {KNOWN}


def test_a_history_that_does_not_join_waits() -> None:
    """A file whose link before it is not the one that is held joins nothing: it is kept, not applied, and a gap."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    [one, *_, two, _, _] = many(ana, "one", "two", "three")
    loose = words_segment(ana, notes("LOOSE", at=9), first=2, prev=b"P" * 32).sealed.data
    for order in itertools.permutations([one, two, loose]):
        member = ben.copied()
        for file in order:
            assert verdicts(member.book.take([file])) == [STORED]
        for _ in range(2):
            assert member.texts() == ["before", "one", "two"]
            assert [(gap.first_missing, gap.last_missing) for gap in member.book.gaps()] == [(1, 1)]
            assert [notice.code for notice in member.book.notices()] == ["forked", "gap"]
            member.reopen()


def test_a_stream_begins_with_its_own_link() -> None:
    """A first operation whose link before it is not that of this key, stream and type is refused for good."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    wrong = words_segment(ana, notes("one"), prev=domains.first_link(ben.own.id, b"W" * 16, WORD_STREAM))
    assert verdicts(ben.book.take([wrong.sealed.data])) == [Verdict.REFUSED]


def test_words_of_ones_own_that_are_not_held_are_taken_like_any() -> None:
    """A segment of one's own key beyond what this device holds is read, and this device goes on in new streams."""
    ana, ben = pair()
    old = ana.write("one")
    backup = ana.copied()
    ana.write("two")
    ben.take_from(ana)
    assert set(verdicts(backup.take_from(ben))) <= {STORED, KNOWN}
    assert backup.texts() == ["one", "two"]
    op = backup.write("three")
    assert op.stream != old.stream
    assert op.seq == 2  # behind the acknowledgement of what is held
    assert [notice.code for notice in backup.book.notices()] == ["restored-or-copied"]
    assert set(verdicts(ana.take_from(backup))) <= {STORED, KNOWN}
    assert ana.texts() == ["one", "two", "three"]


def test_a_stream_id_taken_by_another_key_shuts_nobody_out() -> None:
    """A member that publishes a stream under the id of another's, first even, keeps none of that one's words away."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    phone.write("from the phone")
    phone.write("and again")
    [stream] = {op.stream for op in phone.ops() if op.key == phone.own.id}
    ben.write("his")
    meet([ana, ben, phone], rounds=1)
    squatted = words_segment(ben, notes("squatted"), stream=stream)
    for order in list(itertools.permutations([squatted.sealed.data, *phone.files()], 2))[::3]:
        member = _without_words(ana)
        taken = member.book.take([*order, squatted.sealed.data, *phone.files()])
        assert set(verdicts(taken)) <= {STORED, KNOWN}
        texts = {"from the phone", "and again", "his", "squatted"}
        assert set(member.texts()) == texts
        member.reopen()
        assert set(member.texts()) == texts
        assert {entry.author.person for entry in member.view().entries() if entry.text == "squatted"} == {
            ben.person.hex()
        }
        assert set(verdicts(member.take_from(phone))) <= {KNOWN}


def _without_words(member: Member) -> Member:
    """Return a device that holds no words yet."""
    fresh = member.copied()
    assert isinstance(fresh.disk, MemoryDisk)
    keys = {fresh.replica.parent / "data" / held.path.partition("/")[2] for held in fresh.book.held() if held.is_key}
    for path in [path for path in fresh.disk.files if path.suffix == ".seg" and path not in keys]:
        del fresh.disk.files[path]
    fresh.disk.files.pop(fresh.state / "book.marks", None)
    fresh.reopen()
    return fresh


def test_a_file_of_another_journal_is_named() -> None:
    """A segment of another book is told apart, whatever its stream."""
    ana, _ = pair()
    other, _ = pair("ana", "ben", seed="other")
    other.write("elsewhere")
    assert set(verdicts(ana.take_from(other))) == {Verdict.FOREIGN}
    assert verdicts(ana.book.take([other.book.genesis])) == [Verdict.FOREIGN]


def test_a_newer_word_waits_for_an_update() -> None:
    """F8: a critical word of a later version is not passed over; what was there stays, and nothing is stored."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    newer = words_segment(ana, packed(("mood", {"text": "blue"})))
    removal = keys_segment(ana, packed(("banish", {"keys": []})))
    optional = words_segment(ana, packed(("mood", {"text": "blue"}), critical=False), stream=b"V" * 16)
    assert verdicts(ben.book.take([f.sealed.data for f in (newer, removal, optional)])) == [
        Verdict.NEWER, Verdict.NEWER, STORED,
    ]  # fmt: skip
    assert [op.word for op in ben.ops() if op.stream == b"V" * 16] == ["mood"]
    assert ben.texts() == ["before"]


@pytest.mark.parametrize("word", ["write", "admit"])
def test_words_in_the_wrong_kind_of_stream_have_no_effect(word: str) -> None:
    """Who belongs is not said in words, and words are not said among keys."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    ops = packed((word, {"person": b"", "keys": b"", "proof": b"", "founding": b""}))
    made = words_segment(ana, ops) if word == "admit" else keys_segment(ana, ops)
    assert verdicts(ben.book.take([made.sealed.data])) == [Verdict.NEWER]


def test_a_second_beginning_has_no_effect() -> None:
    """Attack 5: a second `found` in a key stream, whoever signed it, changes nobody's place."""
    ana, ben = pair()
    before = ben.book.membership.keys
    found = codec.peek(codec.decode_list(ana.book.genesis[182:-64])[0])
    again = keys_segment(ana, packed(("found", found.fields)))
    assert verdicts(ben.book.take([again.sealed.data])) == [STORED]
    assert ben.book.membership.keys == before
    assert len(ben.book.membership.persons) == 2


def test_a_stranger_s_files_are_held_and_change_nothing() -> None:
    """Attacks 1 and 4: what a stranger signs, in the right book even, is neither stored nor believed."""
    ana, ben = pair()
    [eve, _] = pair("eve", "ben")
    ana.write("before")
    meet([ana, ben])
    files = [
        keys_segment(ana, packed(lack(b"e" * 16)), author=eve.own).sealed.data,
        words_segment(ana, notes("forged"), author=eve.own).sealed.data,
    ]
    assert verdicts(ben.book.take(files)) == [HELD, HELD]
    assert ben.texts() == ["before"]
    assert eve.own.id not in ben.book.membership.keys
