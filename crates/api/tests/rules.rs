//! The rules of maintenance, one by one, as an operator would put them to the test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use pitlane_api::rules::*;
use pitlane_api::*;
use support::*;

fn drain_input<'a>(node: &'a Node, others: &[Node], list: Option<&'a WorkloadList>) -> DrainInput<'a> {
    let fleet: Vec<Node> = others.iter().cloned().chain([node.clone()]).collect();
    let realm = Realm::of(node.node_source);
    DrainInput {
        now: at(0),
        node,
        own: None,
        list,
        capacity_now: capacity(realm, &fleet),
        capacity_after: capacity_without(realm, &fleet, Some(&node.id)),
    }
}

fn request(seen: &[Workload]) -> DrainRequest {
    DrainRequest {
        reason: "reboot".into(),
        seen_stateful: seen.iter().map(|workload| workload.identity.clone()).collect(),
        ..DrainRequest::default()
    }
}

#[test]
fn what_was_seen_may_stay() {
    let (a, b) = (node("a"), node("b"));
    let seen = vec![stateful("postgres", DataLives::NetworkVolume), stateful("dovecot", DataLives::ThisNodeOnly)];
    let list = list(seen.clone());
    assert_eq!(check_drain(&drain_input(&a, &[b], Some(&list)), &request(&seen)), Ok(()));
}

