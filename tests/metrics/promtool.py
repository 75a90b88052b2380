"""Prometheus's own checker, and its series made of what was really scraped."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
STEADY = 30
"""Minutes for which the last scrape's values stay."""


def program() -> str:
    """Where promtool is. `.ci/run` installs it: where CI is, its absence is a failure."""
    there = shutil.which("promtool")
    if there is None:
        missing = "promtool is not here; it comes with Debian's `prometheus`, and `.ci/run` installs it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return there


def promtool(*arguments: str) -> str:
    """What it says; fails where it finds something wrong."""
    ran = subprocess.run([program(), *arguments], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def fires(scrapes: Sequence[str], at: str, folder: Path) -> set[tuple[str, str]]:
    """The alerts and platforms that fire at the moment `at` when the scrapes came in one a minute and the last one stays.

    promtool says what it found only where something else was expected: so it is asked for nothing, and its answer is read.
    """
    names = list(dict.fromkeys(sample for scrape in scrapes for sample in samples(scrape)))
    read = [samples(scrape) for scrape in scrapes]
    series = [
        {
            "series": name,
            "values": " ".join("_" if name not in one else f"{one[name]:g}" for one in read)
            + (f" {read[-1][name]:g}x{STEADY}" if name in read[-1] else ""),
        }
        for name in names
    ]
    rows = folder / "rows.yml"
    asked = [
        {"expr": 'count by (alertname, platform) (ALERTS{alertstate="firing"})', "eval_time": at, "exp_samples": []}
    ]
    test = {"interval": "1m", "input_series": series, "promql_expr_test": asked}
    rows.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}))
    ran = subprocess.run([program(), "test", "rules", str(rows)], capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0 or "got:" in said, said
    return found(said)


def found(said: str) -> set[tuple[str, str]]:
    got = said.partition("got:")[2]
    return {
        (labels["alertname"], labels.get("platform", ""))
        for labels in (dict(re.findall(r'(\w+)="([^"]*)"', one)) for one in re.findall(r"\{([^}]*)\}", got))
        if "alertname" in labels
    }


def samples(scrape: str) -> dict[str, float]:
    """Series and values of one scrape, as a promtool test names them."""
    read: dict[str, float] = {}
    for family in text_string_to_metric_families(scrape):
        for one in family.samples:
            labels = ",".join(f"{name}={json.dumps(value)}" for name, value in sorted(one.labels.items()))
            read[f"{one.name}{{{labels}}}"] = one.value
    return read


def dashboard() -> Any:
    return json.loads((ROOT / "deploy/grafana/waooaw-social.json").read_text())
