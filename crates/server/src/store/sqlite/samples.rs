//! Five-minute buckets of a node's life.

use pitlane_api::{Health, NodeId, Sample, Timestamp};
use sqlx::{FromRow, SqliteConnection};

use super::{
    SqliteStore,
    convert::{nanos, time},
};
use crate::store::{Error, Result};

#[derive(FromRow)]
struct Row {
    at: i64,
    beats: u32,
    expected: u32,
    cpu_percent: Option<f64>,
    memory_percent: Option<f64>,
    disk_percent: Option<f64>,
    health: String,
    maintenance: bool,
    signals: String,
}

impl Row {
    fn read(self) -> Result<Sample> {
        Ok(Sample {
            at: time(self.at)?,
            beats: self.beats,
            expected: self.expected,
            cpu_percent: self.cpu_percent,
            memory_percent: self.memory_percent,
            disk_percent: self.disk_percent,
            health: Health::from_word(&self.health),
            maintenance: self.maintenance,
            // What cannot be read was not reported, as far as anybody knows.
            signals: serde_json::from_str(&self.signals).unwrap_or_default(),
        })
    }
}

pub(super) async fn put(store: &SqliteStore, samples: &[(NodeId, Sample)]) -> Result<()> {
    let pace = &store.paces.samples;
    let mut left = samples;
    while !left.is_empty() {
        let (some, rest) = left.split_at(left.len().min(pace.rows() as usize));
        let mut step = store.step().await?;
        for (node, sample) in some {
            put_one(step.connection(), node, sample).await?;
        }
        step.done(pace, some.len() as u32).await?;
        left = rest;
    }
    Ok(())
}

async fn put_one(connection: &mut SqliteConnection, node: &NodeId, sample: &Sample) -> Result<()> {
    sqlx::query(
        "INSERT INTO samples (node_id, at, beats, expected, cpu_percent, memory_percent, disk_percent, health, maintenance, signals) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (node_id, at) DO UPDATE SET beats = excluded.beats, expected = excluded.expected, cpu_percent = excluded.cpu_percent, \
         memory_percent = excluded.memory_percent, disk_percent = excluded.disk_percent, health = excluded.health, \
         maintenance = excluded.maintenance, signals = excluded.signals \
         WHERE excluded.expected >= samples.expected",
    )
    .bind(node.as_str())
    .bind(nanos(sample.at))
    .bind(sample.beats)
    .bind(sample.expected)
    .bind(sample.cpu_percent)
    .bind(sample.memory_percent)
    .bind(sample.disk_percent)
    .bind(sample.health.as_str())
    .bind(sample.maintenance)
    .bind(serde_json::to_string(&sample.signals).map_err(|error| Error::Other(error.to_string()))?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a node's buckets.
pub(super) async fn forget(store: &SqliteStore, node: &NodeId) -> Result<()> {
    let pace = &store.paces.old_samples;
    loop {
        let rows = pace.rows();
        let any: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM samples WHERE node_id = ?)").bind(node.as_str()).fetch_one(&store.readers).await?;
        if !any {
            return Ok(());
        }
        let mut step = store.step().await?;
        let removed =
            sqlx::query("DELETE FROM samples WHERE node_id = ?1 AND at IN (SELECT at FROM samples WHERE node_id = ?1 ORDER BY at LIMIT ?2)")
                .bind(node.as_str())
                .bind(rows)
                .execute(step.connection())
                .await?
                .rows_affected();
        step.done(pace, u32::try_from(removed).unwrap_or(rows)).await?;
    }
}

pub(super) async fn since(store: &SqliteStore, node: &NodeId, since: Timestamp) -> Result<Vec<Sample>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT at, beats, expected, cpu_percent, memory_percent, disk_percent, health, maintenance, signals FROM samples \
         WHERE node_id = ? AND at >= ? ORDER BY at",
    )
    .bind(node.as_str())
    .bind(nanos(since))
    .fetch_all(&store.readers)
    .await?;
    rows.into_iter().map(Row::read).collect()
}
