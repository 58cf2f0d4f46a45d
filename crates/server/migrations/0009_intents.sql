-- What is about to be asked of an engine beside operations, and what was aborted while an engine may have had it. Kept before the engine is
-- asked, and removed together with the entry that says what became of it. `change` and `entry` are JSON.
CREATE TABLE intents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    change TEXT NOT NULL,
    entry TEXT NOT NULL
) STRICT;
