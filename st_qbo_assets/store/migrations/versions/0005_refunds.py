"""Refunds of unapplied money; applications, which nothing ever read, go.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SCHEMA = "st_qbo"


def upgrade() -> None:
    op.drop_table("applications", schema=_SCHEMA)
    op.create_table(
        "refunds",
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column(
            "refund_id", sa.Text(), nullable=False, comment="ServiceTitan payment that gave money back"
        ),
        sa.Column(
            "payment_id",
            sa.Text(),
            nullable=False,
            comment="ServiceTitan payment whose unapplied money it gave back",
        ),
        sa.Column("cents", sa.BigInteger(), nullable=False, comment="what was given back, in cents"),
        sa.Column(
            "txn_type",
            sa.Text(),
            nullable=False,
            comment="what QuickBooks calls the refund's document in a link (Check, Expense)",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it was last posted",
        ),
        sa.PrimaryKeyConstraint("company", "refund_id", name=op.f("refunds_pkey")),
        schema=_SCHEMA,
        comment="Refunds of unapplied money: the payment they refund is tied to them by a line",
    )
    op.create_index("refunds_payment", "refunds", ["company", "payment_id"], unique=False, schema=_SCHEMA)


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")
