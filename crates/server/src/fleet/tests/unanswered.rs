//! What an engine was asked for and nobody was answered: the server was killed, or the answer got lost on its way. The log says what really
//! happened, once, in the name of whoever asked, and never that somebody outside did it.

use std::sync::atomic::Ordering;

use pitlane_api::*;
use pitlane_engine::{Engine, Record, SetScheduling};

use super::{
    double::{At, Fault},
    world::*,
};
use crate::{fleet::Error, store::Store};

const NEW_REASON: &str = "two disks are exchanged";

async fn entries(world: &World, kind: ActivityKind) -> Vec<ActivityEntry> {
    world.activity().await.into_iter().filter(|entry| entry.kind == kind).collect()
}

/// Nothing is left to be found out, and nobody outside is blamed.
async fn all_is_settled(world: &World) {
    assert_eq!(world.store.open_intents().await.unwrap(), []);
    assert_eq!(world.count(ActivityKind::ChangedOutside).await, 0);
    assert!(!world.activity().await.iter().any(|entry| entry.actor_kind == ActorKind::Outside));
}

fn new_reason() -> MaintenancePatch {
    MaintenancePatch { reason: Some(NEW_REASON.into()), ..MaintenancePatch::default() }
}

/// A node that never sent a heartbeat is asked to be removed, and the fault strikes.
async fn removal_with(fault: Fault) -> (World, Host, tokio::task::JoinHandle<crate::fleet::Result<()>>) {
    let world = World::new().await;
    let host = world.enrol("never").await;
    let engine_node_id = world.node(&host.id).engine_node_id;
    world.engine.arm_times(At::Remove, fault, 0, 1);
    let (fleet, id) = (world.fleet.clone(), host.id.clone());
    let asked = tokio::spawn(async move { fleet.remove(&id, None, call("ada")).await });
    world.engine.struck.notified().await;
    if fault != Fault::HangBefore {
        assert!(world.until(async || world.engine.inner.node(&engine_node_id).await.is_err()).await);
    }
    (world, host, asked)
}

async fn removed_once_by_ada(world: &World, host: &Host) {
    let removed = entries(world, ActivityKind::NodeRemoved).await;
    assert_eq!(removed.len(), 1, "{removed:?}");
    let entry = &removed[0];
    assert_eq!((entry.actor.as_deref(), entry.actor_kind, entry.origin.as_deref()), (Some("ada"), ActorKind::Person, Some("192.0.2.1")));
    assert_eq!((entry.node_id.as_ref(), entry.node_name.as_deref()), (Some(&host.id), Some("never")));
    assert!(matches!(world.fleet.node(&host.id), Err(Error::NotFound(_))));
    assert_eq!(world.store.agents().await.unwrap(), [], "its agent is forgotten");
    assert_eq!(entries(world, ActivityKind::OperationFailed).await, []);
    all_is_settled(world).await;
}

#[tokio::test]
async fn a_removal_killed_after_the_engine_did_it_is_told_at_the_next_start() {
    let (mut world, host, asked) = removal_with(Fault::HangAfter).await;
    world.crash_and_start().await;
    assert!(asked.await.unwrap().is_err(), "nobody was answered");
    removed_once_by_ada(&world, &host).await;
    world.crash_and_start().await;
    world.wait(3);
    removed_once_by_ada(&world, &host).await;
}

#[tokio::test]
async fn a_removal_killed_before_the_engine_did_it_was_not_carried_out() {
    let (mut world, host, _) = removal_with(Fault::HangBefore).await;
    world.crash_and_start().await;
    let told = entries(&world, ActivityKind::OperationFailed).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].message.contains("ada") && told[0].message.contains("was not carried out"), "{}", told[0].message.english());
    assert_eq!(world.count(ActivityKind::NodeRemoved).await, 0);
    assert_eq!(world.node(&host.id).health, Health::Pending, "it is as it was");
    all_is_settled(&world).await;
    world.fleet.remove(&host.id, None, call("ada")).await.unwrap();
    assert_eq!(world.count(ActivityKind::NodeRemoved).await, 1);
}

