"""Real books over a folder that hands over anything in any order: who is live reads all that live devices wrote.

Devices write, admit, remove, recover, take what they happen to see of the folder, and lose their programs; keys are
copied, and their epochs name removals that do not exist. Then all sync, six times, and everything is looked at.
"""

from __future__ import annotations

import random

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from unit.book.forging import keys_segment, lack, packed

from couplejournal.book import holding
from couplejournal.errors import PairingError, SetupError, StoreError
from couplejournal.ops import membership as membership_of
from couplejournal.ops import words
from couplejournal.ops.membership import Membership, admit_message, person_id
from couplejournal.seal import epochs
from couplejournal.testing.pairs import Member, admit, newcomer, pair

ROUNDS = 6
DEVICES = 9


class Story:
    """One book on some devices around one folder; a seed decides everything that happens."""

    def __init__(self, seed: int, *, steps: int) -> None:
        self.draw = random.Random(seed)
        self.members = pair("ana", "ben", is_met=False)
        self.folder: dict[bytes, None] = {}
        self.said: list[tuple[Member, bytes]] = []
        self.under: list[tuple[bytes, frozenset[bytes]]] = []
        self.thieves: list[Member] = []
        self.backups: dict[Member, Member] = {}
        self.asked: set[tuple[bytes, bytes]] = set()
        self.steps = [self.write] * 9 + [self.sync] * 4 + [self.glance] * 6 + [self.admit] * 3 + [self.remove] * 3
        self.steps += [self.recover, self.reopen, self.sixteenth, self.sixteenth, self.copy_key, self.copy_key]
        self.steps += [self.clone, self.restore]
        for _ in range(steps):
            self.draw.choice(self.steps)(self.draw.choice(self.members))

    def write(self, member: Member) -> None:
        """Write a note, and remember under which epoch, and who was removed as far as the writer knew."""
        if member.book.membership.is_live(member.own.id):
            op = member.write(f"{member.name} {len(self.said)}")
            self.said.append((member, op.id))
            self._note_epoch(member)

    def sync(self, member: Member) -> None:
        """Hand over everything and take everything."""
        self.hand_over(member)
        member.book.take([*self.folder])
        self._tend(member)

    def glance(self, member: Member) -> None:
        """See some files only, in any order, and hand over some."""
        files = [*self.folder]
        self.draw.shuffle(files)
        member.book.take(files[: self.draw.randint(0, len(files))])
        if self.draw.random() < 0.5:
            self._tend(member)
        own = member.files()
        self.folder.update(dict.fromkeys(own[: self.draw.randint(0, len(own))]))

    def admit(self, member: Member) -> None:
        """Let a device admit another of its person."""
        if len(self.members) < DEVICES:
            fresh = self._newcomer(member)
            if self._tried(lambda: admit(member, fresh)):
                self.members.append(fresh)

    def sixteenth(self, member: Member) -> None:
        """Let a root admit one, at any device of its person."""
        if len(self.members) < DEVICES:
            fresh = self._newcomer(member)
            if self._tried(lambda: member.admit_by_root(fresh)):
                self.members.append(fresh)

    def remove(self, member: Member) -> None:
        """Let a root remove a device, at what is held of it or at some earlier place."""
        others = [one for one in self.members if one.root is member.root or one.root.id == member.root.id]
        other = self.draw.choice(others)
        pins = None
        if other.own.id in member.book.membership.keys and self.draw.random() < 0.3:
            pins = {other.own.id: self._earlier(member, other)}
        self._tried(lambda: member.remove(other, pins=pins))

    def recover(self, member: Member) -> None:
        """Let a person begin again with the root and what lies in the folder."""
        if len(self.members) < DEVICES:
            fresh = self._newcomer(member)
            fresh.book.take([*self.folder])
            fresh.recover()
            self.members.append(fresh)

    def reopen(self, member: Member) -> None:
        """Start a device's program anew."""
        member.reopen()

    def clone(self, member: Member) -> None:
        """Let a device be copied as a whole: from now on two of it write."""
        if len(self.members) < DEVICES:
            self.members.append(member.copied())

    def restore(self, member: Member) -> None:
        """Let a device go back to a backup, or make one; what it wrote since lies in the folder."""
        if member in self.backups:
            self.hand_over(member)
            earlier = self.backups.pop(member).copied()
            self.members[self.members.index(member)] = earlier
            self.said = [(earlier if author is member else author, said) for author, said in self.said]
        else:
            self.backups[member] = member.copied()

    def copy_key(self, member: Member) -> None:
        """Let a thief with a copied key ask for everything, name removals that do not exist, and admit a device."""
        membership, number = member.book.membership, len(self.thieves)
        listed = {key.id: key.kem for key in membership.keys.values() if key.is_live}
        roots = [(bytes([number]) * 16, 1 + number, self.draw.randbytes(32))]
        ops: list[tuple[str, object]] = [
            ("epoch", epochs.new_epoch(self.draw.randbytes(32), member.own.id, listed, None, roots)),
            lack(*membership.epochs),
        ]
        if self.draw.random() < 0.5:
            spy = self._newcomer(member)
            person = person_id(member.root.root_keys)
            proof = spy.own.sign(admit_message(member.book.id, member.own.id, spy.own.public.raw, person))
            ops.append(("admit", words.Admit(person, spy.own.public.raw, proof, b"")))
        forged = keys_segment(member, packed(*ops, at=number * 9), stream=b"THIEF" + self.draw.randbytes(11))
        self.folder[forged.sealed.data] = None
        self.thieves.append(member)

    def settle(self) -> None:
        """Let everybody sync, as often as it takes at most."""
        for _ in range(ROUNDS):
            for member in self.draw.sample(self.members, len(self.members)):
                self.sync(member)

    def hand_over(self, member: Member) -> None:
        """Put everything that a device holds into the folder."""
        self.folder.update(dict.fromkeys(member.files()))

    def _tend(self, member: Member) -> None:
        """Let a device do what it owes; one that belongs no more asks for all that it cannot open, as a thief would."""
        member.book.tend()
        shelf = member.book._shelf
        closed = {epoch for epoch in shelf.membership.epochs if shelf.epochs.key_of(epoch) is None}
        closed -= {epoch for asker, epoch in self.asked if asker == member.own.id}
        if closed and not shelf.membership.is_live(member.own.id):
            self.asked.update((member.own.id, epoch) for epoch in closed)
            asking = keys_segment(member, packed(lack(*sorted(closed))), stream=b"ASK" + self.draw.randbytes(13))
            self.folder[asking.sealed.data] = None

    def _newcomer(self, member: Member) -> Member:
        return newcomer(f"{member.name.split()[0]} {len(self.members) + 100 * len(self.thieves)}", member)

    def _earlier(self, member: Member, other: Member) -> list[words.Head]:
        """Return the ends of some streams of a device, and for others places before them, as somebody holds them."""
        found = []
        for stream in member.book._shelf.streams.values():
            if stream.key == other.own.id and stream.head and self.draw.random() < 0.8:
                number, link = self.draw.choice(holding.ends(member.book._shelf, stream))
                earlier = self.draw.randint(1, number)
                tree = member.book._shelf.tree_of(stream)
                if tree is None:
                    link = holding.link_at(member.book._shelf, stream, earlier) or link
                else:
                    chain = next(chain for chain, upto in tree.path(number, link) if chain.first <= earlier <= upto)
                    link = chain.links[earlier - chain.first]
                found.append((stream.origin, earlier, link))
        return found

    def _tried(self, act: object) -> bool:
        try:
            act()  # type: ignore[operator]
        except (SetupError, PairingError, StoreError):
            return False
        return True

    def _note_epoch(self, member: Member) -> None:
        newest = member.book._writer.rotation.newest()
        assert newest is not None
        standings = _standings(member.book.membership)
        self.under.append((newest.id, frozenset(key for key in standings if standings[key] in ("removed", "void"))))


