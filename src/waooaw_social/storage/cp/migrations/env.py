"""Alembic's entry; everything is in `storage/migrate.py`."""

from waooaw_social.storage.cp.tables import metadata
from waooaw_social.storage.migrate import run

run(metadata)
