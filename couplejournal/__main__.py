"""Let ``python -m couplejournal`` do what the command ``couplejournal`` does."""

from __future__ import annotations

from couplejournal.cli.main import main

if __name__ == "__main__":
    main()
