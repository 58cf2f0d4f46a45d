//! Drain: put a node into maintenance. Nothing that runs is touched.

use std::sync::Arc;

use pitlane_api::{
    ActivityKind, DrainPreview, DrainRequest, Guard, GuardDemand, GuardKind, Node, NodeId, Operation, OperationKind, PlanState, PlannedDrain,
    Refusal, Scheduling, rules, say,
};

use super::{
    Call, Fleet, Result,
    accept::{Ends, about, check_revision, entry_by},
    plan::concluded,
    types::from_engine,
    view::capacities,
};
use crate::store::NewActivity;

impl Fleet {
    /// What a person should know before the click. A read: where the engine is away it says what was not read.
    pub async fn drain_preview(self: &Arc<Self>, id: &NodeId) -> Result<DrainPreview> {
        self.drain_preview_with(id, &[], None).await
    }

    /// `with`: the engine's ids of nodes that are drained with it. `fleet`: every node as it was a moment ago, for whoever asks for
    /// many previews; else it is looked at now.
    pub(super) async fn drain_preview_with(
        self: &Arc<Self>,
        id: &NodeId,
        with: &[String],
        fleet: Option<&Arc<Vec<Arc<Node>>>>,
    ) -> Result<DrainPreview> {
        let engine_node = self.view().get(id).map(|entry| entry.engine.clone()).ok_or_else(|| self.no_such_node(id))?;
        let list = self.read_list(&engine_node).await.unwrap_or_default();
        // What the engine cannot say now is no obstacle: what was not read of it stands with the list already. It is not
        // `heard` either, since a driver without notes answers this while its engine is away.
        let notes = self.engine.drain_notes(&engine_node.engine_node_id, with).await.unwrap_or_default();
        let commands = self.engine.equivalent_commands(&engine_node, Scheduling::Maintenance);
        let barred = self.engine.out_of_reach(&engine_node.engine_node_id);
        let fleet = match fleet {
            Some(fleet) => fleet.clone(),
            None => Arc::new(self.with_view_as_known(|view| view.all())),
        };
        let node = self.view().get(id).map(|entry| entry.node.clone()).ok_or_else(|| self.no_such_node(id))?;
        let capacities = capacities(&fleet, id, &barred);
        let mut preview = rules::drain_preview(&self.drain_input(&node, list.as_ref(), None, capacities), commands);
        let note = |message| Guard { kind: GuardKind::EngineNote, demand: GuardDemand::Informs, message };
        preview.guards.extend(notes.into_iter().map(note));
        Ok(preview)
    }

    /// Accepts a drain: 202 and an operation. Whether the node is in maintenance the engine tells, not this.
    ///
    /// # Errors
    /// [`super::Error`]; where it is not `Ok`, nothing was kept and nothing was changed.
    pub async fn drain(self: &Arc<Self>, id: &NodeId, request: DrainRequest, call: Call) -> Result<Operation> {
        let (fleet, id) = (self.clone(), id.clone());
        self.to_the_end(async move { fleet.accept_drain(&id, request, &call, None).await }).await
    }

    /// `begins`: the plan whose time has come. An open plan of the node is over with either: it began, or is not needed.
    pub(super) async fn accept_drain(
        self: &Arc<Self>,
        id: &NodeId,
        mut request: DrainRequest,
        call: &Call,
        begins: Option<&PlannedDrain>,
    ) -> Result<Operation> {
        if let Some(operation) = self.replayed(call).await? {
            return Ok(operation);
        }
        request.reason = rules::check_reason(&request.reason)?;
        // A plan that begins late may be overdue from its first moment, and says so.
        if begins.is_none() {
            rules::check_expected_back(request.expected_back_at, self.settings.clock.now())?;
        }
        let engine_node_id = self.engine_node_id(id)?;

        let _writing = self.lock_node(id).await;
        if let Some(operation) = self.replayed(call).await? {
            return Ok(operation);
        }
        let engine_node = self.look(&engine_node_id).await.map_err(from_engine)?;
        check_revision(call, &engine_node.revision())?;
        let list = self.read_list(&engine_node).await?;

        // From here to `keep` is one step per fleet: two drains at once cannot both pass the same guard.
        let _gate = self.gate.lock().await;
        let _pen = self.plans.hold().await;
        let plan = self.plans.open_of(id);
        if let Some(begins) = begins {
            check_plan_stands(begins, plan.as_ref())?;
        }
        let capacities = self.capacities(id, &engine_node_id);
        let operation = self.with_view_as_known(|view| -> Result<Operation> {
            let entry = view.get(id).ok_or_else(|| self.no_such_node(id))?;
            rules::check_drain(&self.drain_input(&entry.node, list.as_ref(), None, capacities), &request)?;
            Ok(Operation {
                reason: Some(request.reason.clone()),
                expected_back_at: request.expected_back_at,
                seen_stateful: request.seen_stateful.clone(),
                acknowledge_unread: request.acknowledge_unread,
                allow_last_schedulable: request.allow_last_schedulable,
                ..self.new_operation(OperationKind::Drain, &entry.node, engine_node.revision(), &call.actor)
            })
        })?;
        let asked = if begins.is_some() { say!("Asked for a drain, as it was planned.") } else { say!("Asked for a drain.") };
        let of_operation = |entry| NewActivity {
            operation_id: Some(operation.id.clone()),
            reason: operation.reason.clone(),
            ..about(entry, &operation.node_id, &operation.node_name)
        };
        let mut activity = vec![of_operation(entry_by(&call.actor, operation.created_at, ActivityKind::DrainRequested, asked))];
        let ends_plan = plan.map(|plan| {
            let (state, kind, message) = match begins {
                Some(_) => (PlanState::Started, ActivityKind::PlanStarted, say!("The time of the planned drain has come.")),
                None => (PlanState::NotNeeded, ActivityKind::PlanEnded, say!("A drain was asked for: the planned one is not needed any more.")),
            };
            activity.push(of_operation(NewActivity::by_system(operation.created_at, kind, message.clone())));
            let ended = concluded(&plan, state, Some(message), None, operation.created_at);
            (plan.revision, PlannedDrain { operation_id: Some(operation.id.clone()), ..ended })
        });
        self.keep(operation.clone(), activity, Ends { plan: ends_plan, ..Ends::default() }, call).await
    }
}

/// Whether the plan that begins is the one that is kept: nobody has changed or cancelled it meanwhile.
fn check_plan_stands(begins: &PlannedDrain, kept: Option<&PlannedDrain>) -> std::result::Result<(), Refusal> {
    match kept {
        Some(kept) if kept.revision == begins.revision => Ok(()),
        _ => Err(Refusal::RevisionConflict { current: begins.revision.clone() }),
    }
}
