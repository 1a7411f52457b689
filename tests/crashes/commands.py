"""The commands that are struck, and what has to hold after each: all or nothing, nothing acknowledged lost, and on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crashes.forking import Done
from crashes.worlds import ANA, BEN, World, WrongError, require

ROUNDS = 8
WRITTEN = "written while it was struck"
Check = Callable[[World, Done], None]


@dataclass(frozen=True)
class Command:
    """A command line of one person's at a stage of their life, and the check of what it leaves."""

    name: str
    stage: str
    who: str
    argv: Callable[[World], list[str]]
    check: Check
    said: Callable[[World], str] = lambda _: ""
    codes: tuple[int, ...] = (0, 1, 3)  # how it may end when a call fails


# --- two who share a journal ---


def go_on(world: World, struck: str, must_hold: set[str]) -> None:
    """Both write and sync: in the end both hold the same, each text once, and no examination finds anything."""
    after = {f"{who} afterwards" for who in (ANA, BEN)}
    for who in (ANA, BEN):
        world.must(who, "note", f"{who} afterwards", "--shared")
    for who in (ANA, struck)[: 1 + (struck != ANA)]:
        quiet(world, who)
    for who in (ANA, BEN):
        shown = world.texts(who)
        mine = {text for text in world.facts.texts[who] if "herself" in text}
        require(len(shown) == len(set(shown)), f"{who} sees an entry twice: {shown}")
        lacking = (must_hold | after | mine) - set(shown)
        require(not lacking, f"{who} lacks {sorted(lacking)}")
        extra = set(shown) - must_hold - after - mine
        require(not extra, f"{who} sees what nobody wrote: {sorted(extra)}")
    examined(world, struck)
    world.require_one_history()


def quiet(world: World, who: str) -> None:
    """Syncs succeed without a word on stderr, and soon nothing is left to do."""
    for _ in range(ROUNDS):
        done = world.must(who, "sync", "--json")
        require(done.err == "", f"{who}: sync says {done.err.strip()}")
        if not done.document()["published_files"]:
            return
    raise WrongError(f"{who}: syncing never comes to its end")


def examined(world: World, who: str) -> None:
    """The doctor finds nothing."""
    done = world.do(who, "doctor", "--json")
    require(done.code == 0, f"{who}: the doctor finds {done.document().get('findings')} {done.err.strip()}")


def after_adding(world: World, done: Done) -> None:
    """What was acknowledged is there, what was refused is not, and what is there reaches the other."""
    is_there = _is_added(world, done)
    if any("put into the shared folder" in line for line in done.lines):
        require(WRITTEN in world.texts(BEN, is_looking=True), "what was handed over is not in the shared folder")
    go_on(world, ANA, _of_both(world) | ({WRITTEN} if is_there else set()))


def after_adding_privately(world: World, done: Done) -> None:
    """What was acknowledged is there, what was refused is not, and the next one is saved."""
    is_there = _is_added(world, done)
    world.must(ANA, "note", "the next", "--private")
    expected = world.facts.texts[ANA] | {"the next"} | ({WRITTEN} if is_there else set())
    require(set(world.texts(ANA)) == expected, "the next one changes what is shown")
    examined(world, ANA)
    world.require_one_history()


def _is_added(world: World, done: Done) -> bool:
    """Return whether it stands there; fail where it does not although that was said, or does although not."""
    before = world.facts.texts[ANA]
    shown = set(world.texts(ANA))
    is_told = any(line.startswith("saved ") for line in done.lines)
    require(before <= shown, f"lost: {sorted(before - shown)}")
    require(shown <= before | {WRITTEN}, f"invented: {sorted(shown - before)}")
    require(not is_told or WRITTEN in shown, "an acknowledged entry is lost")
    require("nothing was saved" not in done.err or is_told or WRITTEN not in shown, "what was refused stands there")
    return WRITTEN in shown


def after_sending(world: World, done: Done) -> None:
    """What both had stays; what was said to be out is in the shared folder; the rest follows."""
    _require_kept(world)
    both = _of_both(world)
    printed = done.document()
    if printed.get("published_files") and printed.get("drive") == "ok":
        lacking = both - set(world.texts(BEN, is_looking=True))
        require(not lacking, f"said to be out, and is not: {sorted(lacking)}")
    go_on(world, ANA, both)


