"""What a plan foretells is what a flow that goes well records: the same calls, in the same order, at the same cost."""

from typing import Any

import pytest

from platforms.instagram_replies import FILE, FINISHED, LINK, OUT, ROOM, WHO, made, publication
from platforms.script import play
from waooaw_social.platforms.call import Harmless, Visible
from waooaw_social.platforms.instagram import kit


@pytest.mark.parametrize(
    ("format", "replies"),
    [
        ("image", [WHO, made(), FINISHED, ROOM, OUT, LINK]),
        ("story", [WHO, made(), FINISHED, ROOM, OUT, LINK]),
        ("reel", [WHO, made(), FINISHED, ROOM, OUT, LINK]),
        ("carousel", [WHO, made("1"), FINISHED, made("2"), FINISHED, made(), FINISHED, ROOM, OUT, LINK]),
    ],
)
def test_instagram_records_what_its_plan_foretells(format: str, replies: list[Any]) -> None:
    wanted = publication(format)
    played = play(kit().publish(wanted), replies, file=FILE)
    recorded = [call for call in played.calls if not isinstance(call.if_repeated, Harmless)]
    assert [(p.call, p.visible, p.cost) for p in kit().plan(wanted)] == [
        (call.name, isinstance(call.if_repeated, Visible), call.cost) for call in recorded
    ]
