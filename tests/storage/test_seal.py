"""A sealed text opens in its own place, under its own key, unchanged, and nowhere else."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waooaw_social.storage.seal import CannotOpen, KeyRing, Sealer

PLACE = {"customer": "CUST-1", "credential": "CRED-1", "platform": "youtube", "field": "access_token"}


def key() -> str:
    return "base64:" + base64.b64encode(os.urandom(32)).decode()


def sealer(*keys: str) -> Sealer:
    return Sealer(KeyRing(",".join(keys)))


@given(st.binary(max_size=5000))
def test_what_is_sealed_opens_again(text: bytes) -> None:
    ours = Sealer(KeyRing("a development secret"))
    sealed = ours.seal(text, **PLACE)
    assert ours.open(sealed, **PLACE) == text
    assert len(text) < 8 or text not in sealed


@pytest.mark.parametrize("part", PLACE)
def test_a_sealed_text_in_another_place_does_not_open(part: str) -> None:
    ours = sealer(key())
    with pytest.raises(CannotOpen):
        ours.open(ours.seal(b"ya29.secret", **PLACE), **PLACE | {part: "CUST-2"})


@pytest.mark.parametrize(
    ("sealed_for", "opened_for"),
    [
        ({"a": "bc"}, {"ab": "c"}),
        ({"a": "b", "c": "d"}, {"a": "bcd"}),
        ({"a": "", "b": "x"}, {"a": "x", "b": ""}),
        ({"a": "b"}, {}),
        ({"a": "b\0c"}, {"a": "b", "c": ""}),
    ],
)
def test_two_places_are_never_taken_for_one(sealed_for: dict[str, str], opened_for: dict[str, str]) -> None:
    ours = sealer(key())
    with pytest.raises(CannotOpen):
        ours.open(ours.seal(b"x", **sealed_for), **opened_for)


def test_a_change_of_any_byte_is_noticed() -> None:
    ours = sealer(key())
    sealed = ours.seal(b"ya29.secret", **PLACE)
    for i in range(len(sealed)):
        changed = sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :]
        with pytest.raises(CannotOpen):
            ours.open(changed, **PLACE)
        with pytest.raises(CannotOpen):
            ours.open(sealed[:i], **PLACE)


def test_the_same_text_is_never_sealed_twice_alike() -> None:
    ours = sealer(key())
    assert len({ours.seal(b"x", **PLACE) for _ in range(50)}) == 50


def test_rotation_wraps_again_and_leaves_the_text_untouched() -> None:
    old, new = key(), key()
    sealed = sealer(old).seal(b"ya29.secret", **PLACE)
    both = sealer(new, old)
    assert both.open(sealed, **PLACE) == b"ya29.secret"
    moved = both.rewrap(sealed)
    assert sealer(new).open(moved, **PLACE) == b"ya29.secret"
    assert moved[-39:] == sealed[-39:], "nonce and ciphertext are the same: the text was not opened"
    assert both.rewrap(moved) == moved
    with pytest.raises(CannotOpen):
        sealer(old).open(moved, **PLACE)


def test_rewrapping_needs_no_place_and_so_cannot_open() -> None:
    old, new = key(), key()
    assert sealer(new, old).rewrap(sealer(old).seal(b"x", **PLACE))
    with pytest.raises(CannotOpen):
        sealer(new).rewrap(sealer(old).seal(b"x", **PLACE))


def test_the_first_key_seals_and_every_key_opens() -> None:
    first, second = key(), key()
    sealed = sealer(first, second).seal(b"x", **PLACE)
    assert sealer(first).open(sealed, **PLACE) == b"x"
    with pytest.raises(CannotOpen):
        sealer(second).open(sealed, **PLACE)


def test_a_text_is_stretched_into_a_key_and_may_hold_spaces() -> None:
    assert Sealer(KeyRing("two words")).open(Sealer(KeyRing("two words")).seal(b"x")) == b"x"
    with pytest.raises(CannotOpen):
        Sealer(KeyRing("two wordz")).open(Sealer(KeyRing("two words")).seal(b"x"))


@pytest.mark.parametrize("secret", ["", "base64:", "base64:geheim", "base64:" + base64.b64encode(b"geheim").decode()])
def test_a_key_that_is_none_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError) as caught:
        KeyRing(secret)
    assert not secret.removeprefix("base64:") or secret.removeprefix("base64:") not in str(caught.value)


def test_nothing_prints_a_key() -> None:
    text = key()
    ring = KeyRing(text)
    shown = repr(ring) + str(ring) + repr(Sealer(ring))
    raw = base64.b64decode(text.removeprefix("base64:"))
    assert text not in shown
    assert raw.hex() not in shown
    assert repr(raw) not in shown


@pytest.mark.parametrize("junk", [b"", b"\x01", b"plain", 60, 61, 200])
def test_what_was_never_sealed_does_not_open(junk: bytes | int) -> None:
    raw = os.urandom(junk) if isinstance(junk, int) else junk
    with pytest.raises(CannotOpen):
        sealer(key()).open(raw, **PLACE)


def test_what_the_first_release_sealed_opens_for_ever() -> None:
    """Databases hold texts of this form: a change of the form needs a new version byte, and must go on opening the old one."""
    ring = KeyRing("base64:" + base64.b64encode(bytes(range(32))).decode())
    sealed = bytes.fromhex(
        "01002a29a8da108412787e211177c6e1b2d3f36c57a24f937b8a5589df110e3ea76b806e10f07e81cbf36ecb3546f9de"
        "af1f772c0457cf25e6b8747b617ff956e2b5c4487b0ee7a706b4333890c3eb8b841ac03001a5a24d"
    )
    assert Sealer(ring).open(sealed, **PLACE) == b"ya29.secret"
