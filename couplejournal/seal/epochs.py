"""Epochs: each device has its own key K for its words, and says who may open it.

A K counts when it matches the commitment that its author signed, by wrap, by back link or by grant, from whomever it
came (docs/spec/format.md 4). `EpochKeys` finds every K that this device can open; `new_epoch` makes one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import domains, words
from couplejournal.ops.membership import EpochFact, Membership
from couplejournal.seal import boxes, wraps
from couplejournal.seal.derive import derive
from couplejournal.seal.keys import KeyPair, PublicKeys, is_signed


class KeyProofs:
    """Answer what `ops.membership` asks of cryptography, each question once.

    Who belongs is computed anew with each key segment; without this memory a flood of admissions would cost its square.
    """

    def __init__(self) -> None:
        """Begin without an answer."""
        self._answers: dict[bytes, bool] = {}

    def is_signed(self, public: bytes, signature: bytes, message: bytes) -> bool:
        """Return whether an Ed25519 signature holds under a 32-byte public key."""
        return self._asked(lambda: is_signed(public, signature, message), public, signature, message)

    def is_strong(self, keys: bytes) -> bool:
        """Return whether 1,248 bytes of public keys can prove and keep anything."""
        return self._asked(lambda: _is_strong(keys), keys)

    def _asked(self, answer: Callable[[], bool], *question: bytes) -> bool:
        digest = hashlib.sha256(domains.framed(question)).digest()
        if digest not in self._answers:
            self._answers[digest] = answer()
        return self._answers[digest]


def _is_strong(keys: bytes) -> bool:
    try:
        PublicKeys.of(keys)
    except UntrustedDataError:
        return False
    return True


class EpochKeys:
    """Every epoch key that the given own keys open in a book; opened ones are remembered."""

    def __init__(self, own: tuple[KeyPair, ...]) -> None:
        """Take the keys of one's own that may be recipients: this device's, and the root while it is at hand."""
        self._own = {pair.id: pair for pair in own}
        self._opened: dict[bytes, bytes] = {}
        self._closed: set[bytes] = set()  # what does not open as the key streams stand: many ask, once is enough
        self._useless: set[bytes] = set()  # wraps that were tried in vain, by digest: a flood of them is tried once
        self._membership: Membership | None = None
        self._back_from: dict[bytes, list[EpochFact]] = {}

    def __repr__(self) -> str:
        """Show no key."""
        return "EpochKeys(…)"

    def keep_only(self, own: bytes) -> None:
        """Forget every key of one's own but the one with this id; what they opened stays open in this process."""
        self._own = {key: pair for key, pair in self._own.items() if key == own}

    def learn(self, membership: Membership) -> None:
        """Take in what the key streams say now."""
        self._membership = membership
        self._closed.clear()
        self._back_from = {}
        for fact in membership.epochs.values():
            if fact.back:
                self._back_from.setdefault(fact.back[0], []).append(fact)

    def key_of(self, epoch: bytes) -> bytes | None:
        """Return the 32-byte key of an epoch, or None where nothing held opens it."""
        if epoch in self._opened:
            return self._opened[epoch]
        pending, tried = [epoch], {epoch}
        while pending:  # an epoch may open only through a later one, and that through a later one still
            at = pending.pop()
            if at in self._closed:
                continue
            key = self._open_directly(at)
            if key is not None:
                self._opened[at] = key
                self._follow_back(at, key)
                if epoch in self._opened:
                    return self._opened[epoch]
            for later in self._back_from.get(at, ()):
                if later.id not in tried:
                    tried.add(later.id)
                    pending.append(later.id)
        self._closed |= tried - self._opened.keys()
        return None

    def led_back(self, fact: EpochFact) -> bytes | None:
        """Return the epoch whose key this one's back link really holds; None without one, or where this is closed."""
        key = self.key_of(fact.id)
        opened = None if key is None else self._opened_back(fact, key)
        return opened[0] if opened is not None else None

    def _open_directly(self, epoch: bytes) -> bytes | None:
        """Open an epoch by a wrap of its own or by a grant for one of the own keys."""
        if epoch in self._opened:
            return self._opened[epoch]
        membership = self._membership
        fact = membership.epochs.get(epoch) if membership else None
        if membership is None or fact is None:
            return None
        granted = membership.grants.get(epoch, ())
        for recipient, pair in self._own.items():
            offered = (wrap for _, granted_to, wrap in granted if granted_to == recipient)
            for wrap in (*fact.wraps.get(recipient, ()), *offered):
                key = self._unwrapped(wrap, fact, pair)
                if key is not None:
                    return key
        return None

    def _unwrapped(self, wrap: bytes, fact: EpochFact, pair: KeyPair) -> bytes | None:
        """Return the key in a wrap, if it is the one that the epoch's author committed to."""
        info = wraps.epoch_info(fact.key, fact.commit, pair.id)
        digest = hashlib.sha256(info + wrap).digest()
        if digest in self._useless:
            return None
        try:
            key = wraps.unwrap(wrap, pair, info)
        except UntrustedDataError:
            key = b""
        if key and is_committed(key, fact.commit):
            return key
        self._useless.add(digest)
        return None

    def _follow_back(self, epoch: bytes, key: bytes) -> None:
        """Open the epochs before an opened one along its back links."""
        while self._membership is not None:
            fact = self._membership.epochs.get(epoch)
            opened = None if fact is None else self._opened_back(fact, key)
            if opened is None or opened[0] in self._opened:
                return
            epoch, key = opened
            self._opened[epoch] = key

    def _opened_back(self, fact: EpochFact, key: bytes) -> tuple[bytes, bytes] | None:
        """Return (id, key) of the epoch before an opened one, if its back link holds that one's key."""
        previous = self._membership.epochs.get(fact.back[0]) if self._membership and fact.back else None
        if fact.back is None or previous is None or previous.key != fact.key:
            return None
        try:
            opened = boxes.open_box(derive(key, "back-key"), _back_context(previous.id), fact.back[1])
        except UntrustedDataError:
            return None
        is_right = len(opened) == boxes.KEY_BYTES and is_committed(opened, previous.commit)
        return (previous.id, opened) if is_right else None


