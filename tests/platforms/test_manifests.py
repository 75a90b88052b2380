"""What every platform's facts promise."""

from datetime import date, timedelta

import pytest

from waooaw_social.platforms.manifest import SUNSET_WARNING, Manifest
from waooaw_social.platforms.registry import kits

MANIFESTS = [kit.manifest for kit in kits().values()]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.platform)
def test_a_version_that_will_be_retired_is_named_ninety_days_ahead(manifest: Manifest) -> None:
    if manifest.sunset is None:
        assert manifest.sunset_near(date(2100, 1, 1)) is None
        return
    assert manifest.sunset_near(manifest.sunset - timedelta(days=SUNSET_WARNING + 1)) is None
    assert manifest.sunset_near(manifest.sunset - timedelta(days=SUNSET_WARNING)) == 90
    assert manifest.sunset_near(manifest.sunset + timedelta(days=3)) == -3
    assert manifest.sunset > date(2026, 11, 21) + timedelta(days=SUNSET_WARNING)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.platform)
def test_buckets_that_are_named_exist_and_error_tables_end(manifest: Manifest) -> None:
    buckets = {bucket.name for bucket in manifest.buckets}
    assert set(manifest.gates) <= buckets
    assert {row.bucket for row in manifest.errors if row.bucket} <= buckets
    last = manifest.errors[-1]
    assert not last.statuses and not last.reasons and last.says is None
