//! A node: the host, its health, its scheduling, and what it reports.

use std::collections::BTreeMap;

use crate::{NodeId, Operation, PlannedDrain, Revision, Timestamp, Words};

words! {
    /// How the node is, whatever the scheduler may do with it.
    Health {
        /// Registered, never confirmed by a clean heartbeat.
        Pending = "pending",
        /// Heartbeat and every signal are good.
        Healthy = "healthy",
        /// Reachable, and a signal is bad.
        Degraded = "degraded",
        /// The heartbeat is stale.
        Offline = "offline",
        /// The engine says that the node failed.
        Failed = "failed",
        /// On its way out.
        Deleting = "deleting",
    }
}

words! {
    /// Whether the scheduler may place something new on the node.
    Scheduling {
        /// The scheduler may place on it.
        Schedulable = "schedulable",
        /// Deliberately out of the scheduler.
        Maintenance = "maintenance",
    }
}

words! {
    /// The single status of the StackShift family, derived from health and scheduling by
    /// [`crate::rules::status`].
    Status {
        /// On its way out.
        Deleting = "deleting",
        /// Failed.
        Failed = "failed",
        /// Deliberately out of the scheduler.
        Maintenance = "maintenance",
        /// No fresh heartbeat.
        Offline = "offline",
        /// Never confirmed.
        Pending = "pending",
        /// A signal is bad.
        Degraded = "degraded",
        /// All good.
        Healthy = "healthy",
    }
}

words! {
    /// Where the node comes from. Simulated nodes are never counted together with real ones.
    NodeSource {
        /// An agent enrolled it.
        Agent = "agent",
        /// The engine lists it.
        Engine = "engine",
        /// `pitlane demo` plays it.
        Simulated = "simulated",
    }
}

words! {
    /// How old the node's last sign of life is.
    HeartbeatState {
        /// Within the expected time.
        Fresh = "fresh",
        /// Overdue, not yet offline.
        Late = "late",
        /// So old that the node counts as offline.
        Stale = "stale",
        /// None has arrived yet.
        Never = "never",
        /// This engine reports none, and no agent runs there.
        NotReported = "not_reported",
    }
}

words! {
    /// What a readiness signal is about.
    SignalKind {
        /// Processor. Informs, never blocks.
        Cpu = "cpu",
        /// Main memory.
        Memory = "memory",
        /// The fullest of the root and Docker's data file systems.
        Disk = "disk",
        /// The Docker engine on the node.
        Docker = "docker",
        /// The Caddy server on the node.
        Caddy = "caddy",
        /// The agent's own version. Informs, never blocks.
        Agent = "agent",
        /// The node's clock against the server's. Informs, never blocks.
        Clock = "clock",
        /// A condition of the engine's own, named in `name`.
        Condition = "condition",
    }
}

words! {
    /// A readiness signal's state.
    SignalState {
        /// Good.
        Ok = "ok",
        /// Bad: blocks activation where the kind can block.
        Bad = "bad",
        /// Not there and not expected.
        NotPresent = "not_present",
    }
}

wire! {
    /// One readiness signal with what a person needs to read.
    pub struct Signal {
        /// What it is about.
        pub kind: SignalKind,
        /// The word on the screen: "Docker", "Disk", or the condition's own name.
        pub name: String,
        /// `unknown` is: could not be read.
        pub state: SignalState,
        /// For a person: "28.5.2", "91 % of 512 GiB on /var/lib/docker", "permission denied".
        #[serde(default)]
        pub detail: Words,
        /// Since when it has been in this state, by the server's clock.
        #[serde(default)]
        pub since: Option<Timestamp>,
    }
}

wire! {
    /// Last sign of life.
    pub struct Heartbeat {
        /// By the server's clock; see [`crate::rules::heartbeat_state`].
        pub state: HeartbeatState,
        /// The last expected beats, oldest first: 0 is a missed one, 100 one that came on time, between them
        /// one that came late. At most 30.
        #[serde(default)]
        pub recent: Vec<u8>,
        /// The node's clock less the server's, in seconds, where it was measured.
        #[serde(default)]
        pub clock_offset_s: Option<f64>,
    }
}

wire! {
    /// A file system of the node.
    pub struct Disk {
        /// What it holds: "root", "docker".
        pub role: String,
        /// Where it is mounted.
        pub mount: String,
        /// Bytes.
        pub total_bytes: u64,
        /// Bytes in use.
        pub used_bytes: u64,
    }
}

