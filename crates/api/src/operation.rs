//! Operations: requested is not done.

use crate::{ErrorBody, Identity, NodeId, OperationId, Revision, Timestamp, Words};

words! {
    /// What an operation wants.
    OperationKind {
        /// Put the node into maintenance.
        Drain = "drain",
        /// Make it schedulable again.
        Activate = "activate",
    }
}

words! {
    /// Where an operation stands. The transitions are in [`crate::rules::transition`].
    OperationState {
        /// Accepted and stored, not begun.
        Pending = "pending",
        /// Being carried out.
        InProgress = "in_progress",
        /// The engine could not be reached or did not confirm; it is tried again at `next_attempt_at`.
        WaitingReconcile = "waiting_reconcile",
        /// The engine confirmed it.
        Completed = "completed",
        /// A rule or the engine refused it for good.
        Failed = "failed",
        /// A person stopped it.
        Aborted = "aborted",
    }
}

impl OperationState {
    /// Whether nothing more happens to it.
    pub const fn is_finished(self) -> bool {
        matches!(self, OperationState::Completed | OperationState::Failed | OperationState::Aborted)
    }
}

words! {
    /// How far an operation has come.
    OperationStep {
        /// Stored, so that no crash loses it.
        Accepted = "accepted",
        /// Every guard is checked again.
        Guards = "guards",
        /// The change is being written to the engine.
        Engine = "engine",
        /// Waiting until the engine shows the change.
        Confirm = "confirm",
        /// Over.
        Done = "done",
    }
}

wire! {
    /// One drain or activation that was accepted.
    pub struct Operation {
        /// Identifier; the engine's record carries it too.
        pub id: OperationId,
        /// The node.
        pub node_id: NodeId,
        /// The node's name when it was accepted.
        pub node_name: String,
        /// What it wants.
        pub kind: OperationKind,
        /// Where it stands.
        pub state: OperationState,
        /// How far it came.
        pub step: OperationStep,
        /// How often it was tried.
        pub attempt_count: u32,
        /// Whether another try can help.
        pub retryable: bool,
        /// When it is tried again.
        #[serde(default)]
        pub next_attempt_at: Option<Timestamp>,
        /// What went wrong last, for a person.
        #[serde(default)]
        pub last_error: Option<Words>,
        /// The rule that refused it, where one did.
        #[serde(default)]
        pub refusal: Option<ErrorBody>,
        /// Who asked.
        pub requested_by: String,
        /// Why: of a drain always, of an activation only with an override.
        #[serde(default)]
        pub reason: Option<String>,
        /// When the node is expected back (drain).
        #[serde(default)]
        pub expected_back_at: Option<Timestamp>,
        /// The checks were overridden (activate).
        #[serde(default)]
        pub overridden: bool,
        /// The node's revision when it was accepted. Another one later means that somebody else changed the node.
        pub accepted_revision: Revision,
        /// What the person had seen and acknowledged (drain); every guard is checked against it again before each write.
        #[serde(default)]
        pub seen_stateful: Vec<Identity>,
        /// As in the request (drain).
        #[serde(default)]
        pub acknowledge_unread: bool,
        /// As in the request (drain).
        #[serde(default)]
        pub allow_last_schedulable: bool,
        /// Version of the agent, or without one of the engine's process, when the drain was accepted: an upgrade is told by the
        /// difference. An activation carries it on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<String>,
        /// Accepted.
        pub created_at: Timestamp,
        /// Last change.
        pub updated_at: Timestamp,
        /// Reached a final state.
        #[serde(default)]
        pub finished_at: Option<Timestamp>,
    }
}
