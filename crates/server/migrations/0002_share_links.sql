-- Public links to one node's status. The secret of each is kept as its SHA-256 only.

CREATE TABLE share_links (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    hash BLOB NOT NULL UNIQUE,
    node_id TEXT NOT NULL,
    lifetime TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX share_links_of_node ON share_links (node_id, seq);
