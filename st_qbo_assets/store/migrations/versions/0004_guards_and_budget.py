"""Guards that keep the ledger's history, and the function that paces calls.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEPT = ("intents", "attempts", "links", "record_states", "record_changes", "decisions", "tie_outs")
_NEVER_CHANGED = ("record_changes", "decisions", "tie_outs")

_GUARDS = """
CREATE FUNCTION st_qbo.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger keeps its history: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION st_qbo.close_attempt_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'attempt % is closed already', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.closed_at IS NULL OR (NEW.id, NEW.intent_id, NEW.number, NEW.sent_at, NEW.run_id)
        IS DISTINCT FROM (OLD.id, OLD.intent_id, OLD.number, OLD.sent_at, OLD.run_id) THEN
        RAISE EXCEPTION 'attempt % can only be closed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION st_qbo.close_intent_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' THEN
        RAISE EXCEPTION 'intent % is closed already', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'open' OR
        (NEW.id, NEW.company, NEW.tenant, NEW.realm, NEW.target, NEW.source_entity, NEW.source_id,
         NEW.source_part, NEW.operation, NEW.digest, NEW.revision, NEW.request_id, NEW.day,
         NEW.opened_at, NEW.run_id, NEW.payload::text, NEW.request::text)
        IS DISTINCT FROM
        (OLD.id, OLD.company, OLD.tenant, OLD.realm, OLD.target, OLD.source_entity, OLD.source_id,
         OLD.source_part, OLD.operation, OLD.digest, OLD.revision, OLD.request_id, OLD.day,
         OLD.opened_at, OLD.run_id, OLD.payload::text, OLD.request::text) THEN
        RAISE EXCEPTION 'intent % can only be closed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION st_qbo.keep_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.outcome, NEW.verdict, NEW.day, NEW.cents, NEW.reason_code, NEW.reason_text, NEW.qbo_id)
            IS NOT DISTINCT FROM
            (OLD.outcome, OLD.verdict, OLD.day, OLD.cents, OLD.reason_code, OLD.reason_text, OLD.qbo_id) THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO st_qbo.record_changes (company, source_entity, source_id, source_part, at, verdict, outcome,
        day, cents, reason_code, reason_text, qbo_id, run_id)
    VALUES (NEW.company, NEW.source_entity, NEW.source_id, NEW.source_part, NEW.updated_at, NEW.verdict,
        NEW.outcome, NEW.day, NEW.cents, NEW.reason_code, NEW.reason_text, NEW.qbo_id, NEW.run_id);
    RETURN NULL;
END $$;

CREATE TRIGGER close_once BEFORE UPDATE ON st_qbo.attempts
    FOR EACH ROW EXECUTE FUNCTION st_qbo.close_attempt_once();
CREATE TRIGGER close_once BEFORE UPDATE ON st_qbo.intents
    FOR EACH ROW EXECUTE FUNCTION st_qbo.close_intent_once();
CREATE TRIGGER keep_change AFTER INSERT OR UPDATE ON st_qbo.record_states
    FOR EACH ROW EXECUTE FUNCTION st_qbo.keep_record_change();
"""

# In one function, because each statement of it sees what the holder of the row lock before us committed;
# a single statement with subqueries would count leases as they stood before it waited for that lock.
_BUDGET = """
CREATE FUNCTION st_qbo.acquire_budget(
    p_account text, p_presence bigint, p_now numeric, p_batch boolean, p_call_gap numeric,
    p_minute_gap numeric, p_minute_burst numeric, p_batch_gap numeric, p_lease numeric,
    p_longest_wait numeric, p_workspace text, p_quota bigint,
    OUT lease bigint, OUT wait numeric, OUT ahead bigint
) LANGUAGE plpgsql AS $$
DECLARE
    pace st_qbo.budgets;
    present numeric := coalesce(p_now, extract(epoch FROM clock_timestamp()));
    this_month date := date_trunc('month', to_timestamp(present::float8) AT TIME ZONE 'UTC');
    start numeric;
BEGIN
    IF p_workspace IS NOT NULL AND p_quota <= (
        SELECT coalesce(sum(m.count), 0) FROM st_qbo.metered_reads m
            WHERE m.workspace = p_workspace AND m.month = this_month) THEN
        RETURN;
    END IF;
    LOOP
        SELECT * INTO pace FROM st_qbo.budgets b WHERE b.account = p_account FOR UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO st_qbo.budgets (account) VALUES (p_account) ON CONFLICT DO NOTHING;
    END LOOP;
    present := coalesce(p_now, extract(epoch FROM clock_timestamp()));
    start := greatest(present, pace.call_free_at, pace.minute_free_at - p_minute_burst, pace.asleep_until,
        CASE WHEN p_batch THEN pace.batch_free_at END);
    wait := start - present;
    IF wait > p_longest_wait THEN
        RETURN;
    END IF;
    UPDATE st_qbo.budgets b SET
        call_free_at = start + p_call_gap,
        minute_free_at = greatest(pace.minute_free_at, start) + p_minute_gap,
        batch_free_at = CASE WHEN p_batch THEN start + p_batch_gap ELSE pace.batch_free_at END
        WHERE b.account = p_account;
    SELECT count(*) INTO ahead FROM st_qbo.budget_leases l
        WHERE l.account = p_account AND l.expires_at > present;
    INSERT INTO st_qbo.budget_leases (account, presence, starts_at, expires_at)
        VALUES (p_account, p_presence, start, start + p_lease) RETURNING id INTO lease;
    IF p_workspace IS NOT NULL THEN
        INSERT INTO st_qbo.metered_reads AS m (workspace, month, realm, count)
            VALUES (p_workspace, this_month, p_account, 1)
            ON CONFLICT ON CONSTRAINT metered_reads_pkey DO UPDATE SET count = m.count + 1;
    END IF;
END $$;
"""


def upgrade() -> None:
    op.execute(_GUARDS)
    for table in _NEVER_CHANGED:
        op.execute(
            f"CREATE TRIGGER keep_history BEFORE UPDATE ON st_qbo.{table} "
            "FOR EACH ROW EXECUTE FUNCTION st_qbo.refuse()"
        )
    for table in _KEPT:
        op.execute(
            f"CREATE TRIGGER keep_rows BEFORE DELETE ON st_qbo.{table} "
            "FOR EACH ROW EXECUTE FUNCTION st_qbo.refuse()"
        )
        op.execute(
            f"CREATE TRIGGER keep_table BEFORE TRUNCATE ON st_qbo.{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION st_qbo.refuse()"
        )
    op.execute(_BUDGET)


def downgrade() -> None:
    raise NotImplementedError("the ledger only goes forward: restore a backup instead")
