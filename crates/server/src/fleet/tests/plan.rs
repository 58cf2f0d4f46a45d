//! Drains that begin later, by themselves: at their time, once, with every guard; through absences, kills and other hands.

use pitlane_api::Refusal;
use std::time::Duration;

use pitlane_api::*;

use super::{
    double::{At, Fault},
    world::*,
};
use crate::{
    fleet::{Error, clock::plus},
    store::Store,
};

const HALF_AN_HOUR: u64 = 30 * 60;

impl World {
    fn in_(&self, seconds: u64) -> Timestamp {
        plus(self.settings.clock.now(), Duration::from_secs(seconds))
    }

    fn wish(&self, seconds: u64) -> PlanRequest {
        PlanRequest { reason: "kernel upgrade".into(), starts_at: self.in_(seconds), ..PlanRequest::default() }
    }

    async fn plan(&self, host: &Host, seconds: u64) -> PlannedDrain {
        self.fleet.plan_drain(&host.id, self.wish(seconds), call("ada")).await.unwrap()
    }

    fn planned(&self, host: &Host) -> Option<PlannedDrain> {
        self.node(&host.id).planned.map(|plan| *plan)
    }

    /// Waits until the plan that is shown with a node is in this state.
    async fn plan_is(&self, host: &Host, state: PlanState) -> PlannedDrain {
        assert!(self.until(async || self.planned(host).is_some_and(|plan| plan.state == state)).await, "{:?}", self.planned(host));
        self.planned(host).unwrap()
    }

    /// Waits until it is drained; time goes by meanwhile, and the hosts beat.
    async fn is_drained(&self, hosts: &mut [Host], at: usize) {
        let drained = self.until(async || {
            self.beat(hosts);
            let node = self.node(&hosts[at].id);
            // An attempt that is under way is not overtaken by the clock.
            if node.operation.as_ref().is_none_or(|operation| operation.state != OperationState::InProgress) {
                self.settings.clock.advance(Duration::from_secs(1));
            }
            node.scheduling == Scheduling::Maintenance && node.operation.is_none_or(|operation| operation.state.is_finished())
        });
        let drained = drained.await;
        let node = self.node(&hosts[at].id);
        assert!(drained, "never drained: {:?}; the plan: {:?}", node.operation, node.planned);
    }

    /// Planned, begun, asked for and drained: each once.
    async fn told_once(&self) {
        for kind in [ActivityKind::DrainPlanned, ActivityKind::PlanStarted, ActivityKind::DrainRequested, ActivityKind::Drained] {
            assert_eq!(self.count(kind).await, 1, "{kind}");
        }
    }
}

fn patch(starts_at: Timestamp) -> PlanPatch {
    PlanPatch { starts_at: Some(starts_at), ..PlanPatch::default() }
}

#[tokio::test]
async fn it_begins_at_its_time_by_itself_and_once() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let plan = world.plan(&hosts[0], 60).await;
    assert_eq!((plan.state, plan.by.as_str()), (PlanState::Waiting, "ada"));
    assert_eq!(world.planned(&hosts[0]), Some(plan.clone()), "everybody sees it");
    assert_eq!(world.fleet.planned_drains().plans, [plan]);
    world.live(&mut hosts, 59);
    assert_eq!(world.node(&hosts[0].id).scheduling, Scheduling::Schedulable);
    world.live(&mut hosts, 2);
    world.is_drained(&mut hosts, 0).await;
    let record = world.shown(&hosts[0]).await.record.unwrap();
    assert_eq!((record.reason.as_deref(), record.by.as_deref()), (Some("kernel upgrade"), Some("ada")));
    assert_eq!((world.planned(&hosts[0]), world.fleet.planned_drains().plans.len()), (None, 0));
    world.live(&mut hosts, 120);
    world.told_once().await;
}

