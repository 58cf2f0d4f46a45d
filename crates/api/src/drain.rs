//! Asking for a drain, and what to know before.

use crate::{Identity, NodeId, Revision, Timestamp, Words, Workload};

/// Shortest reason, in characters.
pub const REASON_MIN: usize = 3;
/// Longest reason, in characters.
pub const REASON_MAX: usize = 500;

wire! {
    /// `POST /nodes/{id}/drain`
    #[derive(Default)]
    pub struct DrainRequest {
        /// 3 to 500 characters.
        #[cfg_attr(feature = "openapi", schema(min_length = 3, max_length = 500))]
        pub reason: String,
        /// When the node is expected back; must lie ahead.
        #[serde(default)]
        pub expected_back_at: Option<Timestamp>,
        /// The stateful workloads the person was shown, by identity.
        #[serde(default)]
        pub seen_stateful: Vec<Identity>,
        /// The person knows that the list could not be read in full.
        #[serde(default)]
        pub acknowledge_unread: bool,
        /// The person wants this although no other node takes placements.
        #[serde(default)]
        pub allow_last_schedulable: bool,
    }
}

wire! {
    /// `PATCH /nodes/{id}/maintenance`: what is absent stays as it is; `expected_back_at: null` clears it.
    #[derive(Default)]
    pub struct MaintenancePatch {
        /// 3 to 500 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(min_length = 3, max_length = 500))]
        pub reason: Option<String>,
        /// Outer `None`: unchanged. Inner `None`: no longer expected at a time.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "double_option")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
        pub expected_back_at: Option<Option<Timestamp>>,
    }
}

/// Tells `"x": null` from an absent `x`.
pub(crate) mod double_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(value: &Option<Option<T>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(deserializer).map(Some)
    }
}

words! {
    /// How much can go wrong. The reasons stand beside it.
    Risk {
        /// Nothing stateful, capacity remains.
        Low = "low",
        /// Something to look at.
        Medium = "medium",
        /// Data or the whole fleet is at stake.
        High = "high",
    }
}

words! {
    /// How a capacity figure was come by.
    CapacityBasis {
        /// What the nodes have less what they use now.
        Measured = "measured",
        /// What the nodes have less what is promised to workloads.
        Reserved = "reserved",
        /// Some nodes say nothing; only those that do are counted.
        Partial = "partial",
    }
}

wire! {
    /// What the nodes that take placements have and have free.
    pub struct Capacity {
        /// How many nodes take placements.
        pub nodes: u32,
        /// Logical processors.
        #[serde(default)]
        pub cpu_cores_total: Option<f64>,
        /// Of these not in use or not promised.
        #[serde(default)]
        pub cpu_cores_free: Option<f64>,
        /// Bytes.
        #[serde(default)]
        pub memory_total_bytes: Option<u64>,
        /// Of these not in use or not promised.
        #[serde(default)]
        pub memory_free_bytes: Option<u64>,
        /// `unknown` is "not evaluated".
        pub basis: CapacityBasis,
    }
}

words! {
    /// What stands in the way of a drain, or wants to be acknowledged.
    GuardKind {
        /// No other node takes placements.
        LastSchedulableNode = "last_schedulable_node",
        /// The list of workloads could not be read in full.
        UnreadWorkloads = "unread_workloads",
        /// Stateful workloads stay.
        StatefulWorkloads = "stateful_workloads",
        /// It is in maintenance already.
        AlreadyInMaintenance = "already_in_maintenance",
        /// Another operation is not finished.
        OperationInProgress = "operation_in_progress",
        /// Pitlane itself runs on this node.
        RunsPitlane = "runs_pitlane",
        /// What the engine's driver knows: quorum, services with one replica.
        EngineNote = "engine_note",
    }
}

words! {
    /// What a guard asks of the person.
    GuardDemand {
        /// Cannot be drained now.
        Blocks = "blocks",
        /// Can be drained once it is acknowledged.
        Acknowledge = "acknowledge",
        /// Good to know.
        Informs = "informs",
    }
}

wire! {
    /// One guard with its words.
    #[derive(Eq)]
    pub struct Guard {
        /// Which.
        pub kind: GuardKind,
        /// What it asks.
        pub demand: GuardDemand,
        /// For a person.
        pub message: Words,
    }
}

wire! {
    /// `GET /nodes/{id}/drain-preview`
    pub struct DrainPreview {
        /// The node.
        pub node_id: NodeId,
        /// The revision this was read at; send it in `If-Match`.
        pub revision: Revision,
        /// When the workloads were read.
        pub read_at: Timestamp,
        /// How many workloads run; absent where it was not read.
        #[serde(default)]
        pub workloads_running: Option<u32>,
        /// Whether the list of workloads is whole.
        pub complete: bool,
        /// What could not be read.
        #[serde(default)]
        pub not_read: Vec<Words>,
        /// What stays, with its data.
        pub stateful: Vec<Workload>,
        /// Whether the node takes placements now.
        pub takes_placements: bool,
        /// Nodes that take placements, now.
        pub capacity_now: Capacity,
        /// Nodes that take placements, after this drain.
        pub capacity_after: Capacity,
        /// What stands in the way.
        pub guards: Vec<Guard>,
        /// How much can go wrong.
        pub risk: Risk,
        /// Why, for a person.
        pub risk_reasons: Vec<Words>,
        /// For the day Pitlane is down: the same thing from a terminal.
        pub commands: Vec<String>,
    }
}
