//! Somebody changes a node without Pitlane: it shows, it is told, and Pitlane does not fight it.

use pitlane_api::*;
use pitlane_engine::{Engine, Record, SetScheduling};

use super::{
    double::{At, Fault},
    world::*,
};

#[tokio::test]
async fn a_change_shows_within_seconds_and_is_told() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.outside(&hosts[0], Scheduling::Maintenance).await;
    assert!(world.until(async || world.node(&hosts[0].id).scheduling == Scheduling::Maintenance).await);
    assert!(!world.node(&hosts[0].id).takes_placements);
    assert!(world.until(async || world.count(ActivityKind::ChangedOutside).await == 1).await);
    let entry = world.activity().await.into_iter().find(|entry| entry.kind == ActivityKind::ChangedOutside).unwrap();
    assert_eq!((entry.actor_kind, entry.node_id), (ActorKind::Outside, Some(hosts[0].id.clone())));

    world.outside(&hosts[0], Scheduling::Schedulable).await;
    assert!(world.until(async || world.node(&hosts[0].id).scheduling == Scheduling::Schedulable).await);
    assert!(world.until(async || world.count(ActivityKind::ChangedOutside).await == 2).await);
}

#[tokio::test]
async fn a_contradicting_operation_fails() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let drained = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&drained.id, OperationState::Completed).await;
    // An activation waits; somebody else writes another record: there is a new reason to keep the node out.
    world.engine.arm(At::Set, Fault::Away, 0);
    let operation = world.fleet.activate(&hosts[0].id, overriding(), call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    let engine_node = world.shown(&hosts[0]).await;
    let record = Record { reason: Some("do not touch".into()), by: Some("night shift".into()), ..Record::default() };
    let change = SetScheduling { target: Scheduling::Maintenance, record: Some(record), expected: engine_node.revision() };
    world.engine.inner.set_scheduling(&engine_node.engine_node_id, change).await.unwrap();
    let failed = world.reaches(&operation.id, OperationState::Failed).await;
    assert_eq!(failed.refusal.unwrap().code, "changed_outside");
    world.engine.heal();
    world.wait(5);
    let shown = world.shown(&hosts[0]).await;
    assert_eq!((shown.scheduling, shown.record.unwrap().reason.as_deref()), (Scheduling::Maintenance, Some("do not touch")));
}

#[tokio::test]
async fn a_drain_fails_where_somebody_else_put_the_node_into_maintenance() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm(At::Set, Fault::Away, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    world.outside(&hosts[0], Scheduling::Maintenance).await;
    let failed = world.reaches(&operation.id, OperationState::Failed).await;
    assert_eq!(failed.refusal.unwrap().code, "changed_outside");
    assert!(world.until(async || world.count(ActivityKind::ChangedOutside).await == 1).await);
}

#[tokio::test]
async fn an_activation_is_content_with_what_somebody_else_did() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let drained = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&drained.id, OperationState::Completed).await;
    world.engine.arm(At::Set, Fault::Away, 0);
    let operation = world.fleet.activate(&hosts[0].id, overriding(), call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    world.outside(&hosts[0], Scheduling::Schedulable).await;
    world.reaches(&operation.id, OperationState::Completed).await;
}

#[tokio::test]
async fn a_change_while_the_server_was_down_ends_what_it_contradicts() {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm(At::Set, Fault::HangBefore, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.engine.struck.notified().await;
    world.fleet.crash().await;
    world.outside(&hosts[0], Scheduling::Maintenance).await;
    world.crash_and_start().await;
    world.beat(&mut hosts);
    let failed = world.reaches(&operation.id, OperationState::Failed).await;
    assert_eq!(failed.refusal.unwrap().code, "changed_outside");
    assert_eq!(world.shown(&hosts[0]).await.record.and_then(|record| record.operation_id), None);
}

#[tokio::test]
async fn a_node_that_is_gone_from_the_engine_is_gone_here() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let engine_node_id = world.node(&hosts[0].id).engine_node_id;
    world.engine.inner.remove(&engine_node_id).await.unwrap();
    assert!(world.until(async || world.fleet.node(&hosts[0].id).is_err()).await);
    assert!(world.until(async || world.count(ActivityKind::NodeRemoved).await == 1).await);
    assert_eq!(world.fleet.info().counts.total, 1);
}

#[tokio::test]
async fn a_stale_record_on_a_schedulable_node_is_removed() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let engine_node_id = world.node(&hosts[0].id).engine_node_id;
    // Half a change, as an older version or somebody's script may leave it.
    let record = r#"{"reason":"left behind"}"#;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(world.database());
    let mut script: sqlx::SqliteConnection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let left =
        sqlx::query("UPDATE engine_nodes SET record = ? WHERE engine_node_id = ?").bind(record).bind(&engine_node_id).execute(&mut script).await;
    assert_eq!(left.unwrap().rows_affected(), 1);
    assert!(world.until(async || world.shown(&hosts[0]).await.record.is_none() && world.engine.writes() == 1).await);
    assert_eq!(world.node(&hosts[0].id).maintenance, None);
    assert_eq!(world.count(ActivityKind::ChangedOutside).await, 0);
}
