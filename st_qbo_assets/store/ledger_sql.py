"""The two statements every write runs: opening an intent and settling it.

What belongs here: these two, as text. What does not: statements that run once a load or less; those
are built from the tables where they are used.

They are text because SQLAlchemy never caches PostgreSQL's INSERT … ON CONFLICT: building and
compiling one took 8 ms of Python a write, more than everything else of the ledger.
"""

from sqlalchemy import ARRAY, JSON, BigInteger, Boolean, Date, DateTime, Integer, Text, bindparam, text

_NOW = "coalesce(:now, clock_timestamp())"
_NULL_JSON = JSON(none_as_null=True)

#: Finds the revision, hashes the request id as `intents.request_id_of` does, inserts the first send if asked.
OPEN = text(f"""
WITH numbered AS (
    SELECT coalesce(max(revision), 0) + 1 AS revision FROM st_qbo.intents
    WHERE company = :company AND target = :target
        AND source_entity = :source_entity AND source_id = :source_id AND source_part = :source_part
), opened AS (
    INSERT INTO st_qbo.intents (company, tenant, realm, target, source_entity, source_id, source_part,
        operation, digest, revision, request_id, payload, request, day, opened_at, run_id, rules)
    SELECT :company, :tenant, :realm, :target, :source_entity, :source_id, :source_part,
        :operation, :digest, revision,
        :prefix || left(encode(sha256(convert_to(:identity || revision, 'UTF8')), 'hex'), :hash_length),
        :payload, :request, :day, {_NOW}, :run_id, :rules
    FROM numbered
    RETURNING id, revision, request_id, opened_at
), sent AS (
    INSERT INTO st_qbo.attempts (intent_id, number, sent_at, run_id)
    SELECT id, 1, opened_at, :run_id FROM opened WHERE :is_sent
    RETURNING id AS attempt_id, sent_at
)
SELECT opened.*, sent.* FROM opened LEFT JOIN sent ON true
""").bindparams(  # noqa: S608 - a constant
    bindparam("payload", type_=JSON),
    bindparam("request", type_=JSON),
    bindparam("day", type_=Date),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("is_sent", type_=Boolean),
)

#: Closes one send (or all unanswered ones) and the intent, and keeps link and marker, all or nothing.
SETTLE = text(f"""
WITH attempt AS (
    UPDATE st_qbo.attempts SET closed_at = {_NOW}, outcome = :outcome, duration_ms = :duration_ms,
        http_status = :http_status, code = :code, message = :message, intuit_tid = :intuit_tid,
        answer = :answer
    WHERE intent_id = :intent_id AND CASE WHEN CAST(:attempt_id AS bigint) IS NULL
        THEN outcome = 'sending' ELSE id = :attempt_id END
), link AS (
    INSERT INTO st_qbo.links AS link (company, source_entity, source_id, source_part, target, realm, qbo_id,
        is_document, sync_token, digest, confirmed, display_name, number, day, state, drift,
        created_at, updated_at, run_id)
    VALUES (:company, :source_entity, :source_id, :source_part, :target, :realm, :qbo_id,
        :is_document, :sync_token, :digest, :confirmed, :display_name, :number, :day, :state, :drift,
        {_NOW}, {_NOW}, :run_id)
    ON CONFLICT ON CONSTRAINT links_source_key DO UPDATE SET realm = excluded.realm, qbo_id = excluded.qbo_id,
        sync_token = excluded.sync_token, digest = excluded.digest, confirmed = excluded.confirmed,
        display_name = excluded.display_name, number = excluded.number, day = excluded.day,
        state = excluded.state, drift = excluded.drift, updated_at = excluded.updated_at,
        run_id = excluded.run_id
), marker AS (
    INSERT INTO st_qbo.markers AS marker (realm, target, qbo_id, sources, txn_date, sync_token,
        total_cents, seen_at)
    SELECT :realm, :marked_target, :marked_id, :sources, :txn_date, :marked_version, :total_cents, {_NOW}
    WHERE :is_marked
    ON CONFLICT ON CONSTRAINT markers_pkey DO UPDATE SET sources = excluded.sources,
        txn_date = excluded.txn_date, sync_token = excluded.sync_token, total_cents = excluded.total_cents,
        deleted = false, seen_at = excluded.seen_at
    WHERE excluded.sync_token >= marker.sync_token
)
UPDATE st_qbo.intents SET state = :outcome, closed_at = {_NOW} WHERE id = :intent_id RETURNING id
""").bindparams(  # noqa: S608 - a constant
    bindparam("answer", type_=_NULL_JSON),
    bindparam("confirmed", type_=JSON),
    bindparam("drift", type_=_NULL_JSON),
    bindparam("attempt_id", type_=BigInteger),
    bindparam("duration_ms", type_=Integer),
    bindparam("http_status", type_=Integer),
    bindparam("day", type_=Date),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("is_marked", type_=Boolean),
    bindparam("sources", type_=ARRAY(Text)),
    bindparam("txn_date", type_=Date),
    bindparam("marked_version", type_=Integer),
    bindparam("total_cents", type_=BigInteger),
)
