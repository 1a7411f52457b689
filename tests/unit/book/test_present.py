"""Where a device goes on: copies, restored backups, lost notes and false claims cost nobody a word."""

from __future__ import annotations

from pathlib import Path

import attrs
import msgspec
import pytest
from unit.book.forging import lack

from couplejournal.book import Draft
from couplejournal.book.marks import Marks
from couplejournal.disk import RealDisk
from couplejournal.ops import words
from couplejournal.store.incarnation import NAME
from couplejournal.store.replica import Replica
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import Member, admit, meet, newcomer, pair

DAY_MS = 24 * 3_600_000


def memory(member: Member) -> MemoryDisk:
    """Return a member's disk, of which backups are made."""
    assert isinstance(member.disk, MemoryDisk)
    return member.disk


def below(member: Member, folder: Path) -> dict[Path, bytes]:
    """Return a backup of a folder."""
    return {path: data for path, data in memory(member).files.items() if path.is_relative_to(folder)}


def restore(member: Member, backup: dict[Path, bytes], folder: Path) -> None:
    """Put a folder back as it was, and start the program anew."""
    for path in below(member, folder):
        del memory(member).files[path]
    memory(member).files.update(backup)
    member.reopen()


def marks(member: Member) -> Marks:
    """Return a member's note."""
    return msgspec.json.decode(memory(member).files[member.state / "book.marks"], type=Marks)


def streams(member: Member) -> set[bytes]:
    """Return the ids of all streams of a member's key that it holds."""
    return {head[0] for head in member.ends()}


def codes(member: Member) -> list[str]:
    """Return what a member is told about itself and others."""
    return [notice.code for notice in member.book.notices()]


def test_a_device_goes_on_in_one_stream() -> None:
    """Whatever is restarted, moved or repeated on one device, it writes in one pair of streams."""
    ana, ben = pair()
    first = ana.write("one")
    genesis = ana.book.membership.epochs
    assert {fact.stream for fact in genesis.values()} == {stream for stream, *_ in ana.ends()} - {first.stream}
    for number in range(4):
        ana.reopen()
        ana.system.ms += number * 400 * DAY_MS
        ben.write(f"his {number}")
        meet([ana, ben])
        assert ana.write(f"more {number}").stream == first.stream
        assert ana.opened().append([Draft("seen", words.Seen([]))])[0].stream == first.stream
    assert len(streams(ana)) == 2
    assert codes(ana) == codes(ben) == []


def test_a_home_that_was_renamed_is_the_same(tmp_path: Path) -> None:
    """The home may get another name, and its folders another place in it: nothing is taken for a copy."""
    ana, _ = pair(disk=lambda _: RealDisk(), folder=tmp_path)
    first = ana.write("one")
    (tmp_path / "ana").rename(tmp_path / "moved")
    (tmp_path / "moved" / "state").rename(tmp_path / "elsewhere")
    moved = attrs.evolve(ana, state=tmp_path / "elsewhere", replica=tmp_path / "moved" / "data")
    moved.reopen()
    assert moved.write("two").stream == first.stream


@pytest.mark.parametrize("what", ["machine", "state", "state's note", "data's note", "torn", "both notes", "marks"])
def test_a_copy_goes_on_elsewhere_once_and_quietly(what: str) -> None:
    """F16: on another machine, or where notes are gone, the next word stands in new streams; then all is as ever."""
    ana, ben = pair()
    ben.write("his")
    first = ana.write("one")
    meet([ana, ben])
    files = memory(ana).files
    gone = {
        "machine": [], "state": list(below(ana, ana.state)), "state's note": [ana.state / "book.incarnation"],
        "data's note": [ana.replica / NAME], "both notes": [ana.state / "book.incarnation", ana.replica / NAME],
        "marks": [ana.state / "book.marks"], "torn": [],
    }[what]  # fmt: skip
    for path in gone:
        del files[path]
    if what == "machine":
        ana.system.machine = "another"
    if what == "torn":
        files[ana.replica / NAME] = b"\0" * 20
    ana.reopen()
    fresh = ana.write("two")
    assert fresh.stream != first.stream
    for _ in range(3):
        ana.reopen()
        assert ana.write("more").stream == fresh.stream
    meet([ana, ben])
    assert set(ben.texts()) == set(ana.texts()) == {"his", "one", "two", "more"}
    assert len(streams(ana)) == 4
    assert codes(ana) == codes(ben) == []


