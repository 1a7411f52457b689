"""Properties of merge and view: equal sets of operations give equal views, and nothing that comes makes them raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.merge.scribe import BEN, PERSONS, START_MS, Scribe, fixed, fold
from unit.view.looking import view_of

from couplejournal.merge import State
from couplejournal.ops.codec import encode
from couplejournal.ops.op import Op

if TYPE_CHECKING:
    from couplejournal.view import JournalView

settings.register_profile("merge", deadline=None, derandomize=True, max_examples=120)
MERGE = settings.get_profile("merge")

DEVICES = ("ana phone", "ana laptop", "ben phone", "stranger")
KINDS = ("bid", "goal", "milestone", "note", "ritual")
NAMES = ("toward", "away", "second-chance", "let-go", "propose", "agree", "activate", "pause", "done", "dance")
ACTS = (*["write"] * 3, *["reply"] * 3, *["step"] * 3, *["revise"] * 4, "retract", "profile", "share", "share", "junk")
SMALL = st.integers(0, 7)


class World:
    """Two persons who write, shared and privately, about whatever is there."""

    def __init__(self) -> None:
        self.shared = [Scribe(name) for name in DEVICES]
        self.private = [Scribe(name, book="private") for name in DEVICES[:2]]
        self.ops: dict[str, list[Op]] = {"shared": [], "private": []}
        self.entries: list[Op] = [Scribe("never seen").write("bid", "missing")]
        self.revisions: dict[bytes, list[Op]] = {}

    def act(self, act: str, numbers: list[int], *, is_private: bool) -> None:
        """Do one thing, as the numbers say."""
        book = "private" if is_private else "shared"
        who, what, which, when, more = numbers
        scribes = self.private if is_private else self.shared
        scribe = scribes[who % len(scribes)]
        target = self.entries[-1 - which % len(self.entries)]
        clock = (START_MS + when * 1000, more)
        if act == "write":
            made = scribe.write(
                KINDS[what % len(KINDS)],
                str(numbers),
                joint=more % 2 == 0,
                both=which % 2 == 0,
                clock=clock,
                refs=[("about", target)] if more % 3 == 0 else [],
                happened=(START_MS + what * 500, 60, "minute"),
            )
        elif act == "reply":
            made = scribe.reply(target, NAMES[what % 2], both=more % 2 == 0, clock=clock)
        elif act == "step":
            made = scribe.step(target, NAMES[(what + more) % len(NAMES)], both=more % 2 == 0, clock=clock)
        elif act in {"revise", "retract"}:
            made = self.change(act, scribe, numbers)
        elif act == "profile":
            made = scribe.profile(("", "Ana", "Ben")[what % 3], f"device {more}", clock=clock)
        elif act == "share":
            made = self.share(scribe, numbers)
        else:
            made = scribe.say(("write", "revise", "share", "seen")[what % 4], {"entry": more}, clock=clock)
        self.ops[book].append(made)
        if made.word == "write":
            self.entries.append(made)

    def change(self, act: str, scribe: Scribe, numbers: list[int]) -> Op:
        """Revise or retract, mostly what this person wrote, knowing some of what was said about it."""
        _, what, which, when, more = numbers
        person = PERSONS.get(scribe.key)
        own = [op for op in self.entries if PERSONS.get(op.key) == person] if what else []
        target = (own or self.entries)[-1 - which % len(own or self.entries)]
        revisions = self.revisions.setdefault(target.id, [])
        after = [target, *revisions[: more % 3]]
        clock = (START_MS + when * 1000, more)
        if act == "retract":
            return scribe.retract(target, after=after, clock=clock)
        revisions.append(scribe.revise(target, f"revised {numbers}", after=after, clock=clock, turn=NAMES[what % 2]))
        return revisions[-1]

    def share(self, scribe: Scribe, numbers: list[int]) -> Op:
        """Move an entry of the private book, if there is one, into the shared book."""
        who, what, which, when, more = numbers
        waiting = [op for op in self.ops["private"] if op.word == "write"] or self.entries
        target = waiting[-1 - which % len(waiting)]
        salt, device = fixed(f"share {what}", 16), self.shared[who % 2]
        if more:
            moved = device.write("bid", "shared", salt=salt, clock=(START_MS + when * 1000, more))
            self.ops["shared"].append(moved)
            self.entries.append(moved)
        return scribe.share(target, salt=salt, key=device.key)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a history of two books."""
    world = World()
    steps = st.tuples(st.sampled_from(ACTS), st.lists(SMALL, min_size=5, max_size=5), st.integers(0, 2))
    for act, numbers, book in draw(st.lists(steps, min_size=8, max_size=30)):
        world.act(act, numbers, is_private=book == 0)
    return world


