"""Alembic's entry; everything is in `storage/migrate.py`."""

from waooaw_social.storage.migrate import run
from waooaw_social.storage.plant.tables import metadata

run(metadata)
