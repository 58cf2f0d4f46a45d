//! Changing the reason of a maintenance, or when the node is expected back.

use std::sync::Arc;

use pitlane_api::{ActivityKind, MaintenancePatch, Node, NodeId, Refusal, Scheduling, rules, say};
use pitlane_engine::{Record, SetScheduling};

use super::{
    Call, Error, Fleet, Result,
    accept::{about, check_revision, entry_by},
    intents::{Change, Wanted},
    types::from_engine,
};
use crate::store::NewActivity;

impl Fleet {
    /// Writes the record anew where the engine keeps it; scheduling stays as it is.
    pub async fn patch_maintenance(self: &Arc<Self>, id: &NodeId, patch: MaintenancePatch, call: Call) -> Result<Node> {
        let (fleet, id) = (self.clone(), id.clone());
        self.to_the_end(async move { fleet.write_patch(&id, patch, &call).await }).await
    }

    async fn write_patch(self: &Arc<Self>, id: &NodeId, patch: MaintenancePatch, call: &Call) -> Result<Node> {
        let reason = patch.reason.as_deref().map(rules::check_reason).transpose()?;
        rules::check_expected_back(patch.expected_back_at.flatten(), self.settings.clock.now())?;
        if reason.is_none() && patch.expected_back_at.is_none() {
            return Err(Error::Invalid { field: "reason".into(), message: say!("Give a reason, or when the node is expected back.") });
        }
        let engine_node_id = self.engine_node_id(id)?;
        let _writing = self.lock_node(id).await;
        let node = self.look(&engine_node_id).await.map_err(from_engine)?;
        check_revision(call, &node.revision())?;
        if node.scheduling != Scheduling::Maintenance {
            return Err(Refusal::AlreadySchedulable {}.into());
        }
        // An unfinished operation was accepted for the record as it stands.
        if let Some(operation) = self.view().get(id).and_then(|entry| entry.operation.clone()).filter(|operation| !operation.state.is_finished()) {
            return Err(Refusal::OperationInProgress { operation: Box::new(operation) }.into());
        }
        self.settle_before_the_next(id, &node).await;
        let by_us = || Record { reason: None, by: Some(call.actor.name.clone()), since: None, expected_back_at: None, operation_id: None };
        let mut record = node.record.clone().unwrap_or_else(by_us);
        if reason.is_some() {
            record.reason = reason;
        }
        if let Some(at) = patch.expected_back_at {
            record.expected_back_at = at;
        }
        let message = match (&patch.reason, patch.expected_back_at) {
            (None, Some(Some(at))) => say!("Changed when the node is expected back: {}.", at),
            (None, _) => say!("The node is no longer expected back at a time."),
            (Some(_), None) => say!("Changed the reason of the maintenance."),
            (Some(_), Some(_)) => say!("Changed the maintenance: its reason, and when the node is expected back."),
        };
        let entry = entry_by(&call.actor, self.settings.clock.now(), ActivityKind::MaintenanceChanged, message);
        let entry = NewActivity { reason: record.reason.clone(), ..about(entry, id, &node.name) };
        let wanted = Wanted::Maintenance { before: node.revision(), record: record.clone() };
        // Nothing is changed at the engine that is not written down before.
        let intent = self.intend(Change { engine_node_id: Some(engine_node_id.clone()), wanted }, entry).await?;
        let change = SetScheduling { target: Scheduling::Maintenance, record: Some(record), expected: node.revision() };
        let written = match self.heard(self.engine.set_scheduling(&engine_node_id, change).await) {
            Ok(written) => written,
            Err(error) => {
                self.intent_failed(&intent, &error).await;
                if error != pitlane_engine::Error::Conflict {
                    return Err(from_engine(error));
                }
                let current = self.look(&engine_node_id).await.map_err(from_engine)?.revision();
                return Err(Refusal::RevisionConflict { current }.into());
            }
        };
        self.put(written);
        self.intent_carried_out(&intent, None).await;
        self.node(id)
    }
}