wire! {
    /// What the node has and uses. Absent is unknown, never zero.
    #[derive(Default)]
    pub struct Resources {
        /// Logical processors.
        #[serde(default)]
        pub cpu_cores: Option<f64>,
        /// Share of all processors in use, 0 to 100.
        #[serde(default)]
        pub cpu_percent: Option<f64>,
        /// Bytes.
        #[serde(default)]
        pub memory_total_bytes: Option<u64>,
        /// Bytes in use, caches not counted.
        #[serde(default)]
        pub memory_used_bytes: Option<u64>,
        /// The file systems that matter.
        #[serde(default)]
        pub disks: Vec<Disk>,
        /// Processors promised to workloads, where the engine keeps such a figure.
        #[serde(default)]
        pub cpu_cores_reserved: Option<f64>,
        /// Bytes promised to workloads, where the engine keeps such a figure.
        #[serde(default)]
        pub memory_reserved_bytes: Option<u64>,
    }
}

wire! {
    /// How many workloads the node runs. Absent is not evaluated, never none.
    #[derive(Default, Copy, Eq)]
    pub struct WorkloadCounts {
        /// All that run.
        #[serde(default)]
        pub total: Option<u32>,
        /// Those with data on this node or on a volume.
        #[serde(default)]
        pub stateful: Option<u32>,
    }
}

wire! {
    /// Why, by whom and since when a node is in maintenance.
    #[derive(Eq)]
    pub struct Maintenance {
        /// 3 to 500 characters; absent where it was set outside Pitlane.
        #[serde(default)]
        pub reason: Option<String>,
        /// Who asked for it.
        #[serde(default)]
        pub by: Option<String>,
        /// When the engine confirmed it; absent where nobody knows.
        #[serde(default)]
        pub since: Option<Timestamp>,
        /// When the node is expected back. Past this time it is overdue.
        #[serde(default)]
        pub expected_back_at: Option<Timestamp>,
        /// Somebody took the node out of the scheduler without Pitlane.
        #[serde(default)]
        pub set_outside: bool,
        /// A remark of the driver, for a person: "Swarm has stopped its tasks".
        #[serde(default)]
        pub note: Option<Words>,
        /// Version of the agent, or without one of the engine's process, when the drain was accepted; absent where nobody knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<String>,
    }
}

impl Node {
    /// Version of the agent, or without one of the engine's own process: what an upgrade changes.
    pub fn version(&self) -> Option<&str> {
        self.agent_version.as_deref().or(self.engine_version.as_deref())
    }
}

impl Maintenance {
    /// Whether the node should have been back before `now`.
    pub fn overdue(&self, now: Timestamp) -> bool {
        self.expected_back_at.is_some_and(|at| at < now)
    }
}

wire! {
    /// A host that runs workloads.
    pub struct Node {
        /// Stable identifier.
        pub id: NodeId,
        /// The host's name.
        pub name: String,
        /// Region or zone.
        #[serde(default)]
        pub region: Option<String>,
        /// Both axes in one word, for the StackShift family.
        pub status: Status,
        /// Where it comes from.
        pub node_source: NodeSource,
        /// Address seen from outside.
        #[serde(default)]
        pub public_ip: Option<String>,
        /// Address inside the fleet.
        #[serde(default)]
        pub overlay_ip: Option<String>,
        /// Why it failed, for a person.
        #[serde(default)]
        pub failure_reason: Option<String>,
        /// By the server's clock.
        #[serde(default)]
        pub last_heartbeat_at: Option<Timestamp>,
        /// First seen.
        pub created_at: Timestamp,
        /// Last change of anything but a heartbeat.
        pub updated_at: Timestamp,
        /// Carried in `If-Match` by every change.
        pub revision: Revision,
        /// First axis.
        pub health: Health,
        /// Second axis.
        pub scheduling: Scheduling,
        /// Schedulable, healthy or degraded, and no drain pending; see [`crate::rules::takes_placements`].
        pub takes_placements: bool,
        /// The node's id at its engine.
        pub engine_node_id: String,
        /// Last sign of life.
        pub heartbeat: Heartbeat,
        /// Version of the agent, where one runs.
        #[serde(default)]
        pub agent_version: Option<String>,
        /// Name and version of the engine's own process on the node: `Docker 28.5.2`, `kubelet v1.37.2`.
        #[serde(default)]
        pub engine_version: Option<String>,
        /// The version the agent, or without one the engine's process, should be updated to, where it is behind.
        #[serde(default)]
        pub agent_update: Option<String>,
        /// Labels, tags.
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
        /// Pitlane itself runs here.
        #[serde(default)]
        pub runs_pitlane: bool,
        /// Readiness.
        #[serde(default)]
        pub signals: Vec<Signal>,
        /// Has and uses.
        #[serde(default)]
        pub resources: Resources,
        /// How many run.
        #[serde(default)]
        pub workload_counts: WorkloadCounts,
        /// Present exactly while `scheduling` is `maintenance`.
        #[serde(default)]
        pub maintenance: Option<Maintenance>,
        /// The unfinished operation, or the one that failed last and has not been answered by a newer one.
        #[serde(default)]
        pub operation: Option<Operation>,
        /// The drain that is planned, or was refused or missed and waits for a person's decision.
        #[serde(default)]
        pub planned: Option<Box<PlannedDrain>>,
    }
}
