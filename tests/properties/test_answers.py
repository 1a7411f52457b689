"""Properties of sealed answers: no order of arrival can be seen, nobody reads alone, and what is owed ends."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
from hypothesis import given, settings
from unit.merge.scribe import ANA, BEN, PERSONS, START_MS, fixed
from unit.merge.sealing import PROMPT, Answerer, answer_state, decoded, folded, shown

from couplejournal.merge import Frozen, Prompted, State, due_releases
from couplejournal.ops.op import Op
from couplejournal.ops.words import Release, decode_fields

ANSWERS = settings(deadline=None, max_examples=200)
SMALL = st.integers(0, 5)
PROMPTS = (PROMPT, fixed("an entry").hex())
NAMES = ("ana phone", "ana laptop", "ben phone", "stranger")


def prompted(frozen: Frozen, prompt: str = PROMPT) -> Prompted:
    """Return the answers to a prompt."""
    return frozen.answers.prompts.get(prompt, Prompted(prompt))


@st.composite
def histories(draw: st.DrawFn) -> list[Op]:
    """Draw what honest and dishonest devices write about a few prompts: right and wrong, early and late."""
    scribes = [Answerer(name) for name in NAMES]
    ops: list[Op] = []
    seals: list[Op] = [Answerer("on its way").seal("never here")]
    for act, numbers in draw(st.lists(st.tuples(st.integers(0, 9), st.tuples(SMALL, SMALL, SMALL)), max_size=24)):
        who, what, which = numbers
        scribe, clock = scribes[who % len(scribes)], (START_MS + what * 1000, which)
        mine = [op for op in seals if op.key == scribe.key] or seals
        own, other = mine[what % len(mine)], seals[-1 - which % len(seals)]
        if act < 4:
            text = "" if what == 5 else f"text {numbers}"
            made = scribe.seal(text, prompt=PROMPTS[which % 2], until=what * 100, clock=clock)
            seals.append(made)
        elif act < 7:
            made = scribe.release(own, other, key=None if what else b"k" * 32, clock=clock)
        elif act == 7:
            made = scribe.withdraw(own)
        elif act == 8:
            made = scribe.rewrap(own, NAMES[which % 3])
        else:
            made = scribe.skip(PROMPTS[which % 2])
        ops.append(made)
    return ops


LIMITS = st.dictionaries(st.sampled_from([Answerer(name).key for name in NAMES]), st.integers(0, 6), max_size=2)


@ANSWERS
@given(ops=histories(), limits=st.lists(LIMITS, max_size=3), data=st.data())
def test_no_order_of_arrival_can_be_seen(ops: list[Op], limits: list[dict[bytes, int]], data: st.DataObject) -> None:
    """Any permutation, twice, with snapshots between and removals that come and go: the state is that of the set."""
    accepted: dict[bytes, dict[bytes, int]] = {}
    state = answer_state(accepted)
    streams = {op.key: op.stream for op in ops}
    cuts = data.draw(st.sets(st.integers(0, 30), max_size=6))
    for number, op in enumerate(data.draw(st.permutations(ops))):
        state.apply(op)
        if number in cuts:
            judge(accepted, limits[number % len(limits)] if limits else {}, streams)
            state.snapshot()
    judge(accepted, limits[-1] if limits else {}, streams)
    assert state.snapshot() == folded(ops, accepted)


def judge(accepted: dict[bytes, dict[bytes, int]], limits: dict[bytes, int], streams: dict[bytes, bytes]) -> None:
    """Let the words of some keys count up to a number only."""
    accepted.clear()
    accepted.update({key: {streams.get(key, b""): upto} for key, upto in limits.items()})


@ANSWERS
@given(ops=histories(), limits=LIMITS)
def test_what_is_shown_was_opened_by_its_author_and_named_by_the_other(ops: list[Op], limits: dict[bytes, int]) -> None:
    """F25: behind each answer stand its author's right key and a right release of the other."""
    accepted = {key: {op.stream: upto for op in ops if op.key == key} for key, upto in limits.items()}
    frozen = folded(ops, accepted)
    by_id = {op.id: op for op in ops if frozen.counts(op)}
    right = [
        release
        for op in by_id.values()
        if op.word == "release" and is_right(op, release := decode_fields(Release, op.fields), by_id)
    ]
    expected = {release.seal for release in right} & {release.other for release in right}
    assert shown(frozen).keys() == expected
    for entry, fields in shown(frozen).items():
        assert decoded(by_id[entry]).sealed in fields
    assert {entry for _, _, entry in frozen.order} == expected


