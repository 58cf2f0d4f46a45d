//! Refusals: what a rule says no to, with everything a person needs to read.

use serde::Serialize;
use serde_json::Value;

use crate::{ActivationChecks, BulkState, ErrorBody, Identity, Operation, PassedOver, PlannedDrain, Read, Revision, Workload};

/// Why a rule refused. On the wire it is `{"code": …, "details": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "code", content = "details", rename_all = "snake_case")]
pub enum Refusal {
    /// Somebody changed the node since it was read.
    RevisionConflict {
        /// The revision it has now.
        current: Revision,
    },
    /// Another operation of this node is not finished.
    OperationInProgress {
        /// The other one.
        operation: Box<Operation>,
    },
    /// It is in maintenance already.
    AlreadyInMaintenance {
        /// Who put it there, where that is known.
        by: Option<String>,
    },
    /// It takes placements already.
    AlreadySchedulable {},
    /// The node is being removed.
    NodeIsDeleting {},
    /// No other node takes placements.
    LastSchedulableNode {
        /// Nodes that would take placements afterwards: zero.
        remaining: u32,
    },
    /// The stateful workloads are not the ones the person saw.
    StatefulWorkloadsChanged {
        /// Not seen before.
        added: Vec<Identity>,
        /// Seen, and the data lives more locally than was shown.
        more_local: Vec<Identity>,
        /// Seen, and gone now; they do not stand in the way.
        gone: Vec<Identity>,
        /// All that stay, as they are now.
        now: Vec<Workload>,
    },
    /// The list of workloads could not be read in full, and nobody acknowledged that.
    UnreadWorkloads {
        /// What could not be read.
        not_read: Vec<String>,
    },
    /// Checks stand in the way of the activation.
    ActivationBlocked {
        /// All of them.
        checks: Box<ActivationChecks>,
    },
    /// The node cannot be removed.
    DeletionBlocked {
        /// Why, for a person, one each.
        blockers: Vec<String>,
        /// An admin may override with a reason: what blocks is only that something could not be read.
        overridable: bool,
    },
    /// No node can take the workload.
    PlacementBlocked {
        /// Every node with why it was passed over.
        passed_over: Vec<PassedOver>,
    },
    /// Somebody changed the node at the engine meanwhile; Pitlane does not fight a person.
    ChangedOutside {
        /// What the engine shows.
        shows: String,
    },
    /// The operation is finished and cannot be stopped or tried again.
    OperationFinished {
        /// As it stands.
        operation: Box<Operation>,
    },
    /// The bulk operation is over, or is not: what was asked for does not fit where it stands.
    BulkFinished {
        /// Where it stands.
        state: BulkState,
    },
    /// A drain of this node is planned already.
    AlreadyPlanned {
        /// That one.
        plan: Box<PlannedDrain>,
    },
    /// The node has as many public links as it may have.
    TooManyShareLinks {
        /// How many that is.
        limit: u32,
    },
}

