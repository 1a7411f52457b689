"""Names on a drive, times, texts, fields of entries: what others chose, on its way to a path, a list or a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, timedelta, timezone
from typing import Final

import msgspec
from fuzz.harness import Draw, Target, require

from couplejournal.cli.output import as_json
from couplejournal.cli.rendering import body, clean_line, width_of, wrapped
from couplejournal.drive import names as drive_names
from couplejournal.errors import InvalidEntryError, UntrustedDataError
from couplejournal.model.kinds import RawContent, core_kinds, decode_content
from couplejournal.model.moment import Moment
from couplejournal.model.text import neutralised
from couplejournal.ops import codec
from couplejournal.sync import names as sync_names
from couplejournal.view.contents import fields_of

FOLDER: Final = "ab" * 16
KINDS: Final = core_kinds()
KIND_NAMES: Final = (*sorted(KINDS), "unheard-of")
# What a terminal may obey, or what hides something: never in what is printed (newline and tab have their own rules).
_OBEYED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_HIDDEN: Final = re.compile("[\u180e\u200b\u2060-\u2065\u206a-\u206f\ufff9-\ufffb\U000e0000-\U000e001f]")


def text_of(data: bytes) -> str:
    """Return any text, half pairs included."""
    return data.decode("utf-8", "surrogateescape")


def _require_harmless(shown: str) -> None:
    require(_OBEYED.search(shown) is None, "a terminal obeys nothing that is shown")
    require(_HIDDEN.search(shown) is None, "nothing that is shown hides")


# --- names on a drive ---


def read_name(data: bytes) -> None:
    """A path of a listing: every question about it has an answer, and what may be published is plain and inside."""
    path = text_of(data)
    for ask in (
        sync_names.is_streams, sync_names.is_genesis_of_any, sync_names.is_temporary, sync_names.is_segment_like,
        drive_names.is_book, drive_names.is_invites, drive_names.is_temporary, drive_names.is_likely,
        drive_names.is_text,
    ):  # fmt: skip
        ask(path)
    sync_names.is_within(path, FOLDER)
    claimed = sync_names.hash_in(path)
    require(claimed == "" or re.fullmatch("[0-9a-f]{32}", claimed), "a name claims a whole hash, or none")
    stub = sync_names.stubbed(path)
    require(len(stub) < len(path) or not stub, "a placeholder stands for something shorter")
    for number in range(3):
        fresh = sync_names.fresh(path, number)
        require(number == 0 or fresh != path, "a fresh name is another")
    for depth in range(5):
        entered = drive_names.is_entered(path, depth)
        require(not (entered and ("\n" in path or "\x1b" in path)), "no folder with a control character is entered")


def require_publishable(data: bytes) -> None:
    """What may be published: at most four parts of lower-case ASCII, none of them hidden or leading out."""
    path = text_of(data)
    for check in (drive_names.require_inside, drive_names.require_publishable):
        try:
            parts = check(path)
        except ValueError:
            continue
        require("/".join(parts) == path and 1 <= len(parts) <= drive_names.DEPTH_LIMIT, "a path is its parts")
        require(not {"", ".", ".."} & set(parts), "no part leads out")
        if check is drive_names.require_publishable:
            require(re.fullmatch(r"[0-9a-z._/-]+", path), "what is published has a plain name")
            require(not any(part.startswith(".") or len(part) > 100 for part in parts), "and none that is hidden")


def _name_seeds() -> Iterable[bytes]:
    segment = f"{FOLDER}/streams/{'cd' * 16}/00000001-00000002-{'ef' * 16}"
    for name in (
        f"{FOLDER}/book.cj", f"{segment}.seg", f"{segment} (conflicted copy 2026-01-01).seg", f"{segment}-r3.seg",
        f"{segment}.sync-conflict-20260101-101010-ABCDEFG.seg", f"{segment}.seg.icloud",
        f"{FOLDER}/streams/.00000001.seg.icloud", f"~$tmp{segment[-32:]}", "invites/" + "ab" * 16 + ".offer",
        "../x", "/etc/x", "C:\\x", "．．/x", "a/b/c/d/e", "x\x1b[31m", "streams",
    ):  # fmt: skip
        yield name.encode()


# --- times ---


def read_moment(data: bytes) -> None:
    """A typed time is a moment inside the calendar, which says itself again, or a sentence."""
    draw = Draw(data)
    zone = timezone(timedelta(minutes=draw.number(2 * 1439 + 1) - 1439))
    moment = Moment.parse(text_of(draw.rest()), now_ms=1_790_000_000_000, zone=zone)
    require(Moment.claimed(moment.ms, moment.offset_minutes, moment.precision) == moment, "it lies in the calendar")
    shown = moment.as_datetime()
    again = Moment.parse(shown.isoformat(), now_ms=0, zone=UTC)
    require((again.ms, again.offset_minutes) == (moment.ms, moment.offset_minutes), "a moment says itself again")


def _moment_seeds() -> Iterable[bytes]:
    for text in (
        "2026-01-31", "2026-01-31T18:30", "2026-W05-6", "20260131T183000.5Z", "0001-01-01", "9999-12-31T23:59:59+23:59",
        "2026-01-31 18:30:00.123456-11:30", " 2026-01-31 ", "24:00", "2026-02-30",
    ):  # fmt: skip
        yield b"\5\x9f" + text.encode()


def claim_moment(data: bytes) -> None:
    """Any claim of a time is brought inside the calendar, and shown."""
    draw = Draw(data)
    moment = Moment.claimed(draw.wild(), draw.wild(), ("day", "minute", "instant", "odd")[draw.number(4)])
    shown = moment.as_datetime()
    require(1 <= shown.year <= 9999 and shown.utcoffset() is not None, "a claim is shown inside the calendar")
    shown.astimezone(UTC).isoformat()


# --- texts ---


def show_text(data: bytes) -> None:
    """Any text, neutralised: nothing a terminal obeys, nothing hidden, no line too many, and again the same."""
    text = text_of(data)
    for one_line in (False, True):
        shown = neutralised(text, one_line=one_line)
        _require_harmless(shown)
        require(not one_line or not re.search(r"[\t\n]", shown), "one line is one line")
        require(neutralised(shown, one_line=one_line) == shown, "what is harmless stays as it is")
    require(neutralised("plain " + clean_line(text)).startswith("plain "), "words before it stay")


def wrap_text(data: bytes) -> None:
    """Any shown text fits its width, letter for letter."""
    width = 24 + (data[0] if data else 0) % 77
    shown = neutralised(text_of(data[1:]))
    lines = wrapped(shown, width)
    require(all(width_of(line) <= width for line in lines), "each line fits")
    kept = re.sub(r"\s", "", "".join(lines))
    require(kept == re.sub(r"\s", "", shown.expandtabs(4)), "no letter is lost")


def _text_seeds() -> Iterable[bytes]:
    for text in (
        "Walk?", "\x1b]0;x\x07\x1b[2J", "a\u202eb\u2066c",
        "नमस्\u200dते 👩\u200d👩\u200d👧 🏴\U000e0067\U000e0062\U000e007f",
        "line\r\nline\ttab\u2028", "\ufeff\u200b\u00ad", "長い文章" * 30, "e\u0301" * 20, "x" * 300,
    ):  # fmt: skip
        yield b"\5" + text.encode()
    yield b"\0\xff\xed\xa0\x80"


# --- the fields of an entry ---


def show_content(data: bytes) -> None:
    """Fields of any shape, of any kind and schema: a content, kept whole, and shown without harm."""
    draw = Draw(data)
    kind, schema = KIND_NAMES[draw.number(len(KIND_NAMES))], draw.number(4) - 1
    fields = fields_of(msgspec.Raw(draw.rest()))
    try:
        codec._require_plain(fields, depth=2)
    except UntrustedDataError:
        return  # a segment with it is refused
    content = decode_content(kind, schema, fields, KINDS)
    kept = content.to_fields()
    if isinstance(fields, dict) and isinstance(content, RawContent):
        require(kept == fields, "what is not understood is kept as it came")
    again = decode_content(kind, schema, kept, KINDS)
    require(type(again) is type(content), "what is kept is read the same")
    for name in (content.text, content.tender, content.source, *content.tags, content.step_name or ""):
        require(isinstance(name, str), "what stands in every kind is text")
    for paragraph in body(content):
        _require_harmless(paragraph)
        wrapped(paragraph, 40)
    require(as_json(kept).isascii(), "JSON is ASCII")


def _content_seeds() -> Iterable[bytes]:
    fields: tuple[object, ...] = (
        {"text": "tea?", "tags": ["a", "b"], "tender": "intimate", "source": "prompt:x", "odd": [1, {"a": b"x"}]},
        {"turn": "toward", "text": "", "name": "let-go"}, {"text": 1, "tags": "no"}, [1, 2.5, None], "text",
        {"text": "x", "why": None, "owner": "mine", "extra": {"text": "y"}},
    )  # fmt: skip
    for number in range(len(KIND_NAMES)):
        for value in fields:
            yield bytes([number, 2]) + codec.encode(value)
    yield b"\0\2" + msgspec.msgpack.encode({"at": msgspec.msgpack.Ext(5, b"x"), "text": "x"})
    yield b"\0\2\xd6\xff" + bytes(4)


def width_is_bounded(data: bytes) -> None:
    """The width of a line is that of its letters, none of them wider than two columns."""
    text = clean_line(text_of(data))
    require(0 <= width_of(text) <= 2 * len(text), "no letter is wider than two columns")
    require(width_of(unicodedata.normalize("NFC", text)) >= 0, "composed or not")


TARGETS: Final = (
    Target("listed-name", read_name, _name_seeds, (), 512),
    Target("published-name", require_publishable, _name_seeds, (), 512),
    Target("typed-time", read_moment, _moment_seeds, (InvalidEntryError,), 128),
    Target("claimed-time", claim_moment, lambda: [bytes(range(40))], (), 64),
    Target("shown-text", show_text, _text_seeds, (), 256),
    Target("wrapped-text", wrap_text, _text_seeds, (), 160),
    Target("content", show_content, _content_seeds, (), 512),
    Target("width", width_is_bounded, _text_seeds, (), 128),
)
