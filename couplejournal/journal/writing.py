"""From a content to an operation: what may be written, into which book, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
import msgspec

from couplejournal.book import Book, Draft
from couplejournal.errors import InvalidEntryError, NoSuchEntryError, NotYourEntryError, StoreError
from couplejournal.journal.reading import Reader
from couplejournal.model.content import RawContent
from couplejournal.model.entry import Author, Entry, Ref
from couplejournal.model.kinds import TURNS, Content, Kind, Step, core_kinds, require_valid
from couplejournal.model.moment import Moment, as_utc
from couplejournal.ops import codec, words
from couplejournal.ops.op import Op

if TYPE_CHECKING:  # start-up: see journal.py
    from couplejournal.merge import Record
    from couplejournal.view import JournalView

Heard = Literal["shared", "private", "waiting"]

RESPONDS_TO = "responds_to"
_RELATION = re.compile(r"[a-z][a-z0-9_]{0,63}")


def add(
    reader: Reader,
    content: Content,
    *,
    audience: Literal["shared", "private"] | None,
    happened_at: object,
    refs: Mapping[str, Entry | str],
) -> Entry:
    """Write an entry and return it, without reading any other but those that it refers to.

    Raises:
        InvalidEntryError: the content, the time or the audience will not do.
        NoSuchEntryError: ``refs`` names none.
        StoreError: nothing was saved.
    """
    _require_content(content)
    kind = _kind_of(reader, content)
    content = kind.marked(content)
    require_valid(content)
    if audience not in (None, "shared", "private"):
        raise ValueError("the audience is shared, private or None")  # a slip of the pen must not show it to both
    if not all(_RELATION.fullmatch(relation) for relation in refs):
        raise ValueError("a relation is a short word of lower-case letters, digits and _")
    device = reader.device
    moment = Moment.parse(happened_at, now_ms=device.system.now_ms(), zone=reader.zone)  # type: ignore[arg-type]
    with device.hold():
        device.reload()
        # As they stand now: since the caller saw it, an entry may have gone from the private into the shared book.
        view = reader.view() if refs else None
        targets = {relation: view.entry(_id_of(target)) for relation, target in refs.items()} if view else {}
        _require_refs(reader, kind, targets)
        book, is_waiting = _book_for(reader, kind, audience, targets)
        write = words.Write(
            kind=kind.name,
            schema=content.schema,
            happened=(moment.ms, moment.offset_minutes, moment.precision),
            fields=msgspec.Raw(codec.encode(content.to_fields())),
            refs=tuple((relation, bytes.fromhex(target.id)) for relation, target in targets.items()),
            joint=kind.is_joint(content),
            both=is_waiting,
        )
        author = reader.myself()  # asked for before: once it is saved, nothing may fail any more
        heard: Heard = "waiting" if is_waiting else "private" if book is device.private_if_here else "shared"
        op = book.append([Draft("write", write)])[0]
    return _written(reader, kind, content, op, write, author, heard)


def _written(
    reader: Reader, kind: Kind, content: Content, op: Op, write: words.Write, author: Author, heard: Heard
) -> Entry:
    """Return the entry that was just written, as a view would show it, without making one."""
    moment = Moment.claimed(*write.happened)
    return Entry(
        id=op.id.hex(),
        kind=kind.name,
        content=content,
        author=author,
        audience=heard,
        happened_at=moment.as_datetime(),
        precision=moment.precision,
        recorded_at=as_utc(op.clock[0]),
        state=None if kind.lifecycle is None else kind.lifecycle.initial,
        refs=tuple(Ref(relation, target.hex()) for relation, target in write.refs),
        joint=write.joint,
        device=reader.device.secrets.device_name,
    )


def relation_to(reader: Reader, target: Entry, content: Content) -> str:
    """Return the relation in which an answer stands to its target.

    Raises:
        InvalidEntryError: this kind does not answer that one.
    """
    kind, other = _kind_of(reader, content), reader.kinds.get(target.kind)
    rule = kind.refs
    if rule is None:
        return RESPONDS_TO
    if other is None or not rule.is_for(other):
        raise InvalidEntryError(f"a {kind.name} does not answer a {target.kind if other else 'unknown kind'}")
    return rule.relation


def step_for(view: JournalView, target: Entry, name: str, text: str) -> Step:
    """Return a step that the lifecycle of an entry allows now.

    Raises:
        InvalidEntryError: it does not; the hint names what it allows.
        NoSuchEntryError: the entry is gone.
    """
    allowed = [step for step in view.steps_allowed(target.id) if step not in TURNS]
    if name not in allowed:
        hint = f"possible now: {', '.join(allowed)}" if allowed else "no step is possible now"
        raise InvalidEntryError("this step is not possible as the entry stands", hint=hint)
    return Step(name, text)


def revise(reader: Reader, target: Entry, content: Content) -> None:
    """Replace the content of an entry.

    Raises:
        NotYourEntryError: it is the other's, and not joint.
        InvalidEntryError: another kind, or a content that will not do.
        NoSuchEntryError: there is no such entry.
        StoreError: nothing was saved.
    """
    with reader.device.hold():
        now = _as_it_stands(reader, target)
        if not (now.is_mine or now.joint):
            raise NotYourEntryError("only its author can revise this entry")
        _require_content(content)
        if content.kind != now.kind:
            raise InvalidEntryError("a revision keeps the kind of its entry")
        require_valid(content)
        book, record = _record(reader, now)
        _require_revisable(reader, now, content)
        # Fields of a newer version outlive a revision by this one.
        content = attrs.evolve(content, extra={**getattr(now.content, "extra", {}), **content.extra})
        require_valid(content)
        fields = msgspec.Raw(codec.encode(content.to_fields()))
        named = _named(record)
        book.append([Draft("revise", words.Revise(entry=record.id, after=named, fields=fields))])


def standing(reader: Reader, target: Entry, **written: Any) -> Entry:
    """Return an entry as it stands now that something was written; by what was, if the disk fails meanwhile.

    It is saved, so nothing may say that it is not.
    """
    expected = attrs.evolve(target, **written)
    try:
        return reader.view().entry(expected.id)
    except StoreError:
        return expected


def _require_not_agreed(reader: Reader, now: Entry) -> None:
    """Refuse to put other words under what both have said yes to, in the kinds of plugins (docs/spec/format.md 8).

    Raises:
        InvalidEntryError: both have, and it stands as they left it.
    """
    kind = reader.kinds.get(now.kind)
    if kind is None or kind.lifecycle is None or kind.name in core_kinds():
        return
    if any(row.by == "both" and row.to == now.state for row in kind.lifecycle.transitions):
        raise InvalidEntryError(
            "both have said yes to these words, so they stay", hint="`step` it on, or write a new one"
        )


def _require_revisable(reader: Reader, now: Entry, content: Content) -> None:
    """Refuse to write over what this version cannot read, and to make what is of both the author's alone.

    Raises:
        InvalidEntryError: the entry was written by a newer version.
        NotYourEntryError: whoever is not the author would decide whose entry it is.
    """
    _require_not_agreed(reader, now)
    if isinstance(now.content, RawContent):
        raise InvalidEntryError("this entry was written by a newer couplejournal, so it is not revised here")
    if not now.is_mine and not _kind_of(reader, content).is_joint(content):
        raise NotYourEntryError("only its author can make it an entry of one alone")


def retract(reader: Reader, target: Entry) -> None:
    """Hide an entry of one's own.

    Raises:
        NotYourEntryError: it is the other's.
        NoSuchEntryError: there is no such entry.
        StoreError: nothing was saved.
    """
    target = _as_it_stands(reader, target)
    if not target.is_mine:
        raise NotYourEntryError("only its author can retract this entry")
    with reader.device.hold():
        book, record = _record(reader, target)
        book.append([Draft("retract", words.Retract(entry=record.id, after=_named(record)))])


def share(reader: Reader, target: Entry) -> str:
    """Write a private or waiting entry into the shared book and return its id there.

    Raises:
        NotYourEntryError: it is not one's own.
        InvalidEntryError: there is no shared book, it is shared already, or what it refers to is not.
        NoSuchEntryError: there is no such entry.
        StoreError: the disk is full or failing; a half-done one is finished when it is tried again.
    """
    from couplejournal.pairing.sharing import refs_in_shared, share_one  # start-up: see journal.py

    device = reader.device
    target = _as_it_stands(reader, target)
    if not target.is_mine:
        raise NotYourEntryError("only its author can share this entry")
    with device.hold():
        shared = device.shared
        if shared is None:
            raise InvalidEntryError("there is no shared journal yet", hint="invite your partner first")
        book, record = _record(reader, target)
        if book is shared:
            raise InvalidEntryError("this entry is shared already")
        mine, ours = reader.states()
        refs = None if ours is None else refs_in_shared(record, mine, ours)
        if refs is None:
            raise _unsharable(reader, record)
        return share_one(book, shared, record, refs, device.system).hex()


def _unsharable(reader: Reader, record: Record) -> InvalidEntryError:
    """Return why an entry cannot go into the shared book: what it refers to is not there."""
    view = reader.view()
    targets = [view.find(target) for _, target in record.write.refs]
    if any(target is not None and target.is_earlier for target in targets):
        return InvalidEntryError("this entry refers to one of an earlier journal", hint="write a new one for both")
    return InvalidEntryError("this entry refers to one that is still private", hint="share that one first")


def _book_for(
    reader: Reader, kind: Kind, audience: Literal["shared", "private"] | None, targets: Mapping[str, Entry]
) -> tuple[Book, bool]:
    """Return the book to write into, and whether the entry waits there for a shared one."""
    device = reader.device
    heard = {target.audience for target in targets.values()}
    if audience is None:
        audience = "private" if "private" in heard or kind.default_audience == "private" else "shared"
    if audience == "private":
        return device.private, False
    if "private" in heard:
        raise InvalidEntryError("what both can see cannot refer to a private entry", hint="share that one first")
    if not all(reader.is_known_to_both(target) for target in targets.values() if target.is_earlier):
        message = "what is for both cannot refer to an entry of an earlier journal, which the other may not have"
        raise InvalidEntryError(message, hint="write an entry of its own, or a private one")
    shared = device.shared
    if shared is None or not shared.membership.is_live(shared.own_key) or "waiting" in heard:
        return device.private, True  # a device that was removed keeps what it is given, and says nothing more to both
    return shared, False


def _require_refs(reader: Reader, kind: Kind, targets: Mapping[str, Entry]) -> None:
    """Refuse references that the kind does not have, and an answer to one's own bid."""
    rule = kind.refs
    if rule is None:
        return
    target = targets.get(rule.relation)
    if target is None:
        if rule.is_needed:
            raise InvalidEntryError(f"a {kind.name} belongs to another entry", hint="name that entry")
        return
    other = reader.kinds.get(target.kind)
    if other is None or not rule.is_for(other):
        raise InvalidEntryError(f"a {kind.name} does not belong to this kind of entry")
    if rule.relation == RESPONDS_TO and target.is_mine:
        raise InvalidEntryError("a response answers the other's bid, not one's own")


