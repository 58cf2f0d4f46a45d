//! What drain and activate have in common: idempotency first, then the revision, then keeping the operation.

use std::sync::Arc;

use pitlane_api::{
    Node, NodeId, Operation, OperationId, OperationKind, OperationState, OperationStep, PlannedDrain, Refusal, Revision, Timestamp, Words, say,
};

use super::{Actor, Call, Error, Fleet, IfMatch, Result};
use crate::store::{Acceptance, Accepted, IdempotencyKey, NewActivity, Replay};

/// What an accepted operation puts an end to.
#[derive(Default)]
pub(super) struct Ends {
    /// The unfinished operation of the same node: as it was read, and ended.
    pub operation: Option<(Operation, Operation)>,
    /// The planned drain of the same node: the revision it was read at, and as it ends.
    pub plan: Option<(Revision, PlannedDrain)>,
}

impl Fleet {
    /// What a repeated request was answered before. Looked up before any rule is asked.
    pub(super) async fn replayed(&self, call: &Call) -> Result<Option<Operation>> {
        let Some(key) = key(call) else { return Ok(None) };
        match self.store.replay(&key, self.settings.clock.now()).await? {
            Replay::New => Ok(None),
            Replay::Replayed(operation) => Ok(Some(*operation)),
            Replay::Mismatch => Err(Error::IdempotencyMismatch),
        }
    }

    /// Keeps an operation that every guard has let pass, shows it and begins to carry it out. The caller holds the gate,
    /// so that the next one's guards see it.
    pub(super) async fn keep(self: &Arc<Self>, operation: Operation, activity: Vec<NewActivity>, ends: Ends, call: &Call) -> Result<Operation> {
        let superseded = ends.operation.as_ref().map(|(_, after)| after.clone());
        let acceptance = Acceptance { operation, activity, idempotency: key(call), supersedes: ends.operation, ends_plan: ends.plan };
        let _move = self.moves.lock().await;
        match self.store.accept(&acceptance).await? {
            Accepted::Stored(entries) => {
                self.announce(entries);
                if let Some(superseded) = superseded {
                    self.show(&superseded);
                    self.wake(&superseded.id);
                }
                if let Some((_, plan)) = &acceptance.ends_plan {
                    self.forget_plan(plan);
                }
                self.show(&acceptance.operation);
                self.reconcile(&acceptance.operation);
                Ok(acceptance.operation)
            }
            Accepted::Replayed(operation) => Ok(*operation),
            Accepted::Mismatch => Err(Error::IdempotencyMismatch),
            Accepted::PlanMoved => Err(Error::StoreUnavailable { message: say!("The planned drain of this node was changed just now; try again.") }),
            Accepted::Unfinished(operation) => Err(Refusal::OperationInProgress { operation }.into()),
        }
    }

    /// Shows an operation with its node and sends both at once. Finished ones are shown only where they failed.
    pub(super) fn show(&self, operation: &Operation) {
        let shown = !operation.state.is_finished() || operation.state == OperationState::Failed;
        let id = &operation.node_id;
        let mut view = self.view_mut();
        let facts = self.facts_of(&view, id);
        // The word of an older operation must not hide a newer one.
        let newer =
            view.get(id).and_then(|entry| entry.operation.as_ref()).is_some_and(|other| other.id != operation.id && !other.state.is_finished());
        if !newer {
            view.remember_version(operation);
            view.set_operation(id, shown.then(|| operation.clone()), facts, self.moment());
        }
        self.publish_operation(&mut view, id, operation);
        drop(view);
        self.hub.flush();
        self.wake_bulks(operation);
    }

    /// An operation as it is accepted.
    pub(super) fn new_operation(&self, kind: OperationKind, node: &Node, revision: Revision, actor: &Actor) -> Operation {
        let now = self.settings.clock.now();
        Operation {
            id: OperationId(uuid::Uuid::now_v7().to_string()),
            node_id: node.id.clone(),
            node_name: node.name.clone(),
            kind,
            state: OperationState::Pending,
            step: OperationStep::Accepted,
            attempt_count: 0,
            retryable: true,
            next_attempt_at: None,
            last_error: None,
            refusal: None,
            requested_by: actor.name.clone(),
            reason: None,
            expected_back_at: None,
            overridden: false,
            accepted_revision: revision,
            seen_stateful: Vec::new(),
            acknowledge_unread: false,
            allow_last_schedulable: false,
            version: match kind {
                OperationKind::Drain => node.version().map(str::to_owned),
                _ => node.maintenance.as_ref().and_then(|maintenance| maintenance.version.clone()),
            },
            created_at: now,
            updated_at: now,
            finished_at: None,
        }
    }
}

/// The key under which a request is remembered.
pub(super) fn key(call: &Call) -> Option<IdempotencyKey> {
    let idempotency = call.idempotency.as_ref()?;
    Some(IdempotencyKey {
        key: idempotency.key.clone(),
        actor: format!("{}:{}", call.actor.kind, call.actor.name),
        route: idempotency.route.clone(),
        body_hash: idempotency.body_hash,
    })
}

/// Rule 9: nobody overwrites blindly.
pub(super) fn check_revision(call: &Call, current: &Revision) -> std::result::Result<(), Refusal> {
    match &call.if_match {
        IfMatch::Is(revision) if revision != current => Err(Refusal::RevisionConflict { current: current.clone() }),
        IfMatch::Is(_) | IfMatch::Any => Ok(()),
    }
}

/// An entry of the activity log by whoever asked.
pub(super) fn entry_by(actor: &Actor, at: Timestamp, kind: pitlane_api::ActivityKind, message: Words) -> NewActivity {
    NewActivity { actor_kind: actor.kind, actor: Some(actor.name.clone()), origin: actor.origin.clone(), ..NewActivity::by_system(at, kind, message) }
}

/// The same about a node.
pub(super) fn about(entry: NewActivity, id: &NodeId, name: &str) -> NewActivity {
    NewActivity { node_id: Some(id.clone()), node_name: Some(name.to_owned()), ..entry }
}

/// The same operation, ended.
pub(super) fn ended(operation: &Operation, state: OperationState, now: Timestamp) -> Operation {
    Operation {
        state,
        step: OperationStep::Done,
        retryable: false,
        next_attempt_at: None,
        updated_at: later(operation, now),
        finished_at: Some(now),
        ..operation.clone()
    }
}

/// A time of change that differs from the one before, so that the store can tell the two apart.
pub(super) fn later(operation: &Operation, now: Timestamp) -> Timestamp {
    let next = super::clock::plus(operation.updated_at, std::time::Duration::from_micros(1));
    now.max(next)
}
