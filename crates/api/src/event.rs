//! What comes over the event stream, `GET /events`.
//!
//! Event ids are `epoch-seq`: the epoch changes when the server starts, the sequence grows by every frame. A
//! client that comes back with a known epoch and sequence gets what it missed, else a snapshot.

use crate::{ActivityEntry, FleetInfo, Node, NodeId, Operation, Timestamp};

/// Name of the event that carries a [`SnapshotEvent`].
pub const EVENT_SNAPSHOT: &str = "snapshot";
/// Name of the event that carries a [`NodesEvent`].
pub const EVENT_NODES: &str = "nodes";
/// Name of the event that carries a [`RemovedEvent`].
pub const EVENT_REMOVED: &str = "removed";
/// Name of the event that carries an [`OperationEvent`].
pub const EVENT_OPERATION: &str = "operation";
/// Name of the event that carries a [`crate::BulkEvent`].
pub const EVENT_BULK: &str = "bulk";
/// Name of the event that carries an [`ActivityEvent`].
pub const EVENT_ACTIVITY: &str = "activity";

wire! {
    /// Everything, to begin with. A large fleet comes in pieces, each an event of its own, so that a browser never stands still to read
    /// one; the nodes that most need a person come first.
    pub struct SnapshotEvent {
        /// The fleet.
        pub fleet: FleetInfo,
        /// Every node, or the next ones.
        pub nodes: Vec<Node>,
        /// A piece before this one came already.
        #[serde(default)]
        pub continued: bool,
        /// More pieces of this snapshot follow. Only the last one carries an id to come back with.
        #[serde(default)]
        pub more: bool,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// A heartbeat that changed nothing else: a fraction of the size of a node.
    pub struct Beat {
        /// The node.
        pub id: NodeId,
        /// When it arrived, by the server's clock.
        pub at: Timestamp,
        /// As in [`crate::Heartbeat::recent`]: the newest entry.
        pub beat: u8,
        /// Share in use, 0 to 100.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cpu_percent: Option<f64>,
        /// Bytes in use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub memory_used_bytes: Option<u64>,
    }
}

wire! {
    /// Heartbeats that should have come and did not, where nothing else changed: of a region that cannot be reached thousands at once.
    pub struct Missed {
        /// The node.
        pub id: NodeId,
        /// How many are missing since the last one that came: so many entries at the end of [`crate::Heartbeat::recent`] are 0.
        pub beats: u8,
    }
}

wire! {
    /// What changed in the last second: whole nodes where more than a heartbeat changed, beats for the rest.
    pub struct NodesEvent {
        /// New or changed.
        #[serde(default)]
        pub nodes: Vec<Node>,
        /// Only a heartbeat.
        #[serde(default)]
        pub beats: Vec<Beat>,
        /// Only the lack of one.
        #[serde(default)]
        pub missed: Vec<Missed>,
        /// Present where counts, capacity or the engine changed.
        #[serde(default)]
        pub fleet: Option<FleetInfo>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// Nodes that are gone.
    pub struct RemovedEvent {
        /// Their ids.
        pub ids: Vec<NodeId>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// An operation moved. Sent at once, together with its node.
    pub struct OperationEvent {
        /// As it stands now.
        pub operation: Operation,
        /// The node as it stands now.
        #[serde(default)]
        pub node: Option<Node>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// New entries of the activity log.
    pub struct ActivityEvent {
        /// Oldest first.
        pub entries: Vec<ActivityEntry>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
