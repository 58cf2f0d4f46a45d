//! Nodes and operations for tests, read from the JSON a server sends, so that a new optional field changes nothing here.

use pitlane_api::{Node, Operation, OperationState, OperationStep};

/// A healthy, schedulable node.
pub(crate) fn node(name: &str) -> Node {
    serde_json::from_value(serde_json::json!({
        "id": name, "name": name, "status": "healthy", "node_source": "agent",
        "created_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z",
        "revision": "r1", "health": "healthy", "scheduling": "schedulable", "takes_placements": true,
        "engine_node_id": name, "heartbeat": {"state": "fresh"}
    }))
    .unwrap()
}

/// A drain.
pub(crate) fn operation(state: OperationState, step: OperationStep) -> Operation {
    serde_json::from_value(serde_json::json!({
        "id": "op", "node_id": "n", "node_name": "n", "kind": "drain", "state": state, "step": step,
        "attempt_count": 1, "retryable": true, "requested_by": "on-call",
        "created_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z", "accepted_revision": "r1"
    }))
    .unwrap()
}
