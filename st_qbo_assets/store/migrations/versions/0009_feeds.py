"""How far export feeds are read, and which changed days were loaded since.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SCHEMA = "st_qbo"


def upgrade() -> None:
    op.create_table(
        "feed_tokens",
        _text("company", "short name of the company, first part of its asset keys", default=None),
        _text("feed", "what is followed (servicetitan/export/payments)", default=None),
        _text("token", "where the feed goes on, as the vendor gave it", default=None),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it was last read to its end for then",
        ),
        sa.PrimaryKeyConstraint("company", "feed", name=op.f("feed_tokens_pkey")),
        schema=_SCHEMA,
        comment="Where each export feed goes on; kept once the days it touched are kept",
    )
    op.add_column(
        "dirty_days",
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the last run that loaded it was asked for; to be loaded if that was before `since`",
        ),
        schema=_SCHEMA,
    )
    op.alter_column(
        "dirty_days", "day", comment="business day that changed and was not tied out since", schema=_SCHEMA
    )
    op.create_table_comment(
        "dirty_days",
        "Days that changed: to be loaded, then tied out",
        existing_comment="Days to tie out at the next turn",
        schema=_SCHEMA,
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")


def _text(name: str, comment: str, *, default: str | None = "''") -> sa.Column[str]:
    return sa.Column(
        name,
        sa.Text(),
        server_default=None if default is None else sa.text(default),
        nullable=False,
        comment=comment,
    )
