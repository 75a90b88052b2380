"""What came of it: the tables, the proof by what followers see, and `run.json`."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from waooaw_social.core.ids import Platform
from waooaw_social.demo import screen
from waooaw_social.demo.stage import SIZE, Failed, Stage
from waooaw_social.main import clock_of, opened
from waooaw_social.platforms.registry import kits
from waooaw_social.settings import load
from waooaw_social.storage.plant.quota import SqlQuota


async def report(stage: Stage, short: Mapping[str, Any], others: list[Mapping[str, Any]], seconds: float) -> None:
    """The tables, the proof, and `run.json`."""
    calls: list[dict[str, Any]] = await stage.ask("GET", f"{stage.sandbox}/_sandbox/calls")
    for platform in dict.fromkeys(one["platform"] for one in (short, *others)):
        asked = [call for call in calls if call["platform"] == platform]
        screen.table(f"What {platform} was asked", [["call", "times", "answers"], *answers(asked)])
    rows = [["publication", "recorded call", "attempt", "visible", "became", "by"]]
    for one in (short, *others):
        rows += [
            [
                one["platform"],
                entry["call"],
                str(entry["attempt"]),
                "yes" if entry["visible"] else "no",
                entry["state"],
                entry["heard_by"] or "",
            ]
            for entry in one["attempts"]
        ]
    screen.table("What the ledger wrote down", rows)
    every = (short, *others)
    posts = [await proof(stage, one, of=sum(o["platform"] == one["platform"] for o in every)) for one in every]
    if posts[0]["sha256"] != (await stage.http.get(f"{stage.sandbox}/_sandbox/media/video/{SIZE}.sha256")).text.strip():
        raise Failed("what followers see is not what was ordered")
    rows = [[post["platform"], post["post_id"], str(post["bytes"]), post["sha256"]] for post in posts]
    screen.table("What followers see", [["platform", "post", "bytes", "sha-256"], *rows])
    print()
    for post in posts:
        print(f"  {post['platform']:<10} {screen.bold(post['sandbox_url'])}  {screen.dim(post['post_url'] or '')}")
    quota = await used_quota(stage)
    print("  quota used " + ", ".join(f"{name} {used} of {limit}" for name, (used, limit) in quota.items()))
    print(f"  time       {seconds:.1f} s, the slow chunks included\n")
    run = {"publications": posts, "quota": quota, "seconds": round(seconds, 1)}
    (stage.var / "run.json").write_text(json.dumps(run, indent=2) + "\n")
    screen.step(f"{len(posts)} posts, each once, byte for byte, and written to {stage.var}/run.json")


def answers(calls: list[dict[str, Any]]) -> list[list[str]]:
    """Per route: how often, and what came back."""
    rows: list[list[str]] = []
    for route in dict.fromkeys(str(call["route"]) for call in calls):
        heard = [str(call["status"] or "cut") for call in calls if call["route"] == route]
        rows.append([route, str(len(heard)), ", ".join(f"{a} ×{heard.count(a)}" for a in dict.fromkeys(heard))])
    return rows


async def proof(stage: Stage, shown: Mapping[str, Any], *, of: int) -> dict[str, Any]:
    """What followers see of it, one `of` so many there. Raises `Failed` where it is not there exactly once."""
    audience = await stage.ask(
        "GET", f"{stage.sandbox}/_sandbox/audience/{shown['platform']}/{stage.account['account']}"
    )
    posts = [post for post in audience if post["id"] == shown["post_id"]]
    if len(audience) != of or len(posts) != 1:
        raise Failed(f"{shown['platform']}: followers see {len(audience)} posts, {len(posts)} of them this one")
    media = posts[0]["media"][0] if posts[0]["media"] else words_of(posts[0])
    return {
        "id": shown["id"],
        "platform": shown["platform"],
        "post_id": posts[0]["id"],
        "post_url": shown["post_url"],
        "sandbox_url": posts[0]["url"],
        "sha256": media["sha256"],
        "bytes": media["bytes"],
    }


def words_of(post: Mapping[str, Any]) -> dict[str, Any]:
    """A message without a file is its words."""
    words = str(post["text"]).encode()
    return {"sha256": hashlib.sha256(words).hexdigest(), "bytes": len(words)}


async def used_quota(stage: Stage) -> dict[str, tuple[int, int]]:
    """What Plant has counted today, by its own books."""
    settings = load().model_copy(update={"clock_url": f"{stage.sandbox}/_sandbox/clock", "var": stage.var})
    async with clock_of(settings) as clock, opened(settings.plant_database(), "plant", clock, settings) as db:
        quota, buckets = (
            SqlQuota(db=db, clock=clock),
            kits(limits=settings.quota_limits())[Platform("youtube")].manifest.buckets,
        )
        return {
            bucket.name: (await quota.used(bucket, stage.account["app_id"]), bucket.limit)
            for bucket in buckets
            if bucket.limit
        }
