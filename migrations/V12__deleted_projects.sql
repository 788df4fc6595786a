-- Deleting a project is a mark: its row loses its owner, so that it exists for nobody any more, and jobs, output and files go
-- in small batches afterwards. A coordinator of the version before hides it likewise.
ALTER TABLE code_projects
    ALTER COLUMN user_id DROP NOT NULL,
    ADD COLUMN deleted_at TIMESTAMPTZ;
CREATE INDEX idx_code_projects_deleted ON code_projects (deleted_at) WHERE deleted_at IS NOT NULL;
