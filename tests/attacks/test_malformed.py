"""Content that is signed and sealed by a member and wrong all the same, and keys that prove nothing."""

from __future__ import annotations

import base64
import hashlib

import msgspec
import pytest
from unit.book.forging import words_segment
from unit.ops.test_codec import REFUSED
from unit.seal.test_keys import LOW_ORDER_X25519, SMALL_ORDER
from unit.seal.test_segments import BODIES

from couplejournal.book import Verdict
from couplejournal.errors import UntrustedDataError
from couplejournal.ops import domains, words
from couplejournal.seal import boxes, invite, segments, wraps
from couplejournal.seal.derive import derive
from couplejournal.seal.invite import Join, Offer
from couplejournal.seal.keys import KeyPair, PublicKeys, Root
from couplejournal.seal.segments import Header
from couplejournal.testing.pairs import Member, keys_of, meet, pair, root_of

SECRET = b"twelve words...."


def met() -> tuple[Member, Member]:
    """Return Ana, who wrote, and Ben, who read it."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    return ana, ben


def sealed_by(member: Member, plain: bytes, *, count: int = 1, end: bytes = b"L" * 32) -> bytes:
    """Return a file of a member with any body under its newest epoch."""
    epoch = member.book._writer.rotation.newest()
    assert epoch is not None
    key = member.book._shelf.epochs.key_of(epoch.id)
    assert key is not None
    prev = domains.first_link(member.own.id, b"W" * 16, segments.WORD_STREAM)
    head = Header(segments.WORD_STREAM, member.book.id, member.own.id, b"W" * 16, epoch.id, 1, count, prev, end)
    body = boxes.seal_box(derive(key, "body-key"), segments._body_context(head), plain)
    return head.pack() + body + member.own.sign(segments._signed(head.pack(), body))


@pytest.mark.parametrize("name", REFUSED)
def test_56_malformed_operations(name: str) -> None:
    """Attack 56: a segment with one operation that is not in canonical form is rejected whole, with all its others."""
    ana, ben = met()
    good = words.Retract(entry=b"e" * 32, after=[])
    op = msgspec.msgpack.encode(["retract", True, b"s" * 16, (1, 2), good])
    file = words_segment(ana, [op, REFUSED[name]]).sealed.data
    assert ben.book.take([file])[0].verdict is Verdict.REFUSED
    assert ben.texts() == ["before"]
    assert ben.reopen().gaps() == []


@pytest.mark.parametrize("name", BODIES)
def test_57_wrong_padding_and_lists(name: str) -> None:
    """Attack 57: wrong padding, lengths, counts and links in a segment of a member are refused for good."""
    ana, ben = met()
    assert ben.book.take([sealed_by(ana, BODIES[name][0]())])[0].verdict is Verdict.REFUSED


def test_14_a_body_for_two_keys() -> None:
    """Attack 14: a body that does not commit to the epoch's key is refused before any of it is read."""
    ana, ben = met()
    file = sealed_by(ana, bytes(1024))
    body = bytearray(file)
    body[182 + 24 : 182 + 56] = hashlib.sha256(b"another commitment").digest()
    head = bytes(body[:182])
    forged = bytes(body[:-64]) + ana.own.sign(segments._signed(head, bytes(body[182:-64])))
    assert ben.book.take([forged])[0].verdict is Verdict.REFUSED


def test_16_a_cloned_state_repeats_no_salt() -> None:
    """Attack 16: two devices that go on from one state, with the same clock and chance, seal with different salts."""
    ana, _ = met()
    clone = ana.copied()
    clone.system = ana.system
    for member in (ana, clone):
        for _ in range(50):
            member.write("same")
    salts = {file[182 : 182 + 24] for member in (ana, clone) for _, file in member.word_files()}
    assert len(salts) == 101  # one of them was written before the state was cloned


def offer_of(pair_: KeyPair, root: Root) -> Offer:
    """Return an offer to a partner."""
    return Offer("partner", root.root_keys, pair_.public.raw, b"", [], 1, "Ana", b"n" * 16)


