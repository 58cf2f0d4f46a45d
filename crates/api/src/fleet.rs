//! The fleet as a whole: engine, counts, capacity, thresholds, pages of nodes, samples.

use std::collections::BTreeMap;

use crate::{Capacity, Health, Node, SignalState, Timestamp, Words};

words! {
    /// What schedules.
    EngineKind {
        /// Pitlane itself.
        Embedded = "embedded",
        /// Docker Swarm.
        Swarm = "swarm",
        /// Kubernetes.
        Kubernetes = "kubernetes",
        /// Nomad.
        Nomad = "nomad",
        /// A StackShift control plane.
        Stackshift = "stackshift",
    }
}

impl EngineKind {
    /// The words on the screen.
    pub const fn describe(self) -> &'static str {
        match self {
            EngineKind::Embedded => "Embedded engine",
            EngineKind::Swarm => "Docker Swarm",
            EngineKind::Kubernetes => "Kubernetes",
            EngineKind::Nomad => "Nomad",
            EngineKind::Stackshift => "StackShift",
            EngineKind::Unknown => "Unknown engine",
        }
    }
}

wire! {
    /// What an engine can do beyond listing and setting the scheduling.
    #[derive(Default, Eq, Copy)]
    pub struct Capabilities {
        /// Nodes can be removed.
        pub remove: bool,
        /// Pitlane itself places workloads.
        pub place: bool,
        /// The engine reports heartbeats of its own.
        pub heartbeat: bool,
        /// The engine lists workloads of its own.
        pub workloads: bool,
    }
}

wire! {
    /// The engine, and how fresh the view of it is.
    pub struct EngineInfo {
        /// What schedules.
        pub kind: EngineKind,
        /// Its version, where it says so.
        #[serde(default)]
        pub version: Option<String>,
        /// Whether it answers now.
        pub reachable: bool,
        /// What it said when it was last asked and did not answer well, for a person.
        #[serde(default)]
        pub message: Option<Words>,
        /// When it last answered.
        #[serde(default)]
        pub seen_at: Option<Timestamp>,
        /// What it can do.
        pub capabilities: Capabilities,
    }
}

wire! {
    /// How many nodes are in which state. Both axes are counted, so the sums overlap on purpose.
    #[derive(Default, Eq, Copy)]
    pub struct Counts {
        /// All.
        pub total: u32,
        /// Take placements.
        pub takes_placements: u32,
        /// By health.
        pub pending: u32,
        /// By health.
        pub healthy: u32,
        /// By health.
        pub degraded: u32,
        /// By health.
        pub offline: u32,
        /// By health.
        pub failed: u32,
        /// By health.
        pub deleting: u32,
        /// In maintenance.
        pub maintenance: u32,
        /// In maintenance past the time they were expected back.
        pub overdue: u32,
        /// With a stateful workload that runs.
        pub stateful: u32,
    }
}

wire! {
    /// Settings that decide what is late, stale, bad and settled.
    pub struct Thresholds {
        /// An agent beats this often, in seconds.
        pub heartbeat_every_s: u64,
        /// A heartbeat older than this is late, in seconds.
        pub late_after_s: u64,
        /// A heartbeat older than this is stale and its node offline, in seconds.
        pub offline_after_s: u64,
        /// Everything must have been clean this long before an activation, in seconds.
        pub settle_s: u64,
        /// Disk use from here on is bad, in percent.
        pub disk_bad_percent: f64,
        /// Memory use from here on is bad, in percent.
        pub memory_bad_percent: f64,
        /// A clock that is off by more is said on the card, in seconds.
        pub clock_skew_s: f64,
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            heartbeat_every_s: 5,
            late_after_s: 15,
            offline_after_s: 30,
            settle_s: 60,
            disk_bad_percent: 90.0,
            memory_bad_percent: 95.0,
            clock_skew_s: 30.0,
        }
    }
}

wire! {
    /// `GET /fleet`
    pub struct FleetInfo {
        /// The fleet's name.
        pub name: String,
        /// A production fleet carries a mark.
        #[serde(default)]
        pub production: bool,
        /// What schedules.
        pub engine: EngineInfo,
        /// Real nodes.
        pub counts: Counts,
        /// Simulated nodes, never mixed with the real ones; absent where there are none.
        #[serde(default)]
        pub simulated: Option<Counts>,
        /// What the real nodes that take placements have free.
        pub capacity: Capacity,
        /// The same of the simulated ones.
        #[serde(default)]
        pub simulated_capacity: Option<Capacity>,
        /// Settings.
        pub thresholds: Thresholds,
        /// Version of the server.
        pub server_version: String,
        /// By the server's clock; ages are counted from it.
        pub server_time: Timestamp,
    }
}

wire! {
    /// `GET /nodes`
    pub struct NodePage {
        /// This page.
        pub nodes: Vec<Node>,
        /// Nodes that match the filter, on all pages.
        pub total: u32,
        /// Pass as `cursor` for the next page; absent on the last one.
        #[serde(default)]
        pub next_cursor: Option<String>,
        /// How many of the matching nodes are in which state: facet, word, count.
        pub facets: BTreeMap<String, BTreeMap<String, u32>>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// Five minutes of a node's life.
    pub struct Sample {
        /// Start of the five minutes.
        pub at: Timestamp,
        /// Heartbeats that came.
        pub beats: u32,
        /// Heartbeats that were expected while the server watched.
        pub expected: u32,
        /// Highest share in use, 0 to 100.
        #[serde(default)]
        pub cpu_percent: Option<f64>,
        /// Highest share in use, 0 to 100.
        #[serde(default)]
        pub memory_percent: Option<f64>,
        /// Highest share in use, 0 to 100.
        #[serde(default)]
        pub disk_percent: Option<f64>,
        /// The worst health seen.
        pub health: Health,
        /// The node was in maintenance at some time of it.
        #[serde(default)]
        pub maintenance: bool,
        /// The worst state of each readiness signal that is a matter of yes or no (Docker, Caddy, the engine's conditions), by its name.
        /// Absent was not reported.
        #[serde(default)]
        pub signals: BTreeMap<String, SignalState>,
    }
}

wire! {
    /// `GET /nodes/{id}/samples`
    pub struct Samples {
        /// Length of a bucket in seconds.
        pub bucket_s: u64,
        /// Oldest first; times without a sample were not watched.
        pub samples: Vec<Sample>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
