"""CP's tables. Times are seconds since 1970 on the database's clock; tokens are sealed."""

import sqlalchemy as sa

from waooaw_social.storage.api_keys import api_keys_table

metadata = sa.MetaData()

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("credential_ref", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("posting_identity", sa.Text),
    sa.Column("access_token", sa.LargeBinary, nullable=False),
    sa.Column("refresh_token", sa.LargeBinary),
    sa.Column("expires_at", sa.Double),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("account_metadata", sa.JSON, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column(
        "refresh_until", sa.Double, nullable=False, server_default="0"
    ),  # the right to refresh is somebody's until then
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
)
sa.Index("credentials_of_customer", credentials.c.customer_id)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("credential_ref", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),  # stored, replaced, opened, updated, lease_granted
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

api_keys = api_keys_table(metadata)
