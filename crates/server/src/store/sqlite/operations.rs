//! Operations and idempotency keys.

use jiff::SignedDuration;
use pitlane_api::{ActivityEntry, NodeId, Operation, OperationId, Timestamp};
use sqlx::SqliteConnection;

use super::{
    SqliteStore, activity,
    convert::{from_json, hash, nanos, to_json},
    plans,
};
use crate::store::{Acceptance, Accepted, IdempotencyKey, NewActivity, Replay, Result};

/// How long a key is remembered. Source: rule 9.
pub(super) const KEY_LIVES: SignedDuration = SignedDuration::from_hours(24);

/// Keys made before this are as if they had never been.
pub(super) fn oldest_key(now: Timestamp) -> i64 {
    nanos(now.saturating_sub(KEY_LIVES).unwrap_or(Timestamp::MIN))
}

pub(super) async fn accept(store: &SqliteStore, acceptance: &Acceptance) -> Result<Accepted> {
    let operation = &acceptance.operation;
    let mut tx = store.begin().await?;
    if let Some(key) = &acceptance.idempotency {
        match replay(&mut tx, key, operation.created_at).await? {
            Replay::New => {}
            Replay::Replayed(earlier) => return Ok(Accepted::Replayed(earlier)),
            Replay::Mismatch => return Ok(Accepted::Mismatch),
        }
    }
    if let Some((before, after)) = &acceptance.supersedes
        && !replace(&mut tx, before, after).await?
        && let Some(moved_on) = by_id(&mut tx, &before.id).await?
    {
        return Ok(Accepted::Unfinished(Box::new(moved_on)));
    }
    if let Some((before, after)) = &acceptance.ends_plan
        && !plans::replace(&mut tx, before, after).await?
    {
        return Ok(Accepted::PlanMoved);
    }
    if let Some(other) = unfinished_of(&mut tx, &operation.node_id).await? {
        return Ok(Accepted::Unfinished(Box::new(other)));
    }
    sqlx::query("INSERT INTO operations (id, node_id, state, finished, attempt_count, updated_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(operation.id.as_str())
        .bind(operation.node_id.as_str())
        .bind(operation.state.as_str())
        .bind(operation.state.is_finished())
        .bind(operation.attempt_count)
        .bind(nanos(operation.updated_at))
        .bind(to_json(operation)?)
        .execute(&mut *tx)
        .await?;
    if let Some(key) = &acceptance.idempotency {
        sqlx::query(
            "INSERT INTO idempotency (actor, route, key, body_hash, operation_id, created_at) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (actor, route, key) DO UPDATE \
             SET body_hash = excluded.body_hash, operation_id = excluded.operation_id, created_at = excluded.created_at",
        )
        .bind(&key.actor)
        .bind(&key.route)
        .bind(&key.key)
        .bind(key.body_hash.as_bytes())
        .bind(operation.id.as_str())
        .bind(nanos(operation.created_at))
        .execute(&mut *tx)
        .await?;
    }
    let entries = activity::insert(&mut tx, &acceptance.activity).await?;
    tx.commit().await?;
    Ok(Accepted::Stored(entries))
}

pub(super) async fn replay(connection: &mut SqliteConnection, key: &IdempotencyKey, now: Timestamp) -> Result<Replay> {
    let row: Option<(Vec<u8>, String)> = sqlx::query_as(
        "SELECT i.body_hash, o.body FROM idempotency i JOIN operations o ON o.id = i.operation_id \
         WHERE i.actor = ? AND i.route = ? AND i.key = ? AND i.created_at > ?",
    )
    .bind(&key.actor)
    .bind(&key.route)
    .bind(&key.key)
    .bind(oldest_key(now))
    .fetch_optional(connection)
    .await?;
    let Some((body_hash, body)) = row else { return Ok(Replay::New) };
    if hash(&body_hash)? != key.body_hash {
        return Ok(Replay::Mismatch);
    }
    Ok(Replay::Replayed(Box::new(read(&body)?)))
}

pub(super) async fn save(store: &SqliteStore, before: &Operation, after: &Operation, activity: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>> {
    let mut tx = store.begin().await?;
    if !replace(&mut tx, before, after).await? {
        return Ok(None);
    }
    let entries = activity::insert(&mut tx, activity).await?;
    tx.commit().await?;
    Ok(Some(entries))
}

/// Replaces `before` by `after`, unless what is kept has moved on or is finished.
pub(super) async fn replace(connection: &mut SqliteConnection, before: &Operation, after: &Operation) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE operations SET state = ?, finished = ?, attempt_count = ?, updated_at = ?, body = ? \
         WHERE id = ? AND finished = 0 AND state = ? AND attempt_count = ? AND updated_at = ?",
    )
    .bind(after.state.as_str())
    .bind(after.state.is_finished())
    .bind(after.attempt_count)
    .bind(nanos(after.updated_at))
    .bind(to_json(after)?)
    .bind(before.id.as_str())
    .bind(before.state.as_str())
    .bind(before.attempt_count)
    .bind(nanos(before.updated_at))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn by_id(connection: &mut SqliteConnection, id: &OperationId) -> Result<Option<Operation>> {
    one(sqlx::query_scalar("SELECT body FROM operations WHERE id = ?").bind(id.as_str()).fetch_optional(connection).await?)
}

async fn unfinished_of(connection: &mut SqliteConnection, node: &NodeId) -> Result<Option<Operation>> {
    let found = sqlx::query_scalar("SELECT body FROM operations WHERE node_id = ? AND finished = 0");
    one(found.bind(node.as_str()).fetch_optional(connection).await?)
}

pub(super) async fn unfinished(store: &SqliteStore) -> Result<Vec<Operation>> {
    // By the index of those that are not finished: along `seq` every operation there ever was would be read.
    let found = "SELECT body FROM operations INDEXED BY operations_one_unfinished WHERE finished = 0 ORDER BY seq";
    many(sqlx::query_scalar(found).fetch_all(&store.readers).await?)
}

pub(super) async fn last_of(store: &SqliteStore, node: &NodeId) -> Result<Option<Operation>> {
    let found = sqlx::query_scalar("SELECT body FROM operations WHERE node_id = ? ORDER BY seq DESC LIMIT 1");
    one(found.bind(node.as_str()).fetch_optional(&store.readers).await?)
}

pub(super) async fn last_of_each(store: &SqliteStore) -> Result<Vec<Operation>> {
    // From node to node along the index; what a node had before its last operation is stepped over.
    let found = "WITH RECURSIVE nodes (id) AS (SELECT min(node_id) FROM operations UNION ALL \
                 SELECT (SELECT min(node_id) FROM operations WHERE node_id > nodes.id) FROM nodes WHERE nodes.id IS NOT NULL) \
                 SELECT body FROM nodes CROSS JOIN operations \
                 ON seq = (SELECT max(seq) FROM operations WHERE node_id = nodes.id) ORDER BY seq";
    many(sqlx::query_scalar(found).fetch_all(&store.readers).await?)
}

fn read(body: &str) -> Result<Operation> {
    from_json("an operation", body)
}

fn one(body: Option<String>) -> Result<Option<Operation>> {
    body.as_deref().map(read).transpose()
}

fn many(bodies: Vec<String>) -> Result<Vec<Operation>> {
    bodies.iter().map(|body| read(body)).collect()
}
