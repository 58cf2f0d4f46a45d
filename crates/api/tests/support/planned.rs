//! A planned drain for tests.

use pitlane_api::*;

use crate::support::at;

/// A drain of this node that is planned for `at(600)`.
pub fn planned(node: &Node) -> PlannedDrain {
    PlannedDrain {
        id: format!("plan-{}", node.name),
        node_id: node.id.clone(),
        node_name: node.name.clone(),
        revision: "r1".into(),
        state: PlanState::Waiting,
        reason: "Kernel 6.12 reboot".into(),
        starts_at: at(600),
        expected_back_at: Some(at(7200)),
        seen_stateful: vec![],
        acknowledge_unread: false,
        allow_last_schedulable: false,
        by: "on-call".into(),
        created_at: at(0),
        updated_at: at(0),
        message: None,
        last_refusal: None,
        operation_id: None,
    }
}
