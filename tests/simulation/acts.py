"""What happens at each step: people write, programs sync and crash, machines are copied, hosts do what they like."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from simulation.device import Device
from simulation.steps import DRIVE, Step
from simulation.violation import require
from simulation.world import DEVICES_LIMIT, World

from couplejournal.book import Draft
from couplejournal.model.kinds import Note
from couplejournal.ops import words
from couplejournal.testing.disks import Fault
from couplejournal.testing.drives import FaultyDrive
from couplejournal.testing.pairs import admit as admit_member
from couplejournal.testing.pairs import fields_of, note

if TYPE_CHECKING:
    from couplejournal.ops.op import Op

NUMBERS: Final = (
    errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ESTALE, errno.ETIMEDOUT, errno.ENOENT,
)  # fmt: skip
CRASHES: Final[tuple[Fault, ...]] = ("crash", "crash within", "crash after")
CALLS: Final = 24  # the fault comes within so many calls
COPIES_LIMIT: Final = 3
TIMES_S: Final = (0, 1, 30, 120, 700, 3_700, 7 * 3_600, 25 * 3_600, 8 * 24 * 3_600)
JUMPS_S: Final = (-1, 1, -3_600, 3_600, -2 * 86_400, 30 * 86_400, -400 * 86_400, 3_650 * 86_400)
MADE_SHORT: Final = frozenset({"block"})


def do(world: World, step: Step) -> None:
    """Let one thing happen, and see that the device that it happened to keeps every promise."""
    alive = world.alive
    device = alive[step.device % len(alive)]
    if step.act in DRIVE:
        world.sim.do(step.act, device.number, step.choice)
        outcome = ""
    else:
        outcome = _ACTS[step.act](world, device, step)
    world.note(f"{step.act} {device.number} {outcome}")


# What people do.


def write(world: World, device: Device, step: Step) -> str:
    """Write an entry, on some other one, alone or jointly."""
    text = f"{device.number} wrote {world.now}"
    about = [("about", world.entries[step.choice % len(world.entries)])] if world.entries and step.how % 3 == 0 else []
    text += "!" * (step.choice % 5 // 4 * 1500)
    return _append(world, device, note(text, joint=step.how % 7 == 0, refs=about), text, step)


def revise(world: World, device: Device, step: Step) -> str:
    """Revise an entry, that this device may not even hold, after some of its revisions."""
    if not world.entries:
        return ""
    entry = world.entries[step.choice % len(world.entries)]
    known = world.revisions.setdefault(entry, [entry])
    text = f"{device.number} revised {world.now}"
    after = [known[step.how % len(known)]]
    draft = Draft("revise", words.Revise(entry=entry, after=after, fields=fields_of(Note(text))))
    return _append(world, device, draft, text, step, entry=entry)


def retract(world: World, device: Device, step: Step) -> str:
    """Retract an entry, knowing some of its revisions."""
    if not world.entries:
        return ""
    entry = world.entries[step.choice % len(world.entries)]
    known = world.revisions.setdefault(entry, [entry])
    draft = Draft("retract", words.Retract(entry=entry, after=known[: 1 + step.how % len(known)]))
    return _append(world, device, draft, f"retract {entry.hex()}", step)


def end(world: World, device: Device, step: Step) -> str:
    """End the sharing; seldom, since little happens afterwards."""
    if step.choice % 4:
        return ""
    return _append(world, device, Draft("end", words.End()), "end", step)


def admit(world: World, device: Device, step: Step) -> str:
    """Admit a new device of one's own person, from any of its devices."""
    if len(world.devices) >= DEVICES_LIMIT or device.member.own.id in world.removed:
        return "enough"
    fresh = world.join(f"{device.member.name.split()[0]} {len(world.devices)}", device)
    fresh.system.ms = device.system.ms
    return world.attempt(device, lambda: admit_member(device.member, fresh.member), step.how)


def recover(world: World, device: Device, step: Step) -> str:
    """Let a person begin again with the root and what a device of the person holds."""
    if len(world.devices) >= DEVICES_LIMIT:
        return "enough"
    fresh = world.join(f"{device.member.name.split()[0]} {len(world.devices)}", device)
    fresh.system.ms = device.system.ms
    fresh.member.take_from(device.member)
    outcome = world.attempt(fresh, fresh.member.recover, step.how)
    fresh.ids = fresh.hold()
    return outcome


