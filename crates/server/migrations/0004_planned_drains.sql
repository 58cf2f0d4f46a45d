-- Planned drains. The body is what goes over the wire; `actor` is who the drain is asked for by when its time has come.

CREATE TABLE planned_drains (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    node_id TEXT NOT NULL,
    open INTEGER NOT NULL,
    revision TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    actor TEXT NOT NULL,
    key_actor TEXT,
    key_route TEXT,
    key TEXT,
    key_hash BLOB,
    key_at INTEGER
) STRICT;

-- One open plan per node, whatever the code above believes.
CREATE UNIQUE INDEX planned_drains_one_open ON planned_drains (node_id) WHERE open = 1;
CREATE UNIQUE INDEX planned_drains_once ON planned_drains (key_actor, key_route, key) WHERE key IS NOT NULL;

-- Of which time a node has been said to be overdue: told once, also over restarts.
CREATE TABLE overdue_told (
    node_id TEXT PRIMARY KEY,
    expected_back_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
