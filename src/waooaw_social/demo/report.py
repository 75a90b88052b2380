"""What came of it: the tables, the proof by what followers see, and `run.json`."""

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


async def report(stage: Stage, shown: Mapping[str, Any], seconds: float) -> None:
    """The table, the proof, and `run.json`."""
    calls: list[dict[str, Any]] = await stage.ask("GET", f"{stage.sandbox}/_sandbox/calls?platform=youtube")
    routes = dict.fromkeys(call["route"] for call in calls)
    rows = [["call", "times", "answers"]]
    for route in routes:
        answers = [str(call["status"] or "cut") for call in calls if call["route"] == route]
        rows.append(
            [str(route), str(len(answers)), ", ".join(f"{a} ×{answers.count(a)}" for a in dict.fromkeys(answers))]
        )
    screen.table("What YouTube was asked", rows)
    rows = [["recorded call", "attempt", "visible", "became"]]
    for entry in shown["attempts"]:
        rows.append([entry["call"], str(entry["attempt"]), "yes" if entry["visible"] else "no", entry["state"]])
    screen.table("What the ledger wrote down", rows)
    post = await proof(stage, shown)
    quota = await used_quota(stage)
    screen.table("What followers see", [["post", "bytes", "sha-256"], [post["id"], str(SIZE), post["sha256"]]])
    print(f"\n  the post     {screen.bold(post['sandbox_url'])}\n  on YouTube   {shown['post_url']}")
    print("  quota used   " + ", ".join(f"{name} {used} of {limit}" for name, (used, limit) in quota.items()))
    print(f"  time         {seconds:.1f} s, the slow chunks included\n")
    run = {
        "publications": [{"id": shown["id"], "platform": "youtube", "post_url": shown["post_url"]} | post],
        "quota": quota,
    }
    (stage.var / "run.json").write_text(json.dumps(run | {"seconds": round(seconds, 1)}, indent=2) + "\n")
    screen.step(f"one post, byte for byte, and written to {stage.var}/run.json")


async def proof(stage: Stage, shown: Mapping[str, Any]) -> dict[str, Any]:
    """What followers see of it, compared with what was ordered. Raises `Failed`."""
    audience = await stage.ask("GET", f"{stage.sandbox}/_sandbox/audience/youtube/{stage.account['account']}")
    wanted = (await stage.http.get(f"{stage.sandbox}/_sandbox/media/video/{SIZE}.sha256")).text.strip()
    posts = [post for post in audience if post["id"] == shown["post_id"]]
    if len(audience) != 1 or len(posts) != 1:
        raise Failed(f"followers see {len(audience)} posts, {len(posts)} of them this one")
    media = posts[0]["media"][0]
    if media["sha256"] != wanted:
        raise Failed("what followers see is not what was ordered")
    return {
        "post_id": posts[0]["id"],
        "id": posts[0]["id"],
        "sha256": media["sha256"],
        "bytes": media["bytes"],
        "sandbox_url": posts[0]["url"],
    }


async def used_quota(stage: Stage) -> dict[str, tuple[int, int]]:
    """What Plant has counted today, by its own books."""
    settings = load().model_copy(update={"clock_url": f"{stage.sandbox}/_sandbox/clock", "var": stage.var})
    async with clock_of(settings) as clock, opened(settings.plant_database(), "plant", clock) as db:
        quota, buckets = (
            SqlQuota(db=db, clock=clock),
            kits(limits=settings.quota_limits())[Platform("youtube")].manifest.buckets,
        )
        return {
            bucket.name: (await quota.used(bucket, stage.account["app_id"]), bucket.limit)
            for bucket in buckets
            if bucket.limit
        }
