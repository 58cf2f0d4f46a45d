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
    confirmed: Mutex<Vec<(NodeId, String)>>,
    written: Mutex<Vec<ActivityEntry>>,
    wake: Notify,
    /// One writes at a time, so that nothing is written twice.
    pen: tokio::sync::Mutex<()>,
}

impl Fleet {
    /// Puts an entry on the desk.
    pub fn note(&self, entry: NewActivity) {
        let mut waiting = lock(&self.scribe.waiting);
        if waiting.len() == DESK {
            waiting.pop_front();
        }
        waiting.push_back(entry);
        drop(waiting);
        self.scribe.wake.notify_one();
    }

    /// The first clean beat of a node.
    pub(super) fn note_confirmed(&self, id: NodeId, engine_node_id: String) {
        lock(&self.scribe.confirmed).push((id, engine_node_id));
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
        let mut confirmed = confirmed.into_iter();
        while let Some((id, engine_node_id)) = confirmed.next() {
            if let Err(error) = self.store.confirm_agent(&id, self.settings.clock.now()).await {
                tracing::warn!(%error, node = %id, "a first heartbeat could not be kept");
                lock(&self.scribe.confirmed).extend(std::iter::once((id, engine_node_id)).chain(confirmed));
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
