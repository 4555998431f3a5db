"""What all processes share: budgets, secrets, tokens, connections.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SCHEMA = "st_qbo"


def upgrade() -> None:
    _budgets()
    _budget_leases()
    _metered_reads()
    _vault()
    _tokens()
    _connections()


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")


def _budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column(
            "account",
            sa.Text(),
            nullable=False,
            comment="whose budget: a QuickBooks realm or a ServiceTitan tenant",
        ),
        sa.Column(
            "call_free_at", sa.Numeric(), server_default="0", nullable=False, comment="epoch s: next call"
        ),
        sa.Column(
            "minute_free_at", sa.Numeric(), server_default="0", nullable=False, comment="epoch s: by minute"
        ),
        sa.Column(
            "batch_free_at", sa.Numeric(), server_default="0", nullable=False, comment="epoch s: next batch"
        ),
        sa.Column(
            "asleep_until", sa.Numeric(), server_default="0", nullable=False, comment="epoch s: awake again"
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("budgets_pkey")),
        schema=_SCHEMA,
        comment="Pacing of each account, shared by all processes",
    )


def _budget_leases() -> None:
    op.create_table(
        "budget_leases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="our own number"),
        sa.Column("account", sa.Text(), nullable=False, comment="whose budget"),
        sa.Column(
            "presence",
            sa.BigInteger(),
            nullable=False,
            comment="advisory lock the holder's process keeps; free once it is dead",
        ),
        sa.Column(
            "starts_at",
            sa.Numeric(),
            server_default="0",
            nullable=False,
            comment="epoch s at which the call may start; also its rank",
        ),
        sa.Column(
            "expires_at",
            sa.Numeric(),
            server_default="0",
            nullable=False,
            comment="epoch s after which a hung holder's place is free",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("budget_leases_pkey")),
        schema=_SCHEMA,
        comment="Calls waiting or in flight, so that all processes together stay within the account's limit",
    )
    op.create_index(
        "budget_leases_rank", "budget_leases", ["account", "starts_at"], unique=False, schema=_SCHEMA
    )


def _metered_reads() -> None:
    op.create_table(
        "metered_reads",
        sa.Column(
            "workspace",
            sa.Text(),
            nullable=False,
            comment="Intuit developer workspace the calls are billed to",
        ),
        sa.Column("month", sa.Date(), nullable=False, comment="first day of the month, UTC"),
        sa.Column("realm", sa.Text(), nullable=False, comment="QuickBooks company"),
        sa.Column(
            "count", sa.BigInteger(), server_default="0", nullable=False, comment="metered reads so far"
        ),
        sa.PrimaryKeyConstraint("workspace", "month", "realm", name=op.f("metered_reads_pkey")),
        schema=_SCHEMA,
        comment="Reads that Intuit meters, by month",
    )


def _vault() -> None:
    op.create_table(
        "vault",
        sa.Column(
            "scope",
            sa.Text(),
            nullable=False,
            comment="whose secret: app, company:<name>, tenant:<id> or realm:<id>",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="which secret (client_secret)"),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False, comment="MultiFernet token"),
        sa.Column(
            "version", sa.Integer(), server_default="1", nullable=False, comment="rises with every change"
        ),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the secret ends, if it does",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it was last written",
        ),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("vault_pkey")),
        schema=_SCHEMA,
        comment="Secrets, encrypted with the keys of ST_QBO_VAULT_KEYS or the key file",
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("system", sa.Text(), nullable=False, comment="servicetitan or quickbooks"),
        sa.Column("account", sa.Text(), nullable=False, comment="tenant or realm, with its environment"),
        sa.Column(
            "ciphertext", sa.LargeBinary(), nullable=False, comment="the tokens as JSON, MultiFernet token"
        ),
        sa.Column(
            "version", sa.Integer(), server_default="1", nullable=False, comment="rises with every rotation"
        ),
        sa.Column(
            "access_expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the access token ends",
        ),
        sa.Column(
            "refresh_expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when an idle refresh token ends",
        ),
        sa.Column(
            "hard_expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a person must connect again",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when they were last written",
        ),
        sa.PrimaryKeyConstraint("system", "account", name=op.f("tokens_pkey")),
        schema=_SCHEMA,
        comment="Access and refresh tokens, encrypted, shared by all processes",
    )


def _connections() -> None:
    op.create_table(
        "connections",
        sa.Column(
            "company",
            sa.Text(),
            nullable=False,
            comment="short name of the company, first part of its asset keys",
        ),
        sa.Column("system", sa.Text(), nullable=False, comment="servicetitan or quickbooks"),
        sa.Column("account", sa.Text(), nullable=False, comment="tenant or realm"),
        sa.Column("state", sa.Text(), nullable=False, comment="connected or stopped"),
        sa.Column(
            "code",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="why it is stopped (invalid_grant, 6190)",
        ),
        sa.Column("message", sa.Text(), server_default="", nullable=False, comment="the same in plain words"),
        sa.Column(
            "remedy", sa.Text(), server_default="", nullable=False, comment="what a person does about it"
        ),
        sa.Column(
            "since",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="since when",
        ),
        sa.CheckConstraint("state IN ('connected', 'stopped')", name=op.f("connections_state_check")),
        sa.PrimaryKeyConstraint("company", "system", name=op.f("connections_pkey")),
        schema=_SCHEMA,
        comment="Whether each company's two systems may be called",
    )
