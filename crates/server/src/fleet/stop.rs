//! Abort and retry: the ways out while something hangs.

use std::{sync::Arc, time::Duration};

use pitlane_api::{ActivityKind, NodeId, Operation, OperationId, OperationKind, OperationState, Refusal, Words, say};

use super::{
    Call, Error, Fleet, Result,
    accept::{about, ended, entry_by},
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
        let shows = self.what_the_engine_shows(id).await;
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
            let _move = self.moves.lock().await;
            // `None`: an attempt moved it in between. Look again.
            if let Some(entries) = self.store.save_operation(&before, &after, &[entry]).await? {
                self.announce(entries);
                self.show(&after);
                self.wake(&after.id);
                return Ok(after);
            }
        }
    }

    async fn what_the_engine_shows(self: &Arc<Self>, id: &NodeId) -> Words {
        let Ok(engine_node_id) = self.engine_node_id(id) else { return say!("the engine has not shown the node") };
        match tokio::time::timeout(LOOK_FOR, self.engine.node(&engine_node_id)).await {
            Ok(answer) => match self.heard(answer) {
                Ok(node) => shows(&node),
                Err(error) => say!("what the engine shows is not known ({})", error.to_string()),
            },
            Err(_) => say!("the engine has not said yet what it shows"),
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
