"""The themes of thanks: words that come up again, without a count, and whoever wrote them.

Of the thanks of the last twelve months, a word is a theme if it stands in three of them at least; the words in most
thanks come first, at most twelve, and no number is told. Words of fewer than four letters, and the
short words of English and German that say nothing by themselves, are left out. Twelve thanks of both are needed.
Entries marked tender stay out. Words are taken as they stand: what belongs together in meaning may stand apart.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult

if TYPE_CHECKING:
    from couplejournal.plugins import AnalysisRequest, Entry

WINDOW: Final = timedelta(days=365)
LEAST: Final = 12
LEAST_OF_A_WORD: Final = 3
SHOWN: Final = 12
SHORTEST: Final = 4
WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SMALL: Final = """
about after again also always another away back because been before being both came could days does doing done down
each even ever every everything felt first from gave give good great have having here into just know last like
little looked made make many more much need never nice next only other over really right said same seem some
something still such thank thanks that their them then there these they thing things this those through time today
together told took until very want wanted were what when where which while will with without would yesterday your
yours aber alle alles also auch beim bist dabei damit dann danke dass dein deine deinen deiner dich diese diesen
dieser doch durch eben eine einem einen einer eines einfach euch euer eure ganz gemacht gesagt gestern getan gibt
haben habe hast hatte heute hier ihre immer jetzt kann kein keine konnte mehr mein meine meinen meiner mich nach
nicht nichts noch nach oder ohne schon sehr sein seine selbst sich sind über unser unsere viel wann warst wart weil
wenn werden wieder wird wirklich wurde zusammen zwei
"""
SAYS_NOTHING: Final = frozenset(_SMALL.split())


def themes(request: AnalysisRequest) -> AnalysisResult:
    """Name the words that come up again in thanks, for both together."""
    thanks = [one for one in request.view.entries(kind="appreciation", since=request.now - WINDOW) if _is_plain(one)]
    people = {one.author.person for one in thanks}
    counted = Counter(word for one in thanks for word in words_in(one))
    again = (word for word, count in counted.items() if count >= LEAST_OF_A_WORD)
    words = sorted(again, key=lambda word: (-counted[word], word))
    if len(thanks) < LEAST or len(people) < 2 or not words:
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST} thanks of the last twelve months, of both, in which some words come up again."
        )
    del words[SHOWN:]
    return AnalysisResult(
        headline=f"What comes up again in your thanks: {', '.join(words)}.",
        notes=("To read the thanks themselves: couplejournal log --kind appreciation",),
    )


def words_in(entry: Entry) -> set[str]:
    """Return the words of a thanks that may be a theme, in small letters."""
    content = entry.content
    text = " ".join((content.text, getattr(content, "why", ""), getattr(content, "says_about_you", "")))
    words = {word.casefold() for word in WORD.findall(text)}
    return {word for word in words if len(word) >= SHORTEST and word not in SAYS_NOTHING}


def _is_plain(entry: Entry) -> bool:
    return entry.content.tender == "none"
