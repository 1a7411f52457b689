"""The joiner's side: typed words, the offer, six check words, the book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from couplejournal.book import Book
from couplejournal.book.founding import founding_signature
from couplejournal.device import Device, book_id_of, found_private
from couplejournal.drive.interface import Drive, NotYetError, UnfitFileError
from couplejournal.drive.wrappers import ReadOnlyDrive
from couplejournal.errors import CouplejournalError, PairingError, UntrustedDataError
from couplejournal.ops import codec, words
from couplejournal.ops.membership import admit_message, found_message, key_id
from couplejournal.pairing import meeting, state
from couplejournal.pairing.state import JoinerState, SharingState
from couplejournal.seal import invite as sealing
from couplejournal.seal import segments, wraps
from couplejournal.seal.invite import Join, Offer
from couplejournal.seal.keys import KEYS_BYTES, KeyPair, is_signed, sign_public
from couplejournal.store.secrets import BookSecret, Secrets
from couplejournal.sync import Sync, SyncMemory

GENESIS_LIMIT_BYTES: Final = 64 << 10


class Joining:
    """A pairing that this device answers with the words of an invite. It is the same one after a restart."""

    def __init__(self, device: Device, drive: Callable[[], Drive], found: JoinerState) -> None:
        """Take the state that the keystore holds."""
        self._device = device
        self._drive = drive
        self._state = found
        self._is_done = False

    @property
    def persisted(self) -> JoinerState:
        """Return what the keystore holds of it."""
        return self._state

    @property
    def state(self) -> str:
        """Return "waiting" (for the offer), "offered", "confirmed" (waiting for the other), or "done"."""
        if self._is_done:
            return "done"
        if not self._state.offer:
            return "waiting"
        return "confirmed" if self._state.is_confirmed else "offered"

    @property
    def purpose(self) -> str:
        """Return "partner" or "device", empty before the offer was found."""
        return self._offer().purpose if self._state.offer else ""

    @property
    def inviter_name(self) -> str:
        """Return the name that the inviter gave, empty before the offer was found."""
        return self._offer().name if self._state.offer else ""

    @property
    def check_words(self) -> tuple[str, ...] | None:
        """Return the six words that both screens must show, or None before the offer was found.

        Raises:
            DriveError: the shared folder failed while it was asked for the offer.
        """
        if not self._state.offer and not self._is_done:
            self.refresh()
        return self.check_words_known

    @property
    def check_words_known(self) -> tuple[str, ...] | None:
        """Return the six words as far as they are known here, without asking the shared folder."""
        return sealing.check_words(self._state.offer, self._state.join) if self._state.offer else None

    def refresh(self) -> None:
        """Do what can be done now: find the offer and answer it, or take the book once it is there.

        Raises:
            DriveError: the shared folder failed.
            PairingError: the pairing is no longer open, or the folder shows another history than the invite.
            StoreError: this device's own copy failed.
        """
        if self._is_done or not self._reread():
            return
        drive = self._drive()
        if not self._state.offer:
            self._answer(drive)
        elif meeting.find(drive, self._state.secret, self._read_join) is None and not self._state.is_confirmed:
            drive.publish(meeting.join_path(self._state.secret), self._state.join)
        if self._state.offer and self._state.is_confirmed:
            self._take_book(drive)

    def confirm(self) -> None:
        """Say that the six words are the same on both screens; from now on the book is taken when it comes.

        Raises:
            PairingError: there is nothing to confirm yet, or the pairing is no longer open.
            StoreError: it could not be saved.
        """
        if self._is_done or not self._reread():
            return
        if not self._state.offer:
            raise PairingError("the invite has not arrived yet, so there is nothing to confirm")
        self._save(msgspec.structs.replace(self._state, is_confirmed=True))

    def cancel(self) -> None:
        """Give the pairing up: the keys made for it are forgotten.

        Raises:
            StoreError: it could not be saved.
        """
        if self._is_done:
            raise PairingError("this pairing is done already")
        self._save(None)
        try:
            self._drive().remove(meeting.join_path(self._state.secret))
        except CouplejournalError:
            return  # the folder is away; an answer that nobody accepts admits nobody

    def _answer(self, drive: Drive) -> None:
        """Look for the offer, pin it, and lay the answer beside it."""
        secret = self._state.secret
        found = meeting.find(drive, secret, lambda file: sealing.open_offer(secret, file))
        if found is None:
            return
        file, offer = found
        own = self._own()
        secrets, system = self._device.secrets, self._device.system
        join = Join(keys=own.public.raw, name=secrets.name, nonce=system.random_bytes(16))
        if offer.purpose == "partner":
            if self._device.shared is not None:
                raise PairingError("this journal is shared already; one journal is shared with one partner")
            founders = [(offer.root_keys, offer.device_keys), (secrets.root_keys, own.public.raw)]
            join = msgspec.structs.replace(
                join,
                root_keys=secrets.root_keys,
                founding_signature=founding_signature(secrets.founding_seed, founders),
            )
        else:
            message = admit_message(offer.book, key_id(offer.device_keys), own.public.raw)
            join = msgspec.structs.replace(join, proof=own.sign(message))
        answer = sealing.seal_join(secret, file, join, own)
        self._save(msgspec.structs.replace(self._state, offer=file, join=answer))
        drive.publish(meeting.join_path(secret), answer)

    def _take_book(self, drive: Drive) -> None:
        """Take the book that the invite promised, if it is there and is exactly that."""
        offer = self._offer()
        if offer.purpose == "partner":
            genesis = self._find_genesis(drive, offer)
            if genesis is not None:
                self._device.lay_down(genesis, book_id_of(genesis))
                self._finish(book_id_of(genesis), None)
            return
        genesis = self._find_book(drive, offer.book)
        if genesis is None:
            return
        self._device.lay_down(genesis, offer.book)
        book = self._device.open_book(offer.book, self._own())
        memory = SyncMemory(self._device.disk, self._device.home.state_file(f"joining-{book.folder}"))
        Sync(book, ReadOnlyDrive(drive), memory, self._device.system).run()
        founding_seed = self._admission(book, offer)
        if founding_seed is not None and self._extends(book, offer):
            self._finish(offer.book, founding_seed)

    def _find_genesis(self, drive: Drive, offer: Offer) -> bytes | None:
        """Return the genesis that names exactly the inviter and us, signed by the pinned key."""
        secrets, own = self._device.secrets, self._own()
        expected = [(offer.root_keys, offer.device_keys), (secrets.root_keys, own.public.raw)]
        for data in _geneses(drive):
            try:
                sealed = segments.parse(data)
                verified = segments.verify_keys(sealed, offer.device_keys[:32])
                found = words.decode_fields(words.Found, codec.peek(verified.ops[0]).fields)
            except CouplejournalError:
                continue
            if sealed.header.key != key_id(offer.device_keys) or found.persons != expected:
                continue
            message = found_message(found.persons)
            if len(found.signatures) == 2 and all(
                is_signed(roots[KEYS_BYTES:], signature, message)
                for (roots, _), signature in zip(found.persons, found.signatures, strict=True)
            ):
                return data
        return None

    def _find_book(self, drive: Drive, book_id: bytes) -> bytes | None:
        """Return the genesis of a known book."""
        return next((data for data in _geneses(drive) if book_id_of(data) == book_id), None)

    def _admission(self, book: Book, offer: Offer) -> bytes | None:
        """Return the founding seed that came with the admission by the pinned device, None while it is not there."""
        own, inviter = self._own(), key_id(offer.device_keys)
        admit = book.admission_of(own.id, inviter)
        if admit is None or not book.membership.is_live(own.id):
            return None
        try:
            seed = wraps.unwrap(admit.founding, own, wraps.founding_info(inviter, own.id))
        except UntrustedDataError:
            raise PairingError("the admission to the journal does not open") from None
        if sign_public(seed) != offer.root_keys[KEYS_BYTES:]:
            raise PairingError("the admission to the journal is not that of the invite")
        return seed

    def _extends(self, book: Book, offer: Offer) -> bool:
        """Return whether what the folder shows reaches the heads that the invite pinned.

        Raises:
            PairingError: it shows another history.
        """
        for stream, seq, link in offer.heads:
            held = book.link_at(stream, seq)
            if held is None:
                return False
            if held != link:
                raise PairingError("the folder shows another history than the invite: it was changed or rolled back")
        return True

    def _finish(self, book_id: bytes, founding_seed: bytes | None) -> None:
        """Take the book into the keystore; a second device goes under its person's root, with a new private book."""
        device, found = self._device, self._state
        offer = self._offer()
        entry = BookSecret(book_id, "shared", found.sign_seed, found.kem_seed)
        after = SharingState(share_from=found.share_from, leftovers=[meeting.join_path(found.secret)])
        fresh = None
        if founding_seed is not None:
            fresh = found_private(device.home, device.disk, device.system, offer.root_keys, founding_seed)[1]

        def put(secrets: Secrets) -> Secrets:
            books = [*secrets.books, entry]
            changed = msgspec.structs.replace(secrets, books=books, pairing=state.dump(after))
            if fresh is None or founding_seed is None:
                return changed
            older = [msgspec.structs.replace(b, role="earlier") if b.role == "private" else b for b in books]
            return msgspec.structs.replace(
                changed, books=[*older, fresh], root_keys=offer.root_keys, root_seed=None, founding_seed=founding_seed
            )

        device.change(put)
        if fresh is not None:
            device.introduce(device.book(fresh.book))
        self._is_done = True

    def _own(self) -> KeyPair:
        return KeyPair(self._state.sign_seed, self._state.kem_seed)

    def _offer(self) -> Offer:
        return sealing.open_offer(self._state.secret, self._state.offer)

    def _read_join(self, file: bytes) -> Join:
        return sealing.open_join(self._state.secret, self._state.offer, file)

    def _reread(self) -> bool:
        """Take over what another process of this device did; False when it finished the pairing."""
        self._device.reload()
        secrets = self._device.secrets
        found = state.load(secrets.pairing)
        if isinstance(found, JoinerState) and found.secret == self._state.secret:
            self._state = found
            return True
        if any(secret.sign_seed == self._state.sign_seed for secret in secrets.books):
            self._is_done = True
            return False
        raise PairingError("this pairing is no longer open")

    def _save(self, changed: JoinerState | None) -> None:
        secret = self._state.secret

        def put(secrets: Secrets) -> Secrets:
            found = state.load(secrets.pairing)
            if not isinstance(found, JoinerState) or found.secret != secret:
                return secrets
            return msgspec.structs.replace(secrets, pairing=state.dump(changed))

        self._device.change(put)
        if changed is not None:
            self._state = changed


def _geneses(drive: Drive) -> list[bytes]:
    """Return every file in the meeting place that may be the beginning of a book."""
    found = []
    for file in drive.list():
        parts = file.path.split("/")
        if len(parts) == 2 and parts[0] != meeting.FOLDER and file.size_bytes <= GENESIS_LIMIT_BYTES:
            try:
                found.append(drive.read(file.path, limit_bytes=GENESIS_LIMIT_BYTES))
            except (NotYetError, UnfitFileError):
                continue
    return found