#[tokio::test]
async fn a_node_has_one_plan_which_can_be_changed_and_cancelled() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let plan = world.plan(&hosts[0], 60).await;
    let second = world.fleet.plan_drain(&hosts[0].id, world.wish(90), call("bob")).await;
    assert_eq!(refused(second), Refusal::AlreadyPlanned { plan: Box::new(plan.clone()) });
    let later = patch(world.in_(600));
    let changed = world.fleet.change_plan(&hosts[0].id, later.clone(), at(&plan.revision)).await.unwrap();
    assert_eq!((changed.starts_at, changed.reason), (later.starts_at.unwrap(), plan.reason.clone()));
    let blindly = world.fleet.change_plan(&hosts[0].id, later, at(&plan.revision)).await;
    assert_eq!(refused(blindly), Refusal::RevisionConflict { current: changed.revision.clone() });
    world.live(&mut hosts, 120);
    assert_eq!(world.node(&hosts[0].id).scheduling, Scheduling::Schedulable, "it was moved");
    let cancelled = world.fleet.cancel_plan(&hosts[0].id, at(&changed.revision)).await.unwrap();
    assert_eq!((cancelled.state, world.planned(&hosts[0])), (PlanState::Cancelled, None));
    assert!(matches!(world.fleet.cancel_plan(&hosts[0].id, call("ada")).await, Err(Error::NotFound(_))));
    world.live(&mut hosts, 600);
    assert_eq!(world.node(&hosts[0].id).scheduling, Scheduling::Schedulable, "it was cancelled");
    assert_eq!((world.count(ActivityKind::PlanChanged).await, world.count(ActivityKind::PlanCancelled).await), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_planned_is_refused_and_kept_nowhere() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let field = |outcome: crate::fleet::Result<PlannedDrain>| match outcome {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let ask = async |request: PlanRequest| world.fleet.plan_drain(&hosts[0].id, request, call("ada")).await;
    assert_eq!(field(ask(world.wish(0)).await), "starts_at");
    assert_eq!(field(ask(PlanRequest { reason: "x".into(), ..world.wish(60) }).await), "reason");
    assert_eq!(field(ask(PlanRequest { expected_back_at: Some(world.in_(50)), ..world.wish(60) }).await), "expected_back_at");
    hosts[0].report.containers = Some(containers(vec![container("db", Some("pgdata"))]));
    world.beat(&mut hosts);
    let blind = world.fleet.plan_drain(&hosts[0].id, world.wish(60), call("ada")).await;
    assert_eq!(refused(blind).code(), "stateful_workloads_changed");
    let drained = world.drain(&hosts[1]).await.unwrap();
    world.reaches(&drained.id, OperationState::Completed).await;
    assert_eq!(refused(world.fleet.plan_drain(&hosts[1].id, world.wish(60), call("ada")).await).code(), "already_in_maintenance");
    assert!(world.store.open_plans().await.unwrap().is_empty());
}

#[tokio::test]
async fn stateful_workloads_that_came_since_refuse_it_and_a_person_decides() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.plan(&hosts[0], 60).await;
    hosts[0].report.containers = Some(containers(vec![container("db", Some("pgdata"))]));
    world.live(&mut hosts, 61);
    let plan = world.plan_is(&hosts[0], PlanState::Refused).await;
    assert_eq!(plan.last_refusal.as_ref().unwrap().code, "stateful_workloads_changed");
    assert!(plan.message.unwrap().contains("1 stateful workload you have not seen"));
    world.live(&mut hosts, 60);
    assert_eq!((world.node(&hosts[0].id).scheduling, world.count(ActivityKind::PlanRefused).await), (Scheduling::Schedulable, 1));
    // The person who plans it anew has to look first.
    let blindly = world.fleet.change_plan(&hosts[0].id, patch(world.in_(60)), call("bob")).await;
    assert_eq!(refused(blindly).code(), "stateful_workloads_changed");
    let preview = world.fleet.drain_preview(&hosts[0].id).await.unwrap();
    let seen = preview.stateful.iter().map(|workload| workload.identity.clone()).collect();
    let looked = PlanPatch { seen_stateful: Some(seen), ..patch(world.in_(60)) };
    let again = world.fleet.change_plan(&hosts[0].id, looked, call("bob")).await.unwrap();
    assert_eq!((again.state, again.last_refusal), (PlanState::Waiting, None));
    world.live(&mut hosts, 61);
    world.is_drained(&mut hosts, 0).await;
    assert_eq!(world.shown(&hosts[0]).await.record.unwrap().by.as_deref(), Some("bob"));
}

#[tokio::test]
async fn the_last_node_is_refused_when_its_time_has_come_and_planned_anew() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.plan(&hosts[0], 60).await;
    let drained = world.drain(&hosts[1]).await.unwrap();
    world.reaches(&drained.id, OperationState::Completed).await;
    world.live(&mut hosts, 61);
    let refused = world.plan_is(&hosts[0], PlanState::Refused).await;
    assert_eq!(refused.last_refusal.unwrap().code, "last_schedulable_node");
    // Planning anew answers the one that was refused.
    let anew = world.plan(&hosts[0], 60).await;
    assert!(anew.id != refused.id && world.store.open_plans().await.unwrap().len() == 1);
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let plan = world.plan(&hosts[0], 60).await;
    world.engine.away();
    world.live(&mut hosts, 61);
    let due = world.plan_is(&hosts[0], PlanState::Due).await;
    assert!(due.message.unwrap().contains("does not answer") && due.revision == plan.revision);
    world.live(&mut hosts, 300);
    world.engine.heal();
    world.fleet.relist().await;
    world.live(&mut hosts, 2);
    world.is_drained(&mut hosts, 0).await;
    world.told_once().await;
}

