//! Many nodes in one go: in order, stopped by the first refusal, resumed, killed, and never twice.

use pitlane_api::*;
use pitlane_api::{OperationKind, Refusal};

use super::{
    double::{At, Fault},
    world::*,
};
use crate::store::Store;

fn request(hosts: &[&Host], kind: OperationKind) -> BulkRequest {
    BulkRequest {
        kind,
        reason: (kind == OperationKind::Drain).then(|| "kernel upgrade".into()),
        expected_back_at: None,
        at_once: None,
        allow_last_schedulable: false,
        nodes: hosts.iter().map(|host| BulkNode { node_id: host.id.clone(), seen_stateful: Vec::new(), acknowledge_unread: false }).collect(),
    }
}

impl World {
    async fn bulk(&self, id: &str) -> BulkOperation {
        self.fleet.bulk(id).await.unwrap()
    }

    async fn bulk_reaches(&self, id: &str, state: BulkState) -> BulkOperation {
        let mut last = None;
        let reached = self.until(async || {
            last = Some(self.bulk(id).await);
            last.as_ref().is_some_and(|bulk| bulk.state == state)
        });
        assert!(reached.await, "the bulk operation never was {state}: {last:?}");
        last.unwrap()
    }
}

fn states(bulk: &BulkOperation) -> Vec<BulkItemState> {
    bulk.items.iter().map(|item| item.state).collect()
}

use BulkItemState::{Aborted, Done, Refused, Skipped, Waiting};

#[tokio::test]
async fn nodes_are_drained_one_after_another_with_one_reason() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "c", "d"]).await;
    let accepted = world.fleet.accept_bulk(request(&[&hosts[2], &hosts[0], &hosts[1]], OperationKind::Drain), call("ada")).await.unwrap();
    let done = world.bulk_reaches(&accepted.id, BulkState::Completed).await;
    assert_eq!(states(&done), [Done, Done, Done]);
    let begun: Vec<String> =
        world.activity().await.into_iter().filter(|e| e.kind == ActivityKind::DrainRequested).filter_map(|e| e.node_name).collect();
    assert_eq!(begun, ["c", "a", "b"]);
    for host in &hosts[..3] {
        let record = world.shown(host).await.record.unwrap();
        assert_eq!((record.reason.as_deref(), record.by.as_deref()), (Some("kernel upgrade"), Some("ada")));
    }
    assert_eq!(world.node(&hosts[3].id).scheduling, Scheduling::Schedulable);
    assert_eq!(world.count(ActivityKind::BulkChanged).await, 2, "asked for, and done");
}

#[tokio::test]
async fn the_whole_set_must_leave_a_node_that_takes_placements() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let both = [&hosts[0], &hosts[1]];
    let preview =
        world.fleet.bulk_preview(&BulkPreviewRequest { kind: OperationKind::Drain, nodes: both.map(|host| host.id.clone()).to_vec() }).await.unwrap();
    assert!(preview.takes_the_last && preview.nodes.iter().all(|node| node.ready));
    assert_eq!((preview.capacity_now.nodes, preview.capacity_after.nodes), (2, 0));
    let refusal = refused(world.fleet.accept_bulk(request(&both, OperationKind::Drain), call("ada")).await);
    assert_eq!(refusal, Refusal::LastSchedulableNode { remaining: 0 });
    assert!(world.store.bulk_heads(10).await.unwrap().is_empty(), "nothing was kept");
    let allowed = BulkRequest { allow_last_schedulable: true, ..request(&both, OperationKind::Drain) };
    let accepted = world.fleet.accept_bulk(allowed, call("ada")).await.unwrap();
    world.bulk_reaches(&accepted.id, BulkState::Completed).await;
}

