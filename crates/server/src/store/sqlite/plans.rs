//! Planned drains, whole: what is kept is what goes over the wire, and who asked. And of which nodes it was told that they
//! are overdue.

use pitlane_api::{ActivityEntry, NodeId, PlannedDrain, Revision, Timestamp};
use sqlx::{FromRow, SqliteConnection};

use super::{
    SqliteStore, activity,
    convert::{from_json, hash, nanos, time, to_json},
    operations::oldest_key,
};
use crate::store::{IdempotencyKey, NewActivity, PlanAccepted, Result, StoredPlan};

#[derive(FromRow)]
struct Row {
    body: String,
    actor: String,
}

impl Row {
    fn read(self) -> Result<StoredPlan> {
        Ok(StoredPlan { plan: read(&self.body)?, actor: self.actor })
    }
}

fn read(body: &str) -> Result<PlannedDrain> {
    from_json("a planned drain", body)
}

pub(super) async fn accept(
    store: &SqliteStore,
    new: &StoredPlan,
    replaces: Option<&(Revision, PlannedDrain)>,
    key: Option<&IdempotencyKey>,
    entries: &[NewActivity],
) -> Result<PlanAccepted> {
    let StoredPlan { plan, actor } = new;
    let mut tx = store.begin().await?;
    if let Some(key) = key {
        // A key that is past its time is as if it had never been.
        sqlx::query("UPDATE planned_drains SET key = NULL WHERE key_actor = ? AND key_route = ? AND key = ? AND key_at <= ?")
            .bind(&key.actor)
            .bind(&key.route)
            .bind(&key.key)
            .bind(oldest_key(plan.created_at))
            .execute(&mut *tx)
            .await?;
        if let Some(earlier) = replay(&mut tx, key, plan.created_at).await? {
            return Ok(earlier);
        }
    }
    if let Some((before, after)) = replaces {
        replace(&mut tx, before, after).await?;
    }
    let open: Option<String> = sqlx::query_scalar("SELECT body FROM planned_drains WHERE node_id = ? AND open = 1")
        .bind(plan.node_id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(open) = open {
        return Ok(PlanAccepted::Open(Box::new(read(&open)?)));
    }
    sqlx::query(
        "INSERT INTO planned_drains (id, node_id, open, revision, updated_at, body, actor, key_actor, key_route, key, key_hash, key_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&plan.id)
    .bind(plan.node_id.as_str())
    .bind(plan.state.is_open())
    .bind(plan.revision.as_str())
    .bind(nanos(plan.updated_at))
    .bind(to_json(plan)?)
    .bind(actor)
    .bind(key.map(|key| key.actor.as_str()))
    .bind(key.map(|key| key.route.as_str()))
    .bind(key.map(|key| key.key.as_str()))
    .bind(key.map(|key| key.body_hash.as_bytes()))
    .bind(key.map(|_| nanos(plan.created_at)))
    .execute(&mut *tx)
    .await?;
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(PlanAccepted::Stored(entries))
}

/// What this key led to.
pub(super) async fn replay(connection: &mut SqliteConnection, key: &IdempotencyKey, now: Timestamp) -> Result<Option<PlanAccepted>> {
    let found = "SELECT key_hash, body FROM planned_drains WHERE key_actor = ? AND key_route = ? AND key = ? AND key_at > ?";
    let row: Option<(Vec<u8>, String)> =
        sqlx::query_as(found).bind(&key.actor).bind(&key.route).bind(&key.key).bind(oldest_key(now)).fetch_optional(connection).await?;
    let Some((body_hash, body)) = row else { return Ok(None) };
    if hash(&body_hash)? != key.body_hash {
        return Ok(Some(PlanAccepted::Mismatch));
    }
    Ok(Some(PlanAccepted::Replayed(Box::new(read(&body)?))))
}

/// Puts `after` in the place of the revision `before`. `false`: what is kept is another one.
pub(super) async fn replace(connection: &mut SqliteConnection, before: &Revision, after: &PlannedDrain) -> Result<bool> {
    let done = sqlx::query("UPDATE planned_drains SET open = ?, revision = ?, updated_at = ?, body = ? WHERE id = ? AND open = 1 AND revision = ?")
        .bind(after.state.is_open())
        .bind(after.revision.as_str())
        .bind(nanos(after.updated_at))
        .bind(to_json(after)?)
        .bind(&after.id)
        .bind(before.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn save(store: &SqliteStore, before: &Revision, after: &StoredPlan, entries: &[NewActivity]) -> Result<Option<Vec<ActivityEntry>>> {
    let mut tx = store.begin().await?;
    if !replace(&mut tx, before, &after.plan).await? {
        return Ok(None);
    }
    sqlx::query("UPDATE planned_drains SET actor = ? WHERE id = ?").bind(&after.actor).bind(&after.plan.id).execute(&mut *tx).await?;
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(Some(entries))
}

pub(super) async fn open(store: &SqliteStore) -> Result<Vec<StoredPlan>> {
    let rows: Vec<Row> = sqlx::query_as("SELECT body, actor FROM planned_drains INDEXED BY planned_drains_one_open WHERE open = 1 ORDER BY seq")
        .fetch_all(&store.readers)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub(super) async fn told_overdue(store: &SqliteStore) -> Result<Vec<(NodeId, Timestamp)>> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT node_id, expected_back_at FROM overdue_told").fetch_all(&store.readers).await?;
    rows.into_iter().map(|(node, at)| Ok((node.into(), time(at)?))).collect()
}

pub(super) async fn tell_overdue(store: &SqliteStore, node: &NodeId, at: Timestamp, entry: &NewActivity) -> Result<Option<Vec<ActivityEntry>>> {
    let mut tx = store.begin().await?;
    let told = sqlx::query(
        "INSERT INTO overdue_told (node_id, expected_back_at) VALUES (?, ?) ON CONFLICT (node_id) DO UPDATE \
         SET expected_back_at = excluded.expected_back_at WHERE expected_back_at <> excluded.expected_back_at",
    )
    .bind(node.as_str())
    .bind(nanos(at))
    .execute(&mut *tx)
    .await?;
    if told.rows_affected() == 0 {
        return Ok(None);
    }
    let entries = activity::insert(&mut tx, std::slice::from_ref(entry)).await?;
    tx.commit().await?;
    Ok(Some(entries))
}
