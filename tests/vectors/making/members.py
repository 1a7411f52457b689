"""Who belongs: admissions, removals, pins, branches. Each vector names the standing of every key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vectors.making.books import BASE, world
from vectors.making.worlds import Scribe, World, key, op, root, seed
from vectors.reference import DH, Key
from vectors.textform import Vector

LACK = op("lack", {"epochs": []})


class Case:
    """A book that grows, and what is expected of it."""

    def __init__(self) -> None:
        self.world: World = world()
        self.ana = self.world.ana
        self.files: list[bytes] = []

    def pen(self, name: str) -> Scribe:
        """Return the pen of a device or a root."""
        return self.world.scribe(name)

    def add(self, *files: bytes) -> None:
        """Let files come."""
        self.files += files

    def admit(self, by: Scribe, name: str, **more: Any) -> Scribe:
        """Let a device be admitted, and return its pen."""
        pen = self.pen(name)
        self.add(by.admit(pen.own, **more))
        return pen

    def vector(self, name: str, expect: str, comment: str, **standings: str) -> Vector:
        """Return the vector: the founders are live unless they are named, underlines stand for spaces."""
        named = {self.world.names[one.replace("_", " ")]: standing for one, standing in standings.items()}
        every = dict.fromkeys(self.world.everyone, "live") | named
        told = [("base", BASE), *(("key", f"{one.id.hex()} {standing}") for one, standing in every.items())]
        return Vector("members", name, expect, comment, tuple(told), tuple(("file", data) for data in self.files))


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this module."""
    for maker in (_admitted, _not_admitted, _of_both, _removed, _pinned, _not_removed, _undecided, _roots):
        yield from maker()


def _admitted() -> Iterator[Vector]:
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.admit(phone, "ana tablet")
    yield case.vector(
        "by-device", "accept", "a device admits one, and that another", ana_phone="live", ana_tablet="live"
    )
    case = Case()
    case.admit(case.pen("ana root"), "ana phone")
    yield case.vector("by-root", "accept", "the root admits a device, in a key stream of its own", ana_phone="live")
    case = Case()
    case.admit(case.ana, "ana phone")
    case.admit(case.pen("ana root"), "ana phone")
    yield case.vector("twice", "accept", "admitted by two of the same person", ana_phone="live")


def _not_admitted() -> Iterator[Vector]:
    case = Case()
    case.admit(case.ana, "phone of both")
    case.admit(case.pen("ben laptop"), "phone of both")
    yield case.vector("for-both", "no-effect", "admitted for both persons: a device of neither", phone_of_both="void")
    case = Case()
    case.add(case.ana.admit(key("ben laptop")))
    yield case.vector("founder", "no-effect", "a device of the other, whom the genesis names, stays the other's")
    case = Case()
    case.add(case.ana.admit(root("ben")))
    yield case.vector("root", "no-effect", "the root of the other stays the other's")
    case = Case()
    phone = key("ana phone")
    case.add(case.ana.admit(phone, proof=bytes(64)))
    yield case.vector("proof-zero", "no-effect", "an admission without a proof makes nothing known")
    case = Case()
    proof = phone.sign(DH("admit", case.world.id, root("ana").id, phone.keys, case.ana.person))
    case.add(case.ana.admit(phone, proof=proof))
    yield case.vector("proof-for-another", "no-effect", "a proof for another author makes nothing known")
    case = Case()
    case.add(case.ana.admit(phone, keys=(1).to_bytes(32, "little") + phone.keys[32:]))
    yield case.vector("weak", "no-effect", "a weak key is never known")
    case = Case()
    case.add(case.ana.admit(phone, proof=phone.sign(DH("admit", case.world.id, case.ana.own.id, phone.keys))))
    yield case.vector("proof-without-person", "no-effect", "a proof that names no person makes nothing known")
    case = Case()
    case.add(case.ana.admit(phone, person=root("ben").person))
    yield case.vector("for-the-other", "no-effect", "a device admits nobody for the other person")
    case = Case()
    case.add(case.ana.admit(phone, proof=case.ana.admission(phone, root("ben").person)["proof"]))
    yield case.vector("proof-for-the-other", "no-effect", "a proof that names the other person makes nothing known")
    case = Case()
    case.add(case.pen("ben laptop").admit(phone, **case.ana.admission(phone)))
    yield case.vector("copied", "no-effect", "what the phone signed for one, said by a device of the other")
    case = Case()
    case.ana.keys(LACK)
    case.add(case.ana.admit(phone))
    yield case.vector("beyond-a-gap", "no-effect", "an operation before it has not come")
    case = Case()
    persons = [[root("ana").root_keys, phone.keys]]
    found = {"persons": persons, "signatures": [root("ana").founding.sign(DH("found", persons))]}
    case.add(case.ana.keys(op("found", found, 3)))
    yield case.vector("found-later", "no-effect", "a founding that does not stand in the genesis")