def test_a_crash_between_the_two_notes_costs_one_pair_of_streams() -> None:
    """With one note written and the other not, new streams are begun once more, and no number is used twice."""
    ana, _ = pair()
    ana.write("one")
    files = memory(ana).files
    kept = files[ana.replica / NAME]
    del files[ana.state / "book.incarnation"]
    ana.reopen().append([])
    ana.write("two")
    files[ana.replica / NAME] = kept
    ana.reopen()
    third = ana.write("three")
    assert ana.reopen().append([Draft("seen", words.Seen([]))])[0].stream == third.stream
    assert len({(op.stream, op.seq) for op in ana.ops()}) == len(ana.ops())


def test_a_replica_that_was_put_back_is_told_by_the_notes() -> None:
    """Where the replica ends before what was noted, nothing is written twice; the drive brings the rest."""
    ana, ben = pair()
    for backed_up in range(1, 4):
        one, his = ana.copied(), ben.copied()
        first = one.write("one")
        backup = below(one, one.replica)
        later = first
        for number in range(backed_up):
            later = one.write(f"lost {number}")
        his.take_from(one)
        restore(one, backup, one.replica)
        assert one.texts() == ["one"]
        new = one.write("new")
        assert new.stream != first.stream
        assert new.clock > later.clock, "what is not held any more was written before all the same"
        assert codes(one) == ["cut", "restored-or-copied"]
        meet([one, his])
        assert codes(one) == ["restored-or-copied"]
        lost = [f"lost {number}" for number in range(backed_up)]
        assert one.texts() == his.texts() == ["one", *lost, "new"]
        assert codes(his) == []


def test_a_state_that_was_put_back_is_told_by_the_replica() -> None:
    """Where more is held than was noted, nobody can say who wrote it: new streams, and nothing to tell."""
    ana, ben = pair()
    first = ana.write("one")
    backup = below(ana, ana.state)
    ana.write("two")
    restore(ana, backup, ana.state)
    assert ana.write("three").stream != first.stream
    meet([ana, ben])
    assert ben.texts() == ["one", "two", "three"]
    assert codes(ana) == codes(ben) == []


def test_a_backup_put_back_whole_is_told_by_the_drive() -> None:
    """What nobody can see here, the drive shows: words of this device beyond what it holds; it goes on elsewhere."""
    ana, ben = pair()
    first = ana.write("one")
    backup = dict(memory(ana).files)
    ana.write("two")
    meet([ana, ben])
    restore(ana, backup, Path("/"))
    ana.take_from(ben)
    assert ana.texts() == ["one", "two"]
    assert ana.write("three").stream != first.stream
    meet([ana, ben])
    assert ben.texts() == ["one", "two", "three"]
    assert codes(ana) == ["restored-or-copied"]
    assert codes(ben) == []


def test_a_backup_that_writes_before_it_syncs_makes_a_fork_that_costs_nothing() -> None:
    """M18: both histories of the device are shown by everybody, once it writes, and it goes on in its own streams."""
    ana, ben = pair()
    ana.write("one")
    backup = dict(memory(ana).files)
    ana.write("two")
    meet([ana, ben])
    restore(ana, backup, Path("/"))
    other = ana.write("another two")
    meet([ana, ben])
    assert sorted(ana.texts()) == sorted(ben.texts()) == ["another two", "one", "two"]
    assert codes(ana) == ["restored-or-copied"]
    assert codes(ben) == ["forked"]
    assert ana.write("three").stream != other.stream
    meet([ana, ben])
    for member in (ana, ben):
        member.reopen()
        assert sorted(member.texts()) == ["another two", "one", "three", "two"]


@pytest.mark.parametrize("is_stored", [True, False])
def test_a_crash_while_storing_makes_nobody_move(*, is_stored: bool) -> None:
    """Whether what was noted came to be stored or not, the device goes on where it was, and is told nothing."""
    ana, ben = pair()
    first = ana.write("one")
    put = Replica.put

    def crash(self: Replica, path: str, data: bytes) -> None:
        if is_stored:
            put(self, path, data)
        raise KeyboardInterrupt

    for act in (lambda: ana.write("two"), lambda: ana.book._writer.append_keys([Draft(*lack(b"e" * 16))])):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Replica, "put", crash)
            with pytest.raises(KeyboardInterrupt):
                act()
        ana.reopen()
    for text in ("three", "four"):
        assert ana.write(text).stream == first.stream
        ana.reopen()
    assert len(streams(ana)) == 2
    meet([ana, ben])
    assert ben.texts() == [*(["one", "two"] if is_stored else ["one"]), "three", "four"]
    assert codes(ana) == codes(ben) == []


