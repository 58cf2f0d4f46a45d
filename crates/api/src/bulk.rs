//! Many nodes in one go: one wish, one reason, each node with every guard of its own.

use crate::{Capacity, ErrorBody, Identity, NodeId, OperationId, OperationKind, Timestamp, Words, Workload};

/// Nodes in one go, at most.
pub const BULK_MAX: usize = 500;
/// Nodes at a time, at most.
pub const BULK_AT_ONCE_MAX: u32 = 10;

words! {
    /// Where a bulk operation stands.
    BulkState {
        /// Nodes are being worked on.
        Running = "running",
        /// A node was refused or failed: no other was begun after it. Can be resumed.
        Stopped = "stopped",
        /// A person asked for an end; what is under way is being stopped.
        Aborting = "aborting",
        /// A person ended it. Can be resumed.
        Aborted = "aborted",
        /// Every node is done, or needed nothing.
        Completed = "completed",
    }
}

impl BulkState {
    /// Whether nothing more happens unless a person resumes it.
    pub const fn is_finished(self) -> bool {
        matches!(self, BulkState::Stopped | BulkState::Aborted | BulkState::Completed)
    }
}

words! {
    /// Where one node of a bulk operation stands.
    BulkItemState {
        /// Not begun.
        Waiting = "waiting",
        /// Its operation is being accepted.
        Starting = "starting",
        /// Its operation is under way.
        Running = "running",
        /// The engine confirmed it.
        Done = "done",
        /// It needed nothing, or was left out; the message says which.
        Skipped = "skipped",
        /// A rule refused it.
        Refused = "refused",
        /// Its operation failed.
        Failed = "failed",
        /// Its operation was stopped.
        Aborted = "aborted",
    }
}

wire! {
    /// One node of the request, with what the person saw on it.
    pub struct BulkNode {
        /// The node.
        pub node_id: NodeId,
        /// The stateful workloads the person was shown, by identity (drain).
        #[serde(default)]
        pub seen_stateful: Vec<Identity>,
        /// The person knows that its list could not be read in full (drain).
        #[serde(default)]
        pub acknowledge_unread: bool,
    }
}

wire! {
    /// `POST /bulk-operations`
    pub struct BulkRequest {
        /// Drain or activate.
        pub kind: OperationKind,
        /// Why, 3 to 500 characters (drain).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(min_length = 3, max_length = 500))]
        pub reason: Option<String>,
        /// When the nodes are expected back; must lie ahead (drain).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expected_back_at: Option<Timestamp>,
        /// How many at a time, 1 to 10; absent is one after another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10))]
        pub at_once: Option<u32>,
        /// The person wants this although no other node takes placements afterwards (drain).
        #[serde(default)]
        pub allow_last_schedulable: bool,
        /// In the order in which they are worked on. At most 500.
        #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
        pub nodes: Vec<BulkNode>,
    }
}

wire! {
    /// `POST /bulk-operations/preview`
    pub struct BulkPreviewRequest {
        /// Drain or activate.
        pub kind: OperationKind,
        /// The set.
        #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
        pub nodes: Vec<NodeId>,
    }
}

wire! {
    /// What is to know of one node of the set.
    pub struct BulkPreviewNode {
        /// The node.
        pub node_id: NodeId,
        /// Its name.
        pub node_name: String,
        /// Nothing stands in its way now, but for what the person acknowledges.
        pub ready: bool,
        /// Why it is not, for a person.
        #[serde(default)]
        pub blocked: Option<Words>,
        /// What stays on it, with its data (drain).
        #[serde(default)]
        pub stateful: Vec<Workload>,
        /// What could not be read of it; acknowledged by `acknowledge_unread` (drain).
        #[serde(default)]
        pub not_read: Vec<Words>,
        /// Good to know.
        #[serde(default)]
        pub notes: Vec<Words>,
    }
}

