"""Plant's tables. Times are seconds since 1970 on the database's clock.

A lease is a due time in the future: claiming, taking over, parking and renewing move one column, and one partial index serves them all.
"""

import sqlalchemy as sa

from waooaw_social.core.publication import WAITING
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

quota_leases = sa.Table(  # what of `quota` a process holds, to use it without asking
    "quota_leases",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("bucket", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("units", sa.BigInteger, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
)
sa.Index("held_of", quota_leases.c.bucket, quota_leases.c.scope)

quota_rates = sa.Table(
    "quota_rates",
    metadata,
    sa.Column("bucket", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("empty_at", sa.Double, nullable=False),  # GCRA's theoretical arrival time
)

breaker = sa.Table(
    "breaker",
    metadata,
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("family", sa.Text, primary_key=True),  # "*" is an operator's freeze
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("probe", sa.Text),
    sa.Column("probe_until", sa.Double, nullable=False),
    sa.Column("successes", sa.Integer, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("told", sa.JSON, nullable=False),
    sa.Column("heard_at", sa.Double, nullable=False),
)

api_keys = api_keys_table(metadata)