def _of_both() -> Iterator[Vector]:
    """A phone of Ana's, whose secret Ben has: it admitted two devices for her, and Ben has it admitted for himself."""

    def begun() -> tuple[Case, Scribe, Scribe, list[Any]]:
        case = Case()
        phone, ben = case.admit(case.ana, "ana phone"), case.pen("ben laptop")
        case.admit(phone, "ana tablet")
        pin = phone.head()
        case.admit(phone, "ana watch")
        case.add(ben.admit(phone.own))
        return case, phone, ben, pin

    case, phone, _, _ = begun()
    live = {"ana_tablet": "live", "ana_watch": "live"}
    names = {"ana_phone": "void", **live}
    yield case.vector("for-both-onward", "no-effect", "what it admitted for its person stays", **names)
    case.files.reverse()
    yield case.vector("for-both-turned", "no-effect", "the same in another order", **names)
    case.files.reverse()
    case.add(phone.admit(case.pen("ben watch").own, person=root("ben").person))
    names |= {"ben_watch": "live"}
    yield case.vector("for-both-each", "accept", "each that it admits is of the person whom it named", **names)
    case.add(case.pen("ben root").remove((phone.own, [])))
    names |= {"ana_phone": "removed", "ben_watch": "void"}
    yield case.vector("for-both-removed-by-other", "no-effect", "the other's root ends nothing of hers", **names)
    case, phone, ben, pin = begun()
    case.add(case.pen("ana root").remove((phone.own, [pin])))
    names = {"ana_phone": "removed", "ana_tablet": "live", "ana_watch": "void"}
    yield case.vector("for-both-removed", "no-effect", "her own root ends it where the pin says", **names)
    case.admit(ben, "ana watch")
    case.admit(case.pen("ana root"), "ana watch")
    yield case.vector("for-both-again", "no-effect", "one that fell, claimed by the other, does not come back", **names)
    case = Case()
    pen = case.admit(case.pen("ben laptop"), "ben phone")
    phone = case.admit(case.ana, "ana phone")
    case.add(pen.admit(phone.own, person=root("ana").person), pen.admit(key("thief"), person=root("ana").person))
    names = {"ana_phone": "live", "ben_phone": "live"}
    yield case.vector("for-hers-by-his", "no-effect", "a device of the other's admits nobody for her", **names)


def _removed() -> Iterator[Vector]:
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.add(case.pen("ana root").remove((phone.own, [])))
    yield case.vector("removed", "accept", "the root removes a device", ana_phone="removed")
    case.files.reverse()
    yield case.vector("removed-turned", "accept", "the removal comes before the admission", ana_phone="removed")
    case.admit(case.ana, "ana phone")
    yield case.vector("removed-admitted-again", "no-effect", "a removed key is never live again", ana_phone="removed")
    case = Case()
    case.add(case.pen("ana root").remove((case.ana.own, [])))
    yield case.vector("removed-founder", "accept", "the first device, too", ana_laptop="removed")
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.admit(phone, "ana tablet")
    case.admit(case.pen("ana tablet"), "ana watch")
    case.add(case.pen("ana root").remove((phone.own, [])))
    names = {"ana_phone": "removed", "ana_tablet": "void", "ana_watch": "void"}
    yield case.vector("removed-with-all", "accept", "what it admitted falls with it, and what that admitted", **names)


def _pinned() -> Iterator[Vector]:
    def begun() -> tuple[Case, Scribe, list[Any]]:
        case = Case()
        phone = case.admit(case.ana, "ana phone")
        case.admit(phone, "ana tablet")
        return case, phone, phone.head()

    case, phone, pin = begun()
    case.admit(phone, "thief one")
    case.add(case.pen("ana root").remove((phone.own, [pin])))
    names = {"ana_phone": "removed", "ana_tablet": "live", "thief_one": "void"}
    yield case.vector("pinned", "accept", "what was admitted up to the pin stays, what came later falls", **names)
    case, phone, pin = begun()
    case.add(phone.admit(key("thief one"), number=1))
    case.pen("thief one")
    case.add(case.pen("ana root").remove((phone.own, [pin])))
    yield case.vector("pinned-other-stream", "accept", "a stream that no pin names is ended at its beginning", **names)
    case, phone, pin = begun()
    start = [pin[0], 0, b""]
    case.admit(phone, "ana watch")
    later = phone.head()
    roots = case.pen("ana root")
    case.add(roots.remove((phone.own, [later])), roots.remove((phone.own, [pin])))
    names = {"ana_phone": "removed", "ana_tablet": "live", "ana_watch": "void"}
    yield case.vector("pinned-twice", "accept", "of two removals both must accept", **names)
    case, phone, pin = begun()
    stranded = Scribe(case.world.id, phone.own, "ana phone")
    case.add(stranded.admit(case.pen("ana watch").own))
    assert start
    case.add(case.pen("ana root").remove((phone.own, [pin])))
    yield case.vector("pinned-branch", "accept", "of two histories the pin names one", **names)
    case, phone, pin = begun()
    stranded = Scribe(case.world.id, phone.own, "ana phone")
    case.add(stranded.admit(case.pen("ana watch").own))
    names = {"ana_phone": "live", "ana_tablet": "live", "ana_watch": "live"}
    yield case.vector("branches", "accept", "of two histories both count, as long as nobody removes", **names)
    case.add(case.pen("ana root").remove((phone.own, [pin, stranded.head()])))
    names["ana_phone"] = "removed"
    yield case.vector("pinned-branches", "accept", "two pins accept two histories", **names)


