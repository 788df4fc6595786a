-- The key (its hash) under which a refresh token was used: within the grace period the same key may use it once more,
-- because the answer to the first use may have been lost. Without a key a token works once.
ALTER TABLE refresh_tokens ADD COLUMN used_key BYTEA;
