"""The alert rules are valid, name metrics that exist, and fire on what a running house really shows; and so does the dashboard."""

import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import yaml

from metrics.promtool import RULES, dashboard, fires, promtool, samples
from plant.house import House, free_port, open_house
from waooaw_social.metrics.gauges import GAUGES, exposition
from waooaw_social.metrics.prometheus import BREAKER, CP_REGISTRY, REGISTRY, expect_posts
from waooaw_social.platforms.registry import kits

pytestmark = pytest.mark.anyio

TOKEN = "a-token-for-prometheus-in-a-test-house"
NAME = re.compile(r"\bwaooaw_\w+")


@pytest.fixture(scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house of its own that shows its metrics, and may upload four times a day."""
    told = {"METRICS_TOKEN": TOKEN, "METRICS_BIND": f"127.0.0.1:{free_port()}", "YOUTUBE_UPLOAD_QUOTA_DAILY_LIMIT": "4"}
    async with open_house(tmp_path_factory.mktemp("watched"), **told) as house:
        yield house


async def scrape(house: House, at: str) -> str:
    answer = await house.http.get(f"{at}/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    return answer.text


async def scraped(house: House, worker: str = "") -> str:
    """What Prometheus gets of CP, Plant and the worker (or what it last got of that), as one.

    Plant's API counts no posts where the worker is a process of its own: of two series of one name, the worker's stays.
    """
    counted = samples(worker or await scrape(house, f"http://{house.environment['METRICS_BIND']}"))
    shown = samples(await scrape(house, house.cp)) | samples(await scrape(house, house.plant)) | counted
    return "".join(f"{series} {value:g}\n" for series, value in shown.items())


async def test_the_rules_fire_on_what_a_house_really_shows(watched: House, tmp_path: Path) -> None:
    house, bind = watched, f"http://{watched.environment['METRICS_BIND']}"
    await house.healthy(house.cp)
    credential = await house.connect()
    healthy = await scraped(house)
    assert not fires([healthy], "10m", tmp_path)

    await house.fault("videos.insert", "status", status=429, retry_after=900)
    late = await house.ends(await house.publish(credential, title="Late"))
    await house.fault("videos.insert", "error", reason="invalidTitle")
    refused = await house.ends(await house.publish(credential, title="No"))
    fine = await house.ends(await house.publish(credential, title="Fine"))
    assert [one["state"] for one in (late, refused, fine)] == ["published", "refused", "published"]
    soon = (await house.now()) + timedelta(days=2)
    await house.connect("ridge", refresh_token=None, expires_at=soon.isoformat().replace("+00:00", "Z"))
    worker = await scrape(house, bind)
    for service in house.services:
        if service.name == "worker":
            assert await service.stop() == 0
    await house.publish(credential, title="Nobody is there")
    set_unresolved(house.var, refused["id"])
    await house.advance(600)
    sick = await scraped(house, worker)
    of_youtube = {"PostsFail", "QuotaNearlyUsed", "PostsUnresolved", "PostsLate", "NobodyWorks", "TokensEnd"}
    assert fires([healthy, sick], "10m", tmp_path) == {(alert, "youtube") for alert in of_youtube}

    sunset = date(2028, 7, 29) - timedelta(days=30)
    await house.advance((datetime.combine(sunset, time(), UTC) - await house.now()).total_seconds())
    fired = fires([await scraped(house, worker)], "10m", tmp_path)
    ending_or_over = {kit.manifest.platform for kit in kits().values() if kit.manifest.sunset}
    assert {platform for alert, platform in fired if alert == "VersionSunset"} == ending_or_over


def set_unresolved(var: Path, publication: str) -> None:
    """What no fault of YouTube's brings about in short: nobody could tell."""
    with sqlite3.connect(var / "plant.db", timeout=20) as database:
        database.execute("update publications set state = 'unresolved' where id = ?", [publication])


async def test_nobody_reads_the_metrics_without_their_own_token(watched: House) -> None:
    house = watched
    for at in (house.cp, house.plant):
        for key in ("x", house.agent_key, house.customer_key, TOKEN[:-1]):
            answer = await house.http.get(f"{at}/metrics", headers={"authorization": f"Bearer {key}"})
            assert answer.status_code == 401 and "waooaw_" not in answer.text
        text = await scrape(house, at)
        assert not [word for word in ("CUST-", "AGENT-", "CRED-", "pub_") if word in text]


async def test_without_a_token_there_are_no_metrics(house: House) -> None:
    for at in (house.cp, house.plant):
        assert (await house.http.get(f"{at}/metrics")).status_code == 404


def test_an_open_breaker_fires_after_five_minutes_and_a_closed_one_never(tmp_path: Path) -> None:
    for state, alerts in ((2, {("BreakerOpen", "youtube")}), (1, set()), (0, set())):
        BREAKER.labels("youtube", "upload").set(state)
        scrape = "".join(
            line for line in exposition(REGISTRY).decode().splitlines(keepends=True) if "waooaw_breaker" in line
        )
        BREAKER.clear()
        assert fires([scrape], "4m", tmp_path) == set()
        assert fires([scrape], "6m", tmp_path) == alerts


# --- rules and dashboard against what exists ----------------------------------------------------------------------------------


def names() -> set[str]:
    """Every series that the services can show."""
    expect_posts()
    counted = [exposition(registry).decode() for registry in (REGISTRY, CP_REGISTRY)]
    found = {family for text in counted for family in re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE)}
    made = {f"{name}{end}" for name in found for end in ("", "_bucket", "_sum", "_count")}
    return made | set(GAUGES)


def test_rules_and_dashboard_name_only_metrics_that_there_are() -> None:
    rules = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    assert len(rules) > 5 and len(panels) > 10
    for expression in rules + panels:
        asked = set(NAME.findall(expression))
        assert asked and asked <= names(), expression


def test_what_is_shown_has_few_and_closed_labels() -> None:
    allowed = {"platform", "call", "answer", "bucket", "family", "status", "outcome", "state", "version", "le"}
    assert {label for _, labels in GAUGES.values() for label in labels} <= allowed
    for registry in (REGISTRY, CP_REGISTRY):
        for family in registry.collect():
            assert {label for sample in family.samples for label in sample.labels} <= allowed, family.name


def test_prometheus_itself_accepts_rules_and_the_dashboards_expressions(tmp_path: Path) -> None:
    assert "SUCCESS" in promtool("check", "rules", str(RULES))
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:{i}", "expr": expression} for i, expression in enumerate(panels)]
    written = tmp_path / "panels.yml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(panels)} rules found" in promtool("check", "rules", str(written))
