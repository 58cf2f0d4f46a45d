//! Every refusal, and every field that can be wrong: nothing is kept and nothing is changed.

use pitlane_api::Refusal;
use pitlane_api::*;

use super::{
    double::{At, Fault},
    world::*,
};
use crate::fleet::Error;
use crate::store::Store;

async fn nothing_happened(world: &World, host: &Host) {
    assert_eq!(world.node(&host.id).scheduling, Scheduling::Schedulable);
    assert!(world.store.unfinished_operations().await.unwrap().is_empty());
    assert_eq!(world.engine.writes(), 0);
}

#[tokio::test]
async fn a_drain_is_carried_out_and_told_once() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let back = world.settings.clock.now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
    let request = DrainRequest { expected_back_at: Some(back), ..drain_request() };
    let operation = world.fleet.drain(&hosts[0].id, request, call("ada")).await.unwrap();
    assert_eq!(operation.state, OperationState::Pending);
    assert!(!world.node(&hosts[0].id).takes_placements, "a pending drain takes no placements from its acceptance on");

    let done = world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!((done.step, done.attempt_count), (OperationStep::Done, 1));
    let node = world.node(&hosts[0].id);
    assert_eq!((node.scheduling, node.status), (Scheduling::Maintenance, Status::Maintenance));
    let maintenance = node.maintenance.unwrap();
    assert_eq!((maintenance.reason.as_deref(), maintenance.by.as_deref()), (Some("kernel upgrade"), Some("ada")));
    assert_eq!((maintenance.expected_back_at, maintenance.set_outside), (Some(back), false));
    assert_eq!(node.operation, None);
    assert_eq!(world.shown(&hosts[0]).await.record.unwrap().operation_id, Some(operation.id));

    let told: Vec<ActivityEntry> = world.activity().await.into_iter().filter(|entry| entry.operation_id.is_some()).collect();
    assert_eq!(told.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [ActivityKind::DrainRequested, ActivityKind::Drained]);
    assert_eq!((told[0].actor.as_deref(), told[0].origin.as_deref()), (Some("ada"), Some("192.0.2.1")));
    assert_eq!(told[0].reason.as_deref(), Some("kernel upgrade"));
}

#[tokio::test]
async fn fields_are_checked_before_anything_else() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let field = |result: crate::fleet::Result<Operation>| match result {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let short = DrainRequest { reason: " x ".into(), ..drain_request() };
    assert_eq!(field(world.fleet.drain(&hosts[0].id, short, call("ada")).await), "reason");
    let past = DrainRequest { expected_back_at: Some(Timestamp::UNIX_EPOCH), ..drain_request() };
    assert_eq!(field(world.fleet.drain(&hosts[0].id, past, call("ada")).await), "expected_back_at");
    let override_ = ActivateRequest { override_: Some(Override { reason: String::new() }) };
    assert_eq!(field(world.fleet.activate(&hosts[0].id, override_, call("ada")).await), "override.reason");
    nothing_happened(&world, &hosts[0]).await;
}

#[tokio::test]
async fn a_node_that_is_not_there_is_not_found() {
    let world = World::new().await;
    let nobody = NodeId::from("nobody");
    assert!(matches!(world.fleet.drain(&nobody, drain_request(), call("ada")).await, Err(Error::NotFound(_))));
    assert!(matches!(world.fleet.node(&nobody), Err(Error::NotFound(_))));
    assert!(matches!(world.fleet.workloads(&nobody).await, Err(Error::NotFound(_))));
    assert!(matches!(world.fleet.samples(&nobody, None).await, Err(Error::NotFound(_))));
    assert!(matches!(world.fleet.activation_checks(&nobody), Err(Error::NotFound(_))));
}

#[tokio::test]
async fn the_revision_must_be_the_one_that_was_looked_at() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    let seen = world.node(&hosts[0].id).revision;
    world.live(&mut hosts, 10);
    assert_eq!(world.node(&hosts[0].id).revision, seen, "heartbeats do not change it");

    let stale = Revision::from("0000000000000000");
    let refusal = refused(world.fleet.drain(&hosts[0].id, drain_request(), at(&stale)).await);
    assert_eq!(refusal, Refusal::RevisionConflict { current: seen.clone() });
    nothing_happened(&world, &hosts[0]).await;

    let operation = world.fleet.drain(&hosts[0].id, drain_request(), at(&seen)).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    let now = world.node(&hosts[0].id).revision;
    assert_ne!(now, seen);
    assert_eq!(refused(world.fleet.activate(&hosts[0].id, overriding(), at(&seen)).await), Refusal::RevisionConflict { current: now });
}

#[tokio::test]
async fn a_node_in_maintenance_is_not_drained_again() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!(refused(world.drain(&hosts[0]).await), Refusal::AlreadyInMaintenance { by: Some("ada".into()) });
    assert_eq!(refused(world.activate(&hosts[1]).await), Refusal::AlreadySchedulable {});
}

