//! Beginning planned drains when their time has come.
//!
//! The wall clock says when, since that is what people agreed on, and somebody may set it: so it is looked at every second
//! instead of sleeping until then. Pauses between attempts are counted by the monotonic clock.

use std::sync::Arc;

use pitlane_api::{
    ActivityKind, ErrorBody, Operation, OperationKind, PlanState, PlannedDrain, Refusal, Timestamp, Words,
    rules::{self, PlanNext},
    say,
};

use pitlane_supervisor::catch_panic;

use super::{Try, about_plan, concluded};
use crate::{
    fleet::{Call, Error, Fleet, Idempotency, IfMatch, Result, bulk::read, guards::only_just_started, lock},
    store::{NewActivity, SecretHash, StoredPlan},
};

/// What became of an attempt.
pub(super) enum Turn {
    /// It is over, or somebody else moved it.
    Settled,
    /// Something is away; for a person.
    Waits(Words),
}

impl Fleet {
    /// Called every second: begins what is due and is not being begun.
    pub(in crate::fleet) fn begin_plans(self: &Arc<Self>) {
        let (now, elapsed) = (self.settings.clock.now(), self.settings.clock.elapsed());
        let due: Vec<StoredPlan> = {
            let open = lock(&self.plans.open);
            let mut tries = lock(&self.plans.tries);
            let is_due = |stored: &&StoredPlan| {
                matches!(rules::plan_next(&stored.plan, now), PlanNext::Begin | PlanNext::Miss)
                    && tries.get(&stored.plan.id).is_none_or(|last| !last.running && last.next <= elapsed)
            };
            let due: Vec<StoredPlan> = open.values().filter(is_due).cloned().collect();
            for stored in &due {
                tries.entry(stored.plan.id.clone()).or_default().running = true;
            }
            due
        };
        for stored in due {
            let fleet = self.clone();
            self.spawn("fleet.plans", async move {
                let turn = catch_panic(fleet.begin_plan(&stored)).await.unwrap_or_else(|panic| {
                    fleet.supervisor.note_panic("fleet.plans", &panic);
                    Err(Error::Internal(panic))
                });
                fleet.after_try(&stored, turn).await;
            });
        }
    }

    /// Lets every plan that is due try now.
    pub(in crate::fleet) fn wake_plans(&self) {
        for last in lock(&self.plans.tries).values_mut() {
            last.next = std::time::Duration::ZERO;
        }
    }

    async fn after_try(self: &Arc<Self>, stored: &StoredPlan, turn: Result<Turn>) {
        let id = &stored.plan.id;
        let why = match turn {
            Ok(Turn::Settled) => {
                lock(&self.plans.tries).remove(id);
                return;
            }
            Ok(Turn::Waits(why)) => why,
            Err(error) => error.words(),
        };
        tracing::warn!(node = %stored.plan.node_id, %why, "a planned drain waits");
        {
            let mut tries = lock(&self.plans.tries);
            let failures = tries.get(id).map_or(0, |last| last.failures).saturating_add(1);
            let next = self.settings.clock.elapsed() + self.settings.backoff.wait(failures, rand::random());
            tries.insert(id.clone(), Try { running: false, failures, next });
        }
        if let Err(error) = self.plan_waits(stored, why).await {
            tracing::debug!(%error, "why it waits could not be kept");
        }
    }

