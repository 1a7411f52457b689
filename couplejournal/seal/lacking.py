"""What to say where the installed ``cryptography`` is of another time: a sentence, and never a weaker way."""

from __future__ import annotations

from couplejournal.errors import SetupError


def lacking(what: str) -> SetupError:
    """Return the error that the library lacks something without which nothing may be done."""
    return SetupError(
        f"the installed 'cryptography' has no {what}, which couplejournal needs",
        hint="install cryptography 50 or newer from a wheel that carries its own OpenSSL",
    )
