"""Who holds what: the acknowledgements (`seen`) of all devices, as far as they were read."""

from __future__ import annotations

from collections.abc import Callable

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import words
from couplejournal.ops.op import Op


class Acknowledged:
    """What each device told that it holds. It is about delivery, never about reading, and has no times to show.

    One thread feeds while others ask: so whoever asks looks at a copy.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._held: dict[bytes, dict[bytes, int]] = {}
        self._latest_ms: dict[bytes, int] = {}

    def feed(self, op: Op) -> None:
        """Take in any operation of a word stream."""
        self._latest_ms[op.key] = max(self._latest_ms.get(op.key, 0), op.clock[0])
        if op.word == "seen":
            try:
                heads = words.decode_fields(words.Seen, op.fields).heads
            except UntrustedDataError:
                return
            for stream, seq, _ in heads:
                by = self._held.setdefault(stream, {})
                by[op.key] = max(by.get(op.key, 0), seq)

    def holders(self, stream: bytes, seq: int) -> frozenset[bytes]:
        """Return the keys of the devices that told that they hold an operation."""
        return frozenset(key for key, upto in list(self._held.get(stream, {}).items()) if upto >= seq)

    def is_seen(self, stream: bytes, seq: int, *, since_ms: int, counts: Callable[[bytes], bool]) -> bool | None:
        """Return True if a device that counts holds it, False if one could have told since and did not, else None."""
        if any(counts(key) for key in self.holders(stream, seq)):
            return True
        if any(counts(key) and latest >= since_ms for key, latest in list(self._latest_ms.items())):
            return False
        return None
