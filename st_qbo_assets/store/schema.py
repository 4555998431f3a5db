"""The tables of the store, in the schema `st_qbo` of one Postgres.

What belongs here: tables, keys, indexes and what each column means. What does not: how rows are
written and read (one module per table family beside this one), and how an older database becomes
this one (`migrations`).

    what is sent       intents 1─n attempts          written once, closed once (triggers guard it)
    what exists        links, refunds, markers
    where it stands    record_states 1─n record_changes, decisions, tie_outs, dirty_days
    how far we read    safe_marks, seen_documents
    what happened      inbox, inbox_dropped
    what people know   alerts
    shared by all      budgets 1─n budget_leases, metered_reads, connections, tokens, vault
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

SCHEMA = "st_qbo"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    },
)

_Column = Column[Any]


def _id() -> _Column:
    return Column("id", BigInteger, Identity(always=True), primary_key=True, comment="our own number")


def _text(name: str, comment: str, *, key: bool = False, default: str | None = "") -> _Column:
    return Column(
        name,
        Text,
        primary_key=key,
        nullable=False,
        server_default=None if key else default,
        comment=comment,
    )


def _required(name: str, comment: str) -> _Column:
    return _text(name, comment, default=None)


def _instant(name: str, comment: str, *, null: bool = False, now: bool = False) -> _Column:
    return Column(
        name,
        DateTime(timezone=True),
        nullable=null,
        server_default=func.clock_timestamp() if now else None,
        comment=comment,
    )


def _epoch(name: str, comment: str) -> _Column:
    return Column(name, Numeric, nullable=False, server_default="0", comment=comment)


def _company(*, key: bool = False) -> _Column:
    return _text("company", "short name of the company, first part of its asset keys", key=key, default=None)


def _source(*, key: bool = False) -> Sequence[_Column]:
    return (
        _text("source_entity", "kind of the ServiceTitan record, singular (invoice)", key=key, default=None),
        _text("source_id", "its id in ServiceTitan, or an item's SKU|account", key=key, default=None),
        _text("source_part", "part of the record a payload stands for (refund), else empty", key=key),
    )


def _rules(comment: str) -> _Column:
    return Column(
        "rules", Integer, nullable=False, server_default="0", comment=f"{comment}; 0 if that is not known"
    )


def _one_of(name: str, column: str, values: Sequence[str]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=name)


#: Links of these entities may share one QuickBooks object (merged customers, items of one account).
MASTERS = ("customer", "vendor", "item")
INTENT_STATES = ("open", "posted", "mismatch", "rejected", "absent")
OPERATIONS = ("create", "update", "void")
ATTEMPT_OUTCOMES = ("sending", "posted", "mismatch", "failed", "rejected")
LINK_STATES = ("active", "mismatch", "adopted", "settled_pair", "voided")

intents = Table(
    "intents",
    metadata,
    _id(),
    _company(),
    _required("tenant", "ServiceTitan tenant the record comes from"),
    _required("realm", "QuickBooks company the write goes to"),
    _required("target", "QuickBooks entity (Invoice)"),
    *_source(),
    _required("operation", "create, update or void"),
    _required("digest", "SHA-256 of the payload's canonical form; equal digest means nothing to write"),
    Column("revision", Integer, nullable=False, comment="1 + the highest of this company, target and source"),
    _required("request_id", "idempotency key sent to QuickBooks, the same on every send of this intent"),
    Column("payload", JSON, nullable=False, comment="what the mapping made, with symbolic references"),
    Column("request", JSON, nullable=False, comment="the body to send, with QuickBooks ids"),
    _text("state", "open until QuickBooks' answer is known, then how it ended", default="open"),
    Column("day", Date, nullable=False, comment="business day of the record"),
    _instant("opened_at", "when the intent was committed, before anything was sent", now=True),
    _instant("closed_at", "when its outcome became known", null=True),
    _text("run_id", "Dagster run that opened it"),
    _rules("version of the rules its payload was made by"),
    UniqueConstraint("request_id"),
    UniqueConstraint(
        "company",
        "target",
        "source_entity",
        "source_id",
        "source_part",
        "revision",
        name="intents_revision_key",
    ),
    _one_of("state", "state", INTENT_STATES),
    _one_of("operation", "operation", OPERATIONS),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    CheckConstraint("length(request_id) <= 50", name="request_id"),
    comment="What we mean to do to QuickBooks: committed before the call, closed with its outcome",
)
Index(
    "intents_one_open",
    intents.c.company,
    intents.c.target,
    intents.c.source_entity,
    intents.c.source_id,
    intents.c.source_part,
    unique=True,
    postgresql_where=text("state = 'open'"),
)
Index("intents_source", intents.c.company, intents.c.source_entity, intents.c.source_id)
Index("intents_day", intents.c.company, intents.c.day)

attempts = Table(
    "attempts",
    metadata,
    _id(),
    Column(
        "intent_id", BigInteger, ForeignKey(intents.c.id), nullable=False, comment="the intent that was sent"
    ),
    Column("number", Integer, nullable=False, comment="1 for the first send, and so on"),
    _instant("sent_at", "just before the call", now=True),
    _instant("closed_at", "when the answer, or its absence, was known", null=True),
    Column("duration_ms", Integer, comment="how long the call took"),
    _text("outcome", "sending, then posted, mismatch, failed (try again) or rejected", default="sending"),
    Column("http_status", Integer, comment="status of the answer; null if none came"),
    _text("code", "QuickBooks' fault code, or our own for transport errors"),
    _text("message", "the fault in QuickBooks' words, without secrets"),
    _text("intuit_tid", "Intuit's trace id, which their support asks for"),
    Column("answer", JSON(none_as_null=True), comment="the object as QuickBooks stored it"),
    _text("run_id", "Dagster run that sent it"),
    UniqueConstraint("intent_id", "number"),
    _one_of("outcome", "outcome", ATTEMPT_OUTCOMES),
    CheckConstraint("(outcome = 'sending') = (closed_at IS NULL)", name="closed"),
    comment="One send of an intent: inserted once, closed once, never changed or deleted",
)

links = Table(
    "links",
    metadata,
    _id(),
    _company(),
    *_source(),
    _required("target", "QuickBooks entity (Invoice)"),
    _required("realm", "QuickBooks company the object is in"),
    _required("qbo_id", "its id in QuickBooks"),
    Column(
        "is_document",
        Boolean,
        nullable=False,
        comment="documents have one source each; a customer or item may have several",
    ),
    _text("sync_token", "QuickBooks' version as last confirmed"),
    _text("digest", "digest of the payload last posted; empty if we never wrote it"),
    Column("confirmed", JSON, nullable=False, server_default="{}", comment="our fields as last confirmed"),
    _text("display_name", "name in QuickBooks, made unique at load"),
    _text("number", "document number"),
    Column("day", Date, comment="business day of the document as last posted"),
    _text("state", "active, mismatch, adopted, settled_pair or voided", default="active"),
    Column(
        "drift", JSON(none_as_null=True), comment="our fields that somebody edited in QuickBooks, else null"
    ),
    _instant("created_at", "when the link was made", now=True),
    _instant("updated_at", "when it last changed", now=True),
    _text("run_id", "Dagster run of the last change"),
    UniqueConstraint(
        "company", "source_entity", "source_id", "source_part", "target", name="links_source_key"
    ),
    _one_of("state", "state", LINK_STATES),
    comment="The crosswalk: which QuickBooks object a ServiceTitan record became",
)
Index(
    "links_one_source_a_document",
    links.c.company,
    links.c.target,
    links.c.qbo_id,
    unique=True,
    postgresql_where=text("is_document"),
)
Index("links_target", links.c.company, links.c.target, links.c.qbo_id)
Index("links_number", links.c.company, links.c.number)
Index("links_day", links.c.company, links.c.day)
#: Customer or vendor of a document in QuickBooks. A query that names just this expression is served by the
#: index below; with the keys as parameters it would not be.
links_whose = func.coalesce(
    links.c.confirmed.op("->>", return_type=Text)(literal_column("'CustomerRef'")),
    links.c.confirmed.op("->>", return_type=Text)(literal_column("'VendorRef'")),
)
Index("links_whose", links.c.company, links.c.target, links_whose)

master_pairs = Table(
    "master_pairs",
    metadata,
    _company(key=True),
    _text("source_entity", "customer or vendor", key=True, default=None),
    _text("source_id", "its id in ServiceTitan", key=True, default=None),
    _required("qbo_id", "QuickBooks object the base was agreed with"),
    Column(
        "base",
        JSON,
        nullable=False,
        comment="fields as last agreed, changes seen and not come to rest, contacts chosen",
    ),
    _instant("updated_at", "when it last changed", now=True),
    _text("run_id", "Dagster run of the last change"),
    comment="What both systems last agreed a customer or vendor to be, so that only changes travel",
)

record_states = Table(
    "record_states",
    metadata,
    _company(key=True),
    *_source(key=True),
    _text("target", "QuickBooks entity, if one was meant"),
    Column("verdict", Text, comment="what the mapping last said; null if the load alone spoke"),
    _required("outcome", "where the record stands"),
    Column("day", Date, nullable=False, comment="business day of the record"),
    Column("cents", BigInteger, nullable=False, server_default="0", comment="its amount in cents"),
    _text("number", "document number shown to people"),
    _text("title", "customer or item name shown to people"),
    _text("reason_code", "rule that holds or rejects it"),
    _text("reason_text", "one sentence for a bookkeeper"),
    _text("remedy", "what she does about it"),
    Column(
        "suggestions",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="nearest candidates, best first",
    ),
    _text("waits_for", "source reference this record waits for, else empty"),
    _text("qbo_id", "object in QuickBooks, if there is one"),
    _text("operation", "create, update, void or link, if something was decided"),
    _instant("first_seen", "when the record was first seen", now=True),
    _instant("updated_at", "when this row was last written", now=True),
    _text("run_id", "Dagster run that wrote it"),
    _rules("version of the rules it was last mapped by"),
    comment="Where every record stands now; what changed is in record_changes",
)
Index(
    "record_states_day",
    record_states.c.company,
    record_states.c.source_entity,
    record_states.c.day,
    record_states.c.outcome,
)
Index(
    "record_states_waits_for",
    record_states.c.company,
    record_states.c.waits_for,
    postgresql_where=text("waits_for <> ''"),
)
Index("record_states_number", record_states.c.company, record_states.c.number)
Index("record_states_qbo_id", record_states.c.company, record_states.c.qbo_id)

record_changes = Table(
    "record_changes",
    metadata,
    _id(),
    _company(),
    *_source(),
    _instant("at", "when the record came to stand here", now=True),
    Column("verdict", Text, comment="what the mapping said"),
    _required("outcome", "where it stood"),
    Column("day", Date, nullable=False, comment="its business day then"),
    Column("cents", BigInteger, nullable=False, comment="its amount then"),
    _text("reason_code", "rule that held or rejected it"),
    _text("reason_text", "one sentence for a bookkeeper"),
    _text("qbo_id", "object in QuickBooks, if there was one"),
    _text("run_id", "Dagster run"),
    _rules("version of the rules it was mapped by then"),
    comment="Every change of a record's state, written by a trigger on record_states",
)
Index(
    "record_changes_source",
    record_changes.c.company,
    record_changes.c.source_entity,
    record_changes.c.source_id,
)

decisions = Table(
    "decisions",
    metadata,
    _id(),
    _instant("at", "when it was decided", now=True),
    _company(),
    *_source(),
    _text("target", "QuickBooks entity concerned"),
    _text("qbo_id", "QuickBooks object concerned"),
    _required("code", "what was decided (linked_by_rule, adopted, linked_by_file)"),
    _required("decided_by", "rule, file or person that decided"),
    Column("detail", JSON, nullable=False, server_default="{}", comment="the evidence"),
    _text("run_id", "Dagster run"),
    comment="Who or what decided, and on what evidence; never changed or deleted",
)
Index("decisions_source", decisions.c.company, decisions.c.source_entity, decisions.c.source_id)

refunds = Table(
    "refunds",
    metadata,
    _company(key=True),
    _text("refund_id", "ServiceTitan payment that gave money back", key=True, default=None),
    _required("payment_id", "ServiceTitan payment whose unapplied money it gave back"),
    Column("cents", BigInteger, nullable=False, comment="what was given back, in cents"),
    _required("txn_type", "what QuickBooks calls the refund's document in a link (Check, Expense)"),
    _instant("updated_at", "when it was last posted", now=True),
    comment="Refunds of unapplied money: the payment they refund is tied to them by a line",
)
Index("refunds_payment", refunds.c.company, refunds.c.payment_id)

markers = Table(
    "markers",
    metadata,
    _text("realm", "QuickBooks company", key=True, default=None),
    _text("target", "QuickBooks entity", key=True, default=None),
    _text("qbo_id", "its id", key=True, default=None),
    Column(
        "sources",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="source references found in its note",
    ),
    Column("txn_date", Date, comment="its date in QuickBooks"),
    Column(
        "sync_token", Integer, nullable=False, server_default="0", comment="version this row was read from"
    ),
    Column("total_cents", BigInteger, nullable=False, server_default="0", comment="its total in cents"),
    Column("deleted", Boolean, nullable=False, server_default=text("false"), comment="gone from QuickBooks"),
    _instant("seen_at", "when it was last read", now=True),
    comment="Index of markers over every QuickBooks object we ever read; proves there are no duplicates",
)
Index("markers_sources", markers.c.sources, postgresql_using="gin")

safe_marks = Table(
    "safe_marks",
    metadata,
    _company(key=True),
    _text("feed", "what is followed (servicetitan/invoices)", key=True, default=None),
    _instant("mark", "everything before this instant is safely read"),
    _instant("updated_at", "when it last moved", now=True),
    comment="How far each feed is safely read; never moves back",
)

seen_documents = Table(
    "seen_documents",
    metadata,
    _company(key=True),
    _text("entity", "kind of the record, singular", key=True, default=None),
    _text("source_id", "its id in ServiceTitan", key=True, default=None),
    Column("day", Date, nullable=False, comment="business day as last seen"),
    _instant("seen_at", "when that was", now=True),
    comment="The day each document was last seen on, so that a moved one touches its old day too",
)

dirty_days = Table(
    "dirty_days",
    metadata,
    _company(key=True),
    Column("day", Date, primary_key=True, comment="business day that changed and was not tied out since"),
    _instant("since", "when it was last marked", now=True),
    _instant(
        "loaded_at",
        "when the last run that loaded it was asked for; to be loaded if that was before `since`",
        null=True,
    ),
    comment="Days that changed: to be loaded, then tied out",
)

feed_tokens = Table(
    "feed_tokens",
    metadata,
    _company(key=True),
    _text("feed", "what is followed (servicetitan/export/payments)", key=True, default=None),
    _required("token", "where the feed goes on, as the vendor gave it"),
    _instant("updated_at", "when it was last read to its end for then", now=True),
    comment="Where each export feed goes on; kept once the days it touched are kept",
)

tie_outs = Table(
    "tie_outs",
    metadata,
    _id(),
    _company(),
    Column("day", Date, nullable=False, comment="business day compared"),
    _instant("at", "when both systems were read", now=True),
    Column("is_green", Boolean, nullable=False, comment="no failing and no waiting cause"),
    Column(
        "difference_cents", BigInteger, nullable=False, comment="sum over entities of absolute differences"
    ),
    Column("unexplained_cents", BigInteger, nullable=False, comment="what no cause covers"),
    Column("rows", JSON, nullable=False, comment="counts and cents of both systems by entity"),
    Column("causes", JSON, nullable=False, comment="every difference with its cause and evidence"),
    _text("run_id", "Dagster run"),
    comment="Every comparison of a day, kept; the newest one counts",
)
Index("tie_outs_day", tie_outs.c.company, tie_outs.c.day, tie_outs.c.id)

budgets = Table(
    "budgets",
    metadata,
    _text("account", "whose budget: a QuickBooks realm or a ServiceTitan tenant", key=True, default=None),
    _epoch("call_free_at", "epoch s: next call"),
    _epoch("minute_free_at", "epoch s: by minute"),
    _epoch("batch_free_at", "epoch s: next batch"),
    _epoch("asleep_until", "epoch s: awake again"),
    comment="Pacing of each account, shared by all processes",
)

budget_leases = Table(
    "budget_leases",
    metadata,
    _id(),
    _required("account", "whose budget"),
    Column(
        "presence",
        BigInteger,
        nullable=False,
        comment="advisory lock the holder's process keeps; free once it is dead",
    ),
    _epoch("starts_at", "epoch s at which the call may start; also its rank"),
    _epoch("expires_at", "epoch s after which a hung holder's place is free"),
    comment="Calls waiting or in flight, so that all processes together stay within the account's limit",
)
Index("budget_leases_rank", budget_leases.c.account, budget_leases.c.starts_at)

metered_reads = Table(
    "metered_reads",
    metadata,
    _text("workspace", "Intuit developer workspace the calls are billed to", key=True, default=None),
    Column("month", Date, primary_key=True, comment="first day of the month, UTC"),
    _text("realm", "QuickBooks company", key=True, default=None),
    Column("count", BigInteger, nullable=False, server_default="0", comment="metered reads so far"),
    comment="Reads that Intuit meters, by month",
)

inbox = Table(
    "inbox",
    metadata,
    _id(),
    _text("company", "company it is for; empty if a delivery could not be read and names none"),
    _required("system", "servicetitan or quickbooks"),
    _text("account", "tenant or realm the event names"),
    _required("event_id", "the vendor's id, the same on every delivery; of what cannot be read its digest"),
    _text("assigned_id", "ServiceTitan's userassignedid, the same even when the id differs"),
    _text("type", "as the vendor calls it (tn.acc.invoice-posted)"),
    _text("entity", "what it is about: invoice, job, or QuickBooks' entity"),
    _text("record_id", "the record's id in the system the event comes from"),
    _text("operation", "what happened to it (posted, updated)"),
    _instant("occurred_at", "when, as the vendor says", null=True),
    _instant("received_at", "when it was stored, before it was answered", now=True),
    Column("document", JSON(none_as_null=True), comment="the event as it came; null if it could not be read"),
    Column("raw", LargeBinary, comment="the delivery as it came, if it could not be read"),
    _text("problem", "why it could not be read; empty if it could"),
    Column("offers", Integer, nullable=False, server_default="0", comment="how often a run was asked for it"),
    _instant("offered_at", "when a run was last asked for it", null=True),
    _instant("acknowledged_at", "when a run had done what it asks for", null=True),
    _text("run_id", "Dagster run that acknowledged it"),
    UniqueConstraint("system", "company", "event_id"),
    _one_of("system", "system", ("servicetitan", "quickbooks")),
    comment="Events of webhooks, stored before they are answered; each of them once",
)
Index(
    "inbox_assigned",
    inbox.c.system,
    inbox.c.company,
    inbox.c.assigned_id,
    unique=True,
    postgresql_where=text("assigned_id <> ''"),
)
Index(
    "inbox_pending",
    inbox.c.company,
    inbox.c.id,
    postgresql_where=text("acknowledged_at IS NULL AND problem = ''"),
)

inbox_dropped = Table(
    "inbox_dropped",
    metadata,
    Column("day", Date, primary_key=True, comment="UTC day"),
    _text("system", "servicetitan or quickbooks", key=True, default=None),
    _text("reason", "unknown_account or not_followed", key=True, default=None),
    _text("name", "the tenant, realm or event type", key=True, default=None),
    Column("count", BigInteger, nullable=False, server_default="0", comment="events dropped that day"),
    _instant("last_at", "when the last of them came", now=True),
    comment="Signed events that concern nobody here: counted and dropped",
)

alerts = Table(
    "alerts",
    metadata,
    _id(),
    _company(),
    _required("kind", "what is wrong (connection_stopped, held, tie_out)"),
    _required("key", "what it is about; while one is open it is not told again"),
    _text("text", "one sentence for a person"),
    _text("remedy", "what she does about it"),
    _text("link", "where she sees it"),
    _instant("opened_at", "when it was first seen", now=True),
    _instant("seen_at", "when it was last seen", now=True),
    _instant("sent_at", "when it was told", null=True),
    Column("tries", Integer, nullable=False, server_default="0", comment="how often telling it failed"),
    _instant("tried_at", "when telling it last failed", null=True),
    _instant("closed_at", "when it was over", null=True),
    comment="What people are told of: each thing once, until it is over; never deleted",
)
Index(
    "alerts_open",
    alerts.c.company,
    alerts.c.kind,
    alerts.c.key,
    unique=True,
    postgresql_where=text("closed_at IS NULL"),
)

vault = Table(
    "vault",
    metadata,
    _text("scope", "whose secret: app, company:<name>, tenant:<id> or realm:<id>", key=True, default=None),
    _text("name", "which secret (client_secret)", key=True, default=None),
    Column("ciphertext", LargeBinary, nullable=False, comment="MultiFernet token"),
    Column("version", Integer, nullable=False, server_default="1", comment="rises with every change"),
    _instant("expires_at", "when the secret ends, if it does", null=True),
    _instant("updated_at", "when it was last written", now=True),
    comment="Secrets, encrypted with the keys of ST_QBO_VAULT_KEYS or the key file",
)

tokens = Table(
    "tokens",
    metadata,
    _text("system", "servicetitan or quickbooks", key=True, default=None),
    _text("account", "tenant or realm, with its environment", key=True, default=None),
    Column("ciphertext", LargeBinary, nullable=False, comment="the tokens as JSON, MultiFernet token"),
    Column("version", Integer, nullable=False, server_default="1", comment="rises with every rotation"),
    _instant("access_expires_at", "when the access token ends"),
    _instant("refresh_expires_at", "when an idle refresh token ends", null=True),
    _instant("hard_expires_at", "when a person must connect again", null=True),
    _instant("updated_at", "when they were last written", now=True),
    comment="Access and refresh tokens, encrypted, shared by all processes",
)

connections = Table(
    "connections",
    metadata,
    _company(key=True),
    _text("system", "servicetitan or quickbooks", key=True, default=None),
    _required("account", "tenant or realm"),
    _required("state", "connected or stopped"),
    _text("code", "why it is stopped (invalid_grant, 6190)"),
    _text("message", "the same in plain words"),
    _text("remedy", "what a person does about it"),
    _instant("since", "since when", now=True),
    _one_of("state", "state", ("connected", "stopped")),
    comment="Whether each company's two systems may be called",
)
