"""The beginnings of books in a folder that anybody may write to: which of them are those of one person's root.

A genesis counts only if it is signed by the founding key of everyone whom it names, and by one of the first devices in
it (docs/spec/membership.md 5). So nobody who knows no more than a person's public keys can lay down a book for them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs

from couplejournal.book.founding import prove_genesis
from couplejournal.drive.interface import Drive, NotYetError, UnfitFileError
from couplejournal.errors import CouplejournalError
from couplejournal.ops import codec
from couplejournal.ops.membership import Person
from couplejournal.seal import segments
from couplejournal.seal.keys import Root
from couplejournal.store.replica import GENESIS_NAME

GENESIS_LIMIT_BYTES: Final = 64 << 10
RENAMED_LIMIT: Final = 1024  # files of other names that may be a beginning; whoever writes there may plant any number
BOOK_NAME: Final = re.compile(r"[0-9a-f]{32}")


@attrs.frozen
class Beginning:
    """A genesis that names the root and is signed by it: the book's id, when it began (ms), for whom, and where."""

    genesis: bytes
    book: bytes
    began_ms: int
    persons: tuple[Person, ...]
    drive: Drive | None

    @property
    def is_private(self) -> bool:
        """Return whether the book is that of one person."""
        return len(self.persons) == 1


def beginnings(root: Root, drives: Sequence[Drive], replicas: Iterable[bytes] = ()) -> list[Beginning]:
    """Return the books of a root's person on the drives and among the geneses of replicas, the oldest first.

    Raises:
        DriveError: a folder as a whole failed.
    """
    found: dict[bytes, Beginning] = {}
    for drive in drives:
        for data in _geneses(drive):
            one = _beginning(data, root, drive)
            if one is not None:
                found.setdefault(one.book, one)
    for data in replicas:
        one = _beginning(data, root, None)
        if one is not None:
            found.setdefault(one.book, one)
    return sorted(found.values(), key=lambda one: (one.began_ms, one.book))


def _geneses(drive: Drive) -> Iterator[bytes]:
    """Yield what may be the beginning of a book: all that have the name of one, and some that were renamed.

    Whoever may write into the folder may plant any number of either. What has the name must have its hash, so planted
    ones cost a read each; others, which a sync program may have renamed, are looked at up to a limit.
    """
    named: list[str] = []
    renamed: list[str] = []
    for file in drive.list():
        folder, _, name = file.path.partition("/")
        if BOOK_NAME.fullmatch(folder) and name and "/" not in name and 0 < file.size_bytes <= GENESIS_LIMIT_BYTES:
            (named if name == GENESIS_NAME else renamed).append(file.path)
    for path in (*sorted(named), *sorted(renamed)[:RENAMED_LIMIT]):
        try:
            data = drive.read(path, limit_bytes=GENESIS_LIMIT_BYTES)
        except (NotYetError, UnfitFileError):
            continue
        if path.startswith(hashlib.sha256(data).hexdigest()[:32]):
            yield data


def began_ms(genesis: bytes) -> int:
    """Return the time in the first operation of a genesis that was proved before, in ms since 1970."""
    ops = codec.decode_list(genesis[segments.HEADER_BYTES : -segments.SIGNATURE_BYTES])
    return codec.peek(ops[0]).clock[0]


def _beginning(data: bytes, root: Root, drive: Drive | None) -> Beginning | None:
    """Return what a genesis says, if it names the root and every person in it signed it."""
    if root.root_keys not in data:
        return None
    try:
        persons = prove_genesis(data).persons
    except CouplejournalError:
        return None
    if all(person.root_keys != root.root_keys for person in persons):
        return None
    return Beginning(data, hashlib.sha256(data).digest(), began_ms(data), persons, drive)