#[tokio::test]
async fn a_removal_whose_answer_got_lost_is_told_without_a_restart() {
    let (world, host, asked) = removal_with(Fault::LostAnswer).await;
    assert!(matches!(asked.await.unwrap(), Err(Error::EngineUnavailable { .. })));
    assert!(world.until(async || world.fleet.node(&host.id).is_err()).await);
    assert!(world.until(async || world.store.open_intents().await.unwrap().is_empty()).await);
    removed_once_by_ada(&world, &host).await;
}

#[tokio::test]
async fn a_removal_whose_driver_panics_after_the_engine_did_it_is_told() {
    let (world, host, asked) = removal_with(Fault::PanicAfter).await;
    assert!(matches!(asked.await.unwrap(), Err(Error::Internal(_))));
    assert!(world.until(async || world.fleet.node(&host.id).is_err()).await);
    assert!(world.until(async || world.store.open_intents().await.unwrap().is_empty()).await);
    removed_once_by_ada(&world, &host).await;
}

#[tokio::test]
async fn a_removal_is_told_when_it_is_answered() {
    let mut world = World::new().await;
    let host = world.enrol("never").await;
    world.fleet.remove(&host.id, None, call("ada")).await.unwrap();
    world.crash_and_start().await;
    removed_once_by_ada(&world, &host).await;
}

/// The reason of a maintenance is asked to be changed, and the fault strikes.
async fn change_with(fault: Fault) -> (World, Vec<Host>, tokio::task::JoinHandle<crate::fleet::Result<Node>>) {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let drained = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&drained.id, OperationState::Completed).await;
    world.engine.arm_times(At::Set, fault, 0, 1);
    let (fleet, id) = (world.fleet.clone(), hosts[0].id.clone());
    let asked = tokio::spawn(async move { fleet.patch_maintenance(&id, new_reason(), call("ada")).await });
    world.engine.struck.notified().await;
    if fault != Fault::HangBefore {
        let changed = async || world.shown(&hosts[0]).await.record.and_then(|record| record.reason).as_deref() == Some(NEW_REASON);
        assert!(world.until(changed).await);
    }
    (world, hosts, asked)
}

async fn changed_once_by_ada(world: &World) {
    let changed = entries(world, ActivityKind::MaintenanceChanged).await;
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!((changed[0].actor.as_deref(), changed[0].reason.as_deref()), (Some("ada"), Some(NEW_REASON)));
    assert_eq!(entries(world, ActivityKind::OperationFailed).await, []);
    all_is_settled(world).await;
}

#[tokio::test]
async fn a_change_of_maintenance_killed_after_the_engine_has_it_is_told_at_the_next_start() {
    let (mut world, hosts, asked) = change_with(Fault::HangAfter).await;
    world.crash_and_start().await;
    assert!(asked.await.unwrap().is_err(), "nobody was answered");
    assert_eq!(world.node(&hosts[0].id).maintenance.unwrap().reason.as_deref(), Some(NEW_REASON));
    changed_once_by_ada(&world).await;
}

#[tokio::test]
async fn a_change_of_maintenance_killed_before_the_engine_has_it_was_not_carried_out() {
    let (mut world, hosts, _) = change_with(Fault::HangBefore).await;
    world.crash_and_start().await;
    let told = entries(&world, ActivityKind::OperationFailed).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].message.contains("ada") && told[0].message.contains("was not carried out"), "{}", told[0].message.english());
    assert_eq!(world.count(ActivityKind::MaintenanceChanged).await, 0);
    assert_eq!(world.node(&hosts[0].id).maintenance.unwrap().reason.as_deref(), Some("kernel upgrade"));
    all_is_settled(&world).await;
}