def test_a_stream_of_its_own_that_it_never_began_makes_a_restored_device_move_once() -> None:
    """Shown only what it wrote in later streams, a device that was set back leaves the old ones, once."""
    ana, ben = pair()
    first = ana.write("one")
    backup = dict(memory(ana).files)
    ana.system.machine = "another"
    ana.reopen()
    later = ana.write("two")
    assert later.stream != first.stream
    meet([ana, ben])
    ana.system.machine = "machine"
    restore(ana, backup, Path("/"))
    assert ana.opened().append([Draft("seen", words.Seen([]))])[0].stream == first.stream
    ana.take_from(ben)
    third = ana.write("three")
    assert third.stream not in {first.stream, later.stream}
    assert codes(ana) == ["restored-or-copied"]
    ana.reopen()
    assert ana.write("four").stream == third.stream


def test_a_beginning_alone_is_gone_on_with_by_the_founder_only_at_first() -> None:
    """Set back to nothing but the beginning of the book, with its note lost, its founder does not sign there again."""
    ana, ben = pair()
    ana.write("one")
    meet([ana, ben])
    files = memory(ana).files
    for path in [path for path in files if path.suffix in {".seg", ".marks"}]:
        del files[path]
    ana.reopen()
    before = streams(ana)
    ana.write("two")
    assert len(streams(ana) - before) == 2
    meet([ana, ben])
    assert ben.texts() == ana.texts() == ["one", "two"]
    assert codes(ben) == []


def rounds(members: list[Member], ben: Member, count: int) -> None:
    """Let each write and meet with Ben alone, in turn."""
    for number in range(count):
        for index, member in enumerate(members):
            member.write(f"{index} writes {number}")
            meet([member, ben])
            member.book.acknowledge()
            ben.book.acknowledge()


def test_two_copies_go_on_side_by_side() -> None:
    """Copies that both write and meet again and again lose nothing, and begin new streams once, not without end."""
    ana, ben = pair()
    ana.write("one")
    meet([ana, ben])
    copies = [ana, ana.copied(), ana.copied()]
    rounds(copies, ben, 5)
    for _ in range(2):
        for copy in copies:
            meet([copy, ben])
    whole = {"one", *(f"{index} writes {number}" for index in range(3) for number in range(5))}
    for member in (*copies, ben):
        assert set(member.texts()) == whole
        member.reopen()
        assert set(member.texts()) == whole
        assert member.book.places() == ben.book.places()
    assert len({copy.write("on").stream for copy in copies}) == 3
    # The first pair, and one more for each: what a copy writes in a stream of its own makes nobody move again.
    assert len(streams(ben)) == 2
    assert len({head[0] for head in ana.ends()}) <= 2 + 3 * 2 + 1


def test_a_copy_that_never_wrote_makes_nobody_move() -> None:
    """Of two copies one stays silent: the other goes on where it was, and the silent one elsewhere once it speaks."""
    ana, ben = pair()
    first = ana.write("one")
    silent = ana.copied()
    assert ana.write("two").stream == first.stream
    meet([ana, ben])
    assert ana.write("three").stream == first.stream
    meet([ana, ben])
    silent.take_from(ben)
    assert silent.write("at last").stream != first.stream
    meet([silent, ben])
    meet([ana, ben])
    assert ana.texts() == silent.texts() == ["one", "two", "three", "at last"]
    assert codes(ana) == codes(silent) == ["restored-or-copied"]
    assert codes(ben) == []


