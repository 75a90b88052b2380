"""One order for several people and several messages: what becomes of it, part by part."""

import pytest

from waooaw_social.core.post import Content, Message
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.registry import kits
from waooaw_social.platforms.whatsapp.several import MOST, split

ADA, BEN = "+15550100123", "US.1349"


def said(*texts: str) -> tuple[Message, ...]:
    return tuple(Message(content=Content(text=text)) for text in texts)


def test_what_names_nobody_and_says_one_thing_is_one_part_as_it_came() -> None:
    content = Content(text="Hi", options={"to": ADA})
    (part,) = split("text", content)
    assert (part.format, part.content, part.after, part.called("text")) == ("text", content, None, "text")


def test_every_message_goes_to_everybody_and_after_the_one_before_it_to_the_same_person() -> None:
    place = Message(content=Content(options={"latitude": "1", "on_silence": "resend"}), format="location")
    order = Content(recipients=(ADA, BEN), messages=(*said("One"), place), options={"on_silence": "unresolved"})
    parts = split("text", order)
    assert [(p.format, p.content.text, p.content.options["to"], p.after) for p in parts] == [
        ("text", "One", ADA, None),
        ("text", "One", BEN, None),
        ("location", None, ADA, 0),
        ("location", None, BEN, 1),
    ]
    assert [p.content.options["on_silence"] for p in parts] == ["unresolved"] * 2 + ["resend"] * 2
    assert parts[3].called("options.to") == "content.recipients.1"
    assert parts[3].called("options.latitude") == "content.messages.1.options.latitude"
    assert not any(p.content.recipients or p.content.messages for p in parts)


@pytest.mark.parametrize("again", [ADA, "+1 (555) 010-0123", "+1.555.010.0123"])
def test_one_person_in_two_spellings_is_told_before_they_get_everything_twice(again: str) -> None:
    with pytest.raises(Refused) as no:
        split("text", Content(text="Hi", recipients=(ADA, BEN, again)))
    assert (no.value.refusal.code, no.value.refusal.field) == ("duplicate_recipient", "content.recipients.2")


def test_an_order_has_an_end() -> None:
    people = tuple(f"+1555{n:07d}" for n in range(1000))
    assert len(split("text", Content(recipients=people, messages=said(*"ab")))) == MOST
    with pytest.raises(Refused) as no:
        split("text", Content(recipients=people, messages=said(*"abc")))
    assert no.value.refusal.code == "too_many_recipients"


@pytest.mark.parametrize("platform", [name for name in kits() if name != "whatsapp"])
@pytest.mark.parametrize("order", [Content(recipients=(ADA,)), Content(messages=said("One"))])
def test_who_publishes_to_all_followers_takes_neither_recipients_nor_messages(platform: str, order: Content) -> None:
    known = {str(name): kit for name, kit in kits().items()}
    with pytest.raises(Refused) as no:
        known[platform].split("text", order)
    assert no.value.refusal.code == "recipients_unsupported"
    assert len(known[platform].split("text", Content(text="Hi"))) == 1
