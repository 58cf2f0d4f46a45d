//! Public links.

use pitlane_api::{ActivityEntry, NodeId, ShareLifetime, ShareLink, Timestamp};
use sqlx::FromRow;

use super::{
    SqliteStore, activity,
    convert::{hash, maybe_time, nanos, time},
};
use crate::store::{NewActivity, Result, SecretHash, StoredShareLink};

#[derive(FromRow)]
struct Row {
    id: String,
    hash: Vec<u8>,
    node_id: String,
    lifetime: String,
    created_by: String,
    created_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    owner: Option<String>,
}

impl Row {
    fn read(self) -> Result<StoredShareLink> {
        let link = ShareLink {
            id: self.id,
            node_id: self.node_id.into(),
            lifetime: ShareLifetime::from_word(&self.lifetime),
            created_by: self.created_by,
            created_at: time(self.created_at)?,
            expires_at: time(self.expires_at)?,
        };
        Ok(StoredShareLink { link, hash: hash(&self.hash)?, ended_at: maybe_time(self.ended_at)?, owner: self.owner })
    }
}

pub(super) async fn create(store: &SqliteStore, new: &StoredShareLink, limit: u32, entries: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>> {
    let link = &new.link;
    let mut tx = store.begin().await?;
    let working: u32 = sqlx::query_scalar("SELECT count(*) FROM share_links WHERE node_id = ? AND ended_at IS NULL AND expires_at > ?")
        .bind(link.node_id.as_str())
        .bind(nanos(link.created_at))
        .fetch_one(&mut *tx)
        .await?;
    if working >= limit {
        return Ok(None);
    }
    sqlx::query("INSERT INTO share_links (id, hash, node_id, lifetime, created_by, created_at, expires_at, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(&link.id)
        .bind(new.hash.as_bytes())
        .bind(link.node_id.as_str())
        .bind(link.lifetime.as_str())
        .bind(&link.created_by)
        .bind(nanos(link.created_at))
        .bind(nanos(link.expires_at))
        .bind(&new.owner)
        .execute(&mut *tx)
        .await?;
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(Some(entries))
}

pub(super) async fn of_node(store: &SqliteStore, node: &NodeId, now: Timestamp) -> Result<Vec<StoredShareLink>> {
    let rows: Vec<Row> = sqlx::query_as("SELECT * FROM share_links WHERE node_id = ? AND ended_at IS NULL AND expires_at > ? ORDER BY seq DESC")
        .bind(node.as_str())
        .bind(nanos(now))
        .fetch_all(&store.readers)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub(super) async fn by_hash(store: &SqliteStore, hash: &SecretHash, now: Timestamp) -> Result<Option<StoredShareLink>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM share_links WHERE hash = ? AND ended_at IS NULL AND expires_at > ?")
        .bind(hash.as_bytes())
        .bind(nanos(now))
        .fetch_optional(&store.readers)
        .await?;
    row.map(Row::read).transpose()
}

pub(super) async fn until_activated(store: &SqliteStore, now: Timestamp) -> Result<Vec<StoredShareLink>> {
    let rows: Vec<Row> = sqlx::query_as("SELECT * FROM share_links WHERE lifetime = ? AND ended_at IS NULL AND expires_at > ?")
        .bind(ShareLifetime::UntilActivated.as_str())
        .bind(nanos(now))
        .fetch_all(&store.readers)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub(super) async fn end(store: &SqliteStore, id: &str, at: Timestamp, entries: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>> {
    let mut tx = store.begin().await?;
    let done =
        sqlx::query("UPDATE share_links SET ended_at = ? WHERE id = ? AND ended_at IS NULL").bind(nanos(at)).bind(id).execute(&mut *tx).await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(Some(entries))
}
