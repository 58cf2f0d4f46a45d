//! What is on a node, as its agent said last. What the agent could not read is said, never left out.

use pitlane_api::{HeartbeatRequest, NodeId, SignalState, Timestamp, WorkloadList, rules, seconds_between};

/// The list of a node whose agent reported `report` at `at`.
pub(crate) fn from_report(node_id: &NodeId, report: &HeartbeatRequest, at: Timestamp, alive: bool, now: Timestamp) -> WorkloadList {
    let mut not_read = Vec::new();
    if !alive {
        not_read.push(format!("the agent has said nothing for {} s: this is what it said last", seconds_between(at, now)));
    }
    match report.docker.state {
        SignalState::Ok | SignalState::NotPresent => {}
        _ if report.docker.detail.is_empty() => not_read.push("the agent cannot read Docker on this node".into()),
        _ => not_read.push(format!("the agent cannot read Docker on this node: {}", report.docker.detail)),
    }
    let Some(containers) = &report.containers else {
        not_read.push("the agent has not sent its containers yet".into());
        return WorkloadList {
            node_id: node_id.clone(),
            read_at: at,
            complete: false,
            not_read,
            workloads: Vec::new(),
            orphaned_volumes: Vec::new(),
            notes: Vec::new(),
        };
    };
    not_read.extend(containers.not_read.iter().cloned());
    if !containers.complete && not_read.is_empty() {
        not_read.push("the agent could not read every container, and does not say why".into());
    }
    WorkloadList {
        node_id: node_id.clone(),
        read_at: at,
        complete: not_read.is_empty(),
        not_read,
        workloads: containers.containers.iter().map(rules::workload_from_container).collect(),
        orphaned_volumes: containers.orphaned_volumes.clone(),
        notes: Vec::new(),
    }
}

/// The list of a node whose agent has not reported yet.
pub(crate) fn nothing_reported(node_id: &NodeId, now: Timestamp) -> WorkloadList {
    WorkloadList {
        node_id: node_id.clone(),
        read_at: now,
        complete: false,
        not_read: vec!["no agent has reported from this node yet".into()],
        workloads: Vec::new(),
        orphaned_volumes: Vec::new(),
        notes: Vec::new(),
    }
}
