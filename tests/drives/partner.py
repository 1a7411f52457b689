"""One partner's device as a process of its own, over the library: ``python partner.py HOME``.

Reads one JSON document per line from stdin and answers with one per line. While it writes, it tells each entry in a
line of its own once saving it has returned, so that whoever kills it knows exactly what must never be lost.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import couplejournal as cj


class Partner:
    """Does what it is told; the answers are values of JSON."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._journal: cj.Journal | None = None
        self._side: cj.Invitation | cj.Joining | None = None

    @property
    def journal(self) -> cj.Journal:
        """The journal, opened when it is first asked for."""
        if self._journal is None:
            self._journal = cj.open(home=self._home)
        return self._journal

    def do(self, act: str, **told: Any) -> Any:
        """Do one thing; an error of couplejournal is an answer as well."""
        try:
            return getattr(self, f"do_{act}")(**told)
        except cj.CouplejournalError as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def do_invite(self, name: str, folder: str) -> Any:
        """Begin a journal and invite into it."""
        self._journal = cj.create(name, home=self._home, passphrase=cj.NO_PASSPHRASE)
        self._side = self._journal.pairing.invite(folder)
        return {"words": self._side.words}

    def do_join(self, name: str, folder: str, words: str) -> Any:
        """Join with the words; the folder may need some tries."""
        joining = cj.join(folder, words, name=name, home=self._home, passphrase=cj.NO_PASSPHRASE)
        self._journal, self._side = joining.journal, joining
        return {}

    def do_look(self) -> Any:
        """Return the six words as they stand here, None before they are known."""
        assert self._side is not None
        return {"check_words": self._side.check_words}

    def do_agree(self) -> Any:
        """Say that the six words are the same."""
        if isinstance(self._side, cj.Invitation):
            self._side.accept()
        elif self._side is not None:
            self._side.confirm()
        return {}

    def do_sync(self, patience_s: float | None = None) -> Any:
        """Exchange once."""
        report = self.journal.sync(deadline_s=patience_s)
        return {"drive": report.drive, "outbox": report.outbox, "damaged": report.damaged, "said": report.problems}

    def do_paired(self) -> Any:
        """Say whether a partner is here."""
        return {"partner": self.journal.status().partner}

    def do_write(self, prefix: str, count: int, seconds: float, *, syncs: bool) -> Any:
        """Write entries, spread over a time, and tell each; with ``syncs`` exchange after each, whatever it gives."""
        begun = time.monotonic()
        states: dict[str, int] = {}
        for number in range(count):
            text = f"{prefix} {number}"
            self.journal.add(cj.Bid(text))
            tell({"saved": text})
            if syncs:
                state = self.journal.sync(deadline_s=5.0).drive
                states[state] = states.get(state, 0) + 1
            threading.Event().wait(max(0.0, begun + seconds * (number + 1) / count - time.monotonic()))
        return {"drive": states}

    def do_texts(self) -> Any:
        """Return every text that this device shows, with repetitions."""
        return {"texts": [entry.text for entry in self.journal.entries()]}


def tell(answer: Any) -> None:
    """Write one answer, whole and at once."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until stdin ends."""
    partner = Partner(sys.argv[1])
    for line in sys.stdin:
        tell(partner.do(**json.loads(line)))


if __name__ == "__main__":
    main()
