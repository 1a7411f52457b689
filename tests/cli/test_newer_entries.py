"""What a newer version, or a hostile one, wrote: the commands show it and obey none of it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from cli.conftest import CommandLine

import couplejournal as cj
from couplejournal.book import Draft
from couplejournal.ops import codec, words


def test_a_step_of_an_unknown_kind_is_neutralised(command_line: Callable[[str], CommandLine]) -> None:
    """The name of a kind that nobody knows here is shown in the offer of steps, and no terminal obeys it."""
    ana = command_line("ana")
    assert ana("init", "--name", "Ana", "--no-passphrase").code == 0
    write = words.Write(
        kind="rit\x1b[31mual\u202e", schema=1, happened=(0, 0, "instant"), fields=msgspec.Raw(codec.encode({"n": 1}))
    )
    with cj.open(home=ana.home) as journal:
        entry = journal.device.private.append([Draft("write", write)])[0].id.hex()
    for command in (("step", entry), ("step", entry, "done"), ("show", entry), ("reply", entry, "toward"), ("log",)):
        done = ana(*command)
        assert "\x1b" not in done.out + done.err
        assert "\u202e" not in done.out + done.err
        assert "rit" in done.out + done.err or done.code == 1
