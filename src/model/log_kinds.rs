//! The kinds of the activity log in words, in the groups of its menu.

use pitlane_api::ActivityKind;

use crate::words::tr;

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
    pub fn label(self) -> String {
        match self {
            Group::Work => tr!("Drains and activations"),
            Group::Health => tr!("Health and heartbeats"),
            Group::Outside => tr!("Outside Pitlane"),
            Group::Nodes => tr!("Nodes and agents"),
            Group::Engine => tr!("Engine"),
            Group::Access => tr!("Sign-in, tokens and links"),
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
        | ActivityKind::BulkChanged
        | ActivityKind::DrainPlanned
        | ActivityKind::PlanChanged
        | ActivityKind::PlanCancelled
        | ActivityKind::PlanStarted
        | ActivityKind::PlanRefused
        | ActivityKind::PlanMissed
        | ActivityKind::PlanEnded
        | ActivityKind::Overdue => Group::Work,
        ActivityKind::HeartbeatLost | ActivityKind::HeartbeatBack | ActivityKind::HealthChanged | ActivityKind::Rebooted => Group::Health,
        ActivityKind::ChangedOutside => Group::Outside,
        ActivityKind::NodeEnrolled | ActivityKind::NodeRemoved | ActivityKind::AgentUpdated => Group::Nodes,
        ActivityKind::EngineLost | ActivityKind::EngineBack => Group::Engine,
        ActivityKind::SignedIn | ActivityKind::SessionEnded | ActivityKind::TokenChanged | ActivityKind::LinkChanged => Group::Access,
        ActivityKind::Unknown => return None,
    })
}

/// A kind in the menu.
pub fn label(kind: ActivityKind) -> String {
    match kind {
        ActivityKind::DrainRequested => tr!("Drain asked for"),
        ActivityKind::Drained => tr!("Drained"),
        ActivityKind::ActivateRequested => tr!("Activation asked for"),
        ActivityKind::Activated => tr!("Activated"),
        ActivityKind::OperationFailed => tr!("Operation failed"),
        ActivityKind::OperationAborted => tr!("Operation aborted"),
        ActivityKind::OperationResumed => tr!("Operation resumed after a restart"),
        ActivityKind::MaintenanceChanged => tr!("Maintenance changed"),
        ActivityKind::ChangedOutside => tr!("Changed outside Pitlane"),
        ActivityKind::NodeEnrolled => tr!("Node enrolled"),
        ActivityKind::NodeRemoved => tr!("Node removed"),
        ActivityKind::HeartbeatLost => tr!("Heartbeat lost"),
        ActivityKind::HeartbeatBack => tr!("Heartbeat back"),
        ActivityKind::HealthChanged => tr!("Health changed"),
        ActivityKind::AgentUpdated => tr!("Agent updated"),
        ActivityKind::Rebooted => tr!("Rebooted"),
        ActivityKind::EngineLost => tr!("Engine lost"),
        ActivityKind::EngineBack => tr!("Engine back"),
        ActivityKind::SignedIn => tr!("Signed in"),
        ActivityKind::SessionEnded => tr!("Session ended"),
        ActivityKind::TokenChanged => tr!("Token changed"),
        ActivityKind::LinkChanged => tr!("Public link changed"),
        ActivityKind::BulkChanged => tr!("Many nodes in one go"),
        ActivityKind::DrainPlanned => tr!("Drain planned"),
        ActivityKind::PlanChanged => tr!("Plan changed"),
        ActivityKind::PlanCancelled => tr!("Plan cancelled"),
        ActivityKind::PlanStarted => tr!("Plan started"),
        ActivityKind::PlanRefused => tr!("Plan refused"),
        ActivityKind::PlanMissed => tr!("Plan missed"),
        ActivityKind::PlanEnded => tr!("Plan not needed"),
        ActivityKind::Overdue => tr!("Overdue"),
        ActivityKind::Unknown => tr!("Something else"),
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
