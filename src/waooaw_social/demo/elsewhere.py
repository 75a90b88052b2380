"""The show goes on where platforms lie: one order for several accounts, and each platform errs in its own way after the post is live.

What is shown is that nobody posts twice: the answer is doubted, the account is looked at, and what is found there is adopted. A platform
is a row of `SCENES`.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from waooaw_social.demo import screen
from waooaw_social.demo.stage import AGENT, CUSTOMER, Failed, Stage

PICTURE = "square.jpg"
PATIENCE = 45.0
"""Seconds."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One account, the shape that the post takes there, and what is ordered to go wrong."""

    platform: str
    title: str
    account: str
    format: str
    route: str
    fault: Mapping[str, Any]
    line: str
    metadata: tuple[str, ...] = ()
    """What of the account's row CP keeps beside the tokens."""


SCENES = (
    Scene(
        platform="instagram", title="Instagram", account="hazel", format="image", route="media_publish", fault={"fault": "publish_then_403"}, metadata=("login",),
        line="Instagram answered 403 “action is blocked” to a post that was live: its container was asked, and it was not posted twice",
    ),
    Scene(
        platform="facebook", title="Facebook", account="hazel", format="photos", route="feed.post", fault={"fault": "publish_then_500"},
        line="Facebook answered 500 to a post that was live: the Page was looked at, and it was not posted twice",
    ),
    Scene(
        platform="linkedin", title="LinkedIn", account="hazel", format="images", route="posts.create",
        fault={"fault": "status_but_done", "status": 504},
        line="LinkedIn answered 504 to a post that was live: its image was found in the organization's posts, and it was not posted twice",
    ),
)  # fmt: skip


async def publish_elsewhere(stage: Stage) -> list[Mapping[str, Any]]:
    """One order for all scenes. Returns what Plant says of each, in their order."""
    refs = [await connect(stage, await stage.seeded(scene.platform, scene.account), scene.metadata) for scene in SCENES]
    for scene in SCENES:
        await stage.order("faults", {"platform": scene.platform, "route": scene.route, **scene.fault})
    body = {
        "customer_id": CUSTOMER,
        "agent_id": AGENT,
        "content": {"text": "Fresh bread at seven.", "image_urls": [f"{stage.sandbox}/_sandbox/media/{PICTURE}"]},
        "targets": [{"credential_ref": ref, "format": scene.format} for ref, scene in zip(refs, SCENES, strict=True)],
    }
    url = f"{stage.ports.url(stage.ports.plant)}/api/v1/publications"
    headers = {"idempotency-key": secrets.token_hex(8)}
    accepted = await stage.ask("POST", url, key=stage.agent_key, body=body, **headers)
    *others, last = (scene.title for scene in SCENES)
    screen.step(
        f"{AGENT} ordered a picture for {', '.join(others)} and {last}; each will say no to a post that is live"
    )
    ended = await until_ended(stage, [one["id"] for one in accepted["publications"]])
    for scene, shown in zip(SCENES, ended, strict=True):
        if not any(entry["heard_by"] == "reconcile" for entry in shown["attempts"]):
            raise Failed(f"{scene.platform}: the ordered no was not heard")
        screen.event(scene.line)
    return ended


async def connect(stage: Stage, account: Mapping[str, Any], metadata: tuple[str, ...] = ()) -> str:
    """The customer gives CP the account's tokens. Returns the credential's name."""
    named = ("platform", "posting_identity", "access_token", "refresh_token", "expires_at", "scopes")
    body: dict[str, Any] = {name: account[name] for name in named if account[name] is not None}
    body["metadata"] = {name: account[name] for name in metadata}
    url = f"{stage.ports.url(stage.ports.cp)}/api/cp/platform-credentials"
    kept = await stage.ask("PUT", url, key=stage.customer_key, body=body)
    screen.step(f"{CUSTOMER} connected “{account['title']}” on {account['platform']}: {kept['credential_ref']}")
    return kept["credential_ref"]


async def until_ended(stage: Stage, publications: list[str]) -> list[Mapping[str, Any]]:
    """What became of them. While all of them wait, the clock is advanced."""
    base, deadline = f"{stage.ports.url(stage.ports.plant)}/api/v1/publications", time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        shown = [await stage.ask("GET", f"{base}/{one}", key=stage.agent_key) for one in publications]
        if all(one["ended_at"] for one in shown):
            failed = [
                f"{one['platform']}: {one['state']}, {one['why']}" for one in shown if one["state"] != "published"
            ]
            if failed:
                raise Failed("; ".join(failed))
            return shown
        waiting = [one for one in shown if not one["ended_at"]]
        if all(one["state"] == "parked" for one in waiting):
            await stage.skip(min(one["next_step_at"] for one in waiting))
        await asyncio.sleep(0.1)
    raise Failed(f"nothing came of it in {PATIENCE:.0f} s; see {stage.var}/serve.log")
