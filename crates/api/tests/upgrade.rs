//! An upgrade is followed by what is, step by step.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[expect(dead_code, reason = "each test binary uses its part of the values")]
mod support;

use pitlane_api::{
    rules::{Upgrade, UpgradeStep, upgrade},
    *,
};
use proptest::prelude::*;
use support::{node, operation};

fn behind() -> Node {
    Node { agent_version: Some("1.8.1".into()), agent_update: Some("1.8.2".into()), ..node("a") }
}

fn drained(mut node: Node) -> Node {
    node.maintenance = Some(Maintenance {
        reason: Some("agent upgrade".into()),
        by: Some("on-call".into()),
        since: None,
        expected_back_at: None,
        set_outside: false,
        note: None,
        version: node.version().map(str::to_owned),
    });
    node.scheduling = Scheduling::Maintenance;
    node
}

#[test]
fn from_behind_to_back_again() {
    let step = |node: &Node| upgrade(node).map(|upgrade| (upgrade.current, upgrade.underway));
    assert_eq!(upgrade(&node("a")), None, "nothing to upgrade");
    let mut node = behind();
    assert_eq!(upgrade(&node), Some(Upgrade { from: Some("1.8.1".into()), to: Some("1.8.2".into()), current: UpgradeStep::Drain, underway: false }));
    node.operation = Some(operation(OperationKind::Drain, &node));
    assert_eq!(step(&node), Some((UpgradeStep::Drain, true)), "asked for is not done");
    node.operation = None;
    let mut node = drained(node);
    assert_eq!(step(&node), Some((UpgradeStep::Upgrade, false)));

    // The new agent reports, and its first beats are not clean yet.
    (node.agent_version, node.agent_update) = (Some("1.8.2".into()), None);
    node.heartbeat.state = HeartbeatState::Late;
    assert_eq!(step(&node), Some((UpgradeStep::Clean, false)));
    node.heartbeat.state = HeartbeatState::Fresh;
    let clean = upgrade(&node).unwrap();
    assert_eq!((clean.current, clean.from.as_deref(), clean.to.as_deref()), (UpgradeStep::Activate, Some("1.8.1"), Some("1.8.2")));
    (node.scheduling, node.maintenance) = (Scheduling::Schedulable, None);
    assert_eq!(upgrade(&node), None, "it is over");
}

#[test]
fn an_upgrade_that_is_still_behind_is_not_seen_as_done() {
    let mut node = drained(behind());
    (node.agent_version, node.agent_update) = (Some("1.8.2-rc".into()), Some("1.9.0".into()));
    let seen = upgrade(&node).unwrap();
    assert_eq!((seen.current, seen.from.as_deref(), seen.to.as_deref()), (UpgradeStep::Upgrade, Some("1.8.1"), Some("1.9.0")));
}

#[test]
fn other_maintenance_is_no_upgrade() {
    assert_eq!(upgrade(&drained(node("a"))), None);
    let mut outside = drained(node("a"));
    if let Some(record) = &mut outside.maintenance {
        (record.version, record.set_outside) = (None, true);
    }
    assert_eq!(upgrade(&outside), None, "what it was before nobody knows");
    let silent = Node { agent_version: None, ..drained(node("a")) };
    assert_eq!(upgrade(&silent), None, "a node that says nothing has not been upgraded");
}

proptest! {
    #[test]
    fn activate_is_offered_only_of_a_clean_node_in_maintenance(
        maintenance: bool, update: bool, changed: bool, bad: bool, pending: bool,
        state in prop::sample::select(HeartbeatState::ALL.to_vec()),
    ) {
        let mut node = behind();
        if maintenance {
            node = drained(node);
        }
        if changed {
            node.agent_version = Some("1.8.2".into());
        }
        if !update {
            node.agent_update = None;
        }
        if bad {
            node.signals.iter_mut().for_each(|signal| signal.state = SignalState::Bad);
        }
        if pending {
            node.operation = Some(operation(OperationKind::Drain, &node));
        }
        node.heartbeat.state = state;
        if let Some(upgrade) = upgrade(&node) {
            if upgrade.current == UpgradeStep::Activate {
                prop_assert!(maintenance && !update && changed && rules::is_clean(&node));
            }
            prop_assert_eq!(upgrade.current == UpgradeStep::Drain, !maintenance);
            prop_assert!(!upgrade.underway || pending && !maintenance);
        } else {
            prop_assert!(!update, "a node that is behind always has something to do");
        }
    }
}