    async fn begin_plan(self: &Arc<Self>, stored: &StoredPlan) -> Result<Turn> {
        let plan = &stored.plan;
        if rules::plan_next(plan, self.settings.clock.now()) == PlanNext::Miss {
            let why = match &plan.message {
                None => say!("Pitlane did not run at that time."),
                Some(why) => say!("It waited for this: {}", why),
            };
            let message = why.after(say!("Not begun: half an hour after its time it was too late."));
            return self.conclude_plan(stored, PlanState::Missed, message, None).await;
        }
        let idempotency = Idempotency { key: plan.id.clone(), route: format!("planned drain {}", plan.node_id), body_hash: SecretHash::of(&plan.id) };
        let call = Call { actor: read(&stored.actor)?, if_match: IfMatch::Any, idempotency: Some(idempotency) };
        let refusal = match self.drain_as_planned(plan, call).await {
            Ok(_) => {
                // An answer of the store that was lost on its way leaves it here.
                self.forget_plan(&PlannedDrain { state: PlanState::Started, ..plan.clone() });
                return Ok(Turn::Settled);
            }
            Err(Error::Refused(refusal)) => refusal,
            Err(Error::NotFound(message)) => return self.conclude_plan(stored, PlanState::NotNeeded, message, None).await,
            // The engine or the store is away: that is no refusal, and it is tried again.
            Err(error @ (Error::EngineUnavailable { .. } | Error::StoreUnavailable { .. } | Error::ShuttingDown | Error::Internal(_))) => {
                return Ok(Turn::Waits(error.words()));
            }
            Err(error) => return self.conclude_plan(stored, PlanState::Refused, error.words(), None).await,
        };
        match &refusal {
            // Somebody changed the plan in between: the next second looks at it anew.
            Refusal::RevisionConflict { .. } => Ok(Turn::Settled),
            Refusal::OperationInProgress { operation } if operation.kind != OperationKind::Drain => Ok(Turn::Waits(refusal.message())),
            Refusal::AlreadyInMaintenance { .. } | Refusal::OperationInProgress { .. } => {
                self.conclude_plan(stored, PlanState::NotNeeded, refusal.message(), None).await
            }
            _ if self.only_just_started(plan.created_at, &refusal) => Ok(Turn::Waits(only_just_started(&refusal))),
            _ => self.conclude_plan(stored, PlanState::Refused, refusal.message(), Some(refusal.body())).await,
        }
    }

    async fn drain_as_planned(self: &Arc<Self>, plan: &PlannedDrain, call: Call) -> Result<Operation> {
        let (fleet, plan) = (self.clone(), plan.clone());
        self.to_the_end(async move { fleet.accept_drain(&plan.node_id, rules::drain_of(&plan), &call, Some(&plan)).await }).await
    }

    /// Notes what a plan waits for. Its revision stays: nothing changed that a person has to look at before they decide.
    async fn plan_waits(&self, stored: &StoredPlan, why: Words) -> Result<()> {
        let _pen = self.plans.hold().await;
        let before = match self.plans.open_of(&stored.plan.node_id) {
            Some(before) if before.revision == stored.plan.revision && before.message.as_ref() != Some(&why) => before,
            _ => return Ok(()),
        };
        let plan = PlannedDrain { state: PlanState::Due, message: Some(why), updated_at: self.settings.clock.now(), ..before.clone() };
        self.save_plan(&before, StoredPlan { plan, actor: stored.actor.clone() }, Vec::new()).await
    }

    /// Ends a plan, or leaves it to a person, unless somebody has changed it meanwhile.
    pub(super) async fn conclude_plan(&self, stored: &StoredPlan, state: PlanState, message: Words, refusal: Option<ErrorBody>) -> Result<Turn> {
        let _pen = self.plans.hold().await;
        let before = match self.plans.open_of(&stored.plan.node_id) {
            Some(before) if before.revision == stored.plan.revision => before,
            _ => return Ok(Turn::Settled),
        };
        let now = self.settings.clock.now();
        let entry = about_plan(concluding(state, &message, now), &before);
        let plan = concluded(&before, state, Some(message), refusal, now);
        self.save_plan(&before, StoredPlan { plan, actor: stored.actor.clone() }, vec![entry]).await?;
        Ok(Turn::Settled)
    }
}

fn concluding(state: PlanState, message: &Words, now: Timestamp) -> NewActivity {
    let (kind, text) = match state {
        PlanState::Refused => (ActivityKind::PlanRefused, say!("The planned drain was refused, and nothing was drained: {}", message)),
        PlanState::Missed => (ActivityKind::PlanMissed, say!("The planned drain was missed. {}", message)),
        _ => (ActivityKind::PlanEnded, say!("The planned drain is not needed any more: {}", message)),
    };
    NewActivity::by_system(now, kind, text)
}
