//! Activate: its gate, the settle window, the override, and a drain that is still pending.

use pitlane_api::Refusal;
use pitlane_api::*;

use super::{
    double::{At, Fault},
    world::*,
};
use crate::store::Store;

async fn drained(world: &World, host: &Host) {
    let operation = world.drain(host).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
}

fn outcome(checks: &ActivationChecks, kind: CheckKind) -> CheckOutcome {
    checks.checks.iter().find(|check| check.kind == kind).unwrap().outcome
}

#[tokio::test]
async fn a_clean_node_is_activated() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    drained(&world, &hosts[0]).await;
    world.settle(&mut hosts);
    let checks = world.fleet.activation_checks(&hosts[0].id).unwrap();
    assert!(checks.clean, "{checks:?}");
    assert_eq!((checks.settled_for_s, checks.settle_window_s), (60, 60));
    assert!(checks.notice.unwrap().contains("ada"));
    let operation = world.activate(&hosts[0]).await.unwrap();
    let done = world.reaches(&operation.id, OperationState::Completed).await;
    assert!(!done.overridden);
    let node = world.node(&hosts[0].id);
    assert!(node.takes_placements && node.maintenance.is_none());
    assert_eq!(world.count(ActivityKind::Activated).await, 1);
}

#[tokio::test]
async fn it_is_blocked_until_the_settle_window_is_over_and_a_gap_starts_it_again() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    drained(&world, &hosts[0]).await;
    world.live(&mut hosts, 40);
    let settled = |world: &World, host: &Host| world.fleet.activation_checks(&host.id).unwrap().settled_for_s;
    assert_eq!(settled(&world, &hosts[0]), 40);
    match refused(world.activate(&hosts[0]).await) {
        Refusal::ActivationBlocked { checks } => assert_eq!(outcome(&checks, CheckKind::Settled), CheckOutcome::Blocked),
        other => panic!("{other:?}"),
    }
    // Twenty seconds of silence are a gap, though not long enough for "offline".
    world.wait(20);
    assert_eq!(world.node(&hosts[0].id).health, Health::Healthy);
    assert_eq!(outcome(&world.fleet.activation_checks(&hosts[0].id).unwrap(), CheckKind::Heartbeat), CheckOutcome::Blocked);
    world.live(&mut hosts, 30);
    assert_eq!(settled(&world, &hosts[0]), 25);
    assert!(matches!(refused(world.activate(&hosts[0]).await), Refusal::ActivationBlocked { .. }));
    world.live(&mut hosts, 40);
    world.activate(&hosts[0]).await.unwrap();
}

#[tokio::test]
async fn a_signal_that_turns_bad_starts_it_again() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    drained(&world, &hosts[0]).await;
    world.live(&mut hosts, 60);
    hosts[0].report.docker = service(SignalState::Bad);
    world.live(&mut hosts, 5);
    assert_eq!(world.node(&hosts[0].id).health, Health::Degraded);
    let checks = world.fleet.activation_checks(&hosts[0].id).unwrap();
    assert_eq!((checks.clean, checks.settled_for_s), (false, 0));
    hosts[0].report.docker = service(SignalState::Ok);
    world.live(&mut hosts, 5);
    assert!(matches!(refused(world.activate(&hosts[0]).await), Refusal::ActivationBlocked { .. }));
    // What is not there and not expected is no fault; what was reported before and cannot be read now blocks.
    world.settle(&mut hosts);
    hosts[0].report.docker = ServiceReport { state: SignalState::Unknown, ..service(SignalState::Unknown) };
    world.live(&mut hosts, 5);
    let checks = world.fleet.activation_checks(&hosts[0].id).unwrap();
    let docker = checks.checks.iter().find(|check| check.name == "Docker").unwrap();
    let caddy = checks.checks.iter().find(|check| check.name == "Caddy").unwrap();
    assert_eq!((docker.outcome, caddy.outcome), (CheckOutcome::Blocked, CheckOutcome::NotRequired));
}

