//! Rule 7: requested is not done. Carries an accepted operation out until the engine confirmed it, a rule refused it,
//! or a person aborted it; through restarts of the server and absences of the engine.
//!
//! Each attempt reads the node from the engine itself, asks [`rules::decide`], and writes at most once. What it does is
//! in the store before it does it, so that a crash at any moment leaves an operation that the next attempt understands:
//! the record at the engine carries the operation's id.

use std::{sync::Arc, time::Duration};

use pitlane_api::{
    ActivityKind, Operation, OperationId, OperationKind, OperationState, OperationStep, Refusal, Scheduling, Words, WorkloadList,
    rules::{self, Decision, EngineView, OperationEventKind},
    say,
};
use pitlane_engine::{EngineNode, Record, SetScheduling};
use pitlane_supervisor::catch_panic;
use tokio::sync::Notify;

use super::{
    Fleet,
    accept::{about, ended, later},
    clock::plus,
    guards::only_just_started,
    lock,
    types::from_engine,
    view,
};
use crate::store::NewActivity;

/// What comes after an attempt.
enum Next {
    /// It is over.
    Done,
    /// Try again after this, or when woken.
    Wait(Duration),
    /// Somebody moved it in between: look again.
    Again,
}

/// How an attempt ended.
enum Outcome {
    Confirmed,
    /// The engine is away, or does not show the change yet.
    Wait(Words),
    /// A guard refused it, and it was ended.
    Refused,
    /// The engine refuses for good.
    Failed(Words),
    /// Somebody moved the operation in between.
    Moved,
}

impl Fleet {
    /// Begins to carry an operation out, unless that is being done already.
    pub(super) fn reconcile(self: &Arc<Self>, operation: &Operation) {
        let wake = {
            let mut reconcilers = lock(&self.reconcilers);
            if operation.state.is_finished() || reconcilers.contains_key(&operation.id) {
                return;
            }
            let wake = Arc::new(Notify::new());
            reconcilers.insert(operation.id.clone(), wake.clone());
            wake
        };
        let (fleet, id, node_id) = (self.clone(), operation.id.clone(), operation.node_id.clone());
        self.spawn("fleet.reconcile", async move {
            loop {
                let next = match catch_panic(fleet.attempt(&id)).await {
                    Ok(next) => next,
                    Err(panic) => fleet.attempt_panicked(&id, &panic).await,
                };
                match next {
                    Next::Done => break,
                    Next::Again => {}
                    Next::Wait(pause) => tokio::select! {
                        () = fleet.settings.clock.after(pause) => {}
                        () = wake.notified() => {}
                    },
                }
            }
            lock(&fleet.reconcilers).remove(&id);
            fleet.look_after(&node_id);
        });
    }

    /// Lets an operation try now.
    pub(super) fn wake(&self, id: &OperationId) {
        if let Some(wake) = lock(&self.reconcilers).get(id) {
            wake.notify_one();
        }
    }

    /// Lets every operation try now, and what waits to be begun.
    pub(super) fn wake_all(&self) {
        for wake in lock(&self.reconcilers).values() {
            wake.notify_one();
        }
        self.wake_all_bulks();
        self.wake_plans();
    }

    /// Lets the unfinished operation of a node try now.
    pub(super) fn wake_node(&self, id: &pitlane_api::NodeId) {
        let operation = self.view().operation(id).map(|operation| operation.id.clone());
        if let Some(operation) = operation {
            self.wake(&operation);
        }
    }

    fn pause(&self, attempt: u32) -> Duration {
        self.settings.backoff.wait(attempt, rand::random())
    }

    async fn attempt(self: &Arc<Self>, id: &OperationId) -> Next {
        let node_id = match self.store.operation(id).await {
            Ok(Some(operation)) if !operation.state.is_finished() => operation.node_id,
            Ok(_) => return Next::Done,
            Err(error) => return self.store_failed(&error, 1),
        };
        let _writing = self.lock_node(&node_id).await;
        let before = match self.store.operation(id).await {
            Ok(Some(operation)) if !operation.state.is_finished() => operation,
            Ok(_) => return Next::Done,
            Err(error) => return self.store_failed(&error, 1),
        };
        let Some(state) = rules::transition(before.state, OperationEventKind::Begin) else { return Next::Done };
        let now = self.settings.clock.now();
        let begun = Operation {
            state,
            // What was written is remembered: if the engine shows the old state after that, somebody took it back.
            step: if before.step == OperationStep::Confirm { OperationStep::Confirm } else { OperationStep::Guards },
            attempt_count: before.attempt_count.saturating_add(1),
            next_attempt_at: None,
            updated_at: later(&before, now),
            ..before.clone()
        };
        match self.move_on(&before, &begun, Vec::new()).await {
            Ok(true) => {}
            Ok(false) => return Next::Again,
            Err(error) => return self.store_failed(&error, begun.attempt_count),
        }
        let mut current = begun;
        match self.carry_out(&mut current).await {
            Ok(outcome) => self.conclude(current, outcome).await,
            Err(error) => self.store_failed(&error, current.attempt_count),
        }
    }

