-- Times are nanoseconds since 1970 (UTC); secrets are SHA-256 hashes; words are those of the contract.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The body is the operation as it goes over the wire; the columns beside it are what is asked for.
CREATE TABLE operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    node_id TEXT NOT NULL,
    state TEXT NOT NULL,
    finished INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- Rule 7: one unfinished operation per node, whatever the code above believes.
CREATE UNIQUE INDEX operations_one_unfinished ON operations (node_id) WHERE finished = 0;
CREATE INDEX operations_of_node ON operations (node_id, seq);

CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    operation_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (actor, route, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor TEXT,
    origin TEXT,
    node_id TEXT,
    node_name TEXT,
    operation_id TEXT,
    message TEXT NOT NULL,
    reason TEXT
) STRICT;

CREATE INDEX activity_of_node ON activity (node_id, id);
CREATE INDEX activity_by_time ON activity (at);

CREATE TABLE enrolment_tokens (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    multi_use INTEGER NOT NULL,
    allow_replace INTEGER NOT NULL,
    engine_node_id TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    used_by_machine TEXT
) STRICT;

CREATE TABLE agents (
    node_id TEXT PRIMARY KEY,
    engine_node_id TEXT NOT NULL UNIQUE,
    machine_id TEXT NOT NULL,
    token BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_report TEXT,
    last_report_at INTEGER
) STRICT;

CREATE TABLE samples (
    node_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    beats INTEGER NOT NULL,
    expected INTEGER NOT NULL,
    cpu_percent REAL,
    memory_percent REAL,
    disk_percent REAL,
    health TEXT NOT NULL,
    PRIMARY KEY (node_id, at)
) STRICT, WITHOUT ROWID;

CREATE INDEX samples_by_time ON samples (at);

CREATE TABLE api_tokens (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    token_id TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_codes (
    hash BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The nodes of the embedded engine.
CREATE TABLE engine_nodes (
    engine_node_id TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    region TEXT,
    source TEXT NOT NULL,
    public_ip TEXT,
    overlay_ip TEXT,
    labels TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    scheduling TEXT NOT NULL,
    record TEXT
) STRICT;

-- One row per node, of nodes that are gone too: where its last change stands in the order of all changes. Kept by
-- triggers, so that a change made with a database shell is seen like any other.
CREATE TABLE engine_node_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    engine_node_id TEXT NOT NULL UNIQUE
) STRICT;

CREATE TRIGGER engine_node_added AFTER INSERT ON engine_nodes BEGIN
    DELETE FROM engine_node_changes WHERE engine_node_id = NEW.engine_node_id;
    INSERT INTO engine_node_changes (engine_node_id) VALUES (NEW.engine_node_id);
END;

CREATE TRIGGER engine_node_changed AFTER UPDATE ON engine_nodes BEGIN
    DELETE FROM engine_node_changes WHERE engine_node_id = NEW.engine_node_id;
    INSERT INTO engine_node_changes (engine_node_id) VALUES (NEW.engine_node_id);
END;

CREATE TRIGGER engine_node_removed AFTER DELETE ON engine_nodes BEGIN
    DELETE FROM engine_node_changes WHERE engine_node_id = OLD.engine_node_id;
    INSERT INTO engine_node_changes (engine_node_id) VALUES (OLD.engine_node_id);
END;