def is_right(op: Op, release: Release, by_id: dict[bytes, Op]) -> bool:
    """Return whether a release is right, written down once more and in another way."""
    own, other = by_id.get(release.seal), by_id.get(release.other)
    if own is None or other is None or "seal" not in (own.word, other.word) or own.word != other.word:
        return False
    persons = [PERSONS.get(one.key) for one in (op, own, other)]
    prompts = {decoded(one).prompt for one in (own, other)}
    is_whole = all(decoded(one).sealed for one in (own, other))
    is_first = not any(
        one.key == op.key and (one.clock, one.id) < (op.clock, op.id) and is_right(one, earlier, by_id)
        for one in by_id.values()
        if one.word == "release" and (earlier := decode_fields(Release, one.fields)).seal == release.seal
    )
    return (
        is_first
        and is_whole
        and len(prompts) == 1
        and None not in persons
        and persons[0] == persons[1] != persons[2]
        and release.key != b"k" * 32
    )


WHOLE: dict[bytes, Op] = {}  # sealings with their fields, which a state does not keep twice


class Device:
    """An honest device: it writes by the rules, and holds what reached it."""

    def __init__(self, name: str) -> None:
        self.scribe = Answerer(name)
        self.person = PERSONS[self.scribe.key]
        self.state: State = answer_state()
        self.written: list[Op] = []
        self.has: dict[str, int] = {}

    def write(self, op: Op) -> None:
        self.written.append(op)
        self.state.apply(op)

    def mine(self) -> list[bytes]:
        """Return the answers of this device's person that stand."""
        return [one.id for one in prompted(self.state.snapshot()).of(self.person) if not one.is_withdrawn]

    def tend(self, now_ms: int) -> bool:
        """Open what is due."""
        due = due_releases(prompted(self.state.snapshot()), self.person, now_ms)
        for one, other in due:
            self.write(self.scribe.release(WHOLE[one.id], other))
        return bool(due)

    def take(self, other: Device, count: int) -> None:
        """Take the next operations of another device's stream."""
        at = self.has.get(other.scribe.stream.hex(), 0)
        for op in other.written[at : at + count]:
            self.state.apply(op)
        self.has[other.scribe.stream.hex()] = min(len(other.written), at + count)


def say(device: Device, act: str, now_ms: int, until: int) -> None:
    """Let a person do something on a device, if its program lets them."""
    if act == "seal" and not device.mine():
        op = device.scribe.seal(f"{device.scribe.seq} of {device.person.hex()}", until=until, clock=(now_ms, 0))
        WHOLE[op.id] = op
        device.write(op)
    elif act == "withdraw":
        for one in prompted(device.state.snapshot()).of(device.person):
            if not (one.is_released or one.is_withdrawn or one.named_by):
                device.write(device.scribe.withdraw(one.op))


STEPS = st.lists(
    st.tuples(st.sampled_from(["seal", "seal", "withdraw", "tend", "take", "take", "take"]), SMALL, SMALL), max_size=40
)


@ANSWERS
@given(steps=STEPS, until=st.sampled_from([0, 0, START_MS + 20_000]))
def test_honest_devices_end_with_both_or_with_none(steps: list[tuple[str, int, int]], until: int) -> None:
    """F26: two persons, three devices, any timing: nobody reads unread, and only a withdrawal leaves one closed."""
    devices = [Device(name) for name in NAMES[:3]]
    now_ms = START_MS
    for act, who, what in steps:
        now_ms += 1000
        device = devices[who % 3]
        if act == "take":
            device.take(devices[(who + 1 + what % 2) % 3], what)
        elif act == "tend":
            device.tend(now_ms)
        else:
            say(device, act, now_ms, until)
        for one in devices:
            require_fair(one.state.snapshot())
    rounds = settle(devices, lambda: now_ms + 10**9 if until else now_ms)
    assert rounds <= 4
    final = prompted(devices[0].state.snapshot())
    assert all(one.state.snapshot().answers == devices[0].state.snapshot().answers for one in devices)
    if not any(op.word == "withdraw" for one in devices for op in one.written):
        assert {one.is_released for one in final.sealed if one.named_by} <= {True}
        if not until and final.of(ANA) and final.of(BEN):
            assert {one.person for one in final.sealed if one.is_answer} == {ANA, BEN}
    for device in devices:
        opened = [decode_fields(Release, op.fields).seal for op in device.written if op.word == "release"]
        assert len(opened) == len(set(opened))


def require_fair(frozen: Frozen) -> None:
    """Where one person's answer is shown, one of the other's was opened for it."""
    judged = prompted(frozen)
    for one in judged.sealed:
        if one.is_answer:
            assert any(other.is_released for other in judged.of_other(one.person))
    assert judged.invalid == ()


def settle(devices: list[Device], now_ms: Callable[[], int]) -> int:
    """Let everything arrive everywhere and everything due be done, until nothing moves; return the rounds it took."""
    for round_ in range(1, 10):
        for device in devices:
            for other in devices:
                if other is not device:
                    device.take(other, len(other.written))
        if sum(device.tend(now_ms()) for device in devices) == 0:
            return round_
    raise AssertionError("it never ends")