#[tokio::test]
async fn an_override_with_a_reason_passes_and_is_logged() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    drained(&world, &hosts[0]).await;
    hosts[0].report.docker = service(SignalState::Bad);
    world.live(&mut hosts, 5);
    let operation = world.fleet.activate(&hosts[0].id, overriding(), call("ada")).await.unwrap();
    let done = world.reaches(&operation.id, OperationState::Completed).await;
    assert!(done.overridden);
    let entry = world.activity().await.into_iter().find(|entry| entry.kind == ActivityKind::ActivateRequested).unwrap();
    assert_eq!(entry.reason.as_deref(), Some("seen with my own eyes"));
    assert!(entry.message.contains("overrode"));
}

#[tokio::test]
async fn activate_aborts_a_pending_drain() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.settle(&mut hosts);
    world.engine.arm(At::Set, Fault::Away, 0);
    let drain = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&drain.id, OperationState::WaitingReconcile).await;
    let activation = world.activate(&hosts[0]).await.unwrap();
    let aborted = world.store.operation(&drain.id).await.unwrap().unwrap();
    assert_eq!(aborted.state, OperationState::Aborted);
    world.reaches(&activation.id, OperationState::Completed).await;
    world.engine.heal();
    world.live(&mut hosts, 70);
    assert_eq!(world.shown(&hosts[0]).await.scheduling, Scheduling::Schedulable);
    assert!(world.node(&hosts[0].id).takes_placements);
    let kinds: Vec<ActivityKind> = world.activity().await.into_iter().filter(|entry| entry.operation_id.is_some()).map(|entry| entry.kind).collect();
    let expected = [ActivityKind::DrainRequested, ActivityKind::OperationAborted, ActivityKind::ActivateRequested, ActivityKind::Activated];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn an_activation_in_progress_is_not_overtaken() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    drained(&world, &hosts[0]).await;
    world.engine.arm(At::Set, Fault::Away, 0);
    let operation = world.fleet.activate(&hosts[0].id, overriding(), call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    assert!(matches!(refused(world.fleet.activate(&hosts[0].id, overriding(), call("bob")).await), Refusal::OperationInProgress { .. }));
    let patch = MaintenancePatch { reason: Some("another".into()), expected_back_at: None };
    assert!(matches!(refused(world.fleet.patch_maintenance(&hosts[0].id, patch, call("bob")).await), Refusal::OperationInProgress { .. }));
}

#[tokio::test]
async fn clear_for_destructive_work_only_when_everything_was_read_and_nothing_is_left() {
    let world = World::with(|settings| settings.machine_id = Some("machine-b".into())).await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let clear = async |host: &Host| world.fleet.clear_for_work(&host.id).await.unwrap();
    assert!(!clear(&hosts[0]).await.clear, "not in maintenance");
    drained(&world, &hosts[0]).await;
    world.beat(&mut hosts);
    assert!(clear(&hosts[0]).await.clear, "{:?}", clear(&hosts[0]).await);

    let mut stopped = container("postgres", Some("pgdata"));
    stopped.state = "exited".into();
    hosts[0].report.containers = Some(containers(vec![stopped]));
    world.beat(&mut hosts);
    assert!(!clear(&hosts[0]).await.clear, "a stopped one left data");
    hosts[0].report.containers = Some(ContainersReport { orphaned_volumes: vec!["pgdata".into()], ..containers(vec![]) });
    world.beat(&mut hosts);
    assert!(!clear(&hosts[0]).await.clear, "an orphaned volume");
    hosts[0].report.containers = Some(containers(vec![]));
    world.beat(&mut hosts);
    world.wait(31);
    assert!(!clear(&hosts[0]).await.clear, "read too long ago");

    world.beat(&mut hosts);
    let allowed = DrainRequest { allow_last_schedulable: true, ..drain_request() };
    let operation = world.fleet.drain(&hosts[1].id, allowed, call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    assert!(world.node(&hosts[1].id).runs_pitlane);
    assert!(!clear(&hosts[1].clone()).await.clear, "Pitlane's own store is there");
}
