"""What to read when it is not safe at home: words that are printed, and nothing that is kept."""

from __future__ import annotations

import os
from typing import Final

import click

from couplejournal.cli.rendering import columns, wrapped
from couplejournal.cli.settings import Act

ENGLISH: Final = """
If you are in danger now, leave if you can, and call the emergency number of the place where you are.

Nobody may hurt, threaten, force or watch you, and being afraid of somebody close is reason enough to ask for help.
It is not your fault, and you do not have to decide anything today.

Helplines for violence at home exist in most countries; many are free, open at night, and speak several languages,
also by chat. Search for the name of your country with the words: domestic violence helpline. A doctor, a pharmacy,
a library or the police can tell you one, too. Helplines also advise friends, and people who are afraid of what they
themselves might do.

Look it up on a device that nobody else can open: a friend's, one at work or in a library. Whoever can open this
device may see what was searched for on it, where it was, and what was typed here; deleting that can be noticed,
too.

Exercises for couples, time-outs and shared journals are not made for situations with fear or violence, and they do
not make them better. You can stop sharing at any time, alone and without a reason: `couplejournal pause` and
`couplejournal leave` work offline. The other keeps what was shared; your private entries stay yours. Think first of
what may happen when it is noticed, and speak about it with a helpline.

Advocates advise many people to keep dated records. `couplejournal export DIR` writes a copy that needs no program;
keep it where nobody else comes.

This command has stored nothing. The shell may remember that it was called: `history` shows what yours remembers.
"""
GERMAN: Final = """
Wenn du jetzt in Gefahr bist: Geh weg, wenn du kannst, und ruf die Notrufnummer des Ortes an, an dem du bist.

Niemand darf dich verletzen, bedrohen, zwingen oder überwachen, und Angst vor einem nahen Menschen ist Grund genug,
um Hilfe zu bitten. Es ist nicht deine Schuld, und heute brauchst du nichts zu entscheiden.

Hilfetelefone bei Gewalt zu Hause gibt es in den meisten Ländern; viele sind kostenlos, nachts da und sprechen
mehrere Sprachen, auch im Chat. Such nach dem Namen deines Landes und den Worten: Hilfetelefon Gewalt. Auch eine
Arztpraxis, eine Apotheke, eine Bücherei oder die Polizei kann dir eines nennen. Hilfetelefone beraten auch Freunde,
und Menschen, die fürchten, was sie selbst tun könnten.

Such auf einem Gerät, das sonst niemand öffnen kann: bei Freunden, bei der Arbeit, in einer Bücherei. Wer dieses
Gerät öffnen kann, sieht vielleicht, wonach gesucht wurde, wo es war und was hier getippt wurde; auch Löschen kann
auffallen.

Übungen für Paare, Auszeiten und gemeinsame Tagebücher sind nicht für Angst oder Gewalt gemacht und machen sie nicht
besser. Du kannst das Teilen jederzeit beenden, allein und ohne Grund: `couplejournal pause` und `couplejournal
leave` gehen ohne Netz. Das Geteilte behält auch dein Gegenüber; deine privaten Einträge bleiben deine. Denk vorher
daran, was geschehen kann, wenn es auffällt, und sprich mit einem Hilfetelefon darüber.

Beratungsstellen raten vielen, Notizen mit Datum aufzuheben. `couplejournal export DIR` schreibt eine Kopie, die
kein Programm braucht; heb sie dort auf, wo sonst niemand hinkommt.

Dieser Befehl hat nichts gespeichert. Die Shell merkt sich vielleicht den Aufruf: `history` zeigt, was deine weiß.
"""


@click.command("help-outside", cls=Act)
def help_outside() -> None:
    """Say how to find help outside, in English or German. Nothing is opened, and nothing is kept."""
    language = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    paragraphs = (GERMAN if language.startswith("de") else ENGLISH).strip().split("\n\n")
    click.echo("\n\n".join("\n".join(wrapped(" ".join(text.split()), columns())) for text in paragraphs))
