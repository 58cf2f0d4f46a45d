//! Bulk operations: the whole as it goes over the wire and who asked are one row, and each of its nodes is one.

use pitlane_api::{ActivityEntry, BulkItem, BulkItemState, BulkOperation, Operation, OperationId, Timestamp};
use sqlx::{FromRow, QueryBuilder, SqliteConnection};

use super::{
    SqliteStore, activity,
    convert::{from_json, hash, nanos, to_json},
    operations::oldest_key,
};
use crate::store::{BulkAccepted, Error, IdempotencyKey, NewActivity, Result, StoredBulk, StoredBulkHead};

#[derive(FromRow)]
struct Row {
    id: String,
    body: String,
    actor: String,
}

impl Row {
    async fn read(self, connection: &mut SqliteConnection) -> Result<StoredBulk> {
        Ok(StoredBulk { bulk: BulkOperation { items: items(connection, &self.id).await?, ..head(&self.body)? }, actor: self.actor })
    }
}

/// A bulk operation without its items.
fn head(body: &str) -> Result<BulkOperation> {
    from_json("a bulk operation", body)
}

/// What [`head`] reads.
fn written(bulk: &BulkOperation) -> Result<String> {
    to_json(&BulkOperation {
        items: Vec::new(),
        id: bulk.id.clone(),
        kind: bulk.kind,
        state: bulk.state,
        reason: bulk.reason.clone(),
        expected_back_at: bulk.expected_back_at,
        at_once: bulk.at_once,
        allow_last_schedulable: bulk.allow_last_schedulable,
        requested_by: bulk.requested_by.clone(),
        created_at: bulk.created_at,
        updated_at: bulk.updated_at,
        finished_at: bulk.finished_at,
        waiting_for: bulk.waiting_for.clone(),
    })
}

async fn items(connection: &mut SqliteConnection, id: &str) -> Result<Vec<BulkItem>> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM bulk_items WHERE bulk_id = ? ORDER BY position").bind(id).fetch_all(connection).await?;
    bodies.iter().map(|body| from_json("a node of a bulk operation", body)).collect()
}