impl Refusal {
    /// The word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::RevisionConflict { .. } => "revision_conflict",
            Refusal::OperationInProgress { .. } => "operation_in_progress",
            Refusal::AlreadyInMaintenance { .. } => "already_in_maintenance",
            Refusal::AlreadySchedulable {} => "already_schedulable",
            Refusal::NodeIsDeleting {} => "node_is_deleting",
            Refusal::LastSchedulableNode { .. } => "last_schedulable_node",
            Refusal::StatefulWorkloadsChanged { .. } => "stateful_workloads_changed",
            Refusal::UnreadWorkloads { .. } => "unread_workloads",
            Refusal::ActivationBlocked { .. } => "activation_blocked",
            Refusal::DeletionBlocked { .. } => "deletion_blocked",
            Refusal::PlacementBlocked { .. } => "placement_blocked",
            Refusal::ChangedOutside { .. } => "changed_outside",
            Refusal::OperationFinished { .. } => "operation_finished",
            Refusal::BulkFinished { .. } => "bulk_finished",
            Refusal::AlreadyPlanned { .. } => "already_planned",
            Refusal::TooManyShareLinks { .. } => "too_many_share_links",
        }
    }

    /// One or two sentences for a person: what is the matter, and what to do.
    pub fn message(&self) -> String {
        match self {
            Refusal::RevisionConflict { .. } => "Somebody changed this node since you looked at it. Look at it again before you decide.".into(),
            Refusal::OperationInProgress { operation } => {
                format!("A {} of this node, asked for by {}, is not finished. Wait for it, or abort it.", operation.kind, operation.requested_by)
            }
            Refusal::AlreadyInMaintenance { by: Some(by) } => format!("This node is in maintenance already, put there by {by}."),
            Refusal::AlreadyInMaintenance { by: None } => "This node is in maintenance already.".into(),
            Refusal::AlreadySchedulable {} => "This node is schedulable already.".into(),
            Refusal::NodeIsDeleting {} => "This node is being removed.".into(),
            Refusal::LastSchedulableNode { .. } => "No other node takes placements. After this drain nothing new could start anywhere.".into(),
            Refusal::StatefulWorkloadsChanged { added, more_local, .. } => {
                let mut parts = Vec::new();
                if !added.is_empty() {
                    parts.push(format!("{} you have not seen", count(added.len(), "stateful workload")));
                }
                if !more_local.is_empty() {
                    parts.push(format!("{} whose data lives more locally than was shown", count(more_local.len(), "stateful workload")));
                }
                format!("What stays on this node has changed: {}. Look at the new list.", parts.join(", and "))
            }
            Refusal::UnreadWorkloads { not_read } => format!(
                "Not every workload of this node could be read ({}). Acknowledge that to drain it all the same.",
                if not_read.is_empty() { "no reason given".to_owned() } else { not_read.join("; ") }
            ),
            Refusal::ActivationBlocked { checks } => {
                let blocked: Vec<&str> =
                    checks.checks.iter().filter(|check| check.outcome == crate::CheckOutcome::Blocked).map(|check| check.name.as_str()).collect();
                format!("Not ready to activate: {}.", blocked.join(", "))
            }
            Refusal::DeletionBlocked { blockers, .. } => format!("This node cannot be removed: {}.", blockers.join("; ")),
            Refusal::PlacementBlocked { .. } => "No node can take this workload.".into(),
            Refusal::ChangedOutside { shows } => format!("Somebody changed this node outside Pitlane: {shows}. Pitlane does not fight that."),
            Refusal::OperationFinished { operation } => format!("This {} is {} already.", operation.kind, operation.state),
            Refusal::BulkFinished { state } => format!("This bulk operation is {state}; that cannot be done to it now."),
            Refusal::AlreadyPlanned { plan } => {
                format!("A drain of this node is planned already, by {}. Change that one, or cancel it first.", plan.by)
            }
            Refusal::TooManyShareLinks { limit } => format!("This node has {limit} public links already. Revoke one that is not needed any more."),
        }
    }

    /// As the `error` of an envelope.
    pub fn body(&self) -> ErrorBody {
        let details = serde_json::to_value(self).ok().and_then(|mut value| value.get_mut("details").map(serde_json::Value::take)).unwrap_or_default();
        ErrorBody { code: self.code().to_owned(), details }
    }

    /// Reads the `error` of an envelope; `None` for a code this version does not know, or details that do not fit it.
    ///
    /// By hand, because the derived reader of a tagged enum reads every type in it once more through a buffer of its own:
    /// in the console that was a tenth of the whole download.
    pub fn from_body(body: &ErrorBody) -> Option<Self> {
        let of = Details(&body.details);
        Some(match body.code.as_str() {
            "revision_conflict" => Refusal::RevisionConflict { current: of.field("current")? },
            "operation_in_progress" => Refusal::OperationInProgress { operation: of.field("operation")? },
            "already_in_maintenance" => Refusal::AlreadyInMaintenance { by: of.field("by")? },
            "already_schedulable" => Refusal::AlreadySchedulable {},
            "node_is_deleting" => Refusal::NodeIsDeleting {},
            "last_schedulable_node" => Refusal::LastSchedulableNode { remaining: of.field("remaining")? },
            "stateful_workloads_changed" => Refusal::StatefulWorkloadsChanged {
                added: of.field("added")?,
                more_local: of.field("more_local")?,
                gone: of.field("gone")?,
                now: of.field("now")?,
            },
            "unread_workloads" => Refusal::UnreadWorkloads { not_read: of.field("not_read")? },
            "activation_blocked" => Refusal::ActivationBlocked { checks: of.field("checks")? },
            "deletion_blocked" => Refusal::DeletionBlocked { blockers: of.field("blockers")?, overridable: of.field("overridable")? },
            "placement_blocked" => Refusal::PlacementBlocked { passed_over: of.field("passed_over")? },
            "changed_outside" => Refusal::ChangedOutside { shows: of.field("shows")? },
            "operation_finished" => Refusal::OperationFinished { operation: of.field("operation")? },
            "bulk_finished" => Refusal::BulkFinished { state: of.field("state")? },
            "already_planned" => Refusal::AlreadyPlanned { plan: of.field("plan")? },
            "too_many_share_links" => Refusal::TooManyShareLinks { limit: of.field("limit")? },
            _ => return None,
        })
    }
}

/// The `details` of an error, by field.
struct Details<'a>(&'a Value);

impl Details<'_> {
    fn field<T: Read>(&self, name: &str) -> Option<T> {
        self.0.get(name).map_or_else(T::absent, |value| T::read(value.clone()))
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
