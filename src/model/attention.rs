//! Which nodes need a person, how soon, and why.

use pitlane_api::{Health, Node, Scheduling, SignalState};

use super::card;
use crate::words::tr;

/// The rank of a node that should have been back.
pub const OVERDUE: u8 = 3;
/// The rank of a node that is simply well.
pub const CALM: u8 = 9;

/// How soon a person should look, were it not overdue; less is sooner.
pub fn rank(node: &Node) -> u8 {
    let bad = node.signals.iter().any(|signal| signal.state == SignalState::Bad);
    match (node.health, node.scheduling) {
        (Health::Failed, _) => 0,
        _ if stuck(node) => 1,
        (Health::Offline, Scheduling::Schedulable) => 2,
        (Health::Degraded, Scheduling::Schedulable) => 4,
        (_, Scheduling::Maintenance) if bad || node.health == Health::Offline => 5,
        (_, Scheduling::Maintenance) => 6,
        (Health::Pending, _) => 7,
        (Health::Deleting | Health::Unknown, _) => 8,
        _ => CALM,
    }
}

/// Why, in a word or three; `None` where there is nothing to look after.
pub fn reason(node: &Node, overdue: bool) -> Option<String> {
    let rank = rank(node);
    let not_ready = || card::not_ready(node);
    Some(match if overdue { rank.min(OVERDUE) } else { rank } {
        0 => tr!("attention" => "failed"),
        1 => tr!("attention" => "operation stuck"),
        2 => tr!("attention" => "no heartbeat"),
        3 => tr!("attention" => "overdue"),
        4 => not_ready().unwrap_or_else(|| tr!("attention" => "degraded")),
        5 => not_ready().unwrap_or_else(|| tr!("attention" => "no heartbeat")),
        7 => tr!("attention" => "not confirmed yet"),
        8 => tr!("attention" => "being removed"),
        _ => return None,
    })
}

/// The reason as far as nothing else on the card says it: that an operation is stuck, or what makes the node degraded.
pub fn on_card(node: &Node) -> Option<String> {
    reason(node, false).filter(|_| matches!(rank(node), 1 | 4))
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
    fn overdue_outranks_maintenance() {
        let mut node = node("a");
        node.scheduling = Scheduling::Maintenance;
        assert_eq!(reason(&node, false), None);
        assert_eq!(reason(&node, true).as_deref(), Some("overdue"));
    }
}