def require_told(story: Story) -> None:
    """Look at everything that must hold once all have synced."""
    answers = [member.book.membership for member in story.members]
    for membership in answers[1:]:
        assert _standings(membership) == _standings(answers[0])
        assert membership.root_heads == answers[0].root_heads
    live = [member for member in story.members if answers[0].is_live(member.own.id)]
    if not live:
        return  # they removed each other, all of them: their roots can begin again
    for member in live:
        held = {op.id for op in member.ops()}
        for author, said in story.said:
            assert said in held or author not in live, f"{member.name} cannot read {author.name}"
    by_key = {member.own.id: member for member in story.members}
    for epoch, gone in story.under:
        for key in gone & by_key.keys():
            assert by_key[key].book._shelf.epochs.key_of(epoch) is None, f"{by_key[key].name} was removed, and reads"
    last = {member.write("at the end").id for member in live}
    story.settle()
    for member in live:
        assert last <= {op.id for op in member.ops()}, f"{member.name} cannot read what was written at the end"
    for member in story.members:
        assert member in live or last.isdisjoint(op.id for op in member.ops()), f"{member.name} reads on"


def require_all(seed: int, *, steps: int) -> Story:
    """Tell one story. In every other one a device writes for two devices of a person only, and the others ask."""
    with pytest.MonkeyPatch.context() as patch:
        if seed % 2:
            patch.setattr(membership_of, "DEVICES_PER_PERSON", 2)
        story = Story(seed, steps=steps)
        story.settle()
        require_told(story)
    return story


def _standings(membership: Membership) -> dict[bytes, str]:
    return {key.id: key.standing for key in membership.keys.values()}


seeds = st.integers(0, 1 << 64)


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(seeds)
def test_who_is_live_reads_what_the_live_wrote(seed: int) -> None:
    """Attack 37: whatever came before, within six syncs all agree, and who is live reads all, the removed nothing."""
    require_all(seed, steps=30)


@pytest.mark.long
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(seeds)
def test_who_is_live_reads_what_the_live_wrote_for_long(seed: int) -> None:
    """The same for longer stories, and many more of them."""
    require_all(seed, steps=70)
