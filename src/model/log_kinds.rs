//! The kinds of the activity log in words, in the groups of its menu.

use pitlane_api::ActivityKind;

/// The groups, in the order of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Work,
    Health,
    Outside,
    Nodes,
    Engine,
    Access,
}

impl Group {
    pub const ALL: [Group; 6] = [Group::Work, Group::Health, Group::Outside, Group::Nodes, Group::Engine, Group::Access];

    /// The words on the screen.
    pub const fn label(self) -> &'static str {
        match self {
            Group::Work => "Drains and activations",
            Group::Health => "Health and heartbeats",
            Group::Outside => "Outside Pitlane",
            Group::Nodes => "Nodes and agents",
            Group::Engine => "Engine",
            Group::Access => "Sign-in, tokens and links",
        }
    }

    /// Its kinds, in the order of the contract.
    pub fn kinds(self) -> impl Iterator<Item = ActivityKind> {
        ActivityKind::ALL.iter().copied().filter(move |kind| group(*kind) == Some(self))
    }
}

/// The group of a kind; `None` for one that this version does not know.
pub const fn group(kind: ActivityKind) -> Option<Group> {
    Some(match kind {
        ActivityKind::DrainRequested
        | ActivityKind::Drained
        | ActivityKind::ActivateRequested
        | ActivityKind::Activated
        | ActivityKind::OperationFailed
        | ActivityKind::OperationAborted
        | ActivityKind::OperationResumed
        | ActivityKind::MaintenanceChanged
        | ActivityKind::BulkChanged => Group::Work,
        ActivityKind::HeartbeatLost | ActivityKind::HeartbeatBack | ActivityKind::HealthChanged | ActivityKind::Rebooted => Group::Health,
        ActivityKind::ChangedOutside => Group::Outside,
        ActivityKind::NodeEnrolled | ActivityKind::NodeRemoved | ActivityKind::AgentUpdated => Group::Nodes,
        ActivityKind::EngineLost | ActivityKind::EngineBack => Group::Engine,
        ActivityKind::SignedIn | ActivityKind::TokenChanged | ActivityKind::LinkChanged => Group::Access,
        ActivityKind::Unknown => return None,
    })
}

/// A kind in the menu.
pub const fn label(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::DrainRequested => "Drain asked for",
        ActivityKind::Drained => "Drained",
        ActivityKind::ActivateRequested => "Activation asked for",
        ActivityKind::Activated => "Activated",
        ActivityKind::OperationFailed => "Operation failed",
        ActivityKind::OperationAborted => "Operation aborted",
        ActivityKind::OperationResumed => "Operation resumed after a restart",
        ActivityKind::MaintenanceChanged => "Maintenance changed",
        ActivityKind::ChangedOutside => "Changed outside Pitlane",
        ActivityKind::NodeEnrolled => "Node enrolled",
        ActivityKind::NodeRemoved => "Node removed",
        ActivityKind::HeartbeatLost => "Heartbeat lost",
        ActivityKind::HeartbeatBack => "Heartbeat back",
        ActivityKind::HealthChanged => "Health changed",
        ActivityKind::AgentUpdated => "Agent updated",
        ActivityKind::Rebooted => "Rebooted",
        ActivityKind::EngineLost => "Engine lost",
        ActivityKind::EngineBack => "Engine back",
        ActivityKind::SignedIn => "Signed in",
        ActivityKind::TokenChanged => "Token changed",
        ActivityKind::LinkChanged => "Public link changed",
        ActivityKind::BulkChanged => "Many nodes in one go",
        ActivityKind::Unknown => "Something else",
    }
}

/// Kinds as the value of a menu's entry, and back.
pub fn word(kinds: impl IntoIterator<Item = ActivityKind>) -> String {
    kinds.into_iter().map(ActivityKind::as_str).collect::<Vec<_>>().join(",")
}

/// Reads the value of a menu's entry.
pub fn from_word(word: &str) -> Vec<ActivityKind> {
    ActivityKind::ALL.iter().copied().filter(|kind| word.split(',').any(|word| word == kind.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_in_the_menu_once() {
        let mut listed: Vec<ActivityKind> = Group::ALL.into_iter().flat_map(Group::kinds).collect();
        listed.sort_unstable();
        let mut all = ActivityKind::ALL.to_vec();
        all.sort_unstable();
        assert_eq!(listed, all);
        assert_eq!(from_word(&word(Group::Health.kinds())), Group::Health.kinds().collect::<Vec<_>>());
        assert_eq!(from_word(""), []);
    }
}
