"""Text that may be stored, and text that may be shown on a terminal."""

from __future__ import annotations

import re
from typing import Final

from couplejournal.errors import InvalidEntryError

TEXT_LIMIT_BYTES: Final = 1_048_576


def require_text(text: str) -> str:
    """Return ``text`` if it can be stored.

    Raises:
        InvalidEntryError: it holds NUL or half of a surrogate pair, or is larger than `TEXT_LIMIT_BYTES` in UTF-8.
    """
    if "\0" in text:
        raise InvalidEntryError("the text holds a NUL character")
    try:
        size_bytes = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise InvalidEntryError("the text is not valid UTF-8") from None
    if size_bytes > TEXT_LIMIT_BYTES:
        raise InvalidEntryError("the text is larger than 1 MiB")
    return text


# A joiner is part of many emoji and of the spelling of Persian and the Indian scripts. Between two characters that are
# neither Latin nor themselves invisible it is left alone; anywhere else it can only hide something.
_PLAIN: Final = (
    r"\x00-\u02ff\u061c\u180e\u2000-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_JOINER: Final = rf"(?<=[^{_PLAIN}])[\u200c\u200d](?=[^{_PLAIN}])"
# The flags of England, Scotland and Wales are spelt with tag characters, which are a hiding place everywhere else.
_FLAG: Final = r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
_UNSAFE: Final = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for tab and newline, DEL, C1
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction
    r"\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a"  # no width
    r"\u2028\u2029"  # lines by another name
    r"\ud800-\udfff"  # half pairs, which no terminal can be sent
    r"\U000e0000-\U000e007f]"  # tags
)
_SPECIAL: Final = rf"(?P<kept>{_JOINER}|{_FLAG})|{_UNSAFE}"
_BREAKS: Final = r"[\t\n]+"


def neutralised(text: str, *, one_line: bool = False) -> str:
    """Return ``text`` so that a terminal shows it and obeys none of it.

    Control characters other than newline and tab, marks of direction and marks without width become visible, as
    ``U+202E`` between single angle quotes. With ``one_line`` each run of newlines and tabs becomes one space.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = text.replace("\r\n", "\n")
    shown = re.sub(_SPECIAL, lambda found: found["kept"] or f"\u2039U+{ord(found[0]):04X}\u203a", shown)
    return re.sub(_BREAKS, " ", shown) if one_line else shown
