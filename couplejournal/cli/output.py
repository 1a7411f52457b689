"""Data for other programs: one JSON document per command, each with a named schema.

A schema's number grows when a field changes its meaning or goes; new fields may come at any time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.journal.delivering import Delivery
    from couplejournal.journal.notices import Notice
    from couplejournal.model.change import Change
    from couplejournal.model.content import Content, RawContent
    from couplejournal.model.entry import Entry
    from couplejournal.sync.report import SyncReport


def as_json(value: object) -> str:
    """Return a value as JSON in ASCII: whatever was written, no terminal obeys it and no encoding breaks it."""
    return json.dumps(value, default=_foreign)


def _foreign(value: Any) -> object:
    """Return what JSON has no type for: byte strings as hexadecimal digits, the rest as lists and objects."""
    if isinstance(value, (bytes, bytearray)):
        return {"hex": bytes(value).hex()}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "items"):
        return dict(value.items())
    return list(value)


def print_json(schema: str, document: dict[str, object]) -> None:
    """Print one document on one line of stdout."""
    click.echo(as_json({"schema": f"couplejournal.{schema}", **document}))


def content_fields(content: Content | RawContent) -> dict[str, object]:
    """Return what an entry says: its fields as stored, without those that are as usual."""
    return dict(content.to_fields())


def entry_fields(entry: Entry) -> dict[str, object]:
    """Return an entry as plain data. Times are ISO 8601; ids and persons are hexadecimal digits."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "content": content_fields(entry.content),
        "author": {"person": entry.author.person, "name": entry.author.name, "is_me": entry.author.is_me},
        "audience": entry.audience,
        "earlier": entry.is_earlier,
        "state": entry.state,
        "happened_at": entry.happened_at.isoformat(),
        "precision": entry.precision,
        "recorded_at": entry.recorded_at.isoformat(),
        "refs": [{"relation": ref.relation, "id": ref.id} for ref in entry.refs],
        "joint": entry.joint,
        "revised": entry.revised,
        "conflict": [content_fields(content) for content in entry.conflict],
        "device": entry.device,
        "note": entry.note,
    }


def delivered_fields(entry: Entry, deliveries: Mapping[str, Delivery]) -> dict[str, object]:
    """Return an entry as plain data, with how far it has come; None where that is not told of."""
    found = deliveries.get(entry.id)
    way = None if found is None else {"state": found.state, "devices": [device.id for device in found.devices]}
    return {**entry_fields(entry), "delivery": way}


def change_fields(change: Change) -> dict[str, object]:
    """Return a change as plain data, with the cursor after which a watch goes on."""
    name = type(change).__name__.lower()
    entry = getattr(change, "entry", None)
    if entry is not None:
        return {"change": name, "cursor": change.cursor, "entry": entry_fields(entry)}
    return {"change": name, "cursor": change.cursor, "id": getattr(change, "entry_id", "")}


def notice_fields(notice: Notice) -> dict[str, object]:
    """Return what is to be known of a fork, a restored backup, a gap or silence as plain data."""
    return {
        "code": notice.code,
        "message": notice.message,
        "hint": notice.hint,
        "device": notice.device,
        "since": None if notice.since is None else notice.since.isoformat(),
    }


def report_fields(report: SyncReport) -> dict[str, object]:
    """Return what a sync did and found as plain data."""
    return {
        "drive": report.drive,
        "message": report.message,
        "received_ops": report.received_ops,
        "received_files": report.received_files,
        "published_files": report.published_files,
        "handed_over": report.handed_over,
        "outbox": report.outbox,
        "restored": report.restored,
        "held": report.held,
        "pending": report.pending,
        "damaged": report.damaged,
        "foreign": report.foreign,
        "skipped_junk": report.skipped_junk,
        "refused": [{"reason": refusal.reason, "count": refusal.count} for refusal in report.refused],
        "problems": list(report.problems),
    }