def after_receiving(world: World, done: Done) -> None:
    """What both had stays; what was said to be here is, without another look into the folder; the rest follows."""
    _require_kept(world)
    if done.document().get("received_ops"):
        lacking = _of_both(world) - set(world.texts(BEN))
        require(not lacking, f"said to have come, and is not here: {sorted(lacking)}")
    go_on(world, BEN, _of_both(world))


def _require_kept(world: World) -> None:
    for who in (ANA, BEN):
        lost = world.facts.texts[who] - set(world.texts(who))
        require(not lost, f"{who} lost {sorted(lost)}")


def _of_both(world: World) -> set[str]:
    return {text for texts in world.facts.texts.values() for text in texts if "herself" not in text}


# --- two who are about to share one ---


def after_pairing(world: World, done: Done) -> None:
    """Two patient people come to share one journal, with all that they wrote, whatever was struck."""
    printed = done.document().get("words")
    known = " ".join(printed) if isinstance(printed, list) else ""
    given, invites = world.facts.words or known, 0
    for _ in range(ROUNDS):
        hers, his = _standing(world, ANA), _standing(world, BEN)
        if hers.get("has_joined") and his.get("has_joined"):
            break
        if hers.get("partner") is None and (hers.get("pairing") is None or not given or known):
            invites += hers.get("pairing") is None
            given = _invite(world)
            require(known in ("", given), "the words that were printed are not those of the invite that is open")
            known = ""
        if his.get("partner") is None and his.get("pairing") is None:
            own = [] if his else ["--name", "Ben", "--no-passphrase"]
            world.must(BEN, "join", world.drive, "--no-wait", *own, said=given, codes=(0, 1, 13))
        for who in (ANA, BEN, ANA):
            world.must(who, "accept", "--yes", "--no-wait", codes=(0, 1))
        world.must(BEN, "sync")
    else:
        raise AssertionError("two patient people did not come to share a journal")
    require(invites <= 1, f"{invites} invites were needed")
    _require_one_journal(world)


def _standing(world: World, who: str) -> dict[str, object]:
    """Return how things stand; nothing where there is no journal."""
    return world.must(who, "status", "--json", codes=(0, 10)).document()


def _invite(world: World) -> str:
    printed = world.must(ANA, "invite", world.drive, "--json", "--share-existing").document()["words"]
    assert isinstance(printed, list)
    return " ".join(printed)


def _require_one_journal(world: World) -> None:
    for who in (ANA, BEN):
        world.must(who, "sync")
    books = {path.split("/")[0] for path in world.published() if path.endswith("/book.cj")}
    require(len(books) == 1, f"{len(books)} books lie in the shared folder")
    go_on(world, BEN, _of_both(world))


def after_beginning(world: World, done: Done) -> None:
    """There is a journal, or there is none and a new try makes one."""
    if done.code == 0 or any("is ready" in line for line in done.lines):
        require(world.has_journal(ANA), "it was said to be ready, and is not there")
    if not world.has_journal(ANA):
        world.must(ANA, "init", "--name", "Ana", "--no-passphrase")
    world.must(ANA, "note", "the first", "--private")
    require(world.texts(ANA) == ["the first"], "the first entry is not there alone")
    examined(world, ANA)


def _words(world: World) -> str:
    return world.facts.words


COMMANDS = [
    Command("add", "couple", ANA, lambda _: ["note", WRITTEN, "--shared"], after_adding),
    Command("add alone", "couple", ANA, lambda _: ["note", WRITTEN, "--private"], after_adding_privately),
    Command("sync out", "unsent", ANA, lambda _: ["sync", "--json"], after_sending),
    Command("sync in", "sent", BEN, lambda _: ["sync", "--json"], after_receiving),
    Command("sync that merges", "backlog", ANA, lambda _: ["sync", "--json"], after_sending),
    Command("init", "nothing", ANA, lambda _: ["init", "--name", "Ana", "--no-passphrase"], after_beginning),
    Command("invite", "alone", ANA, lambda w: ["invite", w.drive, "--json", "--share-existing"], after_pairing),
    Command(
        "join", "invited", BEN,
        lambda w: ["join", w.drive, "--name", "Ben", "--no-passphrase", "--no-plugins", "--no-wait"], after_pairing,
        said=_words,
        codes=(0, 1, 3, 13),
    ),
    Command("accept (joiner)", "answered", BEN, lambda _: ["accept", "--yes", "--no-wait"], after_pairing),
    Command("accept (inviter)", "confirmed", ANA, lambda _: ["accept", "--yes"], after_pairing),
    Command("sync that ends a joining", "accepted", BEN, lambda _: ["sync"], after_pairing),
]  # fmt: skip