#[tokio::test]
async fn one_unfinished_operation_per_node() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "c"]).await;
    world.engine.arm(At::Set, Fault::Away, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    match refused(world.drain(&hosts[0]).await) {
        Refusal::OperationInProgress { operation: other } => assert_eq!(other.id, operation.id),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_last_schedulable_node_needs_a_word_more() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let first = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&first.id, OperationState::Completed).await;

    let preview = world.fleet.drain_preview(&hosts[1].id).await.unwrap();
    assert_eq!((preview.capacity_now.nodes, preview.capacity_after.nodes, preview.risk), (1, 0, Risk::High));
    assert!(preview.guards.iter().any(|guard| guard.kind == GuardKind::LastSchedulableNode));
    assert_eq!(refused(world.drain(&hosts[1]).await), Refusal::LastSchedulableNode { remaining: 0 });

    let allowed = DrainRequest { allow_last_schedulable: true, ..drain_request() };
    let second = world.fleet.drain(&hosts[1].id, allowed, call("ada")).await.unwrap();
    world.reaches(&second.id, OperationState::Completed).await;
}

#[tokio::test]
async fn what_could_not_take_what_runs_here_is_no_capacity_that_remains() {
    let world = World::new().await;
    let hosts = world.hosts(&["worker", "control-plane"]).await;
    let id = &world.node(&hosts[1].id).engine_node_id;
    world.engine.barred.lock().unwrap().push(id.clone());
    let preview = world.fleet.drain_preview(&hosts[0].id).await.unwrap();
    assert_eq!((preview.capacity_now.nodes, preview.capacity_after.nodes), (1, 0));
    assert_eq!(refused(world.drain(&hosts[0]).await), Refusal::LastSchedulableNode { remaining: 0 }, "the guard counts as the preview does");
    assert_eq!(world.fleet.info().capacity.nodes, 2, "the fleet as a whole has it all the same");
}

#[tokio::test]
async fn simulated_nodes_do_not_stand_in_for_real_ones() {
    let world = World::new().await;
    let real = world.hosts(&["real"]).await;
    let mut simulated = vec![world.enrol_as("s1", true).await, world.enrol_as("s2", true).await];
    world.beat(&mut simulated);
    world.fleet.tick();
    let info = world.fleet.info();
    assert_eq!((info.counts.total, info.simulated.map(|counts| counts.total)), (1, Some(2)));
    assert_eq!((info.capacity.nodes, info.simulated_capacity.map(|capacity| capacity.nodes)), (1, Some(2)));
    assert_eq!(refused(world.drain(&real[0]).await), Refusal::LastSchedulableNode { remaining: 0 });
    assert_eq!(world.node(&simulated[0].id).node_source, NodeSource::Simulated);

    let placed = |simulated| PlacementRequest {
        strategy: Strategy::LeastLoaded,
        selector_tags: vec!["role=edge".into()],
        node_id: None,
        requests: PlacementNeeds::default(),
        simulated,
    };
    assert_eq!(world.fleet.place(placed(false)).await.unwrap().node_id, real[0].id);
    assert_ne!(world.fleet.place(placed(true)).await.unwrap().node_id, real[0].id);
}

#[tokio::test]
async fn what_stays_must_be_what_was_seen() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    hosts[0].report.containers = Some(containers(vec![container("postgres", Some("pgdata"))]));
    world.beat(&mut hosts);
    let preview = world.fleet.drain_preview(&hosts[0].id).await.unwrap();
    let seen: Vec<Identity> = preview.stateful.iter().map(|workload| workload.identity.clone()).collect();
    assert_eq!((seen.len(), preview.complete), (1, true));

    match refused(world.drain(&hosts[0]).await) {
        Refusal::StatefulWorkloadsChanged { added, now, .. } => assert_eq!((added, now.len()), (seen.clone(), 1)),
        other => panic!("{other:?}"),
    }
    nothing_happened(&world, &hosts[0]).await;

    let request = DrainRequest { seen_stateful: seen, ..drain_request() };
    let operation = world.fleet.drain(&hosts[0].id, request, call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
}

#[tokio::test]
async fn a_list_that_was_not_read_in_full_must_be_acknowledged() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    hosts[0].report.containers = Some(ContainersReport { complete: false, not_read: vec!["permission denied".into()], ..containers(vec![]) });
    world.beat(&mut hosts);
    match refused(world.drain(&hosts[0]).await) {
        Refusal::UnreadWorkloads { not_read } => assert_eq!(not_read, ["permission denied"]),
        other => panic!("{other:?}"),
    }
    // An engine that does not let Pitlane look is the same: not evaluated, never none.
    world.engine.arm(At::Workloads, Fault::Refused, 0);
    assert!(matches!(refused(world.drain(&hosts[1]).await), Refusal::UnreadWorkloads { .. }));
    let acknowledged = DrainRequest { acknowledge_unread: true, ..drain_request() };
    let operation = world.fleet.drain(&hosts[1].id, acknowledged, call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
}

