"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), server_default="", nullable=False),
        sa.Column("credential_refs", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "breaker",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("probe", sa.Text(), nullable=True),
        sa.Column("probe_until", sa.Double(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "family"),
    )
    op.create_table(
        "connections",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("credential_ref", sa.Text(), nullable=False),
        sa.Column("posting_identity", sa.Text(), nullable=False),
        sa.Column("check_at", sa.Double(), nullable=False),
        sa.Column("checked_at", sa.Double(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "credential_ref", "posting_identity"),
    )
    op.create_table(
        "quota_leases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("held_of", "quota_leases", ["bucket", "scope"])
    op.create_table(
        "quota_rates",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("empty_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "scope"),
    )
    op.create_table(
        "inbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("heard_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "orders",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("publications", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "api_key", "idempotency_key"),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "publications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("follows", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("credential_ref", sa.Text(), nullable=False),
        sa.Column("posting_identity", sa.Text(), nullable=True),
        sa.Column("account_metadata", sa.JSON(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("publish_at", sa.Double(), nullable=True),
        sa.Column("late_by_most", sa.Double(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("wanted_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("audited_at", sa.Double(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("refusal", sa.JSON(), nullable=True),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("post_url", sa.Text(), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=True),
        sa.Column("bytes_sent", sa.BigInteger(), nullable=True),
        sa.Column("bytes_total", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.create_index(
            "leased",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.create_index(
            "ready",
            ["customer_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'due'"),
            postgresql_where=sa.text("state = 'due'"),
        )
        batch_op.create_index(
            "ripening",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('parked', 'scheduled')"),
            postgresql_where=sa.text("state IN ('parked', 'scheduled')"),
        )
        batch_op.create_index(
            "unresolved",
            ["platform"],
            unique=False,
            sqlite_where=sa.text("state = 'unresolved'"),
            postgresql_where=sa.text("state = 'unresolved'"),
        )
        batch_op.create_index("of_customer", ["customer_id", "created_at"], unique=False)

    op.create_table(
        "media",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index("media_by_use", ["used_at"], unique=False)

    op.create_table(
        "media_uses",
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("publication", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("media", "publication"),
    )
    op.create_table(
        "settlements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("publication", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.Double(), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["publication"],
            ["publications.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.create_index("settlements_of", ["publication", "settled_at"], unique=False)

    op.create_table(
        "quota",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "scope", "day"),
    )
    op.create_table(
        "quota_blocks",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "scope"),
    )
    op.create_table(
        "entries",
        sa.Column("publication", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("heard_by", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_look_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["publication"],
            ["publications.id"],
        ),
        sa.PrimaryKeyConstraint("publication", "name", "attempt"),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index("of_audience", ["audience", "begun_at"], unique=False)
        batch_op.create_index(
            "one_in_doubt_per_audience",
            ["audience"],
            unique=True,
            sqlite_where=sa.text("state = 'open' AND audience IS NOT NULL"),
            postgresql_where=sa.text("state = 'open' AND audience IS NOT NULL"),
        )
        batch_op.create_index(
            "one_owner",
            ["platform", "remote_id"],
            unique=True,
            sqlite_where=sa.text("remote_id IS NOT NULL"),
            postgresql_where=sa.text("remote_id IS NOT NULL"),
        )
        batch_op.create_index(
            "sent_in_doubt_and_again",
            ["publication"],
            unique=False,
            sqlite_where=sa.text("state = 'absent'"),
            postgresql_where=sa.text("state = 'absent'"),
        )

    op.create_table(
        "usage",
        sa.Column("publication", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("credential_ref", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("content_length", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("is_transient", sa.Boolean(), nullable=True),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication"],
            ["publications.id"],
        ),
        sa.PrimaryKeyConstraint("publication", "epoch", "status"),
    )
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.create_index(
            "billed_once",
            ["publication"],
            unique=True,
            sqlite_where=sa.text("status = 'success'"),
            postgresql_where=sa.text("status = 'success'"),
        )
        batch_op.create_index("usage_of_customer", ["customer_id", "at"], unique=False)
        batch_op.create_index(
            "usage_to_forget",
            ["at"],
            unique=False,
            sqlite_where=sa.text("status = 'retrying'"),
            postgresql_where=sa.text("status = 'retrying'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.drop_index(
            "usage_to_forget",
            sqlite_where=sa.text("status = 'retrying'"),
            postgresql_where=sa.text("status = 'retrying'"),
        )
        batch_op.drop_index("usage_of_customer")
        batch_op.drop_index(
            "billed_once",
            sqlite_where=sa.text("status = 'success'"),
            postgresql_where=sa.text("status = 'success'"),
        )

    op.drop_table("usage")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index(
            "sent_in_doubt_and_again",
            sqlite_where=sa.text("state = 'absent'"),
            postgresql_where=sa.text("state = 'absent'"),
        )
        batch_op.drop_index(
            "one_owner",
            sqlite_where=sa.text("remote_id IS NOT NULL"),
            postgresql_where=sa.text("remote_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "one_in_doubt_per_audience",
            sqlite_where=sa.text("state = 'open' AND audience IS NOT NULL"),
            postgresql_where=sa.text("state = 'open' AND audience IS NOT NULL"),
        )
        batch_op.drop_index("of_audience")

    op.drop_table("entries")
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.drop_index("settlements_of")

    op.drop_table("settlements")
    op.drop_table("media_uses")
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.drop_index("media_by_use")

    op.drop_table("media")
    op.drop_table("quota_blocks")
    op.drop_table("quota")
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.drop_index("of_customer")
        batch_op.drop_index(
            "unresolved",
            sqlite_where=sa.text("state = 'unresolved'"),
            postgresql_where=sa.text("state = 'unresolved'"),
        )
        batch_op.drop_index(
            "ripening",
            sqlite_where=sa.text("state IN ('parked', 'scheduled')"),
            postgresql_where=sa.text("state IN ('parked', 'scheduled')"),
        )
        batch_op.drop_index(
            "ready",
            sqlite_where=sa.text("state = 'due'"),
            postgresql_where=sa.text("state = 'due'"),
        )
        batch_op.drop_index(
            "leased",
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )

    op.drop_table("publications")
    op.drop_table("workers")
    op.drop_table("orders")
    op.drop_table("inbox")
    op.drop_table("api_keys")
