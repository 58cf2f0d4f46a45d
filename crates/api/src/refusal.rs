//! Refusals: what a rule says no to, with everything a person needs to read.

use serde::Serialize;
use serde_json::Value;

use crate::{
    ActivationChecks, BulkState, CheckOutcome, ErrorBody, Identity, Operation, OperationKind, OperationState, PassedOver, PlannedDrain, Read,
    Revision, Words, Workload, say, words::knowing,
};

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
        not_read: Vec<Words>,
    },
    /// Checks stand in the way of the activation.
    ActivationBlocked {
        /// All of them.
        checks: Box<ActivationChecks>,
    },
    /// The node cannot be removed.
    DeletionBlocked {
        /// Why, for a person, one each.
        blockers: Vec<Words>,
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
        shows: Words,
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
    pub fn message(&self) -> Words {
        match self {
            Refusal::RevisionConflict { .. } => say!("Somebody changed this node since you looked at it. Look at it again before you decide."),
            Refusal::OperationInProgress { operation } => match operation.kind {
                OperationKind::Activate => {
                    say!("An activation of this node, asked for by {}, is not finished. Wait for it, or abort it.", &operation.requested_by)
                }
                _ => say!("A drain of this node, asked for by {}, is not finished. Wait for it, or abort it.", &operation.requested_by),
            },
            Refusal::AlreadyInMaintenance { by: Some(by) } => say!("This node is in maintenance already, put there by {}.", by),
            Refusal::AlreadyInMaintenance { by: None } => say!("This node is in maintenance already."),
            Refusal::AlreadySchedulable {} => say!("This node is schedulable already."),
            Refusal::NodeIsDeleting {} => say!("This node is being removed."),
            Refusal::LastSchedulableNode { .. } => say!("No other node takes placements. After this drain nothing new could start anywhere."),
            Refusal::StatefulWorkloadsChanged { added, more_local, .. } => {
                let new = say!("1 stateful workload you have not seen" | "{n} stateful workloads you have not seen" % added.len());
                let local = say!(
                    "1 stateful workload whose data lives more locally than was shown"
                        | "{n} stateful workloads whose data lives more locally than was shown" % more_local.len()
                );
                let parts = [(new, added.is_empty()), (local, more_local.is_empty())];
                let parts = parts.into_iter().filter(|(_, none)| !none).map(|(part, _)| part);
                say!("What stays on this node has changed: {}. Look at the new list.", Words::listed(parts))
            }
            Refusal::UnreadWorkloads { not_read } => {
                let what = if not_read.is_empty() { say!("no reason given") } else { Words::in_line(not_read.iter().cloned()) };
                say!("Not every workload of this node could be read ({}). Acknowledge that to drain it all the same.", what)
            }
            Refusal::ActivationBlocked { checks } => {
                let blocked = checks.checks.iter().filter(|check| check.outcome == CheckOutcome::Blocked).map(|check| check.name.clone());
                say!("Not ready to activate: {}.", Words::listed(blocked))
            }
            Refusal::DeletionBlocked { blockers, .. } => say!("This node cannot be removed: {}.", Words::in_line(blockers.iter().cloned())),
            Refusal::PlacementBlocked { .. } => say!("No node can take this workload."),
            Refusal::ChangedOutside { shows } => say!("Somebody changed this node outside Pitlane: {}. Pitlane does not fight that.", shows),
            Refusal::OperationFinished { operation } => match (operation.kind, operation.state) {
                (OperationKind::Activate, OperationState::Completed) => say!("This activation is completed already."),
                (OperationKind::Activate, OperationState::Failed) => say!("This activation has failed already."),
                (OperationKind::Activate, _) => say!("This activation is aborted already."),
                (_, OperationState::Completed) => say!("This drain is completed already."),
                (_, OperationState::Failed) => say!("This drain has failed already."),
                _ => say!("This drain is aborted already."),
            },
            Refusal::BulkFinished { state } => match state {
                BulkState::Running => say!("This bulk operation is running; that cannot be done to it now."),
                BulkState::Stopped => say!("This bulk operation has stopped; that cannot be done to it now."),
                BulkState::Aborting => say!("This bulk operation is being aborted; that cannot be done to it now."),
                BulkState::Aborted => say!("This bulk operation is aborted; that cannot be done to it now."),
                BulkState::Completed | BulkState::Unknown => say!("This bulk operation is over; that cannot be done to it now."),
            },
            Refusal::AlreadyPlanned { plan } => {
                say!("A drain of this node is planned already, by {}. Change that one, or cancel it first.", &plan.by)
            }
            Refusal::TooManyShareLinks { limit } => {
                say!("This node has {} public links already. Revoke one that is not needed any more.", *limit)
            }
        }
    }

    /// As the `error` of an envelope.
    pub fn body(&self) -> ErrorBody {
        let mut body = ErrorBody::new(self.code(), self);
        body.details = body.details.get_mut("details").map(Value::take).unwrap_or_default();
        body
    }

    /// Reads the `error` of an envelope; `None` for a code this version does not know, or details that do not fit it.
    ///
    /// By hand, because the derived reader of a tagged enum reads every type in it once more through a buffer of its own:
    /// in the console that was a tenth of the whole download.
    pub fn from_body(body: &ErrorBody) -> Option<Self> {
        knowing(body.words.clone(), || Self::of(body))
    }

    fn of(body: &ErrorBody) -> Option<Self> {
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