#[tokio::test]
async fn half_an_hour_late_it_is_missed_and_said() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.plan(&hosts[0], 60).await;
    world.engine.away();
    world.live(&mut hosts, 61);
    world.plan_is(&hosts[0], PlanState::Due).await;
    world.live(&mut hosts, HALF_AN_HOUR + 1);
    let missed = world.plan_is(&hosts[0], PlanState::Missed).await;
    assert!(missed.message.unwrap().contains("does not answer"));
    world.engine.heal();
    world.fleet.relist().await;
    world.live(&mut hosts, 60);
    assert_eq!((world.node(&hosts[0].id).scheduling, world.count(ActivityKind::PlanMissed).await), (Scheduling::Schedulable, 1));
    world.fleet.cancel_plan(&hosts[0].id, call("bob")).await.unwrap();
    assert_eq!(world.planned(&hosts[0]), None);
}

#[tokio::test]
async fn a_server_that_was_down_at_the_time_begins_it_late_or_says_that_it_was_missed() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b", "c"]).await;
    world.plan(&hosts[0], 60).await;
    world.plan(&hosts[1], 60 + HALF_AN_HOUR).await;
    world.crash_and_start_at(world.in_(30 + 2 * HALF_AN_HOUR)).await;
    world.live(&mut hosts, 8);
    world.plan_is(&hosts[0], PlanState::Missed).await;
    world.is_drained(&mut hosts, 1).await;
    assert_eq!(world.node(&hosts[0].id).scheduling, Scheduling::Schedulable);
    world.told_missed().await;
}

impl World {
    async fn told_missed(&self) {
        assert_eq!((self.count(ActivityKind::PlanMissed).await, self.count(ActivityKind::PlanStarted).await), (1, 1));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_begins_nothing_twice() {
    let mut world = World::with(|settings| settings.thresholds.settle_s = 0).await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let before = world.settings.clock.now();
    world.plan(&hosts[0], 60).await;
    world.live(&mut hosts, 61);
    world.is_drained(&mut hosts, 0).await;
    world.crash_and_start_at(before).await;
    world.live(&mut hosts, 10);
    let activated = world.fleet.activate(&hosts[0].id, overriding(), call("ada")).await.unwrap();
    world.reaches(&activated.id, OperationState::Completed).await;
    world.live(&mut hosts, 120);
    assert_eq!(world.node(&hosts[0].id).scheduling, Scheduling::Schedulable);
    world.told_once().await;
}

#[tokio::test]
async fn other_hands_make_it_needless() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["by-hand", "outside", "there-and-back", "stays"]).await;
    for host in &hosts[..3] {
        world.plan(host, 60).await;
    }
    // A drain asked for before ends the plan at once.
    let drained = world.drain(&hosts[0]).await.unwrap();
    assert_eq!(world.planned(&hosts[0]), None);
    world.reaches(&drained.id, OperationState::Completed).await;
    // What somebody does at the engine is looked at when the time has come.
    world.outside(&hosts[1], Scheduling::Maintenance).await;
    world.outside(&hosts[2], Scheduling::Maintenance).await;
    world.fleet.relist().await;
    assert!(world.until(async || hosts[1..3].iter().all(|host| world.node(&host.id).scheduling == Scheduling::Maintenance)).await);
    world.live(&mut hosts, 30);
    assert!(world.planned(&hosts[1]).is_some());
    world.outside(&hosts[2], Scheduling::Schedulable).await;
    world.fleet.relist().await;
    assert!(world.until(async || world.node(&hosts[2].id).scheduling == Scheduling::Schedulable).await);
    world.live(&mut hosts, 31);
    world.is_drained(&mut hosts, 2).await;
    assert!(world.until(async || world.planned(&hosts[1]).is_none()).await);
    assert_eq!((world.count(ActivityKind::PlanEnded).await, world.count(ActivityKind::PlanStarted).await), (2, 1));
    assert_eq!(world.node(&hosts[1].id).maintenance.unwrap().by, None, "nobody wrote over it");
}

