"""How near the limits are, by the headers of every reply (contract meta A7)."""

import json
from typing import Any

import pytest

from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.graph.usage import SPACING, UNTOLD_WAIT, usage
from waooaw_social.platforms.manifest import Slow

APP, ACCOUNT = "app calls", "account calls"


def told(**headers: Any) -> tuple[Slow, ...]:
    return usage(Reply(200, {name.replace("_", "-"): json.dumps(value) for name, value in headers.items()}))


def business(percent: float, minutes: float = 0, kind: str = "pages") -> dict[str, Any]:
    row = {"type": kind, "call_count": percent, "total_cputime": 1, "total_time": 1}
    return {"645699291956344": [row | {"estimated_time_to_regain_access": minutes}]}


def test_absence_is_not_zero_and_not_full_either() -> None:
    assert usage(Reply(200)) == ()


@pytest.mark.parametrize(
    ("percent", "seconds"), [(0, 0), (94.9, 0), (95, SPACING), (99, SPACING), (100, UNTOLD_WAIT), (130, UNTOLD_WAIT)]
)
def test_the_app_slows_down_before_it_is_refused(percent: float, seconds: float) -> None:
    expected = (Slow(bucket=APP, seconds=seconds),) if seconds else ()
    assert told(x_app_usage={"call_count": percent, "total_time": 2, "total_cputime": 3}) == expected
    assert told(x_app_usage={"call_count": 1, "total_time": 2, "total_cputime": percent}) == expected


def test_a_wait_is_in_minutes_and_zero_minutes_do_not_mean_healthy() -> None:
    assert told(x_business_use_case_usage=business(100, minutes=30)) == (Slow(bucket=ACCOUNT, seconds=1800),)
    assert told(x_business_use_case_usage=business(97)) == (Slow(bucket=ACCOUNT, seconds=SPACING),)


def test_of_several_keys_the_fullest_counts() -> None:
    two = {"1": business(1)["645699291956344"], "2": business(100, 5, "instagram")["645699291956344"]}
    assert told(x_business_use_case_usage=two) == (Slow(bucket=ACCOUNT, seconds=300),)


def test_the_old_header_of_pages_is_the_accounts() -> None:
    assert told(x_page_usage={"call_count": 100}) == (Slow(bucket=ACCOUNT, seconds=UNTOLD_WAIT),)


@pytest.mark.parametrize(
    "header", ["", "{", "[]", "7", "null", '{"1": [3]}', '{"1": {"call_count": 100}}', '{"call_count": "100"}']
)
def test_what_cannot_be_read_asks_for_nothing(header: str) -> None:
    assert usage(Reply(200, {"x-app-usage": header, "x-business-use-case-usage": header})) == ()
