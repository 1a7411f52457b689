"""The joiner's side: typed words, the offer, six check words, the book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from couplejournal.book import Book
from couplejournal.book.founding import founding_signature, prove_genesis
from couplejournal.device import Device, begin_private, book_id_of
from couplejournal.drive.interface import Drive, DriveFile
from couplejournal.drive.wrappers import ReadOnlyDrive
from couplejournal.errors import CouplejournalError, PairingError, UntrustedDataError
from couplejournal.ops.membership import admit_message, key_id, person_id
from couplejournal.pairing import meeting, state
from couplejournal.pairing.ending import earlier, say_ends
from couplejournal.pairing.privately import leave_private_folder, require_answerable, take_private
from couplejournal.pairing.state import NO_SHARING, JoinerState, SharingState
from couplejournal.seal import invite as sealing
from couplejournal.seal import wraps
from couplejournal.seal.invite import Join, Offer
from couplejournal.seal.keys import KEYS_BYTES, KeyPair, sign_public
from couplejournal.store.secrets import BookSecret, Secrets
from couplejournal.sync import Sync, SyncMemory


class Joining:
    """A pairing that this device answers with the words of an invite. It is the same one after a restart."""

    def __init__(self, device: Device, drive: Callable[[], Drive], found: JoinerState) -> None:
        """Take the state that the keystore holds."""
        self._device = device
        self._drive = drive
        self._state = found
        self._is_done = False
        self._laid: set[DriveFile] = set()

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
        """Return "partner", "device" or "private", empty before the offer was found."""
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
            PairingError: the pairing is no longer open, or the offer is not one for this device.
        """
        if not self._state.offer and not self._is_done:
            self.refresh()
        return self.check_words_known

    @property
    def check_words_known(self) -> tuple[str, ...] | None:
        """Return the six words as far as they are known here, without asking the shared folder."""
        return sealing.check_words(self._state.offer, self._state.join) if self._state.offer else None

    def refresh(self, *, budget_s: float | None = None) -> None:
        """Do what can be done now: find the offer and answer it, or take the book once it is there.

        ``budget_s`` is the time in seconds after which no further file of the book is begun.

        Raises:
            DriveError: the shared folder failed.
            PairingError: the pairing is no longer open, or the folder shows another history than the invite.
            StoreError: this device's own copy failed.
        """
        if self._is_done or not self._reread():
            return
        # As far as it came before a crash: the beginning of the book is here already.
        if self._state.is_confirmed and self._take_founded(self._device.unlisted_geneses()):
            return
        drive = self._drive()
        is_known = bool(self._state.offer)
        if not is_known:
            self._answer(drive)
        elif self._state.is_confirmed and self._take_book(drive, budget_s):
            return
        path = meeting.join_path(self._state.secret)
        if self._state.offer and not meeting.has(drive, path, self._state.join, self._laid):
            drive.publish(path, self._state.join, direct=is_known)  # the second try (docs/spec/sync.md 2)

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
        self._change(lambda found: msgspec.structs.replace(found, is_confirmed=True))

    def cancel(self) -> None:
        """Give the pairing up: the keys made for it are forgotten.

        Raises:
            PairingError: it is done already, or no longer open.
            StoreError: it could not be saved.
        """
        with self._device.hold():
            if self._is_done or not self._reread():
                raise PairingError("this pairing is done already")
            self._change(lambda _: None)
        try:
            self._drive().remove(meeting.join_path(self._state.secret))
        except CouplejournalError:
            return  # the folder is away; an answer that nobody accepts admits nobody

    def _answer(self, drive: Drive) -> None:
        """Look for the offer, and pin it together with the answer to it."""
        secret = self._state.secret
        found = meeting.find(drive, meeting.offer_path(secret), lambda file: sealing.open_offer(secret, file))
        if found is None:
            return
        file, offer = found
        own = self._own()
        secrets, system = self._device.secrets, self._device.system
        require_answerable(self._device, offer, self._state)
        join = Join(keys=own.public.raw, name=secrets.name, nonce=system.random_bytes(16))
        if offer.purpose == "partner":
            if offer.root_keys == secrets.root_keys:
                raise PairingError("this invite is one's own: it is for a partner", hint="`invite --device` is for you")
            founders = [(offer.root_keys, offer.device_keys), (secrets.root_keys, own.public.raw)]
            join = msgspec.structs.replace(
                join,
                root_keys=secrets.root_keys,
                founding_signature=founding_signature(secrets.founding_seed, founders),
            )
        else:
            if any(known.book == offer.book for known in secrets.books):
                raise PairingError("this device belongs to that journal already", hint="cancel this joining")
            message = admit_message(offer.book, key_id(offer.device_keys), own.public.raw, person_id(offer.root_keys))
            join = msgspec.structs.replace(join, proof=own.sign(message))
        answer = sealing.seal_join(secret, file, join, own)
        # What a person may have compared already is never replaced by an offer that came later.
        self._change(lambda open_: open_ if open_.offer else msgspec.structs.replace(open_, offer=file, join=answer))

    def _take_book(self, drive: Drive, budget_s: float | None) -> bool:
        """Take the book that the invite promised, if it is there and is exactly that; return whether it was."""
        offer = self._offer()
        if offer.purpose == "partner":
            return self._take_founded(meeting.geneses(drive))
        if not self._has_beginning(drive, offer):
            return False
        book = self._device.open_book(offer.book, self._own())
        memory = SyncMemory(self._device.disk, self._device.home.state_file(f"joining-{book.folder}"))
        Sync(book, ReadOnlyDrive(drive), memory, self._device.system).run(budget_s=budget_s)
        founding_seed = self._admission(book, offer)
        if founding_seed is None or not self._extends(book, offer):
            return False
        self._finish(offer.book, founding_seed)
        return True

    def _take_founded(self, offered: Iterable[bytes]) -> bool:
        """Take the book of two that was founded with our keys, if its beginning is among these."""
        offer = self._offer()
        for data in offered if offer.purpose == "partner" else ():
            if self._is_ours(data, offer):
                self._device.lay_down(data, book_id_of(data))
                self._finish(book_id_of(data), None)
                return True
        return False

    def _has_beginning(self, drive: Drive, offer: Offer) -> bool:
        """Return whether the beginning of the known book is here by now."""
        if any(book_id_of(data) == offer.book for data in self._device.unlisted_geneses()):
            return True
        for data in meeting.geneses(drive, offer.book.hex()[:32]):
            if book_id_of(data) == offer.book:
                self._device.lay_down(data, offer.book)
                return True
        return False

    def _is_ours(self, genesis: bytes, offer: Offer) -> bool:
        """Return whether a genesis names exactly the inviter and us, each signed, and comes from the pinned key."""
        expected = [(offer.root_keys, offer.device_keys), (self._device.secrets.root_keys, self._own().public.raw)]
        try:
            proved = prove_genesis(genesis)
        except CouplejournalError:
            return False
        return proved.author.id == key_id(offer.device_keys) and proved.named == expected

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
        is_same_person = book.membership.person_of(own.id) == person_id(offer.root_keys)
        if sign_public(seed) != offer.root_keys[KEYS_BYTES:] or not is_same_person:
            raise PairingError("the admission to the journal is not that of the invite")
        return seed

    def _extends(self, book: Book, offer: Offer) -> bool:
        """Return whether what the folder shows reaches the heads that the invite pinned.

        Raises:
            PairingError: it shows another history.
        """
        missing = [head for head in offer.heads if not book.holds(head)]
        if missing:
            ends = book.places()
            branches = Counter(stream for stream, _, _ in offer.heads)
            for stream, seq, _ in missing:
                is_another = any(held == stream and last >= seq for held, last, _ in ends)
                if is_another and branches[stream] == 1:  # of a forked stream one branch may come before the other
                    raise PairingError(
                        "the folder shows another history than the invite: it was changed or rolled back"
                    )
        return not missing

    def _finish(self, book_id: bytes, founding_seed: bytes | None) -> None:
        """Take the book into the keystore, and end the shared one that stood open until then.

        A second device goes under its person's root, with a new private book, unless it is that person's already.
        """
        device, offer, found = self._device, self._offer(), self._state
        leftovers = [meeting.join_path(found.secret)]
        with device.hold():
            if not self._reread():
                return
            if founding_seed is not None and offer.purpose == "private":
                take_private(device, found, BookSecret(book_id, "private", found.sign_seed, found.kem_seed), offer,
                             founding_seed, leftovers)  # fmt: skip
                self._is_done = True
                return
            # Whatever an earlier invite of this device's allowed: this book stands in the folder already.
            device.change_settings(lambda settings: msgspec.structs.replace(settings, founding=""))
            fresh = [BookSecret(book_id, "shared", found.sign_seed, found.kem_seed)]
            share_from = found.share_from if founding_seed is None else NO_SHARING
            after = SharingState(share_from=share_from, leftovers=leftovers)
            if founding_seed is None or offer.root_keys == device.secrets.root_keys:
                device.change(
                    lambda secrets: msgspec.structs.replace(
                        secrets, books=[*earlier(secrets.books), *fresh], pairing=state.dump(after)
                    )
                )
            else:
                self._go_under(offer.root_keys, founding_seed, fresh, after)
            self._is_done = True
            say_ends(device)

    def _go_under(self, root_keys: bytes, founding_seed: bytes, fresh: list[BookSecret], after: SharingState) -> None:
        """Become a device of the person who invited; what this device had alone stays, as an earlier book."""
        device = self._device
        person = msgspec.structs.replace(
            device.secrets, root_keys=root_keys, root_seed=None, founding_seed=founding_seed
        )
        private = begin_private(device.home, device.disk, device.system, person, device.hold)
        leave_private_folder(device)

        def put(secrets: Secrets) -> Secrets:
            older = [msgspec.structs.replace(book, role="earlier") for book in secrets.books]
            return msgspec.structs.replace(
                secrets,
                books=[*older, *fresh, private],
                root_keys=root_keys,
                root_seed=None,
                founding_seed=founding_seed,
                pairing=state.dump(after),
            )

        device.change(put)

    def _own(self) -> KeyPair:
        return KeyPair(self._state.sign_seed, self._state.kem_seed)

    def _offer(self) -> Offer:
        return sealing.open_offer(self._state.secret, self._state.offer)

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

    def _change(self, act: Callable[[JoinerState], JoinerState | None]) -> None:
        """Change this pairing as it stands in the keystore by now; nothing happens where it is no longer open."""

        def put(secrets: Secrets) -> Secrets:
            found = state.load(secrets.pairing)
            if not isinstance(found, JoinerState) or found.secret != self._state.secret:
                return secrets
            changed = act(found)
            self._state = changed or found
            return msgspec.structs.replace(secrets, pairing=state.dump(changed))

        self._device.change(put)
