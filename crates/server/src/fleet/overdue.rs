//! Tells of every node once that it was not back when it was expected: once for each time that was given, also over restarts.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use pitlane_api::{ActivityKind, NodeId, Timestamp, say};

use pitlane_supervisor::catch_panic;

use super::{Fleet, accept::about, lock};
use crate::store::{self, NewActivity};

/// Of which nodes it was told, and since when each is overdue.
#[derive(Default)]
pub(super) struct Told(Mutex<HashMap<NodeId, Timestamp>>);

impl Told {
    /// Takes up what the store knows.
    pub(super) fn new(told: Vec<(NodeId, Timestamp)>) -> Self {
        Self(Mutex::new(told.into_iter().collect()))
    }
}

/// An engine may keep whole seconds only: what was written and what is read are the same time.
pub(super) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

impl Fleet {
    /// Called every second.
    pub(super) fn tell_overdue(self: &Arc<Self>) {
        let now = self.settings.clock.now();
        let late: Vec<(NodeId, Timestamp, NewActivity)> = {
            let view = self.view();
            let mut told = lock(&self.overdue.0);
            let mut late = Vec::new();
            for entry in view.entries() {
                let Some(maintenance) = entry.node.maintenance.as_ref().filter(|maintenance| maintenance.overdue(now)) else { continue };
                let (id, Some(at)) = (&entry.node.id, maintenance.expected_back_at.map(whole)) else { continue };
                if told.insert(id.clone(), at) == Some(at) {
                    continue;
                }
                let message = say!("Overdue since {}: the node was expected back then.", at);
                let overdue = about(NewActivity::by_system(now, ActivityKind::Overdue, message), id, &entry.node.name);
                late.push((id.clone(), at, NewActivity { reason: maintenance.reason.clone(), ..overdue }));
            }
            late
        };
        for (id, at, entry) in late {
            let fleet = self.clone();
            self.spawn("fleet.overdue", async move {
                let told = catch_panic(fleet.store.tell_overdue(&id, at, &entry)).await;
                match told.unwrap_or_else(|panic| Err(store::Error::Other(panic))) {
                    Ok(entries) => fleet.announce(entries.unwrap_or_default()),
                    Err(error) => {
                        tracing::warn!(%error, node = %id, "that a node is overdue could not be kept yet");
                        lock(&fleet.overdue.0).remove(&id);
                    }
                }
            });
        }
    }
}
