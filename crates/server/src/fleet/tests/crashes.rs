//! `kill -9` at every point between accept, guards, write and confirm: completed once, told once.

use pitlane_api::*;

use super::{
    double::{At, Fault},
    world::*,
};
use crate::store::Store;

async fn told_once(world: &World, operation: &Operation, kind: ActivityKind) {
    let told = world.activity().await.into_iter().filter(|entry| entry.operation_id.as_ref() == Some(&operation.id) && entry.kind == kind);
    assert_eq!(told.count(), 1, "{kind}");
}

/// Drains, is killed where the fault struck, starts again, and is done.
async fn drain_killed_at(at: At, fault: Fault, skip: u32) {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm(at, fault, skip);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.engine.struck.notified().await;
    if fault == Fault::HangAfter {
        assert!(world.until(async || world.shown(&hosts[0]).await.scheduling == Scheduling::Maintenance).await);
    }
    world.crash_and_start().await;
    assert_eq!(world.engine.writes(), 0, "the new engine has seen nothing yet");
    world.beat(&mut hosts);
    let done = world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!(world.node(&hosts[0].id).scheduling, Scheduling::Maintenance);
    assert!(done.attempt_count >= 2);
    assert_eq!(world.shown(&hosts[0]).await.record.unwrap().operation_id, Some(operation.id.clone()));
    told_once(&world, &operation, ActivityKind::Drained).await;
    told_once(&world, &operation, ActivityKind::OperationResumed).await;
    assert_eq!(world.count(ActivityKind::ChangedOutside).await, 0);
    // What was written before the kill is not written again.
    assert_eq!(world.engine.writes(), u32::from(fault != Fault::HangAfter));

    // And it stays that way.
    world.crash_and_start().await;
    world.beat(&mut hosts);
    assert!(world.store.unfinished_operations().await.unwrap().is_empty());
    told_once(&world, &operation, ActivityKind::Drained).await;
}

#[tokio::test]
async fn killed_between_accept_and_guards() {
    // The first look is the acceptance's, the second the attempt's.
    drain_killed_at(At::Node, Fault::HangBefore, 1).await;
}

#[tokio::test]
async fn killed_while_the_workloads_are_read_again() {
    drain_killed_at(At::Workloads, Fault::HangBefore, 1).await;
}

#[tokio::test]
async fn killed_between_guards_and_write() {
    drain_killed_at(At::Set, Fault::HangBefore, 0).await;
}

#[tokio::test]
async fn killed_between_write_and_confirm() {
    drain_killed_at(At::Set, Fault::HangAfter, 0).await;
}

async fn activation_killed_at(fault: Fault) {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let drained = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&drained.id, OperationState::Completed).await;
    world.settle(&mut hosts);
    world.engine.arm(At::Set, fault, 0);
    let operation = world.activate(&hosts[0]).await.unwrap();
    world.engine.struck.notified().await;
    if fault == Fault::HangAfter {
        assert!(world.until(async || world.shown(&hosts[0]).await.scheduling == Scheduling::Schedulable).await);
    }
    world.crash_and_start().await;
    if fault == Fault::HangBefore {
        // The settle window begins anew with the server; what was accepted waits for it and does not fail by it.
        let waiting = world.reaches(&operation.id, OperationState::WaitingReconcile).await;
        assert!(waiting.last_error.unwrap().contains("started again"));
        world.settle(&mut hosts);
    }
    world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!(world.node(&hosts[0].id).scheduling, Scheduling::Schedulable);
    told_once(&world, &operation, ActivityKind::Activated).await;
    assert_eq!(world.count(ActivityKind::ChangedOutside).await, 0);
}

#[tokio::test]
async fn an_activation_killed_before_its_write() {
    activation_killed_at(Fault::HangBefore).await;
}

#[tokio::test]
async fn an_activation_killed_after_its_write() {
    activation_killed_at(Fault::HangAfter).await;
}

/// Killed at whatever moment it happens to be: nothing accepted is lost, nothing is done twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let mut accepted = Vec::new();
    for round in 0..30 {
        let (fleet, id) = (world.fleet.clone(), hosts[0].id.clone());
        let drained = world.shown(&hosts[0]).await.scheduling == Scheduling::Maintenance;
        let asked = tokio::spawn(async move {
            if drained { fleet.activate(&id, overriding(), call("ada")).await } else { fleet.drain(&id, drain_request(), call("ada")).await }
        });
        for _ in 0..round * 7 {
            tokio::task::yield_now().await;
        }
        world.crash_and_start().await;
        world.beat(&mut hosts);
        world.fleet.tick();
        if let Ok(operation) = asked.await.unwrap() {
            accepted.push(operation);
        }
        // Time stands still here: an attempt that has to wait, since the disk is busy, is tried again at once.
        let is_over = async || {
            world.fleet.wake_all();
            world.store.unfinished_operations().await.unwrap().is_empty()
        };
        let over = world.until(is_over).await;
        assert!(over, "round {round}: {:?}", world.store.unfinished_operations().await.unwrap());
    }
    for operation in &accepted {
        let kept = world.store.operation(&operation.id).await.unwrap().unwrap();
        assert_eq!(kept.state, OperationState::Completed, "{kept:?}");
    }
    let activity = world.activity().await;
    let finals = [ActivityKind::Drained, ActivityKind::Activated];
    for entry in activity.iter().filter(|entry| matches!(entry.kind, ActivityKind::DrainRequested | ActivityKind::ActivateRequested)) {
        let ends = activity.iter().filter(|end| end.operation_id == entry.operation_id && finals.contains(&end.kind)).count();
        assert_eq!(ends, 1, "{entry:?}");
    }
    assert!(!activity.iter().any(|entry| entry.kind == ActivityKind::ChangedOutside));
}
