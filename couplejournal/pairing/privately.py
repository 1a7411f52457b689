"""A second device comes into the private book of its person, through a folder that is that person's own.

It is paired like any other device of one's own; what differs is the folder, and what the new book stands in for: the
private book that this device had, which becomes a former one. What it wrote there is copied afterwards (`gathering`).
"""

from __future__ import annotations

import msgspec

from couplejournal.device import Device
from couplejournal.errors import PairingError
from couplejournal.pairing import state
from couplejournal.pairing.state import NO_SHARING, JoinerState, SharingState
from couplejournal.seal.invite import Offer
from couplejournal.store.secrets import BookSecret, Secrets
from couplejournal.store.settings import Settings

CANCEL_HINT = "`couplejournal join --cancel` ends this joining"


def require_answerable(device: Device, offer: Offer, found: JoinerState) -> None:
    """Refuse an invite that is not the one that was meant, or that would make this device two persons at once.

    Raises:
        PairingError: it is to the private book and was not answered as such, or the other way round; or it is of
            another person than the one under whose root this device shares, or keeps its private folder.
    """
    is_private = offer.purpose == "private"
    if is_private and not found.private_folder:
        raise PairingError("this invite is to a private journal", hint=f"{CANCEL_HINT}; then `join DIR --private`")
    if found.private_folder and not is_private:
        raise PairingError("this invite is not to a private journal", hint=f"{CANCEL_HINT}; then `join DIR`")
    if offer.purpose == "partner" or offer.root_keys == device.secrets.root_keys:
        return
    if is_private and device.shared is not None:
        raise PairingError(
            "this invite is of another person than the one who shares a journal on this device", hint=CANCEL_HINT
        )
    if not is_private and device.settings.private_drive:
        raise PairingError(
            "this invite is of another person than the one whose private folder this device has",
            hint=f"{CANCEL_HINT}; `drive --private --off` lets go of the folder",
        )


def take_private(
    device: Device, found: JoinerState, fresh: BookSecret, offer: Offer, founding_seed: bytes, leftovers: list[str]
) -> None:
    """Take the private book that was joined into the keystore; the one that this device had becomes a former one.

    Raises:
        StoreError: it could not be saved; the next exchange tries again.
    """
    former = device.private.folder

    def settle(settings: Settings) -> Settings:
        before = settings.private_drive
        places = {**settings.places, former: before} if before not in ("", found.private_folder) else settings.places
        return msgspec.structs.replace(
            settings, places=places, private_drive=found.private_folder, private_founding="", gathers=True
        )

    # First where it meets: a crash before the keys are saved leaves the joining open, and that goes on from here.
    device.change_settings(settle)
    after = SharingState(NO_SHARING, leftovers, is_private=True)
    is_same = offer.root_keys == device.secrets.root_keys

    def put(secrets: Secrets) -> Secrets:
        older = [
            msgspec.structs.replace(book, role="earlier") if book.role == "private" or not is_same else book
            for book in secrets.books
        ]
        return msgspec.structs.replace(
            secrets,
            books=[*older, fresh],
            root_keys=offer.root_keys,
            root_seed=secrets.root_seed if is_same else None,
            founding_seed=founding_seed,
            pairing=state.dump(after),
        )

    device.change(put)


def leave_private_folder(device: Device) -> None:
    """Let go of the private folder: the private book of this device is about to become a former one.

    Raises:
        StoreError: it could not be saved.
    """
    former = device.private.folder

    def put(settings: Settings) -> Settings:
        if not settings.private_drive:
            return settings
        places = {**settings.places, former: settings.private_drive}
        return msgspec.structs.replace(settings, places=places, private_drive="", private_founding="")

    device.change_settings(put)
