"""Epochs: each device has its own key K for its words, and says who may open it.

A K counts when it matches the commitment that its author signed, by wrap, by back link or by grant, from whomever it
came (docs/spec/format.md 4). `EpochKeys` finds every K that this device can open; `new_epoch` makes one.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from functools import lru_cache

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import domains, words
from couplejournal.ops.membership import EpochFact, Membership
from couplejournal.seal import boxes, wraps
from couplejournal.seal.derive import derive
from couplejournal.seal.keys import KeyPair, PublicKeys, is_signed


class KeyProofs:
    """Answer what `ops.membership` asks of cryptography."""

    def is_signed(self, public: bytes, signature: bytes, message: bytes) -> bool:
        """Return whether an Ed25519 signature holds under a 32-byte public key."""
        return is_signed(public, signature, message)

    def is_strong(self, keys: bytes) -> bool:
        """Return whether 1,248 bytes of public keys can prove and keep anything."""
        return _is_strong(keys)


@lru_cache(maxsize=256)
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
        self._membership: Membership | None = None
        self._back_from: dict[bytes, list[EpochFact]] = {}

    def __repr__(self) -> str:
        """Show no key."""
        return "EpochKeys(…)"

    def learn(self, membership: Membership) -> None:
        """Take in what the key streams say now."""
        self._membership = membership
        self._back_from = {}
        for fact in membership.epochs.values():
            if fact.back:
                self._back_from.setdefault(fact.back[0], []).append(fact)

    def key_of(self, epoch: bytes) -> bytes | None:
        """Return the 32-byte key of an epoch, or None where nothing held opens it."""
        if epoch in self._opened:
            return self._opened[epoch]
        pending, seen = [epoch], {epoch}
        while pending:  # an epoch may open only through a later one, and that through a later one still
            at = pending.pop()
            key = self._open_directly(at)
            if key is not None:
                self._opened[at] = key
                self._follow_back(at, key)
                if epoch in self._opened:
                    return self._opened[epoch]
            for later in self._back_from.get(at, ()):
                if later.id not in seen:
                    seen.add(later.id)
                    pending.append(later.id)
        return None

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
            offered = [wrap for _, granted_to, wrap in granted if granted_to == recipient]
            if recipient in fact.wraps:
                offered.insert(0, fact.wraps[recipient])
            for wrap in offered:
                try:
                    key = wraps.unwrap(wrap, pair, wraps.epoch_info(fact.key, fact.commit, recipient))
                except UntrustedDataError:
                    continue
                if is_committed(key, fact.commit):
                    return key
        return None

    def _follow_back(self, epoch: bytes, key: bytes) -> None:
        """Open the epochs before an opened one along its back links."""
        membership = self._membership
        while membership is not None:
            fact = membership.epochs.get(epoch)
            if fact is None or fact.back is None:
                return
            previous = membership.epochs.get(fact.back[0])
            if previous is None or previous.id in self._opened or previous.key != fact.key:
                return
            try:
                opened = boxes.open_box(derive(key, "back-key"), _back_context(previous.id), fact.back[1])
            except UntrustedDataError:
                return
            if len(opened) != boxes.KEY_BYTES or not is_committed(opened, previous.commit):
                return
            self._opened[previous.id] = opened
            epoch, key = previous.id, opened


def is_committed(key: bytes, commit: bytes) -> bool:
    """Return whether an epoch key is the one that its author committed to."""
    return hmac.compare_digest(derive(key, "epoch-commit"), commit)


def new_epoch(
    key: bytes, author: bytes, recipients: Mapping[bytes, bytes], previous: tuple[bytes, bytes] | None
) -> words.Epoch:
    """Return the operation that announces a fresh 32-byte key.

    ``recipients`` maps key ids to HPKE public keys; ``previous`` is (id, key) of the author's epoch before this one.
    """
    commit = derive(key, "epoch-commit")
    wrapped = [
        (recipient, wraps.wrap(key, kem, wraps.epoch_info(author, commit, recipient)))
        for recipient, kem in sorted(recipients.items())
    ]
    back = []
    if previous is not None:
        back = [previous[0], boxes.seal_box(derive(key, "back-key"), _back_context(previous[0]), previous[1])]
    return words.Epoch(commit=commit, wraps=wrapped, back=back, roots=[])


def grant_wrap(key: bytes, fact: EpochFact, recipient: bytes, recipient_kem: bytes) -> tuple[bytes, bytes, bytes]:
    """Return one line of a ``grant``: the epoch, the recipient, and the epoch's key wrapped for it."""
    wrapped = wraps.wrap(key, recipient_kem, wraps.epoch_info(fact.key, fact.commit, recipient))
    return fact.id, recipient, wrapped


def _back_context(previous: bytes) -> bytes:
    return domains.domain("back") + previous
