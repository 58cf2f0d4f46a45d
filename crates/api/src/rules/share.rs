//! What a public link shows, and when it ends.

use jiff::SignedDuration;

use super::{FieldError, drain_pending};
use crate::{Node, Scheduling, ShareLifetime, SharedMaintenance, SharedStatus, Timestamp, say};

/// The longest that any link works, in days.
pub const SHARE_MAX_DAYS: i64 = 90;

/// The little of a node that the public may see. Everything else is left out by not being here.
pub fn shared_status(node: &Node, now: Timestamp) -> SharedStatus {
    let maintenance = node.maintenance.as_ref().map(|maintenance| SharedMaintenance {
        reason: maintenance.reason.clone(),
        since: maintenance.since,
        expected_back_at: maintenance.expected_back_at,
    });
    SharedStatus {
        name: node.name.clone(),
        status: node.status,
        health: node.health,
        scheduling: node.scheduling,
        maintenance,
        heartbeat: node.heartbeat.state,
        last_heartbeat_at: node.last_heartbeat_at,
        server_time: now,
    }
}

/// Whether a link that works until the node is activated has served: the node is back, and nobody is taking it out.
pub fn share_has_served(node: &Node) -> bool {
    node.scheduling == Scheduling::Schedulable && !drain_pending(node.operation.as_ref())
}

/// Whether a link of this lifetime makes sense now, and when it ends at the latest.
///
/// # Errors
/// A lifetime of a newer version, or one that is over already.
pub fn check_lifetime(lifetime: ShareLifetime, node: &Node, now: Timestamp) -> Result<Timestamp, FieldError> {
    let wrong = |message| FieldError { field: "lifetime", message };
    let hours = match lifetime {
        ShareLifetime::Hour => 1,
        ShareLifetime::Day => 24,
        ShareLifetime::Week => 7 * 24,
        ShareLifetime::UntilActivated if share_has_served(node) => {
            return Err(wrong(say!("This node is not in maintenance, so a link until it is activated would be over already. Choose a time.")));
        }
        ShareLifetime::UntilActivated => SHARE_MAX_DAYS * 24,
        ShareLifetime::Unknown => return Err(wrong(say!("must be one of 1h, 1d, 7d, until_activated"))),
    };
    now.checked_add(SignedDuration::from_hours(hours)).map_err(|_| wrong(say!("The end of this lifetime is not a time.")))
}
