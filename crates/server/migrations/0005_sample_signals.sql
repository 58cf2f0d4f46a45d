-- What else the charts of a node's day show: whether it was in maintenance, and its signals as JSON, name to worst state.

ALTER TABLE samples ADD COLUMN maintenance INTEGER NOT NULL DEFAULT 0;
ALTER TABLE samples ADD COLUMN signals TEXT NOT NULL DEFAULT '{}';