#[tokio::test]
async fn what_could_not_take_what_runs_on_the_set_is_no_node_that_is_left() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "control-plane"]).await;
    let engine_id = |host: &Host| world.node(&host.id).engine_node_id;
    world.engine.barred.lock().unwrap().push(engine_id(&hosts[2]));
    let asked = |set: &[&Host]| BulkPreviewRequest { kind: OperationKind::Drain, nodes: set.iter().map(|host| host.id.clone()).collect() };
    let one = world.fleet.bulk_preview(&asked(&[&hosts[0]])).await.unwrap();
    assert_eq!((one.capacity_now.nodes, one.capacity_after.nodes, one.takes_the_last), (2, 1, false));
    let both = world.fleet.bulk_preview(&asked(&[&hosts[0], &hosts[1]])).await.unwrap();
    assert_eq!((both.capacity_now.nodes, both.capacity_after.nodes, both.takes_the_last), (2, 0, true));
    let with = format!("drained with {} {}", engine_id(&hosts[0]), engine_id(&hosts[1]));
    assert!(
        both.nodes.iter().all(|node| node.ready && node.notes.iter().any(|note| **note == *with)),
        "the engine is asked about the whole set: {both:?}"
    );
    let refusal = refused(world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1]], OperationKind::Drain), call("ada")).await);
    assert_eq!(refusal, Refusal::LastSchedulableNode { remaining: 0 });
    let all = world.fleet.bulk_preview(&asked(&[&hosts[0], &hosts[1], &hosts[2]])).await.unwrap();
    assert_eq!((all.capacity_now.nodes, all.capacity_after.nodes, all.takes_the_last), (3, 0, true), "what is drained itself is counted before");
}

#[tokio::test]
async fn it_stops_at_the_first_refusal_and_goes_on_where_a_person_wants_it() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b", "c", "d"]).await;
    // Nobody has seen what lives on the second one.
    hosts[1].report.containers = Some(containers(vec![container("db", Some("pgdata"))]));
    world.beat(&mut hosts);
    let accepted = world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1], &hosts[2]], OperationKind::Drain), call("ada")).await.unwrap();
    let stopped = world.bulk_reaches(&accepted.id, BulkState::Stopped).await;
    assert_eq!(states(&stopped), [Done, Refused, Waiting]);
    assert_eq!(stopped.items[1].refusal.as_ref().unwrap().code, "stateful_workloads_changed");
    assert_eq!(world.node(&hosts[2].id).scheduling, Scheduling::Schedulable, "nothing was begun after it");

    let preview = world.fleet.bulk_preview(&BulkPreviewRequest { kind: OperationKind::Drain, nodes: vec![hosts[1].id.clone()] }).await.unwrap();
    let seen_stateful: Vec<Identity> = preview.nodes[0].stateful.iter().map(|workload| workload.identity.clone()).collect();
    assert_eq!(seen_stateful.len(), 1);
    let seen = BulkNode { node_id: hosts[1].id.clone(), seen_stateful, acknowledge_unread: false };
    let resume = BulkResume { skip: vec![hosts[2].id.clone()], nodes: vec![seen] };
    world.fleet.resume_bulk(&accepted.id, resume, call("bob").actor).await.unwrap();
    let done = world.bulk_reaches(&accepted.id, BulkState::Completed).await;
    assert_eq!(states(&done), [Done, Done, Skipped]);
    assert_eq!(done.requested_by, "bob");
    assert_eq!(world.count(ActivityKind::DrainRequested).await, 2, "what was done was not done again");
    let again = world.fleet.resume_bulk(&accepted.id, BulkResume::default(), call("bob").actor).await;
    assert_eq!(refused(again), Refusal::BulkFinished { state: BulkState::Completed });
}

#[tokio::test]
async fn aborting_stops_what_is_under_way_and_begins_no_other() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "c"]).await;
    world.engine.arm(At::Set, Fault::HangBefore, 0);
    let accepted = world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1]], OperationKind::Drain), call("ada")).await.unwrap();
    world.engine.struck.notified().await;
    world.fleet.abort_bulk(&accepted.id, call("bob").actor).await.unwrap();
    let ended = world.bulk_reaches(&accepted.id, BulkState::Aborted).await;
    assert_eq!(states(&ended), [Aborted, Waiting]);
    let again = world.fleet.abort_bulk(&accepted.id, call("bob").actor).await;
    assert_eq!(refused(again), Refusal::BulkFinished { state: BulkState::Aborted });
}

