"""The inviter's side: words, waiting, six check words, accepting."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from couplejournal.book.founding import founding_signature, make_genesis
from couplejournal.device import Device, book_id_of
from couplejournal.drive.interface import Drive
from couplejournal.errors import CouplejournalError, DriveError, PairingError, UntrustedDataError
from couplejournal.ops.membership import admit_message, key_id
from couplejournal.pairing import meeting, state
from couplejournal.pairing.state import InviterState, SharingState
from couplejournal.seal import invite as sealing
from couplejournal.seal.invite import INVITE_HOURS, Join, Offer
from couplejournal.seal.keys import KeyPair, is_signed
from couplejournal.store.secrets import BookSecret, Secrets

HOUR_MS: Final = 3_600_000


class Invitation:
    """An open invite of this device's. It is the same invite after a restart."""

    def __init__(self, device: Device, drive: Callable[[], Drive], found: InviterState) -> None:
        """Take the state that the keystore holds."""
        self._device = device
        self._drive = drive
        self._state = found

    @property
    def words(self) -> tuple[str, ...]:
        """Return the twelve words to tell the other person, by any way but the shared folder."""
        return sealing.words_of(self._state.secret)

    @property
    def purpose(self) -> str:
        """Return "partner" or "device"."""
        return self._state.purpose

    @property
    def expires_at(self) -> datetime:
        """Return until when it can be accepted, in UTC."""
        return datetime.fromtimestamp(self._state.expires_ms / 1000, UTC)

    @property
    def is_expired(self) -> bool:
        """Return whether it can no longer be accepted."""
        return self._device.system.now_ms() >= self._state.expires_ms

    @property
    def is_answered(self) -> bool:
        """Return whether somebody with the words has answered."""
        return bool(self._state.join)

    @property
    def joiner_name(self) -> str:
        """Return the name that the joiner gave, empty before the answer."""
        return self._join().name if self._state.join else ""

    @property
    def check_words(self) -> tuple[str, ...] | None:
        """Return the six words that both screens must show, or None before the answer came.

        Raises:
            DriveError: the shared folder failed while it was asked for an answer.
        """
        if not self._state.join:
            self.refresh()
        return self.check_words_known

    @property
    def check_words_known(self) -> tuple[str, ...] | None:
        """Return the six words as far as they are known here, without asking the shared folder."""
        return sealing.check_words(self._state.offer, self._state.join) if self._state.join else None

    def refresh(self) -> None:
        """Look for an answer, and put the offer there if it is not. The first answer that fits is pinned.

        Raises:
            DriveError: the shared folder failed.
            PairingError: the invite is no longer open.
        """
        self._reread()
        if self._state.join:
            return
        drive = self._drive()
        secret, offer = self._state.secret, self._state.offer
        if meeting.find(drive, secret, lambda file: sealing.open_offer(secret, file)) is None:
            drive.publish(meeting.offer_path(secret), offer)
        found = meeting.find(drive, secret, lambda file: sealing.open_join(secret, offer, file))
        if found is not None:
            self._state = msgspec.structs.replace(self._state, join=found[0])
            self._save(self._state)

    def accept(self) -> None:
        """Found the shared book, or admit the device: after both persons saw the same six words.

        Raises:
            PairingError: nobody has answered yet, the invite is over, or the answer does not hold.
            StoreError: the disk is full or failing; nothing was founded.
        """
        self._reread()
        if not self._state.join:
            raise PairingError("nobody has answered this invite yet", hint="wait for the other, then accept")
        if self.is_expired:
            raise PairingError("this invite is over: it was good for 48 hours", hint="make a new one")
        with self._device.hold():
            if self._state.purpose == "partner":
                self._found(self._join())
            else:
                self._admit(self._join())

    def cancel(self) -> None:
        """Take the invite back: its words are worth nothing from now on.

        Raises:
            StoreError: it could not be saved.
        """
        self._save(None)
        try:
            self._drive().remove(meeting.offer_path(self._state.secret))
        except CouplejournalError:
            return  # the folder is away; an offer without its inviter founds nothing

    def _found(self, join: Join) -> None:
        """Lay down the genesis with both persons, then take it into the keystore."""
        secrets = self._device.secrets
        own = KeyPair(self._state.sign_seed, self._state.kem_seed)
        founders = [(secrets.root_keys, own.public.raw), (join.root_keys, join.keys)]
        signatures = [founding_signature(secrets.founding_seed, founders), join.founding_signature]
        genesis = make_genesis(own, founders, signatures, self._device.system)
        self._device.lay_down(genesis, book_id_of(genesis))
        complete_founding(self._device, self._state, book_id_of(genesis))

    def _admit(self, join: Join) -> None:
        """Admit a device of one's own into the shared book."""
        book = self._device.shared
        if book is None:
            raise PairingError("there is no shared journal that a device could join")
        if not book.membership.is_live(key_id(join.keys)):
            if not is_signed(join.keys[:32], join.proof, admit_message(book.id, book.own_key, join.keys)):
                raise PairingError("the answer to this invite does not prove its key")
            book.admit(join.keys, join.proof, self._device.secrets.founding_seed)
        self._save(SharingState(share_from=0, leftovers=[meeting.offer_path(self._state.secret)]))

    def _join(self) -> Join:
        try:
            join = sealing.open_join(self._state.secret, self._state.offer, self._state.join)
        except UntrustedDataError as error:
            raise PairingError(f"the answer to this invite does not hold: {error}") from None
        if self._state.purpose == "partner" and (
            not join.root_keys or join.root_keys == self._device.secrets.root_keys
        ):
            raise PairingError("the answer to this invite is not that of another person")
        return join

    def _reread(self) -> None:
        """Take over what another process of this device did with this invite."""
        self._device.reload()
        found = state.load(self._device.secrets.pairing)
        if not isinstance(found, InviterState) or found.secret != self._state.secret:
            raise PairingError("this invite is no longer open")
        self._state = found

    def _save(self, changed: InviterState | SharingState | None) -> None:
        secret = self._state.secret

        def put(secrets: Secrets) -> Secrets:
            found = state.load(secrets.pairing)
            if not isinstance(found, InviterState) or found.secret != secret:
                return secrets
            return msgspec.structs.replace(secrets, pairing=state.dump(changed))

        self._device.change(put)


