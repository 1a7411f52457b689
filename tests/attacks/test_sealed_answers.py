"""A partner who wants to read first, to be bound to nothing, or to be answered for nothing (attacks 39 to 41)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import couplejournal as cj
from couplejournal.book import Book, Draft
from couplejournal.errors import InvalidEntryError, NoSuchEntryError
from couplejournal.journal import Journal
from couplejournal.ops import codec, words
from couplejournal.ops.op import Op
from couplejournal.seal.answers import Place, key_of, seal_answer
from couplejournal.seal.keys import KeyPair, Root
from couplejournal.seal.recovery import words_of
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.leaks import Needles

PROMPT = "what I never told you"
SECRET = "that I read the letter under the stairs"
KEY = b"k" * 32


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana, who is honest, and Ben, whose device writes what it likes."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk())
    yield made
    made.close()


def book_of(journal: Journal) -> Book:
    """Return the shared book."""
    assert journal.device.shared is not None
    return journal.device.shared


def ops_of(journal: Journal, word: str) -> list[Op]:
    """Return the operations of a word that a device holds, opened."""
    return [op for op in book_of(journal).ops_after({}) if op.word == word]


def keys_of(journal: Journal) -> list[KeyPair]:
    """Return every key of one's own that a device has: that of the shared book, and the root."""
    secrets = journal.device.secrets
    assert secrets.root_seed is not None
    return [*(KeyPair(one.sign_seed, one.kem_seed) for one in secrets.books), Root(secrets.root_seed)]


def forged(journal: Journal, text: str, *, prompt: str = PROMPT, until: int = 0) -> words.Seal:
    """Return an answer of this person's under a key that the test knows."""
    place = Place(book_of(journal).id, prompt, book_of(journal).person)
    return seal_answer(text, place, key=KEY, recipients={}, until=until)


def write(journal: Journal, word: str, fields: msgspec.Struct) -> Op:
    """Write an operation past every rule."""
    return book_of(journal).append([Draft(word, fields)])[0]


def shown(journal: Journal) -> list[str]:
    """Return what a person sees of all that was sealed."""
    return [entry.text for entry in journal.entries(kind="answer")]


def released(journal: Journal) -> list[words.Release]:
    """Return the releases that a device itself wrote."""
    own = book_of(journal).own_key
    return [words.decode_fields(words.Release, op.fields) for op in ops_of(journal, "release") if op.key == own]


def test_39_no_text_before_one_has_sealed(tmp_path: Path) -> None:
    """Attack 39: with all that lies on a device and all its keys, nothing of the other's sealed answer can be read."""
    ana, ben = couple = pair(tmp_path)
    ana.answers.seal(PROMPT, SECRET)
    couple.sync()
    needles = Needles.of([SECRET])
    held = b"".join(op.fields for op in book_of(ben).ops_after({}))
    assert PROMPT.encode() in held  # the prompt is no secret between the two
    assert needles.search_bytes(held) == []
    assert needles.search([couple.folder]) == []  # nor in any file of either of them
    [op] = ops_of(ben, "seal")
    seal = words.decode_fields(words.Seal, op.fields)
    place = Place(book_of(ben).id, PROMPT, book_of(ana).person)
    for person in (book_of(ana).person, book_of(ben).person):
        mine = msgspec.structs.replace(place, person=person)
        assert (
            key_of(
                seal.sealed, mine, [(pair.id, wrap) for pair in keys_of(ben) for _, wrap in seal.wraps], keys_of(ben)
            )
            is None
        )
    assert key_of(seal.sealed, place, seal.wraps, keys_of(ana)) is not None
    assert shown(ben) == []
    assert list(ben.entries(text="letter")) == []
    assert ben.answers.of(PROMPT).their_texts == ()


def test_39_no_length_beyond_its_bucket(couple: Couple) -> None:
    """Attack 39: answers of 1 to 4,000 bytes are files and operations of one size; a longer one shows its bucket."""
    ana, ben = couple
    texts = ["x", "a few words", "ä" * 2000, "x" * 4000, "x" * 4300]
    for number, text in enumerate(texts):
        ana.answers.seal(f"prompt {number}", text)
        couple.sync()
    sizes = [len(op.fields) for op in ops_of(ben, "seal")]
    assert len(set(sizes[:4])) == 1
    assert sizes[4] - sizes[0] == 256  # of 4,096 to 8,192 bytes Padmé makes sixteen sizes
    first, last = (op.seq for op in (ops_of(ben, "seal")[0], ops_of(ben, "seal")[3]))
    files = [held for held in book_of(ben).held() if held.stream == ops_of(ben, "seal")[0].stream]
    assert len({held.size_bytes for held in files if first <= held.first <= last}) == 1


