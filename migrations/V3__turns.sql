-- When each user's jobs were last released: among users with equally many active jobs, whoever waited longest is next.
CREATE TABLE turns (
    user_id     INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    released_at TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);
