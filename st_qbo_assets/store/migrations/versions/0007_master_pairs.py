"""What customers and vendors of both systems last agreed on.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SCHEMA = "st_qbo"


def upgrade() -> None:
    op.create_table(
        "master_pairs",
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column("source_entity", sa.Text(), nullable=False, comment="customer or vendor"),
        sa.Column("source_id", sa.Text(), nullable=False, comment="its id in ServiceTitan"),
        sa.Column("qbo_id", sa.Text(), nullable=False, comment="QuickBooks object the base was agreed with"),
        sa.Column(
            "base",
            sa.JSON(),
            nullable=False,
            comment="fields as last agreed, changes seen and not come to rest, contacts chosen",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it last changed",
        ),
        sa.Column(
            "run_id",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Dagster run of the last change",
        ),
        sa.PrimaryKeyConstraint("company", "source_entity", "source_id", name=op.f("master_pairs_pkey")),
        schema=_SCHEMA,
        comment="What both systems last agreed a customer or vendor to be, so that only changes travel",
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")
