"""What a device owes about sealed answers: to open them when both have answered, and to let its person's others do it.

It is done during sync. Two devices of one person may do the same at once, which is harmless; no device does it twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

from couplejournal.book import Book, Draft
from couplejournal.ops import words
from couplejournal.ops.membership import DEVICES_PER_PERSON

if TYPE_CHECKING:  # start-up: only a journal with sealed answers needs it
    from couplejournal.device import Device
    from couplejournal.journal.reading import Reader
    from couplejournal.merge import Prompted, Sealed
    from couplejournal.seal.answers import Place
    from couplejournal.seal.keys import KeyPair

AT_ONCE: Final = 64  # operations in one segment
PER_TURN: Final = 1024  # what is left comes with the next sync


def tend_answers(reader: Reader, *, root: KeyPair | None = None) -> bool:
    """Open what is to be opened now, and wrap the keys of closed answers for own devices that came later.

    ``root`` is the person's root, while it is at hand: it opens what this device's own key does not, and what it opens
    is wrapped for this device too. Returns whether anything was written.

    Raises:
        StoreError: the disk is full or failing.
    """
    device = reader.device
    with device.hold():
        device.reload()
        shared = device.shared
        if shared is None or not shared.membership.is_live(shared.own_key):
            return False
        _, ours = reader.states()
        if ours is None or not ours.answers.prompts:
            return False
        owner = _Owner(device, shared, root)
        now_ms = device.system.now_ms()
        due = (draft for prompted in ours.answers.prompts.values() for draft in owner.due(prompted, now_ms))
        drafts = list(islice(due, PER_TURN if root is None else None))  # the root is at hand now and not later
        for at in range(0, len(drafts), AT_ONCE):
            shared.append(drafts[at : at + AT_ONCE])
        return bool(drafts)


def own_recipients(book: Book) -> dict[bytes, bytes]:
    """Return {key id: HPKE public key} of those of this device's person who shall be able to open its answers.

    The root, this device, and up to 15 live ones: of more, those first for whom this device writes already.
    """
    membership, me = book.membership, book.person
    chosen = list(membership.live_devices(me))
    if len(chosen) > DEVICES_PER_PERSON:
        own = [fact for fact in membership.epochs.values() if fact.key == book.own_key]
        served = {recipient for fact in own for recipient in fact.wraps}
        chosen = sorted(chosen, key=lambda key: (key.id not in served, key.admission))[:DEVICES_PER_PERSON]
    roots = [person.root for person in membership.persons if person.id == me]
    chosen += [membership.keys[key] for key in (*roots, book.own_key)]
    return {key.id: key.kem for key in chosen}


class _Owner:
    """This person on this device: whose answers are to be opened, and the keys that open them, made when needed."""

    def __init__(self, device: Device, book: Book, root: KeyPair | None) -> None:
        self._device = device
        self._book = book
        self._root = root
        self._person = book.person
        self._recipients = own_recipients(book)
        self._pairs: list[KeyPair] = []

    def due(self, prompted: Prompted, now_ms: int) -> Iterator[Draft]:
        """Yield what is to be written about the answers to one prompt."""
        from couplejournal.merge import due_releases
        from couplejournal.seal.answers import wrapped

        due = due_releases(prompted, self._person, now_ms)
        for one, other in due:
            key = self._key_of(one)
            if key is not None:
                yield Draft("release", words.Release(seal=one.id, key=key, other=other))
        opened = {one.id for one, _ in due}
        for one in prompted.of(self._person):
            if one.is_released or one.is_withdrawn or one.id in opened:
                continue
            served = {recipient for recipient, _ in (*one.seal.wraps, *one.rewraps)}
            lacking = {key: kem for key, kem in self._recipients.items() if key not in served}
            key = self._key_of(one) if lacking else None
            if key is not None:
                wraps = wrapped(key, one.seal.sealed, self._place(one), lacking)
                yield Draft("rewrap", words.Rewrap(seal=one.id, wraps=wraps))

    def _key_of(self, one: Sealed) -> bytes | None:
        """Return the key of an answer of this person; None where nothing at hand opens it."""
        from couplejournal.seal.answers import key_of

        return key_of(one.seal.sealed, self._place(one), (*one.seal.wraps, *one.rewraps), self._own())

    def _place(self, one: Sealed) -> Place:
        from couplejournal.seal.answers import Place

        return Place(self._book.id, one.seal.prompt, self._person)

    def _own(self) -> list[KeyPair]:
        from couplejournal.seal.keys import KeyPair, Root

        if not self._pairs:
            secrets = self._device.secrets
            self._pairs = [KeyPair(s.sign_seed, s.kem_seed) for s in secrets.books if s.book == self._book.id]
            if self._root is not None:
                self._pairs.append(self._root)
            elif secrets.root_seed is not None:
                self._pairs.append(Root(secrets.root_seed))
        return self._pairs
