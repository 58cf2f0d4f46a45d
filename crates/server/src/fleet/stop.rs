//! Abort and retry: the ways out while something hangs.

use std::{sync::Arc, time::Duration};

use pitlane_api::{ActivityKind, NodeId, Operation, OperationId, OperationState, Refusal};

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
        found.ok_or_else(|| Error::NotFound(format!("Node {id} has no operation {operation}.")))
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
            let message = format!("Aborted the {}: {shows}.", before.kind);
            let entry = about(entry_by(&call.actor, now, ActivityKind::OperationAborted, &message), id, &before.node_name);
            let entry = NewActivity { operation_id: Some(before.id.clone()), ..entry };
            let after = Operation { last_error: Some(message), ..ended(&before, OperationState::Aborted, now) };
            // `None`: an attempt moved it in between. Look again.
            if let Some(entries) = self.store.save_operation(&before, &after, &[entry]).await? {
                self.announce(entries);
                self.show(&after);
                self.wake(&after.id);
                return Ok(after);
            }
        }
    }

    async fn what_the_engine_shows(self: &Arc<Self>, id: &NodeId) -> String {
        let Ok(engine_node_id) = self.engine_node_id(id) else { return "the engine has not shown the node".into() };
        match tokio::time::timeout(LOOK_FOR, self.engine.node(&engine_node_id)).await {
            Ok(answer) => match self.heard(answer) {
                Ok(node) => shows(&node).to_owned(),
                Err(error) => format!("what the engine shows is not known ({error})"),
            },
            Err(_) => "the engine has not said yet what it shows".into(),
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