#[tokio::test]
async fn a_change_of_maintenance_of_which_the_engine_shows_another_by_now_is_not_known() {
    let (mut world, hosts, _) = change_with(Fault::HangBefore).await;
    world.fleet.crash().await;
    world.outside(&hosts[0], Scheduling::Schedulable).await;
    world.crash_and_start().await;
    let told = entries(&world, ActivityKind::OperationFailed).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].message.contains("is not known"), "{}", told[0].message.english());
    all_is_settled(&world).await;
}

#[tokio::test]
async fn a_change_of_maintenance_whose_answer_got_lost_is_told_and_nobody_outside_is_blamed() {
    let (world, _, asked) = change_with(Fault::LostAnswer).await;
    assert!(matches!(asked.await.unwrap(), Err(Error::EngineUnavailable { .. })));
    assert!(world.until(async || world.store.open_intents().await.unwrap().is_empty()).await);
    changed_once_by_ada(&world).await;
}

#[tokio::test]
async fn a_change_of_maintenance_whose_driver_panics_after_the_engine_has_it_is_told() {
    let (world, _, asked) = change_with(Fault::PanicAfter).await;
    assert!(matches!(asked.await.unwrap(), Err(Error::Internal(_))));
    assert!(world.until(async || world.store.open_intents().await.unwrap().is_empty()).await);
    changed_once_by_ada(&world).await;
}

#[tokio::test]
async fn what_may_still_arrive_at_an_engine_over_a_network_is_not_given_up_at_once() {
    let (world, hosts, asked) = {
        let world = World::prepared(|_| {}, |_| {}, false).await;
        let hosts = world.hosts(&["a", "b"]).await;
        let drained = world.drain(&hosts[0]).await.unwrap();
        world.reaches(&drained.id, OperationState::Completed).await;
        world.engine.is_far_away.store(true, Ordering::SeqCst);
        world.engine.arm_times(At::Set, Fault::Away, 0, 1);
        let asked = world.fleet.patch_maintenance(&hosts[0].id, new_reason(), call("ada")).await;
        (world, hosts, asked)
    };
    assert!(matches!(asked, Err(Error::EngineUnavailable { .. })));
    for _ in 0..10 {
        world.wait(1);
        world.fleet.settle_what_is_open().await;
    }
    assert_eq!(world.store.open_intents().await.unwrap().len(), 1, "it may be on its way");
    // It arrives ten seconds later.
    let node = world.shown(&hosts[0]).await;
    let record = Record { reason: Some(NEW_REASON.into()), ..node.record.clone().unwrap() };
    let change = SetScheduling { target: Scheduling::Maintenance, record: Some(record), expected: node.revision() };
    world.engine.inner.set_scheduling(&node.engine_node_id, change).await.unwrap();
    assert!(world.until(async || world.store.open_intents().await.unwrap().is_empty()).await);
    changed_once_by_ada(&world).await;

    // What never arrives is given up some time.
    world.engine.arm_times(At::Set, Fault::Away, 0, 1);
    let again = MaintenancePatch { reason: Some("something else".into()), ..MaintenancePatch::default() };
    assert!(world.fleet.patch_maintenance(&hosts[0].id, again, call("bob")).await.is_err());
    world.wait(31);
    assert!(world.until(async || world.store.open_intents().await.unwrap().is_empty()).await);
    let told = entries(&world, ActivityKind::OperationFailed).await;
    assert!(told.len() == 1 && told[0].message.contains("bob"), "{told:?}");
}

/// The write of a drain or an activation lands while the server dies, after it was aborted.
async fn lands_late(world: &World, host: &Host, operation: &Operation) {
    let node = world.shown(host).await;
    let drain = operation.kind == OperationKind::Drain;
    let record = drain.then(|| Record { operation_id: Some(operation.id.clone()), reason: operation.reason.clone(), ..Record::default() });
    let target = if drain { Scheduling::Maintenance } else { Scheduling::Schedulable };
    let change = SetScheduling { target, record, expected: node.revision() };
    world.engine.inner.set_scheduling(&node.engine_node_id, change).await.unwrap();
}

