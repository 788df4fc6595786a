-- Roles and the end of accounts, sessions that can be listed and ended, and what one user may use.
--
-- The "expand" half: all columns have defaults, so that the previous version goes on writing. Its sign-ins have no
-- description and its access tokens name no session: those end with their 15 minutes, as before.

ALTER TABLE users
    ADD COLUMN role              VARCHAR NOT NULL DEFAULT 'user',
    ADD COLUMN disabled_at       TIMESTAMPTZ,
    -- The account is gone for everybody; its row goes when its last project has.
    ADD COLUMN deleted_at        TIMESTAMPTZ,
    ADD COLUMN email_verified_at TIMESTAMPTZ,
    -- What this user may use, where that differs from the installation's limits.
    ADD COLUMN limits            JSONB NOT NULL DEFAULT '{}',
    ADD CONSTRAINT users_role CHECK (role IN ('user', 'admin'));
UPDATE users SET role = 'admin' WHERE id = (SELECT min(id) FROM users);

ALTER TABLE refresh_tokens
    ADD COLUMN login_at   TIMESTAMPTZ,
    ADD COLUMN user_agent VARCHAR,
    ADD COLUMN address    VARCHAR,
    -- Its family has ended: no grace any more.
    ADD COLUMN ended      BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX idx_refresh_tokens_user_id ON refresh_tokens (user_id);

-- What the ticket's owner was signed in by: a family of refresh tokens or a personal token. Its end ends the socket.
ALTER TABLE tickets ADD COLUMN authority UUID;

-- Sessions and personal tokens that have ended. Access tokens are checked without the database, so each coordinator
-- reads the new rows here; a row matters as long as an access token lives.
CREATE TABLE revocations (
    id        BIGSERIAL PRIMARY KEY,
    authority UUID NOT NULL,
    at        TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX idx_revocations_at ON revocations (at);

-- Codes that were sent by mail: to choose a new password, to prove an address.
CREATE TABLE mailed_codes (
    code_hash  BYTEA PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    VARCHAR NOT NULL,
    email      VARCHAR NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idx_mailed_codes_user_id ON mailed_codes (user_id);

CREATE TABLE invitations (
    id         UUID PRIMARY KEY,
    code_hash  BYTEA NOT NULL UNIQUE,
    -- Only this address may use it; NULL: any.
    email      VARCHAR,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ NOT NULL
);

-- What an administrator changed at run time.
CREATE TABLE settings (
    name       VARCHAR PRIMARY KEY,
    value      JSONB NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- What a user's ended jobs used, by day (UTC). No foreign key: an account's end must not fail a batch of events.
CREATE TABLE usage_days (
    user_id        INTEGER NOT NULL,
    day            DATE NOT NULL,
    cpu_ms         BIGINT NOT NULL DEFAULT 0,
    output_bytes   BIGINT NOT NULL DEFAULT 0,
    artifact_bytes BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, day)
) WITH (fillfactor = 70);

-- Counts what a job used when it ends, whichever statement and version ends it.
CREATE FUNCTION meter_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    output    BIGINT := (SELECT coalesce(sum(octet_length(bytes)), 0) FROM job_events WHERE job_id = NEW.id AND stream IS NOT NULL);
    artifacts BIGINT := (SELECT coalesce(sum((one ->> 'size')::bigint), 0) FROM jsonb_array_elements(NEW.artifacts) one);
    cpu       BIGINT := coalesce((NEW.usage ->> 'cpu_ms')::bigint, 0);
BEGIN
    IF output > 0 OR artifacts > 0 OR cpu > 0 THEN
        INSERT INTO usage_days AS d (user_id, day, cpu_ms, output_bytes, artifact_bytes)
        VALUES (NEW.user_id, (now() AT TIME ZONE 'UTC')::date, cpu, output, artifacts)
        ON CONFLICT (user_id, day) DO UPDATE SET cpu_ms = d.cpu_ms + excluded.cpu_ms,
            output_bytes = d.output_bytes + excluded.output_bytes, artifact_bytes = d.artifact_bytes + excluded.artifact_bytes;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_metered AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL AND NEW.attempt > 0 AND NEW.kind <> 'noop')
    EXECUTE FUNCTION meter_job();

-- People put keys into `env` and stdin. No attempt needs them once the job has ended.
CREATE FUNCTION drop_job_secrets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.spec := NEW.spec #- ARRAY[NEW.kind, 'env'] #- ARRAY[NEW.kind, 'stdin'];
    RETURN NEW;
END $$;
CREATE TRIGGER jobs_without_secrets BEFORE UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL AND NEW.spec -> NEW.kind ?| ARRAY['env', 'stdin'])
    EXECUTE FUNCTION drop_job_secrets();
UPDATE jobs SET spec = spec #- ARRAY[kind, 'env'] #- ARRAY[kind, 'stdin']
WHERE finished_at IS NOT NULL AND spec -> kind ?| ARRAY['env', 'stdin'];

-- An administrator wants it to take no more jobs.
ALTER TABLE workers ADD COLUMN drain_requested BOOLEAN NOT NULL DEFAULT false;
