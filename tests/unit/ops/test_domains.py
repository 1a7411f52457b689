"""Hashes and links against values computed by hand."""

from __future__ import annotations

import hashlib
import struct

import pytest

from couplejournal.ops import codec, domains
from couplejournal.ops.domains import WORDS, digest, domain, first_link, framed, next_link

OP = codec.encode_op("retract", {"entry": b"e" * 32, "after": [b"a" * 32]}, salt=b"s" * 16, clock=(1790000000000, 7))


def test_no_domain_begins_another() -> None:
    """No use of a key or a hash can be taken for another: no D(word) is a prefix of another one."""
    found = [domain(word) for word in WORDS]
    assert not [(a, b) for a in found for b in found if a != b and b.startswith(a)]
    assert domain("admit") == b"couplejournal/v1 admit\0"


def test_an_unknown_use_is_a_mistake() -> None:
    """A use without a word of its own cannot be hashed."""
    with pytest.raises(ValueError, match="unknown domain word"):
        domain("password")
    with pytest.raises(KeyError):
        digest("password", b"")


def test_items_are_framed_one_way_only() -> None:
    """Bytes, numbers and lists are laid out as the specification says, so that no two lists of items look alike."""
    expected = bytes.fromhex("00000002616200000008000000000000000300000002000000017800000001")
    assert framed([b"ab", 3, [b"x", [1]]]) == expected + bytes.fromhex("000000080000000000000001")
    assert framed([b"a", b"b"]) != framed([b"ab", b""])
    assert framed([[b"a"], b"b"]) != framed([[b"a", b"b"]])


def test_an_operation_has_one_encoding() -> None:
    """The bytes of an operation are those of the test vector."""
    assert OP.hex() == (
        "95a772657472616374c3c4107373737373737373737373737373737392cf000001a0c4506c000782a5616674657291c420"
        + "61" * 32 + "a5656e747279c420" + "65" * 32
    )  # fmt: skip


def test_links_are_those_of_the_vector() -> None:
    """Link 0 and link 1 of a stream are those of the test vector, and follow from SHA-256 alone."""
    key = bytes.fromhex("5f6e3cdc17c83753d67e4b3707636b0211455427c1010b4f60a52ca076f4efca")
    begin = first_link(key, b"t" * 16, 2)
    assert begin.hex() == "e3cee5ee423405470fa8e254da7004c91ee1a9e155f4948ecf00baa29f836de6"
    link = next_link(begin, OP)
    assert link.hex() == "9f6f2a4669ce88fafcf5da981d7b61ac04a2e7eb52100473be24e5c9be212c7e"
    by_hand = b"couplejournal/v1 link\0" + struct.pack(">I", 32) + begin + struct.pack(">I", len(OP)) + OP
    assert link == hashlib.sha256(by_hand).digest() == digest("link", begin, OP)


def test_a_link_depends_on_everything_before_it() -> None:
    """Another key, stream, type, operation or order gives another link."""
    links = {
        first_link(b"k" * 32, b"t" * 16, 1), first_link(b"k" * 32, b"t" * 16, 2), first_link(b"l" * 32, b"t" * 16, 1),
        first_link(b"k" * 32, b"u" * 16, 1),
    }  # fmt: skip
    assert len(links) == 4
    begin = min(links)
    assert next_link(next_link(begin, b"a"), b"b") != next_link(next_link(begin, b"b"), b"a")
    assert next_link(begin, b"a") != domains.digest("stream", begin, b"a")
