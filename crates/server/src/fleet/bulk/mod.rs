//! Bulk operations: many nodes in one go, each accepted the very way a single one is.
//!
//! What is about to happen to a node is in the store before it happens. A node is first kept as `starting`, then its drain or
//! activation is asked for with an idempotency key made of the bulk operation, the node and the attempt: after a crash the same
//! question has the same answer, so that nothing accepted is lost and nothing happens twice.

mod arrived;
mod change;
mod preview;
mod run;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use pitlane_api::{ActorKind, BulkEvent, BulkOperation, BulkSummary, EVENT_BULK, Operation, Role, rules, say};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::{Actor, Error, Fleet, Result, lock};
use crate::store::{NewActivity, StoredBulk};

/// Sets that are previewed at a time: each takes a thread.
const PREVIEWS_AT_ONCE: usize = 2;

/// What is remembered of bulk operations beside the store.
pub(super) struct Bulks {
    previews: tokio::sync::Semaphore,
    /// One for each that is being carried out.
    runners: Mutex<HashMap<String, Arc<Notify>>>,
    /// Those that are not over, as they are kept: a step of one does not read all of it again.
    known: Mutex<HashMap<String, Arc<StoredBulk>>>,
    /// Moved since the last second.
    moved: Mutex<BTreeMap<String, BulkSummary>>,
    /// One change at a time: each reads, changes and keeps the whole.
    pen: tokio::sync::Mutex<()>,
}

impl Default for Bulks {
    fn default() -> Self {
        Self {
            previews: tokio::sync::Semaphore::new(PREVIEWS_AT_ONCE),
            runners: Mutex::default(),
            known: Mutex::default(),
            moved: Mutex::default(),
            pen: tokio::sync::Mutex::default(),
        }
    }
}

/// Who asked, as it is kept with what is done in their name later.
#[derive(Serialize, Deserialize)]
struct Asker {
    name: String,
    kind: ActorKind,
    role: Role,
    origin: Option<String>,
}

pub(super) fn written(actor: &Actor) -> Result<String> {
    let asker = Asker { name: actor.name.clone(), kind: actor.kind, role: actor.role, origin: actor.origin.clone() };
    serde_json::to_string(&asker).map_err(|error| Error::Internal(error.to_string()))
}

pub(super) fn read(actor: &str) -> Result<Actor> {
    let Asker { name, kind, role, origin } = serde_json::from_str(actor).map_err(|error| Error::Internal(format!("who asked: {error}")))?;
    Ok(Actor { name, kind, role, origin })
}

impl Fleet {
    /// One bulk operation.
    pub async fn bulk(&self, id: &str) -> Result<BulkOperation> {
        Ok(self.stored_bulk(id).await?.bulk)
    }

    async fn stored_bulk(&self, id: &str) -> Result<StoredBulk> {
        if let Some(known) = lock(&self.bulks.known).get(id).cloned() {
            return Ok(StoredBulk::clone(&known));
        }
        self.store.bulk(id).await?.ok_or_else(|| Error::NotFound(say!("There is no such bulk operation.")))
    }

    /// Remembers one as it was kept, until it is over.
    fn know_bulk(&self, stored: &StoredBulk) {
        let mut known = lock(&self.bulks.known);
        match stored.bulk.state.is_finished() {
            true => known.remove(&stored.bulk.id),
            false => known.insert(stored.bulk.id.clone(), Arc::new(stored.clone())),
        };
    }

    /// Changes a bulk operation and keeps it: the whole, and those of its items that are others now. The only way to do that once it was
    /// accepted.
    async fn change_bulk(&self, id: &str, change: impl FnOnce(&mut StoredBulk, &mut Vec<NewActivity>) -> Result<()>) -> Result<BulkOperation> {
        let _pen = self.bulks.pen.lock().await;
        let before = self.stored_bulk(id).await?;
        let (mut stored, mut activity) = (before.clone(), Vec::new());
        change(&mut stored, &mut activity)?;
        stored.bulk.updated_at = self.settings.clock.now().max(stored.bulk.updated_at);
        let changed: Vec<usize> =
            stored.bulk.items.iter().enumerate().filter(|(at, item)| before.bulk.items.get(*at) != Some(*item)).map(|(at, _)| at).collect();
        let entries = self.store.save_bulk(&stored, &changed, &activity).await?;
        self.know_bulk(&stored);
        self.announce(entries);
        self.bulk_moved(&stored.bulk);
        Ok(stored.bulk)
    }

    fn bulk_moved(&self, bulk: &BulkOperation) {
        lock(&self.bulks.moved).insert(bulk.id.clone(), rules::bulk_summary(bulk));
    }

    /// Called every second: tells everybody which ones moved.
    pub(super) fn publish_bulks(&self) {
        let moved = std::mem::take(&mut *lock(&self.bulks.moved));
        if !moved.is_empty() {
            self.send(EVENT_BULK, BulkEvent { operations: moved.into_values().collect(), server_time: self.settings.clock.now() });
        }
    }

    /// An operation moved: whoever waits for its end looks.
    pub(super) fn wake_bulks(&self, operation: &Operation) {
        if operation.state.is_finished() {
            self.wake_all_bulks();
        }
    }

    pub(super) fn wake_all_bulks(&self) {
        for runner in lock(&self.bulks.runners).values() {
            runner.notify_one();
        }
    }

    fn wake_bulk(&self, id: &str) {
        if let Some(runner) = lock(&self.bulks.runners).get(id) {
            runner.notify_one();
        }
    }
}
