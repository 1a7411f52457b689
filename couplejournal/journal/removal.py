"""Remove a device of one's own: what it means is shown first, then the person's root signs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from couplejournal.device import Device
from couplejournal.errors import RecoveryError, SetupError
from couplejournal.journal.reading import Reader
from couplejournal.journal.recovery import not_fitting, root_keys_in, root_of
from couplejournal.model.moment import bound_ms
from couplejournal.seal.keys import Root

if TYPE_CHECKING:
    from couplejournal.book import Book
    from couplejournal.journal.deviceinfo import DeviceInfo
    from couplejournal.ops.words import Head

_LIST_HINT: Final = "`couplejournal devices` lists them"


class Removal:
    """A removal that is not signed yet: look at it, then `carry_out`. What was removed never comes back.

    ``device`` is the one that goes; ``falls`` are those that go with it, since it let them in after the last word of it
    that counts. ``later`` counts its operations behind that, which will stand apart: those that are here, and those
    that the devices ``told_by`` told to hold. ``remains`` are devices in the private book of which one may be the same:
    nothing proves which, so they stay until each is removed by its own id.
    """

    def __init__(
        self, device: Device, reader: Reader, target: DeviceInfo, *, since_ms: int | None, wake: Callable[[], None]
    ) -> None:
        """Look at what it would mean; `removal_of` finds the device."""
        self.device = target
        self._device = device
        self._reader = reader
        self._wake = wake
        self._since_ms = since_ms
        self._keys, self.remains = _keys_by_book(device, reader, target)
        listed = {one.id: one for one in (*_in_private(device, reader), *reader.devices())}
        fallen: set[str] = set()
        told: set[str] = set()
        self.later = 0
        for book, key in self._keys:
            pins = self._pins(book, key)
            fallen |= {one.hex() for one in book.would_fall([key], pins)}
            for later in book.later_words([key], pins):
                self.later += later.last - later.accepted
                told |= {one.hex() for one in later.by}
        self.falls: tuple[DeviceInfo, ...] = tuple(listed[one] for one in sorted(fallen & listed.keys()))
        self.told_by: tuple[str, ...] = tuple(sorted({listed[one].name for one in told & listed.keys()} - {""}))

    @property
    def is_done(self) -> bool:
        """Return whether it was removed already, so that there is nothing left to sign."""
        return not self._keys

    @property
    def is_dated(self) -> bool:
        """Return whether only what it dated before a time counts."""
        return self._since_ms is not None

    @property
    def needs_words(self) -> bool:
        """Return whether the recovery words have to be typed: they are not on this device.

        Raises:
            StoreError: the keystore could not be read.
        """
        return not self.is_done and self._kept() is None

    def carry_out(self, words: str | Iterable[str] | None = None) -> None:
        """Sign the removal with the root, durably; every device rotates its keys before its next word.

        ``words`` are the 24 recovery words, where `needs_words` says so.

        Raises:
            RecoveryError: the words are missing, mistyped, or those of somebody else.
            SetupError: none of one's devices would be left.
            StoreError: the disk is full or failing; nobody was removed.
        """
        device = self._device
        if self.is_done:
            return
        with device.hold():
            root = root_of(words) if words is not None else self._kept()
            if root is None:
                raise RecoveryError("the recovery words are needed to remove a device")
            if any(root.root_keys != root_keys_in(book) for book, _ in self._keys):
                raise not_fitting(device, root)
            for book, key in self._keys:
                book.remove([key], root, self._pins(book, key))
        self._wake()

    def _pins(self, book: Book, key: bytes) -> dict[bytes, list[Head]]:
        """Return where the key ends in a book, by key; nothing where all counts that is here."""
        return {} if self._since_ms is None else {key: book.pins_before(key, self._since_ms)}

    def _kept(self) -> Root | None:
        """Return the root while its words were never shown, if it is that of the books in question."""
        self._device.reload()
        seed = self._device.secrets.root_seed
        root = None if seed is None else Root(seed)
        if root is None or any(root.root_keys != root_keys_in(book) for book, _ in self._keys):
            return None
        return root


def removal_of(
    device: Device, reader: Reader, named: str, *, since: str | date | datetime | None, wake: Callable[[], None]
) -> Removal:
    """Return the removal of one of one's own devices, by its name or the beginning of its id.

    What it dated ``since`` then does not count.

    Raises:
        InvalidEntryError: ``since`` is no date or time.
        SetupError: there is no such device of one's own, several have the name, it is this one, or ``since`` comes too
            late for one that was removed already.
        StoreError: the disk fails.
    """
    since_ms = bound_ms(since, zone=reader.zone)
    with device.hold():
        device.reload()
        target = _target(reader.devices(), _in_private(device, reader), named)
        if target.standing == "removed" and since_ms is not None:
            raise SetupError("this device was removed already", hint="what it wrote since cannot be set apart any more")
        return Removal(device, reader, target, since_ms=since_ms, wake=wake)


def _target(listed: Iterable[DeviceInfo], private: Sequence[DeviceInfo], named: str) -> DeviceInfo:
    """Return the device that is meant; one of the private book alone is known by its id."""
    wanted = named.strip().casefold()
    every = [one for one in listed if wanted and (one.name.casefold() == wanted or one.id.startswith(wanted))]
    every = every or [one for one in private if wanted and one.id.startswith(wanted)]
    mine = [one for one in every if one.person.is_me]
    if every and not mine:
        raise SetupError("this device belongs to the other person, who alone can remove it", hint=_LIST_HINT)
    if not mine:
        raise SetupError("no device of yours has this name or id", hint=_LIST_HINT)
    here = [one for one in mine if one.standing != "removed"]
    if not here:
        return mine[0]
    here = [one for one in here if not one.is_this] or here  # a machine that came back often has the lost one's name
    if len(here) > 1:
        raise SetupError("several devices of yours are called so", hint="name it by its id: `devices --json` has it")
    if here[0].is_this:
        raise SetupError("this device cannot remove itself", hint="remove it from another device of yours")
    return here[0]


def _in_private(device: Device, reader: Reader) -> list[DeviceInfo]:
    """Return the devices of the private book, where there is a shared one beside it."""
    private = None if device.shared is None else device.private_if_here
    if private is None:
        return []
    from couplejournal.journal.deviceinfo import DeviceInfo

    names, me = reader.device_names(private), reader.myself()
    return [
        DeviceInfo(
            id=key.id.hex(),
            name=names.get(key.id, ""),
            person=me,
            is_this=key.id == private.own_key,
            is_live=key.is_live,
            standing=key.standing,
        )
        for key in private.membership.keys.values()
        if not key.is_root
    ]


def _keys_by_book(
    device: Device, reader: Reader, target: DeviceInfo
) -> tuple[list[tuple[Book, bytes]], tuple[DeviceInfo, ...]]:
    """Return the keys of a device that are to be removed, by book, the private one first; and what may be left there.

    A device has a key of its own in every book, and no operation ties the two: only the name that it gives itself
    does, and a stolen device may call itself like another. So both go only where one other device here and one there
    have the name, and as many of that name were removed here as there; else nothing is removed but what was named.
    """
    key, shared = bytes.fromhex(target.id), device.shared
    if shared is None:
        return ([] if target.standing == "removed" else [(device.private, key)]), ()
    private, others = device.private_if_here, [one for one in _in_private(device, reader) if not one.is_this]
    if private is not None and any(one.id == target.id for one in others):
        return ([] if target.standing == "removed" else [(private, key)]), ()
    here = [one for one in reader.devices() if one.person.is_me and not one.is_this and one.name == target.name]
    there = [one for one in others if one.name == target.name and target.name]
    left = [one for one in there if one.standing != "removed"]
    if target.standing == "removed":
        return [], tuple(left if len(left) > sum(one.standing != "removed" for one in here) else ())
    found = [(shared, key)]
    is_one = len(left) == 1 and sum(one.standing != "removed" for one in here) == 1
    if private is not None and is_one and len(here) == len(there):
        return [(private, bytes.fromhex(left[0].id)), *found], ()
    return found, tuple(left or [one for one in others if one.is_live])
