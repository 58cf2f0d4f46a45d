//! Bulk operations, whole: what is kept is what goes over the wire, and who asked.

use pitlane_api::{ActivityEntry, BulkOperation, Timestamp};
use sqlx::{FromRow, SqliteConnection};

use super::{
    SqliteStore, activity,
    convert::{from_json, hash, nanos, to_json},
    operations::oldest_key,
};
use crate::store::{BulkAccepted, IdempotencyKey, NewActivity, Result, StoredBulk};

#[derive(FromRow)]
struct Row {
    body: String,
    actor: String,
}

impl Row {
    fn read(self) -> Result<StoredBulk> {
        Ok(StoredBulk { bulk: from_json("a bulk operation", &self.body)?, actor: self.actor })
    }
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
    .bind(to_json(&new.bulk)?)
    .bind(&new.actor)
    .bind(key.map(|key| key.actor.as_str()))
    .bind(key.map(|key| key.key.as_str()))
    .bind(key.map(|key| key.body_hash.as_bytes()))
    .bind(key.map(|_| nanos(new.bulk.created_at)))
    .execute(&mut *tx)
    .await?;
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(BulkAccepted::Stored(entries))
}

/// What this key led to.
pub(super) async fn replay(connection: &mut SqliteConnection, key: &IdempotencyKey, now: Timestamp) -> Result<Option<BulkAccepted>> {
    let row: Option<(Vec<u8>, String)> = sqlx::query_as("SELECT key_hash, body FROM bulk_operations WHERE key_actor = ? AND key = ? AND key_at > ?")
        .bind(&key.actor)
        .bind(&key.key)
        .bind(oldest_key(now))
        .fetch_optional(connection)
        .await?;
    let Some((body_hash, body)) = row else { return Ok(None) };
    if hash(&body_hash)? != key.body_hash {
        return Ok(Some(BulkAccepted::Mismatch));
    }
    Ok(Some(BulkAccepted::Replayed(Box::new(from_json("a bulk operation", &body)?))))
}

pub(super) async fn save(store: &SqliteStore, after: &StoredBulk, entries: &[NewActivity]) -> Result<Vec<ActivityEntry>> {
    let mut tx = store.begin().await?;
    sqlx::query("UPDATE bulk_operations SET finished = ?, updated_at = ?, body = ?, actor = ? WHERE id = ?")
        .bind(after.bulk.state.is_finished())
        .bind(nanos(after.bulk.updated_at))
        .bind(to_json(&after.bulk)?)
        .bind(&after.actor)
        .bind(&after.bulk.id)
        .execute(&mut *tx)
        .await?;
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(entries)
}

pub(super) async fn by_id(store: &SqliteStore, id: &str) -> Result<Option<StoredBulk>> {
    let row: Option<Row> = sqlx::query_as("SELECT body, actor FROM bulk_operations WHERE id = ?").bind(id).fetch_optional(&store.readers).await?;
    row.map(Row::read).transpose()
}

pub(super) async fn unfinished(store: &SqliteStore) -> Result<Vec<BulkOperation>> {
    let rows: Vec<Row> = sqlx::query_as("SELECT body, actor FROM bulk_operations WHERE finished = 0 ORDER BY seq").fetch_all(&store.readers).await?;
    rows.into_iter().map(|row| row.read().map(|stored| stored.bulk)).collect()
}

pub(super) async fn newest(store: &SqliteStore, limit: u32) -> Result<Vec<BulkOperation>> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT body, actor FROM bulk_operations ORDER BY seq DESC LIMIT ?").bind(limit).fetch_all(&store.readers).await?;
    rows.into_iter().map(|row| row.read().map(|stored| stored.bulk)).collect()
}
