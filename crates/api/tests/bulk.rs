//! Whatever happens, in whatever order: never too many at once, nothing begun after a refusal, nothing done twice, and an end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use pitlane_api::{rules::BulkNext, *};
use proptest::{prelude::*, strategy::Strategy};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn bulk(nodes: usize, at_once: u32) -> BulkOperation {
    let item = |n: usize| BulkItem {
        node_id: NodeId(format!("n{n}")),
        node_name: format!("node-{n}"),
        state: BulkItemState::Waiting,
        attempt: 0,
        operation_id: None,
        message: None,
        refusal: None,
        seen_stateful: Vec::new(),
        acknowledge_unread: false,
    };
    BulkOperation {
        id: "b".into(),
        kind: OperationKind::Drain,
        state: BulkState::Running,
        reason: Some("reboot".into()),
        expected_back_at: None,
        at_once,
        allow_last_schedulable: false,
        requested_by: "ada".into(),
        created_at: at(0),
        updated_at: at(0),
        finished_at: None,
        waiting_for: None,
        items: (0..nodes).map(item).collect(),
    }
}

/// What the world does between two looks.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// The server does what comes next; `bool`: the node is accepted.
    Step(bool),
    /// One that runs ends like this.
    Settle(usize, BulkItemState),
    /// The server is killed while it begins a node, and starts again.
    Killed,
    Abort,
    Resume(usize),
}

fn turn() -> impl Strategy<Value = Turn> {
    let ends = prop::sample::select(vec![BulkItemState::Done, BulkItemState::Done, BulkItemState::Failed, BulkItemState::Aborted]);
    prop_oneof![
        6 => prop::bool::weighted(0.9).prop_map(Turn::Step),
        6 => (0..20_usize, ends).prop_map(|(at, end)| Turn::Settle(at, end)),
        1 => Just(Turn::Killed),
        1 => Just(Turn::Abort),
        2 => (0..20_usize).prop_map(Turn::Resume),
    ]
}

/// What the server does with the answer of [`rules::bulk_next`].
fn step(bulk: &mut BulkOperation, accepted: bool, begun: &mut [u32]) {
    match rules::bulk_next(bulk) {
        BulkNext::Start(at) if bulk.items[at].state == BulkItemState::Starting && !rules::bulk_may_begin(bulk) => {
            bulk.items[at].state = BulkItemState::Aborted;
        }
        BulkNext::Start(at) => {
            assert!(rules::bulk_may_begin(bulk), "a node is begun although something was refused");
            assert!(!matches!(bulk.items[at].state, BulkItemState::Done | BulkItemState::Skipped), "what is done is begun again");
            bulk.items[at].state = if accepted { BulkItemState::Running } else { BulkItemState::Refused };
            begun[at] += u32::from(accepted);
        }
        BulkNext::Wait => assert!(bulk.items.iter().any(|item| item.state == BulkItemState::Running), "it waits for nothing"),
        BulkNext::End(state) => {
            assert!(state.is_finished());
            bulk.state = state;
        }
    }
}

fn take(bulk: &mut BulkOperation, turn: Turn, begun: &mut [u32]) {
    let running = |bulk: &BulkOperation| {
        bulk.items.iter().enumerate().filter(|(_, item)| item.state == BulkItemState::Running).map(|(at, _)| at).collect::<Vec<_>>()
    };
    match turn {
        Turn::Step(accepted) => step(bulk, accepted, begun),
        Turn::Settle(which, end) => {
            if let Some(at) = running(bulk).get(which % bulk.items.len()).copied() {
                bulk.items[at].state = end;
            }
        }
        Turn::Killed => {
            if let BulkNext::Start(at) = rules::bulk_next(bulk) {
                bulk.items[at].state = BulkItemState::Starting;
            }
        }
        Turn::Abort if !bulk.state.is_finished() => bulk.state = BulkState::Aborting,
        Turn::Resume(skip) if rules::can_resume(bulk) => {
            let skip = vec![NodeId(format!("n{skip}"))];
            *bulk = rules::bulk_resumed(bulk, &BulkResume { skip, nodes: Vec::new() }, "bob", at(9));
        }
        Turn::Abort | Turn::Resume(_) => {}
    }
}

