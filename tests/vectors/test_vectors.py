"""Each vector, read by couplejournal and by the second implementation; and the one reads what the other writes."""

from __future__ import annotations

import ast
from collections import Counter
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vectors import reading, reference
from vectors.making import worlds
from vectors.making.members import LACK, Case
from vectors.textform import FOLDER, OUTCOMES, Vector, load, names

from couplejournal.model.kinds import Note
from couplejournal.ops import codec, words
from couplejournal.ops.membership import KeyOp, Membership
from couplejournal.seal import answers, boxes, segments, wraps
from couplejournal.seal.epochs import KeyProofs
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import NotYetError, padded_size
from couplejournal.testing.pairs import keys_of, meet, pair, root_of

HERE = Path(__file__).parent
NAMES = list(names())
KINDS = sorted({name.partition("/")[0] for name in NAMES})
CHANGES = ("intake", "members", "epochs", "roots")
"""Kinds whose files are taken one by one: their expectation is about what follows, and stands in other headers."""


def answer(vector: Vector, side: str, folder: Path) -> tuple[str, reading.Found]:
    """Return the outcome of one reader, and what it found."""
    name = {"safety-number": "safety"}.get(vector.kind, vector.kind).replace("-", "_")
    reader = getattr(reading, f"{side}_{name}")
    folder = folder / vector.name
    return reading.outcome(partial(reader, folder=folder) if reader is reading.ours_keystore else reader, vector)


def disagreement(vector: Vector, folder: Path) -> str:
    """Return in a line what is not as the vector says; empty where all is."""
    expected = "accept" if vector.kind in CHANGES else vector.expect
    ours, theirs = (answer(vector, side, folder) for side in ("ours", "theirs"))
    if (ours[0], theirs[0]) != (expected, expected):
        return f"{vector.kind}/{vector.name}: {expected} expected, {ours[0]} by ours, {theirs[0]} by the second"
    right = {header: sorted(vector.all(header)) for header in ours[1] if vector.all(header)}
    right |= {header: [vector.part(header[1:]).hex()] for header in ours[1] if header.startswith("=")}
    told = {header: sorted(ours[1][header]) for header in right}
    return "" if ours[1] == theirs[1] and told == right else f"{vector.kind}/{vector.name}: {ours[1]} {theirs[1]}"


@pytest.mark.parametrize("kind", KINDS)
def test_both_readers_find_what_is_expected(kind: str, tmp_path: Path) -> None:
    """F1, F3, F9, F12, M2, M4, M5, M6, M8, M11, M17: each vector has the outcome that it names, in both readers."""
    vectors = [load(name) for name in NAMES if name.startswith(f"{kind}/")]
    assert [wrong for vector in vectors if (wrong := disagreement(vector, tmp_path))] == []


def test_there_are_enough_and_most_are_negative() -> None:
    """150 vectors or more, four fifths of them negative, all well formed, in less than 3 MB."""
    outcomes = Counter(load(name).expect for name in NAMES)
    assert set(outcomes) <= set(OUTCOMES)
    assert len(NAMES) >= 150
    assert outcomes["accept"] * 5 <= len(NAMES)
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 3_000_000
    for name in NAMES:
        assert load(name).written() == (FOLDER / f"{name}.txt").read_text("utf-8")
        assert load(name).comment


def test_the_second_implementation_is_small_and_on_its_own() -> None:
    """One file of less than 600 lines that imports the standard library and `cryptography`, and nothing of ours."""
    source = (HERE / "reference.py").read_text("utf-8")
    assert len(source.splitlines()) < 600
    roots = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            roots.add((node.module or "").partition(".")[0])
    ours = {"couplejournal", "couplejournal_plugins", "vectors", "msgspec", "mnemonic"}
    assert "cryptography" in roots
    assert not roots & ours
    assert "__import__" not in source
    assert "import_module" not in source


def test_files_that_are_too_large_to_keep() -> None:
    """F5: a segment beyond 4 MiB and an operation beyond the limit are refused by both."""
    own, theirs = keys_of("ana"), _theirs("ana")
    huge = reference.segment(theirs, bytes(32), bytes(16), [worlds.op("lack", {"epochs": [], "x": bytes(4 << 20)})])
    long = reference.segment(theirs, bytes(32), bytes(16), [worlds.op("lack", {"epochs": [], "x": bytes(1_114_100)})])
    for data in (huge, long):
        vector = Vector("segment", "large", "refused", "", (("sign", own.public.sign.hex()),), (("segment", data),))
        for reader in (reading.ours_segment, reading.theirs_segment):
            assert reading.outcome(reader, vector) == ("refused", {})


# --- what one writes, the other reads ---------------------------------------------------------------------------------

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40) | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=9), inner, max_size=20),
    max_leaves=12,
)  # fmt: skip


