//! The trait every scheduler's driver implements, its error, and the conformance suite.
//!
//! The trait is the smallest that serves: list and watch nodes, list the workloads of a node, set the scheduling
//! of a node together with its maintenance record, and capabilities, of which `remove` and `place` are two.
//! Everything above it (rules, operations, activity, sharing) is written once, in the server's `fleet`.
//!
//! A driver must not know: HTTP of the control plane, the console, other drivers, or the rules beyond
//! [`pitlane_api::rules::revision`]. The maintenance record lives with the engine wherever the engine can hold it.

pub mod conformance;
mod error;
mod plan;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use pitlane_api::{
    Capabilities, EngineKind, HeartbeatRequest, Node, NodeId, NodeSource, OperationId, Placement, PlacementRequest, Refusal, Resources, Revision,
    Scheduling, Signal, Timestamp, Words, WorkloadCounts, WorkloadList, rules::FieldError,
};

use pitlane_supervisor::Supervisor;

pub use error::{Error, Result};
pub use plan::{Plan, plan};

/// What the engine keeps beside a node that is in maintenance.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// Why; absent where it was set outside Pitlane.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who asked for it.
    #[serde(default)]
    pub by: Option<String>,
    /// When the driver wrote it.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// When the node is expected back.
    #[serde(default)]
    pub expected_back_at: Option<Timestamp>,
    /// The operation that wrote it, so that after a crash Pitlane knows its own writes.
    #[serde(default)]
    pub operation_id: Option<OperationId>,
}

/// A node as its engine shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineNode {
    /// The engine's own id of the node. Never reused for another host.
    pub engine_node_id: String,
    /// The id Pitlane uses, where the engine is the one that knows it (embedded). Otherwise derived from `engine_node_id`.
    pub id: Option<NodeId>,
    /// The host's name.
    pub name: String,
    /// Region or zone.
    pub region: Option<String>,
    /// Simulated, or real.
    pub source: NodeSource,
    /// Address seen from outside.
    pub public_ip: Option<String>,
    /// Address inside the fleet.
    pub overlay_ip: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Whether the scheduler may place on it.
    pub scheduling: Scheduling,
    /// What is kept beside it. `None` in maintenance means "set outside". Beside a schedulable node it is stale
    /// (somebody activated it without Pitlane), and setting the node to schedulable removes it.
    pub record: Option<Record>,
    /// A remark for a person: "Swarm has stopped its tasks".
    pub note: Option<Words>,
    /// What the engine says of the node's reachability and conditions.
    pub report: EngineReport,
    /// First seen by the engine.
    pub created_at: Option<Timestamp>,
}

impl EngineNode {
    /// The revision a change must carry.
    pub fn revision(&self) -> Revision {
        revision(&self.engine_node_id, self.scheduling, self.record.as_ref())
    }
}

/// The revision of a node with this scheduling and record. Source: rule 9; heartbeats do not enter into it.
pub fn revision(engine_node_id: &str, scheduling: Scheduling, record: Option<&Record>) -> Revision {
    // A record on a schedulable node is stale and gets removed; that is not a change anybody has to decide about anew.
    let record = record.filter(|_| scheduling == Scheduling::Maintenance).map(|record| serde_json::to_string(record).unwrap_or_default());
    pitlane_api::rules::revision(engine_node_id, scheduling, record.as_deref())
}

/// What an engine itself says of a node, beside what agents report. All absent on the embedded engine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EngineReport {
    /// Whether the engine reaches the node; `None`: this engine does not say.
    pub reachable: Option<bool>,
    /// The engine says that the node failed, and why.
    pub failure: Option<String>,
    /// Last sign of life the engine knows, by this machine's clock; `None`: not reported.
    pub last_heartbeat_at: Option<Timestamp>,
    /// The engine's own conditions.
    pub signals: Vec<Signal>,
    /// Has, and promised.
    pub resources: Resources,
    /// Version of the engine's own process on the node.
    pub version: Option<String>,
    /// How many workloads the engine itself has there.
    pub workloads: WorkloadCounts,
    /// The engine knows that Pitlane runs on this node.
    pub runs_pitlane: bool,
    /// The node keeps state of the engine itself (a manager's, etcd's). `None`: the engine does not say.
    pub holds_engine_data: Option<bool>,
    /// The version that process should be updated to, where it is behind the rest of the fleet.
    pub update: Option<String>,
    /// Since when the node is out of the scheduler, where the engine itself knows it. Shown where there is no record.
    pub out_since: Option<Timestamp>,
}

/// A change the watch saw. After `Reset` the receiver lists again: the watch lost its place.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// New or changed.
    Node(Box<EngineNode>),
    /// Gone, by engine node id.
    Removed(String),
    /// Changes may have been missed.
    Reset,
}

/// A change of a node's scheduling.
#[derive(Debug, Clone, PartialEq)]
pub struct SetScheduling {
    /// What it shall be.
    pub target: Scheduling,
    /// The record to keep, for [`Scheduling::Maintenance`]. Always removed for [`Scheduling::Schedulable`].
    pub record: Option<Record>,
    /// What the node must still be; else [`Error::Conflict`] and nothing is changed. The engine's own object versions
    /// stay inside the driver, which reads again and retries while this revision is unchanged.
    pub expected: Revision,
}

