-- A deleted project has no owner any more, and its files go in batches: nothing of them is kept.
CREATE OR REPLACE FUNCTION record_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    by_whom  INTEGER := nullif(current_setting('engunity.author', true), '')::integer;
    deletion UUID := nullif(current_setting('engunity.deletion', true), '')::uuid;
    why      VARCHAR := CASE WHEN current_setting('engunity.cause', true) = 'replace' THEN 'replace' ELSE 'delete' END;
    project  VARCHAR;
    owner    INTEGER;
BEGIN
    FOR project IN SELECT DISTINCT project_id FROM gone LOOP
        SELECT user_id INTO owner FROM code_projects WHERE id = project;
        CONTINUE WHEN owner IS NULL;
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
