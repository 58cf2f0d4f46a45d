//! What the rules are asked with: guards see the fleet as it is known at this moment.

use pitlane_api::{
    ActivateRequest, ActivationChecks, Capacity, DrainRequest, Node, NodeId, Operation, OperationId, Override, Refusal, Scheduling, Timestamp, Words,
    WorkloadList, rules, say,
};
use std::sync::Arc;

use super::{
    Fleet, Result,
    types::from_engine,
    view::{Entry, View, capacities},
};

impl Fleet {
    /// The workloads of a node: `None` where they cannot be read at all.
    ///
    /// # Errors
    /// The engine is away, or has no such node.
    pub(super) async fn read_list(self: &Arc<Self>, node: &pitlane_engine::EngineNode) -> Result<Option<WorkloadList>> {
        let id = super::view::node_id(node);
        match self.heard(self.engine.workloads(&node.engine_node_id, &id).await) {
            Ok(list) => Ok(Some(list)),
            Err(pitlane_engine::Error::Refused(why)) => {
                tracing::info!(node = %id, %why, "the engine does not let Pitlane read the workloads");
                Ok(None)
            }
            Err(pitlane_engine::Error::Unsupported(_)) => Ok(None),
            Err(error) => Err(from_engine(error)),
        }
    }

    /// The view with every beat that has come folded in, and counted: what a guard judges by.
    pub(super) fn with_view_as_known<T>(&self, judge: impl FnOnce(&mut View) -> T) -> T {
        let (judged, told) = {
            let mut view = self.view_mut();
            let mut told = self.fold_beats(&mut view);
            for id in view.aged_since_looked_at(self.moment()) {
                self.rebuild(&mut view, &id, &mut told);
            }
            (judge(&mut view), told)
        };
        self.tell_all(told);
        judged
    }

    pub(super) fn drain_input<'a>(
        &self,
        node: &'a Node,
        list: Option<&'a WorkloadList>,
        own: Option<&'a OperationId>,
        (capacity_now, capacity_after): (Capacity, Capacity),
    ) -> rules::DrainInput<'a> {
        rules::DrainInput { now: self.settings.clock.now(), node, own, list, capacity_now, capacity_after }
    }

    /// Capacity of a node's realm as it is, and as it would be without the node. The driver is asked and the fleet is summed up
    /// while the view is free: whoever judges by it holds the gate, so that nothing is accepted in between.
    pub(super) fn capacities(&self, id: &NodeId, engine_node_id: &str) -> (Capacity, Capacity) {
        let barred = self.engine.out_of_reach(engine_node_id);
        let nodes = self.with_view_as_known(|view| view.all());
        capacities(&nodes, id, &barred)
    }

    /// How to do it from a terminal.
    pub(super) fn commands(&self, id: &NodeId, target: Scheduling) -> Result<Vec<String>> {
        let engine_node = self.view().get(id).map(|entry| entry.engine.clone()).ok_or_else(|| self.no_such_node(id))?;
        Ok(self.engine.equivalent_commands(&engine_node, target))
    }

    pub(super) fn activation_input<'a>(&self, entry: &'a Entry, own: Option<&'a OperationId>) -> rules::ActivationInput<'a> {
        rules::ActivationInput {
            now: self.settings.clock.now(),
            node: &entry.node,
            own,
            heartbeat_age_s: entry.heartbeat_age_s(self.moment()),
            heartbeat_before: entry.heartbeat_before,
            reported_before: &entry.reported_before,
            clean_for_ms: entry.settle.clean_for_ms(),
            settle_window_s: self.settings.thresholds.settle_s,
            engine_reachable: self.engine_reachable(),
        }
    }

    /// `commands`: the same from a terminal.
    pub(super) fn checks(&self, entry: &Entry, commands: Vec<String>) -> ActivationChecks {
        rules::activation_checks(&self.activation_input(entry, None), commands)
    }

    /// Every guard of an accepted operation, again. `capacities`: of a drain.
    pub(super) fn guards(
        &self,
        entry: &Entry,
        operation: &Operation,
        list: Option<&WorkloadList>,
        capacities: Option<(Capacity, Capacity)>,
    ) -> std::result::Result<(), Refusal> {
        match capacities {
            Some(capacities) => rules::check_drain(&self.drain_input(&entry.node, list, Some(&operation.id), capacities), &drain_request(operation)),
            None => rules::check_activation(&self.activation_input(entry, Some(&operation.id)), &activate_request(operation)),
        }
    }

    /// Whether a refusal only says that this server has not watched long enough since its start. What was accepted
    /// before a crash waits for that instead of failing by it.
    pub(super) fn only_just_started(&self, accepted_at: Timestamp, refusal: &Refusal) -> bool {
        let elapsed = self.settings.clock.elapsed();
        let started = super::clock::minus(self.settings.clock.now(), elapsed);
        if accepted_at >= started {
            return false;
        }
        let thresholds = &self.settings.thresholds;
        match refusal {
            Refusal::ActivationBlocked { .. } => elapsed.as_secs() < thresholds.settle_s + thresholds.offline_after_s,
            Refusal::UnreadWorkloads { .. } | Refusal::LastSchedulableNode { .. } => elapsed.as_secs() < thresholds.offline_after_s,
            _ => false,
        }
    }
}

/// Why what was accepted waits although a guard refuses it now.
pub(super) fn only_just_started(refusal: &Refusal) -> Words {
    say!("The server was started again and has not watched long enough yet: {}", refusal.message())
}

/// What the person asked for, as it was kept.
fn drain_request(operation: &Operation) -> DrainRequest {
    DrainRequest {
        reason: operation.reason.clone().unwrap_or_default(),
        expected_back_at: operation.expected_back_at,
        seen_stateful: operation.seen_stateful.clone(),
        acknowledge_unread: operation.acknowledge_unread,
        allow_last_schedulable: operation.allow_last_schedulable,
    }
}

fn activate_request(operation: &Operation) -> ActivateRequest {
    let override_ = operation.overridden.then(|| Override { reason: operation.reason.clone().unwrap_or_default() });
    ActivateRequest { override_ }
}
