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
    "seal": Listing("answers:seal", "Seal an answer: both answer before either reads."),
    "answers": Listing("answers:answers", "List what is sealed, and what you can answer."),
    "withdraw": Listing("answers:withdraw", "Take a sealed answer back."),
    "skip": Listing("answers:skip", "Leave a prompt without an answer."),
    "revise": Listing("changing:revise", "Give an entry another text."),
    "share": Listing("changing:share", "Show a private entry to both."),
    "retract": Listing("changing:retract", "Take an entry of your own back."),
    "today": Listing("today:today", "See the question of the day, and what is for you."),
    "log": Listing("reading:log", "List entries, the newest last."),
    "show": Listing("reading:show", "Show an entry and all that belongs to it."),
    "search": Listing("reading:search", "Find entries that hold a text."),
    "export": Listing("exporting:export", "Write a copy that anybody can read, or a sealed one."),
    "import": Listing("formats:import_file", "Take in another program's entries, as private ones."),
    "prompt": Listing("plugging:prompt", "Get a question to write about."),
    "exercise": Listing("exercising:exercise", "Go through an exercise, with a timer."),
    "analyze": Listing("plugging:analyze", "See what the entries tell."),
    "reminders": Listing("reminding:reminders", "Show what you wanted to be reminded of."),
    "init": Listing("setup:init", "Start a journal on this device."),
    "invite": Listing("inviting:invite", "Invite your partner, or a device of your own."),
    "join": Listing("joining:join", "Join a journal with twelve words."),
    "accept": Listing("inviting:accept", "Say that the six words are the same."),
    "status": Listing("meeting:status", "Show how things stand."),
    "sync": Listing("meeting:sync", "Exchange with the shared folder, once or for as long as it runs."),
    "service": Listing("service:service", "Keep this device up to date in the background."),
    "drive": Listing("meeting:drive", "Show or move the shared folder."),
    "pause": Listing("parting:pause", "Leave the shared folder alone for a while."),
    "resume": Listing("parting:resume", "Exchange with the shared folder again."),
    "leave": Listing("parting:leave", "End the sharing; both keep what was shared."),
    "devices": Listing("devices:devices", "List the devices of both; remove one of your own."),
    "verify": Listing("verifying:verify", "Show what both of you compare."),
    "recovery": Listing("recovery:recovery", "Show, use or renew the 24 recovery words."),
    "unlock": Listing("setup:unlock", "Keep this device unlocked for some hours."),
    "lock": Listing("setup:lock", "Lock this device again."),
    "plugins": Listing("plugins:plugins", "List, try and enable plugins."),
    "x": Listing("extra:x", "Run a command of a trusted plugin."),
    "completion": Listing("completion:completion", "Let the Tab key complete commands."),
    "doctor": Listing("examining:doctor", "Check everything; put right what is safe."),
    "help-outside": Listing("outside:help_outside", "Read how to find help outside."),
}

SECTIONS: Final[tuple[tuple[str, tuple[tuple[tuple[str, ...], str], ...]], ...]] = (
    (
        "Write",
        (
            (("note", "bid", "appreciate", "goal", "add"), "write one of these down; any other kind"),
            (("reply", "step"), "answer a bid; take an entry one step on"),
            (("seal", "answers", "withdraw", "skip"), "both answer before either reads"),
            (("revise", "share", "retract"), "another text; show to both; take back"),
        ),
    ),
    (
        "Read",
        (
            (("today", "prompt", "exercise", "analyze"), "questions; with a timer; what it tells"),
            (("log", "search", "show", "export", "import"), "list; find; one whole; copy out, and in"),
        ),
    ),
    (
        "Set up and look after",
        (
            (("init", "invite", "join", "accept", "verify"), "begin; twelve words; use; yes; compare"),
            (("status", "sync", "devices", "reminders"), "how it stands; exchange; of both; due"),
            (("service", "drive", "plugins", "x", "doctor"), "always; where; plugins; is all well?"),
            (("pause", "resume", "leave", "help-outside"), "rest; go on; end the sharing; find help"),
            (("unlock", "lock", "recovery", "completion"), "the keys here; words for a loss; Tab"),
        ),
    ),
)
"""The help's sections, daily acts first; each row names the commands that share a line."""
