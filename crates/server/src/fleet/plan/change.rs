//! Planning a drain, changing a plan, cancelling it.

use std::sync::Arc;

use pitlane_api::{ActivityKind, NodeId, PlanPatch, PlanRequest, PlanState, PlannedDrain, Refusal, Words, WorkloadList, rules, say};

use super::{about_plan, concluded, new_revision};
use crate::{
    fleet::{
        Call, Error, Fleet, IfMatch, Result,
        accept::{check_revision, entry_by, key},
        bulk::written,
        types::from_engine,
    },
    store::{PlanAccepted, StoredPlan},
};

impl Fleet {
    /// Plans a drain. The times, the reason and what stays on the node are checked now, and all of it again when the time has come.
    ///
    /// # Errors
    /// [`Error`]; where it is not `Ok`, nothing was kept.
    pub async fn plan_drain(self: &Arc<Self>, id: &NodeId, request: PlanRequest, call: Call) -> Result<PlannedDrain> {
        let (fleet, id) = (self.clone(), id.clone());
        self.to_the_end(async move { fleet.keep_plan(&id, request, &call).await }).await
    }

    async fn keep_plan(self: &Arc<Self>, id: &NodeId, request: PlanRequest, call: &Call) -> Result<PlannedDrain> {
        let key = key(call);
        if let Some(key) = &key
            && let Some(earlier) = self.store.replay_plan(key, self.settings.clock.now()).await?
        {
            return replayed(earlier);
        }
        let blank = self.blank_plan(id, call)?;
        let plan = rules::planned(&request, blank, self.settings.clock.now())?;
        let list = self.read_for_plan(id, call).await?;

        let _pen = self.plans.hold().await;
        let before = self.plans.open_of(id);
        if let Some(plan) = before.as_ref().filter(|plan| plan.state.may_begin()) {
            return Err(Refusal::AlreadyPlanned { plan: Box::new(plan.clone()) }.into());
        }
        self.check_plan(&plan, list.as_ref())?;
        let now = self.settings.clock.now();
        // One that was refused or missed has been answered by this.
        let replaces = before.map(|before| (before.revision.clone(), concluded(&before, PlanState::Cancelled, None, None, now)));
        let entry = entry_by(&call.actor, now, ActivityKind::DrainPlanned, say!("Planned a drain for {}.", plan.starts_at));
        let stored = StoredPlan { plan, actor: written(&call.actor)? };
        let entry = about_plan(entry, &stored.plan);
        match self.store.accept_plan(&stored, replaces.as_ref(), key.as_ref(), &[entry]).await? {
            PlanAccepted::Stored(entries) => {
                self.announce(entries);
                self.put_plan(stored.clone());
                Ok(stored.plan)
            }
            earlier => replayed(earlier),
        }
    }

    fn blank_plan(&self, id: &NodeId, call: &Call) -> Result<PlannedDrain> {
        let now = self.settings.clock.now();
        Ok(PlannedDrain {
            id: uuid::Uuid::now_v7().to_string(),
            node_id: id.clone(),
            node_name: self.node(id)?.name,
            revision: new_revision(),
            state: PlanState::Waiting,
            reason: String::new(),
            starts_at: now,
            expected_back_at: None,
            seen_stateful: Vec::new(),
            acknowledge_unread: false,
            allow_last_schedulable: false,
            by: call.actor.name.clone(),
            created_at: now,
            updated_at: now,
            message: None,
            last_refusal: None,
            operation_id: None,
        })
    }

    /// Reads what is on the node now, at the revision of the call.
    async fn read_for_plan(self: &Arc<Self>, id: &NodeId, call: &Call) -> Result<Option<WorkloadList>> {
        let engine_node_id = self.engine_node_id(id)?;
        let _writing = self.lock_node(id).await;
        let engine_node = self.look(&engine_node_id).await.map_err(from_engine)?;
        check_revision(call, &engine_node.revision())?;
        self.read_list(&engine_node).await
    }

    fn check_plan(&self, plan: &PlannedDrain, list: Option<&WorkloadList>) -> Result<()> {
        let capacities = self.capacities(&plan.node_id, &self.engine_node_id(&plan.node_id)?);
        self.with_view_as_known(|view| {
            let entry = view.get(&plan.node_id).ok_or_else(|| self.no_such_node(&plan.node_id))?;
            Ok(rules::check_plan(&self.drain_input(&entry.node, list, None, capacities), plan)?)
        })
    }

    fn stored_plan(&self, id: &NodeId, call: &Call) -> Result<StoredPlan> {
        let stored = self.plans.of(id).ok_or_else(|| Error::NotFound(say!("No drain of this node is planned.")))?;
        check_revision(call, &stored.plan.revision)?;
        Ok(stored)
    }

