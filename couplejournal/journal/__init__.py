"""The journal of two on this device: the one door to the eight stages below it.

Stands after pairing and before plugins and cli. `Journal` wires the stages together; what happens in it is told after
the durable save and outside every lock. Nothing below knows that plugins exist.
"""

from couplejournal.journal.journal import Journal

__all__ = ["Journal"]
