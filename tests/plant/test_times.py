"""When something is to be published: offsets, clocks on walls, the hour that is skipped and the hour that comes twice."""

from datetime import UTC, datetime, timedelta

import pytest

from waooaw_social.plant.times import PAST, moment_of, untimely

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


@pytest.mark.parametrize(
    ("said", "zone", "fold", "utc"),
    [
        ("2027-06-01T12:00:00+02:00", None, None, "2027-06-01T10:00:00"),
        ("2027-06-01T12:00Z", None, None, "2027-06-01T12:00:00"),
        ("2027-06-01T12:00", BERLIN, None, "2027-06-01T10:00:00"),
        ("2027-12-01T12:00", BERLIN, None, "2027-12-01T11:00:00"),
        # 28 March 2027: 02:00 is 03:00. What is skipped comes an hour later by the new time.
        ("2027-03-28T01:59:59", BERLIN, None, "2027-03-28T00:59:59"),
        ("2027-03-28T02:30", BERLIN, None, "2027-03-28T01:30:00"),
        ("2027-03-28T02:30", BERLIN, "first", "2027-03-28T01:30:00"),
        ("2027-03-28T03:30", BERLIN, None, "2027-03-28T01:30:00"),
        # 31 October 2027: 03:00 is 02:00 again.
        ("2027-10-31T02:30", BERLIN, None, "2027-10-31T00:30:00"),
        ("2027-10-31T02:30", BERLIN, "first", "2027-10-31T00:30:00"),
        ("2027-10-31T02:30", BERLIN, "second", "2027-10-31T01:30:00"),
        ("2027-11-07T01:30", NEW_YORK, "second", "2027-11-07T06:30:00"),
        # Half an hour is skipped there, and not a whole one.
        ("2027-10-03T02:15", LORD_HOWE, None, "2027-10-02T15:45:00"),
        ("2027-06-01T12:00", "UTC", "second", "2027-06-01T12:00:00"),
    ],
)
def test_a_time_is_one_moment(said: str, zone: str | None, fold: str | None, utc: str) -> None:
    assert moment_of(said, zone, fold) == datetime.fromisoformat(utc).replace(tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "zone", "fold"),
    [
        ("2027-06-01T12:00", None, None),
        ("2027-06-01T12:00Z", BERLIN, None),
        ("2027-06-01T12:00Z", None, "first"),
        ("2027-02-30T12:00Z", None, None),
        ("2027-06-01T25:00Z", None, None),
        ("0001-01-01T00:00+14:00", None, None),
        ("9999-12-31T23:59-12:00", None, None),
        ("2027-06-01T12:00", "Europe/Nowhere", None),
        ("2027-06-01T12:00", "../../etc/passwd", None),
        ("2027-06-01T12:00", "Europe", None),
        ("2027-06-01T12:00", "", None),
    ],
)
def test_what_is_no_moment_is_said_to_be_none(said: str, zone: str | None, fold: str | None) -> None:
    with pytest.raises(ValueError, match="time|year|zone"):
        moment_of(said, zone, fold)  # type: ignore[arg-type]


def test_the_past_and_the_far_future_are_slips_and_now_is_not() -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    assert untimely(None, now) is None and untimely(now, now) is None and untimely(now - PAST, now) is None
    past, far = untimely(now - PAST - timedelta(seconds=1), now), untimely(now + timedelta(days=3000), now)
    assert past and far and (past.code, far.code) == ("publish_at_past", "publish_at_far")