#[tokio::test]
async fn a_node_that_arrives_after_the_abort_is_counted() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "c"]).await;
    world.engine.gate_set();
    let accepted = world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1]], OperationKind::Drain), call("ada")).await.unwrap();
    world.engine.struck.notified().await;
    world.fleet.abort_bulk(&accepted.id, call("bob").actor).await.unwrap();
    let ended = world.bulk_reaches(&accepted.id, BulkState::Aborted).await;
    assert_eq!(states(&ended), [Aborted, Waiting]);
    world.engine.open_gate();
    assert!(world.until(async || states(&world.bulk(&accepted.id).await) == [Done, Waiting]).await);
    let told = world.bulk(&accepted.id).await;
    assert_eq!((told.state, rules::bulk_summary(&told).done), (BulkState::Aborted, 1));
    assert!(told.updated_at >= ended.updated_at && told.items[0].message.as_ref().unwrap().contains("arrived"));
    let said = |entry: &ActivityEntry| {
        entry.message.contains("a arrived although the drain of 2 nodes (a, b) was aborted") && entry.message.contains("1 of 2 done")
    };
    assert!(world.activity().await.iter().any(said));
    world.fleet.resume_bulk(&accepted.id, BulkResume::default(), call("bob").actor).await.unwrap();
    assert_eq!(states(&world.bulk_reaches(&accepted.id, BulkState::Completed).await), [Done, Done]);
    assert_eq!(world.count(ActivityKind::DrainRequested).await, 2, "what arrived was not asked for again");
}

/// Killed after an abort, before the engine's answer came: whether the engine had carried it out already is found out after the start.
async fn killed_after_an_abort(kind: OperationKind, fault: Fault) -> (World, Vec<Host>, BulkOperation) {
    let mut world = World::with(|settings| settings.thresholds.settle_s = 0).await;
    let mut hosts = world.hosts(&["a", "b", "c"]).await;
    let two = [&hosts[0], &hosts[1]];
    if kind == OperationKind::Activate {
        let drained = world.fleet.accept_bulk(request(&two, OperationKind::Drain), call("ada")).await.unwrap();
        world.bulk_reaches(&drained.id, BulkState::Completed).await;
    }
    let before = world.engine.writes();
    world.engine.arm(At::Set, fault, 0);
    let accepted = world.fleet.accept_bulk(request(&two, kind), call("ada")).await.unwrap();
    world.engine.struck.notified().await;
    let written = async || fault != Fault::HangAfter || world.engine.writes() > before;
    assert!(world.until(written).await);
    world.fleet.abort_bulk(&accepted.id, call("bob").actor).await.unwrap();
    let ended = world.bulk_reaches(&accepted.id, BulkState::Aborted).await;
    assert_eq!(states(&ended), [Aborted, Waiting]);
    world.crash_and_start().await;
    world.beat(&mut hosts);
    (world, hosts, ended)
}

#[tokio::test]
async fn a_drain_that_arrived_before_the_server_was_killed_is_counted_after_the_start() {
    let (world, _, ended) = killed_after_an_abort(OperationKind::Drain, Fault::HangAfter).await;
    assert!(world.until(async || states(&world.bulk(&ended.id).await) == [Done, Waiting]).await);
    let told = world.bulk(&ended.id).await;
    assert_eq!((told.state, rules::bulk_summary(&told).done), (BulkState::Aborted, 1));
    assert!(told.items[0].message.as_ref().unwrap().contains("arrived"));
    assert!(world.activity().await.iter().any(|entry| entry.message.contains("a arrived although the drain of 2 nodes (a, b) was aborted")));
    world.fleet.resume_bulk(&ended.id, BulkResume::default(), call("bob").actor).await.unwrap();
    assert_eq!(states(&world.bulk_reaches(&ended.id, BulkState::Completed).await), [Done, Done]);
    assert_eq!(world.count(ActivityKind::DrainRequested).await, 2, "what arrived was not asked for again");
}

