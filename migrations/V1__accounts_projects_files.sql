-- Users, their tokens, projects and files: the seed's tables with its columns, constraints and indexes, and what they need beside them.

CREATE TABLE users (
    id            SERIAL PRIMARY KEY,
    email         VARCHAR NOT NULL,
    name          VARCHAR,
    password_hash VARCHAR NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at    TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idx_users_email ON users (lower(email));

-- One login is one family; a token that comes a second time ends its family.
CREATE TABLE refresh_tokens (
    token_hash BYTEA PRIMARY KEY,
    family     UUID NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX idx_refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX idx_refresh_tokens_expires_at ON refresh_tokens (expires_at);

CREATE TABLE personal_tokens (
    id           UUID PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         VARCHAR NOT NULL,
    prefix       VARCHAR NOT NULL,
    token_hash   BYTEA NOT NULL UNIQUE,
    created_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at   TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ
);
CREATE INDEX idx_personal_tokens_user_id ON personal_tokens (user_id);

-- Single-use keys for opening a WebSocket; in the database so that any coordinator can take them.
CREATE TABLE tickets (
    ticket_hash BYTEA PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at  TIMESTAMPTZ NOT NULL
);

CREATE TABLE code_projects (
    id             VARCHAR PRIMARY KEY DEFAULT gen_random_uuid()::text,
    user_id        INTEGER NOT NULL,
    name           VARCHAR NOT NULL,
    description    TEXT,
    language       VARCHAR,
    repository_url VARCHAR,
    storage_path   VARCHAR,
    -- Counts every change of the project's files: a snapshot of revision n never changes.
    revision       BIGINT NOT NULL DEFAULT 0,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX idx_code_projects_user_id ON code_projects (user_id);
CREATE INDEX idx_code_projects_created_at ON code_projects (created_at);
-- A page of one user's list, newest first, is read from the index alone however many projects there are.
CREATE INDEX idx_code_projects_newest ON code_projects (user_id, created_at DESC, id DESC);

-- Text up to 1 MiB lies in `content`; anything else is an object in storage, named by its owner and hash.
CREATE TABLE code_files (
    id         VARCHAR PRIMARY KEY DEFAULT gen_random_uuid()::text,
    project_id VARCHAR NOT NULL,
    -- Byte order: the same on every machine, and prefixes can use the index.
    path       VARCHAR COLLATE "C" NOT NULL,
    name       VARCHAR NOT NULL,
    type       VARCHAR NOT NULL CHECK (type IN ('file', 'folder')),
    content    TEXT,
    language   VARCHAR,
    parent_id  VARCHAR,
    -- BLAKE3 of the content, hex; NULL for folders.
    hash       VARCHAR,
    size       BIGINT NOT NULL DEFAULT 0,
    is_binary  BOOLEAN NOT NULL DEFAULT false,
    executable BOOLEAN NOT NULL DEFAULT false,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT fk_project FOREIGN KEY (project_id) REFERENCES code_projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES code_files (id) ON DELETE CASCADE,
    CONSTRAINT code_files_path_once UNIQUE (project_id, path)
);
CREATE INDEX idx_code_files_project_id ON code_files (project_id);
CREATE INDEX idx_code_files_parent_id ON code_files (parent_id);
CREATE INDEX idx_code_files_type ON code_files (type);
CREATE INDEX idx_code_files_hash ON code_files (hash) WHERE hash IS NOT NULL;

-- What a user's contents are: text that a sync sent and no commit took yet, and every object in storage.
CREATE TABLE blobs (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash       VARCHAR NOT NULL,
    size       BIGINT NOT NULL,
    -- The text where it is short text; NULL where the bytes are an object in storage.
    content    TEXT,
    is_binary  BOOLEAN NOT NULL DEFAULT false,
    -- A row is made (or made young again) before its object is written, and counts once it is: so the collector
    -- of old blobs and someone who stores the same content can't miss each other.
    stored     BOOLEAN NOT NULL DEFAULT false,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, hash)
);
CREATE INDEX idx_blobs_created_at ON blobs (created_at);

-- Objects that nothing refers to any more: written with the change that dropped them, deleted afterwards.
CREATE TABLE trash (
    id         BIGSERIAL PRIMARY KEY,
    -- A key, or with a slash at its end all keys below it.
    key        VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- The last manifest posted for a project, until it is committed.
CREATE TABLE syncs (
    project_id VARCHAR PRIMARY KEY REFERENCES code_projects (id) ON DELETE CASCADE,
    manifest   JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Snapshots of projects in object storage, made when a run needs one.
CREATE TABLE snapshots (
    project_id     VARCHAR NOT NULL REFERENCES code_projects (id) ON DELETE CASCADE,
    revision       BIGINT NOT NULL,
    object_key     VARCHAR,
    unpacked_bytes BIGINT NOT NULL,
    files          BIGINT NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, revision)
);
