"""What to read when it is not safe at home: words that are printed, and nothing that is kept."""

from __future__ import annotations

import os
from typing import Final

import click

from couplejournal.cli.rendering import columns, wrapped
from couplejournal.cli.settings import Act

ENGLISH: Final = """
If you are in danger now, call the emergency number of the place where you are; if you can do so safely, go where other
people are.

Nobody may hurt, threaten, force or watch you, and being afraid of somebody close is reason enough to ask for help.
It is not your fault, and you do not have to decide anything today.

Helplines for violence at home exist in most countries; many are free, open at night, and speak several languages,
also by chat. Search for the name of your country with the words: domestic violence helpline. A doctor, a pharmacy,
a library or the police can tell you one, too. Helplines also advise those who worry about somebody, and people who
are afraid of what they themselves might do.

Look it up on a device that nobody else can open: a friend's, one at work or in a library. Whoever can open this
device may see what was searched for on it, where it was, and what was typed here; deleting that can be noticed,
too.

Exercises for couples, time-outs and shared journals are not made for situations with fear or violence, and they do
not make them better. Alone and without a reason, also offline: `couplejournal pause` stops this device and tells
nobody; `couplejournal leave` ends the sharing for both, and the other sees that. The other keeps what was shared;
your private entries stay yours. Think first of what may happen when it is noticed, and speak about it with a
helpline.

Advocates advise many people to keep dated records. `couplejournal export DIR` writes all of it, private entries too,
for anybody to read who finds it: write it straight to something that is not in this home.

This command has stored nothing. The text stays on the screen until you close the window, and the shell may remember
that it was called: `history` shows what yours remembers.
"""
GERMAN: Final = """
Wenn du jetzt in Gefahr bist: Ruf die Notrufnummer des Ortes an, an dem du bist; wenn es gefahrlos geht, geh dorthin, wo
andere Menschen sind.

Niemand darf dich verletzen, bedrohen, zwingen oder überwachen, und Angst vor einem nahen Menschen ist Grund genug,
um Hilfe zu bitten. Es ist nicht deine Schuld, und heute brauchst du nichts zu entscheiden.

Hilfetelefone bei Gewalt zu Hause gibt es in den meisten Ländern; viele sind kostenlos, nachts da und sprechen
mehrere Sprachen, auch im Chat. Such nach dem Namen deines Landes und den Worten: Hilfetelefon Gewalt. Auch eine
Arztpraxis, eine Apotheke, eine Bücherei oder die Polizei kann dir eines nennen. Hilfetelefone beraten auch Menschen,
die sich um jemanden sorgen, und solche, die fürchten, was sie selbst tun könnten.

Such auf einem Gerät, das sonst niemand öffnen kann: bei Freunden, bei der Arbeit, in einer Bücherei. Wer dieses
Gerät öffnen kann, sieht vielleicht, wonach gesucht wurde, wo es war und was hier getippt wurde; auch Löschen kann
auffallen.

Übungen für Paare, Auszeiten und gemeinsame Tagebücher sind nicht für Angst oder Gewalt gemacht und machen sie nicht
besser. Allein und ohne Grund, auch ohne Netz: `couplejournal pause` hält dieses Gerät an und sagt es niemandem;
`couplejournal leave` beendet das Teilen für euch beide, und dein Gegenüber sieht das. Das Geteilte behält auch dein
Gegenüber; deine privaten Einträge bleiben deine. Denk vorher daran, was geschehen kann, wenn es auffällt, und sprich
mit einem Hilfetelefon darüber.

Beratungsstellen raten vielen, Notizen mit Datum aufzuheben. `couplejournal export DIR` schreibt alles, auch private
Einträge, lesbar für alle, die es finden: schreib es gleich auf etwas, das nicht in dieser Wohnung bleibt.

Dieser Befehl hat nichts gespeichert. Der Text steht auf dem Bildschirm, bis du das Fenster schließt, und die Shell
merkt sich vielleicht den Aufruf: `history` zeigt, was deine weiß.
"""


@click.command("help-outside", cls=Act)
def help_outside() -> None:
    """Say how to find help outside, in English or German. Nothing is opened, and nothing is kept."""
    language = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    paragraphs = (GERMAN if language.startswith("de") else ENGLISH).strip().split("\n\n")
    click.echo("\n\n".join("\n".join(wrapped(" ".join(text.split()), columns())) for text in paragraphs))
