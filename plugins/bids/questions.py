"""The questions: our own words, for any two people, and each as easily skipped as answered.

They ask about oneself and about what one noticed; none asks to judge, to count, or to make up for something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from couplejournal.plugins import Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENGLISH: Final[Mapping[str, tuple[str, str]]] = {
    "song": ("bid", "Is there a song, a picture or a silly sentence from today that you would like to pass on?"),
    "small": ("note", "What was the smallest thing today by which one of you two reached out?"),
    "nearly-missed": ("note", "Which try of the other did you nearly miss? What made you notice it after all?"),
    "hard-to-ask": ("bid", "What would you like to ask for this week that is a little hard to ask for?"),
    "how-i-reach": ("note", "How do you reach out when you are tired? Could somebody else tell that it is a bid?"),
    "landed": ("appreciation", "When did something you offered land well? What did that feel like?"),
    "turned-away": ("note", "Was there a moment when you had nothing left to give? What would have helped you then?"),
    "again": ("bid", "Is there something that went by too quickly and that you would gladly try once more?"),
    "worry": ("bid", "Which worry would be lighter if it were heard for five minutes, without advice?"),
    "joke": ("bid", "Which joke belongs only to you two? When was it last told?"),
    "touch": ("note", 'Which kind of touch, if any, says "I am here" to you these days?'),
    "busy": ("note", "How can somebody reach you while you are busy, so that you are glad of it?"),
    "good-news": ("bid", "What good news, however small, have you not told yet? How would you like it to be met?"),
    "listening": ("appreciation", "When did you feel really listened to? What did the other do, or leave alone?"),
    "next-door": ("note", "What do you two do side by side without a word that still feels like talking?"),
    "no-is-fine": ("note", 'What makes a "not now" easy for you to hear?'),
}

GERMAN: Final[Mapping[str, tuple[str, str]]] = {
    "song": ("bid", "Gibt es ein Lied, ein Bild oder einen albernen Satz von heute, den du weitergeben magst?"),
    "small": ("note", "Was war heute das Kleinste, womit jemand von euch beiden die Hand ausgestreckt hat?"),
    "nearly-missed": ("note", "Welche kleine Geste deines Gegenübers ging fast unter? Woran hast du es doch gemerkt?"),
    "hard-to-ask": ("bid", "Worum würdest du diese Woche gern bitten, obwohl das Bitten ein wenig schwerfällt?"),
    "how-i-reach": ("note", "Wie suchst du Nähe, wenn du müde bist? Kann man erkennen, dass es das ist?"),
    "landed": ("appreciation", "Wann ist etwas, das du angeboten hast, gut angekommen? Wie hat sich das angefühlt?"),
    "turned-away": ("note", "Gab es einen Moment, in dem du nichts mehr zu geben hattest? Was hätte dir da geholfen?"),
    "again": ("bid", "Ging etwas zu schnell vorbei, das du gern noch einmal versuchen würdest?"),
    "worry": ("bid", "Welche Sorge wäre leichter, wenn ihr fünf Minuten lang jemand zuhörte, ganz ohne Rat?"),
    "joke": ("bid", "Welcher Witz gehört nur euch beiden, und wann habt ihr zuletzt darüber gelacht?"),
    "touch": ("note", "Welche Berührung, wenn überhaupt eine, sagt dir zurzeit: Ich bin da?"),
    "busy": ("note", "Wie kann man dich erreichen, wenn du beschäftigt bist, sodass du dich darüber freust?"),
    "good-news": ("bid", "Welche gute Nachricht ist noch nicht erzählt? Welche Antwort täte dir gut?"),
    "listening": ("appreciation", "Wann hast du gespürt, dass dir wirklich zugehört wird? Was half dabei?"),
    "next-door": ("note", "Was tut ihr wortlos nebeneinander, das sich trotzdem wie ein Gespräch anfühlt?"),
    "no-is-fine": ("note", 'Wann fällt es dir leicht, ein "Jetzt nicht" zu hören?'),
}

_TEXTS: Final = {"en": ENGLISH, "de": GERMAN}


def questions(language: str) -> Iterable[Prompt]:
    """Return the questions in ``language`` (a tag such as ``de-AT``), or in English."""
    tag = language.replace("_", "-").partition("-")[0].lower()
    known = tag if tag in _TEXTS else "en"
    return [Prompt(id=name, kind=kind, text=text, language=known) for name, (kind, text) in _TEXTS[known].items()]
