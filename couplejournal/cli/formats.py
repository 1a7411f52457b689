"""The formats of plugins: `import FILE --format NAME`, and `export FILE --format NAME`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import hosted, settings
from couplejournal.cli.opening import catch_up, json_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, counted, table, talk
from couplejournal.cli.settings import Act
from couplejournal.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from couplejournal.model.content import Content
    from couplejournal.plugins import Exporter, Importer

IMPORT_LIMIT_BYTES: Final = 32 << 20
PRIVATE: Final = "they are private; `couplejournal share ID` shows one to both"


@click.command("import", cls=Act)
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--format", "name", metavar="NAME", help="How FILE is to be read.")
@click.option("--dry-run", is_flag=True, help="Say what would come, and save nothing.")
@json_option
def import_file(file: str | None, name: str | None, *, dry_run: bool, as_json: bool) -> int:
    """Take in the entries of another program's FILE, as private ones; without FILE, list the formats of plugins.

    All of it is read and checked before anything is saved, and what is here already does not come again.
    """
    if file is None:
        if name is not None or dry_run:
            raise click.UsageError("which file? name one, or leave the options out to see the formats")
        _list(hosted.hosting(hosted.NoView(), "importers").importers(), "importers/1", as_json=as_json)
        return 0
    if name is None:
        raise click.UsageError("--format says how to read it; `couplejournal import` lists the formats")
    from couplejournal.journal.importing import sources_here, take_in

    data = _read(file)
    with opened() as journal:
        host = hosted.hosting(journal, "importers")
        found = host.read_import(name, data, kinds=journal.reader.kinds, language=settings.language())
        if found is None:
            talk("nothing was saved")
            return PluginError.exit_code
        here = sources_here(journal)
        fresh = {content.source: (content, draft.happened_at) for draft, content in found if content.source not in here}
        saved = 0 if dry_run else take_in(journal, list(fresh.values()))
    _report(list(fresh.values()), len(found) - len(fresh), saved=saved, dry_run=dry_run, as_json=as_json)
    return 0


def _read(file: str) -> bytes:
    from couplejournal.disk import RealDisk
    from couplejournal.errors import ExportError, StoreError

    try:
        data = RealDisk().read(Path(file).absolute(), limit_bytes=IMPORT_LIMIT_BYTES)
    except StoreError:
        message = f"that is no file of at most {IMPORT_LIMIT_BYTES >> 20} MiB that can be read"
        raise ExportError(message, hint="nothing was saved") from None
    if data is None:
        raise ExportError("there is no such file", hint="nothing was saved")
    return data


def _report(
    fresh: Sequence[tuple[Content, datetime | None]], known: int, *, saved: int, dry_run: bool, as_json: bool
) -> None:
    """Say how many came or would come, of which kinds, of which time, and how many are here already."""
    kinds = Counter(content.kind for content, _ in fresh)
    times = sorted(at for _, at in fresh if at is not None)
    span = [f"{at:%Y-%m-%d}".rjust(10, "0") for at in (times[:1] + times[-1:])]
    if as_json:
        print_json("import/1", {
            "entries": len(fresh), "saved": saved, "here": known, "kinds": dict(sorted(kinds.items())),
            "since": span[0] if span else None, "until": span[-1] if span else None, "dry_run": dry_run,
        })  # fmt: skip
        return
    click.echo(f"{'would come' if dry_run else 'saved'}: {_what(kinds)}")
    if span:
        click.echo(f"from {span[0]} to {span[-1]}")
    if known:
        click.echo(f"here already: {counted(known, 'entry')}")
    if saved:
        talk(PRIVATE)


def _what(kinds: Counter[str]) -> str:
    total = counted(kinds.total(), "entry")
    several = ", ".join(f"{count} {clean_line(kind)}" for kind, count in sorted(kinds.items()))
    return f"{total} ({several})" if several else total


def export_format(name: str, file: str, *, even_shared: bool, no_sync: bool, as_json: bool) -> int:
    """Write one new file as an exporter of a plugin makes it; nothing stands there before all of it is made.

    Raises:
        ExportError: the place will not do.
        PluginError: there is no such exporter.
    """
    from couplejournal.journal.exportfile import require_free, write_file

    path = Path(file).absolute()
    with opened() as journal:
        require_free(journal.device, path, even_if_shared=even_shared)
        catch_up(journal, no_sync=no_sync)
        data = hosted.hosting(journal, "exporters").export(name, language=settings.language())
        if data is None:
            talk("no file was written")
            return PluginError.exit_code
        write_file(journal.device, path, data, even_if_shared=even_shared)
    if as_json:
        print_json("export-file/1", {"file": str(path), "bytes": len(data)})
    else:
        click.echo(f"{len(data):,} bytes in {clean_line(str(path))}")
    talk("nothing in it is sealed: whoever can open this file can read it")
    return 0


def list_exporters(*, as_json: bool) -> None:
    """List the formats that plugins write."""
    _list(hosted.hosting(hosted.NoView(), "exporters").exporters(), "exporters/1", as_json=as_json)


def _list(found: Iterable[Importer | Exporter], schema: str, *, as_json: bool) -> None:
    formats = list(found)
    if as_json:
        fields: list[object] = [
            {"id": one.id, "title": one.title, "suffix": getattr(one, "suffix", None)} for one in formats
        ]
        print_json(schema, {"formats": fields})
    elif formats:
        rows = [
            (clean_line(one.id), clean_line(f"{one.title} {getattr(one, 'suffix', '')}".strip())) for one in formats
        ]
        click.echo("\n".join(table(rows)))
    else:
        talk("no plugin is on that brings a format; `plugins list` shows what there is")