    /// Changes a plan; one that was refused or missed is planned anew by that. `If-Match` is the plan's revision.
    ///
    /// # Errors
    /// [`Error`]; where it is not `Ok`, nothing was changed.
    pub async fn change_plan(self: &Arc<Self>, id: &NodeId, patch: PlanPatch, call: Call) -> Result<PlannedDrain> {
        let (fleet, id) = (self.clone(), id.clone());
        self.to_the_end(async move { fleet.keep_changed_plan(&id, &patch, &call).await }).await
    }

    async fn keep_changed_plan(self: &Arc<Self>, id: &NodeId, patch: &PlanPatch, call: &Call) -> Result<PlannedDrain> {
        if *patch == PlanPatch::default() {
            return Err(Error::Invalid { field: "starts_at".into(), message: say!("Give what shall change: the reason, a time, or what was seen.") });
        }
        let stored = self.stored_plan(id, call)?;
        rules::plan_changed(&stored.plan, patch, self.settings.clock.now())?;
        let guarded = rules::patch_needs_guards(&stored.plan, patch);
        // Of the node the person may have seen any revision: what counts is what stays on it.
        let list = if guarded { self.read_for_plan(id, &Call { if_match: IfMatch::Any, ..call.clone() }).await? } else { None };

        let _pen = self.plans.hold().await;
        // It may have begun, or somebody else may have changed it, since it was read.
        let before = self.stored_plan(id, call)?.plan;
        let now = self.settings.clock.now();
        let changed = rules::plan_changed(&before, patch, now)?;
        if guarded {
            self.check_plan(&changed, list.as_ref())?;
        }
        let plan = PlannedDrain { revision: new_revision(), by: call.actor.name.clone(), ..changed };
        let entry = entry_by(&call.actor, now, ActivityKind::PlanChanged, in_words(&before, &plan));
        let entry = about_plan(entry, &plan);
        let stored = StoredPlan { plan, actor: written(&call.actor)? };
        self.save_plan(&before, stored.clone(), vec![entry]).await?;
        Ok(stored.plan)
    }

    /// Cancels a plan, or dismisses one that was refused or missed.
    ///
    /// # Errors
    /// [`Error::NotFound`] where none is open.
    pub async fn cancel_plan(self: &Arc<Self>, id: &NodeId, call: Call) -> Result<PlannedDrain> {
        let (fleet, id) = (self.clone(), id.clone());
        let work = async move {
            let _pen = fleet.plans.hold().await;
            let StoredPlan { plan, actor } = fleet.stored_plan(&id, &call)?;
            let message = match plan.state {
                PlanState::Refused => say!("Dismissed the planned drain that was refused."),
                PlanState::Missed => say!("Dismissed the planned drain that was missed."),
                _ => say!("Cancelled the planned drain."),
            };
            let now = fleet.settings.clock.now();
            let entry = about_plan(entry_by(&call.actor, now, ActivityKind::PlanCancelled, message), &plan);
            let cancelled = concluded(&plan, PlanState::Cancelled, plan.message.clone(), plan.last_refusal.clone(), now);
            fleet.save_plan(&plan, StoredPlan { plan: cancelled.clone(), actor }, vec![entry]).await?;
            Ok(cancelled)
        };
        self.to_the_end(work).await
    }

    /// Keeps a plan in the place of `before` and shows it. The caller holds the pen.
    pub(super) async fn save_plan(&self, before: &PlannedDrain, after: StoredPlan, activity: Vec<crate::store::NewActivity>) -> Result<()> {
        let Some(entries) = self.store.save_plan(&before.revision, &after, &activity).await? else {
            return Err(Refusal::RevisionConflict { current: before.revision.clone() }.into());
        };
        self.announce(entries);
        if after.plan.state.is_open() {
            self.put_plan(after);
        } else {
            self.forget_plan(&after.plan);
        }
        Ok(())
    }
}

fn replayed(earlier: PlanAccepted) -> Result<PlannedDrain> {
    match earlier {
        PlanAccepted::Replayed(plan) => Ok(*plan),
        PlanAccepted::Mismatch => Err(Error::IdempotencyMismatch),
        PlanAccepted::Open(plan) => Err(Refusal::AlreadyPlanned { plan }.into()),
        PlanAccepted::Stored(_) => Err(Error::Internal("an answer that nobody gives".into())),
    }
}

/// What has changed, for the activity log.
fn in_words(before: &PlannedDrain, after: &PlannedDrain) -> Words {
    let mut changes = Vec::new();
    if before.starts_at != after.starts_at {
        changes.push(say!("it begins at {}", after.starts_at));
    }
    match after.expected_back_at {
        at if at == before.expected_back_at => {}
        Some(at) => changes.push(say!("the node is expected back at {}", at)),
        None => changes.push(say!("the node is no longer expected back at a time")),
    }
    if before.reason != after.reason {
        changes.push(say!("it has another reason"));
    }
    if (&before.seen_stateful, before.acknowledge_unread) != (&after.seen_stateful, after.acknowledge_unread) {
        changes.push(say!("what stays on the node was looked at again"));
    }
    if changes.is_empty() { say!("Changed the planned drain.") } else { say!("Changed the planned drain: {}.", Words::listed(changes)) }
}
