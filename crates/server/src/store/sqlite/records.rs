//! The nodes of the embedded engine, kept in the same file: that driver's port.

use std::collections::BTreeMap;

use async_trait::async_trait;
use pitlane_api::{NodeSource, Scheduling, Timestamp};
use pitlane_engine::{EngineNode, Error as EngineError, NewHost, Plan, SetScheduling, plan};
use pitlane_engine_embedded::{Changes, Records, StoredNode};
use sqlx::{FromRow, SqliteConnection};

use super::{
    SqliteStore,
    convert::{from_json, nanos, time, to_json},
};
use crate::store::{Error, Result};

#[derive(FromRow)]
struct Row {
    engine_node_id: String,
    id: String,
    name: String,
    region: Option<String>,
    source: String,
    public_ip: Option<String>,
    overlay_ip: Option<String>,
    labels: String,
    created_at: i64,
    scheduling: String,
    record: Option<String>,
}

impl Row {
    fn read(self) -> Result<StoredNode> {
        let labels: BTreeMap<String, String> = from_json("labels", &self.labels)?;
        let host = NewHost {
            engine_node_id: self.engine_node_id,
            id: self.id.into(),
            name: self.name,
            region: self.region,
            source: NodeSource::from_word(&self.source),
            public_ip: self.public_ip,
            overlay_ip: self.overlay_ip,
            labels,
            created_at: time(self.created_at)?,
        };
        let record = self.record.as_deref().map(|text| from_json("a maintenance record", text)).transpose()?;
        Ok(StoredNode { host, scheduling: Scheduling::from_word(&self.scheduling), record })
    }
}

async fn get(connection: &mut SqliteConnection, engine_node_id: &str) -> Result<Option<StoredNode>> {
    let row: Option<Row> =
        sqlx::query_as("SELECT * FROM engine_nodes WHERE engine_node_id = ?").bind(engine_node_id).fetch_optional(connection).await?;
    row.map(Row::read).transpose()
}

async fn put(connection: &mut SqliteConnection, node: &StoredNode) -> Result<()> {
    let StoredNode { host, scheduling, record } = node;
    sqlx::query(
        "INSERT INTO engine_nodes (engine_node_id, id, name, region, source, public_ip, overlay_ip, labels, created_at, scheduling, record) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (engine_node_id) DO UPDATE \
         SET name = excluded.name, region = excluded.region, source = excluded.source, public_ip = excluded.public_ip, \
         overlay_ip = excluded.overlay_ip, labels = excluded.labels, scheduling = excluded.scheduling, record = excluded.record",
    )
    .bind(&host.engine_node_id)
    .bind(host.id.as_str())
    .bind(&host.name)
    .bind(&host.region)
    .bind(host.source.as_str())
    .bind(&host.public_ip)
    .bind(&host.overlay_ip)
    .bind(to_json(&host.labels)?)
    .bind(nanos(host.created_at))
    .bind(scheduling.as_str())
    .bind(record.as_ref().map(to_json).transpose()?)
    .execute(connection)
    .await?;
    Ok(())
}

impl SqliteStore {
    async fn all_nodes(&self) -> Result<Vec<StoredNode>> {
        let rows: Vec<Row> = sqlx::query_as("SELECT * FROM engine_nodes ORDER BY engine_node_id").fetch_all(&self.readers).await?;
        rows.into_iter().map(Row::read).collect()
    }

    async fn admit_node(&self, host: NewHost) -> Result<StoredNode> {
        let mut tx = self.begin().await?;
        let known = get(&mut tx, &host.engine_node_id).await?;
        let node = match known.clone() {
            Some(known) => known.renewed(host),
            None => StoredNode::new(host),
        };
        if known.as_ref() != Some(&node) {
            put(&mut tx, &node).await?;
            tx.commit().await?;
        }
        Ok(node)
    }

    /// The outer error is the store's, the inner one is the engine's answer.
    async fn write_scheduling(&self, engine_node_id: &str, change: &SetScheduling) -> Result<pitlane_engine::Result<StoredNode>> {
        let mut tx = self.begin().await?;
        let Some(node) = get(&mut tx, engine_node_id).await? else { return Ok(Err(EngineError::NotFound(engine_node_id.to_owned()))) };
        match plan(&EngineNode::from(node.clone()), change, Timestamp::now()) {
            Err(error) => Ok(Err(error)),
            Ok(Plan::Nothing) => Ok(Ok(node)),
            Ok(Plan::Write(record)) => {
                let node = StoredNode { scheduling: change.target, record, ..node };
                put(&mut tx, &node).await?;
                tx.commit().await?;
                Ok(Ok(node))
            }
        }
    }

    async fn node_changes(&self, since: Option<u64>) -> Result<Changes> {
        let latest = "SELECT coalesce(max(seq), 0) FROM engine_node_changes";
        let Some(since) = since else {
            let upto: i64 = sqlx::query_scalar(latest).fetch_one(&self.readers).await?;
            return Ok(Changes { upto: upto.unsigned_abs(), ..Changes::default() });
        };
        // A transaction, so that both statements see the same moment.
        let mut tx = self.readers.begin().await?;
        let rows: Vec<(i64, String)> = sqlx::query_as("SELECT seq, engine_node_id FROM engine_node_changes WHERE seq > ? ORDER BY seq")
            .bind(i64::try_from(since).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await?;
        let mut changes = Changes { upto: since, ..Changes::default() };
        for (seq, engine_node_id) in rows {
            changes.upto = seq.unsigned_abs();
            match get(&mut tx, &engine_node_id).await? {
                Some(node) => changes.nodes.push(node),
                None => changes.removed.push(engine_node_id),
            }
        }
        Ok(changes)
    }
}

/// For the embedded driver the store is the engine: a store that fails is an engine that does not answer.
fn unreachable(error: Error) -> EngineError {
    EngineError::unreachable(error.words())
}

#[async_trait]
impl Records for SqliteStore {
    async fn all(&self) -> pitlane_engine::Result<Vec<StoredNode>> {
        self.all_nodes().await.map_err(unreachable)
    }

    async fn get(&self, engine_node_id: &str) -> pitlane_engine::Result<Option<StoredNode>> {
        let mut connection = self.readers.acquire().await.map_err(|error| unreachable(error.into()))?;
        get(&mut connection, engine_node_id).await.map_err(unreachable)
    }

    async fn admit(&self, host: NewHost) -> pitlane_engine::Result<StoredNode> {
        self.admit_node(host).await.map_err(unreachable)
    }

    async fn set_scheduling(&self, engine_node_id: &str, change: &SetScheduling) -> pitlane_engine::Result<StoredNode> {
        self.write_scheduling(engine_node_id, change).await.map_err(unreachable)?
    }

    async fn remove(&self, engine_node_id: &str) -> pitlane_engine::Result<bool> {
        let done = sqlx::query("DELETE FROM engine_nodes WHERE engine_node_id = ?").bind(engine_node_id).execute(&self.writer).await;
        done.map(|done| done.rows_affected() == 1).map_err(|error| unreachable(error.into()))
    }

    async fn changes(&self, since: Option<u64>) -> pitlane_engine::Result<Changes> {
        self.node_changes(since).await.map_err(unreachable)
    }
}
