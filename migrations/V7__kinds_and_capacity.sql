-- Job kinds and capacity as data: no statement and no column knows a kind by its name any more.
--
-- This is the "expand" half. The previous version goes on working beside this one:
-- * It reads and writes `jobs.lane` (generated) and `dispatches.lane`. Both stay, and nothing else uses them. The next
--   version drops them ("contract"), when no coordinator is left that names them.
-- * It finds its queued jobs through the new partial index: more slowly, for as long as the upgrade takes.
-- * It does not count the releases of this version, which leave `dispatches.lane` empty: it may release as many jobs as
--   the fleet has slots too early. They wait in the broker instead of in the backlog.
-- * It does not write the new columns of `workers`: their heartbeats are repeated each second, and every coordinator of
--   this version completes them.

ALTER TABLE jobs
    -- Whether its attempts write objects that must be collected after a lost attempt: from the table of kinds.
    ADD COLUMN leaves_objects BOOLEAN NOT NULL DEFAULT true;

CREATE INDEX idx_jobs_queued_by_kind ON jobs (kind, class, user_id, id) WHERE state = 'queued';
-- Without the lease, so that renewing one does not touch any index.
CREATE INDEX idx_jobs_running_by_kind ON jobs (kind, user_id) WHERE state = 'running';
DROP INDEX idx_jobs_queued;
DROP INDEX idx_jobs_running;

ALTER TABLE dispatches
    ADD COLUMN runtime VARCHAR,
    ALTER COLUMN lane DROP NOT NULL;

-- What a worker said it can do; NULL until a coordinator of this version has read its heartbeat.
ALTER TABLE workers
    -- Slots by pool: {"sandbox": {"total": 4, "free": 3}}.
    ADD COLUMN capacity  JSONB,
    ADD COLUMN kinds     VARCHAR[],
    -- NULL: it does not say, and is taken to have all.
    ADD COLUMN runtimes  VARCHAR[],
    ADD COLUMN memory_mb BIGINT,
    ADD COLUMN gpus      INTEGER;

CREATE OR REPLACE FUNCTION forget_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM dispatches WHERE job_id IN (SELECT id FROM gone);
    DELETE FROM job_events WHERE job_id IN (SELECT id FROM gone);
    INSERT INTO dead_attempts (job_id) SELECT id FROM gone WHERE attempt > 0 AND leaves_objects;
    RETURN NULL;
END $$;
