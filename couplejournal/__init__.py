"""A shared, end-to-end encrypted journal of two partners, in a folder that both have.

>>> import couplejournal as cj
>>> journal = cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=a_folder)
>>> bid = journal.add(cj.Bid("Listen to this song with me?"))

The public names are those of ``__all__``; each is loaded when it is first used, so importing the package costs nothing.
Everything that goes wrong on purpose is a `CouplejournalError`. For plugin authors: `couplejournal.plugins` and
`couplejournal.testing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from couplejournal.errors import (
        CouplejournalError,
        DriveError,
        EntryError,
        ExportError,
        InvalidEntryError,
        KeyMissingError,
        LockedError,
        NewerFormatError,
        NoInviteError,
        NoJournalError,
        NoSuchEntryError,
        NotYourEntryError,
        PairingError,
        PluginError,
        RecoveryError,
        SetupError,
        StoreBusyError,
        StoreError,
        UnlockError,
        UntrustedDataError,
        WrongPassphraseError,
    )
    from couplejournal.journal import Journal
    from couplejournal.journal.answers import Answering
    from couplejournal.journal.arrivals import BEGINNING
    from couplejournal.journal.deviceinfo import DeviceInfo
    from couplejournal.journal.notices import Notice
    from couplejournal.journal.opening import KEYCHAIN, NO_PASSPHRASE, create, join, lock, open, recover, unlock  # noqa: A004
    from couplejournal.journal.parting import Left, Parting
    from couplejournal.journal.recovery import Recovery, Regained
    from couplejournal.journal.removal import Removal
    from couplejournal.journal.safety import Safety
    from couplejournal.journal.status import EarlierStatus, PairingStatus, Status
    from couplejournal.model.change import Added, Change, Retracted, Revised
    from couplejournal.model.consent import PartnerWords, PluginNotice
    from couplejournal.model.content import Content, RawContent
    from couplejournal.model.entry import Author, Entry, Ref
    from couplejournal.model.kinds import (
        Answer,
        Appreciation,
        Bid,
        Goal,
        Kind,
        Milestone,
        Note,
        Question,
        Response,
        Step,
    )
    from couplejournal.pairing import Invitation, Joining, Pairing
    from couplejournal.sync import SyncReport
    from couplejournal.view import JournalView

_PLACES = {
    "couplejournal.journal.arrivals": ("BEGINNING",),
    "couplejournal.errors": (
        "CouplejournalError", "DriveError", "EntryError", "ExportError", "InvalidEntryError",
        "KeyMissingError", "LockedError", "NewerFormatError", "NoInviteError", "NoJournalError", "NoSuchEntryError",
        "NotYourEntryError", "PairingError", "PluginError", "RecoveryError", "SetupError", "StoreBusyError",
        "StoreError", "UnlockError", "UntrustedDataError", "WrongPassphraseError",
    ),
    "couplejournal.journal": ("Journal",),
    "couplejournal.journal.answers": ("Answering",),
    "couplejournal.journal.notices": ("Notice",),
    "couplejournal.model.consent": ("PartnerWords", "PluginNotice"),
    "couplejournal.model.content": ("Content", "RawContent"),
    "couplejournal.model.change": ("Added", "Change", "Retracted", "Revised"),
    "couplejournal.model.entry": ("Author", "Entry", "Ref"),
    "couplejournal.model.kinds": (
        "Answer", "Appreciation", "Bid", "Goal", "Kind", "Milestone", "Note", "Question", "Response", "Step",
    ),
    "couplejournal.journal.opening": (
        "KEYCHAIN", "NO_PASSPHRASE", "create", "join", "lock", "open", "recover", "unlock",
    ),
    "couplejournal.pairing": ("Invitation", "Joining", "Pairing"),
    "couplejournal.journal.parting": ("Left", "Parting"),
    "couplejournal.journal.recovery": ("Recovery", "Regained"),
    "couplejournal.journal.removal": ("Removal",),
    "couplejournal.journal.safety": ("Safety",),
    "couplejournal.journal.deviceinfo": ("DeviceInfo",),
    "couplejournal.journal.status": ("EarlierStatus", "PairingStatus", "Status"),
    "couplejournal.sync": ("SyncReport",),
    "couplejournal.view": ("JournalView",),
}  # fmt: skip
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "BEGINNING",
    "KEYCHAIN",
    "NO_PASSPHRASE",
    "Added",
    "Answer",
    "Answering",
    "Appreciation",
    "Author",
    "Bid",
    "Change",
    "Content",
    "CouplejournalError",
    "DeviceInfo",
    "DriveError",
    "EarlierStatus",
    "Entry",
    "EntryError",
    "ExportError",
    "Goal",
    "InvalidEntryError",
    "Invitation",
    "Joining",
    "Journal",
    "JournalView",
    "KeyMissingError",
    "Kind",
    "Left",
    "LockedError",
    "Milestone",
    "NewerFormatError",
    "NoInviteError",
    "NoJournalError",
    "NoSuchEntryError",
    "NotYourEntryError",
    "Note",
    "Notice",
    "Pairing",
    "PairingError",
    "PairingStatus",
    "Parting",
    "PartnerWords",
    "PluginError",
    "PluginNotice",
    "Question",
    "RawContent",
    "Recovery",
    "RecoveryError",
    "Ref",
    "Regained",
    "Removal",
    "Response",
    "Retracted",
    "Revised",
    "Safety",
    "SetupError",
    "Status",
    "Step",
    "StoreBusyError",
    "StoreError",
    "SyncReport",
    "UnlockError",
    "UntrustedDataError",
    "WrongPassphraseError",
    "__version__",
    "create",
    "join",
    "lock",
    "open",
    "recover",
    "unlock",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Load a public name where it stands, when it is first used."""
    place = _PLACE_OF.get(name)
    if place is None:
        raise AttributeError(f"module 'couplejournal' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(place), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
