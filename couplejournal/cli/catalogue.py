"""What commands there are, where each lives, and how the help groups them.

Only this table is read for ``--help`` and completion, so that no command's module is imported for them.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Listing(NamedTuple):
    """Where a command lives (``module:attribute``) and its line of help."""

    target: str
    summary: str


COMMANDS: Final[dict[str, Listing]] = {
    "note": Listing("writing:note", "Write a note; private unless said otherwise."),
    "bid": Listing("writing:bid", "Write down a bid: a small wish for closeness."),
    "appreciate": Listing("writing:appreciate", "Write down what you appreciate."),
    "goal": Listing("writing:goal", "Write down a goal, of your own or of both."),
    "add": Listing("writing:add", "Add an entry of any kind."),
    "reply": Listing("answering:reply", "Answer a bid: toward, away or against."),
    "step": Listing("answering:step", "Take an entry one step on in its life."),
    "revise": Listing("changing:revise", "Give an entry another text."),
    "share": Listing("changing:share", "Show a private entry to both."),
    "retract": Listing("changing:retract", "Take an entry of your own back."),
    "log": Listing("reading:log", "List entries, the newest last."),
    "show": Listing("reading:show", "Show an entry and all that belongs to it."),
    "search": Listing("reading:search", "Find entries that hold a text."),
    "prompt": Listing("plugging:prompt", "Get a question to write about."),
    "analyze": Listing("plugging:analyze", "See what the entries tell."),
    "init": Listing("setup:init", "Start a journal on this device."),
    "invite": Listing("inviting:invite", "Invite your partner, or a device of your own."),
    "join": Listing("joining:join", "Join a journal with twelve words."),
    "accept": Listing("inviting:accept", "Say that the six words are the same."),
    "status": Listing("meeting:status", "Show how things stand."),
    "sync": Listing("meeting:sync", "Exchange with the shared folder, once or for as long as it runs."),
    "drive": Listing("meeting:drive", "Show or move the shared folder."),
    "devices": Listing("meeting:devices", "List the devices of both."),
    "unlock": Listing("setup:unlock", "Keep this device unlocked for some hours."),
    "lock": Listing("setup:lock", "Lock this device again."),
    "plugins": Listing("plugging:plugins", "List, enable and disable plugins."),
}

SECTIONS: Final[tuple[tuple[str, tuple[tuple[tuple[str, ...], str], ...]], ...]] = (
    (
        "Write",
        (
            (("note", "bid", "appreciate", "goal"), "write one of these down"),
            (("add",), "write down an entry of any kind"),
            (("reply",), "answer a bid: toward, away or against"),
            (("step",), "take an entry on: agree, pause, done, let-go"),
            (("revise", "share", "retract"), "another text; show it to both; take it back"),
        ),
    ),
    (
        "Read",
        (
            (("log", "search"), "list entries; find those that hold a text"),
            (("show",), "an entry and all that belongs to it"),
            (("prompt", "analyze"), "a question to write about; what entries tell"),
        ),
    ),
    (
        "Set up and look after",
        (
            (("init", "invite", "join", "accept"), "begin; make twelve words; use them; confirm"),
            (("status", "sync", "drive"), "how things stand; exchange; shared folder"),
            (("devices", "unlock", "lock", "plugins"), "the devices of both; keys; plugins"),
        ),
    ),
)
"""The help's sections, daily acts first; each row names the commands that share a line."""
