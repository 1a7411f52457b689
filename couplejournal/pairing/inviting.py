"""The inviter's side: words, waiting, six check words, accepting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from couplejournal.book import Book
from couplejournal.book.founding import Founder, founding_signature, make_genesis
from couplejournal.device import Device, book_id_of
from couplejournal.drive.interface import Drive, DriveFile
from couplejournal.errors import CouplejournalError, PairingError, UntrustedDataError
from couplejournal.ops import codec, words
from couplejournal.ops.membership import admit_message, found_message, key_id
from couplejournal.pairing import meeting, state
from couplejournal.pairing.ending import earlier, say_ends
from couplejournal.pairing.state import NO_SHARING, Clock, InviterState, SharingState
from couplejournal.seal import invite as sealing
from couplejournal.seal import segments
from couplejournal.seal.invite import INVITE_HOURS, Join, Offer
from couplejournal.seal.keys import KEYS_BYTES, KeyPair, is_signed
from couplejournal.store.secrets import BookSecret, Secrets

HOUR_MS: Final = 3_600_000


class Invitation:
    """An open invite of this device's. It is the same invite after a restart."""

    def __init__(self, device: Device, drive: Callable[[], Drive], found: InviterState) -> None:
        """Take the state that the keystore holds."""
        self._device = device
        self._drive = drive
        self._state = found
        self._laid: set[DriveFile] = set()

    @property
    def words(self) -> tuple[str, ...]:
        """Return the twelve words to tell the other person, by any way but the shared folder."""
        return sealing.words_of(self._state.secret)

    @property
    def purpose(self) -> str:
        """Return "partner", "device" or "private"."""
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
    def ends_sharing(self) -> bool:
        """Return whether accepting it ends the journal that is shared now.

        Raises:
            StoreError: the disk fails.
        """
        return self._state.purpose == "partner" and self._device.shared is not None

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
            PairingError: the invite is no longer open, or over.
        """
        if not self._state.join:
            self.refresh()
        return self.check_words_known

    @property
    def check_words_known(self) -> tuple[str, ...] | None:
        """Return the six words as far as they are known here, without asking the shared folder."""
        return sealing.check_words(self._state.offer, self._state.join) if self._state.join else None

    def refresh(self, *, budget_s: float | None = None) -> None:
        """Look for an answer, and put the offer there if it is not. The first answer that fits is pinned for good.

        Raises:
            DriveError: the shared folder failed.
            PairingError: the invite is no longer open, or over.
        """
        del budget_s  # two listings and a few files: nothing to cut short
        self._reread()
        if self._state.join:
            return
        self._require_in_time()
        drive, path = self._drive(), meeting.offer_path(self._state.secret)
        if not meeting.has(drive, path, self._state.offer, self._laid):
            drive.publish(path, self._state.offer, direct=True)  # the second try (docs/spec/sync.md 2)
        found = meeting.find(drive, meeting.join_path(self._state.secret), self._fitting, own=self._laid)
        if found is not None:
            # What a person may have compared already is never replaced by an answer that came later.
            self._change(lambda open_: open_ if open_.join else msgspec.structs.replace(open_, join=found[0]))

    def accept(self) -> None:
        """Found the shared book, or admit the device: after both persons saw the same six words.

        A shared book that stood open until then is ended, and becomes an earlier one. Doing so again changes nothing.

        Raises:
            PairingError: nobody has answered yet, the invite is over, or the answer does not hold.
            StoreError: the disk is full or failing; the next start completes what was founded, or nothing was.
        """
        with self._device.hold():
            if self.complete():
                return
            self._reread()
            if not self._state.join:
                raise PairingError("nobody has answered this invite yet", hint="wait for the other, then accept")
            self._require_in_time()
            join = self._join()
            try:
                self._require_fit(join)
            except UntrustedDataError as error:
                raise PairingError(f"the answer to this invite does not hold: {error}") from None
            if self._state.purpose == "partner":
                self._found(join)
            else:
                self._admit(join)

    def complete(self) -> bool:
        """Return whether this invite was accepted, and record it if a crash came between the two.

        One durable file says so: a genesis with the key that was made for this invite, or the admission of the answer.

        Raises:
            StoreError: this device's own copy failed.
        """
        device = self._device
        with device.hold():
            device.reload()
            found = state.load(device.secrets.pairing)
            if isinstance(found, InviterState) and found.secret == self._state.secret:
                self._state = found
            if self._state.purpose == "partner":
                return self._is_founded()
            book = self._book()
            if book is None or not self._state.join:
                return False
            book.refresh()
            if not book.membership.is_live(key_id(self._join().keys)):
                return False
            self._close(NO_SHARING)
            return True

    def cancel(self) -> None:
        """Take the invite back: its words are worth nothing from now on.

        Raises:
            PairingError: it is no longer open.
            StoreError: it could not be saved.
        """
        with self._device.hold():
            if self.complete():
                raise PairingError("this invite was accepted already")
            self._reread()
            self.forget()
        try:
            self._drive().remove(meeting.offer_path(self._state.secret))
        except CouplejournalError:
            return  # the folder is away; an offer without its inviter founds nothing

    def forget(self) -> None:
        """End the invite on this device, and leave the folder alone.

        Raises:
            StoreError: it could not be saved.
        """
        self._change(lambda _: None)

    def _is_founded(self) -> bool:
        if any(secret.sign_seed == self._state.sign_seed for secret in self._device.secrets.books):
            return True
        keys = KeyPair(self._state.sign_seed, self._state.kem_seed).public.raw
        for genesis in self._device.unlisted_geneses():
            if _is_founded_by(genesis, keys):
                self._take(book_id_of(genesis))
                return True
        return False

    def _found(self, join: Join) -> None:
        """Lay down the genesis with both persons, then take it into the keystore."""
        own = KeyPair(self._state.sign_seed, self._state.kem_seed)
        founders = self._founders(join)
        signatures = [founding_signature(self._device.secrets.founding_seed, founders), join.founding_signature]
        genesis = make_genesis(own, founders, signatures, self._device.system)
        self._device.lay_down(genesis, book_id_of(genesis))
        self._take(book_id_of(genesis))

    def _take(self, book_id: bytes) -> None:
        """Take a book that was just founded, or was found after a crash, into the keystore."""
        # First the leave to lay it into the folder: without it, a crash between the two would keep the book here.
        folder = book_id.hex()[:32]
        self._device.change_settings(lambda settings: msgspec.structs.replace(settings, founding=folder))
        self._close(self._state.share_from, BookSecret(book_id, "shared", self._state.sign_seed, self._state.kem_seed))
        say_ends(self._device)

    def _admit(self, join: Join) -> None:
        """Admit a device of one's own into the book that it was invited to."""
        book = self._book()
        if book is None:
            raise PairingError("there is no shared journal that a device could join")
        book.admit(join.keys, join.proof, self._device.secrets.founding_seed)
        self._close(NO_SHARING)

    def _book(self) -> Book | None:
        """Return the book into which a device of one's own is invited."""
        return self._device.private if self._state.purpose == "private" else self._device.shared

    def _close(self, share_from: Clock, *fresh: BookSecret) -> None:
        """Turn the open invite into what is left to do."""
        leftovers = [meeting.offer_path(self._state.secret)]
        after = SharingState(share_from, leftovers, is_private=self._state.purpose == "private")
        self._change(lambda _: after, *fresh)

    def _fitting(self, file: bytes) -> Join:
        """Return an answer that could be accepted; all others are passed over.

        Raises:
            UntrustedDataError: it could not.
        """
        join = sealing.open_join(self._state.secret, self._state.offer, file)
        self._require_fit(join)
        return join

    def _require_fit(self, join: Join) -> None:
        """Refuse an answer of another purpose, without the proofs that it needs, or with a key that is there already.

        Raises:
            UntrustedDataError: it is one of these.
        """
        secrets = self._device.secrets
        if self._state.purpose == "partner":
            founders = self._founders(join)
            signs = {keys[:32] for founder in founders for keys in founder}
            if not join.root_keys or join.root_keys == secrets.root_keys or len(signs) != 2 * len(founders):
                raise UntrustedDataError("it is not that of another person")
            if not is_signed(join.root_keys[KEYS_BYTES:], join.founding_signature, found_message(founders)):
                raise UntrustedDataError("it is not signed by the person that it names")
            return
        book = self._book()
        if book is None or join.root_keys:
            raise UntrustedDataError("it is not that of a device")
        if not is_signed(join.keys[:32], join.proof, admit_message(book.id, book.own_key, join.keys, book.person)):
            raise UntrustedDataError("it does not prove its key")
        if any(known.sign == join.keys[:32] for known in book.membership.keys.values()):
            raise UntrustedDataError("its key is that of a device that is there already")

    def _founders(self, join: Join) -> list[Founder]:
        own = KeyPair(self._state.sign_seed, self._state.kem_seed)
        return [(self._device.secrets.root_keys, own.public.raw), (join.root_keys, join.keys)]

    def _join(self) -> Join:
        try:
            return sealing.open_join(self._state.secret, self._state.offer, self._state.join)
        except UntrustedDataError as error:
            raise PairingError(f"the answer to this invite does not hold: {error}") from None

    def _require_in_time(self) -> None:
        if self.is_expired:
            raise PairingError("this invite is over: it was good for 48 hours", hint="cancel it, and make a new one")

    def _reread(self) -> None:
        """Take over what another process of this device did with this invite."""
        self._device.reload()
        found = state.load(self._device.secrets.pairing)
        if not isinstance(found, InviterState) or found.secret != self._state.secret:
            raise PairingError("this invite is no longer open")
        self._state = found

    def _change(self, act: Callable[[InviterState], InviterState | SharingState | None], *fresh: BookSecret) -> None:
        """Change this invite as it stands in the keystore by now; nothing happens where it is no longer open."""

        def put(secrets: Secrets) -> Secrets:
            found = state.load(secrets.pairing)
            if not isinstance(found, InviterState) or found.secret != self._state.secret:
                return secrets
            changed = act(found)
            if isinstance(changed, InviterState):
                self._state = changed
            books = [*earlier(secrets.books), *fresh] if fresh else secrets.books
            return msgspec.structs.replace(secrets, books=books, pairing=state.dump(changed))

        self._device.change(put)


