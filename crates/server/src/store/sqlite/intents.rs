//! Changes at an engine of which it is not known yet whether they were carried out.

use pitlane_api::{ActivityEntry, NodeId, Operation};
use sqlx::SqliteConnection;

use super::{
    SqliteStore, activity, agents,
    convert::{from_json, to_json},
    operations,
};
use crate::store::{Intent, NewActivity, Result};

pub(super) async fn keep(store: &SqliteStore, intent: &Intent) -> Result<()> {
    let mut tx = store.begin().await?;
    insert(&mut tx, intent).await?;
    tx.commit().await?;
    Ok(())
}

async fn insert(connection: &mut SqliteConnection, intent: &Intent) -> Result<()> {
    sqlx::query("INSERT INTO intents (id, change, entry) VALUES (?, ?, ?)")
        .bind(&intent.id)
        .bind(&intent.change)
        .bind(to_json(&intent.entry.with_id(0))?)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn open(store: &SqliteStore) -> Result<Vec<Intent>> {
    let rows: Vec<(String, String, String)> = sqlx::query_as("SELECT id, change, entry FROM intents ORDER BY seq").fetch_all(&store.readers).await?;
    let read = |(id, change, entry): (String, String, String)| {
        let entry: ActivityEntry = from_json("an intent", &entry)?;
        Ok(Intent { id, change, entry: entry.into() })
    };
    rows.into_iter().map(read).collect()
}

pub(super) async fn settle(store: &SqliteStore, id: &str, entries: &[NewActivity], forget: Option<&NodeId>) -> Result<Option<Vec<ActivityEntry>>> {
    let mut tx = store.begin().await?;
    if sqlx::query("DELETE FROM intents WHERE id = ?").bind(id).execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(None);
    }
    if let Some(node) = forget {
        agents::forget(&mut tx, node).await?;
    }
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(Some(entries))
}

pub(super) async fn abort(
    store: &SqliteStore,
    before: &Operation,
    after: &Operation,
    entries: &[NewActivity],
    intent: Option<&Intent>,
) -> Result<Option<Vec<ActivityEntry>>> {
    let mut tx = store.begin().await?;
    if !operations::replace(&mut tx, before, after).await? {
        return Ok(None);
    }
    if let Some(intent) = intent {
        insert(&mut tx, intent).await?;
    }
    let entries = activity::insert(&mut tx, entries).await?;
    tx.commit().await?;
    Ok(Some(entries))
}
