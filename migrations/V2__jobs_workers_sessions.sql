-- Jobs and what follows from them. PostgreSQL is the truth about jobs; the broker only delivers.

CREATE TABLE jobs (
    id               UUID PRIMARY KEY,
    user_id          INTEGER NOT NULL,
    project_id       VARCHAR NOT NULL REFERENCES code_projects (id) ON DELETE CASCADE,
    kind             VARCHAR NOT NULL,
    class            VARCHAR NOT NULL,
    -- What it competes in: no-op jobs have slots of their own.
    lane             VARCHAR NOT NULL GENERATED ALWAYS AS (CASE WHEN kind = 'noop' THEN 'noop' ELSE class END) STORED,
    state            VARCHAR NOT NULL DEFAULT 'queued',
    title            VARCHAR,
    runtime          VARCHAR,
    spec             JSONB NOT NULL,
    -- The fencing token: raised by each claim.
    attempt          INTEGER NOT NULL DEFAULT 0,
    -- Attempts that ended with their worker (handing back does not count).
    losses           INTEGER NOT NULL DEFAULT 0,
    claim_id         UUID,
    worker_id        VARCHAR,
    lease_until      TIMESTAMPTZ,
    cancel_requested BOOLEAN NOT NULL DEFAULT false,
    verdict          JSONB,
    usage            JSONB,
    artifacts        JSONB NOT NULL DEFAULT '[]',
    -- The number of the newest event: numbers order events across attempts. 1 is "queued" and has no row.
    last_event       BIGINT NOT NULL DEFAULT 1,
    -- The worker's count of the newest recorded event of this attempt.
    last_seq         BIGINT NOT NULL DEFAULT 0,
    idempotency_key  VARCHAR,
    request_hash     BYTEA,
    created_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
    started_at       TIMESTAMPTZ,
    finished_at      TIMESTAMPTZ,
    CONSTRAINT jobs_state CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'timed_out', 'lost')),
    CONSTRAINT jobs_ended CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
    CONSTRAINT jobs_verdict CHECK ((finished_at IS NULL) = (verdict IS NULL)),
    CONSTRAINT jobs_leased CHECK ((state = 'running') = (lease_until IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- Ids are time-ordered (UUID version 7), so they page and queue by age.
CREATE INDEX idx_jobs_project ON jobs (project_id, id);
CREATE INDEX idx_jobs_user ON jobs (user_id, id);
CREATE UNIQUE INDEX jobs_idempotency_once ON jobs (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX idx_jobs_queued ON jobs (lane, user_id, id) WHERE state = 'queued';
-- Without the lease, so that renewing one does not touch any index.
CREATE INDEX idx_jobs_running ON jobs (lane, user_id) WHERE state = 'running';

-- One terminal state, once: whatever a bug may try.
CREATE FUNCTION refuse_second_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'job % has already ended as %', OLD.id, OLD.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER jobs_end_once BEFORE UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.finished_at IS NOT NULL AND (NEW.state, NEW.attempt, NEW.last_event) IS DISTINCT FROM (OLD.state, OLD.attempt, OLD.last_event))
    EXECUTE FUNCTION refuse_second_end();

-- The outbox: jobs released to the broker and not claimed yet. The row commits with the release and goes with the
-- claim, so a message that was never confirmed, or was lost later, is published again when `publish_at` has passed.
-- No foreign keys to jobs here and below: each insert would lock and rewrite the job's row; a trigger cleans up instead.
CREATE TABLE dispatches (
    job_id     UUID PRIMARY KEY,
    user_id    INTEGER NOT NULL,
    kind       VARCHAR NOT NULL,
    class      VARCHAR NOT NULL,
    lane       VARCHAR NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 1,
    publish_at TIMESTAMPTZ NOT NULL
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- Events other than `queued` (number 1) and `result` (the last number), which the job's row says itself.
CREATE TABLE job_events (
    job_id     UUID NOT NULL,
    number     BIGINT NOT NULL,
    attempt    INTEGER NOT NULL,
    -- The worker's own count within the attempt; NULL for what the coordinator says.
    seq        BIGINT,
    event      VARCHAR NOT NULL,
    data       JSONB,
    -- Output only: which stream, from which byte, and the bytes.
    stream     VARCHAR,
    byte_start BIGINT,
    bytes      BYTEA,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, number)
);
CREATE UNIQUE INDEX idx_job_events_once ON job_events (job_id, attempt, seq) WHERE seq IS NOT NULL;
CREATE INDEX idx_job_events_output ON job_events (job_id, attempt, stream, byte_start) WHERE stream IS NOT NULL;
-- Rows come in the order of time: a block-range index finds old output at no cost.
CREATE INDEX idx_job_events_age ON job_events USING brin (created_at);

-- Attempts whose objects in storage nobody may see any more; attempt NULL means the whole job.
CREATE TABLE dead_attempts (
    job_id  UUID NOT NULL,
    attempt INTEGER,
    died_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX idx_dead_attempts_died_at ON dead_attempts (died_at);

CREATE FUNCTION forget_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM dispatches WHERE job_id IN (SELECT id FROM gone);
    DELETE FROM job_events WHERE job_id IN (SELECT id FROM gone);
    INSERT INTO dead_attempts (job_id) SELECT id FROM gone WHERE attempt > 0 AND kind <> 'noop';
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_forgotten AFTER DELETE ON jobs REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_jobs();

CREATE TABLE workers (
    id         VARCHAR PRIMARY KEY,
    name       VARCHAR NOT NULL,
    version    VARCHAR NOT NULL,
    slots      INTEGER NOT NULL,
    noop_slots INTEGER NOT NULL DEFAULT 0,
    busy       INTEGER NOT NULL,
    draining   BOOLEAN NOT NULL DEFAULT false,
    -- Heartbeats, but does not consume.
    deaf       BOOLEAN NOT NULL DEFAULT false,
    started_at TIMESTAMPTZ NOT NULL,
    last_seen  TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);

-- Living coordinators. One lease each: a thousand sessions cost one renewal.
CREATE TABLE coordinators (
    id          VARCHAR PRIMARY KEY,
    lease_until TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);

-- Which coordinator runs a project's session actor, as long as that coordinator's lease lasts.
CREATE TABLE sessions (
    project_id VARCHAR PRIMARY KEY REFERENCES code_projects (id) ON DELETE CASCADE,
    owner      VARCHAR NOT NULL
);
CREATE INDEX idx_sessions_owner ON sessions (owner);
