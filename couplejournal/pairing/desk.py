"""The one place where a journal begins, continues and ends a pairing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from couplejournal.device import Device
from couplejournal.drive.interface import Drive
from couplejournal.errors import DriveError, PairingError
from couplejournal.ops.membership import person_id
from couplejournal.pairing import meeting, state
from couplejournal.pairing.ending import say_ends
from couplejournal.pairing.inviting import Invitation, make_invite
from couplejournal.pairing.joining import Joining
from couplejournal.pairing.state import (
    NO_SHARING,
    SHARE_ALL,
    Clock,
    InviterState,
    JoinerState,
    RecoveringState,
    SharingState,
)
from couplejournal.seal import invite as sealing

ANEW_HINT: Final = "`--anew` begins another journal beside it; this one ends then, and stays readable"


def _no_private_drive(_folder: str) -> Drive:
    raise DriveError("there is no private folder yet", hint="`couplejournal drive --private DIR` sets it")


class SetDrive(Protocol):
    """The way to set the meeting place."""

    def __call__(self, folder: str, *, is_beside: bool = False) -> None:
        """Meet in this folder; ``is_beside``: a new book begins there, whatever others lie there or elsewhere."""


class Pairing:
    """What `Journal.pairing` is: make an invite, and find the open one again.

    The home's lock is never held while the folder is asked, so a folder that hangs keeps nobody from writing.
    """

    def __init__(
        self,
        device: Device,
        drive: Callable[[], Drive],
        set_drive: SetDrive,
        private_drive: Callable[[str], Drive] = _no_private_drive,
    ) -> None:
        """Take this device, its meeting place, and the way to set that.

        ``private_drive`` gives the drive of a folder of this person's own; of the one that is set for an empty path.
        """
        self._device = device
        self._drive = drive
        self._set_drive = set_drive
        self._private_drive = private_drive

    @property
    def current(self) -> Invitation | Joining | None:
        """Return the open pairing, whichever side of it this is.

        Raises:
            StoreError: the keystore could not be read.
        """
        self.resume()
        found = self._found()
        if isinstance(found, InviterState):
            return Invitation(self._device, self.drive_of(found), found)
        if isinstance(found, JoinerState):
            return Joining(self._device, self.drive_of(found), found)
        return None

    @property
    def meets_privately(self) -> bool:
        """Return whether an open pairing, or what is left of one, meets in a folder of this person's own.

        Raises:
            StoreError: the keystore could not be read.
        """
        return _is_private(self._found())

    def drive(self) -> Drive:
        """Return the drive where an open pairing meets; without one, that of the shared folder.

        Raises:
            DriveError: there is none, or this device is paused.
        """
        return self.drive_of(self._found())()

    def drive_of(self, found: state.PairingState | None) -> Callable[[], Drive]:
        """Return the way to the drive where a pairing meets."""
        if not _is_private(found):
            return self._drive
        folder = found.private_folder if isinstance(found, JoinerState) else ""
        return lambda: self._private_drive(folder)

    def invite(
        self,
        drive: str | os.PathLike[str] | None = None,
        *,
        device: bool = False,
        share_existing: bool = False,
        anew: bool = False,
        private: bool = False,
    ) -> Invitation:
        """Make an invite for the partner, or for a device of one's own, and lay its offer into the shared folder.

        ``drive`` sets the shared folder too. ``share_existing``: what was meant for both so far goes along; otherwise
        only what is saved from now on. ``anew``: where a journal is shared already, begin another beside it, with the
        same partner or with another; the one that is shared now is ended when the new one is founded. ``private``: the
        device of one's own is invited into the private book instead, through the private folder, which is set already.

        Raises:
            PairingError: a pairing is open already, the journal is shared already and ``anew`` was not said, or there
                is none to add a device to (for ``private``: no private folder).
            DriveError: the shared folder is not there, or holds another journal; no invite is open then.
            StoreError: it could not be saved.
        """
        purpose = "private" if private else "device" if device else "partner"
        self._require_invitable(purpose, is_anew=anew)
        if drive is not None and not private:
            self._set_drive(os.fspath(drive), is_beside=anew and not device)
        meeting_place = self._private_drive("") if private else self._drive()
        with self._device.hold():
            self._require_invitable(purpose, is_anew=anew)  # another process may have been quicker
            is_partner = purpose == "partner"
            share_from = self._share_from(share_existing=share_existing) if is_partner else NO_SHARING
            made = make_invite(self._device, purpose=purpose, share_from=share_from)
            self._open(made)
        invitation = Invitation(self._device, self.drive_of(made), made)
        path = meeting.offer_path(made.secret)
        try:
            meeting_place.publish(path, made.offer)
        except DriveError:
            invitation.forget()
            with contextlib.suppress(DriveError):
                meeting_place.remove(path)
            raise
        return invitation

    def join(
        self, words_typed: str, *, share_existing: bool = False, anew: bool = False, private_folder: str = ""
    ) -> Joining:
        """Begin to answer an invite with its twelve words; ``anew`` as for `invite`.

        ``private_folder`` is the folder of one's own where an invite to the private book lies.

        Raises:
            PairingError: a typing mistake, a pairing is open already, or the journal is shared already and ``anew`` was
                not said.
            StoreError: it could not be saved.
        """
        secret = sealing.secret_of(words_typed)
        system = self._device.system
        with self._device.hold():
            self.require_joinable(anew=anew, private=bool(private_folder))
            made = JoinerState(
                secret,
                system.random_bytes(32),
                system.random_bytes(32),
                system.now_ms(),
                NO_SHARING if private_folder else self._share_from(share_existing=share_existing),
                private_folder=private_folder,
            )
            self._open(made)
        return Joining(self._device, self.drive_of(made), made)

    def require_joinable(self, *, anew: bool = False, private: bool = False) -> None:
        """Refuse to answer an invite where a pairing is open, or the journal is shared already and not to be ended.

        Raises:
            PairingError: it is so.
            StoreError: the keystore could not be read.
        """
        if self.current is not None:
            raise PairingError("a pairing is open already", hint="accept it, or cancel it first")
        if self._device.shared is not None and not anew and not private:
            raise PairingError("this journal is shared already; one journal is shared with one partner", hint=ANEW_HINT)
        self._require_wound_up()

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

        The same for the end of the book that stood open before a new one came.

        Raises:
            StoreError: this device's own copy failed.
        """
        found = self._found()
        if isinstance(found, InviterState):
            Invitation(self._device, self.drive_of(found), found).complete()
        elif isinstance(found, SharingState):
            say_ends(self._device)
        elif isinstance(found, RecoveringState):
            from couplejournal.pairing.recovering import complete  # once in the life of a device, if at all

            complete(self._device)

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
                self.drive_of(done)().remove(path)
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

    def _require_invitable(self, purpose: str, *, is_anew: bool) -> None:
        if self.current is not None:
            raise PairingError("a pairing is open already", hint="accept it, or cancel it first")
        if purpose == "private":
            self._require_wound_up()
            if not self._device.settings.private_drive:
                raise PairingError("there is no private folder yet", hint="`couplejournal drive --private DIR` sets it")
            return
        is_device, shared = purpose == "device", self._device.shared
        if is_device and shared is None:
            raise PairingError(
                "there is no shared journal yet that a device of your own could join", hint="invite your partner first"
            )
        if is_device and shared is not None and shared.person != person_id(self._device.secrets.root_keys):
            raise PairingError("what you share has the recovery words from before you renewed them", hint=ANEW_HINT)
        if not is_device and shared is not None and not is_anew:
            raise PairingError("this journal is shared already; one journal is shared with one partner", hint=ANEW_HINT)
        self._require_wound_up()

    def _require_wound_up(self) -> None:
        """Refuse to begin a pairing while what waits to be shared after the one before would be forgotten."""
        left = self.leftovers()
        if left is not None and (self._device.shared is not None or left.is_private):
            raise PairingError("the pairing before this one is not wound up yet", hint="sync, and try again")

    def _share_from(self, *, share_existing: bool) -> Clock:
        """Return the private book's time now: what another process wrote a moment ago was before the answer, too."""
        return SHARE_ALL if share_existing else self._device.private.clock()


def _is_private(found: state.PairingState | None) -> bool:
    """Return whether a pairing is about the private book."""
    if isinstance(found, InviterState):
        return found.purpose == "private"
    if isinstance(found, JoinerState):
        return bool(found.private_folder)
    return isinstance(found, SharingState) and found.is_private
