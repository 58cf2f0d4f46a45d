//! Placements: where a workload would be scheduled.

use crate::NodeId;

words! {
    /// How the node is chosen.
    Strategy {
        /// The node with the most room.
        LeastLoaded = "least_loaded",
        /// The node that is named.
        Pinned = "pinned",
    }
}

wire! {
    /// What the workload needs.
    #[derive(Default)]
    pub struct PlacementNeeds {
        /// Logical processors.
        #[serde(default)]
        pub cpu_cores: Option<f64>,
        /// Bytes.
        #[serde(default)]
        pub memory_bytes: Option<u64>,
    }
}

wire! {
    /// `POST /placements`
    pub struct PlacementRequest {
        /// How to choose.
        pub strategy: Strategy,
        /// Each must be a label of the node: `key=value`, or `key` alone.
        #[serde(default)]
        pub selector_tags: Vec<String>,
        /// For `pinned`.
        #[serde(default)]
        pub node_id: Option<NodeId>,
        /// What it needs.
        #[serde(default)]
        pub requests: PlacementNeeds,
        /// Choose among the simulated nodes instead of the real ones.
        #[serde(default)]
        pub simulated: bool,
    }
}

wire! {
    /// The node that would be chosen.
    #[derive(Eq)]
    pub struct Placement {
        /// Its id.
        pub node_id: NodeId,
        /// Its name.
        pub node_name: String,
        /// Why this one, for a person.
        pub because: String,
    }
}

wire! {
    /// A node that was passed over, and why.
    #[derive(Eq)]
    pub struct PassedOver {
        /// Its id.
        pub node_id: NodeId,
        /// Its name.
        pub node_name: String,
        /// For a person.
        pub because: String,
    }
}
