"""Plant's tables. Times are seconds since 1970 on the database's clock.

A lease is a due time in the future: claiming, taking over, parking and renewing move one column, and one partial index serves them all.
"""

import sqlalchemy as sa

from waooaw_social.core.publication import WAITING, State
from waooaw_social.durable.ports import EntryState
from waooaw_social.storage.api_keys import api_keys_table

metadata = sa.MetaData()

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("agent_id", sa.Text),
    sa.Column("correlation_id", sa.Text),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("credential_ref", sa.Text, nullable=False),
    sa.Column("posting_identity", sa.Text),
    sa.Column("account_metadata", sa.JSON, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("publish_at", sa.Double),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", sa.Double, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("worker", sa.Text),
    sa.Column("claimed_at", sa.Double),  # when the newest run began
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double),
    sa.Column("audited_at", sa.Double),
    sa.Column("why", sa.Text),  # why it is parked, refused or unresolved, for people
    sa.Column("refusal", sa.JSON),
    sa.Column("post_id", sa.Text),
    sa.Column("post_url", sa.Text),
    sa.Column("notes", sa.JSON),
    sa.Column("bytes_sent", sa.BigInteger),
    sa.Column("bytes_total", sa.BigInteger),
)
_waiting = publications.c.state.in_(sorted(WAITING))
sa.Index("due", publications.c.due_at, sqlite_where=_waiting, postgresql_where=_waiting)
_unresolved = publications.c.state == State.UNRESOLVED.value
sa.Index("nobody_knows", publications.c.platform, sqlite_where=_unresolved, postgresql_where=_unresolved)
sa.Index("of_customer", publications.c.customer_id, publications.c.created_at)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("publication", sa.Text, sa.ForeignKey(publications.c.id), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),  # the order in which a publication's entries were recorded
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("visible", sa.Boolean, nullable=False),
    sa.Column("audience", sa.Text),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("begun_at", sa.Double, nullable=False),
    sa.Column("answered_at", sa.Double),
    sa.Column("reply", sa.LargeBinary),  # sealed
    sa.Column("heard_by", sa.Text),
    sa.Column("remote_id", sa.Text),
    sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
    sa.Column("first_look_at", sa.Double),
)
_in_doubt = sa.and_(entries.c.state == EntryState.OPEN.value, entries.c.audience.is_not(None))
_owned = entries.c.remote_id.is_not(None)
sa.Index(
    "one_in_doubt_per_audience", entries.c.audience, unique=True, sqlite_where=_in_doubt, postgresql_where=_in_doubt
)
sa.Index(
    "one_owner", entries.c.platform, entries.c.remote_id, unique=True, sqlite_where=_owned, postgresql_where=_owned
)
_doubted = entries.c.state == EntryState.ABSENT.value
sa.Index("sent_in_doubt_and_again", entries.c.publication, sqlite_where=_doubted, postgresql_where=_doubted)
sa.Index("of_audience", entries.c.audience, entries.c.begun_at)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("api_key", sa.Text, primary_key=True),
    sa.Column("idempotency_key", sa.Text, primary_key=True),
    sa.Column("body_sha256", sa.Text, nullable=False),
    sa.Column("publications", sa.JSON, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
)

quota = sa.Table(
    "quota",
    metadata,
    sa.Column("bucket", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
)

quota_blocks = sa.Table(
    "quota_blocks",
    metadata,
    sa.Column("bucket", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("until", sa.Double, nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("told", sa.JSON, nullable=False),
    sa.Column("heard_at", sa.Double, nullable=False),
)

usage = sa.Table(
    "usage",
    metadata,
    sa.Column("publication", sa.Text, sa.ForeignKey(publications.c.id), primary_key=True),
    sa.Column(
        "epoch", sa.Integer, primary_key=True
    ),  # of the run that ended; a person's settling ends the last run anew
    sa.Column("status", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("agent_id", sa.Text),
    sa.Column("correlation_id", sa.Text),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("credential_ref", sa.Text, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("content_length", sa.Integer, nullable=False),
    sa.Column("duration_ms", sa.BigInteger, nullable=False),
    sa.Column("post_id", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("is_transient", sa.Boolean),
    sa.Column("retry_count", sa.Integer, nullable=False),
)
_success = usage.c.status == "success"
sa.Index("billed_once", usage.c.publication, unique=True, sqlite_where=_success, postgresql_where=_success)
sa.Index("usage_of_customer", usage.c.customer_id, usage.c.at)
_retrying = usage.c.status == "retrying"
sa.Index("usage_to_forget", usage.c.at, sqlite_where=_retrying, postgresql_where=_retrying)

api_keys = api_keys_table(metadata)
