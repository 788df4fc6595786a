-- Present contents are found by their version's id, as past ones are.
CREATE INDEX idx_code_files_version_id ON code_files (version_id) WHERE version_id IS NOT NULL;
