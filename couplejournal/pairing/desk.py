"""The one place where a journal begins, continues and ends a pairing."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from couplejournal.device import Device, book_id_of
from couplejournal.drive.interface import Drive
from couplejournal.errors import CouplejournalError, DriveError, PairingError
from couplejournal.ops import codec, words
from couplejournal.pairing import state
from couplejournal.pairing.inviting import Invitation, complete_founding, new_invitation
from couplejournal.pairing.joining import Joining
from couplejournal.pairing.state import InviterState, JoinerState, SharingState
from couplejournal.seal import invite as sealing
from couplejournal.seal import segments
from couplejournal.seal.keys import KeyPair
from couplejournal.store.replica import Replica


class Pairing:
    """What `Journal.pairing` is: make an invite, and find the open one again."""

    def __init__(self, device: Device, drive: Callable[[], Drive], set_drive: Callable[[str], None]) -> None:
        """Take this device, its meeting place, and the way to set that."""
        self._device = device
        self._drive = drive
        self._set_drive = set_drive

    @property
    def current(self) -> Invitation | Joining | None:
        """Return the open pairing, whichever side of it this is.

        Raises:
            StoreError: the keystore could not be read.
        """
        self._device.reload()
        found = state.load(self._device.secrets.pairing)
        if isinstance(found, InviterState):
            return Invitation(self._device, self._drive, found)
        if isinstance(found, JoinerState):
            return Joining(self._device, self._drive, found)
        return None

    def invite(self, drive: str | None = None, *, device: bool = False, share_existing: bool = False) -> Invitation:
        """Make an invite for the partner, or for a device of one's own, and lay its offer into the shared folder.

        ``drive`` sets the shared folder too. ``share_existing``: what was meant for both so far goes along; otherwise
        only what is saved from now on.

        Raises:
            PairingError: a pairing is open already, the journal is shared already, or there is none to add a device to.
            DriveError: the shared folder is not there, or holds another journal.
            StoreError: it could not be saved.
        """
        with self._device.hold():
            if self.current is not None:
                raise PairingError("a pairing is open already", hint="accept it, or cancel it first")
            shared = self._device.shared
            if device and shared is None:
                raise PairingError(
                    "there is no shared journal yet that a device of your own could join",
                    hint="invite your partner first",
                )
            if not device and shared is not None:
                raise PairingError("this journal is shared already; one journal is shared with one partner")
            if drive is not None:
                self._set_drive(drive)
            share_from = 0 if share_existing else self.private_number()
            purpose = "device" if device else "partner"
            return new_invitation(self._device, self._drive, purpose=purpose, share_from=share_from)

    def join(self, words_typed: str, *, share_existing: bool = False) -> Joining:
        """Begin to answer an invite with its twelve words.

        Raises:
            PairingError: a typing mistake, a pairing is open already, or the journal is shared already.
            StoreError: it could not be saved.
        """
        secret = sealing.secret_of(words_typed)
        system = self._device.system
        with self._device.hold():
            current = self.current
            if current is not None:
                raise PairingError("a pairing is open already", hint="accept it, or cancel it first")
            if self._device.shared is not None:
                raise PairingError("this journal is shared already; one journal is shared with one partner")
            made = JoinerState(
                secret,
                system.random_bytes(32),
                system.random_bytes(32),
                system.now_ms(),
                0 if share_existing else self.private_number(),
            )
            self._device.change(lambda secrets: msgspec.structs.replace(secrets, pairing=state.dump(made)))
        return Joining(self._device, self._drive, made)

    def advance(self) -> str:
        """Take an open pairing as far as it goes; return a sentence on what keeps it, or nothing.

        Raises:
            StoreError: this device's own copy failed.
        """
        current = self.current
        if current is None:
            return ""
        try:
            current.refresh()
        except (DriveError, PairingError) as error:
            return str(error)
        return ""

    def resume(self) -> None:
        """Complete what a crash left half-done: a book that was founded and is not in the keystore yet.

        Raises:
            StoreError: this device's own copy failed.
        """
        found = state.load(self._device.secrets.pairing)
        if not isinstance(found, InviterState) or found.purpose != "partner":
            return
        own = KeyPair(found.sign_seed, found.kem_seed)
        known = {secret.book for secret in self._device.secrets.books}
        for folder in self._device.disk.list(self._device.home.data):
            genesis = Replica(self._device.home.data / folder.name, self._device.disk).genesis()
            if genesis is not None and book_id_of(genesis) not in known and _names(genesis, own.public.raw):
                complete_founding(self._device, found, book_id_of(genesis))
                return

    def leftovers(self) -> SharingState | None:
        """Return what is still to be done after a book came: entries to share, files to take back."""
        found = state.load(self._device.secrets.pairing)
        return found if isinstance(found, SharingState) else None

    def close(self, done: SharingState) -> None:
        """Take one's own pairing files from the folder, and end the pairing.

        Raises:
            StoreError: it could not be saved.
        """
        try:
            for path in done.leftovers:
                self._drive().remove(path)
        except CouplejournalError:
            return  # the folder is away: another time
        self._device.change(
            lambda secrets: (
                msgspec.structs.replace(secrets, pairing=b"") if state.load(secrets.pairing) == done else secrets
            )
        )

    def private_number(self) -> int:
        """Return the number of the last operation in this device's private word stream."""
        private = self._device.private
        return max(
            (seq for stream, seq in private.heads().items() if private.key_of(stream) == private.own_key), default=0
        )


def _names(genesis: bytes, device_keys: bytes) -> bool:
    """Return whether a genesis founds a book with this device's key in the first place."""
    try:
        verified = segments.verify_keys(segments.parse(genesis), device_keys[:32])
        found = words.decode_fields(words.Found, codec.peek(verified.ops[0]).fields)
    except CouplejournalError:
        return False
    return len(found.persons) == 2 and found.persons[0][1] == device_keys
