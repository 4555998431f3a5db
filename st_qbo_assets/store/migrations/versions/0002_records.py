"""Where records stand and how far we read.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SCHEMA = "st_qbo"


def upgrade() -> None:
    _record_states()
    _record_changes()
    _decisions()
    _safe_marks()
    _seen_documents()
    _dirty_days()
    _tie_outs()


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")


def _record_states() -> None:
    op.create_table(
        "record_states",
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
            nullable=False,
            comment="part of the record a payload stands for (refund), else empty",
        ),
        sa.Column(
            "target",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="QuickBooks entity, if one was meant",
        ),
        sa.Column(
            "verdict",
            sa.Text(),
            nullable=True,
            comment="what the mapping last said; null if the load alone spoke",
        ),
        sa.Column("outcome", sa.Text(), nullable=False, comment="where the record stands"),
        sa.Column("day", sa.Date(), nullable=False, comment="business day of the record"),
        sa.Column(
            "cents", sa.BigInteger(), server_default="0", nullable=False, comment="its amount in cents"
        ),
        sa.Column(
            "number", sa.Text(), server_default="", nullable=False, comment="document number shown to people"
        ),
        sa.Column(
            "title",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="customer or item name shown to people",
        ),
        sa.Column(
            "reason_code",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="rule that holds or rejects it",
        ),
        sa.Column(
            "reason_text",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="one sentence for a bookkeeper",
        ),
        sa.Column("remedy", sa.Text(), server_default="", nullable=False, comment="what she does about it"),
        sa.Column(
            "suggestions",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="nearest candidates, best first",
        ),
        sa.Column(
            "waits_for",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="source reference this record waits for, else empty",
        ),
        sa.Column(
            "qbo_id",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="object in QuickBooks, if there is one",
        ),
        sa.Column(
            "operation",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="create, update, void or link, if something was decided",
        ),
        sa.Column(
            "first_seen",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when the record was first seen",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when this row was last written",
        ),
        sa.Column(
            "run_id", sa.Text(), server_default="", nullable=False, comment="Dagster run that wrote it"
        ),
        sa.PrimaryKeyConstraint(
            "company", "source_entity", "source_id", "source_part", name=op.f("record_states_pkey")
        ),
        schema=_SCHEMA,
        comment="Where every record stands now; what changed is in record_changes",
    )
    op.create_index(
        "record_states_day",
        "record_states",
        ["company", "source_entity", "day", "outcome"],
        unique=False,
        schema=_SCHEMA,
    )
    op.create_index(
        "record_states_number", "record_states", ["company", "number"], unique=False, schema=_SCHEMA
    )
    op.create_index(
        "record_states_qbo_id", "record_states", ["company", "qbo_id"], unique=False, schema=_SCHEMA
    )
    op.create_index(
        "record_states_waits_for",
        "record_states",
        ["company", "waits_for"],
        unique=False,
        schema=_SCHEMA,
        postgresql_where=sa.text("waits_for <> ''"),
    )


def _record_changes() -> None:
    op.create_table(
        "record_changes",
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
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when the record came to stand here",
        ),
        sa.Column("verdict", sa.Text(), nullable=True, comment="what the mapping said"),
        sa.Column("outcome", sa.Text(), nullable=False, comment="where it stood"),
        sa.Column("day", sa.Date(), nullable=False, comment="its business day then"),
        sa.Column("cents", sa.BigInteger(), nullable=False, comment="its amount then"),
        sa.Column(
            "reason_code",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="rule that held or rejected it",
        ),
        sa.Column(
            "reason_text",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="one sentence for a bookkeeper",
        ),
        sa.Column(
            "qbo_id",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="object in QuickBooks, if there was one",
        ),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False, comment="Dagster run"),
        sa.PrimaryKeyConstraint("id", name=op.f("record_changes_pkey")),
        schema=_SCHEMA,
        comment="Every change of a record's state, written by a trigger on record_states",
    )
    op.create_index(
        "record_changes_source",
        "record_changes",
        ["company", "source_entity", "source_id"],
        unique=False,
        schema=_SCHEMA,
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="our own number"),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it was decided",
        ),
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
        sa.Column(
            "target", sa.Text(), server_default="", nullable=False, comment="QuickBooks entity concerned"
        ),
        sa.Column(
            "qbo_id", sa.Text(), server_default="", nullable=False, comment="QuickBooks object concerned"
        ),
        sa.Column(
            "code",
            sa.Text(),
            nullable=False,
            comment="what was decided (linked_by_rule, adopted, linked_by_file)",
        ),
        sa.Column("decided_by", sa.Text(), nullable=False, comment="rule, file or person that decided"),
        sa.Column("detail", sa.JSON(), server_default="{}", nullable=False, comment="the evidence"),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False, comment="Dagster run"),
        sa.PrimaryKeyConstraint("id", name=op.f("decisions_pkey")),
        schema=_SCHEMA,
        comment="Who or what decided, and on what evidence; never changed or deleted",
    )
    op.create_index(
        "decisions_source",
        "decisions",
        ["company", "source_entity", "source_id"],
        unique=False,
        schema=_SCHEMA,
    )


def _safe_marks() -> None:
    op.create_table(
        "safe_marks",
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column("feed", sa.Text(), nullable=False, comment="what is followed (servicetitan/invoices)"),
        sa.Column(
            "mark",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="everything before this instant is safely read",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it last moved",
        ),
        sa.PrimaryKeyConstraint("company", "feed", name=op.f("safe_marks_pkey")),
        schema=_SCHEMA,
        comment="How far each feed is safely read; never moves back",
    )


def _seen_documents() -> None:
    op.create_table(
        "seen_documents",
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column("entity", sa.Text(), nullable=False, comment="kind of the record, singular"),
        sa.Column("source_id", sa.Text(), nullable=False, comment="its id in ServiceTitan"),
        sa.Column("day", sa.Date(), nullable=False, comment="business day as last seen"),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when that was",
        ),
        sa.PrimaryKeyConstraint("company", "entity", "source_id", name=op.f("seen_documents_pkey")),
        schema=_SCHEMA,
        comment="The day each document was last seen on, so that a moved one touches its old day too",
    )


def _dirty_days() -> None:
    op.create_table(
        "dirty_days",
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column(
            "day", sa.Date(), nullable=False, comment="business day that was loaded and not yet tied out"
        ),
        sa.Column(
            "since",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it was last marked",
        ),
        sa.PrimaryKeyConstraint("company", "day", name=op.f("dirty_days_pkey")),
        schema=_SCHEMA,
        comment="Days to tie out at the next turn",
    )


def _tie_outs() -> None:
    op.create_table(
        "tie_outs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="our own number"),
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="business day compared"),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when both systems were read",
        ),
        sa.Column("is_green", sa.Boolean(), nullable=False, comment="no failing and no waiting cause"),
        sa.Column(
            "difference_cents",
            sa.BigInteger(),
            nullable=False,
            comment="sum over entities of absolute differences",
        ),
        sa.Column("unexplained_cents", sa.BigInteger(), nullable=False, comment="what no cause covers"),
        sa.Column("rows", sa.JSON(), nullable=False, comment="counts and cents of both systems by entity"),
        sa.Column(
            "causes", sa.JSON(), nullable=False, comment="every difference with its cause and evidence"
        ),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False, comment="Dagster run"),
        sa.PrimaryKeyConstraint("id", name=op.f("tie_outs_pkey")),
        schema=_SCHEMA,
        comment="Every comparison of a day, kept; the newest one counts",
    )
    op.create_index("tie_outs_day", "tie_outs", ["company", "day", "id"], unique=False, schema=_SCHEMA)