async fn put_item(connection: &mut SqliteConnection, id: &str, position: usize, item: &BulkItem) -> Result<()> {
    sqlx::query(
        "INSERT INTO bulk_items (bulk_id, position, state, operation_id, body) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (bulk_id, position) DO UPDATE SET state = excluded.state, operation_id = excluded.operation_id, body = excluded.body",
    )
    .bind(id)
    .bind(i64::try_from(position).unwrap_or(i64::MAX))
    .bind(item.state.as_str())
    .bind(item.operation_id.as_ref().map(OperationId::as_str))
    .bind(to_json(item)?)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn accept(store: &SqliteStore, new: &StoredBulk, key: Option<&IdempotencyKey>, entries: &[NewActivity]) -> Result<BulkAccepted> {
    let mut tx = store.begin().await?;
    if let Some(key) = key {
        // A key that is past its time is as if it had never been.
        sqlx::query("UPDATE bulk_operations SET key = NULL WHERE key_at <= ?").bind(oldest_key(new.bulk.created_at)).execute(&mut *tx).await?;
        if let Some(earlier) = replay(&mut tx, key, new.bulk.created_at).await? {
            return Ok(earlier);
        }
    }
    sqlx::query(
        "INSERT INTO bulk_operations (id, finished, updated_at, body, actor, key_actor, key, key_hash, key_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&new.bulk.id)
    .bind(new.bulk.state.is_finished())
    .bind(nanos(new.bulk.updated_at))
    .bind(written(&new.bulk)?)
    .bind(&new.actor)
    .bind(key.map(|key| key.actor.as_str()))
    .bind(key.map(|key| key.key.as_str()))
    .bind(key.map(|key| key.body_hash.as_bytes()))
    .bind(key.map(|_| nanos(new.bulk.created_at)))
    .execute(&mut *tx)
    .await?;
    for (position, item) in new.bulk.items.iter().enumerate() {
        put_item(&mut tx, &new.bulk.id, position, item).await?;
    }
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(BulkAccepted::Stored(entries))
}

/// What this key led to.
pub(super) async fn replay(connection: &mut SqliteConnection, key: &IdempotencyKey, now: Timestamp) -> Result<Option<BulkAccepted>> {
    let row: Option<(Vec<u8>, String, String, String)> =
        sqlx::query_as("SELECT key_hash, id, body, actor FROM bulk_operations WHERE key_actor = ? AND key = ? AND key_at > ?")
            .bind(&key.actor)
            .bind(&key.key)
            .bind(oldest_key(now))
            .fetch_optional(&mut *connection)
            .await?;
    let Some((body_hash, id, body, actor)) = row else { return Ok(None) };
    if hash(&body_hash)? != key.body_hash {
        return Ok(Some(BulkAccepted::Mismatch));
    }
    Ok(Some(BulkAccepted::Replayed(Box::new(Row { id, body, actor }.read(connection).await?.bulk))))
}

pub(super) async fn save(store: &SqliteStore, after: &StoredBulk, changed: &[usize], entries: &[NewActivity]) -> Result<Vec<ActivityEntry>> {
    let mut tx = store.begin().await?;
    sqlx::query("UPDATE bulk_operations SET finished = ?, updated_at = ?, body = ?, actor = ? WHERE id = ?")
        .bind(after.bulk.state.is_finished())
        .bind(nanos(after.bulk.updated_at))
        .bind(written(&after.bulk)?)
        .bind(&after.actor)
        .bind(&after.bulk.id)
        .execute(&mut *tx)
        .await?;
    for position in changed {
        let item = after.bulk.items.get(*position).ok_or_else(|| Error::Other(format!("a bulk operation has no node at {position}")))?;
        put_item(&mut tx, &after.bulk.id, *position, item).await?;
    }
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(entries)
}

pub(super) async fn by_id(store: &SqliteStore, id: &str) -> Result<Option<StoredBulk>> {
    // A transaction, so that both statements see the same moment.
    let mut tx = store.readers.begin().await?;
    let row: Option<Row> = sqlx::query_as("SELECT id, body, actor FROM bulk_operations WHERE id = ?").bind(id).fetch_optional(&mut *tx).await?;
    match row {
        Some(row) => row.read(&mut tx).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn of_operation(store: &SqliteStore, operation: &OperationId) -> Result<Option<StoredBulk>> {
    let mut tx = store.readers.begin().await?;
    let row: Option<Row> = sqlx::query_as(
        "SELECT b.id, b.body, b.actor FROM bulk_items i JOIN bulk_operations b ON b.id = i.bulk_id WHERE i.operation_id = ? ORDER BY b.seq DESC LIMIT 1",
    )
    .bind(operation.as_str())
    .fetch_optional(&mut *tx)
    .await?;
    match row {
        Some(row) => row.read(&mut tx).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn operations_of_items(store: &SqliteStore, states: &[BulkItemState], limit: u32) -> Result<Vec<Operation>> {
    let mut query = QueryBuilder::new("SELECT o.body FROM bulk_items i JOIN operations o ON o.id = i.operation_id WHERE i.state IN (");
    let mut listed = query.separated(", ");
    for state in states {
        listed.push_bind(state.as_str());
    }
    query.push(") AND i.bulk_id IN (SELECT id FROM bulk_operations ORDER BY seq DESC LIMIT ").push_bind(limit).push(")");
    let bodies: Vec<String> = query.build_query_scalar().fetch_all(&store.readers).await?;
    bodies.iter().map(|body| from_json("an operation", body)).collect()
}

pub(super) async fn unfinished(store: &SqliteStore) -> Result<Vec<BulkOperation>> {
    let mut tx = store.readers.begin().await?;
    let rows: Vec<Row> = sqlx::query_as("SELECT id, body, actor FROM bulk_operations WHERE finished = 0 ORDER BY seq").fetch_all(&mut *tx).await?;
    let mut bulks = Vec::with_capacity(rows.len());
    for row in rows {
        bulks.push(row.read(&mut tx).await?.bulk);
    }
    Ok(bulks)
}

pub(super) async fn newest(store: &SqliteStore, limit: u32) -> Result<Vec<StoredBulkHead>> {
    let mut tx = store.readers.begin().await?;
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT id, body FROM bulk_operations ORDER BY seq DESC LIMIT ?").bind(limit).fetch_all(&mut *tx).await?;
    let counted: Vec<(String, String, u32)> = sqlx::query_as(
        "SELECT bulk_id, state, count(*) FROM bulk_items WHERE bulk_id IN (SELECT id FROM bulk_operations ORDER BY seq DESC LIMIT ?) \
         GROUP BY bulk_id, state",
    )
    .bind(limit)
    .fetch_all(&mut *tx)
    .await?;
    let states = |id: &str| counted.iter().filter(|(of, _, _)| of == id).map(|(_, state, count)| (BulkItemState::from_word(state), *count)).collect();
    rows.iter().map(|(id, body)| Ok(StoredBulkHead { bulk: head(body)?, states: states(id) })).collect()
}
