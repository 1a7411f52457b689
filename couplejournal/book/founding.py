"""How a book begins: one genesis segment that names its one or two persons for ever.

`prove_genesis` asks of a file from outside all that opening a book asks, so that nobody can be led to take one that
will not open.
"""

from __future__ import annotations

import msgspec

from couplejournal.errors import PairingError, UntrustedDataError
from couplejournal.ops import codec, domains, words
from couplejournal.ops.keyops import Founder as NamedKey
from couplejournal.ops.membership import KeyOp, Person, found_message, key_id, read_found
from couplejournal.seal import epochs, segments
from couplejournal.seal.epochs import KeyProofs
from couplejournal.seal.keys import KEYS_BYTES, KeyPair, sign_with
from couplejournal.seal.segments import KEY_STREAM, NO_BOOK, SealedSegment
from couplejournal.system import System

Founder = tuple[bytes, bytes]
"""(root keys of 1,280 bytes, device keys of 1,248 bytes)."""


class Genesis(msgspec.Struct, frozen=True):
    """A proved genesis: the operation that founds, who is named, with which keys, and which device signed the file."""

    op: KeyOp
    persons: tuple[Person, ...]
    founders: tuple[NamedKey, ...]
    author: NamedKey

    @property
    def named(self) -> list[Founder]:
        """Return the founders as the operation lists them."""
        devices = [one.keys for one in self.founders if not one.is_root]
        return [(person.root_keys, keys) for person, keys in zip(self.persons, devices, strict=True)]


def prove_genesis(data: bytes) -> Genesis:
    """Return what a genesis file says, if a book with this beginning would open.

    Raises:
        NewerFormatError: a later version wrote it.
        UntrustedDataError: it is no beginning of a journal, or one that does not hold.
    """
    sealed = segments.parse(data)
    op, head = genesis_op(sealed), sealed.header
    persons, founders = read_found(op, KeyProofs())
    author = next((one for one in founders if one.id == head.key and not one.is_root), None)
    if author is None or head.prev != domains.first_link(head.key, head.stream, KEY_STREAM):
        raise UntrustedDataError("the beginning of a journal is signed by somebody whom it does not name")
    segments.verify_keys(sealed, author.keys[:32])
    return Genesis(op, persons, founders, author)


def genesis_op(sealed: SealedSegment) -> KeyOp:
    """Return the first operation of a genesis segment, before anything is proved.

    Raises:
        UntrustedDataError: it is no beginning of a journal.
    """
    head = sealed.header
    ops = codec.decode_list(sealed.data[segments.HEADER_BYTES : -segments.SIGNATURE_BYTES])
    if head.book != NO_BOOK or head.first != 1 or not ops or codec.peek(ops[0]).word != "found":
        raise UntrustedDataError("not the beginning of a journal")
    return KeyOp(head.key, head.stream, 1, segments.link_after(head, ops[0]), ops[0], head.prev)


def founding_signature(founding_seed: bytes, founders: list[Founder]) -> bytes:
    """Return a founding key's signature over the list of founders, 64 bytes."""
    return sign_with(founding_seed, found_message(founders))


def make_genesis(author: KeyPair, founders: list[Founder], signatures: list[bytes], system: System) -> bytes:
    """Return the genesis segment: ``found`` and the author's first epoch, open to every founder and root.

    Raises:
        PairingError: a founder's keys or signature do not hold, so that nothing can be founded.
    """
    stream = system.random_bytes(16)
    clock = (system.now_ms(), 0)
    first = domains.first_link(author.id, stream, KEY_STREAM)
    found = codec.encode_op("found", words.Found(founders, signatures), salt=system.random_bytes(16), clock=clock)
    link = domains.next_link(first, found)
    try:
        read_found(KeyOp(author.id, stream, 1, link, found), KeyProofs())
    except UntrustedDataError as error:
        raise PairingError(f"nothing was founded: {error}") from None
    roots, devices = [root_keys[:KEYS_BYTES] for root_keys, _ in founders], [keys for _, keys in founders]
    recipients = {key_id(keys): keys[32:] for keys in (*roots, *devices)}
    epoch = codec.encode_op(
        "epoch",
        epochs.new_epoch(system.random_bytes(32), author.id, recipients, None),
        salt=system.random_bytes(16),
        clock=(clock[0], 1),
    )
    sealed = segments.seal_keys(author, book=NO_BOOK, stream=stream, first=1, prev=first, ops=[found, epoch])
    return sealed.sealed.data
