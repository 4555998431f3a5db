"""The inbox of webhooks.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SCHEMA = "st_qbo"


def upgrade() -> None:
    _inbox()
    _inbox_dropped()


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="our own number"),
        sa.Column(
            "company",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="company it is for; empty if a delivery could not be read and names none",
        ),
        sa.Column("system", sa.Text(), nullable=False, comment="servicetitan or quickbooks"),
        sa.Column(
            "account", sa.Text(), server_default="", nullable=False, comment="tenant or realm the event names"
        ),
        sa.Column(
            "event_id",
            sa.Text(),
            nullable=False,
            comment="the vendor's id, the same on every delivery; of what cannot be read its digest",
        ),
        sa.Column(
            "assigned_id",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="ServiceTitan's userassignedid, the same even when the id differs",
        ),
        sa.Column(
            "type",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="as the vendor calls it (tn.acc.invoice-posted)",
        ),
        sa.Column(
            "entity",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="what it is about: invoice, job, or QuickBooks' entity",
        ),
        sa.Column(
            "record_id",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="the record's id in the system the event comes from",
        ),
        sa.Column(
            "operation",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="what happened to it (posted, updated)",
        ),
        sa.Column(
            "occurred_at", sa.DateTime(timezone=True), nullable=True, comment="when, as the vendor says"
        ),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it was stored, before it was answered",
        ),
        sa.Column(
            "document",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="the event as it came; null if it could not be read",
        ),
        sa.Column(
            "raw", sa.LargeBinary(), nullable=True, comment="the delivery as it came, if it could not be read"
        ),
        sa.Column(
            "problem",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="why it could not be read; empty if it could",
        ),
        sa.Column(
            "offers",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="how often a run was asked for it",
        ),
        sa.Column(
            "offered_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a run was last asked for it",
        ),
        sa.Column(
            "acknowledged_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a run had done what it asks for",
        ),
        sa.Column(
            "run_id", sa.Text(), server_default="", nullable=False, comment="Dagster run that acknowledged it"
        ),
        sa.CheckConstraint("system IN ('servicetitan', 'quickbooks')", name=op.f("inbox_system_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("inbox_pkey")),
        sa.UniqueConstraint("system", "company", "event_id", name=op.f("inbox_system_company_event_id_key")),
        schema=_SCHEMA,
        comment="Events of webhooks, stored before they are answered; each of them once",
    )
    op.create_index(
        "inbox_assigned",
        "inbox",
        ["system", "company", "assigned_id"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("assigned_id <> ''"),
    )
    op.create_index(
        "inbox_pending",
        "inbox",
        ["company", "id"],
        unique=False,
        schema=_SCHEMA,
        postgresql_where=sa.text("acknowledged_at IS NULL AND problem = ''"),
    )


def _inbox_dropped() -> None:
    op.create_table(
        "inbox_dropped",
        sa.Column("day", sa.Date(), nullable=False, comment="UTC day"),
        sa.Column("system", sa.Text(), nullable=False, comment="servicetitan or quickbooks"),
        sa.Column("reason", sa.Text(), nullable=False, comment="unknown_account or not_followed"),
        sa.Column("name", sa.Text(), nullable=False, comment="the tenant, realm or event type"),
        sa.Column(
            "count", sa.BigInteger(), server_default="0", nullable=False, comment="events dropped that day"
        ),
        sa.Column(
            "last_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when the last of them came",
        ),
        sa.PrimaryKeyConstraint("day", "system", "reason", "name", name=op.f("inbox_dropped_pkey")),
        schema=_SCHEMA,
        comment="Signed events that concern nobody here: counted and dropped",
    )
