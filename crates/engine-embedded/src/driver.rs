//! The driver itself.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use pitlane_api::{Capabilities, EngineKind, Node, NodeId, PlacementRequest, Scheduling, Timestamp, WorkloadList, rules, say};
use pitlane_engine::{Change, Engine, EngineNode, Error, NewHost, Placing, Reports, Result, SetScheduling};
use pitlane_supervisor::Supervisor;

use crate::{Records, watch::Watch, workloads};

/// How the driver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How often to look for changes that another process made.
    pub look_every: Duration,
    /// How long one call may take before the records count as unreachable.
    pub bound: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { look_every: Duration::from_secs(1), bound: Duration::from_secs(10) }
    }
}

/// The embedded engine. Its watch ends when it is dropped.
pub struct EmbeddedEngine {
    records: Arc<dyn Records>,
    reports: Arc<dyn Reports>,
    watch: Watch,
    bound: Duration,
}

impl EmbeddedEngine {
    /// Starts the driver, on the runtime this is called in.
    pub fn start(records: Arc<dyn Records>, reports: Arc<dyn Reports>, settings: Settings) -> Self {
        let watch = Watch::start(Arc::clone(&records), settings.look_every, settings.bound);
        Self { records, reports, watch, bound: settings.bound }
    }

    async fn call<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        bounded(self.bound, call).await
    }
}

/// Gives up on a call that hangs.
pub(crate) async fn bounded<T>(bound: Duration, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
    match tokio::time::timeout(bound, call).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::unreachable(say!("the store has not answered within {} s", bound.as_secs_f32().to_string()))),
    }
}

#[async_trait]
impl Engine for EmbeddedEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Embedded
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { remove: true, place: true, heartbeat: false, workloads: false }
    }

    async fn version(&self) -> Result<Option<String>> {
        Ok(Some(env!("CARGO_PKG_VERSION").into()))
    }

    async fn nodes(&self) -> Result<Vec<EngineNode>> {
        let nodes = self.call(self.records.all()).await?;
        Ok(nodes.into_iter().map(EngineNode::from).collect())
    }

    async fn node(&self, engine_node_id: &str) -> Result<EngineNode> {
        let node = self.call(self.records.get(engine_node_id)).await?;
        node.map(EngineNode::from).ok_or_else(|| Error::NotFound(engine_node_id.to_owned()))
    }

    fn supervisor(&self) -> Option<&Supervisor> {
        Some(self.watch.supervisor())
    }

    fn watch(&self) -> BoxStream<'static, Result<Change>> {
        self.watch.receive()
    }

    async fn workloads(&self, engine_node_id: &str, node_id: &NodeId) -> Result<WorkloadList> {
        self.node(engine_node_id).await?;
        let now = Timestamp::now();
        Ok(match self.reports.latest(engine_node_id) {
            Some((report, at)) => workloads::from_report(node_id, &report, at, self.reports.alive(engine_node_id), now),
            None => workloads::nothing_reported(node_id, now),
        })
    }

    async fn set_scheduling(&self, engine_node_id: &str, change: SetScheduling) -> Result<EngineNode> {
        let node = self.call(self.records.set_scheduling(engine_node_id, &change)).await?;
        self.watch.wake();
        Ok(node.into())
    }

    fn equivalent_commands(&self, node: &EngineNode, target: Scheduling) -> Vec<String> {
        let name = shell_quoted(&node.name);
        match target {
            Scheduling::Maintenance => vec![format!("pitlane drain {name} --reason '{{reason}}' --wait")],
            Scheduling::Schedulable => vec![format!("pitlane activate {name} --wait")],
            Scheduling::Unknown => Vec::new(),
        }
    }

    async fn admit(&self, host: NewHost) -> Result<EngineNode> {
        let node = self.call(self.records.admit(host)).await?;
        self.watch.wake();
        Ok(node.into())
    }

    async fn remove(&self, engine_node_id: &str) -> Result<()> {
        let was_there = self.call(self.records.remove(engine_node_id)).await?;
        self.watch.wake();
        if was_there { Ok(()) } else { Err(Error::NotFound(engine_node_id.to_owned())) }
    }

    async fn place(&self, request: &PlacementRequest, nodes: Vec<Node>) -> Result<Placing> {
        let known: HashMap<String, Scheduling> =
            self.call(self.records.all()).await?.into_iter().map(|node| (node.host.engine_node_id, node.scheduling)).collect();
        let nodes: Vec<Node> = nodes
            .into_iter()
            .filter_map(|mut node| {
                // A node that is gone meanwhile is no candidate.
                node.scheduling = *known.get(&node.engine_node_id)?;
                Some(node)
            })
            .collect();
        Ok(rules::place(request, &nodes))
    }
}

/// A word for a shell: as it is where it is harmless, else in single quotes.
fn shell_quoted(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_quoted;

    #[test]
    fn a_name_cannot_become_a_command() {
        assert_eq!(shell_quoted("edge-fra-02.example"), "edge-fra-02.example");
        assert_eq!(shell_quoted("a; rm -rf /"), "'a; rm -rf /'");
        assert_eq!(shell_quoted("it's"), r"'it'\''s'");
        assert_eq!(shell_quoted("--help"), "'--help'");
    }
}
