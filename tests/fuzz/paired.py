"""Pairing files and typed words: what a stranger who heard the words, or mistyped them, can bring."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

import msgspec
from fuzz.harness import Draw, Target, require

from couplejournal.errors import NewerFormatError, PairingError, RecoveryError, UntrustedDataError
from couplejournal.ops import codec, domains
from couplejournal.pairing import state
from couplejournal.seal import boxes, invite, recovery
from couplejournal.seal.invite import InviteKeys, Join, Offer
from couplejournal.seal.keys import KeyPair, signed_message
from couplejournal.testing.pairs import keys_of, root_of

SECRET: Final = bytes(range(16))
NONCE: Final = b"n" * 16


@cache
def _invite_keys() -> InviteKeys:
    return InviteKeys.of(SECRET)


@cache
def _signer(word: str) -> KeyPair:
    return keys_of("ana") if word == "offer" else keys_of("ben")


@cache
def _offers() -> tuple[Offer, Offer]:
    """Return an offer to a partner, and one to a device."""
    root, own = root_of("ana").root_keys, keys_of("ana").public.raw
    head = (b"s" * 16, 3, b"l" * 32)
    return (
        Offer("partner", root, own, b"", [], 1_790_000_000_000, "Ana", NONCE),
        Offer("device", root, own, b"B" * 32, [head], 1_790_000_000_000, "Ana", NONCE),
    )


@cache
def _joins() -> tuple[Join, Join]:
    """Return the answers of a partner and of a device."""
    keys = keys_of("ben").public.raw
    return (
        Join(keys=keys, name="Ben", nonce=NONCE, root_keys=root_of("ben").root_keys, founding_signature=b"f" * 64),
        Join(keys=keys, name="Ben", nonce=NONCE, proof=b"p" * 64),
    )


@cache
def _inner(word: str) -> bytes:
    return codec.encode(_offers()[0] if word == "offer" else _joins()[0])


def _signed_inside(data: bytes, word: str, inner_of: bytes) -> bytes:
    """Return the plain text of a pairing file; the first byte says what of it is the input, the rest is right."""
    how, rest = (data[0] if data else 0) % 4, data[1:]
    if how == 0:  # the whole plain text, its length and padding too
        return rest
    if how == 1:  # what stands beside the signature
        return invite._padded(rest)
    own = _signer(word)
    inner = rest if how == 2 else inner_of
    message = signed_message("offer", inner) if word == "offer" else invite._join_message(b"offer", inner)
    plain = invite._padded(codec.encode((inner, own.sign(message))))
    return plain if how == 2 else plain[:-1] + rest[-1:]


def read_offer(data: bytes) -> None:
    """An offer of somebody who has the words: what comes out has sound keys and a known purpose."""
    plain = _signed_inside(data, "offer", _inner("offer"))
    file = boxes.seal_box(_invite_keys().offer_key, domains.domain("offer"), plain)
    offer = invite.open_offer(SECRET, file)
    require(offer.purpose in ("partner", "device"), "an offer has a known purpose")
    require(len(offer.book) == (32 if offer.purpose == "device" else 0), "a device joins a book that is named")
    require((len(offer.root_keys), len(offer.device_keys)) == (1280, 1248), "its keys have their lengths")


def read_join(data: bytes) -> None:
    """An answer of somebody who has the words: what comes out has sound keys."""
    plain = _signed_inside(data, "join", _inner("join"))
    file = boxes.seal_box(_invite_keys().join_key, domains.domain("join"), plain)
    join = invite.open_join(SECRET, b"offer", file)
    require(len(join.keys) == 1248 and len(join.root_keys) in (0, 1280), "its keys have their lengths")


def _pairing_seeds(found: Iterable[msgspec.Struct], word: str) -> Iterable[bytes]:
    own = _signer(word)
    for one in found:
        inner = codec.encode(one)
        message = signed_message("offer", inner) if word == "offer" else invite._join_message(b"offer", inner)
        signed = codec.encode((inner, own.sign(message)))
        yield b"\2" + inner
        yield b"\1" + signed
        yield b"\0" + (len(signed).to_bytes(4) + signed)
        yield b"\3\0"


def read_box(data: bytes) -> None:
    """A pairing file of somebody who has not the words is no offer and no answer."""
    for open_it in (invite.open_offer, lambda secret, file: invite.open_join(secret, b"offer", file)):
        try:
            open_it(SECRET, data)
        except UntrustedDataError:
            continue
        require(0, "nothing opens without the words")


def _box_seeds() -> Iterable[bytes]:
    yield boxes.seal_box(b"x" * 32, domains.domain("offer"), bytes(100))
    yield b"CJ" * 40


def read_typed_words(data: bytes) -> None:
    """Twelve typed words: a secret whose words are the same twelve, or a sentence on what is wrong."""
    typed = data.decode("utf-8", "surrogateescape")
    secret = invite.secret_of(typed)
    require(len(secret) == 16, "an invite's secret has sixteen bytes")
    require(list(invite.words_of(secret)) == typed.lower().split(), "a secret has one way of being said")


def _typed_seeds() -> Iterable[bytes]:
    for number in range(8):
        words = invite.words_of(bytes([number * 37 % 256]) * 16)
        yield " ".join(words).encode()
        yield "\n ".join(words[:11]).upper().encode()


def read_typed_numbers(data: bytes) -> None:
    """Any twelve words of the list: nearly all are a mistake, and those that are none say the secret they came from."""
    draw, wordlist = Draw(data), invite.words_of(bytes(16))
    entropy = draw.take(16)
    chosen = list(invite.words_of(entropy))
    chosen[draw.number(12)] = invite.words_of(draw.take(16))[draw.number(12)] if draw.number(2) else wordlist[0]
    require(invite.words_of(invite.secret_of(" ".join(chosen))) == tuple(chosen), "the words say their secret")


def read_recovery_words(data: bytes) -> None:
    """Typed recovery words, numbered, shortened, in any case: a seed that says itself again, or a sentence."""
    seed = recovery.seed_of(data.decode("utf-8", "surrogateescape"))
    require(recovery.seed_of(" ".join(recovery.words_of(seed))) == seed, "a seed says itself again")


def _recovery_seeds() -> Iterable[bytes]:
    for number in range(4):
        words = recovery.words_of(bytes([number * 77 % 256]) * 32)
        yield " ".join(words).encode()
        yield "\n".join(f"{at}. {word[:4].upper()}" for at, word in enumerate(words, 1)).encode()


def read_pairing_state(data: bytes) -> None:
    """What a keystore holds of an open pairing: read, and written again as something that reads the same."""
    found = state.load(data)
    require(state.load(state.dump(found)) == found, "a pairing survives being saved")
    require("secret" not in repr(found), "and shows no secret")


def _state_seeds() -> Iterable[bytes]:
    yield b""
    yield codec.encode({"type": "joiner", "secret": SECRET})
    yield codec.encode({"type": "sharing", "share_from": [1, 0], "leftovers": ["invites/x.join"]})
    for kind in (state.InviterState, state.JoinerState, state.SharingState):
        yield codec.encode({"type": str(kind.__struct_config__.tag)} | dict.fromkeys(kind.__struct_fields__, 0))


TARGETS: Final = (
    Target("offer", read_offer, lambda: _pairing_seeds(_offers(), "offer"), (UntrustedDataError,), 8192),
    Target("join", read_join, lambda: _pairing_seeds(_joins(), "join"), (UntrustedDataError,), 8192),
    Target("pairing-box", read_box, _box_seeds, (), 2048),
    Target("typed-words", read_typed_words, _typed_seeds, (PairingError,), 512),
    Target("typed-numbers", read_typed_numbers, lambda: [bytes(40), bytes(range(40))], (PairingError,), 64),
    Target("recovery-words", read_recovery_words, _recovery_seeds, (RecoveryError,), 512),
    Target("pairing-state", read_pairing_state, _state_seeds, (NewerFormatError,), 4096),
)