async fn aborted_while_it_is_written(kind: OperationKind) -> (World, Vec<Host>, Operation) {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    if kind == OperationKind::Activate {
        let drained = world.drain(&hosts[0]).await.unwrap();
        world.reaches(&drained.id, OperationState::Completed).await;
    }
    world.engine.arm(At::Set, Fault::HangBefore, 0);
    let operation = match kind {
        OperationKind::Drain => world.drain(&hosts[0]).await,
        _ => world.fleet.activate(&hosts[0].id, overriding(), call("ada")).await,
    };
    let operation = operation.unwrap();
    world.engine.struck.notified().await;
    let aborted = world.fleet.abort(&hosts[0].id, &operation.id, call("bob")).await.unwrap();
    (world, hosts, aborted)
}

/// The last thing the log says about where the node stands.
async fn last_word(world: &World) -> String {
    let says =
        |entry: &ActivityEntry| entry.message.contains("the engine shows") || matches!(entry.kind, ActivityKind::Drained | ActivityKind::Activated);
    world.activity().await.iter().rfind(|entry| says(entry)).unwrap().message.english().to_owned()
}

#[tokio::test]
async fn an_aborted_operation_that_lands_while_the_server_dies_is_told_at_the_next_start() {
    for (kind, shown) in [(OperationKind::Drain, "shows the node in maintenance"), (OperationKind::Activate, "shows the node as schedulable")] {
        let (mut world, hosts, aborted) = aborted_while_it_is_written(kind).await;
        assert!(!aborted.last_error.clone().unwrap().contains(shown));
        world.fleet.crash().await;
        lands_late(&world, &hosts[0], &aborted).await;
        world.crash_and_start().await;
        assert!(last_word(&world).await.contains(shown), "{}", last_word(&world).await);
        assert_eq!(world.store.operation(&aborted.id).await.unwrap().unwrap().state, OperationState::Aborted);
        all_is_settled(&world).await;
        let told = world.activity().await.len();
        world.crash_and_start().await;
        assert_eq!(world.activity().await.len(), told, "and it is told once");
    }
}

#[tokio::test]
async fn an_aborted_operation_that_did_not_land_needs_no_other_word() {
    for kind in [OperationKind::Drain, OperationKind::Activate] {
        let (mut world, _, aborted) = aborted_while_it_is_written(kind).await;
        world.crash_and_start().await;
        assert!(aborted.last_error.unwrap().contains(&last_word(&world).await));
        assert_eq!(world.count(ActivityKind::OperationAborted).await, 1);
        all_is_settled(&world).await;
    }
}

#[tokio::test]
async fn an_operation_aborted_while_the_engine_is_away_is_told_once_the_engine_answers() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm_times(At::Set, Fault::LostAnswer, 0, 1);
    world.engine.arm(At::Node, Fault::Away, 2);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    let aborted = world.fleet.abort(&hosts[0].id, &operation.id, call("bob")).await.unwrap();
    assert!(aborted.last_error.unwrap().contains("not known"));
    world.engine.heal();
    assert!(world.until(async || world.store.open_intents().await.unwrap().is_empty()).await);
    assert!(last_word(&world).await.contains("in maintenance"), "{}", last_word(&world).await);
    all_is_settled(&world).await;
}

