"""What a plan foretells is what a flow that goes well records: the same calls, in the same order, at the same cost."""

from typing import Any

import pytest

from platforms.instagram_replies import FILE, FINISHED, LINK, OUT, ROOM, WHO, made, publication
from platforms.script import play
from platforms.test_youtube_later import WELL, due_later
from platforms.test_youtube_upload import CHANNEL, DONE, OPENED, SEEN, short
from platforms.test_youtube_upload import FILE as VIDEO
from waooaw_social.platforms.call import Harmless, Visible
from waooaw_social.platforms.instagram import kit
from waooaw_social.platforms.youtube import kit as youtube


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


@pytest.mark.parametrize(
    ("wanted", "replies"),
    [
        (short(), [CHANNEL, OPENED, DONE, DONE, SEEN]),
        (short(privacy="private"), [CHANNEL, OPENED, DONE, DONE, SEEN]),
        (due_later(privacy="private"), [CHANNEL, OPENED, DONE, DONE, SEEN]),
        (due_later(), WELL),
        (due_later(privacy="unlisted"), WELL),
    ],
)
def test_youtube_records_what_its_plan_foretells(wanted: Any, replies: list[Any]) -> None:
    played = play(youtube().publish(wanted), replies, file=VIDEO)
    recorded = [call for call in played.calls if not isinstance(call.if_repeated, Harmless)]
    assert [(p.call, p.visible, p.cost) for p in youtube().plan(wanted)] == [
        (call.name, isinstance(call.if_repeated, Visible), call.cost) for call in recorded
    ]