def new_invitation(device: Device, drive: Callable[[], Drive], *, purpose: str, share_from: int) -> Invitation:
    """Make an invite, keep it, and lay its offer in the meeting place.

    Raises:
        DriveError: the offer could not be laid down; the invite is not open then.
        StoreError: it could not be saved.
    """
    system, secrets = device.system, device.secrets
    secret = system.random_bytes(sealing.SECRET_BYTES)
    shared = device.shared
    if purpose == "device" and shared is not None:
        own = next(s for s in secrets.books if s.book == shared.id)
        pair, book_id, heads = KeyPair(own.sign_seed, own.kem_seed), shared.id, shared.places()
    else:
        pair, book_id, heads = KeyPair(system.random_bytes(32), system.random_bytes(32)), b"", []
    expires_ms = system.now_ms() + INVITE_HOURS * HOUR_MS
    offer = Offer(
        purpose, secrets.root_keys, pair.public.raw, book_id, heads, expires_ms, secrets.name, system.random_bytes(16)
    )
    file = sealing.seal_offer(secret, offer, pair)
    drive().publish(meeting.offer_path(secret), file)
    made = InviterState(secret, purpose, pair.sign_seed, pair.kem_seed, file, expires_ms, share_from)
    try:
        device.change(lambda secrets: msgspec.structs.replace(secrets, pairing=state.dump(made)))
    except CouplejournalError:
        with contextlib.suppress(DriveError):
            drive().remove(meeting.offer_path(secret))
        raise
    return Invitation(device, drive, made)


def complete_founding(device: Device, found: InviterState, book_id: bytes) -> None:
    """Take a book that was just founded, or was found at a start, into the keystore.

    Raises:
        StoreError: it could not be saved; the next start does it.
    """
    secret = BookSecret(book_id, "shared", found.sign_seed, found.kem_seed)
    after = SharingState(share_from=found.share_from, leftovers=[meeting.offer_path(found.secret)])
    device.change(
        lambda secrets: msgspec.structs.replace(secrets, books=[*secrets.books, secret], pairing=state.dump(after))
    )
    device.set_settings(msgspec.structs.replace(device.settings, may_found=True))
