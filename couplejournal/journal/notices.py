"""What a person should know of forks, rollbacks and silence, one sentence each (docs/spec/format.md 10)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.book import Book
    from couplejournal.book import Notice as Found
    from couplejournal.journal.reading import Reader

DAY_MS: Final = 24 * 3_600_000
SILENT_AFTER_MS: Final = 14 * DAY_MS
SHOWN_FOR_MS: Final = 30 * DAY_MS  # what happened once is not told for ever; what is so now is told as long as it is
AHEAD_MS: Final = DAY_MS  # a clock further ahead says nothing about when something was written
FIRST_OPS: Final = 8
COMPARE: Final = "compare the check words of your devices: `couplejournal verify`"
STOLEN: Final = "if it was neither restored nor copied, its key is stolen: `couplejournal devices remove` ends it"

CAUGHT_UP: Final = "; it caught up, and nothing is lost"  # not said while something is

_SENTENCES: Final = {
    "forked": ("{device} wrote two histories: restored from a backup, copied, or its key is stolen", STOLEN),
    "restored-or-copied": (
        f"this device was restored from a backup, or copied{CAUGHT_UP}",
        "if it was neither restored nor copied, somebody else writes with its key: remove it from another device",
    ),
    "named-unknown": ("{device} names an entry of this device that nobody can show", COMPARE),
    "withheld-removal": ("the removal of a device is kept from this one, or this device's key was copied", COMPARE),
    "shut-out": ("{device} shut this device out of what it writes; others may let it in", ""),
    "gap": ("waiting for an entry of {device}", ""),
    "claimed": (
        "{device} was claimed for both of you, which only its stolen key can do: it counts for neither any more",
        "`couplejournal devices remove` on another device ends it; it can come back under a fresh key",
    ),
    "cut": (
        "what this device wrote last is gone from its own copy",
        "sync brings back what a folder has; the rest only a backup of this device has",
    ),
}


@attrs.frozen(kw_only=True)
class Notice:
    """Something to know: ``message`` is one sentence, ``hint`` what to do (or empty).

    ``code`` is "forked", "restored-or-copied", "named-unknown", "withheld-removal", "shut-out", "gap", "cut",
    "claimed" or "silent"; ``device`` is the hex id of the key in question (empty: a person is); ``since`` is when it
    was found out, or for silence when the last word was written; None where it is just how things stand.
    """

    code: str
    message: str
    hint: str = ""
    device: str = ""
    since: datetime | None = None


def notices_of(reader: Reader) -> tuple[Notice, ...]:
    """Return what is to be known of the open books of a device. No entry is read for it.

    Raises:
        StoreError: the disk fails.
    """
    device = reader.device
    with device.hold():
        device.reload()
        now_ms = device.system.now_ms()
        shared, found = device.shared, list[Notice]()
        for book in (shared, device.private_if_here):
            if book is not None:
                found.extend(_of_book(reader, book, now_ms))
        if shared is not None:
            found.extend(_silence(reader, shared, now_ms))
    return tuple({(notice.code, notice.device): notice for notice in reversed(found)}.values())[::-1]


def _of_book(reader: Reader, book: Book, now_ms: int) -> Iterator[Notice]:
    told = book.notices()
    is_cut = any(one.code == "cut" for one in told)
    for one in told:
        if not one.since_ms or 0 <= now_ms - one.since_ms <= SHOWN_FOR_MS:
            worded = _worded(reader, book, one)
            yield attrs.evolve(worded, message=worded.message.removesuffix(CAUGHT_UP)) if is_cut else worded


def _worded(reader: Reader, book: Book, found: Found) -> Notice:
    sentence, hint = _SENTENCES[found.code]
    name = _device_name(reader, book, found.key) if "{device}" in sentence else ""
    since = datetime.fromtimestamp(found.since_ms / 1000, UTC) if found.since_ms else None
    message = sentence.format(device=name)
    return Notice(code=found.code, message=message, hint=hint, device=found.key.hex(), since=since)


def _silence(reader: Reader, book: Book, now_ms: int) -> Iterator[Notice]:
    """Tell of the other person when none of their devices was heard for two weeks."""
    partner = reader.partner
    keys = [key.id for key in book.membership.keys.values() if key.person == partner and not key.is_root]
    heard = [ms for ms in map(book.last_heard, keys) if 0 < ms <= now_ms + AHEAD_MS]
    if heard and now_ms - max(heard) > SILENT_AFTER_MS:
        since = datetime.fromtimestamp(max(heard) / 1000, UTC)
        day = since.astimezone(reader.zone).date().isoformat()
        name = reader.partner_name() or "the other"
        message = f"last heard from {name} on {day}; silence and a frozen shared folder look alike"
        yield Notice(code="silent", message=message, hint=COMPARE, since=since)


def _device_name(reader: Reader, book: Book, key: bytes) -> str:
    """Return what to call a device: by its person's name and its own, as it gave them when it came."""
    if key == book.own_key:
        return "this device"
    given: tuple[str, str] = ("", "")
    for op in book.first_ops(FIRST_OPS):
        if op.word == "profile" and op.key == key:
            try:
                profile = words.decode_fields(words.Profile, op.fields)
            except UntrustedDataError:
                continue
            given = (profile.name, profile.device)
    person, name = given
    if book.membership.belongs_to(key, book.person):
        return f"your device {name}" if name else "another device of yours"
    owner = person or reader.partner_name()
    whose = f"{owner}'s device" if owner else "a device of the other"
    return f"{whose} {name}" if name else whose