def wrong_key(ana: Op, ben: Op, _: Journal) -> words.Release:
    """A key that opens nothing."""
    return words.Release(seal=ben.id, key=b"w" * 32, other=ana.id)


def short_key(ana: Op, ben: Op, _: Journal) -> words.Release:
    """A key that is none."""
    return words.Release(seal=ben.id, key=b"", other=ana.id)


def other_prompt(_: Op, ben: Op, journal: Journal) -> words.Release:
    """An answer of Ana's to another prompt."""
    elsewhere = [op for op in ops_of(journal, "seal") if words.decode_fields(words.Seal, op.fields).prompt != PROMPT]
    return words.Release(seal=ben.id, key=KEY, other=elsewhere[0].id)


def own_seal(_: Op, ben: Op, journal: Journal) -> words.Release:
    """An answer of one's own."""
    second = write(journal, "seal", forged(journal, "hills"))
    return words.Release(seal=ben.id, key=KEY, other=second.id)


def seal_of_the_other(ana: Op, ben: Op, _: Journal) -> words.Release:
    """Ana's answer, as if it were one's own."""
    return words.Release(seal=ana.id, key=KEY, other=ben.id)


WRONG = [wrong_key, short_key, other_prompt, own_seal, seal_of_the_other]


@pytest.mark.parametrize("wrongly", WRONG)
def test_40_a_wrong_release(wrongly: Callable[[Op, Op, Journal], words.Release], couple: Couple) -> None:
    """Attack 40, F24: a wrong key, prompt or seal, one's own or the other's: "invalid release", nothing shown."""
    ana, ben = couple
    ana.answers.seal("elsewhere", "sun")
    ana.answers.seal(PROMPT, SECRET, until="2026-09-22T00:00Z")
    couple.sync()
    hers = ops_of(ben, "seal")[-1]
    his = write(ben, "seal", forged(ben, "mountains"))
    couple.systems[0].advance(86_400)  # so that Ana does not open first, for an answer that looks right
    write(ben, "release", wrongly(hers, his, ben))
    couple.sync()
    now = ana.answers.of(PROMPT)
    assert (now.invalid, now.mine, shown(ana), shown(ben)) == (1, "sealed", [], [])
    assert released(ana) == []
    write(ben, "release", words.Release(seal=his.id, key=KEY, other=hers.id))
    couple.sync()
    assert sorted(shown(ana)) == sorted(shown(ben)) == ["mountains", SECRET]


def test_40_a_box_that_opens_to_no_text(couple: Couple) -> None:
    """Attack 40: junk that was sealed properly is never shown, and Ana learns that it is no answer."""
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    couple.sync()
    hers = ops_of(ben, "seal")[0]
    junk = msgspec.structs.replace(forged(ben, "x"), sealed=bytes(4168))
    his = write(ben, "seal", junk)
    write(ben, "release", words.Release(seal=his.id, key=KEY, other=hers.id))
    couple.sync()
    assert ana.answers.of(PROMPT).invalid == 1
    assert ana.answers.of(PROMPT).theirs == "closed"
    assert shown(ana) == []


def test_40_the_others_box_as_ones_own(couple: Couple) -> None:
    """Attack 40: Ana's own box, handed back as Ben's answer, opens to nothing: a box knows whose it is."""
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    couple.sync()
    hers = ops_of(ben, "seal")[0]
    mirrored = write(ben, "seal", words.decode_fields(words.Seal, hers.fields))
    couple.sync()
    [opened] = released(ana)
    write(ben, "release", words.Release(seal=mirrored.id, key=opened.key, other=hers.id))
    couple.sync()
    assert ana.answers.of(PROMPT).their_texts == ()
    assert ana.answers.of(PROMPT).invalid == 1


