"""The one place where a journal begins, continues and ends a pairing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

import msgspec

from couplejournal.device import Device
from couplejournal.drive.interface import Drive
from couplejournal.errors import DriveError, PairingError
from couplejournal.pairing import meeting, state
from couplejournal.pairing.inviting import Invitation, make_invite
from couplejournal.pairing.joining import Joining
from couplejournal.pairing.state import NO_SHARING, InviterState, JoinerState, SharingState
from couplejournal.seal import invite as sealing


class Pairing:
    """What `Journal.pairing` is: make an invite, and find the open one again.

    The home's lock is never held while the folder is asked, so a folder that hangs keeps nobody from writing.
    """

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
        self.resume()
        found = self._found()
        if isinstance(found, InviterState):
            return Invitation(self._device, self._drive, found)
        if isinstance(found, JoinerState):
            return Joining(self._device, self._drive, found)
        return None

    def invite(
        self, drive: str | os.PathLike[str] | None = None, *, device: bool = False, share_existing: bool = False
    ) -> Invitation:
        """Make an invite for the partner, or for a device of one's own, and lay its offer into the shared folder.

        ``drive`` sets the shared folder too. ``share_existing``: what was meant for both so far goes along; otherwise
        only what is saved from now on.

        Raises:
            PairingError: a pairing is open already, the journal is shared already, or there is none to add a device to.
            DriveError: the shared folder is not there, or holds another journal; no invite is open then.
            StoreError: it could not be saved.
        """
        self._require_invitable(is_device=device)
        if drive is not None:
            self._set_drive(os.fspath(drive))
        meeting_place = self._drive()
        with self._device.hold():
            self._require_invitable(is_device=device)  # another process may have been quicker
            share_from = NO_SHARING if device else self._share_from(share_existing=share_existing)
            made = make_invite(self._device, purpose="device" if device else "partner", share_from=share_from)
            self._open(made)
        invitation = Invitation(self._device, self._drive, made)
        path = meeting.offer_path(made.secret)
        try:
            meeting_place.publish(path, made.offer)
        except DriveError:
            invitation.forget()
            with contextlib.suppress(DriveError):
                meeting_place.remove(path)
            raise
        return invitation

    def join(self, words_typed: str, *, share_existing: bool = False) -> Joining:
        """Begin to answer an invite with its twelve words.

        Raises:
            PairingError: a typing mistake, a pairing is open already, or the journal is shared already.
            StoreError: it could not be saved.
        """
        secret = sealing.secret_of(words_typed)
        system = self._device.system
        with self._device.hold():
            self.require_joinable()
            made = JoinerState(
                secret,
                system.random_bytes(32),
                system.random_bytes(32),
                system.now_ms(),
                self._share_from(share_existing=share_existing),
            )
            self._open(made)
        return Joining(self._device, self._drive, made)

    def require_joinable(self) -> None:
        """Refuse to answer an invite where a pairing is open or the journal is shared already.

        Raises:
            PairingError: it is so.
            StoreError: the keystore could not be read.
        """
        if self.current is not None:
            raise PairingError("a pairing is open already", hint="accept it, or cancel it first")
        if self._device.shared is not None:
            raise PairingError("this journal is shared already; one journal is shared with one partner")

    def advance(self, *, budget_s: float | None = None) -> str:
        """Take an open pairing as far as it goes; return a sentence on what keeps it, or nothing.

        ``budget_s`` is the time in seconds after which no further file is begun.

        Raises:
            StoreError: this device's own copy failed.
        """
        current = self.current
        if current is None:
            return ""
        try:
            current.refresh(budget_s=budget_s)
        except (DriveError, PairingError) as error:
            return str(error)
        return ""

    def resume(self) -> None:
        """Complete what a crash left half-done: what was founded or admitted and is not in the keystore yet.

        Raises:
            StoreError: this device's own copy failed.
        """
        found = self._found()
        if isinstance(found, InviterState):
            Invitation(self._device, self._drive, found).complete()

    def leftovers(self) -> SharingState | None:
        """Return what is still to be done after a book came: entries to share, files to take back.

        Raises:
            StoreError: the keystore could not be read.
        """
        found = self._found()
        return found if isinstance(found, SharingState) else None

    def close(self, done: SharingState) -> None:
        """Take one's own pairing files from the folder, and end the pairing.

        Raises:
            StoreError: it could not be saved.
        """
        try:
            for path in done.leftovers:
                self._drive().remove(path)
        except DriveError:
            return  # the folder is away: another time
        self._device.change(
            lambda secrets: (
                msgspec.structs.replace(secrets, pairing=b"") if state.load(secrets.pairing) == done else secrets
            )
        )

    def _found(self) -> state.PairingState | None:
        self._device.reload()
        return state.load(self._device.secrets.pairing)

    def _open(self, made: InviterState | JoinerState) -> None:
        self._device.change(lambda secrets: msgspec.structs.replace(secrets, pairing=state.dump(made)))

    def _require_invitable(self, *, is_device: bool) -> None:
        if self.current is not None:
            raise PairingError("a pairing is open already", hint="accept it, or cancel it first")
        shared = self._device.shared
        if is_device and shared is None:
            raise PairingError(
                "there is no shared journal yet that a device of your own could join", hint="invite your partner first"
            )
        if not is_device and shared is not None:
            raise PairingError("this journal is shared already; one journal is shared with one partner")
        if self.leftovers() is not None:  # what waits to be shared would be forgotten
            raise PairingError("the pairing before this one is not wound up yet", hint="sync, and try again")

    def _share_from(self, *, share_existing: bool) -> int:
        """Return the number of the last operation in this device's private word stream, 0 to share everything."""
        if share_existing:
            return 0
        private = self._device.private
        private.refresh()  # what another process wrote a moment ago was written before the answer, too
        own = [seq for stream, seq in private.heads().items() if private.key_of(stream) == private.own_key]
        return max(own, default=0)
