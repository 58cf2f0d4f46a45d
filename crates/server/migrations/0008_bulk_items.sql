-- The nodes of a bulk operation, a row each: a step of one writes its row, not all of them. What stood in the bodies is moved here, and with
-- it the part of a body's `words` (what its sentences are made of) that belongs to the item.

CREATE TABLE bulk_items (
    bulk_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    operation_id TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (bulk_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX bulk_items_operation ON bulk_items (operation_id) WHERE operation_id IS NOT NULL;

INSERT INTO bulk_items (bulk_id, position, state, operation_id, body)
SELECT
    bulk.id,
    item.key,
    json_extract(item.value, '$.state'),
    json_extract(item.value, '$.operation_id'),
    -- An item's `words` are those that stand in it.
    CASE
        WHEN json_type(bulk.body, '$.words') IS NULL THEN item.value
        ELSE json_set(item.value, '$.words', json((
            SELECT json_group_object(said.key, json(said.value))
            FROM json_each(bulk.body, '$.words') AS said
            WHERE instr(item.value, substr(json_quote(said.key), 2, length(json_quote(said.key)) - 2)) > 0
        )))
    END
FROM bulk_operations AS bulk, json_each(bulk.body, '$.items') AS item;

UPDATE bulk_operations SET body = json_set(body, '$.items', json('[]'));

-- A bulk operation that is pruned takes its items along.
CREATE TRIGGER bulk_operations_removed AFTER DELETE ON bulk_operations BEGIN
    DELETE FROM bulk_items WHERE bulk_id = old.id;
END;
