"""Plant's tables. Times are seconds since 1970 on the database's clock.

A lease is a due time in the future: claiming, taking over, parking and renewing move one column. Three partial indexes serve them: what
waits for a time, what is due (by customer, so that it can be shared out), what is leased. A row is in one of them at a time.
"""

import sqlalchemy as sa

from waooaw_social.core.publication import State
from waooaw_social.durable.ports import EntryState
from waooaw_social.storage.api_keys import api_keys_table

metadata = sa.MetaData()

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text),
    sa.Column("follows", sa.Text),  # the publication that has to have ended before this one is claimed
    sa.Column("agent_id", sa.Text),
    sa.Column("correlation_id", sa.Text),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("credential_ref", sa.Text, nullable=False),
    sa.Column("posting_identity", sa.Text),
    sa.Column("account_metadata", sa.JSON, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("publish_at", sa.Double),
    sa.Column("late_by_most", sa.Double),  # seconds
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", sa.Double, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("worker", sa.Text),
    sa.Column("claimed_at", sa.Double),  # when the newest run began
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("wanted_at", sa.Double, nullable=False),  # since when it is wanted, where it has no time of its own
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
RIPENING = publications.c.state.in_([sa.literal_column(f"'{State.PARKED}'"), sa.literal_column(f"'{State.SCHEDULED}'")])
READY = publications.c.state == sa.literal_column(f"'{State.DUE}'")
LEASED = publications.c.state == sa.literal_column(f"'{State.RUNNING}'")
UNRESOLVED = publications.c.state == sa.literal_column(f"'{State.UNRESOLVED}'")
"""As the indexes have them, word for word: neither database looks behind a parameter to see whether an index fits."""
sa.Index("ripening", publications.c.due_at, sqlite_where=RIPENING, postgresql_where=RIPENING)
sa.Index("ready", publications.c.customer_id, publications.c.due_at, sqlite_where=READY, postgresql_where=READY)
sa.Index("leased", publications.c.due_at, sqlite_where=LEASED, postgresql_where=LEASED)
sa.Index("unresolved", publications.c.platform, sqlite_where=UNRESOLVED, postgresql_where=UNRESOLVED)
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
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("body_sha256", sa.Text, nullable=False),
    sa.Column("publications", sa.JSON, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
)

media = sa.Table(
    "media",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),  # the stored file's name; never shown, never taken
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("duration", sa.Double),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("used_at", sa.Double, nullable=False),  # when a publication last named it
)
sa.Index("media_by_use", media.c.used_at)

media_uses = sa.Table(
    "media_uses",
    metadata,
    sa.Column("media", sa.Text, primary_key=True),
    sa.Column("publication", sa.Text, primary_key=True),
)

settlements = sa.Table(
    "settlements",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("publication", sa.Text, sa.ForeignKey(publications.c.id), nullable=False),
    sa.Column("settled_at", sa.Double, nullable=False),
    sa.Column("api_key", sa.Text, nullable=False),
    sa.Column("agent_id", sa.Text),
    sa.Column("person", sa.Text),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("post_id", sa.Text),
    sa.Column("note", sa.Text),
    sa.Column("request_id", sa.Text),
)
sa.Index("settlements_of", settlements.c.publication, settlements.c.settled_at)

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

connections = sa.Table(  # what is known of accounts that publications wait for
    "connections",
    metadata,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("credential_ref", sa.Text, primary_key=True),
    sa.Column("posting_identity", sa.Text, primary_key=True),  # for whom publications were accepted; "": whoever it is
    sa.Column("check_at", sa.Double, nullable=False),  # not before then is it asked about again
    sa.Column("checked_at", sa.Double),
    sa.Column("problem", sa.JSON),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seen_at", sa.Double, nullable=False),  # when its claims were last known to work
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
