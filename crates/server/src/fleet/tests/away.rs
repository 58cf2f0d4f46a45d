//! The engine away, slow, or answering nonsense.

use pitlane_api::Refusal;
use pitlane_api::*;
use std::time::Duration;

use super::{
    double::{At, Fault},
    world::*,
};
use crate::fleet::Error;
use crate::store::Store;

#[tokio::test]
async fn new_operations_are_refused_and_reads_go_on() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.fleet.workloads(&hosts[0].id).await.unwrap();
    world.engine.away();
    let error = world.drain(&hosts[0]).await.unwrap_err();
    assert!(matches!(error, Error::EngineUnavailable { retry_after_s: 1.., .. }), "{error:?}");
    let patch = MaintenancePatch { reason: Some("another".into()), expected_back_at: None };
    assert!(matches!(world.fleet.patch_maintenance(&hosts[0].id, patch, call("ada")).await, Err(Error::EngineUnavailable { .. })));
    assert!(matches!(world.fleet.remove(&hosts[0].id, None, call("ada")).await, Err(Error::EngineUnavailable { .. })));
    assert!(world.store.unfinished_operations().await.unwrap().is_empty());
    assert_eq!(world.count(ActivityKind::DrainRequested).await, 0);

    // Reads show what was known, and how old it is.
    let info = world.fleet.info();
    assert!(!info.engine.reachable);
    assert!(info.engine.message.is_some() && info.engine.seen_at.is_some());
    assert_eq!(info.counts.total, 2);
    let list = world.fleet.workloads(&hosts[0].id).await.unwrap();
    assert_eq!((list.complete, list.workloads.len()), (false, 1));
    let preview = world.fleet.drain_preview(&hosts[0].id).await.unwrap();
    assert!(!preview.complete && preview.workloads_running.is_none());
    let checks = world.fleet.activation_checks(&hosts[0].id).unwrap();
    assert!(checks.checks.iter().any(|check| check.kind == CheckKind::Engine && check.outcome == CheckOutcome::Blocked));
    let clear = world.fleet.clear_for_work(&hosts[0].id).await.unwrap();
    assert!(!clear.clear && !clear.not_read.is_empty());

    // An absence that lasts is told, once, and so is its end.
    world.live(&mut hosts, 10);
    assert_eq!(world.count(ActivityKind::EngineLost).await, 1);
    world.engine.heal();
    world.live(&mut hosts, 15);
    assert!(world.until(async || world.fleet.info().engine.reachable).await);
    assert_eq!((world.count(ActivityKind::EngineLost).await, world.count(ActivityKind::EngineBack).await), (1, 1));
    world.drain(&hosts[0]).await.unwrap();
}

