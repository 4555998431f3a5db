"""By which rules a record was mapped, and what people were told.

Revision ID: 0008
Revises: 0007
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SCHEMA = "st_qbo"
_RULES = {
    "record_states": "version of the rules it was last mapped by; 0 if that is not known",
    "record_changes": "version of the rules it was mapped by then; 0 if that is not known",
    "intents": "version of the rules its payload was made by; 0 if that is not known",
}

# As in 0004, with the rules beside what was kept before.
_KEEP_CHANGE = """
CREATE OR REPLACE FUNCTION st_qbo.keep_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.outcome, NEW.verdict, NEW.day, NEW.cents, NEW.reason_code, NEW.reason_text, NEW.qbo_id)
            IS NOT DISTINCT FROM
            (OLD.outcome, OLD.verdict, OLD.day, OLD.cents, OLD.reason_code, OLD.reason_text, OLD.qbo_id) THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO st_qbo.record_changes (company, source_entity, source_id, source_part, at, verdict, outcome,
        day, cents, reason_code, reason_text, qbo_id, run_id, rules)
    VALUES (NEW.company, NEW.source_entity, NEW.source_id, NEW.source_part, NEW.updated_at, NEW.verdict,
        NEW.outcome, NEW.day, NEW.cents, NEW.reason_code, NEW.reason_text, NEW.qbo_id, NEW.run_id, NEW.rules);
    RETURN NULL;
END $$;
"""


def upgrade() -> None:
    for table, comment in _RULES.items():
        op.add_column(
            table,
            sa.Column("rules", sa.Integer(), server_default="0", nullable=False, comment=comment),
            schema=_SCHEMA,
        )
    op.execute(_KEEP_CHANGE)
    _alerts()


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="our own number"),
        _text("company", "short name of the company, first part of its asset keys", default=None),
        _text("kind", "what is wrong (connection_stopped, held, tie_out)", default=None),
        _text("key", "what it is about; while one is open it is not told again", default=None),
        _text("text", "one sentence for a person"),
        _text("remedy", "what she does about it"),
        _text("link", "where she sees it"),
        _instant("opened_at", "when it was first seen", now=True),
        _instant("seen_at", "when it was last seen", now=True),
        _instant("sent_at", "when it was told", null=True),
        sa.Column(
            "tries", sa.Integer(), server_default="0", nullable=False, comment="how often telling it failed"
        ),
        _instant("tried_at", "when telling it last failed", null=True),
        _instant("closed_at", "when it was over", null=True),
        sa.PrimaryKeyConstraint("id", name=op.f("alerts_pkey")),
        schema=_SCHEMA,
        comment="What people are told of: each thing once, until it is over; never deleted",
    )
    op.create_index(
        "alerts_open",
        "alerts",
        ["company", "kind", "key"],
        unique=True,
        schema=_SCHEMA,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    for when, scope in (("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER keep_{'rows' if scope == 'ROW' else 'table'} BEFORE {when} ON st_qbo.alerts "
            f"FOR EACH {scope} EXECUTE FUNCTION st_qbo.refuse()"
        )


def _text(name: str, comment: str, *, default: str | None = "''") -> sa.Column[str]:
    return sa.Column(
        name,
        sa.Text(),
        server_default=None if default is None else sa.text(default),
        nullable=False,
        comment=comment,
    )


def _instant(name: str, comment: str, *, null: bool = False, now: bool = False) -> sa.Column[datetime]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()") if now else None,
        nullable=null,
        comment=comment,
    )