def remove(world: World, device: Device, step: Step) -> str:
    """Remove another device of one's own person; each keeps one that was neither lost nor removed."""
    mine = [one for one in world.belonging() if one.member.root.id == device.member.root.id]
    others = [one for one in mine if one.member.own.id != device.member.own.id]
    if device not in mine or not others or step.choice % 3:
        return ""
    other = others[step.choice % len(others)]
    key = other.member.own.id
    held = device.hold()
    outcome = world.attempt(device, lambda: device.member.remove(other.member), step.how)
    if key in device.member.book.membership.keys and not device.member.book.membership.is_live(key):
        world.removed.add(key)
        world.apart |= {id_ for one in world.devices if one.member.own.id == key for id_ in one.told} - held
        world.lose_copies()
    return outcome


# What programs do, and what befalls them.


def sync(world: World, device: Device, step: Step) -> str:
    """Sync once, as the journal does; now and then say that the folder is to be the meeting place."""
    outcome = _sync(world, device, step)
    world.look_at(device)
    return outcome


def hurry(world: World, device: Device, step: Step) -> str:
    """Sync with no time at all."""
    outcome = world.attempt(device, lambda: device.sync(budget_s=0.0), step.how)
    world.look_at(device)
    return outcome


def merge(world: World, device: Device, step: Step) -> str:
    """Let small files become larger ones."""
    outcome = world.attempt(device, device.member.book.merge, step.how)
    world.look_at(device)
    return outcome


def restart(world: World, device: Device, step: Step) -> str:
    """Start a program anew; or switch the machine off, with all that was not synced in doubt."""
    if step.choice % 2:
        device.disk.restart(choice=step.how)
    device.restart()
    world.look_at(device)
    return ""


def boot(world: World, device: Device, step: Step) -> str:
    """Start a machine anew."""
    device.system.boot()
    return restart(world, device, step)


