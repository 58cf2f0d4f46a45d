//! Hosts and their maintenance in memory: for tests, and for fleets that need not survive a restart.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use pitlane_api::Timestamp;
use pitlane_engine::{EngineNode, Error, NewHost, Plan, Result, SetScheduling, plan};

use crate::{Changes, Records, StoredNode};

/// [`Records`] that end with the process.
#[derive(Debug, Default)]
pub struct MemoryRecords(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    nodes: BTreeMap<String, StoredNode>,
    /// Engine node id to the number of its last change; of hosts that are gone too.
    changed: BTreeMap<String, u64>,
    count: u64,
}

impl Kept {
    fn note(&mut self, engine_node_id: &str) {
        self.count += 1;
        self.changed.insert(engine_node_id.to_owned(), self.count);
    }

    fn put(&mut self, node: StoredNode) -> StoredNode {
        let id = node.host.engine_node_id.clone();
        if self.nodes.get(&id) != Some(&node) {
            self.note(&id);
            self.nodes.insert(id, node.clone());
        }
        node
    }
}

impl MemoryRecords {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the scheduling of a host as somebody with a database shell would, and touches no record. `false`: there
    /// is no such host.
    #[cfg(feature = "testing")]
    pub fn set_outside(&self, engine_node_id: &str, scheduling: pitlane_api::Scheduling) -> bool {
        let mut kept = self.kept();
        let Some(node) = kept.nodes.get(engine_node_id).cloned() else { return false };
        kept.put(StoredNode { scheduling, ..node });
        true
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing in here panics half-way through a change, so what a poisoned lock guards is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Records for MemoryRecords {
    async fn all(&self) -> Result<Vec<StoredNode>> {
        Ok(self.kept().nodes.values().cloned().collect())
    }

    async fn get(&self, engine_node_id: &str) -> Result<Option<StoredNode>> {
        Ok(self.kept().nodes.get(engine_node_id).cloned())
    }

    async fn admit(&self, host: NewHost) -> Result<StoredNode> {
        let mut kept = self.kept();
        let node = match kept.nodes.get(&host.engine_node_id).cloned() {
            Some(known) => known.renewed(host),
            None => StoredNode::new(host),
        };
        Ok(kept.put(node))
    }

    async fn set_scheduling(&self, engine_node_id: &str, change: &SetScheduling) -> Result<StoredNode> {
        let mut kept = self.kept();
        let node = kept.nodes.get(engine_node_id).cloned().ok_or_else(|| Error::NotFound(engine_node_id.to_owned()))?;
        match plan(&EngineNode::from(node.clone()), change, Timestamp::now())? {
            Plan::Nothing => Ok(node),
            Plan::Write(record) => Ok(kept.put(StoredNode { scheduling: change.target, record, ..node })),
        }
    }

    async fn remove(&self, engine_node_id: &str) -> Result<bool> {
        let mut kept = self.kept();
        let was_there = kept.nodes.remove(engine_node_id).is_some();
        if was_there {
            kept.note(engine_node_id);
        }
        Ok(was_there)
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes> {
        let kept = self.kept();
        let mut changes = Changes { upto: kept.count, ..Changes::default() };
        let Some(since) = since else { return Ok(changes) };
        for (id, _) in kept.changed.iter().filter(|(_, at)| **at > since) {
            match kept.nodes.get(id) {
                Some(node) => changes.nodes.push(node.clone()),
                None => changes.removed.push(id.clone()),
            }
        }
        Ok(changes)
    }
}
