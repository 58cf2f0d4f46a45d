//! Panics and unexpected ends: of a driver, of an attempt, of the fleet's own tasks. What was accepted goes on, and somebody is told.

use std::{future::pending, time::Duration};

use futures::StreamExt;
use pitlane_api::*;
use pitlane_supervisor::RestartPolicy;

use super::{
    double::{At, Fault},
    world::*,
};
use crate::fleet::{Error, FleetSettings};

/// Restarts come at once, and what happened is forgotten soon.
fn soon(settings: &mut FleetSettings) {
    settings.restarts = RestartPolicy {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        failing_after: 3,
        within: Duration::from_secs(4),
    };
}

/// A fleet whose driver's panics unwind it.
async fn without_a_wall() -> World {
    World::prepared(soon, |_| {}, false).await
}

fn failing(world: &World) -> Vec<&'static str> {
    world.fleet.failing_tasks().into_iter().map(|task| task.name).collect()
}

/// Lets the fleet's own tasks run, second by second of its clock, until this is so.
async fn lives_until(world: &World, mut happened: impl FnMut() -> bool) {
    let waited = async {
        while !happened() {
            world.settings.clock.advance(Duration::from_secs(1));
            let _ = tokio::time::timeout(Duration::from_millis(2), pending::<()>()).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waited).await.expect("it never was so");
}

/// A drain whose write panics once: it waits, says so, and is done with the next attempt.
async fn panics_once(world: World) {
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm_times(At::Set, Fault::Panic, 0, 1);
    let operation = world.drain(&hosts[0]).await.unwrap();
    let waiting = world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    assert_eq!(waiting.last_error.unwrap(), "Pitlane itself failed at this attempt, and tries again. Its log says more.");
    assert!(waiting.retryable && waiting.next_attempt_at.is_some());
    world.live(&mut hosts, 2);
    let done = world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!((done.attempt_count, done.last_error), (2, None));
    assert_eq!(world.shown(&hosts[0]).await.scheduling, Scheduling::Maintenance);
    assert_eq!(world.count(ActivityKind::Drained).await, 1);
    assert!(failing(&world).is_empty(), "once is not three times");
}

#[tokio::test]
async fn a_driver_that_panics_once_in_set_scheduling_leaves_a_drain_that_is_tried_again() {
    panics_once(World::with(soon).await).await;
}

#[tokio::test]
async fn an_attempt_that_panics_leaves_its_operation_retryable() {
    panics_once(without_a_wall().await).await;
}

/// It goes on waiting, is named, can be aborted, and leaves nothing locked.
async fn panics_always(world: World, name: &str) {
    let mut hosts = world.hosts(&["a", "b", "c"]).await;
    world.engine.arm(At::Set, Fault::Panic, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    let tried = world.until(async || {
        world.settings.clock.advance(Duration::from_secs(1));
        world.beat(&mut hosts);
        failing(&world) == [name]
    });
    assert!(tried.await, "{:?}", failing(&world));
    let waiting = world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    assert!(waiting.attempt_count >= 3 && waiting.last_error.is_some(), "{waiting:?}");
    let aborted = world.fleet.abort(&hosts[0].id, &operation.id, call("bob")).await.unwrap();
    assert_eq!(aborted.state, OperationState::Aborted);
    world.engine.heal();
    for host in &hosts[..2] {
        let again = world.drain(host).await.unwrap();
        world.reaches(&again.id, OperationState::Completed).await;
    }
    assert!(world.until(async || failing(&world).is_empty()).await, "it recovers");
}

#[tokio::test]
async fn a_driver_that_always_panics_leaves_an_operation_that_waits_and_can_be_aborted() {
    panics_always(World::with(soon).await, "engine.set_scheduling").await;
}

#[tokio::test]
async fn attempts_that_always_panic_leave_an_operation_that_waits_and_can_be_aborted() {
    panics_always(without_a_wall().await, "fleet.reconcile").await;
}

#[tokio::test]
async fn a_use_case_that_panics_is_answered_and_leaves_nothing_locked() {
    for world in [World::with(soon).await, without_a_wall().await] {
        let hosts = world.hosts(&["a", "b"]).await;
        world.engine.arm_times(At::Node, Fault::Panic, 0, 1);
        let answer = world.drain(&hosts[0]).await;
        assert!(matches!(&answer, Err(Error::Internal(why)) if why.contains("told to panic")), "{answer:?}");
        let again = world.drain(&hosts[0]).await.unwrap();
        world.reaches(&again.id, OperationState::Completed).await;
    }
}

#[tokio::test]
async fn a_removal_whose_driver_panics_takes_its_mark_back() {
    let world = World::with(soon).await;
    let pending = world.enrol("never").await;
    world.engine.arm_times(At::Remove, Fault::Panic, 0, 1);
    let answer = world.fleet.remove(&pending.id, None, call("ada")).await;
    assert!(matches!(answer, Err(Error::Internal(_))), "{answer:?}");
    assert_eq!(world.node(&pending.id).health, Health::Pending);
    world.fleet.remove(&pending.id, None, call("ada")).await.unwrap();
}

#[tokio::test]
async fn a_driver_that_panics_at_its_list_is_an_engine_that_is_away_and_comes_back() {
    let broken = |engine: &super::double::Double| {
        for at in [At::Nodes, At::Version] {
            engine.arm(at, Fault::Panic, 0);
        }
    };
    let world = World::prepared(soon, broken, true).await;
    let shown = world.fleet.info().engine;
    assert!(!shown.reachable && shown.message.unwrap().contains("driver of this engine failed"), "and the server has started");
    world.engine.heal();
    lives_until(&world, || world.fleet.info().engine.reachable).await;
    world.hosts(&["a"]).await;
}

#[tokio::test]
async fn a_watch_that_panics_or_ends_is_begun_again() {
    for fault in [Fault::Panic, Fault::Away] {
        let world = World::prepared(soon, |engine| engine.arm_times(At::Watch, fault, 0, 2), true).await;
        let hosts = world.hosts(&["a", "b"]).await;
        world.outside(&hosts[0], Scheduling::Maintenance).await;
        assert!(world.until(async || world.node(&hosts[0].id).scheduling == Scheduling::Maintenance).await, "{fault:?}");
    }
}

#[tokio::test]
async fn a_watch_that_always_ends_is_named() {
    let world = World::prepared(soon, |engine| engine.arm(At::Watch, Fault::Away, 0), true).await;
    assert!(world.until(async || failing(&world) == ["fleet.engine_watch"]).await);
    assert_eq!(world.fleet.failing_tasks()[0].last, "it ended");
}

#[tokio::test]
async fn a_tick_that_panics_three_times_is_named_and_recovers_and_nobody_misses_what_changed() {
    let world = without_a_wall().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let mut stream = world.fleet.subscribe(None);
    assert_eq!(stream.next().await.unwrap().event, EVENT_SNAPSHOT);
    // The frame of totals asks the driver what it can do, in the middle of the tick, with the view locked.
    world.engine.arm(At::Capabilities, Fault::Panic, 0);
    hosts[0].report.caddy = service(SignalState::Bad);
    world.beat(&mut hosts);
    lives_until(&world, || failing(&world).contains(&"fleet.tick")).await;
    let told = world.fleet.failing_tasks();
    assert!(told.iter().any(|task| task.name == "fleet.tick" && task.last.contains("told to panic")), "{told:?}");
    world.engine.heal();
    lives_until(&world, || failing(&world).is_empty()).await;
    let mut seen = None;
    while seen.is_none() {
        let frame = stream.next().await.unwrap();
        if frame.event == EVENT_NODES {
            let event: NodesEvent = serde_json::from_str(&frame.data).unwrap();
            seen = event.nodes.into_iter().find(|node| node.id == hosts[0].id && node.health == Health::Degraded);
        }
    }
}
