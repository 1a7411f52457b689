"""In which condition a replica is: each file compared with its name, which says its hash and its place.

For that no key is needed. What a file says is proved elsewhere; here is asked whether the disk still gives back what
was written to it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

import msgspec

from couplejournal.errors import StoreError

if TYPE_CHECKING:
    from couplejournal.store.replica import Part, Replica

Genesis = Literal["whole", "damaged", "missing"]


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: how many ``files`` there are, those that are ``spoiled``, and the first file of the book."""

    files: int
    spoiled: tuple[Part, ...]
    genesis: Genesis


def condition_of(replica: Replica) -> Condition:
    """Return the condition of a replica.

    Raises:
        StoreError: a folder of it cannot be listed.
    """
    parts = replica.parts()
    spoiled = tuple(part for part in sorted(parts, key=lambda one: one.path) if not _is_whole(replica, part))
    return Condition(files=len(parts), spoiled=spoiled, genesis=_genesis(replica))


def is_genesis_of(data: bytes, folder: str) -> bool:
    """Return whether these bytes are the first file of the book whose folder has this name (32 hex digits)."""
    return hashlib.sha256(data).hexdigest()[: len(folder)] == folder


def _genesis(replica: Replica) -> Genesis:
    try:
        data = replica.genesis()
    except StoreError:
        return "damaged"
    if data is None:
        return "missing"
    return "whole" if is_genesis_of(data, replica.folder.name) else "damaged"


def _is_whole(replica: Replica, part: Part) -> bool:
    try:
        data = replica.find(part.path)
    except StoreError:  # larger than any file of ours, no file, or the disk fails
        return False
    return data is not None and hashlib.sha256(data).digest()[: len(part.digest)] == part.digest
