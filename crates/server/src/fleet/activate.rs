//! Activate: bring a node back to where the scheduler may place on it. Gated on health, with an override.

use std::sync::Arc;

use pitlane_api::{
    ActivateRequest, ActivationChecks, ActivityKind, ClearForWork, EngineKind, NodeId, NodeSource, Operation, OperationKind, OperationState,
    Override, Scheduling, rules, say,
};

use super::{
    Call, Fleet, Result,
    accept::{Ends, about, check_revision, ended, entry_by},
    types::from_engine,
};
use crate::store::NewActivity;

impl Fleet {
    /// Every check, and how long everything has been clean.
    pub fn activation_checks(&self, id: &NodeId) -> Result<ActivationChecks> {
        let commands = self.commands(id, Scheduling::Schedulable)?;
        self.with_view_as_known(|view| view.get(id).map(|entry| self.checks(entry, commands)).ok_or_else(|| self.no_such_node(id)))
    }

    /// Whether the host can be wiped without losing data. Said only of what was read from the engine just now.
    pub async fn clear_for_work(self: &Arc<Self>, id: &NodeId) -> Result<ClearForWork> {
        let engine_node_id = self.engine_node_id(id)?;
        let _writing = self.lock_node(id).await;
        let Ok(engine_node) = self.look(&engine_node_id).await else {
            let not_read = vec![say!("Anything: the engine does not answer.")];
            return Ok(ClearForWork { clear: false, because: Vec::new(), not_read });
        };
        let list = self.read_list(&engine_node).await.unwrap_or_default();
        let view = self.view();
        let entry = view.get(id).ok_or_else(|| self.no_such_node(id))?;
        let agent = self.agents.facts(&engine_node_id);
        let known = self.settings.machine_id.is_some() && (agent.is_some() || entry.node.node_source == NodeSource::Simulated);
        Ok(rules::clear_for_work(&rules::ClearInput {
            now: self.settings.clock.now(),
            scheduling: engine_node.scheduling,
            operation: entry.operation.as_ref(),
            list: list.as_ref(),
            holds_engine_data: match self.engine.kind() {
                EngineKind::Embedded => Some(false),
                _ => engine_node.report.holds_engine_data,
            },
            holds_pitlane_store: (known || entry.node.runs_pitlane).then_some(entry.node.runs_pitlane),
        }))
    }

    /// Accepts an activation: 202 and an operation. A drain that is pending is aborted by it.
    ///
    /// # Errors
    /// [`super::Error`]; where it is not `Ok`, nothing was kept and nothing was changed.
    pub async fn activate(self: &Arc<Self>, id: &NodeId, request: ActivateRequest, call: Call) -> Result<Operation> {
        let (fleet, id) = (self.clone(), id.clone());
        self.to_the_end(async move { fleet.accept_activation(&id, request, &call).await }).await
    }

    async fn accept_activation(self: &Arc<Self>, id: &NodeId, request: ActivateRequest, call: &Call) -> Result<Operation> {
        if let Some(operation) = self.replayed(call).await? {
            return Ok(operation);
        }
        let reason = match &request.override_ {
            Some(override_) => Some(
                rules::check_reason(&override_.reason)
                    .map_err(|error| super::Error::Invalid { field: "override.reason".into(), message: error.message })?,
            ),
            None => None,
        };
        let request = ActivateRequest { override_: reason.clone().map(|reason| Override { reason }) };
        let engine_node_id = self.engine_node_id(id)?;

        // The node's lock: an attempt of a pending drain is over before this goes on, so that nothing is in flight.
        let _writing = self.lock_node(id).await;
        if let Some(operation) = self.replayed(call).await? {
            return Ok(operation);
        }
        let engine_node = self.look(&engine_node_id).await.map_err(from_engine)?;
        check_revision(call, &engine_node.revision())?;

        let _gate = self.gate.lock().await;
        let (operation, pending) = self.with_view_as_known(|view| -> Result<_> {
            let entry = view.get(id).ok_or_else(|| self.no_such_node(id))?;
            rules::check_activation(&self.activation_input(entry, None), &request)?;
            let new = self.new_operation(OperationKind::Activate, &entry.node, engine_node.revision(), &call.actor);
            let pending = entry.operation.clone().filter(|operation| !operation.state.is_finished());
            Ok((Operation { overridden: reason.is_some(), reason: reason.clone(), ..new }, pending))
        })?;
        let now = self.settings.clock.now();
        let message = if operation.overridden { say!("Asked for an activation, and overrode the checks.") } else { say!("Asked for an activation.") };
        let requested = NewActivity {
            operation_id: Some(operation.id.clone()),
            reason: operation.reason.clone(),
            ..about(entry_by(&call.actor, now, ActivityKind::ActivateRequested, message), id, &operation.node_name)
        };
        let mut activity = Vec::new();
        let superseded = pending.map(|before| {
            let aborted = entry_by(&call.actor, now, ActivityKind::OperationAborted, say!("Aborted the pending drain by asking for an activation."));
            activity.push(NewActivity { operation_id: Some(before.id.clone()), ..about(aborted, id, &operation.node_name) });
            let after = Operation { last_error: Some(say!("An activation was asked for.")), ..ended(&before, OperationState::Aborted, now) };
            (before, after)
        });
        activity.push(requested);
        self.keep(operation, activity, Ends { operation: superseded, ..Ends::default() }, call).await
    }
}
