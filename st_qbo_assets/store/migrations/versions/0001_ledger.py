"""What is sent and what exists: intents, attempts, links, applications, markers.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SCHEMA = "st_qbo"


def upgrade() -> None:
    _intents()
    _attempts()
    _links()
    _applications()
    _markers()


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="our own number"),
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column("tenant", sa.Text(), nullable=False, comment="ServiceTitan tenant the record comes from"),
        sa.Column("realm", sa.Text(), nullable=False, comment="QuickBooks company the write goes to"),
        sa.Column("target", sa.Text(), nullable=False, comment="QuickBooks entity (Invoice)"),
        sa.Column(
            "source_entity",
            sa.Text(),
            nullable=False,
            comment="kind of the ServiceTitan record, singular (invoice)",
        ),
        sa.Column(
            "source_id", sa.Text(), nullable=False, comment="its id in ServiceTitan, or an item's SKU|account"
        ),
        sa.Column(
            "source_part",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="part of the record a payload stands for (refund), else empty",
        ),
        sa.Column("operation", sa.Text(), nullable=False, comment="create, update or void"),
        sa.Column(
            "digest",
            sa.Text(),
            nullable=False,
            comment="SHA-256 of the payload's canonical form; equal digest means nothing to write",
        ),
        sa.Column(
            "revision",
            sa.Integer(),
            nullable=False,
            comment="1 + the highest of this company, target and source",
        ),
        sa.Column(
            "request_id",
            sa.Text(),
            nullable=False,
            comment="idempotency key sent to QuickBooks, the same on every send of this intent",
        ),
        sa.Column(
            "payload", sa.JSON(), nullable=False, comment="what the mapping made, with symbolic references"
        ),
        sa.Column("request", sa.JSON(), nullable=False, comment="the body to send, with QuickBooks ids"),
        sa.Column(
            "state",
            sa.Text(),
            server_default="open",
            nullable=False,
            comment="open until QuickBooks' answer is known, then how it ended",
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="business day of the record"),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when the intent was committed, before anything was sent",
        ),
        sa.Column(
            "closed_at", sa.DateTime(timezone=True), nullable=True, comment="when its outcome became known"
        ),
        sa.Column(
            "run_id", sa.Text(), server_default="", nullable=False, comment="Dagster run that opened it"
        ),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("intents_closed_check")),
        sa.CheckConstraint("operation IN ('create', 'update', 'void')", name=op.f("intents_operation_check")),
        sa.CheckConstraint(
            "state IN ('open', 'posted', 'mismatch', 'rejected', 'absent')", name=op.f("intents_state_check")
        ),
        sa.CheckConstraint("length(request_id) <= 50", name=op.f("intents_request_id_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("intents_pkey")),
        sa.UniqueConstraint(
            "company",
            "target",
            "source_entity",
            "source_id",
            "source_part",
            "revision",
            name="intents_revision_key",
        ),
        sa.UniqueConstraint("request_id", name=op.f("intents_request_id_key")),
        schema=_SCHEMA,
        comment="What we mean to do to QuickBooks: committed before the call, closed with its outcome",
    )
    op.create_index("intents_day", "intents", ["company", "day"], unique=False, schema=_SCHEMA)
    op.create_index(
        "intents_one_open",
        "intents",
        ["company", "target", "source_entity", "source_id", "source_part"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "intents_source", "intents", ["company", "source_entity", "source_id"], unique=False, schema=_SCHEMA
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="our own number"),
        sa.Column("intent_id", sa.BigInteger(), nullable=False, comment="the intent that was sent"),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 for the first send, and so on"),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="just before the call",
        ),
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the answer, or its absence, was known",
        ),
        sa.Column("duration_ms", sa.Integer(), nullable=True, comment="how long the call took"),
        sa.Column(
            "outcome",
            sa.Text(),
            server_default="sending",
            nullable=False,
            comment="sending, then posted, mismatch, failed (try again) or rejected",
        ),
        sa.Column(
            "http_status", sa.Integer(), nullable=True, comment="status of the answer; null if none came"
        ),
        sa.Column(
            "code",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="QuickBooks' fault code, or our own for transport errors",
        ),
        sa.Column(
            "message",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="the fault in QuickBooks' words, without secrets",
        ),
        sa.Column(
            "intuit_tid",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="Intuit's trace id, which their support asks for",
        ),
        sa.Column(
            "answer", sa.JSON(none_as_null=True), nullable=True, comment="the object as QuickBooks stored it"
        ),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False, comment="Dagster run that sent it"),
        sa.CheckConstraint("(outcome = 'sending') = (closed_at IS NULL)", name=op.f("attempts_closed_check")),
        sa.CheckConstraint(
            "outcome IN ('sending', 'posted', 'mismatch', 'failed', 'rejected')",
            name=op.f("attempts_outcome_check"),
        ),
        sa.ForeignKeyConstraint(["intent_id"], ["st_qbo.intents.id"], name=op.f("attempts_intent_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("attempts_pkey")),
        sa.UniqueConstraint("intent_id", "number", name=op.f("attempts_intent_id_number_key")),
        schema=_SCHEMA,
        comment="One send of an intent: inserted once, closed once, never changed or deleted",
    )


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="our own number"),
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column(
            "source_entity",
            sa.Text(),
            nullable=False,
            comment="kind of the ServiceTitan record, singular (invoice)",
        ),
        sa.Column(
            "source_id", sa.Text(), nullable=False, comment="its id in ServiceTitan, or an item's SKU|account"
        ),
        sa.Column(
            "source_part",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="part of the record a payload stands for (refund), else empty",
        ),
        sa.Column("target", sa.Text(), nullable=False, comment="QuickBooks entity (Invoice)"),
        sa.Column("realm", sa.Text(), nullable=False, comment="QuickBooks company the object is in"),
        sa.Column("qbo_id", sa.Text(), nullable=False, comment="its id in QuickBooks"),
        sa.Column(
            "is_document",
            sa.Boolean(),
            nullable=False,
            comment="documents have one source each; a customer or item may have several",
        ),
        sa.Column(
            "sync_token",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="QuickBooks' version as last confirmed",
        ),
        sa.Column(
            "digest",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="digest of the payload last posted; empty if we never wrote it",
        ),
        sa.Column(
            "confirmed",
            sa.JSON(),
            server_default="{}",
            nullable=False,
            comment="our fields as last confirmed",
        ),
        sa.Column(
            "display_name",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="name in QuickBooks, made unique at load",
        ),
        sa.Column("number", sa.Text(), server_default="", nullable=False, comment="document number"),
        sa.Column("day", sa.Date(), nullable=True, comment="business day of the document as last posted"),
        sa.Column(
            "state",
            sa.Text(),
            server_default="active",
            nullable=False,
            comment="active, mismatch, adopted, settled_pair or voided",
        ),
        sa.Column(
            "drift",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="our fields that somebody edited in QuickBooks, else null",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when the link was made",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it last changed",
        ),
        sa.Column(
            "run_id", sa.Text(), server_default="", nullable=False, comment="Dagster run of the last change"
        ),
        sa.CheckConstraint(
            "state IN ('active', 'mismatch', 'adopted', 'settled_pair', 'voided')",
            name=op.f("links_state_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("links_pkey")),
        sa.UniqueConstraint(
            "company", "source_entity", "source_id", "source_part", "target", name="links_source_key"
        ),
        schema=_SCHEMA,
        comment="The crosswalk: which QuickBooks object a ServiceTitan record became",
    )
    op.create_index("links_day", "links", ["company", "day"], unique=False, schema=_SCHEMA)
    op.create_index("links_number", "links", ["company", "number"], unique=False, schema=_SCHEMA)
    op.create_index(
        "links_one_source_a_document",
        "links",
        ["company", "target", "qbo_id"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("is_document"),
    )
    op.create_index("links_target", "links", ["company", "target", "qbo_id"], unique=False, schema=_SCHEMA)


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column("payment_id", sa.Text(), nullable=False, comment="ServiceTitan payment"),
        sa.Column("payment_part", sa.Text(), nullable=False, comment="part of the payment, else empty"),
        sa.Column("invoice_id", sa.Text(), nullable=False, comment="ServiceTitan invoice it is applied to"),
        sa.Column("cents", sa.BigInteger(), nullable=False, comment="amount applied, in cents"),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it was last mapped",
        ),
        sa.PrimaryKeyConstraint(
            "company", "payment_id", "payment_part", "invoice_id", name=op.f("applications_pkey")
        ),
        schema=_SCHEMA,
        comment="Which payments apply to an invoice, as last mapped",
    )
    op.create_index(
        "applications_invoice", "applications", ["company", "invoice_id"], unique=False, schema=_SCHEMA
    )


def _markers() -> None:
    op.create_table(
        "markers",
        sa.Column("realm", sa.Text(), nullable=False, comment="QuickBooks company"),
        sa.Column("target", sa.Text(), nullable=False, comment="QuickBooks entity"),
        sa.Column("qbo_id", sa.Text(), nullable=False, comment="its id"),
        sa.Column(
            "sources",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="source references found in its note",
        ),
        sa.Column("txn_date", sa.Date(), nullable=True, comment="its date in QuickBooks"),
        sa.Column(
            "sync_token",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="version this row was read from",
        ),
        sa.Column(
            "total_cents", sa.BigInteger(), server_default="0", nullable=False, comment="its total in cents"
        ),
        sa.Column(
            "deleted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="gone from QuickBooks",
        ),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it was last read",
        ),
        sa.PrimaryKeyConstraint("realm", "target", "qbo_id", name=op.f("markers_pkey")),
        schema=_SCHEMA,
        comment="Index of markers over every QuickBooks object we ever read; proves there are no duplicates",
    )
    op.create_index(
        "markers_sources", "markers", ["sources"], unique=False, schema=_SCHEMA, postgresql_using="gin"
    )