wire! {
    /// What it would mean for the whole set.
    pub struct BulkPreview {
        /// Drain or activate.
        pub kind: OperationKind,
        /// Each node, in the order of the request.
        pub nodes: Vec<BulkPreviewNode>,
        /// Nodes that take placements, now.
        pub capacity_now: Capacity,
        /// The same after all of them.
        pub capacity_after: Capacity,
        /// No node would take placements afterwards (drain).
        pub takes_the_last: bool,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// One node of a bulk operation.
    pub struct BulkItem {
        /// The node.
        pub node_id: NodeId,
        /// Its name when it was asked for.
        pub node_name: String,
        /// Where it stands.
        pub state: BulkItemState,
        /// How often it was begun.
        pub attempt: u32,
        /// Its operation, once one was accepted.
        #[serde(default)]
        pub operation_id: Option<OperationId>,
        /// Why it stands there, for a person.
        #[serde(default)]
        pub message: Option<Words>,
        /// The rule that refused it.
        #[serde(default)]
        pub refusal: Option<ErrorBody>,
        /// As in the request.
        #[serde(default)]
        pub seen_stateful: Vec<Identity>,
        /// As in the request.
        #[serde(default)]
        pub acknowledge_unread: bool,
    }
}

wire! {
    /// Many drains or activations, one after another or a few at a time. Every guard is asked again before each node.
    pub struct BulkOperation {
        /// Identifier.
        pub id: String,
        /// Drain or activate.
        pub kind: OperationKind,
        /// Where it stands.
        pub state: BulkState,
        /// Why (drain).
        #[serde(default)]
        pub reason: Option<String>,
        /// When the nodes are expected back (drain).
        #[serde(default)]
        pub expected_back_at: Option<Timestamp>,
        /// How many at a time.
        pub at_once: u32,
        /// As in the request.
        #[serde(default)]
        pub allow_last_schedulable: bool,
        /// Who asked, or resumed it last.
        pub requested_by: String,
        /// Accepted.
        pub created_at: Timestamp,
        /// Last change.
        pub updated_at: Timestamp,
        /// Reached an end.
        #[serde(default)]
        pub finished_at: Option<Timestamp>,
        /// What it waits for, for a person: the engine, most likely.
        #[serde(default)]
        pub waiting_for: Option<Words>,
        /// Each node.
        pub items: Vec<BulkItem>,
    }
}

wire! {
    /// A bulk operation in a line.
    #[derive(Eq)]
    pub struct BulkSummary {
        /// Identifier.
        pub id: String,
        /// Drain or activate.
        pub kind: OperationKind,
        /// Where it stands.
        pub state: BulkState,
        /// Why (drain).
        #[serde(default)]
        pub reason: Option<String>,
        /// Who asked, or resumed it last.
        pub requested_by: String,
        /// Accepted.
        pub created_at: Timestamp,
        /// Last change.
        pub updated_at: Timestamp,
        /// Nodes in all.
        pub total: u32,
        /// Of these done, or skipped because they needed nothing.
        pub done: u32,
        /// Of these refused, failed or aborted.
        pub stopped: u32,
    }
}

wire! {
    /// `GET /bulk-operations`
    #[derive(Eq)]
    pub struct BulkList {
        /// The newest ones, newest first.
        pub operations: Vec<BulkSummary>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// `POST /bulk-operations/{id}/resume`
    #[derive(Default)]
    pub struct BulkResume {
        /// Nodes to leave out from now on.
        #[serde(default)]
        pub skip: Vec<NodeId>,
        /// What the person has seen anew on nodes that were refused; the other nodes stay as they were asked for.
        #[serde(default)]
        pub nodes: Vec<BulkNode>,
    }
}

wire! {
    /// Bulk operations that moved in the last second. Whoever shows one in full reads it again.
    #[derive(Eq)]
    pub struct BulkEvent {
        /// As they stand.
        pub operations: Vec<BulkSummary>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