    /// An attempt panicked. What it held is let go, what it kept stands: the operation waits for the next attempt, and says why.
    async fn attempt_panicked(self: &Arc<Self>, id: &OperationId, panic: &str) -> Next {
        self.supervisor.note_panic("fleet.reconcile", panic);
        let waits = async {
            match self.store.operation(id).await {
                Ok(Some(operation)) if !operation.state.is_finished() => self.conclude(operation, Outcome::Wait(attempt_failed())).await,
                Ok(_) => Next::Done,
                Err(error) => self.store_failed(&error, 1),
            }
        };
        catch_panic(waits).await.unwrap_or_else(|panic| {
            self.supervisor.note_panic("fleet.reconcile", &panic);
            Next::Wait(self.settings.backoff.max)
        })
    }

    /// The store would not have it: nothing is lost, since what it has is where the next attempt begins.
    fn store_failed(&self, error: &crate::store::Error, attempt: u32) -> Next {
        tracing::warn!(%error, "an operation waits for the store");
        Next::Wait(self.pause(attempt))
    }

    /// Saves a step and shows it. `false`: somebody moved the operation in between, nothing was saved.
    async fn move_on(&self, before: &Operation, after: &Operation, activity: Vec<NewActivity>) -> crate::store::Result<bool> {
        let _move = self.moves.lock().await;
        match self.store.save_operation(before, after, &activity).await? {
            Some(entries) => {
                self.announce(entries);
                self.show(after);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Reads, judges, writes. `current` is moved along as steps are saved.
    async fn carry_out(self: &Arc<Self>, current: &mut Operation) -> crate::store::Result<Outcome> {
        let engine_node_id = match self.engine_node_id(&current.node_id) {
            Ok(engine_node_id) => engine_node_id,
            Err(super::Error::NotFound(message)) => return Ok(Outcome::Failed(message)),
            Err(error) => return Ok(Outcome::Wait(error.words())),
        };
        let node = match self.look(&engine_node_id).await {
            Ok(node) => node,
            Err(error) => return Ok(after_error(error)),
        };
        let list = match current.kind {
            OperationKind::Drain => match self.read_list(&node).await {
                Ok(list) => list,
                Err(error) => return Ok(Outcome::Wait(error.words())),
            },
            _ => None,
        };
        // Guards that look at other nodes, and the step that lets others see what was decided, are one step per fleet.
        {
            let _gate = self.gate.lock().await;
            match self.judge(current, &node, list.as_ref()) {
                Decision::Complete => return Ok(Outcome::Confirmed),
                Decision::Fail(refusal) if self.only_just_started(current.created_at, &refusal) => {
                    return Ok(Outcome::Wait(only_just_started(&refusal)));
                }
                Decision::Fail(refusal) => return self.refuse(current, refusal).await,
                Decision::Write => {}
            }
            let writing = Operation { step: OperationStep::Engine, updated_at: later(current, self.settings.clock.now()), ..current.clone() };
            if !self.move_on(current, &writing, Vec::new()).await? {
                return Ok(Outcome::Moved);
            }
            *current = writing;
        }
        let change = self.change(current, &node);
        let written = match self.heard(self.engine.set_scheduling(&engine_node_id, change).await) {
            Ok(written) => written,
            Err(error) => return Ok(after_error(error)),
        };
        self.put(written.clone());
        let confirming = Operation { step: OperationStep::Confirm, updated_at: later(current, self.settings.clock.now()), ..current.clone() };
        if matches!(self.judge(&confirming, &written, list.as_ref()), Decision::Complete) {
            return Ok(Outcome::Confirmed);
        }
        if !self.move_on(current, &confirming, Vec::new()).await? {
            return Ok(Outcome::Moved);
        }
        *current = confirming;
        Ok(Outcome::Wait(say!("The engine took the change and does not show it yet.")))
    }

    fn judge(&self, operation: &Operation, node: &EngineNode, list: Option<&WorkloadList>) -> Decision {
        let revision = node.revision();
        let record_operation = node.record.as_ref().and_then(|record| record.operation_id.as_ref());
        let shown = EngineView { scheduling: node.scheduling, revision: &revision, record_operation };
        let id = view::node_id(node);
        let capacities = match operation.kind {
            OperationKind::Drain => Some(self.capacities(&id, &node.engine_node_id)),
            _ => None,
        };
        self.with_view_as_known(|view| {
            rules::decide(operation, shown, || match view.get(&id) {
                Some(entry) => self.guards(entry, operation, list, capacities),
                None => Err(Refusal::NodeIsDeleting {}),
            })
        })
    }

    fn change(&self, operation: &Operation, node: &EngineNode) -> SetScheduling {
        let (target, record) = match operation.kind {
            OperationKind::Drain => {
                let record = Record {
                    reason: operation.reason.clone(),
                    by: Some(operation.requested_by.clone()),
                    since: Some(self.settings.clock.now()),
                    expected_back_at: operation.expected_back_at,
                    operation_id: Some(operation.id.clone()),
                };
                (Scheduling::Maintenance, Some(record))
            }
            _ => (Scheduling::Schedulable, None),
        };
        SetScheduling { target, record, expected: node.revision() }
    }

    /// Ends an operation that a guard refused, while the gate is held: the next one's guards see that it is over.
    async fn refuse(&self, current: &mut Operation, refusal: Refusal) -> crate::store::Result<Outcome> {
        let now = self.settings.clock.now();
        let message = refusal.message();
        let failed = Operation { last_error: Some(message.clone()), refusal: Some(refusal.body()), ..ended(current, OperationState::Failed, now) };
        let text = failed_because(current.kind, &message);
        if self.move_on(current, &failed, vec![self.entry(current, ActivityKind::OperationFailed, text)]).await? {
            *current = failed;
            Ok(Outcome::Refused)
        } else {
            Ok(Outcome::Moved)
        }
    }

    fn entry(&self, operation: &Operation, kind: ActivityKind, message: Words) -> NewActivity {
        let entry = NewActivity::by_system(self.settings.clock.now(), kind, message);
        NewActivity {
            operation_id: Some(operation.id.clone()),
            reason: operation.reason.clone(),
            ..about(entry, &operation.node_id, &operation.node_name)
        }
    }

    async fn conclude(self: &Arc<Self>, current: Operation, outcome: Outcome) -> Next {
        let now = self.settings.clock.now();
        let attempt = current.attempt_count;
        let (after, activity, next) = match outcome {
            Outcome::Moved => return self.moved(&current).await,
            // It was ended under the gate.
            Outcome::Refused => return Next::Done,
            Outcome::Confirmed => {
                let (kind, text) = match current.kind {
                    OperationKind::Drain => (ActivityKind::Drained, say!("In maintenance: the engine confirmed it.")),
                    _ => (ActivityKind::Activated, say!("Schedulable: the engine confirmed it.")),
                };
                let after = Operation { last_error: None, ..ended(&current, OperationState::Completed, now) };
                (after, vec![self.entry(&current, kind, text)], Next::Done)
            }
            Outcome::Failed(message) => {
                let after = Operation { last_error: Some(message.clone()), ..ended(&current, OperationState::Failed, now) };
                let text = failed_because(current.kind, &message);
                (after, vec![self.entry(&current, ActivityKind::OperationFailed, text)], Next::Done)
            }
            Outcome::Wait(why) => {
                let pause = self.pause(attempt);
                let after = Operation {
                    state: OperationState::WaitingReconcile,
                    retryable: true,
                    next_attempt_at: Some(plus(now, pause)),
                    last_error: Some(why),
                    updated_at: later(&current, now),
                    ..current.clone()
                };
                (after, Vec::new(), Next::Wait(pause))
            }
        };
        match self.move_on(&current, &after, activity).await {
            Ok(true) => next,
            Ok(false) => self.moved(&current).await,
            Err(error) => self.store_failed(&error, attempt),
        }
    }

    /// Somebody ended the operation while it was with the engine. What the engine shows now is the truth, and is told.
    async fn moved(self: &Arc<Self>, current: &Operation) -> Next {
        let kept = match self.store.operation(&current.id).await {
            Ok(Some(kept)) => kept,
            Ok(None) => return Next::Done,
            Err(error) => return self.store_failed(&error, current.attempt_count),
        };
        if !kept.state.is_finished() {
            return Next::Again;
        }
        if self.intents.has_open(&current.node_id)
            && let Ok(engine_node_id) = self.engine_node_id(&current.node_id)
            && let Err(error) = self.look(&engine_node_id).await
        {
            tracing::debug!(%error, "what became of an aborted operation is looked for again");
        }
        Next::Done
    }
}

fn failed_because(kind: OperationKind, why: &Words) -> Words {
    match kind {
        OperationKind::Activate => say!("The activation failed: {}", why),
        _ => say!("The drain failed: {}", why),
    }
}

fn attempt_failed() -> Words {
    say!("Pitlane itself failed at this attempt, and tries again. Its log says more.")
}

/// Whether the engine shows what the operation asked for, by the operation's own hand.
pub(super) fn arrived(operation: &Operation, node: &EngineNode) -> bool {
    match operation.kind {
        OperationKind::Drain => {
            let record = node.record.as_ref().and_then(|record| record.operation_id.as_ref());
            node.scheduling == Scheduling::Maintenance && record == Some(&operation.id)
        }
        _ => node.scheduling == Scheduling::Schedulable,
    }
}

/// What an engine's error means for an operation.
fn after_error(error: pitlane_engine::Error) -> Outcome {
    use pitlane_engine::Error as E;
    match error {
        E::Unreachable { .. } => Outcome::Wait(from_engine(error).words()),
        // The node changed between reading and writing: the next attempt reads it and decides anew.
        E::Conflict => Outcome::Wait(say!("The node was changed at the engine meanwhile.")),
        E::Failed(_) => Outcome::Wait(attempt_failed()),
        E::NotFound(_) | E::Refused(_) | E::Unsupported(_) => Outcome::Failed(from_engine(error).words()),
    }
}
