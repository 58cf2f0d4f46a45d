//! Planned drains: a drain that begins later, by itself.
//!
//! A plan is a wish with a time. When that has come the drain is asked for by the very path of a single one, every guard
//! included, in the name of whoever planned it. The acceptance and the end of the plan are one transaction, and its
//! idempotency key is made of the plan's id: whatever crashes when, it begins once or not at all. A plan that a guard refuses
//! or that could not begin in time drains nothing and waits for a person's decision.
//!
//! Every change of a plan is made under the pen, which comes after the node's lock and the fleet's gate, and before the view's.

mod begin;
mod change;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use pitlane_api::{ErrorBody, NodeId, PlanState, PlannedDrain, PlannedDrains, Revision, Timestamp, Words};
use tokio::sync::MutexGuard;

use super::{Fleet, lock};
use crate::store::{NewActivity, StoredPlan};

/// What is remembered of planned drains beside the store.
#[derive(Default)]
pub(super) struct Plans {
    /// Those that are open.
    open: Mutex<HashMap<NodeId, StoredPlan>>,
    /// One change at a time: each reads, changes and keeps the whole.
    pen: tokio::sync::Mutex<()>,
    /// Of those whose time has come, by their id.
    tries: Mutex<HashMap<String, Try>>,
}

/// The attempts to begin one.
#[derive(Default)]
struct Try {
    running: bool,
    failures: u32,
    /// Not before this, by the monotonic clock.
    next: Duration,
}

impl Plans {
    /// Takes up what the store knows.
    pub(super) fn new(open: Vec<StoredPlan>) -> Self {
        let open = open.into_iter().map(|stored| (stored.plan.node_id.clone(), stored)).collect();
        Self { open: Mutex::new(open), ..Self::default() }
    }

    fn of(&self, id: &NodeId) -> Option<StoredPlan> {
        lock(&self.open).get(id).cloned()
    }

    /// The open plan of a node, for whoever holds the pen.
    pub(super) fn open_of(&self, id: &NodeId) -> Option<PlannedDrain> {
        self.of(id).map(|stored| stored.plan)
    }

    /// Nobody else changes a plan meanwhile.
    pub(super) async fn hold(&self) -> MutexGuard<'_, ()> {
        self.pen.lock().await
    }
}

impl Fleet {
    /// Those that are open, the next one first.
    pub fn planned_drains(&self) -> PlannedDrains {
        let mut plans: Vec<PlannedDrain> = lock(&self.plans.open).values().map(|stored| stored.plan.clone()).collect();
        plans.sort_by(|a, b| (a.starts_at, &a.node_name).cmp(&(b.starts_at, &b.node_name)));
        PlannedDrains { plans, server_time: self.settings.clock.now() }
    }

    /// Shows every open plan with its node.
    pub(super) fn take_up_plans(&self) {
        for plan in self.planned_drains().plans {
            self.show_plan(&plan);
        }
    }

    fn put_plan(&self, stored: StoredPlan) {
        self.show_plan(&stored.plan);
        lock(&self.plans.open).insert(stored.plan.node_id.clone(), stored);
    }

    /// It is over: nothing is shown of it any more but the activity log.
    pub(super) fn forget_plan(&self, plan: &PlannedDrain) {
        let removed = {
            let mut open = lock(&self.plans.open);
            let same = open.get(&plan.node_id).is_some_and(|stored| stored.plan.id == plan.id);
            if same { open.remove(&plan.node_id) } else { None }
        };
        if removed.is_some() {
            self.show_plan(plan);
        }
    }

    /// Shows a plan with its node, or that it is over, and sends that without waiting for the second's frame.
    fn show_plan(&self, plan: &PlannedDrain) {
        let id = &plan.node_id;
        let shown = plan.state.is_open().then(|| Box::new(plan.clone()));
        let mut view = self.view_mut();
        let facts = self.facts_of(&view, id);
        view.set_plan(id, shown, facts, self.moment());
        drop(view);
        self.urgent.notify_one();
    }

    /// The plan of a node that is gone is over too.
    pub(super) async fn end_plan_of(self: &Arc<Self>, id: &NodeId, why: Words) {
        let Some(stored) = self.plans.of(id) else { return };
        if let Err(error) = self.conclude_plan(&stored, PlanState::NotNeeded, why.to_owned(), None).await {
            // When its time comes it finds no node, and ends then.
            tracing::warn!(%error, node = %id, "the plan of a removed node could not be ended yet");
        }
    }
}

/// A revision nobody has seen.
fn new_revision() -> Revision {
    Revision(uuid::Uuid::now_v7().simple().to_string())
}

/// The same plan, in a state that only a person leads out of, or nobody.
pub(super) fn concluded(plan: &PlannedDrain, state: PlanState, message: Option<Words>, refusal: Option<ErrorBody>, now: Timestamp) -> PlannedDrain {
    PlannedDrain { state, message, last_refusal: refusal, revision: new_revision(), updated_at: now.max(plan.updated_at), ..plan.clone() }
}

/// An entry about a plan's node, with its reason.
pub(super) fn about_plan(entry: NewActivity, plan: &PlannedDrain) -> NewActivity {
    NewActivity { reason: Some(plan.reason.clone()), ..super::accept::about(entry, &plan.node_id, &plan.node_name) }
}