def _theirs(name: str) -> reference.Key:
    own = keys_of(name)
    return reference.Key(own.sign_seed, own.kem_seed)


@given(plain)
def test_both_encode_alike(value: object) -> None:
    """F7: one value has one encoding, and both make it."""
    data = codec.encode(value)
    assert reference.pack(value) == data
    assert reference.unpack(data) == value


@given(st.binary(max_size=60))
def test_both_take_the_same_msgpack(data: bytes) -> None:
    """F7: whatever one takes as the fields of an operation, the other does."""
    frame = b"\x95\xa3end\xc3\xc4\x10" + bytes(16) + b"\x92\x00\x00"
    vector = Vector("operation", "any", "", "", (("stream", "word"),), (("operation", frame + data),))
    assert reading.outcome(reading.ours_operation, vector) == reading.outcome(reading.theirs_operation, vector)


@given(st.binary(max_size=40_000), st.binary(max_size=50))
def test_boxes_both_ways(text: bytes, context: bytes) -> None:
    """F2: what one seals the other opens, whole; no other context does."""
    key = bytes(range(32))
    assert reference.unbox(key, context, boxes.seal_box(key, context, text)) == text
    assert boxes.open_box(key, context, reference.Box(key, context, text)) == text
    with pytest.raises(reference.OutcomeError):
        reference.unbox(key, context + b"x", boxes.seal_box(key, context, text))


@given(st.integers(0, 5_000_000), st.sampled_from([1024, 4096]))
def test_padding_is_the_same(size: int, floor: int) -> None:
    """Both pad to the same size, which is one of its own."""
    want = padded_size(size + 4, floor_bytes=floor)
    assert len(reference.padded(bytes(size % 20_000), floor)) == padded_size(size % 20_000 + 4, floor_bytes=floor)
    assert padded_size(want, floor_bytes=floor) == want


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.binary(max_size=99))
@settings(max_examples=10)
def test_keys_and_wraps_both_ways(sign: bytes, kem: bytes, info: bytes) -> None:
    """From the same seeds both make the same keys, and each opens what the other wraps."""
    ours, theirs = KeyPair(sign, kem), reference.Key(sign, kem)
    assert (ours.public.raw, ours.id) == (theirs.keys, theirs.id)
    assert reference.unwrap(wraps.wrap(kem, ours.public.kem, info), theirs, info) == kem
    assert wraps.unwrap(reference.wrap(kem, theirs.keys, info), ours, info) == kem


@given(st.lists(st.text(max_size=3000), min_size=1, max_size=5), st.integers(1, 1000))
@settings(max_examples=25)
def test_segments_both_ways(texts: list[str], first: int) -> None:
    """F6: what one seals the other opens: the same operations, the same links."""
    own, theirs, book, k = keys_of("ana"), _theirs("ana"), bytes(32), bytes(range(32))
    ops = [worlds.note(text, at) for at, text in enumerate(texts)]
    prev = worlds.seed("link")
    where = {"first": first, "prev": prev, "epoch": b"e" * 16}
    made = segments.seal_words(own, k, book=book, stream=bytes(16), ops=ops, **where)  # type: ignore[arg-type]
    _, read, links = reference.open_segment(made.sealed.data, theirs.keys[:32], k)
    assert ([op.fields["fields"]["text"] for op in read], links) == (texts, list(made.links))
    data = reference.segment(theirs, book, bytes(16), ops, key=k, **where)  # type: ignore[arg-type]
    opened = segments.verify_words(segments.parse(data), own.public.sign, k)
    assert (opened.ops, opened.links) == (tuple(ops), made.links)


@given(st.integers(0, 2000), st.integers(1, 255))
def test_no_flip_gets_past_either(at: int, flip: int) -> None:
    """F9: a byte that is changed anywhere in a segment stops both in the same way."""
    whole = load("segment/words")
    data = bytearray(whole.part("segment"))
    data[at % len(data)] ^= flip
    vector = Vector("segment", "flipped", "", "", whole.headers, (("segment", bytes(data)),))
    ours, theirs = (reading.outcome(one, vector) for one in (reading.ours_segment, reading.theirs_segment))
    assert ours == theirs
    assert ours[0] != "accept"


@given(st.text(max_size=6000), st.text(min_size=1, max_size=60))
@settings(max_examples=25)
def test_answers_both_ways(text: str, prompt: str) -> None:
    """What one seals as an answer the other opens with the key that was wrapped, and with no other prompt."""
    own, theirs, key, person = keys_of("ana"), _theirs("ana"), bytes(range(32)), bytes(16)
    place = answers.Place(bytes(32), prompt, person)
    made = answers.seal_answer(text, place, key=key, recipients={own.id: own.public.kem})
    info = reference.answer_info(bytes(32), prompt, person, made.sealed, own.id)
    assert reference.unwrap(dict(made.wraps)[own.id], theirs, info) == key
    assert reference.open_answer(bytes(32), prompt, person, made.sealed, key) == text
    assert answers.open_answer(reference.seal_answer(bytes(32), prompt, person, text, key), place, key) == text
    with pytest.raises(reference.OutcomeError):
        reference.open_answer(bytes(32), prompt + "?", person, made.sealed, key)


