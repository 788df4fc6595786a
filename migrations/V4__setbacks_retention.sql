-- A job that its worker was unable to run is tried again a little later, and not for ever.
ALTER TABLE jobs
    -- Attempts that came back so.
    ADD COLUMN setbacks INTEGER NOT NULL DEFAULT 0,
    -- Not to be released before.
    ADD COLUMN retry_at TIMESTAMPTZ;

-- Old jobs are found by their age. Rows come in the order of time, so that a block-range index costs nothing.
CREATE INDEX idx_jobs_age ON jobs USING brin (created_at);