def test_admissions_on_both_sides_of_a_fork_count() -> None:
    """What two copies said of keys counts, both of it: what each admitted belongs, everywhere."""
    ana, ben = pair()
    copy = ana.copied()
    tablet, watch = newcomer("ana tablet", ana), newcomer("ana watch", copy)
    admit(ana, tablet)
    admit(copy, watch)
    meet([ana, ben])
    meet([copy, ben])
    meet([ana, ben])
    for member in (ana, copy, ben):
        member.reopen()
        assert {tablet.own.id, watch.own.id} <= {key.id for key in member.book.membership.live_devices(ana.person)}
    assert codes(ben) == ["forked"]
    assert codes(ana) == codes(copy) == ["restored-or-copied"]
    for member in (tablet, watch):
        meet([member, ben])
        ben.write(f"for {member.name}")
        member.take_from(ben)
        assert f"for {member.name}" in member.texts()


def claim(member: Member, head: words.Head) -> None:
    """Let a device say that it holds something."""
    member.book.append([Draft("seen", words.Seen([head]))])


IMPOSSIBLE = [((1 << 64) - 1, b"L" * 32), (1, b"L" * 32), (2, b"L" * 32), (0, b"L" * 32)]


@pytest.mark.parametrize(("number", "link"), IMPOSSIBLE)
def test_a_claim_makes_new_streams_and_a_notice(number: int, link: bytes) -> None:
    """F17: who names an operation of mine that I cannot show makes me go on elsewhere, and is named for it."""
    ana, ben = pair()
    first = ana.write("one")
    ben.take_from(ana)
    claim(ben, (first.stream, number, link))
    ana.take_from(ben)
    assert [(notice.code, notice.key, notice.stream) for notice in ana.book.notices()] == [
        ("named-unknown", ben.own.id, first.stream)
    ]
    assert ana.write("two").stream != first.stream
    ana.reopen()
    assert ana.texts() == ["one", "two"]


def test_claims_without_end_make_no_streams_without_end() -> None:
    """A partner who makes a false claim of each new stream makes this device begin one in a week, and no more."""
    ana, ben = pair()
    begun = set()
    for _ in range(20):
        op = ana.write("on")
        begun.add(op.stream)
        ben.take_from(ana)
        claim(ben, (op.stream, 1 << 40, b"L" * 32))
        ana.take_from(ben)
        ana.system.ms += 60_000
    assert len(begun) == 2
    for week in range(3):
        ana.system.ms += 7 * DAY_MS
        begun |= {ana.write("on").stream, ana.write("and on").stream}
        assert len(begun) == 3 + week
        claim(ben, (marks(ana).present[1].stream, 1 << 40, b"L" * 32))
        ana.take_from(ben)
    ana.system.ms -= 4000 * DAY_MS
    assert len({ana.write("on").stream for _ in range(5)}) == 1


def test_honest_acknowledgements_are_no_claims() -> None:
    """What others hold of my streams, of either branch of a fork even, is what I hold: nothing is to be told."""
    ana, ben = pair()
    copy = ana.copied()
    for member in (ana, copy):
        member.write("one")
        meet([member, ben])
    ben.book.acknowledge()
    for member in (ana, copy, ana):
        meet([member, ben])
        assert "named-unknown" not in codes(member)
    assert marks(ana).claims == marks(copy).claims == {}


def test_a_claim_that_is_shown_after_all_is_forgotten() -> None:
    """A restored device hears of its lost words first, and gets them later: then nothing is to be said of it."""
    ana, ben = pair()
    first = ana.write("one")
    backup = dict(memory(ana).files)
    ana.write("two")
    lost = ana.files()
    ben.take_from(ana)
    ben.book.acknowledge()
    restore(ana, backup, Path("/"))
    for file in ben.files():
        if file not in lost:
            ana.book.take([file])
    assert codes(ana) == ["named-unknown"]
    assert ana.write("three").stream != first.stream
    ana.book.take(lost)
    assert codes(ana) == ["restored-or-copied"]
    assert ana.texts() == ["one", "two", "three"]


def test_a_new_stream_says_what_is_held() -> None:
    """Before the first word in a new stream stands all that is held, of this device's old streams too."""
    ana, ben = pair()
    ben.write("his")
    ana.write("one")
    meet([ana, ben])
    held = {head for head in ana.book.places() if head[0] not in streams(ana)}
    old = {tuple(head) for head in ana.ends()}
    ana.system.machine = "another"
    ana.reopen()
    fresh = ana.write("two")
    seen = next(op for op in ana.ops() if op.stream == fresh.stream)
    assert set(map(tuple, words.decode_fields(words.Seen, seen.fields).heads)) >= {*map(tuple, held), *old}
