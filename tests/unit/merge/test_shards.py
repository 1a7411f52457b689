"""The frozen mapping: it never changes, and only what is touched is copied."""

from __future__ import annotations

import pytest
from unit.merge.scribe import fixed

from couplejournal.merge import Shards


def test_a_frozen_mapping_stays_as_it_was() -> None:
    """What is set after freezing is in the next frozen mapping only."""
    shards: Shards[int] = Shards()
    keys = [fixed(str(number)) for number in range(600)]
    for number, key in enumerate(keys[:-1]):
        shards[key] = number
    before = shards.freeze()
    shards[keys[-1]] = -1
    shards[keys[0]] = -2
    assert len(before) == 599
    assert before[keys[0]] == 0
    assert keys[-1] not in before
    assert shards.freeze()[keys[-1]] == -1
    assert shards.get(keys[0]) == -2


def test_what_is_forgotten_stays_in_earlier_snapshots() -> None:
    """A key that is discarded is gone from the next frozen mapping only; one that is not there is no matter."""
    shards: Shards[int] = Shards()
    for number in range(600):
        shards[fixed(str(number))] = number
    before = shards.freeze()
    shards.discard(fixed("7"))
    shards.discard(fixed("never"))
    assert before[fixed("7")] == 7
    assert fixed("7") not in shards.freeze()
    assert shards.get(fixed("8")) == 8
    assert len(shards.freeze()) == 599


def test_one_change_copies_one_part() -> None:
    """Two snapshots share every part that no change touched."""
    shards: Shards[int] = Shards()
    for number in range(600):
        shards[fixed(str(number))] = number
    before = shards.freeze()
    shards[fixed("0")] = 7
    after = shards.freeze()
    assert sum(one is not other for one, other in zip(before._shards, after._shards, strict=True)) == 1


def test_frozen_mappings_compare_by_content() -> None:
    """Two mappings of the same pairs are equal, whatever the order of arrival."""
    one: Shards[int] = Shards()
    other: Shards[int] = Shards()
    for number in range(9):
        one[fixed(str(number))] = number
        other[fixed(str(8 - number))] = 8 - number
    assert one.freeze() == other.freeze()
    assert dict(one.freeze()) == dict(other.freeze())


def test_keys_are_found_by_the_digits_they_begin_with() -> None:
    """An odd number of hex digits is as good as an even one; none found is an empty list."""
    shards: Shards[int] = Shards()
    shards[b"\xab\xc1"] = 1
    shards[b"\xab\xd1"] = 2
    frozen = shards.freeze()
    assert sorted(frozen.starting_with("ab")) == [b"\xab\xc1", b"\xab\xd1"]
    assert frozen.starting_with("abc") == [b"\xab\xc1"]
    assert frozen.starting_with("abe") == []


@pytest.mark.parametrize("prefix", ["", "a", "zz"])
def test_a_prefix_of_less_than_a_byte_is_misuse(prefix: str) -> None:
    """Fewer than two hex digits would mean to look through everything."""
    frozen = Shards[int]().freeze()
    with pytest.raises(ValueError, match=r"prefix|hex"):
        frozen.starting_with(prefix)


def test_what_is_not_there_is_a_key_error_or_the_default() -> None:
    """A frozen mapping behaves like every mapping."""
    frozen = Shards[int]().freeze()
    for key in (b"no", b""):
        with pytest.raises(KeyError):
            frozen[key]
        assert frozen.get(key) is None
        assert frozen.get(key, 3) == 3
        assert key not in frozen