def test_40_a_second_release(couple: Couple) -> None:
    """Attack 40: a second release of one answer, the same or naming another of Ana's, adds nothing."""
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    couple.sync()
    ben.answers.seal(PROMPT, "mountains")
    couple.sync()
    [first] = released(ben)
    second = write(ana, "seal", forged(ana, "never meant for him"))
    couple.sync()
    before = [entry.id for entry in ana.entries()]
    for other in (first.other, second.id):
        write(ben, "release", msgspec.structs.replace(first, other=other))
    write(ben, "release", msgspec.structs.replace(first, key=b"w" * 32))
    couple.sync()
    assert [entry.id for entry in ana.entries()] == [entry.id for entry in ben.entries()] == before
    assert len(released(ana)) == 1


def test_40_two_answers_of_one(couple: Couple) -> None:
    """Attack 40, F25: of two answers of Ben's the one that Ana's release names counts, the other is shown as closed."""
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    nice, nasty = (write(ben, "seal", forged(ben, text)) for text in ("I love you", "and I knew it"))
    couple.sync()
    [opened] = released(ana)
    assert opened.other == nice.id
    hers = ops_of(ben, "seal")[0] if ops_of(ben, "seal")[0].key != nice.key else ops_of(ben, "seal")[-1]
    write(ben, "release", words.Release(seal=nasty.id, key=KEY, other=hers.id))
    couple.sync()
    now = ana.answers.of(PROMPT)
    assert (now.theirs, now.their_texts, now.closed) == ("closed", (), 2)
    write(ben, "release", words.Release(seal=nice.id, key=KEY, other=hers.id))
    couple.sync()
    now = ana.answers.of(PROMPT)
    assert (now.theirs, now.their_texts, now.closed) == ("open", ("I love you",), 1)


def test_40_the_only_device_is_lost(tmp_path: Path) -> None:
    """Attack 40: sealed, the only device lost, recovered with the words: the answer is released all the same."""
    couple = pair(tmp_path, disk=lambda _: MemoryDisk())
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    ana.answers.seal("later", "the sea")
    couple.sync()
    seed = ana.device.secrets.root_seed
    assert seed is not None
    couple.journals.remove(ana)
    ana.close()
    ben.answers.seal(PROMPT, "mountains")
    couple.sync()
    found = cj.recover(couple.drive, words_of(seed), passphrase=cj.NO_PASSPHRASE, home=tmp_path / "new")
    couple.journals.append(found)
    couple.sync()
    ben.answers.seal("later", "a hut")
    couple.sync()
    assert sorted(shown(ben)) == sorted(shown(found)) == sorted([SECRET, "mountains", "the sea", "a hut"])


def revision(ana: Journal, hers: Op) -> None:
    """Give the answer another text, as if it were an entry."""
    fields = msgspec.Raw(codec.encode({"prompt": PROMPT, "text": "nothing at all"}))
    write(ana, "revise", words.Revise(entry=hers.id, after=[hers.id], fields=fields))


def second_answer(ana: Journal, _: Op) -> None:
    """Seal another one, and open that."""
    second = write(ana, "seal", forged(ana, "nothing at all"))
    his = next(op for op in ops_of(ana, "seal") if op.key != second.key)
    write(ana, "release", words.Release(seal=second.id, key=KEY, other=his.id))


def withdrawn_and_anew(ana: Journal, hers: Op) -> None:
    """Take the first one back, and seal another one."""
    write(ana, "withdraw", words.Withdraw(seal=hers.id))
    second_answer(ana, hers)


def plain_entry(ana: Journal, _: Op) -> None:
    """Write an entry that calls itself an answer."""
    fields = msgspec.Raw(codec.encode({"prompt": PROMPT, "text": "nothing at all"}))
    write(ana, "write", words.Write(kind="answer", schema=1, happened=(1, 0, "instant"), fields=fields))


@pytest.mark.parametrize("edit", [revision, second_answer, withdrawn_and_anew, plain_entry])
def test_41_an_answer_is_not_edited(edit: Callable[[Journal, Op], None], couple: Couple) -> None:
    """Attack 41: after the partner sealed and opened, no other text of the same person becomes the answer."""
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    couple.sync()
    ben.answers.seal(PROMPT, "mountains")
    ben.sync()  # which opens his for hers
    hers = next(op for op in ops_of(ana, "seal") if op.key == book_of(ana).own_key)
    theirs = [book_of(ben).read(held.path) for held in book_of(ben).held()]
    book_of(ana).take(theirs)
    edit(ana, hers)
    couple.sync()
    assert "nothing at all" not in shown(ben)
    assert "nothing at all" not in ben.answers.of(PROMPT).their_texts
    if edit is not withdrawn_and_anew:
        assert sorted(shown(ben)) == ["mountains", SECRET]


