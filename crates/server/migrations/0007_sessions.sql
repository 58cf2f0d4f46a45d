-- Sessions can be listed and ended by an id that is not their secret, and say where from and when they were used. Of those that were opened
-- before nobody knows that; they get an id, so that they can be ended.
CREATE TABLE sessions_with_id (
    hash BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    token_id TEXT,
    origin TEXT,
    browser TEXT,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sessions_with_id (hash, id, name, role, token_id, created_at, expires_at)
SELECT hash, lower(hex(randomblob(6))), name, role, token_id, created_at, expires_at FROM sessions;

DROP TABLE sessions;
ALTER TABLE sessions_with_id RENAME TO sessions;

CREATE INDEX sessions_of_token ON sessions (token_id);
