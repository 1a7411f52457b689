"""A mapping from random ids to values that can be frozen in no time and copied in small parts.

A journal of 100,000 entries that gets one more must not copy 100,000 references for the next snapshot. The first byte
of a key chooses one of 256 small dicts; freezing lends them out, and a write copies the one that it touches. The same
division finds everything that begins with two or more hex digits by looking into one dict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Generic, TypeVar, overload

V = TypeVar("V")
D = TypeVar("D")

SHARDS: Final = 256
_ALL_LENT: Final = bytes([1]) * SHARDS


class FrozenShards(Mapping[bytes, V]):
    """A mapping that never changes. Its keys are not empty, but may be asked for anything."""

    __slots__ = ("_shards",)

    def __init__(self, shards: tuple[dict[bytes, V], ...]) -> None:
        """Hold `SHARDS` dicts that nobody changes any more."""
        self._shards = shards

    def __getitem__(self, key: bytes) -> V:
        """Return the value.

        Raises:
            KeyError: there is none.
        """
        return self._shards[key[0] if key else 0][key]

    @overload
    def get(self, key: bytes, /) -> V | None: ...
    @overload
    def get(self, key: bytes, /, default: D) -> V | D: ...
    def get(self, key: bytes, /, default: object = None) -> object:
        """Return the value, or the default."""
        return self._shards[key[0] if key else 0].get(key, default)

    def __contains__(self, key: object) -> bool:
        """Ask whether the key has a value."""
        return isinstance(key, bytes) and key in self._shards[key[0] if key else 0]

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the keys, in no order that means anything."""
        for shard in self._shards:
            yield from shard

    def __len__(self) -> int:
        """Count the keys."""
        return sum(map(len, self._shards))

    def starting_with(self, prefix: str) -> list[bytes]:
        """Return the keys whose lower-case hex begins with the prefix, which has two hex digits or more.

        Raises:
            ValueError: the prefix is shorter, or its first two characters are not hex digits.
        """
        first = bytes.fromhex(prefix[:2])
        if len(first) != 1:
            raise ValueError("a prefix has two hex digits or more")
        return [key for key in self._shards[first[0]] if key.hex().startswith(prefix)]


class Shards(Generic[V]):
    """The growing side: take values in, and freeze what there is in constant time."""

    __slots__ = ("_lent", "_shards")

    def __init__(self) -> None:
        """Begin empty."""
        self._shards: list[dict[bytes, V]] = [{} for _ in range(SHARDS)]
        self._lent = bytearray(SHARDS)

    def __setitem__(self, key: bytes, value: V) -> None:
        """Set the value of a key, which is not empty."""
        index = key[0]
        if self._lent[index]:
            self._shards[index] = self._shards[index].copy()
            self._lent[index] = 0
        self._shards[index][key] = value

    def discard(self, key: bytes) -> None:
        """Forget a key, which is not empty and need not be there."""
        index = key[0]
        if key in self._shards[index]:
            self._shards[index] = {other: value for other, value in self._shards[index].items() if other != key}
            self._lent[index] = 0

    def get(self, key: bytes) -> V | None:
        """Return the value of a key, or None."""
        return self._shards[key[0]].get(key)

    def freeze(self) -> FrozenShards[V]:
        """Return what there is now; later changes leave it alone."""
        self._lent[:] = _ALL_LENT
        return FrozenShards(tuple(self._shards))