def is_committed(key: bytes, commit: bytes) -> bool:
    """Return whether an epoch key is the one that its author committed to."""
    return hmac.compare_digest(derive(key, "epoch-commit"), commit)


def new_epoch(
    key: bytes,
    author: bytes,
    recipients: Mapping[bytes, bytes],
    previous: tuple[bytes, bytes] | None,
    roots: Sequence[words.Head] = (),
) -> words.Epoch:
    """Return the operation that announces a fresh 32-byte key.

    ``recipients`` maps key ids to HPKE public keys, in the order in which a newcomer takes them over; ``previous`` is
    (id, key) of the author's epoch before this one; ``roots`` are the ends of the root streams that hold a removal.
    """
    commit = derive(key, "epoch-commit")
    wrapped = [
        (recipient, wraps.wrap(key, kem, wraps.epoch_info(author, commit, recipient)))
        for recipient, kem in recipients.items()
    ]
    back = []
    if previous is not None:
        back = [previous[0], boxes.seal_box(derive(key, "back-key"), _back_context(previous[0]), previous[1])]
    return words.Epoch(commit=commit, wraps=wrapped, back=back, roots=sorted(roots))


def grant_wrap(key: bytes, fact: EpochFact, recipient: bytes, recipient_kem: bytes) -> tuple[bytes, bytes, bytes]:
    """Return one line of a ``grant``: the epoch, the recipient, and the epoch's key wrapped for it."""
    wrapped = wraps.wrap(key, recipient_kem, wraps.epoch_info(fact.key, fact.commit, recipient))
    return fact.id, recipient, wrapped


def _back_context(previous: bytes) -> bytes:
    return domains.domain("back") + previous
