"""The promises that a run is held to: some after each step, the others at its end, after all faults stopped."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Final

import msgspec
from simulation.violation import require

from couplejournal.ops import words

if TYPE_CHECKING:
    from simulation.device import Device
    from simulation.world import World

    from couplejournal.ops.op import Op

ROUNDS: Final = 10
HOUR_S: Final = 3_600
WAITS_S: Final = (25 * HOUR_S, *[25 * HOUR_S] * 4, *[9 * 24 * HOUR_S] * 6)
_SAID: Final = frozenset({"write", "revise"})


def require_kept(world: World, device: Device) -> None:
    """I2, I3: a device holds all that it held and was told to be saved, and nothing that nobody wrote."""
    ops = {op.id: op for op in device.member.ops()}
    require(ops.keys() >= device.ids, f"I3 device {device.number} knows less than before")
    require(ops.keys() >= device.told.keys(), f"I2 device {device.number} lost what it was told to be saved")
    for op in ops.values():
        if op.id not in device.ids:
            _require_said(world, op)
    device.hear(ops.values())
    device.ids = set(ops)


def _require_said(world: World, op: Op) -> None:
    """I3: what is shown was written by the device whose name it carries."""
    said = world.said.get(op.key, set())
    if op.word in _SAID:
        written = words.decode_fields(words.Write, op.fields) if op.word == "write" else None
        fields = written.fields if written is not None else words.decode_fields(words.Revise, op.fields).fields
        text = msgspec.msgpack.decode(fields)["text"]
        require(text in said, f"I3 nobody wrote {text[:40]!r}")
    elif op.word != "seen":
        require(op.word in {text.split(" ")[0] for text in said}, f"I3 nobody wrote a {op.word}")


def require_end(world: World) -> None:
    """Stop all faults, let all sync, and see that every promise holds."""
    required = _required(world)
    for device in world.devices:
        device.disk.restart(is_power_cut=False)
        world.sim.relent(device.number)
        device.restart()
    required |= _go_on(world)
    _round(world, world.alive)
    live = world.belonging()
    is_quiet = _wait(world, live, required)
    live = [device for device in live if _is_known(device, live)]  # whoever admitted it may have been removed meanwhile
    held = [device.hold() for device in live]
    for device, ids in zip(live, held, strict=True):
        missing = required - ids
        require(not missing, f"I2 device {device.number} never got {_names(world, missing)}")
    _require_equal(world, live, held)
    require(is_quiet, "I5 syncing never comes to its end")
    _require_quiet(live)
    _require_own_numbers(live)
    world.note(view_digest(live[0], live[0]))


def _is_known(device: Device, live: list[Device]) -> bool:
    """Return whether a device was admitted, by an admission that somebody has who was not lost."""
    return any(other.member.book.membership.is_live(device.member.own.id) for other in live if other is not device)


def _required(world: World) -> set[bytes]:
    """Return what everybody must hold in the end: what is acknowledged, and was not lost before anybody had it."""
    doubtful = world.excused | world.apart
    required = world.acked.keys() - doubtful
    found = {id_ for device in world.belonging() for id_ in device.hold()} if doubtful else set()
    return required | (found & world.acked.keys() - world.apart)


def _wait(world: World, live: list[Device], required: set[bytes]) -> bool:
    """Let time pass until all hold the same, and all that they must; return whether syncing came to its end by then.

    What was lost is put back within a day. What only the one notices who misses it takes some days; weeks, where it was
    put out in vain before. Where the sharing has ended nobody can say so, and machines are switched on anew instead.
    """
    is_quiet = False
    for number, wait_s in enumerate(WAITS_S):
        for device in world.devices:
            device.system.advance(wait_s)
            if number and device.member.book.is_ended():
                device.system.boot()
        is_quiet = _calm(world, live)
        known = [device for device in live if _is_known(device, live)]
        held = [device.hold() for device in known]
        places = [device.member.book.places() for device in known]
        if all(ids >= required and ids == held[0] for ids in held) and all(one == places[0] for one in places):
            break
    return is_quiet


def _calm(world: World, live: list[Device]) -> bool:
    """Let all sync until nothing moves any more; return whether that came to its end."""
    for _ in range(ROUNDS):
        for device in world.devices:
            device.system.advance(700)  # so that files are looked at again that were handed over
        if _round(world, live):
            return True
    return False


def _round(world: World, devices: list[Device]) -> bool:
    """Let everything arrive and all sync once; return whether nothing moved."""
    is_quiet = True
    world.sim.settle()
    for device in devices:
        report = device.sync()
        if report.drive != "ok":
            report = device.sync(may_found=True)
        require(report.drive == "ok", f"I6 device {device.number} cannot sync: {report.drive}: {report.message}")
        require_kept(world, device)
        is_quiet = is_quiet and not (report.changed or report.published_files or report.outbox)
    return is_quiet


def _require_equal(world: World, live: list[Device], held: list[set[bytes]]) -> None:
    """I1: all hold the same, show the same, and say the same of who belongs."""
    first = live[0]
    for device, ids in zip(live, held, strict=True):
        differ = ids ^ held[0]
        require(not differ, f"I1 devices {first.number} and {device.number} differ in {_names(world, differ)}")
        is_whole = (
            bool(world.excused | world.apart) or not device.member.book.gaps()
        )  # what was lost with a device may leave a gap
        require(is_whole, f"I1 device {device.number} has a gap")
        places = device.member.book.places()
        require(places == first.member.book.places(), f"I1 device {device.number} holds other streams")
        digest = view_digest(device, first, shuffle=world.seed)
        require(digest == view_digest(first, first), f"I1 device {device.number} shows something else")


def _go_on(world: World) -> set[bytes]:
    """I6: everybody can go on writing; return what was written."""
    written = []
    for device in world.belonging():
        book = device.member.book
        if book.is_live() and not book.is_ended():
            text = f"{device.number} goes on"
            world.said.setdefault(device.member.own.id, set()).add(text)
            written.append(device.member.write(text))
            world.acked[written[-1].id] = text
    return {op.id for op in written}


def _require_quiet(live: list[Device]) -> None:
    """I5: in the end a sync reads nothing and writes nothing, on the drive or here."""
    for device in live:
        device.sync()
        files = dict(device.files)
        device.sync()
        counts = dict(device.drive.counts)
        require(set(counts) <= {"probe", "list"}, f"I5 a second sync of device {device.number} makes {counts}")
        changed = [
            path.name for path in files.keys() | device.files.keys() if files.get(path) != device.files.get(path)
        ]
        require(not changed, f"I5 a second sync of device {device.number} writes {changed}")


def _require_own_numbers(live: list[Device]) -> None:
    """Sync 5: by now everybody knows of copies and backups, and writes in one line of its own."""
    streams = []
    for device in live:
        book = device.member.book
        if book.is_live() and not book.is_ended():
            streams.append(device.member.write("once more").stream)
            ends = [head for head in book.places() if head[0] == streams[-1]]
            require(len(ends) == 1, f"sync-5 device {device.number} uses numbers twice")
    require(len(set(streams)) == len(streams), "sync-5 two devices write in one stream")


def view_digest(device: Device, as_: Device, *, shuffle: int | None = None) -> str:
    """Return a hash of all that a device shows, of its operations in any order, to the person of some device."""
    ops = device.member.ops()
    if shuffle is not None:
        random.Random(shuffle).shuffle(ops)
        ops += ops[: shuffle % 7]
    entries = device.member.view(me=as_.member.person, ops=ops).entries()
    return hashlib.sha256("\n".join(map(repr, entries)).encode()).hexdigest()


def _names(world: World, ids: set[bytes]) -> list[str]:
    """Return what some operations say, for the message: three of them, and how many there are."""
    texts = sorted(world.acked.get(id_, id_.hex()[:8])[:40] for id_ in ids)
    return [*texts[:3], f"({len(texts)} in all)"]