OWN = keys_of("ben").public.raw
WEAK = {f"small order {key.hex()[:4]}{key.hex()[-2:]}": key + OWN[32:] for key in SMALL_ORDER}
WEAK |= {f"low order {point.hex()[:8]}": OWN[:-32] + point for point in LOW_ORDER_X25519}
WEAK |= {
    "not canonical": OWN[:32] + b"\xff" * 1184 + OWN[-32:], "empty": b"", "short": OWN[:-1], "long": OWN + b"\0",
}  # fmt: skip


@pytest.mark.parametrize("name", WEAK)
def test_30_weak_keys_in_a_join(name: str) -> None:
    """Attack 30: a join or an offer with a key that proves or keeps nothing is rejected, and so is such a root."""
    ana, ben, root = keys_of("ana"), keys_of("ben"), root_of("ana")
    with pytest.raises(UntrustedDataError):
        PublicKeys.of(WEAK[name])
    offer = invite.seal_offer(SECRET, offer_of(ana, root), ana)
    for join in (
        Join(keys=WEAK[name], name="Ben", nonce=b"n" * 16),
        Join(keys=ben.public.raw, name="Ben", nonce=b"n" * 16, root_keys=(WEAK[name] or b"?") + b"f" * 32),
    ):
        file = invite.seal_join(SECRET, offer, join, ben)
        with pytest.raises(UntrustedDataError):
            invite.open_join(SECRET, offer, file)
    weak = msgspec.structs.replace(offer_of(ana, root), device_keys=WEAK[name])
    with pytest.raises(UntrustedDataError):
        invite.open_offer(SECRET, invite.seal_offer(SECRET, weak, ana))


def test_30_a_name_that_is_no_text() -> None:
    """Attack 30: a pairing file by somebody who has the words, of any content, raises our own error only."""
    key = invite.InviteKeys.of(SECRET).offer_key
    ana = keys_of("ana")
    for inner in (b"", b"\xc1", b"\x81\xa4name\xa1\xff", b"\x91" * 5000, b"\x80"):
        for signed in (inner, msgspec.msgpack.encode((inner, ana.sign(inner)))):
            plain = len(signed).to_bytes(4) + signed
            file = boxes.seal_box(key, domains.domain("offer"), plain + bytes(-len(plain) % (16 << 10)))
            with pytest.raises(UntrustedDataError):
                invite.open_offer(SECRET, file)


