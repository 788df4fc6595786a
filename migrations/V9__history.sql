-- History: what each file was before a change, and what was deleted. Triggers record it: no way of changing files can
-- forget it, and coordinators of the version before record it too. A transaction says who changes and why by the settings
-- engunity.author and engunity.cause; engunity.deletion names all that one transaction deletes.

-- Where the present content came from. The first version of a file has the file's own id.
ALTER TABLE code_files
    ADD COLUMN version_id    UUID,
    ADD COLUMN content_cause VARCHAR,
    ADD COLUMN content_by    INTEGER,
    -- When its version began, and when it was last written: quick saves are one version.
    ADD COLUMN content_from  TIMESTAMPTZ,
    ADD COLUMN content_at    TIMESTAMPTZ;
-- Apart from the above, so that rows from before are not rewritten.
ALTER TABLE code_files
    ALTER COLUMN content_cause SET DEFAULT coalesce(nullif(current_setting('engunity.cause', true), ''), 'create'),
    ALTER COLUMN content_by    SET DEFAULT nullif(current_setting('engunity.author', true), '')::integer,
    ALTER COLUMN content_from  SET DEFAULT now(),
    ALTER COLUMN content_at    SET DEFAULT now();

-- Past contents. The bytes are the blob of (user_id, hash), or still those of the file itself where it was only moved.
CREATE TABLE file_versions (
    id          UUID PRIMARY KEY,
    project_id  VARCHAR NOT NULL REFERENCES code_projects (id) ON DELETE CASCADE,
    user_id     INTEGER NOT NULL,
    file_id     VARCHAR NOT NULL,
    path        VARCHAR COLLATE "C" NOT NULL,
    hash        VARCHAR NOT NULL,
    size        BIGINT NOT NULL,
    is_binary   BOOLEAN NOT NULL,
    executable  BOOLEAN NOT NULL,
    is_link     BOOLEAN NOT NULL,
    cause       VARCHAR NOT NULL,
    author      INTEGER,
    created_at  TIMESTAMPTZ NOT NULL,
    -- When it ceased to be the present content: its age counts from here.
    recorded_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX idx_file_versions_path ON file_versions (project_id, path);
CREATE INDEX idx_file_versions_file_id ON file_versions (file_id);
CREATE INDEX idx_file_versions_hash ON file_versions (user_id, hash);
CREATE INDEX idx_file_versions_recorded_at ON file_versions (recorded_at);

-- Deleted files and folders as they were, until they are restored or expire.
CREATE TABLE deleted_files (
    id            UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    -- All that one transaction deleted.
    deletion_id   UUID NOT NULL,
    -- The folder it lay in was not deleted with it.
    root          BOOLEAN NOT NULL,
    project_id    VARCHAR NOT NULL REFERENCES code_projects (id) ON DELETE CASCADE,
    user_id       INTEGER NOT NULL,
    file_id       VARCHAR NOT NULL,
    parent_id     VARCHAR,
    path          VARCHAR COLLATE "C" NOT NULL,
    type          VARCHAR NOT NULL,
    language      VARCHAR,
    hash          VARCHAR,
    size          BIGINT NOT NULL,
    is_binary     BOOLEAN NOT NULL,
    executable    BOOLEAN NOT NULL,
    is_link       BOOLEAN NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL,
    -- 'delete' or 'replace'.
    cause         VARCHAR NOT NULL,
    deleted_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    deleted_by    INTEGER
);
CREATE INDEX idx_deleted_files_deletion ON deleted_files (deletion_id, path);
CREATE INDEX idx_deleted_files_path ON deleted_files (project_id, path);
CREATE INDEX idx_deleted_files_roots ON deleted_files (project_id, deleted_at DESC, id DESC) WHERE root;
CREATE INDEX idx_deleted_files_hash ON deleted_files (user_id, hash) WHERE hash IS NOT NULL;
CREATE INDEX idx_deleted_files_file_id ON deleted_files (file_id);
CREATE INDEX idx_deleted_files_deleted_at ON deleted_files (deleted_at);

-- A file gets other content or another path: what it was becomes a version. Saves of one author within ten seconds are
-- one version, and so are moves with no other change between them.
CREATE FUNCTION record_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    author INTEGER := nullif(current_setting('engunity.author', true), '')::integer;
    moved  BOOLEAN := OLD.hash IS NOT DISTINCT FROM NEW.hash;
    why    VARCHAR := CASE WHEN moved THEN 'move' ELSE coalesce(nullif(current_setting('engunity.cause', true), ''), 'save') END;
    owner  INTEGER;
BEGIN
    NEW.content_at := now();
    NEW.content_by := author;
    NEW.content_cause := why;
    IF OLD.content_cause = why AND OLD.content_by IS NOT DISTINCT FROM author
        AND (moved OR (why = 'save' AND OLD.content_from > now() - interval '10 seconds')) THEN
        RETURN NEW;
    END IF;
    SELECT user_id INTO owner FROM code_projects WHERE id = OLD.project_id;
    IF NOT moved THEN
        INSERT INTO blobs AS b (user_id, hash, size, content, is_binary, stored)
            VALUES (owner, OLD.hash, OLD.size, OLD.content, OLD.is_binary, true)
            ON CONFLICT (user_id, hash) DO UPDATE
            SET created_at = now(), stored = true, content = coalesce(b.content, excluded.content);
    END IF;
    INSERT INTO file_versions (id, project_id, user_id, file_id, path, hash, size, is_binary, executable, is_link, cause, author, created_at)
        VALUES (coalesce(OLD.version_id, OLD.id::uuid), OLD.project_id, owner, OLD.id, OLD.path, OLD.hash, OLD.size, OLD.is_binary,
            OLD.executable, OLD.is_link, coalesce(OLD.content_cause, 'create'), OLD.content_by, coalesce(OLD.content_at, OLD.updated_at))
        ON CONFLICT (id) DO NOTHING;
    NEW.version_id := gen_random_uuid();
    NEW.content_from := now();
    RETURN NEW;
END $$;
CREATE TRIGGER files_changed BEFORE UPDATE ON code_files FOR EACH ROW
    WHEN (OLD.type = 'file' AND (OLD.hash IS DISTINCT FROM NEW.hash OR OLD.path IS DISTINCT FROM NEW.path))
    EXECUTE FUNCTION record_change();

-- Files and folders go: they lie in the trash from now on, and what they held is a version. Nothing is kept of a project
-- that is deleted itself: its row is gone before those of its files.
CREATE FUNCTION record_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    by_whom  INTEGER := nullif(current_setting('engunity.author', true), '')::integer;
    deletion UUID := nullif(current_setting('engunity.deletion', true), '')::uuid;
    why      VARCHAR := CASE WHEN current_setting('engunity.cause', true) = 'replace' THEN 'replace' ELSE 'delete' END;
    project  VARCHAR;
    owner    INTEGER;
BEGIN
    FOR project IN SELECT DISTINCT project_id FROM gone LOOP
        SELECT user_id INTO owner FROM code_projects WHERE id = project;
        CONTINUE WHEN NOT FOUND;
        IF deletion IS NULL THEN
            deletion := gen_random_uuid();
            PERFORM set_config('engunity.deletion', deletion::text, true);
        END IF;
        INSERT INTO blobs AS b (user_id, hash, size, content, is_binary, stored)
            SELECT DISTINCT ON (g.hash) owner, g.hash, g.size, g.content, g.is_binary, true
            FROM gone g WHERE g.project_id = project AND g.hash IS NOT NULL ORDER BY g.hash
            ON CONFLICT (user_id, hash) DO UPDATE
            SET created_at = now(), stored = true, content = coalesce(b.content, excluded.content);
        INSERT INTO file_versions (id, project_id, user_id, file_id, path, hash, size, is_binary, executable, is_link, cause, author, created_at)
            SELECT coalesce(g.version_id, g.id::uuid), project, owner, g.id, g.path, g.hash, g.size, g.is_binary, g.executable, g.is_link,
                coalesce(g.content_cause, 'create'), g.content_by, coalesce(g.content_at, g.updated_at)
            FROM gone g WHERE g.project_id = project AND g.hash IS NOT NULL
            ON CONFLICT (id) DO NOTHING;
        -- The folder may have gone in this statement, or before the statement that a foreign key makes of it.
        INSERT INTO deleted_files (deletion_id, root, project_id, user_id, file_id, parent_id, path, type, language, hash, size,
                is_binary, executable, is_link, created_at, updated_at, cause, deleted_by)
            SELECT deletion, coalesce(g.parent_id NOT IN (SELECT id FROM gone), true) AND NOT EXISTS (
                    SELECT 1 FROM deleted_files d WHERE d.deletion_id = deletion
                        AND d.path = left(g.path, length(g.path) - length(g.name) - 1)),
                project, owner, g.id, g.parent_id, g.path, g.type, g.language, g.hash, g.size, g.is_binary, g.executable, g.is_link,
                g.created_at, g.updated_at, why, by_whom
            FROM gone g WHERE g.project_id = project;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER files_deleted AFTER DELETE ON code_files REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION record_deletion();

-- No collector, of whatever version, deletes a blob that a version or the trash needs. Only when its user goes, all go.
CREATE FUNCTION keep_referred_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (EXISTS (SELECT 1 FROM file_versions WHERE user_id = OLD.user_id AND hash = OLD.hash)
            OR EXISTS (SELECT 1 FROM deleted_files WHERE user_id = OLD.user_id AND hash = OLD.hash))
        AND EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id) THEN
        RETURN NULL;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER blobs_referred BEFORE DELETE ON blobs FOR EACH ROW EXECUTE FUNCTION keep_referred_blobs();
