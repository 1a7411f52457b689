"""The journal as data: one row for each entry as CSV, ready for a spreadsheet or a data frame.

python examples/data.py          of a temporary journal with a few entries
python examples/data.py HOME     of the journal in this home
"""

from __future__ import annotations

import csv
import sys
import tempfile

import couplejournal as cj


def write_rows(journal: cj.Journal) -> None:
    """Print every entry as a row."""
    table = csv.writer(sys.stdout)
    table.writerow(("day", "author", "kind", "audience", "state", "tags", "characters", "text"))
    for entry in journal.entries():
        tags = entry.content.tags if isinstance(entry.content, cj.Content) else ()
        row = (entry.happened_at.date(), entry.author.name, entry.kind, entry.audience, entry.state or "")
        table.writerow((*row, " ".join(tags), len(entry.text), entry.text))


if len(sys.argv) > 1:
    with cj.open(home=sys.argv[1]) as real:
        write_rows(real)
else:
    with tempfile.TemporaryDirectory() as home, cj.create("Ana", home=home, passphrase=cj.NO_PASSPHRASE) as sample:
        sample.add(cj.Appreciation("You warmed the cups first.", tags=("kitchen",)), happened_at="2026-03-01")
        sample.add(cj.Bid("Come and look, the heron is back?"), happened_at="2026-03-02T07:40")
        sample.add(cj.Note("Nobody had ever told me that I hum."), happened_at="2026-03-03")
        write_rows(sample)
