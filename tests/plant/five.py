"""A house with all five platforms: what each must know of us, two connected accounts on each, and what is published there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plant.house import AGENT, CUSTOMER, House
from waooaw_social.platforms.registry import kits

ACCOUNTS = ("hazel", "ridge")
ROOMY: dict[str, dict[str, int]] = {
    "youtube": {"uploads_per_day": 10_000, "units_per_day": 1_000_000},
    "instagram": {"quota_total": 10_000, "containers_per_day": 10_000},
    "whatsapp": {"pair_seconds": 0},
}
"""The platforms' daily limits are another test's."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is published on a platform, and the call that puts it before an audience."""

    format: str
    route: str
    content: Callable[[House, dict[str, Any], str, int], dict[str, Any]]
    silent: frozenset[str] = frozenset()
    """The accounts without a way to ask: there a lost reply may stay unresolved, by design."""
    metadata: tuple[str, ...] = ()


def _short(house: House, account: dict[str, Any], mark: str, number: int) -> dict[str, Any]:
    return {"title": mark, "video_url": house.video(400_000)}


def _picture(house: House, account: dict[str, Any], mark: str, number: int) -> dict[str, Any]:
    return {"text": mark, "image_urls": [f"{house.sandbox}/_sandbox/media/square.jpg"]}


def _text(house: House, account: dict[str, Any], mark: str, number: int) -> dict[str, Any]:
    return {"text": mark}


def _message(house: House, account: dict[str, Any], mark: str, number: int) -> dict[str, Any]:
    reachable: list[str] = account["recipients"]["in_window"]
    return {"text": mark, "options": {"to": reachable[number % len(reachable)], "silence_seconds": 60}}


SCENES = {
    "youtube": Scene(format="short", route="upload.final", content=_short),
    "instagram": Scene(format="image", route="media_publish", content=_picture, metadata=("login",)),
    "facebook": Scene(format="text", route="feed.post", content=_text),
    # hazel is an organization, whose posts can be read back; ridge is a member, whose posts nobody may list.
    "linkedin": Scene(format="text", route="posts.create", content=_text, silent=frozenset({"ridge"})),
    "whatsapp": Scene(format="text", route="messages.send", content=_message, silent=frozenset(ACCOUNTS)),
}
PLATFORMS = list(kits())
ALL = [(platform, account) for platform in PLATFORMS for account in ACCOUNTS]


async def prepared(house: House) -> None:
    """Plant and CP, and what the platforms must know of us."""
    for account in await house.accounts():
        if account["platform"] in ("facebook", "instagram") and account["app_secret"].endswith(
            account["platform"] + "-app-secret"
        ):
            app = account["platform"].upper()
            house.environment |= {f"{app}_APP_ID": account["app_id"], f"{app}_APP_SECRET": account["app_secret"]}
    for platform, knobs in ROOMY.items():
        await house.order(f"knobs/{platform}", knobs)
    await house.start_cp()
    await house.start_plant()
    await asyncio.gather(house.mint_both(), house.healthy())


async def connect(house: House, account: dict[str, Any]) -> str:
    """The credential_ref of a seeded account, with what its platform wants to know beside the token."""
    metadata = {name: account[name] for name in SCENES[account["platform"]].metadata}
    filled = {name: value for name, value in account.items() if value is not None}
    return await house.connect_account(filled, metadata=metadata)


def ordered(house: House, account: dict[str, Any], credential: str, mark: str, number: int) -> dict[str, Any]:
    """The body of an order for what is usual on the account's platform; `mark` stands in its words."""
    scene = SCENES[account["platform"]]
    return {
        "customer_id": CUSTOMER,
        "agent_id": AGENT,
        "content": scene.content(house, account, mark, number),
        "targets": [{"credential_ref": credential, "format": scene.format}],
    }