def _require_content(content: object) -> None:
    if not isinstance(content, Content | RawContent):
        raise TypeError("the content of an entry is a Bid, an Appreciation, a Note …, not plain text")


def _kind_of(reader: Reader, content: Content) -> Kind:
    kind = reader.kinds.get(content.kind)
    if kind is None:
        raise InvalidEntryError("this kind of entry is not known here")
    return kind


def _id_of(target: Entry | str) -> str:
    return target.id if isinstance(target, Entry) else target


def _as_it_stands(reader: Reader, target: Entry) -> Entry:
    """Return an entry as this journal has it: one that another journal handed out is not ours for that."""
    return reader.view().entry(target.id)


def _record(reader: Reader, target: Entry) -> tuple[Book, Record]:
    """Return the book in which an entry stands now, and its record."""
    standing = bytes.fromhex(reader.view().entry(target.id).id)
    mine, ours = reader.states()
    device = reader.device
    for book, frozen in ((device.shared, ours), (device.private_if_here, mine)):
        record = None if frozen is None else frozen.record(standing)
        if book is not None and record is not None:
            return book, record
    raise NoSuchEntryError("this entry stands in an earlier journal, which is read and never written")


def _named(record: Record) -> list[bytes]:
    """Return the ids that a revision or a retraction made now has to name."""
    from couplejournal.merge import versions_of

    return list(versions_of(record).named)
