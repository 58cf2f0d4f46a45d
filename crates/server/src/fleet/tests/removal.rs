//! Removing a node for good.

use pitlane_api::Refusal;
use pitlane_api::*;

use super::{
    double::{At, Fault},
    world::*,
};
use crate::{fleet::Error, store::Store};

#[tokio::test]
async fn only_a_node_without_workloads_that_nobody_needs_can_be_removed() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let blockers = |result| match refused(result) {
        Refusal::DeletionBlocked { blockers, overridable } => (blockers.len(), overridable),
        other => panic!("{other:?}"),
    };
    assert_eq!(blockers(world.fleet.remove(&hosts[0].id, None, call("ada")).await), (2, false), "schedulable, and a container runs");
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!(blockers(world.fleet.remove(&hosts[0].id, None, call("ada")).await), (1, false));
    hosts[0].report.containers = Some(containers(vec![]));
    world.beat(&mut hosts);
    let stale = Revision::from("0");
    assert!(matches!(refused(world.fleet.remove(&hosts[0].id, None, at(&stale)).await), Refusal::RevisionConflict { .. }));
    world.fleet.remove(&hosts[0].id, None, call("ada")).await.unwrap();

    assert!(matches!(world.fleet.node(&hosts[0].id), Err(Error::NotFound(_))));
    assert!(matches!(world.fleet.take_in_heartbeat(&hosts[0].token, clean_report()), Err(Error::Unauthorized(_))), "its agent has to enrol again");
    assert_eq!(world.store.agents().await.unwrap().len(), 1);
    assert!(world.until(async || world.count(ActivityKind::NodeRemoved).await == 1).await, "told once, and not as a change outside");
    world.wait(3);
    assert_eq!(world.count(ActivityKind::NodeRemoved).await, 1);
    let again = world.enrol("a").await;
    assert_eq!(world.node(&again.id).health, Health::Pending);
}

#[tokio::test]
async fn what_could_not_be_read_can_be_overridden_with_a_reason() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    world.wait(31);
    assert_eq!(world.node(&hosts[0].id).health, Health::Offline);
    world.engine.arm(At::Workloads, Fault::Refused, 0);
    match refused(world.fleet.remove(&hosts[0].id, None, call("ada")).await) {
        Refusal::DeletionBlocked { overridable, .. } => assert!(overridable),
        other => panic!("{other:?}"),
    }
    let short = world.fleet.remove(&hosts[0].id, Some("x".into()), call("ada")).await;
    assert!(matches!(short, Err(Error::Invalid { .. })));
    world.fleet.remove(&hosts[0].id, Some("the host burnt down".into()), call("ada")).await.unwrap();
    let entry = world.activity().await.into_iter().rfind(|entry| entry.kind == ActivityKind::NodeRemoved).unwrap();
    assert_eq!(entry.reason.as_deref(), Some("the host burnt down"));
}

#[tokio::test]
async fn a_removal_the_engine_did_not_do_leaves_the_node_as_it_was() {
    let world = World::new().await;
    let pending = world.enrol("never").await;
    world.engine.arm(At::Remove, Fault::Away, 0);
    assert!(matches!(world.fleet.remove(&pending.id, None, call("ada")).await, Err(Error::EngineUnavailable { .. })));
    assert_eq!(world.node(&pending.id).health, Health::Pending);
    world.engine.heal();
    world.fleet.remove(&pending.id, None, call("ada")).await.unwrap();
}
