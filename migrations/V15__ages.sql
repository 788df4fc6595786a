-- Old jobs are found by when they ended, and old output by its job. The block-range indexes of before found rows by where
-- they lie, which has less and less to do with their age once space is used again.
--
-- The "expand" half: the previous version goes on finding old rows, by reading more of them.

ALTER TABLE jobs
    -- Its output was deleted because of its age.
    ADD COLUMN output_expired BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX idx_jobs_finished_at ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX idx_jobs_with_output ON jobs (finished_at) WHERE finished_at IS NOT NULL AND NOT output_expired AND kind <> 'noop';
DROP INDEX idx_jobs_age;
DROP INDEX idx_job_events_age;

-- Periodic work that one coordinator does for all: until when nobody else does it.
CREATE TABLE periodic_work (
    name VARCHAR PRIMARY KEY,
    until TIMESTAMPTZ NOT NULL
);