def told(view: JournalView) -> tuple[Any, ...]:
    """Return everything that a view says."""
    entries = list(view.entries())
    return (
        entries,
        [entry.id for entry in view.entries(newest_first=True)][::-1],
        [view.thread(entry.id) for entry in entries],
        [view.steps_allowed(entry.id) for entry in entries],
        view.people,
        [[entry.id for entry in view.entries(audience=audience)] for audience in ("shared", "private", "waiting")],
    )


@MERGE
@given(world=worlds(), data=st.data())
def test_order_duplication_and_partition_make_no_difference(world: World, data: st.DataObject) -> None:
    """Any permutation, some operations twice, in any parts with snapshots between: the same state, the same view."""
    cuts = data.draw(st.sets(st.integers(0, 40), max_size=5))
    for book, ops in world.ops.items():
        repeated = data.draw(st.lists(st.sampled_from(ops), max_size=10)) if ops else []
        mixed = data.draw(st.permutations([*ops, *repeated]))
        state = State(PERSONS.get, book=fixed(f"book {book}"))
        for number, op in enumerate(mixed):
            state.apply(op)
            if number in cuts:
                state.snapshot()
        assert state.snapshot() == fold(ops, book=book)
        world.ops[book] = mixed
    first = told(view_of(world.ops["shared"], world.ops["private"]))
    in_order = told(view_of(sorted(world.ops["shared"], key=repr), sorted(world.ops["private"], key=repr)))
    assert first == in_order
    assert first[0] == sorted(first[0], key=lambda entry: entry.happened_at)
    assert [entry.id for entry in first[0]] == first[1]


@MERGE
@given(world=worlds())
def test_both_see_the_same_of_what_is_shared(world: World) -> None:
    """Ana, who has private books, and Ben, who has not, see equal shared entries: contents, order, states, notes."""
    views = [
        view_of(world.ops["shared"], world.ops["private"]),
        view_of(world.ops["shared"], world.ops["private"]).shared_only(),
        view_of(world.ops["shared"], me=BEN),
    ]
    seen = [
        [
            (entry.id, entry.content, entry.state, entry.refs, entry.revised, entry.conflict, entry.note)
            for entry in view.entries(audience="shared")
        ]
        for view in views
    ]
    assert seen[0] == seen[1] == seen[2]


@MERGE
@given(world=worlds(), cut=st.integers(0, 60))
def test_a_snapshot_stays_fixed_while_more_is_applied(world: World, cut: int) -> None:
    """Whatever comes later, an earlier snapshot is what it was."""
    ops = world.ops["shared"]
    state = State(PERSONS.get, book=fixed("book shared"))
    for op in ops[:cut]:
        state.apply(op)
    before = state.snapshot()
    for op in ops[cut:]:
        state.apply(op)
    state.snapshot()
    assert before == fold(ops[:cut])


