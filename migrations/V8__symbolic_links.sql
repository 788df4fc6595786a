-- A symbolic link is a file whose content is its target.
ALTER TABLE code_files ADD COLUMN is_link BOOLEAN NOT NULL DEFAULT false;
