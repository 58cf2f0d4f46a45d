//! The driver's port: where hosts and their maintenance are kept.

use async_trait::async_trait;
use pitlane_api::Scheduling;
use pitlane_engine::{EngineNode, EngineReport, NewHost, Record, Result, SetScheduling};

/// A host as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNode {
    /// What it said of itself when it enrolled.
    pub host: NewHost,
    /// Whether something may be placed on it.
    pub scheduling: Scheduling,
    /// Beside it while it is in maintenance.
    pub record: Option<Record>,
}

impl StoredNode {
    /// A host that was just taken in.
    pub fn new(host: NewHost) -> Self {
        Self { host, scheduling: Scheduling::Schedulable, record: None }
    }

    /// The same host with what it says of itself now. Its ids, its first enrolment and its maintenance stay.
    pub fn renewed(self, host: NewHost) -> Self {
        let host = NewHost { engine_node_id: self.host.engine_node_id, id: self.host.id, created_at: self.host.created_at, ..host };
        Self { host, scheduling: self.scheduling, record: self.record }
    }
}

impl From<StoredNode> for EngineNode {
    fn from(StoredNode { host, scheduling, record }: StoredNode) -> Self {
        EngineNode {
            engine_node_id: host.engine_node_id,
            id: Some(host.id),
            name: host.name,
            region: host.region,
            source: host.source,
            public_ip: host.public_ip,
            overlay_ip: host.overlay_ip,
            labels: host.labels,
            scheduling,
            record,
            note: None,
            report: EngineReport::default(),
            created_at: Some(host.created_at),
        }
    }
}

/// What changed after a given point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Where this ends; pass it to the next call.
    pub upto: u64,
    /// New or changed, as they are now.
    pub nodes: Vec<StoredNode>,
    /// Gone, by engine node id.
    pub removed: Vec<String>,
}

/// Where hosts and their maintenance are kept. Every write is durable before it returns.
///
/// A failure of whatever is behind it is [`pitlane_engine::Error::Unreachable`], in words: for this driver the store
/// *is* the engine.
#[async_trait]
pub trait Records: Send + Sync + 'static {
    /// Every host, by engine node id.
    async fn all(&self) -> Result<Vec<StoredNode>>;

    /// One host.
    async fn get(&self, engine_node_id: &str) -> Result<Option<StoredNode>>;

    /// Takes a host in, or renews it ([`StoredNode::renewed`]).
    async fn admit(&self, host: NewHost) -> Result<StoredNode>;

    /// Reads the host, asks [`pitlane_engine::plan`] and writes, with nobody in between.
    async fn set_scheduling(&self, engine_node_id: &str, change: &SetScheduling) -> Result<StoredNode>;

    /// Removes a host. `false`: there is none.
    async fn remove(&self, engine_node_id: &str) -> Result<bool>;

    /// What changed after `since`, whoever changed it, this process or another. `None`: only where the record of
    /// changes stands now.
    async fn changes(&self, since: Option<u64>) -> Result<Changes>;
}
