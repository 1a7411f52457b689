"""What a run that breaks a promise ends with."""

from __future__ import annotations


class Violation(AssertionError):  # noqa: N818 - it names what is broken
    """A promise was broken; the message begins with the number of the invariant."""


def require(holds: bool, message: str) -> None:
    """See that a promise holds.

    Raises:
        Violation: it does not.
    """
    if not holds:
        raise Violation(message)