def _not_removed() -> Iterator[Vector]:
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.add(case.ana.remove((phone.own, [])))
    yield case.vector("by-device-removed", "no-effect", "a device removes nobody", ana_phone="live")
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.add(case.pen("ben root").remove((phone.own, []), (case.ana.own, [])))
    yield case.vector("by-others-root-removed", "no-effect", "the other's root removes nobody here", ana_phone="live")
    case = Case()
    case.add(case.pen("ben laptop").remove((case.ana.own, [])))
    yield case.vector("by-others-device-removed", "no-effect", "the other's device removes nobody")
    case = Case()
    case.add(case.pen("ana root").remove((root("ana"), [])))
    yield case.vector("root-removed", "no-effect", "a root is always live")
    case = Case()
    case.add(case.pen("ana root").remove((key("nobody"), [])))
    yield case.vector("unknown-removed", "no-effect", "a key that nobody knows stays unknown")
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    roots = case.pen("ana root")
    roots.keys(LACK)
    case.add(roots.remove((phone.own, [])))
    yield case.vector(
        "gap-before-removal", "no-effect", "an operation before the removal has not come", ana_phone="live"
    )


def _undecided() -> Iterator[Vector]:
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.admit(phone, "ana tablet")
    case.admit(case.pen("ana tablet"), "ana watch")
    phone.keys(LACK)  # pinned, and not here
    case.add(case.pen("ana root").remove((phone.own, [phone.head()])))
    names = {"ana_phone": "removed", "ana_tablet": "undecided", "ana_watch": "undecided"}
    yield case.vector("pin-not-held", "no-effect", "what lies before a pin that is not held is undecided", **names)
    case.admit(case.ana, "ana tablet")
    names |= {"ana_tablet": "live", "ana_watch": "live"}
    yield case.vector("pin-not-held-otherwise", "accept", "another admission decides it", **names)
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.admit(phone, "ana tablet")
    pin = phone.head()
    case.admit(phone, "ana watch")
    phone.keys(LACK)
    roots = case.pen("ana root")
    case.add(roots.remove((phone.own, [phone.head()])), roots.remove((phone.own, [pin])))
    names = {"ana_phone": "removed", "ana_tablet": "undecided", "ana_watch": "void"}
    yield case.vector(
        "one-no-is-enough", "no-effect", "a removal that refuses decides, whatever another waits for", **names
    )
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.admit(phone, "ana tablet")
    case.add(case.pen("ana root").remove((phone.own, [[phone.stream(1), 1, seed("link")]])))
    names = {"ana_phone": "removed", "ana_tablet": "undecided"}
    yield case.vector("pin-of-another-history", "no-effect", "a pinned link that nobody has shown", **names)
    case = Case()
    phone = case.admit(case.ana, "ana phone")
    case.admit(phone, "ana tablet")
    case.add(case.pen("ana root").remove((phone.own, [[seed("stream", 16), 1, phone.head()[2]]])))
    names = {"ana_phone": "removed", "ana_tablet": "void"}
    yield case.vector("pin-of-another-stream", "no-effect", "a pin of a stream that this is not", **names)


def _roots() -> Iterator[Vector]:
    def vector(name: str, expect: str, comment: str, case: Case, roots: Sequence[Sequence[Any]]) -> Vector:
        data = case.ana.new_epoch([case.ana.own], roots=roots)
        one = case.vector(name, expect, comment)
        holds = ("holds-roots", f"{case.ana.head()[2][:16].hex()} {'yes' if expect == 'accept' else 'no'}")
        told = (one.headers[0], ("outcomes", " ".join(["accept"] * (len(one.parts) + 1))), holds)
        return Vector("roots", name, expect, comment, told, (*one.parts, ("file", data)))

    def removed(*, is_held: bool = True) -> tuple[Case, list[Any]]:
        case = Case()
        phone: Key = case.admit(case.ana, "ana phone").own
        pen = case.pen("ana root")
        data = pen.remove((phone, []))
        if is_held:
            case.add(data)
        return case, pen.head()

    yield vector("none", "accept", "an epoch from before any removal", Case(), [])
    case, head = removed()
    yield vector("held", "accept", "an epoch that names a removal which is here", case, [head])
    case, head = removed(is_held=False)
    yield vector("not-held", "no-effect", "an epoch that names a removal which has not come", case, [head])
    case, head = removed()
    yield vector(
        "one-of-two", "no-effect", "of two removals one has not come", case, [head, [seed("s", 16), 1, seed("l")]]
    )
    case, head = removed()
    yield vector("another-number", "no-effect", "a place that does not exist", case, [[head[0], 2, head[2]]])
    case, head = removed()
    yield vector("another-stream", "no-effect", "a link of another stream", case, [[seed("s", 16), head[1], head[2]]])
    case, head = removed()
    yield vector("another-link", "no-effect", "a link that nobody has shown", case, [[head[0], head[1], seed("link")]])
