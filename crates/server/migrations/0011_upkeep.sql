-- What upkeep looks for once a second or removes oldest first is found along an index.
CREATE INDEX idempotency_by_time ON idempotency (created_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sign_in_codes_by_end ON sign_in_codes (expires_at);
CREATE INDEX enrolment_tokens_by_end ON enrolment_tokens (expires_at);
CREATE INDEX share_links_by_end ON share_links (expires_at) WHERE ended_at IS NULL;
CREATE INDEX api_tokens_by_end ON api_tokens (expires_at) WHERE revoked_at IS NULL;

-- Whose a link is. A name does not tell that: a token may be called as a person is.
ALTER TABLE share_links ADD COLUMN owner TEXT;

-- Under whom idempotency keys were kept until now, "token:ci", becomes the token or the session itself, where there is only one of that name; so a
-- request that is repeated over the upgrade still gets its first answer.
UPDATE OR IGNORE idempotency SET actor = (SELECT 'token#' || id FROM api_tokens WHERE 'token:' || name = idempotency.actor)
    WHERE (SELECT count(*) FROM api_tokens WHERE 'token:' || name = idempotency.actor) = 1;
UPDATE OR IGNORE planned_drains SET key_actor = (SELECT 'token#' || id FROM api_tokens WHERE 'token:' || name = planned_drains.key_actor)
    WHERE key IS NOT NULL AND (SELECT count(*) FROM api_tokens WHERE 'token:' || name = planned_drains.key_actor) = 1;
UPDATE OR IGNORE bulk_operations SET key_actor = (SELECT 'token#' || id FROM api_tokens WHERE 'token:' || name = bulk_operations.key_actor)
    WHERE key IS NOT NULL AND (SELECT count(*) FROM api_tokens WHERE 'token:' || name = bulk_operations.key_actor) = 1;
UPDATE OR IGNORE idempotency SET actor = (SELECT coalesce('token#' || token_id, 'session#' || lower(hex(substr(hash, 1, 8)))) FROM sessions WHERE 'person:' || name = idempotency.actor)
    WHERE (SELECT count(*) FROM sessions WHERE 'person:' || name = idempotency.actor) = 1;
UPDATE OR IGNORE planned_drains SET key_actor = (SELECT coalesce('token#' || token_id, 'session#' || lower(hex(substr(hash, 1, 8)))) FROM sessions WHERE 'person:' || name = planned_drains.key_actor)
    WHERE key IS NOT NULL AND (SELECT count(*) FROM sessions WHERE 'person:' || name = planned_drains.key_actor) = 1;
UPDATE OR IGNORE bulk_operations SET key_actor = (SELECT coalesce('token#' || token_id, 'session#' || lower(hex(substr(hash, 1, 8)))) FROM sessions WHERE 'person:' || name = bulk_operations.key_actor)
    WHERE key IS NOT NULL AND (SELECT count(*) FROM sessions WHERE 'person:' || name = bulk_operations.key_actor) = 1;