def test_41_ones_own_program_edits_nothing(couple: Couple) -> None:
    """Attack 41: neither before nor after opening does one's own program give an answer another text."""
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    with pytest.raises(InvalidEntryError):
        ana.answers.seal(PROMPT, "nothing at all")
    ben.answers.seal(PROMPT, "mountains")
    couple.sync()
    [hers] = ana.entries(text="letter")
    with pytest.raises(InvalidEntryError):
        ana.revise(hers, cj.Answer(PROMPT, "nothing at all"))
    with pytest.raises(InvalidEntryError):
        ana.answers.seal(PROMPT, "nothing at all")


def nothing(_: Journal) -> None:
    """No answer at all."""


def elsewhere(ben: Journal) -> None:
    """An answer to another prompt."""
    write(ben, "seal", forged(ben, "mountains", prompt="another"))


def withdrawn(ben: Journal) -> None:
    """An answer that was taken back."""
    write(ben, "withdraw", words.Withdraw(seal=write(ben, "seal", forged(ben, "mountains")).id))


def over(ben: Journal) -> None:
    """An answer whose time was over before it was sealed."""
    write(ben, "seal", forged(ben, "mountains", until=1))


def empty(ben: Journal) -> None:
    """An answer without a box."""
    write(ben, "seal", msgspec.structs.replace(forged(ben, "x"), sealed=b""))


def odd(ben: Journal) -> None:
    """A box of a size that no answer has."""
    write(ben, "seal", msgspec.structs.replace(forged(ben, "x"), sealed=bytes(4200)))


def without_seal(ben: Journal) -> None:
    """Releases that name Ana's answer, of an answer that there is not."""
    hers = ops_of(ben, "seal")[0]
    write(ben, "release", words.Release(seal=b"?" * 32, key=KEY, other=hers.id))
    write(ben, "release", words.Release(seal=hers.id, key=KEY, other=hers.id))


@pytest.mark.parametrize("bait", [nothing, elsewhere, withdrawn, over, empty, odd, without_seal])
def test_41_nothing_is_released_for_nothing(bait: Callable[[Journal], None], couple: Couple) -> None:
    """Attack 41, F26: without a valid answer of the partner to the same prompt one's own device releases nothing."""
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    couple.sync()
    bait(ben)
    couple.sync()
    assert released(ana) == []
    assert ana.answers.of(PROMPT).mine == "sealed"
    assert Needles.of([SECRET]).search_bytes(b"".join(op.fields for op in book_of(ben).ops_after({}))) == []


def test_41_what_was_taken_back_cannot_be_forced_open(couple: Couple) -> None:
    """Attack 41, F27: opening his own answer for one that Ana took back does not make her device open it."""
    ana, ben = couple
    ana.answers.seal(PROMPT, SECRET)
    couple.sync()
    hers = ops_of(ben, "seal")[0]
    ana.answers.withdraw(PROMPT)
    couple.sync()
    his = write(ben, "seal", forged(ben, "mountains"))
    write(ben, "release", words.Release(seal=his.id, key=KEY, other=hers.id))
    couple.sync()
    assert released(ana) == []
    assert shown(ana) == []  # nor does she read his for nothing


@pytest.mark.parametrize("disguise", [lambda entry: entry[:8], lambda entry: entry[:12] + "0" * 52])
def test_41_a_prompt_that_looks_like_an_entry(disguise: Callable[[str], str], couple: Couple) -> None:
    """Attack 41: an answer to an entry, named by its first digits, never goes to a prompt that looks like it."""
    ana, ben = couple
    bid = ana.add(cj.Bid("Walk?"))
    couple.sync()
    false = disguise(bid.id)
    write(ben, "seal", forged(ben, "yes", prompt=false))
    couple.sync()
    with pytest.raises(NoSuchEntryError, match="several prompts"):
        ana.answers.seal(bid.id[:8], SECRET)
    assert ops_of(ana, "seal")[-1].key == book_of(ben).own_key
    assert ana.answers.seal(bid.id[:16], SECRET).prompt == bid.id
    assert {one.prompt for one in ana.answers.all()} == {false, bid.id}
