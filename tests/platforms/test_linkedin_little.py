"""Little text: whatever is written, a reader sees all of it; and what is read back compares with what was sent."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from waooaw_sandbox.linkedin.little import read
from waooaw_social.platforms.linkedin import little

NAMES = {"urn:li:organization:2414183": frozenset({"Acme (Widgets)"})}
NASTY = [
    "a (b) c",
    "[x] {y} <z> |p| *q* _r_ ~s~ #t @u \\v",
    "https://en.wikipedia.org/wiki/Bread_(food)#History?a=[1]&b={2}",
    "\\",
    "\\\\(",
    "#",
    "##tag #tag# #_x #a_b #1 #a1 a#b (#c) #d, #e. #हिन्दी #naïve #日本語",
    "@[Acme (Widgets)](urn:li:organization:2414183) and @[Nobody](urn:li:person:x_-1)",
    "@[](urn:li:organization:1) @[a](urn:li:organization:) @[a](urn:li:share:1) @[a [b]](urn:li:person:1)",
    "{hashtag|\\#|x} {hashtag|#|x}",
    "שלום (עולם) \u202eright\u202c مرحبا [١]",
    "\U0001f9c1 (\U0001f468‍\U0001f469‍\U0001f467) #cake\U0001f9c1 #cake\ufe0f #e\u0301 e\u0301",
    "line\r\n\n  (two)\t\x0b",
    "#tag@[Acme (Widgets)](urn:li:organization:2414183)#tag",
]
PIECES = st.sampled_from(
    [*"|{}@[]()<>#\\*_~ \n", "#tag", "@[Acme (Widgets)](urn:li:organization:2414183)", "urn:li:person:1"]
)
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join)
).filter(lambda text: not any("\ud800" <= letter <= "\udfff" for letter in text))  # fmt: skip


def names(urn: str) -> frozenset[str]:
    return NAMES.get(urn, frozenset())


def whole(text: str) -> None:
    """The sandbox's reader, which cuts at what is not escaped, sees what we say that it sees."""
    seen = read(little.written(text), names)
    assert not seen.cut and seen.visible == little.shown(little.written(text))
    assert little.words(seen.canonical) == little.words(little.written(text)), "what is read back is recognised"
    if "](urn:li:" not in text:
        assert seen.visible == text


@pytest.mark.parametrize("text", NASTY)
def test_every_nasty_text_is_seen_whole(text: str) -> None:
    whole(text)


@settings(max_examples=500, deadline=None)
@given(text=TEXTS)
@example(text="#0\u0300")
def test_any_text_is_seen_whole_and_recognised_when_it_is_read_back(text: str) -> None:
    whole(text)


def test_what_is_certainly_meant_is_kept_as_such() -> None:
    seen = read(little.written(NASTY[6]), names)
    assert seen.hashtags == ("a1", "c", "d", "e", "naïve", "日本語"), (
        "not in words, not of digits alone, not with marks in them"
    )
    assert read(little.written(NASTY[7]), names).mentions == ("urn:li:organization:2414183",)


def test_what_differs_in_words_is_not_taken_for_the_same() -> None:
    assert little.words(little.written("a (b)")) != little.words(little.written("a (c)"))
    assert little.words("a \\(b\\)\n c") == little.words(little.written("a (b) c"))
    assert little.without_addresses("see https://x.com/a b") == little.without_addresses("see https://lnkd.in/q b")
