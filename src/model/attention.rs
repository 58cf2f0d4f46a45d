//! Which nodes need a person, how soon, and why.

use pitlane_api::{Health, Node, PlanState, Scheduling, SignalState};

use super::card;
use crate::words::tr;

/// The rank of a node that should have been back.
pub const OVERDUE: u8 = 3;
/// The rank of a node whose planned drain did not begin, so that somebody has to say what now.
const PLAN: u8 = 4;
/// The rank of a node that is simply well.
pub const CALM: u8 = 10;

/// How soon a person should look, were it not overdue; less is sooner.
pub fn rank(node: &Node) -> u8 {
    if broken_plan(node).is_some() { state(node).min(PLAN) } else { state(node) }
}

/// The rank without a look at what is planned.
fn state(node: &Node) -> u8 {
    let bad = node.signals.iter().any(|signal| signal.state == SignalState::Bad);
    match (node.health, node.scheduling) {
        (Health::Failed, _) => 0,
        _ if stuck(node) => 1,
        (Health::Offline, Scheduling::Schedulable) => 2,
        (Health::Degraded, Scheduling::Schedulable) => 5,
        (_, Scheduling::Maintenance) if bad || node.health == Health::Offline => 6,
        (_, Scheduling::Maintenance) => 7,
        (Health::Pending, _) => 8,
        (Health::Deleting | Health::Unknown, _) => 9,
        _ => CALM,
    }
}

/// Why, in a word or three; `None` where there is nothing to look after.
pub fn reason(node: &Node, overdue: bool) -> Option<String> {
    let rank = rank(node);
    words(node, if overdue { rank.min(OVERDUE) } else { rank })
}

fn words(node: &Node, rank: u8) -> Option<String> {
    let not_ready = || card::not_ready(node);
    Some(match rank {
        0 => tr!("attention" => "failed"),
        1 => tr!("attention" => "operation stuck"),
        2 => tr!("attention" => "no heartbeat"),
        3 => tr!("attention" => "overdue"),
        PLAN if broken_plan(node) == Some(PlanState::Missed) => tr!("attention" => "planned drain missed"),
        PLAN => tr!("attention" => "planned drain refused"),
        5 => not_ready().unwrap_or_else(|| tr!("attention" => "degraded")),
        6 => not_ready().unwrap_or_else(|| tr!("attention" => "no heartbeat")),
        8 => tr!("attention" => "not confirmed yet"),
        9 => tr!("attention" => "being removed"),
        _ => return None,
    })
}

/// The reason as far as nothing else on the card says it: that an operation is stuck, or what makes the node degraded.
pub fn on_card(node: &Node) -> Option<String> {
    let state = state(node);
    words(node, state).filter(|_| matches!(state, 1 | 5))
}

/// The state of a plan that did not begin and will not.
fn broken_plan(node: &Node) -> Option<PlanState> {
    node.planned.as_ref().map(|plan| plan.state).filter(|state| matches!(state, PlanState::Refused | PlanState::Missed))
}

fn stuck(node: &Node) -> bool {
    node.operation.as_ref().is_some_and(|operation| operation.last_error.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;

    #[test]
    fn who_is_well_has_no_reason() {
        assert_eq!((rank(&node("a")), reason(&node("a"), false)), (CALM, None));
    }

    #[test]
    fn the_worst_comes_first_and_says_why() {
        let mut failed = node("a");
        failed.health = Health::Failed;
        let mut offline = node("b");
        offline.health = Health::Offline;
        let mut degraded = node("c");
        degraded.health = Health::Degraded;
        let ranks = [&failed, &offline, &degraded].map(rank);
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert_eq!(reason(&offline, false).as_deref(), Some("no heartbeat"));
        assert_eq!(on_card(&offline), None, "its badge and its notice say so");
        assert_eq!(on_card(&degraded).as_deref(), Some("degraded"));
    }

    #[test]
    fn a_plan_that_did_not_begin_is_for_somebody_to_look_after() {
        let planned = |name: &str, state: &str| {
            let mut node = node(name);
            node.planned = serde_json::from_value(serde_json::json!({
                "id": "p", "node_id": name, "node_name": name, "revision": "r1", "state": state, "reason": "Kernel 6.12 reboot", "by": "on-call",
                "starts_at": "1970-01-01T00:00:00Z", "created_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z"
            }))
            .unwrap();
            node
        };
        assert_eq!((rank(&planned("a", "waiting")), reason(&planned("a", "waiting"), false)), (CALM, None));
        let (refused, missed) = (planned("b", "refused"), planned("c", "missed"));
        assert_eq!(reason(&refused, false).as_deref(), Some("planned drain refused"));
        assert_eq!(reason(&missed, false).as_deref(), Some("planned drain missed"));
        assert_eq!(on_card(&refused), None, "its line about the plan says so");

        let mut degraded = planned("d", "refused");
        degraded.health = Health::Degraded;
        assert_eq!((rank(&degraded), reason(&degraded, false).as_deref()), (PLAN, Some("planned drain refused")));
        assert_eq!(on_card(&degraded).as_deref(), Some("degraded"), "the plan hides nothing on the card");
        let mut offline = planned("e", "missed");
        offline.health = Health::Offline;
        assert_eq!(reason(&offline, false).as_deref(), Some("no heartbeat"), "the worst is said");
    }

    #[test]
    fn overdue_outranks_maintenance() {
        let mut node = node("a");
        node.scheduling = Scheduling::Maintenance;
        assert_eq!(reason(&node, false), None);
        assert_eq!(reason(&node, true).as_deref(), Some("overdue"));
    }
}
