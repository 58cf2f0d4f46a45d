//! The way through an upgrade, maintenance first: drain, upgrade, a clean heartbeat, activate. Each step is told by what is, and
//! never by what was clicked.

use crate::{Node, Scheduling};

use super::{activation::is_clean, health::drain_pending};

/// A step of an upgrade, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpgradeStep {
    /// Take the node out of the scheduler.
    Drain,
    /// Another version reports from the node, and it is not behind.
    Upgrade,
    /// The heartbeat is fresh and no signal is bad.
    Clean,
    /// Bring it back.
    Activate,
}

impl UpgradeStep {
    /// All of them, in order.
    pub const ALL: [UpgradeStep; 4] = [UpgradeStep::Drain, UpgradeStep::Upgrade, UpgradeStep::Clean, UpgradeStep::Activate];
}

/// How far an upgrade has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The version the node had when it was drained, or has now.
    pub from: Option<String>,
    /// The version it has now where that is another one, else the one it should have.
    pub to: Option<String>,
    /// The first step that is not done.
    pub current: UpgradeStep,
    /// That step was asked for and is on its way: a drain that the engine has not confirmed.
    pub underway: bool,
}

/// Where a node stands on its way through an upgrade; `None` where there is nothing to upgrade and nothing was.
///
/// A node that is behind is on its way wherever it stands. One that is not is on its way only while it is in the maintenance in which its
/// version changed.
pub fn upgrade(node: &Node) -> Option<Upgrade> {
    let now = node.version();
    let drained_with = node.maintenance.as_ref().and_then(|maintenance| maintenance.version.as_deref());
    let changed = drained_with.is_some() && now.is_some() && drained_with != now;
    let behind = node.agent_update.is_some();
    if !behind && !changed {
        return None;
    }
    let current = match node.scheduling {
        Scheduling::Maintenance if behind => UpgradeStep::Upgrade,
        Scheduling::Maintenance if !is_clean(node) => UpgradeStep::Clean,
        Scheduling::Maintenance => UpgradeStep::Activate,
        _ => UpgradeStep::Drain,
    };
    let target = if behind { node.agent_update.as_deref() } else { now };
    Some(Upgrade {
        from: drained_with.or(now).map(str::to_owned),
        to: target.map(str::to_owned),
        current,
        underway: current == UpgradeStep::Drain && drain_pending(node.operation.as_ref()),
    })
}