proptest! {
    #[test]
    fn no_history_breaks_a_bulk_operation(nodes in 1..8_usize, at_once in 1..4_u32, turns in prop::collection::vec(turn(), 0..60)) {
        let mut bulk = bulk(nodes, at_once);
        let mut begun = vec![0; nodes];
        for turn in turns {
            let done: Vec<bool> = bulk.items.iter().map(|item| item.state == BulkItemState::Done).collect();
            take(&mut bulk, turn, &mut begun);
            let under_way = bulk.items.iter().filter(|item| matches!(item.state, BulkItemState::Starting | BulkItemState::Running)).count();
            prop_assert!(under_way <= at_once as usize, "{under_way} at once");
            for (item, was_done) in bulk.items.iter().zip(done) {
                prop_assert!(!was_done || item.state == BulkItemState::Done, "what was done is undone");
            }
        }
        // Left alone it comes to an end, and says rightly which.
        for _ in 0..4 * nodes {
            take(&mut bulk, Turn::Step(true), &mut begun);
            take(&mut bulk, Turn::Settle(0, BulkItemState::Done), &mut begun);
        }
        prop_assert!(bulk.state.is_finished());
        let all_done = bulk.items.iter().all(|item| matches!(item.state, BulkItemState::Done | BulkItemState::Skipped));
        prop_assert!(bulk.state != BulkState::Completed || all_done);
        let summary = rules::bulk_summary(&bulk);
        prop_assert!(summary.done + summary.stopped <= summary.total);
    }
}

#[test]
fn a_wish_is_checked_field_by_field() {
    let node = |id: &str| BulkNode { node_id: id.into(), seen_stateful: Vec::new(), acknowledge_unread: false };
    let fine = BulkRequest {
        kind: OperationKind::Drain,
        reason: Some("kernel".into()),
        expected_back_at: Some(at(60)),
        at_once: Some(2),
        allow_last_schedulable: false,
        nodes: vec![node("a"), node("b")],
    };
    assert_eq!(rules::check_bulk_request(&fine, at(0)), Ok(()));
    let field = |change: &dyn Fn(&mut BulkRequest)| {
        let mut request = fine.clone();
        change(&mut request);
        rules::check_bulk_request(&request, at(0)).map_err(|error| error.field)
    };
    assert_eq!(field(&|r| r.reason = None), Err("reason"));
    assert_eq!(field(&|r| r.expected_back_at = Some(at(-1))), Err("expected_back_at"));
    assert_eq!(field(&|r| r.at_once = Some(0)), Err("at_once"));
    assert_eq!(field(&|r| r.nodes = vec![]), Err("nodes"));
    assert_eq!(field(&|r| r.nodes = vec![node("a"), node("a")]), Err("nodes"));
    assert_eq!(field(&|r| r.nodes = (0..501).map(|n| node(&n.to_string())).collect()), Err("nodes"));
    assert_eq!(field(&|r| r.kind = OperationKind::Unknown), Err("kind"));
    assert_eq!(field(&|r| (r.kind, r.reason) = (OperationKind::Activate, None)), Ok(()));
}

#[test]
fn a_node_that_is_there_already_or_not_ready_does_not_stop_the_others() {
    let already = Refusal::AlreadyInMaintenance { by: None };
    assert_eq!(rules::bulk_refused(OperationKind::Drain, &already), BulkItemState::Skipped);
    assert_eq!(rules::bulk_refused(OperationKind::Activate, &Refusal::AlreadySchedulable {}), BulkItemState::Skipped);
    assert_eq!(rules::bulk_refused(OperationKind::Drain, &Refusal::LastSchedulableNode { remaining: 0 }), BulkItemState::Refused);
}
