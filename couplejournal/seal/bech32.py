"""Bech32 without a limit of length: how the age format spells its keys (BIP 173, and c2sp.org/age).

It is a spelling with a checksum and no cryptography: a typing mistake is found, a lie is not.
"""

from __future__ import annotations

from typing import Final

from couplejournal.errors import UntrustedDataError

LIMIT_CHARACTERS: Final = 4096  # twice what the longest key takes
CHECKSUM_LETTERS: Final = 6
_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES: Final = {letter: value for value, letter in enumerate(_LETTERS)}
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encode(prefix: str, data: bytes) -> str:
    """Return the data in lower-case letters behind a lower-case prefix."""
    values = _regrouped(data, 8, 5)
    left_bits = len(data) * 8 % 5
    if left_bits:
        values.append(data[-1] << (5 - left_bits) & 31)
    checked = [*_expanded(prefix), *values]
    total = _polymod([*checked, *[0] * CHECKSUM_LETTERS]) ^ 1
    checksum = [total >> 5 * (CHECKSUM_LETTERS - 1 - at) & 31 for at in range(CHECKSUM_LETTERS)]
    return prefix + "1" + "".join(_LETTERS[value] for value in (*values, *checksum))


def decode(text: str) -> tuple[str, bytes]:
    """Return the prefix as it was spelt, and the data.

    Raises:
        UntrustedDataError: mixed case, a strange letter, a wrong checksum, or an end that no encoder writes.
    """
    prefix, separator, rest = text.rpartition("1")
    is_one_case = text in (text.lower(), text.upper())
    if len(text) > LIMIT_CHARACTERS or not (separator and prefix and prefix.isascii() and is_one_case):
        raise _misspelt()
    values = [_VALUES.get(letter, -1) for letter in rest.lower()]
    if len(values) < CHECKSUM_LETTERS or -1 in values:
        raise _misspelt()
    if _polymod([*_expanded(prefix.lower()), *values]) != 1:
        raise _misspelt()
    payload = values[:-CHECKSUM_LETTERS]
    surplus_bits = len(payload) * 5 % 8
    if surplus_bits >= 5 or (payload and payload[-1] & ((1 << surplus_bits) - 1)):
        raise _misspelt()
    return prefix, bytes(_regrouped(payload, 5, 8))


def _regrouped(values: bytes | list[int], width: int, wanted: int) -> list[int]:
    """Return numbers of ``width`` bits as numbers of ``wanted`` bits; bits left over at the end are dropped."""
    found: list[int] = []
    held = bits = 0
    for value in values:
        held = (held << width | value) & 0xFFF
        bits += width
        while bits >= wanted:
            bits -= wanted
            found.append(held >> bits & (1 << wanted) - 1)
    return found


def _expanded(prefix: str) -> list[int]:
    """Return the prefix as the checksum sees it."""
    return [*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix)]


def _polymod(values: list[int]) -> int:
    """Return the checksum's remainder (BIP 173, "Checksum")."""
    remainder = 1
    for value in values:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for at, term in enumerate(_GENERATOR):
            if top >> at & 1:
                remainder ^= term
    return remainder


def _misspelt() -> UntrustedDataError:
    return UntrustedDataError("this is no key in the spelling of age: a letter is wrong or missing")
