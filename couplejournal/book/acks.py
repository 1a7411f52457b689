"""Who holds what: the acknowledgements (`seen`) of all devices, as far as they were read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import words
from couplejournal.ops.op import Op

BRANCHES_LIMIT: Final = 64  # ends that are kept of one stream and one device: the highest

Leads = Callable[[int, bytes], bool]
"""Whether what is asked about stands at or before an operation, by its number and link."""


class Acknowledged:
    """What each device told that it holds. It is about delivery, never about reading.

    One thread feeds while others ask: so whoever asks looks at a copy.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._held: dict[bytes, dict[bytes, dict[bytes, int]]] = {}
        self._spoke: set[bytes] = set()
        self._without_heads: dict[bytes, set[bytes]] = {}
        self._untold: dict[bytes, set[int]] = {}

    def feed(self, op: Op) -> None:
        """Take in any operation of a word stream."""
        self._spoke.add(op.key)
        if op.word == "seen":
            self._untold.setdefault(op.stream, set()).add(op.seq)
            try:
                heads = words.decode_fields(words.Seen, op.fields).heads
            except UntrustedDataError:
                return
            if not heads:
                self._without_heads.setdefault(op.key, set()).add(op.id)
            for stream, seq, link in heads:
                ends = self._held.setdefault(stream, {}).setdefault(op.key, {})
                ends[link] = max(seq, ends.get(link, 0))  # whatever it tells: in any order the same
                if len(ends) > BRANCHES_LIMIT:
                    del ends[min(ends, key=lambda link: (ends[link], link))]

    def holders(self, stream: bytes, seq: int, leads: Leads | None = None) -> frozenset[bytes]:
        """Return the keys of the devices that told that they hold an operation.

        ``leads`` says of a forked stream on which branches the operation stands; without it numbers are enough.
        """
        return frozenset(
            key
            for key, ends in list(self._held.get(stream, {}).items())
            if any(upto >= seq and (leads is None or leads(upto, link)) for link, upto in list(ends.items()))
        )

    def last_told_of(self, chain: bytes, first: int, last: int) -> int:
        """Return the last number of a piece that is told of, which acknowledgements are not; 0 if there is none."""
        untold = self._untold.get(chain, set())
        return next((number for number in range(last, first - 1, -1) if number not in untold), 0)

    def reach(self, stream: bytes) -> dict[bytes, int]:
        """Return by key the highest number of a stream that a device told that it holds."""
        return {key: max(ends.values(), default=0) for key, ends in list(self._held.get(stream, {}).items())}

    def told_all(self) -> dict[bytes, int]:
        """Return by key how often a device told, by an acknowledgement without heads, that it has no more to tell."""
        return {key: len(ids) for key, ids in list(self._without_heads.items())}

    def is_seen(
        self, stream: bytes, seq: int, *, counts: Callable[[bytes], bool], leads: Leads | None = None
    ) -> bool | None:
        """Return True if a device that counts told that it holds it, False if it only told other things, else None."""
        if any(counts(key) for key in self.holders(stream, seq, leads)):
            return True
        return False if any(counts(key) for key in list(self._spoke)) else None