#[tokio::test]
async fn what_was_accepted_waits_and_goes_on() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm(At::Set, Fault::Away, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    let waiting = world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    assert!(waiting.retryable && waiting.next_attempt_at > Some(world.settings.clock.now()));
    assert!(waiting.last_error.unwrap().contains("does not answer"));
    assert_eq!(world.node(&hosts[0].id).scheduling, Scheduling::Schedulable, "requested is not done");
    assert!(!world.node(&hosts[0].id).takes_placements);

    // It is tried again, each time later than before.
    for attempt in 2..5_u32 {
        world.settings.clock.advance(Duration::from_secs(64));
        world.beat(&mut hosts);
        let tried = async || {
            world.store.operation(&operation.id).await.unwrap().is_some_and(|now| now.attempt_count >= attempt && now.next_attempt_at.is_some())
        };
        assert!(world.until(tried).await);
    }
    world.engine.heal();
    world.settings.clock.advance(Duration::from_secs(64));
    world.beat(&mut hosts);
    world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!((world.count(ActivityKind::Drained).await, world.engine.writes()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_got_lost_is_not_written_twice() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm_times(At::Set, Fault::LostAnswer, 0, 1);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!((world.engine.writes(), world.count(ActivityKind::Drained).await), (1, 1));
    assert_eq!(world.count(ActivityKind::ChangedOutside).await, 0);
}

#[tokio::test]
async fn a_right_that_is_missing_ends_the_operation() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm(At::Set, Fault::Refused, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    let failed = world.reaches(&operation.id, OperationState::Failed).await;
    assert!(failed.last_error.unwrap().contains("patch is not allowed") && !failed.retryable);
    assert!(world.node(&hosts[0].id).takes_placements);
}

#[tokio::test]
async fn an_engine_that_does_not_show_the_change_is_not_believed() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm_times(At::Set, Fault::Stale, 0, 1);
    let operation = world.drain(&hosts[0]).await.unwrap();
    // The watch shows it in the end, and the operation is woken by that.
    let done = world.reaches(&operation.id, OperationState::Completed).await;
    assert!(done.attempt_count >= 2);
    assert_eq!((world.engine.writes(), world.count(ActivityKind::Drained).await), (1, 1));
}

#[tokio::test]
async fn a_server_starts_without_its_engine() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm(At::Set, Fault::Away, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    world.start_without_engine().await;
    assert!(matches!(world.fleet.node(&hosts[0].id), Err(Error::EngineUnavailable { .. })), "not known is not the same as not there");
    assert_eq!(world.fleet.info().counts.total, 0);
    world.engine.heal();
    world.live(&mut hosts, 5);
    assert!(world.until(async || world.fleet.info().counts.total == 2).await);
    world.fleet.retry(&hosts[0].id, &operation.id).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
}

#[tokio::test]
async fn aborting_does_not_wait_for_an_engine_that_hangs() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm(At::Set, Fault::HangBefore, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.engine.struck.notified().await;
    let aborted = world.fleet.abort(&hosts[0].id, &operation.id, call("bob")).await.unwrap();
    assert_eq!(aborted.state, OperationState::Aborted);
    assert!(aborted.last_error.unwrap().contains("schedulable"), "it says what the engine shows");
    assert!(world.node(&hosts[0].id).takes_placements);
    assert!(matches!(refused(world.fleet.abort(&hosts[0].id, &operation.id, call("bob")).await), Refusal::OperationFinished { .. }));
    assert!(matches!(refused(world.fleet.retry(&hosts[0].id, &operation.id).await), Refusal::OperationFinished { .. }));
    let nobody = OperationId::from("nobody");
    assert!(matches!(world.fleet.abort(&hosts[0].id, &nobody, call("bob")).await, Err(Error::NotFound(_))));
    assert!(matches!(world.fleet.abort(&hosts[1].id, &operation.id, call("bob")).await, Err(Error::NotFound(_))));
    assert_eq!(world.count(ActivityKind::OperationAborted).await, 1);
}

#[tokio::test]
async fn a_waiting_operation_can_be_aborted_and_tried_at_once() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "c"]).await;
    world.engine.arm(At::Set, Fault::Away, 0);
    let one = world.drain(&hosts[0]).await.unwrap();
    let other = world.drain(&hosts[1]).await.unwrap();
    world.reaches(&one.id, OperationState::WaitingReconcile).await;
    world.reaches(&other.id, OperationState::WaitingReconcile).await;
    world.fleet.abort(&hosts[0].id, &one.id, call("bob")).await.unwrap();
    world.engine.heal();
    world.fleet.retry(&hosts[1].id, &other.id).await.unwrap();
    world.reaches(&other.id, OperationState::Completed).await;
    assert_eq!(world.store.operation(&one.id).await.unwrap().unwrap().state, OperationState::Aborted);
    assert_eq!(world.shown(&hosts[0]).await.scheduling, Scheduling::Schedulable);
}

#[tokio::test]
async fn a_drain_that_landed_after_it_was_aborted_is_told() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.engine.gate_set();
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.engine.struck.notified().await;
    world.fleet.abort(&hosts[0].id, &operation.id, call("bob")).await.unwrap();
    world.engine.open_gate();
    assert!(world.until(async || world.node(&hosts[0].id).scheduling == Scheduling::Maintenance).await);
    let told = async || world.activity().await.iter().any(|entry| entry.message.contains("It was with the engine meanwhile"));
    assert!(world.until(told).await);
    assert_eq!(world.store.operation(&operation.id).await.unwrap().unwrap().state, OperationState::Aborted);
    assert_eq!(world.count(ActivityKind::ChangedOutside).await, 0);
}
