"""Documents by their customer or vendor.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "links_whose",
        "links",
        [
            "company",
            "target",
            sa.text("COALESCE(confirmed ->> 'CustomerRef', confirmed ->> 'VendorRef')"),
        ],
        unique=False,
        schema="st_qbo",
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")
