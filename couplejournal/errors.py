"""Every error that couplejournal raises on purpose, sorted by what the reader does next.

CouplejournalError                exit
├─ SetupError                        1  nothing is set up here, or not yet
│  ├─ NoJournalError                10
│  └─ StoreBusyError                 1  another process of this device held the journal for 10 s
├─ UnlockError                      12  the keys cannot be had
│  ├─ LockedError                   11
│  ├─ WrongPassphraseError          12
│  └─ KeyMissingError               12
├─ EntryError                        1  what was asked of an entry cannot be done
│  ├─ NoSuchEntryError               1
│  ├─ NotYourEntryError              1
│  └─ InvalidEntryError              1
├─ UntrustedDataError                4  bytes that are refused: malformed, unsigned, unknown, broken
├─ NewerFormatError                  1  update couplejournal
├─ DriveError                        1  the meeting place failed; what is saved here is safe
├─ StoreError                        1  this device's own copy failed; stop
├─ PairingError                      1  expired, used, wrong words, not now
│  └─ NoInviteError                  1  no invite for these words here yet
├─ RecoveryError                     1  mistyped or foreign recovery words, or nothing that they open
├─ ExportError                       1  no place for an export, or nobody whom it can be sealed for
└─ PluginError                      14

``str(error)`` is one line for people. It never holds journal text, keys, or a path below the journal's
folder, and neither does the ``hint``.
"""

from __future__ import annotations

from typing import ClassVar


class CouplejournalError(Exception):
    """Say what went wrong in one line, why, and what to do next.

    ``exit_code`` is what the command line ends with; ``hint`` is one line on what to do (or empty);
    ``retry`` says whether the same call may succeed later without a change.
    """

    exit_code: ClassVar[int] = 1
    retry: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SetupError(CouplejournalError):
    """The journal is not set up, or is set up otherwise than this call needs."""


class NoJournalError(SetupError):
    """There is no journal in this home."""

    exit_code = 10


class StoreBusyError(SetupError):
    """Another process of this device held the journal too long."""

    retry = True


class UnlockError(CouplejournalError):
    """The keys of this device could not be had."""

    exit_code = 12


class LockedError(UnlockError):
    """A passphrase is needed, and none was given."""

    exit_code = 11


class WrongPassphraseError(UnlockError):
    """The keystore did not open with this passphrase, or is damaged: the two look alike on purpose."""


class KeyMissingError(UnlockError):
    """The keystore, or the key that it needs, is not where it should be."""


class EntryError(CouplejournalError):
    """What was asked of an entry cannot be done."""


class NoSuchEntryError(EntryError):
    """No entry, or more than one, has this id."""


class NotYourEntryError(EntryError):
    """Only its author may do this to the entry."""


class InvalidEntryError(EntryError):
    """The entry breaks a rule of its kind, or a limit."""


class UntrustedDataError(CouplejournalError):
    """Bytes from outside were refused; nothing of them was used."""

    exit_code = 4


class NewerFormatError(CouplejournalError):
    """Something was written by a newer version; this one refuses to guess."""


class DriveError(CouplejournalError):
    """The shared folder failed. What is saved on this device is safe."""

    retry = True


class StoreError(CouplejournalError):
    """This device's own copy could not be read or written."""


class PairingError(CouplejournalError):
    """An invite cannot go on: expired, used, cancelled, or the words are wrong."""


class NoInviteError(PairingError):
    """No invite for these words lies in the folder yet."""

    retry = True


class RecoveryError(CouplejournalError):
    """The recovery words are mistyped or those of somebody else, are not here, or open nothing in this folder."""


class ExportError(CouplejournalError):
    """An export cannot be written there, cannot be sealed for that recipient, or is none that opens."""


class PluginError(CouplejournalError):
    """A plugin failed, or may not do what was asked."""

    exit_code = 14
