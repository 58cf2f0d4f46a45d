//! Writes down what happened without anybody having asked for it: the activity of nodes, and their first clean beats.
//!
//! A slow store must not hold up the clock of the fleet, so this has a task and a desk of its own. What belongs to an
//! operation is not written here but together with it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use pitlane_api::{ActivityEntry, NodeId};
use tokio::sync::Notify;

use super::{Fleet, lock};
use crate::store::NewActivity;

/// What waits to be written while the store does not answer, at most.
const DESK: usize = 10_000;
/// Entries in one transaction.
const AT_ONCE: usize = 500;

/// What waits to be written, and what was written and waits to be sent.
#[derive(Default)]
pub(super) struct Desk {
    waiting: Mutex<VecDeque<NewActivity>>,
    confirmed: Mutex<Vec<NodeId>>,
    written: Mutex<Vec<ActivityEntry>>,
    wake: Notify,
    /// One writes at a time, so that nothing is written twice.
    pen: tokio::sync::Mutex<()>,
}

impl Fleet {
    /// Puts an entry on the desk: it is written soon, and may be lost where the server is killed before. Only for what nobody was answered.
    pub(super) fn note(&self, entry: NewActivity) {
        let mut waiting = lock(&self.scribe.waiting);
        if waiting.len() == DESK {
            waiting.pop_front();
        }
        waiting.push_back(entry);
        drop(waiting);
        self.scribe.wake.notify_one();
    }

    /// The first clean beat of a node.
    pub(super) fn note_confirmed(&self, id: NodeId) {
        lock(&self.scribe.confirmed).push(id);
        self.scribe.wake.notify_one();
    }

    /// Entries that are in the store and should be sent with the next second.
    pub fn announce(&self, entries: Vec<ActivityEntry>) {
        lock(&self.scribe.written).extend(entries);
    }

    pub(super) fn take_announcements(&self) -> Vec<ActivityEntry> {
        let mut entries = std::mem::take(&mut *lock(&self.scribe.written));
        entries.sort_by_key(|entry| entry.id);
        entries
    }

    pub(super) async fn scribe(self: Arc<Self>) {
        loop {
            while !self.scribe_now().await {
                self.settings.clock.after(Duration::from_secs(1)).await;
            }
            self.scribe.wake.notified().await;
        }
    }

    /// Writes what lies on the desk. `false`: the store would not have it, and it stays there.
    pub(super) async fn scribe_now(&self) -> bool {
        let _pen = self.scribe.pen.lock().await;
        let confirmed = std::mem::take(&mut *lock(&self.scribe.confirmed));
        let mut batches = confirmed.chunks(AT_ONCE);
        while let Some(batch) = batches.next() {
            if let Err(error) = self.store.confirm_agents(batch, self.settings.clock.now()).await {
                tracing::warn!(%error, nodes = batch.len(), "first clean heartbeats could not be kept yet");
                lock(&self.scribe.confirmed).extend(batch.iter().chain(batches.flatten()).cloned());
                return false;
            }
        }
        loop {
            let batch: Vec<NewActivity> = lock(&self.scribe.waiting).iter().take(AT_ONCE).cloned().collect();
            if batch.is_empty() {
                return true;
            }
            match self.store.append_activity(&batch).await {
                Ok(entries) => {
                    let mut waiting = lock(&self.scribe.waiting);
                    let written = batch.len().min(waiting.len());
                    waiting.drain(..written);
                    drop(waiting);
                    self.announce(entries);
                }
                Err(error) => {
                    tracing::warn!(%error, entries = batch.len(), "activity could not be kept yet");
                    return false;
                }
            }
        }
    }
}