#[tokio::test]
async fn a_first_beat_that_was_answered_is_known_after_a_kill_and_has_spent_its_token() {
    let mut world = World::new().await;
    super::agents::token(&world, "once", |_| {}).await;
    let answer = world.fleet.enroll(enrolment("a", "once", false), None).await.unwrap();
    world.fleet.heartbeat(&answer.agent_token, clean_report()).await.unwrap();
    world.crash_and_start().await;
    let node = world.node(&answer.node_id);
    assert!(!matches!(node.health, Health::Pending | Health::Offline), "{:?}", node.health);
    assert_ne!(node.heartbeat.state, HeartbeatState::Never);
    assert!(entries(&world, ActivityKind::HealthChanged).await.iter().any(|entry| entry.message.contains("first clean heartbeat")));
    assert!(world.fleet.enroll(enrolment("a", "once", false), None).await.is_err(), "the token is spent");
    world.fleet.heartbeat(&answer.agent_token, clean_report()).await.unwrap();
}

#[tokio::test]
async fn a_boot_and_a_new_version_are_told_once_also_over_a_kill() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a"]).await;
    hosts[0].report.boot_id = Some("boot-2".into());
    hosts[0].report.agent_version = "1.0.1".into();
    world.first_beat(&mut hosts[0]).await;
    for _ in 0..2 {
        world.crash_and_start().await;
        world.first_beat(&mut hosts[0]).await;
        world.fleet.tick();
    }
    assert_eq!((world.count(ActivityKind::Rebooted).await, world.count(ActivityKind::AgentUpdated).await), (1, 1));
}

#[tokio::test]
async fn a_first_beat_that_cannot_be_kept_is_asked_for_again() {
    let mut world = World::new().await;
    let answer = world.fleet.enroll(enrolment("a", TOKEN, false), None).await.unwrap();
    let mut other = other_connection(&world).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let refused = world.fleet.heartbeat(&answer.agent_token, clean_report()).await;
    assert!(matches!(refused, Err(Error::StoreUnavailable { .. })), "{refused:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    world.fleet.heartbeat(&answer.agent_token, clean_report()).await.unwrap();
    world.crash_and_start().await;
    assert_ne!(world.node(&answer.node_id).heartbeat.state, HeartbeatState::Never);
}

/// Transactions in the log of the database: a frame that ends one says how many pages the database has after it.
fn commits(world: &World) -> usize {
    const HEAD: usize = 32;
    const FRAME: usize = 24 + 4096;
    let log = std::fs::read(world.database().with_extension("db-wal")).unwrap();
    log[HEAD..].chunks_exact(FRAME).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn first_beats_of_many_are_kept_together() {
    const HOSTS: usize = 600;
    let world = World::new().await;
    let mut hosts = Vec::new();
    for n in 0..HOSTS {
        hosts.push(world.enrol(&format!("host-{n}")).await);
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut other_connection(&world).await).await.unwrap();
    futures::future::join_all(hosts.iter_mut().map(|host| world.first_beat(host))).await;
    let commits = commits(&world);
    assert!((1..=20).contains(&commits), "{HOSTS} first beats were {commits} transactions");
    assert!(world.store.agents().await.unwrap().iter().all(|agent| agent.last_report_at.is_some() && agent.confirmed_at.is_some()));
    let told = entries(&world, ActivityKind::HealthChanged).await;
    assert_eq!(told.iter().filter(|entry| entry.message.contains("first clean heartbeat")).count(), HOSTS);
}

async fn other_connection(world: &World) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(world.database());
    sqlx::ConnectOptions::connect(&options).await.unwrap()
}

#[tokio::test]
async fn a_token_whose_first_answer_got_lost_still_works_for_its_machine_after_a_kill() {
    let mut world = World::new().await;
    super::agents::token(&world, "once", |_| {}).await;
    let first = world.fleet.enroll(enrolment("a", "once", false), None).await.unwrap();
    world.crash_and_start().await;
    let again = world.fleet.enroll(enrolment("a", "once", false), None).await.unwrap();
    assert!(matches!(world.fleet.heartbeat(&first.agent_token, clean_report()).await, Err(Error::Unauthorized(_))));
    world.fleet.heartbeat(&again.agent_token, clean_report()).await.unwrap();
    world.crash_and_start().await;
    assert!(world.fleet.enroll(enrolment("a", "once", false), None).await.is_err());
}
