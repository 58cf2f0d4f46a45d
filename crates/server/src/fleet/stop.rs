//! Abort and retry: the ways out while something hangs.

use std::{sync::Arc, time::Duration};

use pitlane_api::{ActivityKind, NodeId, Operation, OperationId, OperationKind, OperationState, OperationStep, Refusal, Scheduling, Words, say};

use super::{
    Call, Error, Fleet, Result,
    accept::{about, ended, entry_by},
    intents::{Change, Wanted, new_intent},
    observe::shows,
};
use crate::store::NewActivity;

/// An engine that hangs must not keep a person from aborting.
const LOOK_FOR: Duration = Duration::from_secs(2);

impl Fleet {
    async fn operation_of(&self, id: &NodeId, operation: &OperationId) -> Result<Operation> {
        let found = self.store.operation(operation).await?.filter(|found| found.node_id == *id);
        found.ok_or_else(|| Error::NotFound(say!("Node {} has no operation {}.", id.as_str(), operation.as_str())))
    }

    /// Stops an operation. It says what the engine shows then, and undoes nothing.
    ///
    /// # Errors
    /// [`Refusal::OperationFinished`] where there is nothing left to stop.
    pub async fn abort(self: &Arc<Self>, id: &NodeId, operation: &OperationId, call: Call) -> Result<Operation> {
        let (fleet, id, operation) = (self.clone(), id.clone(), operation.clone());
        self.to_the_end(async move { fleet.abort_to_the_end(&id, &operation, &call).await }).await
    }

    async fn abort_to_the_end(self: &Arc<Self>, id: &NodeId, operation: &OperationId, call: &Call) -> Result<Operation> {
        let found = self.operation_of(id, operation).await?;
        if found.state.is_finished() {
            return Err(Refusal::OperationFinished { operation: Box::new(found) }.into());
        }
        let (shows, seen) = self.what_the_engine_shows(id).await;
        loop {
            let before = self.operation_of(id, operation).await?;
            if before.state.is_finished() {
                return Err(Refusal::OperationFinished { operation: Box::new(before) }.into());
            }
            let now = self.settings.clock.now();
            let message = match before.kind {
                OperationKind::Activate => say!("Aborted the activation: {}.", &shows),
                _ => say!("Aborted the drain: {}.", &shows),
            };
            let entry = about(entry_by(&call.actor, now, ActivityKind::OperationAborted, message.clone()), id, &before.node_name);
            let entry = NewActivity { operation_id: Some(before.id.clone()), ..entry };
            let after = Operation { last_error: Some(message), ..ended(&before, OperationState::Aborted, now) };
            // What the engine may have already can arrive after this was said: then the log must say that too.
            let change = Change { engine_node_id: self.engine_node_id(id).ok(), wanted: Wanted::Aborted { operation: before.id.clone(), seen } };
            let intent = may_be_with_the_engine(&before).then(|| new_intent(&change, entry.clone())).transpose()?;
            let _move = self.moves.lock().await;
            // `None`: an attempt moved it in between. Look again.
            if let Some(entries) = self.store.abort_operation(&before, &after, &[entry], intent.as_ref()).await? {
                if let Some(intent) = intent {
                    self.remember_intent(intent, change);
                }
                self.announce(entries);
                self.show(&after);
                self.wake(&after.id);
                return Ok(after);
            }
        }
    }

    /// In words, and the scheduling itself where the engine says it.
    async fn what_the_engine_shows(self: &Arc<Self>, id: &NodeId) -> (Words, Option<Scheduling>) {
        let Ok(engine_node_id) = self.engine_node_id(id) else { return (say!("the engine has not shown the node"), None) };
        match tokio::time::timeout(LOOK_FOR, self.engine.node(&engine_node_id)).await {
            Ok(answer) => match self.heard(answer) {
                Ok(node) => (shows(&node), Some(node.scheduling)),
                Err(error) => (say!("what the engine shows is not known ({})", error.to_string()), None),
            },
            Err(_) => (say!("the engine has not said yet what it shows"), None),
        }
    }

    /// Tries now instead of waiting for the next attempt.
    ///
    /// # Errors
    /// [`Refusal::OperationFinished`] where there is nothing left to try.
    pub async fn retry(self: &Arc<Self>, id: &NodeId, operation: &OperationId) -> Result<Operation> {
        let found = self.operation_of(id, operation).await?;
        if found.state.is_finished() {
            return Err(Refusal::OperationFinished { operation: Box::new(found) }.into());
        }
        self.reconcile(&found);
        self.wake(&found.id);
        Ok(found)
    }
}

/// Whether a write of the operation may be under way, or may have been lost on its way and arrive later.
fn may_be_with_the_engine(operation: &Operation) -> bool {
    matches!(operation.step, OperationStep::Engine | OperationStep::Confirm) || operation.attempt_count > 1
}