def test_a_book_that_couplejournal_wrote() -> None:
    """The second implementation reads a whole book of three devices: members, epochs, words."""
    members = pair("ana", "ben", "ana phone", seed="vectors")
    for member in members:
        member.write(f"hello from {member.name}")
        member.revise(member.write("first").id, [], "then")
    meet(members)
    for member in members:
        book = reference.Book(member.book.genesis, reference.Key(member.own.sign_seed, member.own.kem_seed))
        assert set(book.take_all(member.files())) == {"accept"}
        assert book.standings() == {key.id: key.standing for key in member.book.membership.keys.values()}
        said = {(link, op.word) for _, ops, links in book.words for op, link in zip(ops, links, strict=True)}
        assert said == {(op.id, op.word) for op in member.ops()}
    root = root_of("ana")
    saved = reference.Book(members[0].book.genesis, reference.Root(root.kem_seed))
    assert set(saved.take_all(members[1].files())) == {"accept"}


def test_a_book_that_the_second_implementation_wrote() -> None:
    """Couplejournal reads a book that it did not write: a device admitted, an epoch, a note."""
    vector = load("intake/any-order")
    book = reading._ours_filled(vector)
    (note,) = [words.decode_fields(words.Write, op.fields) for op in book.ops_after({}) if op.word == "write"]
    assert msgspec.msgpack.decode(note.fields) == Note("Hello.").to_fields()
    assert len(book.membership.keys) == 5


acts = st.lists(
    st.tuples(st.sampled_from(["admit", "admit", "remove", "doubt", "fork", "hide", "lose"]), *[st.integers(0, 9)] * 3),
    min_size=3,
    max_size=14,
)


@given(acts)
@settings(max_examples=40)
def test_who_belongs_is_the_same_for_both(drawn: list[tuple[str, int, int, int]]) -> None:
    """M9, M10, M12, M13: over random admissions, removals, branches and losses both name the same standings."""
    case = _random_case(drawn)
    book = reference.Book(case.world.genesis)
    book.take_all(case.files)
    held = [node for node in book.nodes.values() if book.holds([node.stream, node.seq, node.link])]
    ops = [KeyOp(node.key, node.stream, node.seq, node.link, reference.pack(list(node.op)), node.prev) for node in held]
    found = Membership.of(book.id, ops[0], ops[::-1], KeyProofs())
    assert {key.id: key.standing for key in found.keys.values()} == book.standings()


def _random_case(drawn: list[tuple[str, int, int, int]]) -> Case:
    """Return a book in which so much happened: who does it, to whom, and where."""
    case = Case()
    pens = [case.ana, case.pen("ben laptop"), case.pen("ana root"), case.pen("ben root")]
    heads: dict[bytes, list[list[object]]] = {pens[0].own.id: [list(case.ana.head())]}
    for act, one, two, three in drawn:
        author = pens[one % len(pens)]
        places = heads.setdefault(author.own.id, [])
        if act == "admit":
            person = worlds.root("ben" if three > 6 else "ana").person if three > 4 else author.person
            pens.append(case.admit(author, f"device {two % 5}", number=three % 2, person=person))
            pens[-1].person = person
            places.append(author.head(1, three % 2))
        elif act == "remove":
            removed = pens[two % len(pens)].own
            pins = heads.get(removed.id, [])[three % 3 :][:2]
            case.add(pens[2 + one % 2].remove((removed, pins)))
        elif act == "doubt" and one % len(pens) > 3:  # it admits, and is removed with a pin that does not come
            pens.append(case.admit(author, f"device {two % 5}"))
            pens[-1].person = author.person
            author.keys(LACK)
            places.append(author.head())
            case.add(pens[2 + three % 2].remove((author.own, [author.head()])))
        elif act == "hide":
            author.keys(LACK)
            places.append(author.head())
        elif act == "fork" and author is not case.ana:
            author.back_to([b"", 0, reference.H("stream", author.own.id, author.stream(1), 1)])
        elif case.files:
            case.files.pop(two % len(case.files))
    return case


def test_a_half_file_is_told_from_a_wrong_one() -> None:
    """F9: at each length of a file that is cut couplejournal says "not yet", and nothing of it comes out."""
    whole = load("segment/words")
    data = whole.part("segment")
    for size in range(0, len(data), 7):
        with pytest.raises(NotYetError):
            reading.ours_segment(Vector("segment", "cut", "", "", whole.headers, (("segment", data[:size]),)))