def make_invite(device: Device, *, purpose: str, share_from: Clock) -> InviterState:
    """Return a new invite with its sealed offer; nothing is saved or laid down yet.

    Raises:
        StoreError: the disk fails.
    """
    system, secrets = device.system, device.secrets
    secret = system.random_bytes(sealing.SECRET_BYTES)
    book = None if purpose == "partner" else device.private if purpose == "private" else device.shared
    if book is not None:
        own = next(s for s in secrets.books if s.book == book.id)
        pair, book_id, heads = KeyPair(own.sign_seed, own.kem_seed), book.id, book.places()
    else:
        pair, book_id, heads = KeyPair(system.random_bytes(32), system.random_bytes(32)), b"", []
    expires_ms = system.now_ms() + INVITE_HOURS * HOUR_MS
    offer = Offer(
        purpose, secrets.root_keys, pair.public.raw, book_id, heads, expires_ms, secrets.name, system.random_bytes(16)
    )
    file = sealing.seal_offer(secret, offer, pair)
    return InviterState(secret, purpose, pair.sign_seed, pair.kem_seed, file, expires_ms, share_from)


def _is_founded_by(genesis: bytes, device_keys: bytes) -> bool:
    """Return whether a genesis founds a book of two with this device's key in the first place."""
    try:
        verified = segments.verify_keys(segments.parse(genesis), device_keys[:32])
        found = words.decode_fields(words.Found, codec.peek(verified.ops[0]).fields)
    except CouplejournalError:
        return False
    return len(found.persons) == 2 and found.persons[0][1] == device_keys