#[tokio::test]
async fn an_activation_that_arrived_before_the_server_was_killed_is_counted_after_the_start() {
    let (world, _, ended) = killed_after_an_abort(OperationKind::Activate, Fault::HangAfter).await;
    assert!(world.until(async || states(&world.bulk(&ended.id).await) == [Done, Waiting]).await);
}

#[tokio::test]
async fn what_did_not_arrive_stays_aborted_after_the_start() {
    for kind in [OperationKind::Drain, OperationKind::Activate] {
        let (world, hosts, ended) = killed_after_an_abort(kind, Fault::HangBefore).await;
        // Somebody does it without Pitlane: that is theirs, and not what was aborted.
        let target = if kind == OperationKind::Drain { Scheduling::Maintenance } else { Scheduling::Schedulable };
        world.outside(&hosts[0], target).await;
        assert!(world.until(async || world.count(ActivityKind::ChangedOutside).await == 1).await);
        world.fleet.settle_what_arrived().await;
        assert_eq!(states(&world.bulk(&ended.id).await), [Aborted, Waiting]);
    }
}

/// The answer is lost, the abort comes, and the engine shows it later.
#[tokio::test]
async fn what_the_engine_shows_after_a_lost_answer_is_counted() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "c"]).await;
    world.engine.gate_set();
    world.engine.arm(At::Set, Fault::LostAnswer, 0);
    let accepted = world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1]], OperationKind::Drain), call("ada")).await.unwrap();
    world.engine.struck.notified().await;
    world.fleet.abort_bulk(&accepted.id, call("bob").actor).await.unwrap();
    world.bulk_reaches(&accepted.id, BulkState::Aborted).await;
    world.engine.open_gate();
    assert!(world.until(async || states(&world.bulk(&accepted.id).await) == [Done, Waiting]).await);
}

#[tokio::test]
async fn one_that_was_stopped_is_left_at_that_and_can_still_be_gone_on_with() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b", "c"]).await;
    hosts[0].report.containers = Some(containers(vec![container("db", Some("pgdata"))]));
    world.beat(&mut hosts);
    let accepted = world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1]], OperationKind::Drain), call("ada")).await.unwrap();
    world.bulk_reaches(&accepted.id, BulkState::Stopped).await;
    let left = world.fleet.abort_bulk(&accepted.id, call("bob").actor).await.unwrap();
    assert_eq!((left.state, states(&left)), (BulkState::Aborted, vec![Refused, Waiting]));
    assert_eq!(world.count(ActivityKind::BulkChanged).await, 3, "asked for, stopped, left at that");
    let resume = BulkResume { skip: vec![hosts[0].id.clone()], nodes: Vec::new() };
    world.fleet.resume_bulk(&accepted.id, resume, call("bob").actor).await.unwrap();
    assert_eq!(states(&world.bulk_reaches(&accepted.id, BulkState::Completed).await), [Skipped, Done]);
}

/// Killed at a call to the engine while one of two nodes is being drained: both are done, each once.
async fn killed_at(at: At, fault: Fault, skip: u32) {
    let mut world = World::new().await;
    let mut hosts = world.hosts(&["a", "b", "c"]).await;
    world.engine.arm(at, fault, skip);
    let accepted = world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1]], OperationKind::Drain), call("ada")).await.unwrap();
    world.engine.struck.notified().await;
    world.crash_and_start().await;
    world.beat(&mut hosts);
    let done = world.bulk_reaches(&accepted.id, BulkState::Completed).await;
    assert_eq!(states(&done), [Done, Done]);
    let count = async |kind| world.count(kind).await;
    assert_eq!((count(ActivityKind::DrainRequested).await, count(ActivityKind::Drained).await), (2, 2));
    assert_eq!(count(ActivityKind::BulkChanged).await, 2);
}

#[tokio::test]
async fn killed_while_a_node_is_being_accepted() {
    killed_at(At::Node, Fault::HangBefore, 0).await;
}

#[tokio::test]
async fn killed_between_a_nodes_acceptance_and_its_write() {
    killed_at(At::Set, Fault::HangBefore, 0).await;
}

