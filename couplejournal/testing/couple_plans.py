"""More sentence pieces for `couplejournal.testing.couple`: goals with their milestones, and days for long entries.

All of it is made up for this project.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Plan(NamedTuple):
    """A goal: what, why, by when, two or three places on the way, and what is said at the steps."""

    owner: str
    text: str
    why: str
    horizon: str
    milestones: tuple[str, ...]
    propose: str
    agree: str
    pause: str
    done: str
    let_go: str


PLANS: Final = (
    Plan(
        "ours",
        "Cycle from the source of our river down to the sea, in one week, with a tent.",
        "We both talk about the river as if we knew it, and we have only ever seen nine kilometres of it.",
        "next summer",
        ("Try the tent in the garden, in rain.", "Fifty kilometres without sulking.", "Find a home for the cat."),
        "I mean it this time. I drew the route on the back of the calendar.",
        "I am in, if there is one night in a real bed.",
        "The back wheel and my shoulder are both at the repairer's.",
        "We stood in the sea with our bicycles. A man took a picture and said nothing 🌊",
        "It was a good plan for the people we were in March.",
    ),
    Plan(
        "ours",
        "Learn enough Portuguese to speak with your uncle without anybody translating.",
        "He tells his best jokes when nobody translates.",
        "by his seventieth birthday",
        ("Order a whole dinner in Portuguese.", "Understand one joke before the others laugh."),
        "Twenty minutes on Sundays, with pastry as a bribe.",
        "Sim. Pastry first.",
        "Too many evenings at the office. We keep the pastry.",
        "He laughed, I laughed, nobody translated.",
        "We can wave at him too. He waves very well.",
    ),
    Plan(
        "ours",
        "Einen Abend in der Woche ohne Bildschirm, mit Spielen, Lesen oder gar nichts.",
        "Weil die schönsten Abende die waren, an denen der Strom ausfiel.",
        "bis Weihnachten ausprobieren",
        ("Eine Kiste für die Telefone finden.", "Vier Abende hintereinander geschafft."),
        "Vorschlag: der Donnerstag.",
        "Donnerstag passt, und ich suche die Kerzen.",
        "Messewoche. Danach weiter.",
        "Aus einem Abend sind zwei geworden, ganz von selbst.",
        "Es wurde zur Regel, und Regeln haben wir genug.",
    ),
    Plan(
        "mine",
        "Swim a thousand metres without stopping.",
        "I want to find out what my head does after the five hundredth.",
        "before the lake freezes",
        ("Breathe on both sides.", "Six hundred without the wall."),
        "",
        "",
        "Cold. Nose. No.",
        "Forty lanes. After the twentieth my head went quiet 🏊",
        "I like to float more than I like to count.",
    ),
    Plan(
        "mine",
        "Écrire une lettre à mon père, même si je ne l’envoie pas.",
        "Parce que je lui parle dans ma tête depuis dix ans.",
        "avant l’hiver",
        ("Trouver la première phrase.", "La lire à voix haute, pour moi."),
        "",
        "",
        "Pas cette semaine.",
        "Elle est dans le tiroir, et elle est finie.",
        "Je lui ai téléphoné. C’était mieux.",
    ),
    Plan(
        "ours",
        "二人で小さな畑を借りて、冬までに大根を一本育てる。",
        "土をさわった日は、よく眠れるから。",
        "冬まで",
        ("畑の抽選に申し込む。", "最初の芽が出た🌱"),
        "申し込み用紙をもらってきたよ。",
        "やろう。長靴も買おう。",
        "台風が通りすぎるまで休み。",
        "大根は曲がっていたけれど、二人で笑って食べた。",
        "市場の大根にも、ありがとうと言えるようになった。",
    ),
)

MORNINGS: Final = (
    "Up before the bell of the little church, and for once neither of us pretended to be asleep.",
    "The kettle was the only one who was awake. I sat beside it in your jumper.",
    "Rain on the skylight, so we counted the seconds between the drops on the bucket and lost.",
    "You had already been out and put a leaf in my shoe, as a note.",
    "We ate yesterday's cake standing up, from the tin, like thieves.",
    "I wrote three pages and crossed out two and a half; you fed the goat that is not ours.",
    "Nobody spoke until the second cup, and it was a friendly nobody.",
    "The post came with a card from your aunt in which every sentence ends with three exclamation marks.",
    "I could not find my glasses, and you let me search for a while before you pointed at my head.",
    "Der Nebel lag bis an die Treppe, und wir haben ihn auf dem Weg zum Bäcker zerteilt.",
    "Por la mañana el pueblo olía a pan y a lluvia, y nadie tenía prisa.",
)
MIDDAYS: Final = (
    "We took the path along the wall, the one with the lizards, and you named each of them after a minister.",
    "At noon the argument about the map began; at one it turned out that both of us had held it upside down.",
    "We carried the table into the garden and then sat on the steps anyway, with the plates on our knees.",
    "I painted the shutter. You painted the shutter again. It is now a very safe shutter.",
    "You talked to the man with the boat for an hour and came back with four onions and his life.",
    "We swam to the raft, and I told you there what I had not wanted to say on land.",
    "It got hot and small between us for a while. You went to look at the well and came back with cold water for both.",
    "You read aloud from the book about bees; I learned that they too have a dance for: over there, not far.",
    "We mended the fence with string, and the string with more string.",
    "Mittags war es so still, dass man die Feigen fallen hörte. Zwei haben wir aufgefangen.",
    "Nous avons perdu le chemin, puis trouvé une source, et décidé que c'était le chemin.",
)
EVENINGS: Final = (
    "In the evening you cooked the thing with the lentils, and I ate it as if I had been away for a year.",
    "We lay on the warm stones and gave the stars wrong names, and I was happy in a plain way.",
    "I said sorry for noon. You said that you had forgotten it at two. I had carried it until nine for nothing.",
    "The neighbours sang, somebody's radio answered, and you conducted both with a spoon.",
    "We talked about money for the first time without either of us standing up. It took ten minutes.",
    "You fell asleep in the middle of a sentence about drainpipes, and I finished it for you as well as I could.",
    "Later, on the stairs, you asked whether I was all right, and you waited for the answer.",
    "We played cards for matches. I owe you nine hundred and four.",
    "No plans for tomorrow. We shook hands on it 🤝",
    "Abends haben wir die Briefe vom letzten Sommer gelesen, abwechselnd, und keiner hat gelacht, wo es ernst war.",
    "Na volta vimos as luzes da outra margem, e não foi preciso dizer nada.",
)
OPENINGS: Final = (
    "Before I forget how it was, day by day.",
    "A letter to myself, to be read in a year, with tea.",
    "For the box with the photographs: what the photographs do not show.",
)
