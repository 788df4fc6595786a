-- Search: which files have changed since a project's index was built, the index that stands, and when to build again.
--
-- Expand only: a coordinator of the version before writes files as ever, and the triggers note what it changes.

-- Kinds of which a project has at most one unfinished job: from the table of kinds.
ALTER TABLE jobs ADD COLUMN exclusive BOOLEAN NOT NULL DEFAULT false;
CREATE UNIQUE INDEX jobs_exclusive ON jobs (project_id, kind) WHERE exclusive AND finished_at IS NULL;

-- One row for each project that has files, or had.
CREATE TABLE indexes (
    project_id       VARCHAR PRIMARY KEY REFERENCES code_projects (id) ON DELETE CASCADE,
    -- Since when files have changed that the index has not; NULL: it has them all.
    changed_at       TIMESTAMPTZ,
    -- The project's revision at the newest of these changes.
    changed_revision BIGINT NOT NULL DEFAULT 0,
    -- Builds since the last one that came to something, and when the next may begin.
    tries            INTEGER NOT NULL DEFAULT 0,
    not_before       TIMESTAMPTZ,
    -- The index that stands: the revision that it shows, its objects, its counts and who has it; NULL: there is none.
    revision         BIGINT,
    bundle           JSONB,
    counts           JSONB,
    worker_id        VARCHAR,
    indexed_at       TIMESTAMPTZ,
    -- When objects that no index needs any more were last deleted.
    swept_at         TIMESTAMPTZ
) WITH (fillfactor = 50);
CREATE INDEX idx_indexes_changed ON indexes (changed_at) WHERE changed_at IS NOT NULL;

-- Paths whose content is not what the index has: written, moved away or deleted since. Without a foreign key, which
-- would lock the project's row once more for each file of an upload.
CREATE TABLE index_changes (
    project_id VARCHAR NOT NULL,
    path       VARCHAR COLLATE "C" NOT NULL,
    revision   BIGINT NOT NULL,
    PRIMARY KEY (project_id, path)
);
-- The newest first: what a search reads besides the index.
CREATE INDEX idx_index_changes_newest ON index_changes (project_id, revision DESC);

INSERT INTO index_changes (project_id, path, revision)
SELECT f.project_id, f.path, p.revision FROM code_files f JOIN code_projects p ON p.id = f.project_id WHERE f.type = 'file';
INSERT INTO indexes (project_id, changed_at, changed_revision)
SELECT project_id, now(), max(revision) FROM index_changes GROUP BY project_id;

-- Whoever writes files raises the project's revision first, in the same transaction. A project that is being deleted is
-- not there any more, so nothing is noted.
CREATE FUNCTION note_changed_project(ids VARCHAR[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO indexes (project_id, changed_at, changed_revision)
    SELECT p.id, now(), p.revision FROM code_projects p WHERE p.id = ANY(ids) ORDER BY p.id
    ON CONFLICT (project_id) DO UPDATE
        SET changed_at = coalesce(indexes.changed_at, excluded.changed_at), changed_revision = excluded.changed_revision;
$$;

CREATE FUNCTION note_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO index_changes (project_id, path, revision)
    SELECT t.project_id, t.path, p.revision FROM touched t JOIN code_projects p ON p.id = t.project_id WHERE t.type = 'file'
    ON CONFLICT (project_id, path) DO UPDATE SET revision = excluded.revision;
    IF FOUND THEN
        PERFORM note_changed_project(ARRAY(SELECT DISTINCT project_id FROM touched));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION note_changed_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO index_changes (project_id, path, revision)
    SELECT DISTINCT c.project_id, c.path, p.revision FROM (
        SELECT n.project_id, unnest(ARRAY[o.path, n.path]) AS path FROM touched n JOIN before o USING (id)
        WHERE n.type = 'file' AND (o.path, o.hash, o.is_link) IS DISTINCT FROM (n.path, n.hash, n.is_link)
    ) c JOIN code_projects p ON p.id = c.project_id
    ON CONFLICT (project_id, path) DO UPDATE SET revision = excluded.revision;
    IF FOUND THEN
        PERFORM note_changed_project(ARRAY(SELECT DISTINCT project_id FROM touched));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER index_notes_written AFTER INSERT ON code_files REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION note_files();
CREATE TRIGGER index_notes_deleted AFTER DELETE ON code_files REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION note_files();
CREATE TRIGGER index_notes_changed AFTER UPDATE ON code_files REFERENCING OLD TABLE AS before NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_files();

CREATE OR REPLACE FUNCTION forget_projects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM jobs WHERE project_id IN (SELECT id FROM gone);
    DELETE FROM index_changes WHERE project_id IN (SELECT id FROM gone);
    RETURN NULL;
END $$;
