-- Bulk operations. The body is what goes over the wire; `actor` is who its drains and activations are asked for by.

CREATE TABLE bulk_operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    finished INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    actor TEXT NOT NULL,
    key_actor TEXT,
    key TEXT,
    key_hash BLOB,
    key_at INTEGER
) STRICT;

CREATE UNIQUE INDEX bulk_operations_once ON bulk_operations (key_actor, key) WHERE key IS NOT NULL;
CREATE INDEX bulk_operations_unfinished ON bulk_operations (seq) WHERE finished = 0;