@MERGE
@given(world=worlds())
def test_nothing_is_shown_twice_and_every_id_leads_somewhere(world: World) -> None:
    """Each entry is listed once; each id names a listed entry or a hidden one; current versions are never lost."""
    view = view_of(world.ops["shared"], world.ops["private"])
    listed = [entry.id for entry in view.entries()]
    assert len(set(listed)) == len(listed) == view.count()
    for entry in world.entries[1:]:
        found = view.find(entry.id)
        assert found is None or found.id in listed
    for id_ in listed:
        assert view.entry(id_[:16]).id == id_


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | st.text(max_size=5)
    | st.binary(max_size=40) | st.sampled_from([fixed("one"), fixed("two")]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
IDS = st.sampled_from([fixed("one"), fixed("two"), fixed("three")])
FIELDS = st.one_of(
    PLAIN,
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from([*KINDS, "response", "step"]),
            "schema": st.integers(-5, 5),
            "happened": st.tuples(st.integers(-(1 << 63), (1 << 64) - 1), st.integers(-(1 << 63), 1 << 63), st.text()),
            "fields": PLAIN | st.dictionaries(st.sampled_from(["text", "turn", "name", "tags", "owner"]), PLAIN),
        },
        optional={
            "refs": st.lists(st.tuples(st.sampled_from(["about", "responds_to"]), IDS | st.binary()), max_size=3),
            "joint": st.booleans(),
            "both": st.booleans(),
        },
    ),
    st.fixed_dictionaries({"entry": IDS, "after": st.lists(IDS, max_size=3), "fields": PLAIN}),
    st.fixed_dictionaries({"entry": IDS, "salt": st.binary(min_size=16, max_size=16), "key": IDS}),
)
OPS = st.builds(
    Op,
    id=IDS,  # the same id for different operations, too: no hash would do that
    key=st.sampled_from([*PERSONS, fixed("stranger")]),
    stream=st.just(b""),
    seq=st.just(1),
    word=st.sampled_from(["write", "write", "revise", "retract", "share", "profile", "seen", "new"]),
    clock=st.tuples(st.integers(0, 1 << 48), st.integers(0, 1 << 32)),
    salt=st.binary(max_size=16),
    fields=FIELDS.map(encode) | st.binary(max_size=60),
)


@settings(MERGE, max_examples=300)
@given(shared=st.lists(OPS, max_size=8), private=st.lists(OPS, max_size=8))
def test_arbitrary_fields_never_raise(shared: list[Op], private: list[Op]) -> None:
    """Fields of any shape, ids that no hash could give, circles included: everything can still be asked."""
    view = view_of(shared, private)
    told(view)
    told(view.shared_only())
    list(view.entries(text="a", tag="b", kind=KINDS, since="1999-01-01", until="2100-01-01"))


@MERGE
@given(world=worlds(), data=st.data())
def test_words_past_a_pin_are_as_if_nobody_had_written_them(world: World, data: st.DataObject) -> None:
    """Whatever removed devices wrote later: entries, threads and steps are those of the rest; none of it is lost."""
    upto = data.draw(st.dictionaries(st.sampled_from(world.shared), st.integers(0, 6), min_size=1))
    accepted = {scribe.key: {scribe.stream: seq} for scribe, seq in upto.items()}
    shared = world.ops["shared"]
    counting = [op for op in shared if op.key not in accepted or op.seq <= accepted[op.key].get(op.stream, 0)]
    judged = view_of(data.draw(st.permutations(shared)), world.ops["private"], accepted=accepted)
    rest = view_of(counting, world.ops["private"])
    assert [attrs.evolve(entry, device="") for entry in judged.entries()] == [
        attrs.evolve(entry, device="") for entry in rest.entries()
    ]
    ids = [entry.id for entry in rest.entries()]
    assert [[part.id for part in judged.thread(one)] for one in ids] == [
        [part.id for part in rest.thread(one)] for one in ids
    ]
    assert [judged.steps_allowed(one) for one in ids] == [rest.steps_allowed(one) for one in ids]
    kept = {entry.id for entry in judged.apart()}
    written = {op.id.hex() for op in shared if op not in counting and op.word == "write" and is_well_formed(op)}
    frozen = fold(shared, accepted=accepted)
    retracted = {entry.hex() for entry in frozen.written if (one := frozen.record(entry)) and one.retractions}
    assert written - kept <= retracted


def is_well_formed(op: Op) -> bool:
    """Return whether the fields of an operation fit its word, so that there is something to show."""
    return bool(fold([op]).written)
