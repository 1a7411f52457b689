"""The closed set of operations and the fields of each.

Key streams (in the clear) say who belongs and with which keys: `Found`, `Admit`, `Remove`, `Epoch`, `Grant`, `Lack`;
word streams (sealed) say everything else: `Write`, `Revise`, `Retract`, `Seal`, `Rewrap`, `Release`, `Withdraw`,
`Skip`, `Seen`, `Profile`, `Share`, `End`. Whoever meets a critical word that is none of these refuses it whole
(docs/spec/format.md 3). Fields that a newer version adds to a known word are kept, since the stored bytes are never
encoded again.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from couplejournal.errors import NewerFormatError, UntrustedDataError

Head = tuple[bytes, int, bytes]
"""A place in a stream: (stream id of 16 bytes, number of the operation, its link)."""


class Found(msgspec.Struct, frozen=True):
    """Name a book's one or two persons for ever: [[root keys, device keys] ...], signed by each founding key."""

    persons: list[tuple[bytes, bytes]]
    signatures: list[bytes]


class Admit(msgspec.Struct, frozen=True):
    """Add a device to a person of whom the author is a device, or the root.

    ``proof`` is the new key's signature, which names this person as well; ``founding`` is the founding seed wrapped for
    the new key.
    """

    person: bytes
    keys: bytes
    proof: bytes
    founding: bytes


class Remove(msgspec.Struct, frozen=True):
    """End the membership of devices of the root's own person: [[key id, pins] ...].

    ``pins`` are the last accepted places of that key's streams; a stream that none of them names is ended at 0.
    """

    keys: list[tuple[bytes, list[Head]]]


class Epoch(msgspec.Struct, frozen=True):
    """Announce a new key for the author's words.

    ``wraps`` = [[key id, wrap] ...], ``back`` = [] or [epoch id, sealed key]; ``roots`` are the ends of the root
    streams that held a removal when it was made, one for each branch.
    """

    commit: bytes
    wraps: list[tuple[bytes, bytes]]
    back: list[bytes]
    roots: list[Head]


class Grant(msgspec.Struct, frozen=True):
    """Add wraps that an epoch lacks: [[epoch id, recipient key id, wrap] ...]."""

    wraps: list[tuple[bytes, bytes, bytes]]


class Lack(msgspec.Struct, frozen=True):
    """Ask for epochs that the author holds but cannot open."""

    epochs: list[bytes]


class Write(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Create an entry; the operation's link is the entry's id.

    ``happened`` = [UTC ms, minutes east of UTC, precision: "day" | "minute" | "instant"]; ``refs`` = [[relation, entry
    id of 32 bytes] ...]; ``joint``: either person may revise it; ``both``: in a private book, meant for both persons
    and waiting for a shared book.
    """

    kind: str
    schema: int
    happened: tuple[int, int, str]
    fields: msgspec.Raw
    refs: tuple[tuple[str, bytes], ...] = ()
    joint: bool = False
    both: bool = False


class Revise(msgspec.Struct, frozen=True):
    """Replace the fields of an entry; ``after`` names the revisions (or the write) that the author knew."""

    entry: bytes
    after: list[bytes]
    fields: msgspec.Raw


class Retract(msgspec.Struct, frozen=True):
    """Hide an entry; a revision that ``after`` does not name keeps it visible."""

    entry: bytes
    after: list[bytes]


class Seal(msgspec.Struct, frozen=True):
    """Answer a prompt so that nobody reads it yet: ``sealed`` holds the text under a key of its own.

    ``prompt`` names what is answered; ``until`` is the time (ms since 1970, 0: none) after which no honest device is
    the first to release; ``wraps`` = [[key id, wrap] ...] of that key for the author's own keys, root included.
    """

    prompt: str
    until: int
    sealed: bytes
    wraps: list[tuple[bytes, bytes]]


class Rewrap(msgspec.Struct, frozen=True):
    """Give the key of a sealed answer to devices of its author that came later; ``seal`` is its operation's id."""

    seal: bytes
    wraps: list[tuple[bytes, bytes]]


class Release(msgspec.Struct, frozen=True):
    """Open one's own sealed answer: its key, and the id of the other's sealed answer that was held by then."""

    seal: bytes
    key: bytes
    other: bytes


class Withdraw(msgspec.Struct, frozen=True):
    """Take a sealed answer of one's own back before it was opened."""

    seal: bytes


class Skip(msgspec.Struct, frozen=True):
    """In a private book: leave a prompt without an answer."""

    prompt: str


class End(msgspec.Struct, frozen=True):
    """End the sharing: nobody writes words into this book any more, and both keep it."""


class Seen(msgspec.Struct, frozen=True):
    """Acknowledge: for each stream that moved, the last place up to which the author holds every operation."""

    heads: list[Head]


class Profile(msgspec.Struct, frozen=True):
    """Say the person's name and this device's name."""

    name: str
    device: str


class Share(msgspec.Struct, frozen=True):
    """In a private book: this entry goes into the shared book, as the write with this salt by this key."""

    entry: bytes
    salt: bytes
    key: bytes


KEY_WORDS: Final[dict[str, type[msgspec.Struct]]] = {
    "found": Found, "admit": Admit, "remove": Remove, "epoch": Epoch, "grant": Grant, "lack": Lack,
}  # fmt: skip
WORD_WORDS: Final[dict[str, type[msgspec.Struct]]] = {
    "write": Write, "revise": Revise, "retract": Retract, "seal": Seal, "rewrap": Rewrap, "release": Release,
    "withdraw": Withdraw, "skip": Skip, "seen": Seen, "profile": Profile, "share": Share, "end": End,
}  # fmt: skip
ANSWER_WORDS: Final = frozenset({"seal", "rewrap", "release", "withdraw", "skip"})
"""The words about sealed answers."""

_decoders: Final = {struct: msgspec.msgpack.Decoder(struct) for struct in (*KEY_WORDS.values(), *WORD_WORDS.values())}
S = TypeVar("S", bound=msgspec.Struct)


def decode_fields(struct: type[S], fields: bytes | msgspec.Raw) -> S:
    """Return the typed fields of an operation.

    Raises:
        UntrustedDataError: the fields do not fit the word.
    """
    try:
        return _decoders[struct].decode(fields)  # type: ignore[return-value]
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise UntrustedDataError(f"the fields of {struct.__name__.lower()!r} are malformed") from None


def require_known(word: str, *, critical: bool, is_key_stream: bool) -> bool:
    """Return whether this version knows the word; an unknown optional one is kept and passed on.

    Raises:
        NewerFormatError: the word is critical and not known here.
    """
    known = KEY_WORDS if is_key_stream else WORD_WORDS
    if word in known:
        return True
    if critical:
        raise NewerFormatError(
            "part of the journal was written by a newer couplejournal", hint="update couplejournal on this device"
        )
    return False


def require_fields(word: str, fields: bytes | msgspec.Raw) -> None:
    """Refuse an operation of a known word whose fields do not fit it.

    Raises:
        UntrustedDataError: they do not.
    """
    decode_fields(KEY_WORDS.get(word) or WORD_WORDS[word], fields)