#[tokio::test]
async fn killed_after_a_nodes_write() {
    killed_at(At::Set, Fault::HangAfter, 0).await;
}

#[tokio::test]
async fn killed_at_the_second_node() {
    killed_at(At::Set, Fault::HangBefore, 1).await;
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for_and_refuses_nothing() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "c"]).await;
    let accepted = {
        world.engine.arm(At::Node, Fault::Away, 0);
        world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1]], OperationKind::Drain), call("ada")).await.unwrap()
    };
    let waits = world.until(async || world.bulk(&accepted.id).await.waiting_for.is_some());
    assert!(waits.await);
    assert_eq!(world.bulk(&accepted.id).await.state, BulkState::Running);
    world.engine.heal();
    // The first answer of the engine wakes what waits for it.
    world.fleet.relist().await;
    let done = world.bulk_reaches(&accepted.id, BulkState::Completed).await;
    assert_eq!((states(&done), done.waiting_for), (vec![Done, Done], None));
}

#[tokio::test]
async fn a_repeated_request_has_one_effect() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b"]).await;
    let wish = || request(&[&hosts[0]], OperationKind::Drain);
    let first = world.fleet.accept_bulk(wish(), with_key("k", "body")).await.unwrap();
    world.bulk_reaches(&first.id, BulkState::Completed).await;
    assert_eq!(world.fleet.accept_bulk(wish(), with_key("k", "body")).await.unwrap().id, first.id);
    assert_eq!(world.fleet.accept_bulk(wish(), with_key("k", "other")).await, Err(crate::fleet::Error::IdempotencyMismatch));
    assert_eq!(world.store.bulk_heads(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_clean_nodes_are_activated_and_what_is_there_already_is_passed_over() {
    let world = World::with(|settings| settings.thresholds.settle_s = 0).await;
    let mut hosts = world.hosts(&["a", "b", "c", "d"]).await;
    let drained = world.fleet.accept_bulk(request(&[&hosts[0], &hosts[1], &hosts[2]], OperationKind::Drain), call("ada")).await.unwrap();
    world.bulk_reaches(&drained.id, BulkState::Completed).await;
    let again = world.fleet.accept_bulk(request(&[&hosts[0]], OperationKind::Drain), call("ada")).await.unwrap();
    assert_eq!(states(&world.bulk_reaches(&again.id, BulkState::Completed).await), [Skipped], "it is in maintenance already");

    hosts[1].report.docker = service(SignalState::Bad);
    world.beat(&mut hosts);
    world.fleet.tick();
    let all: Vec<&Host> = hosts.iter().collect();
    let ids = hosts.iter().map(|host| host.id.clone()).collect();
    let preview = world.fleet.bulk_preview(&BulkPreviewRequest { kind: OperationKind::Activate, nodes: ids }).await.unwrap();
    assert_eq!(preview.nodes.iter().map(|node| node.ready).collect::<Vec<_>>(), [true, false, true, false]);
    let accepted = world.fleet.accept_bulk(request(&all, OperationKind::Activate), call("ada")).await.unwrap();
    let done = world.bulk_reaches(&accepted.id, BulkState::Completed).await;
    assert_eq!(states(&done), [Done, Skipped, Done, Skipped]);
    assert_eq!(world.node(&hosts[1].id).scheduling, Scheduling::Maintenance);
    assert!(done.items[1].message.as_deref().unwrap().contains("Docker"), "{:?}", done.items[1].message);
}

#[tokio::test]
async fn real_and_simulated_nodes_are_not_handled_in_one_go() {
    let world = World::new().await;
    let hosts = world.hosts(&["a"]).await;
    let mut simulated = [world.enrol_as("s", true).await];
    world.beat(&mut simulated);
    world.fleet.tick();
    let outcome = world.fleet.accept_bulk(request(&[&hosts[0], &simulated[0]], OperationKind::Drain), call("ada")).await;
    assert!(matches!(outcome, Err(crate::fleet::Error::Invalid { ref field, .. }) if field == "nodes"), "{outcome:?}");
}
