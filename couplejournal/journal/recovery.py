"""The recovery words of this device's person: shown once, used at need, made anew where they are lost or betrayed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import attrs
import msgspec

from couplejournal.device import Device, begin_private
from couplejournal.errors import PairingError, RecoveryError
from couplejournal.journal.reading import Reader
from couplejournal.journal.safety import number_of
from couplejournal.model.moment import as_utc
from couplejournal.ops import words as said
from couplejournal.pairing.beginnings import began_ms
from couplejournal.seal import recovery as sealing
from couplejournal.seal.keys import Root

if TYPE_CHECKING:
    from couplejournal.book import Book
    from couplejournal.store.secrets import Secrets
    from couplejournal.store.settings import Settings

NOT_HERE = "the recovery words are not on this device: they were shown, or another device of yours has them"


@attrs.frozen(kw_only=True)
class Regained:
    """One book of this device: ``role`` is "private", "shared" or "earlier"; ``partner`` is the other's name.

    ``began_at`` is the time in its first operation, as its founder's clock had it. ``entries`` counts what is here;
    ``missing`` the operations that other devices told to hold and that are not here yet; ``closed`` the keys of words
    that do not open here yet. ``is_ended`` is whether somebody ended the sharing; ``number`` is the safety number of
    both persons (empty for a private one).
    """

    role: str
    partner: str
    began_at: datetime
    entries: int
    missing: int
    closed: int
    is_ended: bool
    number: tuple[str, ...]


class Recovery:
    """What `Journal.recovery` is. The words make this person: whoever has them reads everything and removes devices."""

    def __init__(self, device: Device, reader: Reader) -> None:
        """Take this device and what reads its books."""
        self._device = device
        self._reader = reader
        self._asked: tuple[bytes, tuple[int, ...]] | None = None

    @property
    def is_shown(self) -> bool:
        """Return whether the words are no longer on this device; on one that joined another they never were.

        Raises:
            StoreError: the keystore could not be read.
        """
        self._device.reload()
        return self._device.secrets.root_seed is None

    def words(self) -> tuple[str, ...]:
        """Return the 24 words, as long as they are here. Nothing changes by it; `confirm` is what forgets them.

        Raises:
            RecoveryError: they are not on this device.
            StoreError: the keystore could not be read.
        """
        return sealing.words_of(self._seed())

    def ask(self) -> tuple[int, ...]:
        """Return the numbers (from 1) of three words to be typed back, drawn by chance; the same until they were.

        Raises:
            RecoveryError: the words are not on this device.
            StoreError: the keystore could not be read.
        """
        seed = self._seed()
        if self._asked is None or self._asked[0] != seed:
            self._asked = (seed, sealing.drawn(self._device.system))
        return self._asked[1]

    def confirm(self, typed: Mapping[int, str]) -> None:
        """Take the three words of `ask`, by number, typed back: they were written down, so no device holds them now.

        What only they opened here is opened for this device first. Copies of the keystore that were made before still
        hold them.

        Raises:
            RecoveryError: a word is wrong or missing, or the words are not on this device; nothing was forgotten.
            StoreError: the disk is full or failing; nothing was forgotten.
        """
        asked = self.ask()
        seed = self._seed()
        wrong = sealing.wrong_among(seed, {number: typed.get(number, "") for number in asked})
        if wrong:
            *most, last = map(str, wrong)
            which = f"words {', '.join(most)} and {last} are other ones" if most else f"word {last} is another one"
            raise RecoveryError(which, hint="look at what was written down")
        device = self._device
        with device.hold():
            device.reload()
            if device.secrets.root_seed != seed:
                raise RecoveryError(NOT_HERE)
            self._open(Root(seed))
            device.change(lambda secrets: msgspec.structs.replace(secrets, root_seed=None))
        self._asked = None

    def open_with(self, words: str | Iterable[str]) -> int:
        """Let this device read, for good, all that the typed words open; return how many keys of words that opens.

        Raises:
            RecoveryError: a typing mistake, or the words of somebody else.
            StoreError: the disk is full or failing.
        """
        root = root_of(words)
        if root.root_keys != self._device.secrets.root_keys:
            raise not_fitting(self._device, root)
        with self._device.hold():
            self._device.reload()
            return self._open(root)

    def renew(self) -> int:
        """Become a person with a new root: for when the words were lost, or somebody else has seen them.

        New words lie on this device from now on (`words`), with a new private book; the old one stays readable as an
        earlier one. The shared journal keeps its roots for ever: a new one beside it, by an invite, is what the new
        words will open. Returns how many entries waited for both in the old private book and stay private in it.

        Raises:
            RecoveryError: the present words were never shown: what was written so far would open for nobody later.
            PairingError: a pairing is open.
            StoreError: the disk is full or failing; nothing has changed.
        """
        device = self._device
        with device.hold():
            self.require_renewable()
            waiting = self._reader.view().count(audience="waiting")
            root = Root(device.system.random_bytes(32))
            person = msgspec.structs.replace(
                device.secrets, root_keys=root.root_keys, root_seed=root.kem_seed, founding_seed=root.founding_seed
            )
            private = begin_private(device.home, device.disk, device.system, person, device.hold)
            self._keep_folder(private.book.hex()[:32])

            def put(secrets: Secrets) -> Secrets:
                older = [
                    msgspec.structs.replace(one, role="earlier") if one.role == "private" else one
                    for one in secrets.books
                ]
                return msgspec.structs.replace(person, books=[*older, private])

            device.change(put)
            return waiting

    def _keep_folder(self, fresh: str) -> None:
        """Let the new private book meet where the old one did, which goes on meeting there, too."""
        former = self._device.private.folder

        def put(settings: Settings) -> Settings:
            if not settings.private_drive:
                return settings
            places = {**settings.places, former: settings.private_drive}
            return msgspec.structs.replace(settings, places=places, private_founding=fresh)

        self._device.change_settings(put)

    def require_renewable(self) -> None:
        """Refuse new words where the present ones are still here, or a pairing is open.

        Raises:
            RecoveryError: the present words were never shown: what was written so far would open for nobody later.
            PairingError: a pairing is open.
            StoreError: the keystore could not be read.
        """
        self._device.reload()
        if self._device.secrets.root_seed is not None:
            raise RecoveryError(
                "the present recovery words were never shown, so nobody has lost or seen them",
                hint="`couplejournal recovery show` first: what you have written so far opens with them alone",
            )
        if self._device.secrets.pairing:
            raise PairingError("a pairing is open", hint="bring it to its end or cancel it first, and sync")

    @property
    def is_renewed(self) -> bool:
        """Return whether the shared journal still has this person's root from before `renew`: a new invite is due.

        Raises:
            StoreError: a replica is gone or damaged at its beginning.
        """
        shared = self._device.shared
        return shared is not None and root_keys_in(shared) != self._device.secrets.root_keys

    def books(self) -> tuple[Regained, ...]:
        """Return what is here, book by book, and how much of it is known to be missing.

        Raises:
            StoreError: the disk fails.
        """
        device, reader = self._device, self._reader
        with device.hold():
            device.reload()
            return tuple(
                Regained(
                    role=role,
                    partner="" if len(book.membership.persons) == 1 else reader.partner_in(book),
                    began_at=as_utc(began_ms(book.genesis)),
                    entries=reader.view_of(book).count(),
                    missing=_missing(book),
                    closed=book.closed(),
                    is_ended=book.is_ended(),
                    number=() if len(book.membership.persons) == 1 else number_of(book),
                )
                for book, role in device.books()
            )

    def _seed(self) -> bytes:
        self._device.reload()
        seed = self._device.secrets.root_seed
        if seed is None:
            raise RecoveryError(NOT_HERE, hint="where nobody has them any more: `couplejournal recovery renew`")
        return seed

    def _open(self, root: Root) -> int:
        """Open what the root opens in every book in which this device may write; under the lock."""
        from couplejournal.journal.releasing import tend_answers

        opened = 0
        for book, _ in self._device.books():
            if root.id in book.membership.keys and book.membership.is_live(book.own_key):
                with contextlib.suppress(RecoveryError):  # the root is the partner's
                    opened += book.open_with(root)
        tend_answers(self._reader, root=root)
        return opened


def root_of(words: str | Iterable[str]) -> Root:
    """Return the root of typed words.

    Raises:
        RecoveryError: a typing mistake.
    """
    return Root(sealing.seed_of(words if isinstance(words, str) else " ".join(words)))


def not_fitting(device: Device, root: Root) -> RecoveryError:
    """Return why the words of a root do not fit, as far as this device knows: replaced, too new, or somebody else's.

    Raises:
        StoreError: a replica is gone or damaged at its beginning.
    """
    was = {root_keys_in(book) for book, _ in device.books()} - {device.secrets.root_keys}
    if root.root_keys in was:
        return RecoveryError(
            "these recovery words were replaced by newer ones", hint="type the newer ones; keep these, marked as old"
        )
    if root.root_keys == device.secrets.root_keys:
        return RecoveryError(
            "these recovery words are newer than this journal, which keeps the old ones", hint="type the old ones"
        )
    return RecoveryError(
        "these recovery words are not those of this journal",
        hint="check which ones they are; words that were renewed on another device do not fit here either",
    )


def root_keys_in(book: Book) -> bytes:
    """Return the root keys of this device's person in a book, 1,280 bytes.

    Raises:
        StoreError: this device's key is not known in the book.
    """
    mine = book.person
    return next(person.root_keys for person in book.membership.persons if person.id == mine)


def _missing(book: Book) -> int:
    """Return how many operations other devices told to hold that are not here."""
    told: dict[bytes, int] = {}
    for op in book.ops_after({}):
        if op.word == "seen":
            for stream, seq, _ in said.decode_fields(said.Seen, op.fields).heads:
                told[stream] = max(seq, told.get(stream, 0))
    heads = {stream: seq for stream, seq, _ in book.places()}
    return sum(max(0, seq - heads.get(stream, 0)) for stream, seq in told.items())
