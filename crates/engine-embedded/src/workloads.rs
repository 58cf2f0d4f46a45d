//! What is on a node, as its agent said last. What the agent could not read is said, never left out.

use pitlane_api::{HeartbeatRequest, NodeId, SignalState, Timestamp, Words, WorkloadList, rules, say, seconds_between};

/// The list of a node whose agent reported `report` at `at`.
pub(crate) fn from_report(node_id: &NodeId, report: &HeartbeatRequest, at: Timestamp, alive: bool, now: Timestamp) -> WorkloadList {
    let mut not_read = Vec::new();
    if !alive {
        not_read.push(say!("the agent has said nothing for {} s: this is what it said last", seconds_between(at, now)));
    }
    match report.docker.state {
        SignalState::Ok | SignalState::NotPresent => {}
        _ if report.docker.detail.is_empty() => not_read.push(say!("the agent cannot read Docker on this node")),
        _ => not_read.push(say!("the agent cannot read Docker on this node: {}", &report.docker.detail)),
    }
    let Some(containers) = &report.containers else {
        not_read.push(say!("the agent has not sent its containers yet"));
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
    not_read.extend(containers.not_read.iter().map(Words::plain));
    if !containers.complete && not_read.is_empty() {
        not_read.push(say!("the agent could not read every container, and does not say why"));
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
        not_read: vec![say!("no agent has reported from this node yet")],
        workloads: Vec::new(),
        orphaned_volumes: Vec::new(),
        notes: Vec::new(),
    }
}