#[tokio::test]
async fn a_node_that_is_removed_takes_its_plan_along() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.plan(&hosts[0], 3600).await;
    hosts[0].report.containers = Some(containers(Vec::new()));
    world.beat(&mut hosts);
    world.outside(&hosts[0], Scheduling::Maintenance).await;
    world.fleet.relist().await;
    assert!(world.until(async || world.node(&hosts[0].id).scheduling == Scheduling::Maintenance).await);
    world.fleet.remove(&hosts[0].id, None, call("ada")).await.unwrap();
    assert!(world.fleet.planned_drains().plans.is_empty() && world.store.open_plans().await.unwrap().is_empty());
    assert_eq!(world.count(ActivityKind::PlanEnded).await, 1);
}

#[tokio::test]
async fn a_repeated_request_plans_once() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let wish = world.wish(60);
    let first = world.fleet.plan_drain(&hosts[0].id, wish.clone(), with_key("k", "body")).await.unwrap();
    assert_eq!(world.fleet.plan_drain(&hosts[0].id, wish.clone(), with_key("k", "body")).await.unwrap(), first);
    assert_eq!(world.fleet.plan_drain(&hosts[0].id, wish, with_key("k", "other")).await, Err(Error::IdempotencyMismatch));
    assert_eq!(world.count(ActivityKind::DrainPlanned).await, 1);
}

/// Killed where the fault strikes while a plan begins: drained once, told once.
async fn killed_at(at: At, fault: Fault, skip: u32) {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.plan(&hosts[0], 60).await;
    world.live(&mut hosts, 59);
    world.engine.arm(at, fault, skip);
    world.live(&mut hosts, 2);
    world.engine.struck.notified().await;
    world.crash_and_start().await;
    world.beat(&mut hosts);
    world.live(&mut hosts, 2);
    world.is_drained(&mut hosts, 0).await;
    world.crash_and_start().await;
    world.live(&mut hosts, 60);
    world.told_once().await;
    assert!(world.store.open_plans().await.unwrap().is_empty());
}

#[tokio::test]
async fn killed_before_its_drain_was_accepted() {
    killed_at(At::Node, Fault::HangBefore, 0).await;
}

#[tokio::test]
async fn killed_while_the_workloads_were_read() {
    killed_at(At::Workloads, Fault::HangBefore, 0).await;
}

#[tokio::test]
async fn killed_after_its_drain_was_accepted() {
    killed_at(At::Node, Fault::HangBefore, 1).await;
}

#[tokio::test]
async fn killed_before_the_write() {
    killed_at(At::Set, Fault::HangBefore, 0).await;
}

#[tokio::test]
async fn killed_after_the_write() {
    killed_at(At::Set, Fault::HangAfter, 0).await;
}

/// Killed at whatever moment it happens to be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_around_the_start() {
    for round in 0..12 {
        let mut world = World::new().await;
        let mut hosts = world.hosts(&["a", "b"]).await;
        world.plan(&hosts[0], 10).await;
        world.live(&mut hosts, 11);
        for _ in 0..round * 23 {
            tokio::task::yield_now().await;
        }
        world.crash_and_start().await;
        world.live(&mut hosts, 5);
        world.is_drained(&mut hosts, 0).await;
        world.told_once().await;
    }
}

#[tokio::test]
async fn overdue_is_told_once_for_each_time_that_was_given() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let request = DrainRequest { expected_back_at: Some(world.in_(60)), ..drain_request() };
    let drained = world.fleet.drain(&hosts[0].id, request, call("ada")).await.unwrap();
    world.reaches(&drained.id, OperationState::Completed).await;
    world.live(&mut hosts, 30);
    assert_eq!(world.count(ActivityKind::Overdue).await, 0);
    world.live(&mut hosts, 60);
    assert!(world.until(async || world.count(ActivityKind::Overdue).await == 1).await);
    world.crash_and_start().await;
    world.live(&mut hosts, 60);
    assert_eq!(world.count(ActivityKind::Overdue).await, 1, "a restart tells nothing twice");
    let told = world.activity().await.into_iter().find(|entry| entry.kind == ActivityKind::Overdue).unwrap();
    assert_eq!((told.node_name.as_deref(), told.reason.as_deref(), told.actor_kind), (Some("a"), Some("kernel upgrade"), ActorKind::System));
    let patch = MaintenancePatch { reason: None, expected_back_at: Some(Some(world.in_(30))) };
    world.fleet.patch_maintenance(&hosts[0].id, patch, call("ada")).await.unwrap();
    world.live(&mut hosts, 40);
    assert!(world.until(async || world.count(ActivityKind::Overdue).await == 2).await, "a new time was not kept either");
}