/// A host that enrolled, for engines that have no list of nodes of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHost {
    /// The id the engine shall know it by. Never reused for another host.
    pub engine_node_id: String,
    /// The id Pitlane uses.
    pub id: NodeId,
    /// The host's name.
    pub name: String,
    /// Region or zone.
    pub region: Option<String>,
    /// Simulated, or real.
    pub source: NodeSource,
    /// Address seen from outside.
    pub public_ip: Option<String>,
    /// Address inside the fleet.
    pub overlay_ip: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// When it enrolled; kept from the first time.
    pub created_at: Timestamp,
}

/// What [`pitlane_api::rules::place`] answers: a field that is wrong, or a refusal, or the node.
pub type Placing = std::result::Result<std::result::Result<Placement, Refusal>, FieldError>;

/// What agents said last, for drivers that have no other source (embedded) or want to add to their own.
pub trait Reports: Send + Sync {
    /// The last heartbeat of the agent that is bound to this engine node, with its containers filled in, and when it arrived.
    fn latest(&self, engine_node_id: &str) -> Option<(Arc<HeartbeatRequest>, Timestamp)>;
    /// Whether the node's heartbeat is fresh or late, not stale.
    fn alive(&self, engine_node_id: &str) -> bool;
}

/// A scheduler that Pitlane takes nodes out of and puts back into.
///
/// Every method is safe to call at any time and from several tasks; it is bounded in time by the driver, which gives
/// [`Error::Unreachable`] rather than hang.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Which engine.
    fn kind(&self) -> EngineKind;

    /// What it can do beyond the required.
    fn capabilities(&self) -> Capabilities;

    /// Its version, where it says so.
    async fn version(&self) -> Result<Option<String>>;

    /// Every node.
    async fn nodes(&self) -> Result<Vec<EngineNode>>;

    /// One node, read from the engine itself and not from a cache. [`Error::NotFound`] where it is gone.
    async fn node(&self, engine_node_id: &str) -> Result<EngineNode>;

    /// Changes from now on. An `Err` item tells that the engine went away; the stream goes on and yields
    /// [`Change::Reset`] when it is back. It ends only when the driver is dropped.
    fn watch(&self) -> BoxStream<'static, Result<Change>>;

    /// The driver's own background tasks, so that their state is shown with the server's. `None`: it has none.
    fn supervisor(&self) -> Option<&Supervisor> {
        None
    }

    /// Everything on the node. What cannot be read is said in `not_read`, never left out in silence. `node_id` is
    /// what the list is to be labelled with.
    async fn workloads(&self, engine_node_id: &str, node_id: &NodeId) -> Result<WorkloadList>;

    /// What a person should know of this engine before draining the node: quorum, services with one replica. One
    /// sentence each. `with`: the engine's ids of nodes that are drained with it, so that they are nowhere to go.
    async fn drain_notes(&self, _engine_node_id: &str, _with: &[String]) -> Result<Vec<Words>> {
        Ok(Vec::new())
    }

    /// The engine's ids of those other nodes that keep out what runs on this one, whatever room they have (taints that
    /// are not tolerated): they are no capacity that remains. Answered at once, from what the driver knows already.
    fn out_of_reach(&self, _engine_node_id: &str) -> Vec<String> {
        Vec::new()
    }

    /// Sets scheduling and record in one write and returns the node as the engine shows it afterwards. Nothing that
    /// runs is touched. Writing what stands there already is a success. What to write is the same for every engine
    /// and stands in [`plan`].
    async fn set_scheduling(&self, engine_node_id: &str, change: SetScheduling) -> Result<EngineNode>;

    /// The same thing from a terminal, for the day Pitlane is down. Where a reason belongs stands `'{reason}'`, in
    /// single quotes, for the console to put the reason there, quoted for a shell.
    fn equivalent_commands(&self, node: &EngineNode, target: Scheduling) -> Vec<String>;

    /// Takes in a host that enrolled, or renews what is known of it; scheduling and record stay as they are. Only for
    /// engines that have no list of nodes of their own; the others answer [`Error::Unsupported`] and know their nodes.
    async fn admit(&self, _host: NewHost) -> Result<EngineNode> {
        Err(Error::Unsupported("taking in hosts: it has a list of nodes of its own"))
    }

    /// Removes a node for good; one that is gone already is [`Error::NotFound`]. Only with [`Capabilities::remove`].
    async fn remove(&self, _engine_node_id: &str) -> Result<()> {
        Err(Error::Unsupported("removing nodes"))
    }

    /// Chooses a node for a workload. Only with [`Capabilities::place`]. `nodes` is the caller's view of the fleet
    /// (health, resources, pending drains); whether a node is schedulable is read from the engine itself, so that a
    /// view that is a second old never places on a node in maintenance.
    async fn place(&self, _request: &PlacementRequest, _nodes: Vec<Node>) -> Result<Placing> {
        Err(Error::Unsupported("placements: this engine has a scheduler of its own"))
    }
}