# Made once with the seeds below; what they hold must open for ever (suite 1).
WRAP = (
    "/hr2Gzc7x9a5oKr5ui+V63CRUhDrMrD3WENE/e+AXH6lvfyp0gPbnV7MxVR7sKnhHXv9HfEsnNShCDt34NTjh5jkaFG90f1ROjZo"
    "bVRiCUSNbrhLV7Fm1piLa18iAV0nv2VFfJNRC3iESM7wkiwsDu193eNwl2qidtq7SDTa34zjhA7HtDqaUBvnTybzIjLBZOGmi0xS"
    "JhTFP0n95CFUBhVpcSx4rAdjkQZjbd9z8wkKi2mFHJSAJH5/Y7d4jexFBbLJOkf75ecceTfXP/65yRPwKpiFn4fBggLKsjQcTXc6"
    "PkTwu8KGYbfGE9oY6UhSfIlex5vwY5QBUUPf+rdOaWltMbGdy7fPEj+k8zcswnz8Q7ZBejdVQ81XcolBny2kdArOyxI89gjNVPBi"
    "mVdVBm20XRu01NicuCoKzlLOR2F/HvbRocYK1N0c44qDrRYZiS7kBie4a0nDXYwKjTENus6un3dBkL3Le1937REbIiva1Ft5tf30"
    "6wYLQwdzGWqkQ5/uyuR6LpVoCnQsP/TcuWPAHpXwuDGZn5omBMhO9wzUyG0J+vqZqkAbsYbwTfEyW1FB9Pb5RjESrsUgvP4hHimt"
    "+Ww1krzppXn81Ydol1k72NEK5Kz64Jln4QrxOezmzuQVdHZqF/Gy4RzGnxbCmiqDz2ZrnQwDPJjHuUpUbxSndt5qpqxcndxBbC82"
    "YCKIX34vUlAqqHPOH2+R9sL/zLUlERSAuU64ySigqVYECaOSC3+R0rRJJ4VQ+qszYG7fDJWFyl+bnmSjjkEexH9ZPdoMLuhCQfI3"
    "UUmgPCvlVSK8NtR3A1VmUyL08+lUrvK/q4KgahaFoVp7TgShuf1dE45Hx0sfu83zqse5TSIFJGJ1N0EHpTb3HNQBY2hNBkXL8FOk"
    "I8V+e4NWsEa+EQMBLzaKimi/36kOW3ZLFLcDxfi8gTmoflyw1Y+rDVGH6/yYVKLT1wzEIc6squ9ybUbzQnsGjab+1S7DMRMaT6Ph"
    "zBKCqe6QQaFnjHutn0mN11EbF5q39c5YzDyE8/FWRSaV6Jc9czBuX1z7COQ0FQeLCs+st4YPltTKBRnH1NPUD9A398TcAW/4+VTb"
    "6eNLVQyDh6W3Fy+BjPkMsfJrfhomXw1u5t6tz2qHKao1mfL2swsGo846oU/MAC6UpN8KbZijXMcJnnRmthNyWtYvKqQmL3zlZGTj"
    "m7yReIQ4Kw8yyNB8fpV+Q1SI9459GBcP4gebdwQkhgl09LrKL18Lw2zFzrcn2mo836xb6oKyfPX1z0xDQOrV4jsXeKae4oEGVHPK"
    "EkGOyxe0EkqE9RvJOe6e7O2kevxTyRTZXmUwBFMhbdrrTM4QTyyQeEK1Rj12liUGicBCTzsGi8KVgUDrRxwCrQ/cEXmR5zeba6ns"
    "B/vjaIhrdgUtFZN0AI4a6QR4CgalYNB+EaMB+//3EoPV0NThIzUDJGjOFziu2YaFxs9qMWNltXWEuKfBKv+vc4SAh73ZdvODdUls"
    "axmJoZROl9q7RwrkdnhUjPvfB+aU0lYTGK9EQT3sGnCefDivIDrDXE7uiQ=="
)
SEGMENT = (
    "Q0pTMQECQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJfbjzcF8g3U9Z+SzcHY2sCEUVUJ8EBC09gpSygdvTvynR0dHR0"
    "dHR0dHR0dHR0dHRFRUVFRUVFRUVFRUVFRUVFAAAAAAAAAAEAAAAAAAAAAePO5e5CNAVHD6jiVNpwBMke4anhVfSUjs8AuqKfg23m"
    "n28qRmnOiPr89dqYHXthrASi5+tSEARzviTlyb4hLH56Gd+ne/1257ez4Hw7mTu3qPaGOvQTEZnN89J8jXPA1kQt1Ucit0x6AL1T"
    "vP/H9u3lAoDs8lFdMnikCLr0pDtLgT86FyRqIPyUl71IbCvWPwcCXZo7DFhPVDyaKFMT+Rba0A3ExktThpJiM5GfQgVGhAp9wix2"
    "P46YDmMwurSW3RK2Ek5KVwe826DG7IEmqlIfVAn8+8XgrFHVp6I7AM3zG2NvIhZynqiyw8PwIs5n6vpjGD1l4TfL9ZXIJXWnu7tc"
    "6xIgRrvolANYC/XJwHOxZyTgjq9bOK/L0sE+SiHrEh6lvgWwhTsmHhQrOM65NKZetvmDn+z7KEcRbBPabWnD2yDc+bW/ruPYJ9+9"
    "AwkpXePmF25i1vQfxh32g8FsKAUykK8CA3KauBUYiyQVNal7KyNBH2zm+nWkEX2lPlEe7vtEVC/96KipeX3K+E0preorKpvZImay"
    "oJ3X3K+gs3RIe04CbeGy3D5evSqiCsouwEzFC4HVPKFh0aqGlCDSqAxb11U/DDF2rsRaoPbj8XysWlGsSoS/iWNkns+7PuWOsBaL"
    "pBwpAjdLT0fUx3QKfg7ke27zZbwqlOZ911kJ2jcFbuecJPqktUfkwOctc58WHE6g4b13/ECRxxlHhOfUcwp75A/0fqKQ+In4K67b"
    "3iSwLw7HL5LWSGPMjjzDa5RCuPiCzVtH8hQGkJqg6ZSHBln99peky61vbvwGPdohpEPBNR5Ma1ksXliteMsa0ivsH+sdM7HxkA2v"
    "R2gAv4IH0WqZs94DQPaRPe5T3WpL077DTj5eCnucekrXPZP2Kr1V75M5Fq0CeDyxnb6R/KqdUz18+g1TnlLWKO6hXFll0DSH5rvU"
    "P2uYI1DxKwFMbiAcRR83KXjIC81OZyTn0D5bogspAGOlye1ZkhFzKm3DODaRg576inVoCTBPQUASNqygw4Y7XBd0GLb71oymz7BK"
    "RyG2vCvad4L4NJ5VRGMX9BeaAp9en5T4/KzUT58GapTu85WBAaOQkJDfNFeHojLb4BC08+1qW44TlVPqrSXU4OQMOp/ISSRWIF/S"
    "95lQgJuhCf7pieLlsQOSYnP1p6n2Ja0pUoRCL07KnvG7X/4RsQgiYclWQSTG1tXs63y2JzP658D7U8x1yXd4ftd8/o7iUKld+CYe"
    "Yn7oahRgkM9EesDDkt/G3ceDB5v4DO0k9P4un/z48er5JmNK+YjnWniMUcfZn2w+GKryYGXf4FEz9Xd5/aPwxqoZ6Kz4KhPHWpLp"
    "bCuN0kCbQoAGU1yFSmc6DMvrJrnPEglsIfCDaMYlYrvrp3FHtt3Vcmv5IG6dtjvAHJcUqblYAPgOkCXIj48V3b/miFNTPpI+m99w"
    "9cT9hs3jRvabSb76NpiZl/IACET5M+nosZ6RoksA8xQ6AbN4XikGWQ1OHBflRXOOLy/6BP1X1yB6NU7wEz8sRGqnzUQCzig5AFWk"
    "7xGU3L9cqZiAqdWYl18JzfgbG6kJGLXeM0WFKjgTVEETRGitLldd6sUfo71IrdtYZdcNVWw7fpmwz6SJImazx4NkDg=="
)


def test_61_frozen_bytes_open_for_ever() -> None:
    """Attack 61: a wrap and a segment that were made once from fixed seeds open, and hold what they held."""
    own = KeyPair(bytes(range(32)), bytes(range(32, 64)))
    info = wraps.epoch_info(own.id, b"c" * 32, own.id)
    assert wraps.unwrap(base64.b64decode(WRAP), own, info) == bytes(range(64, 96))
    sealed = segments.parse(base64.b64decode(SEGMENT))
    opened = segments.verify_words(sealed, own.public.sign, bytes(range(64, 96)))
    assert [op.hex() for op in opened.ops] == [
        "95a772657472616374c3c4107373737373737373737373737373737392cf000001a0c4506c000782a5616674657291c420"
        + "61" * 32 + "a5656e747279c420" + "65" * 32
    ]  # fmt: skip
    assert opened.links[0].hex() == "9f6f2a4669ce88fafcf5da981d7b61ac04a2e7eb52100473be24e5c9be212c7e"
