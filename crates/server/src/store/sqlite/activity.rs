//! The activity log. Entries are never changed.

use pitlane_api::{ActivityEntry, ActivityKind, ActorKind, Words};
use sqlx::{FromRow, QueryBuilder, Sqlite, SqliteConnection};

use super::{
    SqliteStore,
    convert::{from_json, nanos, time, to_json},
};
use crate::store::{ActivityQuery, NewActivity, Result};

pub(super) async fn append(store: &SqliteStore, entries: &[NewActivity]) -> Result<Vec<ActivityEntry>> {
    let mut tx = store.begin().await?;
    let entries = insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(entries)
}

/// Writes entries within a transaction of the caller's.
pub(super) async fn insert(connection: &mut SqliteConnection, entries: &[NewActivity]) -> Result<Vec<ActivityEntry>> {
    let mut written = Vec::with_capacity(entries.len());
    for entry in entries {
        let done = sqlx::query(
            "INSERT INTO activity (at, kind, actor_kind, actor, origin, node_id, node_name, operation_id, message, words, reason) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(nanos(entry.at))
        .bind(entry.kind.as_str())
        .bind(entry.actor_kind.as_str())
        .bind(&entry.actor)
        .bind(&entry.origin)
        .bind(entry.node_id.as_ref().map(|id| id.as_str()))
        .bind(&entry.node_name)
        .bind(entry.operation_id.as_ref().map(|id| id.as_str()))
        .bind(entry.message.english())
        .bind(entry.message.made_of().map(to_json).transpose()?)
        .bind(&entry.reason)
        .execute(&mut *connection)
        .await?;
        written.push(entry.with_id(done.last_insert_rowid()));
    }
    Ok(written)
}

#[derive(FromRow)]
struct Row {
    id: i64,
    at: i64,
    kind: String,
    actor_kind: String,
    actor: Option<String>,
    origin: Option<String>,
    node_id: Option<String>,
    node_name: Option<String>,
    operation_id: Option<String>,
    message: String,
    words: Option<String>,
    reason: Option<String>,
}

impl Row {
    fn read(self) -> Result<ActivityEntry> {
        Ok(ActivityEntry {
            id: self.id,
            at: time(self.at)?,
            kind: ActivityKind::from_word(&self.kind),
            actor_kind: ActorKind::from_word(&self.actor_kind),
            actor: self.actor,
            origin: self.origin,
            node_id: self.node_id.map(Into::into),
            node_name: self.node_name,
            operation_id: self.operation_id.map(Into::into),
            message: Words::kept(self.message, self.words.as_deref().map(|words| from_json("what a sentence is made of", words)).transpose()?),
            reason: self.reason,
        })
    }
}

pub(super) async fn page(store: &SqliteStore, query: &ActivityQuery) -> Result<Vec<ActivityEntry>> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM activity WHERE id < ");
    sql.push_bind(query.before.unwrap_or(i64::MAX));
    if let Some(node) = &query.node {
        sql.push(" AND node_id = ").push_bind(node.as_str());
    }
    if let Some(actor) = &query.actor {
        sql.push(" AND actor = ").push_bind(actor);
    }
    if let Some(since) = query.since {
        sql.push(" AND at >= ").push_bind(nanos(since));
    }
    if let Some(until) = query.until {
        sql.push(" AND at < ").push_bind(nanos(until));
    }
    if !query.kinds.is_empty() {
        sql.push(" AND kind IN (");
        let mut kinds = sql.separated(", ");
        for kind in &query.kinds {
            kinds.push_bind(kind.as_str());
        }
        sql.push(")");
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(query.limit);
    let rows: Vec<Row> = sql.build_query_as().fetch_all(&store.readers).await?;
    rows.into_iter().map(Row::read).collect()
}
