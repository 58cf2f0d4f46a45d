//! What is about to be asked of an engine, and the first beat of an agent: kept before anybody is answered.

use pitlane_api::{ActivityEntry, NodeId, Timestamp};

use super::{NewActivity, SecretHash};

/// A change at an engine of which it is not known yet whether it was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Names it.
    pub id: String,
    /// What the change is, as JSON; the store does not read it.
    pub change: String,
    /// Who asked for what, and when. It is no entry of the log yet.
    pub entry: NewActivity,
}

/// The first report of an agent since it enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstBeat {
    /// The node.
    pub node_id: NodeId,
    /// The agent's own token, hashed: a report of one that was replaced meanwhile is not kept.
    pub token: SecretHash,
    /// JSON; the store does not read it.
    pub report: String,
    /// When it arrived.
    pub at: Timestamp,
    /// Whether it was clean, so that it confirms the node.
    pub confirms: bool,
}

impl From<ActivityEntry> for NewActivity {
    fn from(entry: ActivityEntry) -> Self {
        let ActivityEntry { id: _, at, kind, actor_kind, actor, origin, node_id, node_name, operation_id, message, reason } = entry;
        Self { at, kind, actor_kind, actor, origin, node_id, node_name, operation_id, message, reason }
    }
}