#[test]
fn an_addition_is_refused_with_the_new_set() {
    let (a, b) = (node("a"), node("b"));
    let seen = vec![stateful("postgres", DataLives::NetworkVolume)];
    let list = list(vec![seen[0].clone(), stateful("dovecot", DataLives::ThisNodeOnly)]);
    match check_drain(&drain_input(&a, &[b], Some(&list)), &request(&seen)) {
        Err(Refusal::StatefulWorkloadsChanged { added, more_local, gone, now }) => {
            assert_eq!(added, vec![list.workloads[1].identity.clone()]);
            assert!(more_local.is_empty() && gone.is_empty());
            assert_eq!(now, list.workloads);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn data_that_lives_more_locally_than_shown_is_refused_and_the_other_way_is_not() {
    let (a, b) = (node("a"), node("b"));
    let network = vec![stateful("postgres", DataLives::NetworkVolume)];
    let local = vec![stateful("postgres", DataLives::ThisNodeOnly)];
    let (network_list, local_list) = (list(network.clone()), list(local.clone()));
    let refusal = check_drain(&drain_input(&a, std::slice::from_ref(&b), Some(&local_list)), &request(&network)).unwrap_err();
    assert!(matches!(refusal, Refusal::StatefulWorkloadsChanged { ref more_local, .. } if more_local.len() == 1), "{refusal:?}");
    assert_eq!(check_drain(&drain_input(&a, &[b], Some(&network_list)), &request(&local)), Ok(()));
}

#[test]
fn a_second_replica_of_the_same_identity_is_an_addition() {
    let (a, b) = (node("a"), node("b"));
    let one = vec![stateful("redis", DataLives::ThisNodeOnly)];
    let list = list(vec![one[0].clone(), one[0].clone()]);
    assert_eq!(check_drain(&drain_input(&a, &[b], Some(&list)), &request(&one)).unwrap_err().code(), "stateful_workloads_changed");
}

#[test]
fn what_has_gone_or_stopped_stands_in_nobodys_way() {
    let (a, b) = (node("a"), node("b"));
    let seen = vec![stateful("redis", DataLives::ThisNodeOnly), stateful("minio", DataLives::ThisNodeOnly)];
    let mut stopped = seen[1].clone();
    stopped.state = WorkloadState::Stopped;
    let list = list(vec![stopped]);
    assert_eq!(check_drain(&drain_input(&a, &[b], Some(&list)), &request(&seen)), Ok(()));
}

#[test]
fn unread_is_never_none_and_wants_to_be_acknowledged() {
    let (a, b) = (node("a"), node("b"));
    let mut partial = list(vec![]);
    partial.complete = false;
    partial.not_read = vec![Words::plain("Docker does not answer")];
    for unread in [None, Some(&partial)] {
        let input = drain_input(&a, std::slice::from_ref(&b), unread);
        assert_eq!(check_drain(&input, &request(&[])).unwrap_err().code(), "unread_workloads");
        let preview = drain_preview(&input, vec![]);
        assert!(!preview.complete && !preview.not_read.is_empty());
        assert_eq!(preview.risk, Risk::High);
        assert_eq!(preview.workloads_running, None, "unknown, not zero");
        assert_eq!(check_drain(&input, &DrainRequest { acknowledge_unread: true, ..request(&[]) }), Ok(()));
    }
}

#[test]
fn the_last_node_that_takes_placements_is_kept() {
    let a = node("a");
    let none = list(vec![]);
    let mut offline = node("b");
    offline.health = Health::Offline;
    offline.takes_placements = false;
    let mut simulated = node("c");
    simulated.node_source = NodeSource::Simulated;
    let input = drain_input(&a, &[offline.clone(), simulated], Some(&none));
    assert_eq!(check_drain(&input, &request(&[])).unwrap_err().code(), "last_schedulable_node", "simulated nodes do not count");
    assert_eq!(check_drain(&input, &DrainRequest { allow_last_schedulable: true, ..request(&[]) }), Ok(()));
    // A node that takes none cannot be the last one: a dead node can always be drained.
    assert_eq!(check_drain(&drain_input(&offline, &[], Some(&none)), &request(&[])), Ok(()));
}

#[test]
fn a_pending_drain_counts_as_gone_already() {
    let (a, mut b) = (node("a"), node("b"));
    b.operation = Some(operation(OperationKind::Drain, &b));
    b.takes_placements = takes_placements(b.scheduling, b.health, b.operation.as_ref());
    let none = list(vec![]);
    assert_eq!(check_drain(&drain_input(&a, &[b], Some(&none)), &request(&[])).unwrap_err().code(), "last_schedulable_node");
}

#[test]
fn the_preview_says_what_remains() {
    let (a, b, c) = (node("a"), node("b"), node("c"));
    let none = list(vec![]);
    let preview = drain_preview(&drain_input(&a, &[b, c], Some(&none)), vec!["pitlane drain a".into()]);
    assert_eq!((preview.capacity_now.nodes, preview.capacity_after.nodes), (3, 2));
    assert_eq!(preview.capacity_after.memory_free_bytes, Some(16 << 30));
    assert_eq!(preview.capacity_after.memory_total_bytes, Some(32 << 30));
    assert_eq!((preview.risk, preview.guards.len()), (Risk::Low, 0));
}

fn activation_input(node: &Node) -> ActivationInput<'_> {
    ActivationInput {
        now: at(100),
        node,
        own: None,
        heartbeat_age_s: Some(3.0),
        heartbeat_before: true,
        reported_before: &[],
        clean_for_ms: 60_000,
        settle_window_s: 60,
        engine_reachable: true,
    }
}

fn in_maintenance(name: &str) -> Node {
    let mut node = node(name);
    node.scheduling = Scheduling::Maintenance;
    node.takes_placements = false;
    node.maintenance = Some(Maintenance {
        reason: Some("Kernel 6.12 reboot".into()),
        by: Some("on-call".into()),
        since: Some(at(40)),
        expected_back_at: None,
        set_outside: false,
        note: None,
        version: None,
    });
    node
}

#[test]
fn a_clean_node_is_activated() {
    let node = in_maintenance("a");
    let input = activation_input(&node);
    assert_eq!(check_activation(&input, &ActivateRequest::default()), Ok(()));
    let checks = activation_checks(&input, vec![]);
    assert!(checks.clean);
    let line = |name: &str| checks.checks.iter().find(|check| check.name == name).map(|check| check.detail.english());
    assert_eq!(line("CPU, memory, disk"), Some("12 · 50 · 71 %"));
    assert_eq!(line("Clean for the settle window"), Some("60 of 60 s"));
    assert_eq!(checks.notice.as_ref().map(Words::english), Some("Drained 1 minute ago by on-call."));
}

#[test]
fn what_is_bad_blocks_until_a_person_says_why_not() {
    let mut node = in_maintenance("a");
    node.signals[3] = signal(SignalKind::Docker, "Docker", SignalState::Bad, "does not answer");
    let input = activation_input(&node);
    match check_activation(&input, &ActivateRequest::default()) {
        Err(refusal @ Refusal::ActivationBlocked { .. }) => assert_eq!(refusal.message(), "Not ready to activate: Docker."),
        other => panic!("{other:?}"),
    }
    let with_reason = ActivateRequest { override_: Some(Override { reason: "Docker comes later".into() }) };
    assert_eq!(check_activation(&input, &with_reason), Ok(()));
}

#[test]
fn one_second_short_of_the_settle_window_is_too_short() {
    let node = in_maintenance("a");
    let input = ActivationInput { clean_for_ms: 59_999, ..activation_input(&node) };
    assert_eq!(check_activation(&input, &ActivateRequest::default()).unwrap_err().code(), "activation_blocked");
}

#[test]
fn what_was_never_reported_is_not_required_and_what_is_missing_now_blocks() {
    let mut node = in_maintenance("a");
    node.heartbeat.state = HeartbeatState::NotReported;
    node.signals.clear();
    let never = ActivationInput { heartbeat_before: false, heartbeat_age_s: None, ..activation_input(&node) };
    assert_eq!(check_activation(&never, &ActivateRequest::default()), Ok(()));
    let before = [(SignalKind::Docker, "Docker".to_owned())];
    let missing = ActivationInput { reported_before: &before, ..never.clone() };
    assert_eq!(check_activation(&missing, &ActivateRequest::default()).unwrap_err().code(), "activation_blocked");
    let heartbeat = ActivationInput { heartbeat_before: true, ..never };
    assert_eq!(check_activation(&heartbeat, &ActivateRequest::default()).unwrap_err().code(), "activation_blocked");
}

#[test]
fn activate_takes_back_a_drain_that_is_pending_and_refuses_a_node_that_is_in_service() {
    let mut node = node("a");
    assert_eq!(check_activation(&activation_input(&node), &ActivateRequest::default()).unwrap_err().code(), "already_schedulable");
    node.operation = Some(operation(OperationKind::Drain, &node));
    node.health = Health::Offline;
    assert_eq!(check_activation(&activation_input(&node), &ActivateRequest::default()), Ok(()));
}

#[test]
fn a_gap_in_observation_starts_the_settle_window_again() {
    let mut settle = Settle::default();
    for second in 0..=50 {
        settle.observe(second * 1000, true, 10_000);
    }
    assert_eq!(settle.clean_for_ms(), 50_000);
    settle.observe(61_000, true, 10_000);
    assert_eq!(settle.clean_for_ms(), 0, "a gap of 11 s");
    settle.observe(70_000, true, 10_000);
    assert_eq!(settle.clean_for_ms(), 9_000);
    settle.observe(71_000, false, 10_000);
    assert_eq!(settle.clean_for_ms(), 0, "not clean");
}

fn clear_input<'a>(node: &'a Node, list: Option<&'a WorkloadList>) -> ClearInput<'a> {
    ClearInput { now: at(10), scheduling: node.scheduling, operation: None, list, holds_engine_data: Some(false), holds_pitlane_store: Some(false) }
}

#[test]
fn clear_only_where_everything_was_read_and_nothing_is_left() {
    let node = in_maintenance("a");
    let empty = list(vec![]);
    assert!(clear_for_work(&clear_input(&node, Some(&empty))).clear);

    let mut stopped = stateful("postgres", DataLives::ThisNodeOnly);
    stopped.state = WorkloadState::Stopped;
    let left = list(vec![stopped]);
    let mut orphans = list(vec![]);
    orphans.orphaned_volumes = vec!["mail_spool".into()];
    let mut partial = list(vec![]);
    partial.complete = false;
    let stateless = list(vec![Workload { stateful: false, volumes: vec![], ..stateful("web", DataLives::ThisNodeOnly) }]);
    assert!(clear_for_work(&clear_input(&node, Some(&stateless))).clear, "what has no data is not in the way");
    for (list, why) in [(Some(&left), "stopped"), (Some(&orphans), "orphaned"), (Some(&partial), "partial"), (None, "unread")] {
        assert!(!clear_for_work(&clear_input(&node, list)).clear, "{why}");
    }
    let input = clear_input(&node, Some(&empty));
    assert!(!clear_for_work(&ClearInput { now: at(31), ..input }).clear, "31 s old");
    assert!(!clear_for_work(&ClearInput { scheduling: Scheduling::Schedulable, ..input }).clear);
    assert!(!clear_for_work(&ClearInput { holds_engine_data: None, ..input }).clear);
    assert!(!clear_for_work(&ClearInput { holds_pitlane_store: Some(true), ..input }).clear);
    assert!(clear_for_work(&clear_input(&node, None)).not_read.len() == 1, "it says what was not read");
}

#[test]
fn deletion_is_guarded_and_an_override_helps_only_against_what_was_not_read() {
    let node = in_maintenance("a");
    let (empty, full) = (list(vec![]), list(vec![stateful("postgres", DataLives::ThisNodeOnly)]));
    let input = |list, overridden| DeletionInput { health: node.health, scheduling: node.scheduling, operation: None, list, overridden };
    assert_eq!(check_deletion(&input(Some(&empty), false)), Ok(()));
    assert!(matches!(check_deletion(&input(Some(&full), true)), Err(Refusal::DeletionBlocked { overridable: false, .. })));
    assert!(matches!(check_deletion(&input(None, false)), Err(Refusal::DeletionBlocked { overridable: true, .. })));
    assert_eq!(check_deletion(&input(None, true)), Ok(()));
    let in_service = DeletionInput { scheduling: Scheduling::Schedulable, ..input(Some(&empty), true) };
    assert_eq!(check_deletion(&in_service).unwrap_err().code(), "deletion_blocked");
}

fn wants(strategy: Strategy) -> PlacementRequest {
    PlacementRequest { strategy, selector_tags: vec![], node_id: None, requests: PlacementNeeds::default(), simulated: false }
}

#[test]
fn a_node_in_maintenance_is_never_chosen() {
    let (mut busy, idle) = (node("busy"), in_maintenance("idle"));
    busy.resources.memory_used_bytes = Some(15 << 30);
    let chosen = place(&wants(Strategy::LeastLoaded), [&busy, &idle]).unwrap().unwrap();
    assert_eq!(chosen.node_name, "busy");
    let pinned = PlacementRequest { node_id: Some(idle.id.clone()), ..wants(Strategy::Pinned) };
    match place(&pinned, [&busy, &idle]).unwrap() {
        Err(Refusal::PlacementBlocked { passed_over }) => {
            assert_eq!(passed_over.iter().find(|node| node.node_name == "idle").map(|node| node.because.as_str()), Some("it is in maintenance"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn placements_follow_tags_needs_and_realms() {
    let (mut a, b) = (node("a"), node("b"));
    a.labels.insert("disk".into(), "hdd".into());
    a.resources.memory_used_bytes = Some(1 << 30);
    assert_eq!(place(&wants(Strategy::LeastLoaded), [&a, &b]).unwrap().unwrap().node_name, "a");
    let tagged = PlacementRequest { selector_tags: vec!["disk=ssd".into()], ..wants(Strategy::LeastLoaded) };
    assert_eq!(place(&tagged, [&a, &b]).unwrap().unwrap().node_name, "b");
    let large = PlacementRequest { requests: PlacementNeeds { memory_bytes: Some(100 << 30), cpu_cores: None }, ..wants(Strategy::LeastLoaded) };
    assert_eq!(place(&large, [&a, &b]).unwrap().unwrap_err().code(), "placement_blocked");
    let mut simulated = node("s");
    simulated.node_source = NodeSource::Simulated;
    assert!(place(&wants(Strategy::LeastLoaded), [&simulated]).unwrap().is_err());
    assert_eq!(place(&wants(Strategy::Pinned), [&a]).unwrap_err().field, "node_id");
    assert_eq!(place(&wants(Strategy::Unknown), [&a]).unwrap_err().field, "strategy");
}

#[test]
fn roles_include_the_ones_below() {
    assert!(Role::Viewer.may(Action::Read) && !Role::Viewer.may(Action::Drain));
    assert!(Role::Operator.may(Action::Activate) && !Role::Operator.may(Action::Remove));
    assert!(Role::Admin.may(Action::ManageTokens));
    assert!(Action::ALL.iter().all(|action| !Role::Unknown.may(*action)), "a role from a newer server may nothing here");
    assert_eq!(Role::Viewer.why_not(Action::Drain).as_deref(), Some("Needs the operator role; you are signed in as viewer."));
}
