"""How a book begins: one genesis segment that names its one or two persons for ever."""

from __future__ import annotations

from couplejournal.errors import PairingError, UntrustedDataError
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import KeyOp, found_message, key_id, read_found
from couplejournal.seal import epochs, segments
from couplejournal.seal.epochs import KeyProofs
from couplejournal.seal.keys import KEYS_BYTES, KeyPair, sign_with
from couplejournal.seal.segments import KEY_STREAM, NO_BOOK
from couplejournal.system import System

Founder = tuple[bytes, bytes]
"""(root keys of 1,280 bytes, device keys of 1,248 bytes)."""


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
    recipients: dict[bytes, bytes] = {}
    for root_keys, device_keys in founders:
        for keys in (root_keys[:KEYS_BYTES], device_keys):
            recipients[key_id(keys)] = keys[32:]
    epoch = codec.encode_op(
        "epoch",
        epochs.new_epoch(system.random_bytes(32), author.id, recipients, None),
        salt=system.random_bytes(16),
        clock=(clock[0], 1),
    )
    sealed = segments.seal_keys(author, book=NO_BOOK, stream=stream, first=1, prev=first, ops=[found, epoch])
    return sealed.sealed.data
