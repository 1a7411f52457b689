"""Sentence pieces for `couplejournal.testing.couple`: what Ana and Ben write to each other, in seven languages.

All of it is made up for this project. Pieces of one scene fit together; each stands on its own as a sentence.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Scene(NamedTuple):
    """One subject of everyday life, in one language: what is asked, how it is met, what is thanked for and noted.

    ``toward`` has one answer for each of ``bids``, in their order; the other answers fit any of them.
    """

    language: str
    bids: tuple[str, ...]
    toward: tuple[str, ...]
    away: tuple[str, ...]
    against: tuple[str, ...]
    thanks: tuple[str, ...]
    notes: tuple[str, ...]


class Phrases(NamedTuple):
    """What fits every scene of a language: soft endings, and the words around a second chance."""

    tails: tuple[str, ...]
    try_again: tuple[str, ...]
    this_time: tuple[str, ...]
    let_go: tuple[str, ...]
    because: tuple[str, ...]


SCENES: Final = (
    Scene(
        "en",
        (
            "Listen to this with me? It is the song from the ferry, and the second half is the good one.",
            "I found the record with the crackle in the third song. Five minutes on the sofa?",
            "Will you dance with me in the kitchen once the pasta is on?",
        ),
        (
            "Yes. Put it on now, I am drying my hands.",
            "I heard the first bars through the door and came running 🎶",
            "Only if I may lead, and only until the water boils over.",
        ),
        ("Not now, my head is still at work. I did hear you.", "I let the song run and answered mails. Sorry."),
        ("I said the song was silly, and I said it in that voice.",),
        (
            "You put the ferry song on when I came in with wet shoes, and the whole day got lighter.",
            "You danced with me although your knee hurt, and you did not mention the knee.",
        ),
        ("I hum when I am nervous. Nobody had ever told me, and nobody had to.", "The record player needs a new belt."),
    ),
    Scene(
        "en",
        (
            "The heron is back at the pond. Come and look before it flies off?",
            "Walk round the block with me? I do not want to talk, only to walk beside you.",
            "There is fog down to the doorsteps. Shall we get lost in it for half an hour?",
        ),
        (
            "It stood on one leg for the whole of our thermos. Thank you for fetching me 🪶",
            "Coat is on. Which way round?",
            "Yes, and I will bring the good mittens for you.",
        ),
        ("I am too tired for stairs tonight. Ask me on Sunday?", "I nodded and stayed in my chair. I noticed later."),
        ("I snapped that somebody has to cook in this house.",),
        (
            "You came down to the pond in slippers because I had seen a bird.",
            "You walked beside me all the way and never asked what was wrong. It was what I needed.",
        ),
        ("Saw the heron again, alone. It felt like cheating.", "Fog helps. In fog nobody expects me to see far."),
    ),
    Scene(
        "en",
        (
            "Can I tell you about the meeting? You need not fix anything.",
            "I have a knot in my stomach about the letter from the bank. Sit with me while I open it?",
            "Could you ask me tonight how it went with my sister? I will not begin by myself.",
        ),
        (
            "Tell me. I put the phone in the drawer.",
            "I made tea first so that we have something to hold. Go on.",
            "Asked, heard, and I did not give one single piece of advice. Almost none.",
        ),
        ("I said mm and looked at the screen. I missed it.", "Too much of my own today. Can it wait until breakfast?"),
        ("I said that you worry about everything, and that was not fair.",),
        (
            "You listened for twenty minutes and then only asked whether I wanted soup.",
            "You opened the envelope for me and read it out in the voice of a sports reporter.",
        ),
        (
            "I begin to explain myself before anybody has asked. Where is that from?",
            "Money talk goes better on a walk than at the table. Remember this.",
        ),
    ),
    Scene(
        "en",
        (
            "Look what the neighbour's child drew on our door: you with a crown, me with a fish 🐟",
            "Guess what I found in the pocket of the old coat. No, really, guess.",
            "I have learned to say your grandmother's soup in her language. Want to hear it?",
        ),
        (
            "I laughed so loudly on the tram that a dog joined in 😂",
            "A ticket from our first film? I give up, show me!",
            "Say it again, slower. She would have corrected you, and then she would have cried.",
        ),
        ("Saw it, smiled, forgot to write back.",),
        ("I asked whether you had nothing better to do.",),
        (
            "You kept the fish drawing and framed it. I saw the nail in the wall before I saw the picture.",
            "You wrote down how to say the soup and practised on the tram. The woman next to you told me.",
        ),
        ("Things that make us laugh: wrong proverbs, geese, the national anthem of nowhere.",),
    ),
    Scene(
        "en",
        (
            "Hold my hand during the landing? I know what the statistics say.",
            "Would you sit at the end of the bed for a bit? The fever makes the room large.",
            "Back rub for a story? I have a good one about the photocopier.",
        ),
        (
            "Both hands. You may break the left one.",
            "I brought the blue blanket and stayed until you snored.",
            "Deal. But I want the long version, with voices.",
        ),
        ("I was asleep before you had finished asking. I am sorry, truly.",),
        ("I said that you are not a child. I would like to have that sentence back.",),
        (
            "You held my hand over the whole of the Alps and talked about cheese so that I would not look out.",
            "You got up at four to change the cold cloth, and in the morning you said that you had slept well.",
        ),
        ("I am braver when somebody knows that I am afraid.",),
    ),
    Scene(
        "de",
        (
            "Kommst du kurz auf den Balkon? Der Mond sieht aus wie eine halbe Zwetschge.",
            "Magst du mir beim Umtopfen Gesellschaft leisten? Du musst nichts anfassen, nur dabei sein.",
            "Die erste Tomate ist rot 🍅 Ich will sie nicht ohne dich essen.",
        ),
        (
            "Bin schon da, ich bringe die Decke mit.",
            "Ja! Ich erzähle dir dabei, was mir die Nachbarin über die Schnecken verraten hat.",
            "Halbiert, gesalzen, am Fenster gegessen. Beste Tomate des Jahres, und die einzige.",
        ),
        ("Ich hatte die Kopfhörer auf und habe dich nicht gehört.", "Heute nicht mehr, ich bin leer. Morgen gern."),
        ("Ich habe gesagt, der Balkon sei mir gerade völlig egal. Das war grob.",),
        (
            "Du hast die Tomaten gegossen, als ich in Lübeck war, und mir jeden Abend ein Bild geschickt.",
            "Du hast mir die Decke umgelegt, ohne das Gespräch zu unterbrechen.",
        ),
        ("Gießen, bevor es heiß wird. Und nicht über alles reden, bevor der Kaffee wirkt.",),
    ),
    Scene(
        "de",
        (
            "Rufst du mich auf dem Heimweg an? Der Bahnhof ist heute so leer.",
            "Der Zug steht seit einer Stunde vor Göttingen. Erzähl mir irgendwas, bitte.",
            "Holst du mich ab? Ich könnte auch laufen, aber abgeholt werden ist schöner.",
        ),
        (
            "Bin schon dran. Ich gehe im Kopf mit dir durch die Halle, bis zum Kiosk und zurück.",
            "Irgendwas: Der Hund von unten hat heute einen ganzen Regenschirm die Treppe hochgetragen 🌂",
            "Ich stehe schon unter der Uhr, mit der hässlichen Mütze, damit du mich findest.",
        ),
        ("Mein Akku war leer. Ich hätte morgens laden sollen.",),
        ("Ich habe gefragt, ob du das nicht allein schaffst. Den Ton höre ich jetzt noch.",),
        (
            "Du hast am Gleis gewartet, obwohl aus zwanzig Minuten neunzig wurden, und hattest trotzdem noch Brezeln.",
            "Du hast mir am Telefon den ganzen Wetterbericht vorgelesen, nur damit ich deine Stimme höre.",
        ),
        ("Wenn ich müde bin, klinge ich streng. Das sollte ich öfter dazusagen.",),
    ),
    Scene(
        "de",
        (
            "Backst du mit mir den Apfelkuchen nach dem Zettel deiner Mutter? Ich kann ihre Schrift nicht lesen.",
            "Probierst du die Suppe? Irgendetwas fehlt, und ich komme nicht darauf.",
        ),
        ("Ja, und ich übersetze: Das da heißt nicht Zimt, das heißt zimmerwarm.", "Muskat. Es fehlt immer Muskat."),
        ("Ich habe im Vorbeigehen genickt und bin weitergelaufen.",),
        ("Ich habe gesagt, dass es am Ende doch wieder meine Küche ist, die klebt.",),
        ("Du hast den Zettel meiner Mutter abgeschrieben, in Schönschrift, und laminiert. Ich musste kurz raus.",),
        ("Muskat, zimmerwarme Butter, nicht hetzen. Gilt auch sonst.",),
    ),
    Scene(
        "es",
        (
            "¿Vienes a ver la luna desde la azotea? Hoy parece que la han pintado.",
            "¿Me acompañas al mercado? Quiero que elijas tú los melocotones 🍑",
            "¿Me cuentas otra vez cómo se perdió tu padre en Teruel?",
        ),
        (
            "Subo ya, y llevo dos sillas y el queso.",
            "Los he olido uno por uno; la señora del puesto nos ha adoptado.",
            "Siéntate, que la historia ha crecido desde el verano.",
        ),
        ("Dije que luego, y luego me dormí.",),
        ("Contesté que siempre es lo mismo. No era verdad.",),
        (
            "Cargaste las bolsas sin que te lo pidiera y aun así me diste la mano libre.",
            "Te acordaste del nombre de la maestra de mi hermana. Nadie se acuerda de esas cosas.",
        ),
        ("Cuando hablo español sueño con la cocina de mi abuela.",),
    ),
    Scene(
        "fr",
        (
            "Tu viens écouter la pluie sous la véranda ? Il y a encore du thé.",
            "On se lit une page chacun ce soir ? Je commence si tu veux.",
            "J’ai gardé le dernier carré de chocolat. Il se coupe très bien en deux 🍫",
        ),
        (
            "J’arrive avec les chaussettes épaisses.",
            "Une page est devenue un chapitre, et c’est très bien ainsi.",
            "Oui, mais c’est moi qui coupe et toi qui choisis.",
        ),
        ("J’ai répondu « oui, oui » sans lever les yeux.",),
        ("J’ai dit que ce livre était ennuyeux, juste pour avoir raison.",),
        (
            "Tu as relu ma lettre trois fois sans jamais soupirer, et la dernière phrase est de toi.",
            "Tu as laissé la lumière de l’escalier allumée parce que je rentrais tard.",
        ),
        ("J’écris plus doucement en français. Peut-être que je pense plus doucement aussi.",),
    ),
    Scene(
        "pt",
        (
            "Vens comigo até ao miradouro? O rio está cor de laranja.",
            "Cantas comigo a parte que eu nunca sei? Prometo desafinar baixinho.",
        ),
        ("Vou, deixa-me só calçar os sapatos.", "Cantei, desafinei, e o vizinho bateu palmas 👏"),
        ("Estava ao telefone e fiz sinal que não. Podia ter sorrido.",),
        ("Disse que o rio está lá todos os dias.",),
        ("Guardaste-me o lugar à janela no comboio, porque sabes que eu conto as cegonhas.",),
        ("Saudade não é tristeza: é a cadeira vazia que ainda está quente.",),
    ),
    Scene(
        "ja",
        (
            "帰りに一緒にコンビニの肉まん、半分こしない？",
            "ベランダから富士山が見えるよ。すぐ来て！",
            "今夜、五分だけ何も言わずに隣に座っていてくれる？",
        ),
        ("大きいほうをあげるね。", "見えた！写真より小さくて、写真よりきれいだった🗻", "うん。お茶を二つ持っていく。"),
        ("イヤホンをしていて聞こえなかった。ごめんね。",),
        ("忙しいのにと言ってしまった。言い方がきつかった。",),
        ("傘を二本持って駅まで迎えに来てくれた。一本しか使わなかったね。ありがとう☔",),
        ("言葉が少ない日は、湯のみを先に温めておく。",),
    ),
    Scene(
        "ar",
        (
            "أغنية نسمعها معا؟ كانت جدتي تغنيها وهي تعجن الخبز.",
            "قهوة على السطح قبل أن تغيب الشمس؟ ☕",
        ),
        ("سمعناها مرتين، وفي المرة الثانية غنينا معا.", "حالا، ومعي الهيل."),
        ("كان يومي طويلا ولم أجب. لاحظت ذلك فيما بعد.",),
        ("قلت إن الوقت غير مناسب، وكان صوتي أعلى مما أردت.",),
        ("حفظت اسم الشارع الذي ولدت فيه جدتي من أول مرة. شكرا لك.",),
        ("القهوة بعد المطر لها طعم آخر.",),
    ),
)

PHRASES: Final = {
    "en": Phrases(
        ("", "No hurry.", "Only if you like.", "Ten minutes would be plenty.", "A no is fine too 🙂"),
        ("Shall we try that one again?", "May I have another go at this? I would answer differently now."),
        ("Yes. This time I put everything down first.", "Gladly. Here I am, and I mean it."),
        ("It has passed, and that is all right.", "I asked somebody else in the end. No harm done."),
        ("It told me that you had me in mind.", "I felt less alone with it.", "It made the rest of the day easy."),
    ),
    "de": Phrases(
        ("", "Eilt nicht.", "Nur wenn du magst.", "Zehn Minuten reichen.", "Ein Nein ist auch gut."),
        ("Wollen wir das noch einmal versuchen?", "Darf ich darauf noch einmal antworten?"),
        ("Ja, gern. Diesmal ohne Telefon in der Hand.", "Ja. Ich bin jetzt ganz da."),
        ("Hat sich erledigt, alles gut.",),
        ("Da habe ich gemerkt, dass du an mich denkst.", "Danach war der Tag leichter."),
    ),
    "es": Phrases(
        ("", "Sin prisa.", "Solo si te apetece."),
        ("¿Lo intentamos otra vez?",),
        ("Sí. Esta vez te escucho de verdad.",),
        ("Ya pasó, no importa.",),
        ("Sentí que pensabas en mí.",),
    ),
    "fr": Phrases(
        ("", "Rien ne presse.", "Seulement si tu en as envie."),
        ("On réessaie ?",),
        ("Oui. Cette fois, je pose tout et je suis là.",),
        ("C’est passé, tout va bien.",),
        ("Cela m’a réchauffé le cœur.",),
    ),
    "pt": Phrases(
        ("", "Sem pressa.", "Só se te apetecer."),
        ("Tentamos outra vez?",),
        ("Sim, agora estou mesmo aqui.",),
        ("Já passou, está tudo bem.",),
        ("Senti que pensavas em mim.",),
    ),
    "ja": Phrases(
        ("", "急がなくていいよ。", "よかったらでいいからね。"),
        ("もう一度やり直してもいい？",),
        ("うん。今度はちゃんと聞くね。",),
        ("もう大丈夫、気にしないで。",),
        ("一人じゃないと思えた。",),
    ),
    "ar": Phrases(
        ("", "لا داعي للعجلة.", "إن أحببت فقط."),
        ("هل نحاول مرة أخرى؟",),
        ("نعم، أنا هنا الآن.",),
        ("مر الأمر، ولا بأس.",),
        ("شعرت أنني لست وحدي.",),
    ),
}