#[tokio::test]
async fn a_guard_that_no_longer_holds_at_the_write_ends_the_operation() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.engine.arm(At::Set, Fault::Away, 0);
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::WaitingReconcile).await;
    // Meanwhile a database was started on it, which nobody has seen.
    hosts[0].report.containers = Some(containers(vec![container("postgres", Some("pgdata"))]));
    world.beat(&mut hosts);
    world.engine.heal();
    world.fleet.retry(&hosts[0].id, &operation.id).await.unwrap();
    let failed = world.reaches(&operation.id, OperationState::Failed).await;
    assert_eq!(failed.refusal.unwrap().code, "stateful_workloads_changed");
    assert_eq!(world.node(&hosts[0].id).operation.map(|operation| operation.state), Some(OperationState::Failed));
    assert!(world.node(&hosts[0].id).takes_placements);
    assert_eq!((world.count(ActivityKind::OperationFailed).await, world.engine.writes()), (1, 0));
}

#[tokio::test]
async fn the_reason_can_be_changed_later() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let patch = |reason: &str| MaintenancePatch { reason: Some(reason.into()), expected_back_at: None };
    let early = world.fleet.patch_maintenance(&hosts[0].id, patch("new reason"), call("ada")).await;
    assert_eq!(refused(early), Refusal::AlreadySchedulable {});

    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    let before = world.node(&hosts[0].id);
    let back = world.settings.clock.now().checked_add(jiff::SignedDuration::from_hours(2)).unwrap();
    let both = MaintenancePatch { reason: Some("new reason".into()), expected_back_at: Some(Some(back)) };
    let node = world.fleet.patch_maintenance(&hosts[0].id, both, at(&before.revision)).await.unwrap();
    let maintenance = node.maintenance.unwrap();
    assert_eq!((maintenance.reason.as_deref(), maintenance.expected_back_at), (Some("new reason"), Some(back)));
    assert_eq!(maintenance.since, before.maintenance.unwrap().since, "it has not begun anew");
    assert_ne!(node.revision, before.revision);

    let stale = world.fleet.patch_maintenance(&hosts[0].id, patch("another"), at(&before.revision)).await;
    assert_eq!(refused(stale), Refusal::RevisionConflict { current: node.revision });
    let clear = MaintenancePatch { reason: None, expected_back_at: Some(None) };
    let node = world.fleet.patch_maintenance(&hosts[0].id, clear, call("ada")).await.unwrap();
    assert_eq!(node.maintenance.unwrap().expected_back_at, None);
    assert_eq!((world.count(ActivityKind::MaintenanceChanged).await, world.count(ActivityKind::ChangedOutside).await), (2, 0));
    let none = world.fleet.patch_maintenance(&hosts[0].id, MaintenancePatch::default(), call("ada")).await;
    assert!(matches!(none, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_one_answer() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let first = world.fleet.drain(&hosts[0].id, drain_request(), with_key("k", "body")).await.unwrap();
    world.reaches(&first.id, OperationState::Completed).await;
    // It would be refused by a rule now; the key is looked up first.
    let again = world.fleet.drain(&hosts[0].id, drain_request(), with_key("k", "body")).await.unwrap();
    assert_eq!((again.id, again.state), (first.id, OperationState::Completed));
    let other = world.fleet.drain(&hosts[0].id, drain_request(), with_key("k", "another body")).await;
    assert_eq!(other, Err(Error::IdempotencyMismatch));
    assert_eq!(world.count(ActivityKind::DrainRequested).await, 1);

    // Refusals are not kept: the same key may succeed once the reason is gone.
    assert!(matches!(refused(world.fleet.drain(&hosts[1].id, drain_request(), with_key("l", "body")).await), Refusal::LastSchedulableNode { .. }));
    let operation = world.fleet.activate(&hosts[0].id, overriding(), call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    world.fleet.drain(&hosts[1].id, drain_request(), with_key("l", "body")).await.unwrap();
}

#[tokio::test]
async fn the_same_request_twice_at_once_has_one_effect() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let (one, other) = tokio::join!(
        world.fleet.drain(&hosts[0].id, drain_request(), with_key("k", "body")),
        world.fleet.drain(&hosts[0].id, drain_request(), with_key("k", "body")),
    );
    assert_eq!(one.unwrap().id, other.unwrap().id);
    assert_eq!(world.count(ActivityKind::DrainRequested).await, 1);
}

#[tokio::test]
async fn a_store_that_cannot_keep_anything_stops_a_drain_before_the_engine_is_touched() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(world.database());
    let mut other: sqlx::SqliteConnection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let error = world.drain(&hosts[0]).await;
    assert!(matches!(error, Err(Error::StoreUnavailable { .. })), "{error:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    nothing_happened(&world, &hosts[0]).await;
    assert!(world.node(&hosts[0].id).takes_placements);
}
