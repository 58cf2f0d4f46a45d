//! Planned drains: what may be planned, and that no history of clocks, changes and kills begins one twice or too late.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[path = "support/planned.rs"]
mod planned;
mod support;

use pitlane_api::{rules::PlanNext, *};
use planned::planned;
use proptest::{prelude::*, strategy::Strategy};
use support::*;

fn request(starts: i64, back: Option<i64>) -> PlanRequest {
    PlanRequest { reason: "  kernel  ".into(), starts_at: at(starts), expected_back_at: back.map(at), ..PlanRequest::default() }
}

#[test]
fn a_wish_is_checked_field_by_field() {
    let blank = planned(&node("a"));
    let field = |request: &PlanRequest| rules::planned(request, blank.clone(), at(0)).map(|plan| plan.reason).map_err(|error| error.field);
    assert_eq!(field(&request(1, Some(2))), Ok("kernel".to_owned()));
    assert_eq!(field(&request(0, None)), Err("starts_at"));
    assert_eq!(field(&request(90 * 86_400, None)), Ok("kernel".to_owned()));
    assert_eq!(field(&request(90 * 86_400 + 1, None)), Err("starts_at"));
    assert_eq!(field(&request(60, Some(60))), Err("expected_back_at"));
    assert_eq!(field(&request(60, Some(400 * 86_400))), Err("expected_back_at"));
    assert_eq!(field(&PlanRequest { reason: "ab".into(), ..request(60, None) }), Err("reason"));
}

#[test]
fn it_begins_at_its_time_and_at_most_half_an_hour_late() {
    let plan = planned(&node("a"));
    let next = |second| rules::plan_next(&plan, at(second));
    assert_eq!(next(0), PlanNext::Wait(std::time::Duration::from_secs(600)));
    assert_eq!((next(600), next(600 + PLAN_LATE_MAX_S), next(601 + PLAN_LATE_MAX_S)), (PlanNext::Begin, PlanNext::Begin, PlanNext::Miss));
    for state in [PlanState::Refused, PlanState::Missed, PlanState::Started, PlanState::NotNeeded, PlanState::Cancelled, PlanState::Unknown] {
        assert_eq!(rules::plan_next(&PlannedDrain { state, ..plan.clone() }, at(700)), PlanNext::Rest, "{state}");
    }
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_waits_again() {
    let refusal = Refusal::LastSchedulableNode { remaining: 0 };
    let refused =
        PlannedDrain { state: PlanState::Refused, message: Some(refusal.message()), last_refusal: Some(refusal.body()), ..planned(&node("a")) };
    let later = PlanPatch { starts_at: Some(at(900)), expected_back_at: Some(None), ..PlanPatch::default() };
    let changed = rules::plan_changed(&refused, &later, at(700)).unwrap();
    assert_eq!((changed.state, changed.starts_at, changed.expected_back_at), (PlanState::Waiting, at(900), None));
    assert_eq!((changed.reason.as_str(), changed.message, changed.last_refusal), ("Kernel 6.12 reboot", None, None));
    let only_words = PlanPatch { reason: Some("another".into()), ..PlanPatch::default() };
    assert_eq!(rules::plan_changed(&refused, &only_words, at(700)).unwrap_err().field, "starts_at", "its time has gone by");
    assert!(rules::patch_needs_guards(&refused, &only_words) && !rules::patch_needs_guards(&planned(&node("a")), &only_words));
}

#[test]
fn what_was_not_seen_cannot_be_planned_and_the_last_node_can() {
    let (node, there) = (node("a"), list(vec![stateful("postgres", DataLives::ThisNodeOnly)]));
    let alone = rules::capacity(rules::Realm::Real, std::iter::empty());
    let input = rules::DrainInput { now: at(0), node: &node, own: None, list: Some(&there), capacity_now: alone.clone(), capacity_after: alone };
    let blind = planned(&node);
    assert_eq!(rules::check_plan(&input, &blind).unwrap_err().code(), "stateful_workloads_changed");
    let seen = PlannedDrain { seen_stateful: vec![stateful("postgres", DataLives::ThisNodeOnly).identity], ..blind };
    assert_eq!(rules::check_plan(&input, &seen), Ok(()), "whether it is the last one is asked when its time has come");
    let busy = Node { operation: Some(operation(OperationKind::Drain, &node)), ..node.clone() };
    let under_way = rules::DrainInput { node: &busy, ..input.clone() };
    assert_eq!(rules::check_plan(&under_way, &seen).unwrap_err().code(), "operation_in_progress");
    assert_eq!(rules::check_drain(&input, &rules::drain_of(&seen)).unwrap_err().code(), "last_schedulable_node");
}

/// What the world does between two looks.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// The clock moves, or somebody sets it.
    Clock(i64),
    /// The server looks; the guards say yes or no, or the engine is away.
    Look(Option<bool>),
    /// A person moves the beginning this far from now.
    Move(i64),
    Cancel,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => (0..1_200_i64).prop_map(Turn::Clock),
        1 => (-5_000..5_000_i64).prop_map(Turn::Clock),
        6 => prop::option::weighted(0.7, prop::bool::weighted(0.8)).prop_map(Turn::Look),
        2 => (-100..3_000_i64).prop_map(Turn::Move),
        1 => Just(Turn::Cancel),
    ]
}

proptest! {
    #[test]
    fn no_history_begins_one_twice_too_early_or_too_late(turns in prop::collection::vec(turn(), 0..60)) {
        let (mut plan, mut now, mut begun) = (planned(&node("a")), 0_i64, 0);
        for turn in turns {
            match turn {
                Turn::Clock(by) => now += by,
                Turn::Look(guards) => match rules::plan_next(&plan, at(now)) {
                    PlanNext::Begin => {
                        prop_assert!(at(now) >= plan.starts_at && at(now) <= rules::plan_latest(&plan));
                        plan.state = match guards {
                            Some(true) => PlanState::Started,
                            Some(false) => PlanState::Refused,
                            None => PlanState::Due,
                        };
                        begun += u32::from(guards == Some(true));
                    }
                    PlanNext::Miss => plan.state = PlanState::Missed,
                    PlanNext::Wait(_) => prop_assert!(at(now) < plan.starts_at && plan.state.may_begin()),
                    PlanNext::Rest => prop_assert!(!plan.state.may_begin()),
                },
                Turn::Move(by) if plan.state.is_open() => {
                    let patch = PlanPatch { starts_at: Some(at(now + by)), expected_back_at: Some(None), ..PlanPatch::default() };
                    match rules::plan_changed(&plan, &patch, at(now)) {
                        Ok(changed) => {
                            prop_assert!(by > 0 && changed.state == PlanState::Waiting);
                            plan = changed;
                        }
                        Err(error) => prop_assert!(by <= 0 && error.field == "starts_at"),
                    }
                }
                Turn::Cancel if plan.state.is_open() => plan.state = PlanState::Cancelled,
                Turn::Move(_) | Turn::Cancel => {}
            }
            prop_assert!(begun <= 1);
        }
    }
}