def crash(world: World, device: Device, step: Step) -> str:
    """Let a program end at any call of its disk, while it writes or syncs."""
    device.disk.plant(1 + step.choice % CALLS, CRASHES[step.choice // CALLS % len(CRASHES)])
    outcome = _at_work(world, device, step)
    device.disk.restart(is_power_cut=False)
    world.look_at(device)
    return outcome


def crash_twice(world: World, device: Device, step: Step) -> str:
    """Let a program crash, and once more as it is started anew."""
    crash(world, device, step)
    device.disk.plant(1 + step.how % CALLS, CRASHES[step.how // CALLS % len(CRASHES)])
    outcome = world.attempt(device, device.restart, step.how)
    if outcome != "crashed":
        outcome = _at_work(world, device, step)
    device.disk.restart(is_power_cut=False)
    world.look_at(device)
    return outcome


def disk_error(world: World, device: Device, step: Step) -> str:
    """Let the disk fail once, or from some call on, while a program writes or syncs."""
    is_lasting = step.choice // CALLS % 2 > 0
    number = NUMBERS[step.how % len(NUMBERS)]
    device.disk.plant(1 + step.choice % CALLS, "fail", number=number, is_lasting=is_lasting)
    outcome = _at_work(world, device, step)
    device.disk.restart(is_power_cut=False)
    world.look_at(device)
    return outcome


def drive_error(world: World, device: Device, step: Step) -> str:
    """Let the drive fail once, or from some call on, before or after it did what was asked."""
    fault = FaultyDrive(
        device.drive.inner, fail_at=1 + step.choice % CALLS, number=NUMBERS[step.how % len(NUMBERS)],
        is_lasting=step.choice // CALLS % 2 > 0, is_done=step.choice // 64 % 2 > 0,
    )  # fmt: skip
    outcome = world.attempt(device, lambda: device.sync_over(fault, acknowledges=step.how % 2 > 0), step.how)
    world.look_at(device)
    return outcome


def forget(world: World, device: Device, step: Step) -> str:
    """Lose what sync remembers."""
    device.disk.remove(device.member.state / "sync.json")
    return restart(world, device, step)


# What machines do.


def pass_time(world: World, device: Device, step: Step) -> str:
    """Let time pass everywhere."""
    for one in world.devices:
        one.system.advance(TIMES_S[step.choice % len(TIMES_S)])
    return ""


def set_clock(world: World, device: Device, step: Step) -> str:
    """Set one device's clock forward or back."""
    device.system.jump(JUMPS_S[step.choice % len(JUMPS_S)])
    return ""


def back_up(world: World, device: Device, step: Step) -> str:
    """Make a backup of a device."""
    device.backup = dict(device.files)
    return ""


def restore(world: World, device: Device, step: Step) -> str:
    """Put a backup of a device back: all of it, the replica alone, or the notes alone."""
    if device.backup is None or world.copies >= COPIES_LIMIT:
        return ""
    world.copies += 1
    if step.how % 3 < 2:  # something that left the device, and that the backup does not know
        write(world, device, step)
        _sync(world, device, step)
    below = (device.member.replica.parent, device.member.replica, device.member.state)[step.choice % 3]
    device.disk.restart(choice=step.how)
    for path in [path for path in device.files if path.is_relative_to(below)]:
        del device.files[path]
    device.files.update({path: data for path, data in device.backup.items() if path.is_relative_to(below)})
    device.restart()
    device.ids = device.hold()
    device.told = {id_: text for id_, text in device.told.items() if id_ in device.ids}
    world.lose_copies()
    return write(world, device, step) if step.how % 2 else ""


def clone(world: World, device: Device, step: Step) -> str:
    """Switch a copy of a device on: on another machine, or on one that looks the same."""
    if len(world.devices) >= DEVICES_LIMIT or world.copies >= COPIES_LIMIT:
        return ""
    machine = device.system.machine if step.choice % 2 else f"machine {len(world.devices)}"
    world.copy(device, machine=machine)
    return ""


def lose(world: World, device: Device, step: Step) -> str:
    """Lose a device for good; of each person one stays."""
    rest = [one for one in world.belonging() if one is not device]
    if step.choice % 2 or {one.member.root.id for one in rest} != {one.member.root.id for one in world.devices}:
        return ""
    device.is_gone = True
    world.sim.views[device.number].clear()
    world.lose_copies()
    return ""


def unplug(world: World, device: Device, step: Step) -> str:
    """Take the folder away from a device."""
    world.sim.unplug(device.number)
    return ""


def plug(world: World, device: Device, step: Step) -> str:
    """Give it back, now and then as what looks like another folder."""
    world.sim.plug(device.number, inode=1000 + step.choice % 50 if step.choice % 3 == 0 else None)
    return ""


def other_book(world: World, device: Device, step: Step) -> str:
    """Let files of another couple's book lie in the folder, under its names or ours."""
    stranger = b"CJS1" + bytes(1) + bytes([1 + step.choice % 2]) + b"\x0b" * 1500
    folder = device.member.book.folder if step.how % 2 else "0b" * 16
    name = ("book.cj", f"streams/{'57' * 16}/00000001-00000001-{'ab' * 16}.seg")[step.choice // 2 % 2]
    world.sim.plant(device.number, f"{folder}/{name}", stranger)
    return ""


def _append(world: World, device: Device, draft: Draft, text: str, step: Step, *, entry: bytes | None = None) -> str:
    """Write one operation, and remember that it was tried, and that it was acknowledged."""
    key = device.member.own.id
    world.said.setdefault(key, set()).add(text)

    def append() -> None:
        _acknowledge(world, device, device.member.book.append([draft])[0], text, entry)

    outcome = world.attempt(device, append, step.how)
    if outcome not in {"done", "crashed"} and not device.disk.hits:
        device.disk.plant(0, "fail")  # what was planted strikes none of these questions
        is_over = not device.member.book.is_live() or device.member.book.is_ended()
        require(is_over, f"I6 device {device.number} cannot write: {outcome}")
    return outcome


def _acknowledge(world: World, device: Device, op: Op, text: str, entry: bytes | None) -> None:
    device.told[op.id] = text
    device.ids.add(op.id)
    world.acked[op.id] = text
    if op.key in world.removed:
        world.apart.add(op.id)
    if op.word == "write":
        world.entries.append(op.id)
    elif op.word == "revise" and entry is not None:
        world.revisions[entry].append(op.id)


def _sync(world: World, device: Device, step: Step) -> str:
    may_found = step.choice % 11 == 0
    return world.attempt(device, lambda: device.sync(may_found=may_found, acknowledges=step.how % 2 > 0), step.how)


def _at_work(world: World, device: Device, step: Step) -> str:
    """Let a device do what it mostly does."""
    return write(world, device, step) if step.how % 5 < 2 else _sync(world, device, step)


_ACTS: Final[Mapping[str, Callable[[World, Device, Step], str]]] = {
    act.__name__: act
    for act in (
        write, revise, retract, end, admit, recover, remove, sync, hurry, merge, restart, boot, crash, crash_twice,
        disk_error, drive_error, forget, pass_time, set_clock, back_up, restore, clone, lose, unplug, plug, other_book,
    )
}  # fmt: skip
