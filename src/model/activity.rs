//! The activity log in sentences.

use pitlane_api::{ActivityEntry, ActivityKind, ActorKind};

use super::tone::Tone;

/// Who stands in the line, where somebody acted.
pub fn actor(entry: &ActivityEntry) -> Option<&str> {
    match entry.actor_kind {
        ActorKind::Person | ActorKind::Token | ActorKind::Unknown => entry.actor.as_deref(),
        ActorKind::Agent | ActorKind::System | ActorKind::Outside => None,
    }
}

/// The colour of the entry's mark.
pub const fn tone(kind: ActivityKind) -> Tone {
    match kind {
        ActivityKind::DrainRequested | ActivityKind::Drained | ActivityKind::MaintenanceChanged | ActivityKind::PlanStarted => Tone::Maintenance,
        ActivityKind::Activated | ActivityKind::HeartbeatBack | ActivityKind::EngineBack => Tone::Healthy,
        ActivityKind::OperationFailed
        | ActivityKind::PlanRefused
        | ActivityKind::PlanMissed
        | ActivityKind::HeartbeatLost
        | ActivityKind::EngineLost
        | ActivityKind::NodeRemoved => Tone::Offline,
        ActivityKind::ChangedOutside
        | ActivityKind::Overdue
        | ActivityKind::HealthChanged
        | ActivityKind::OperationAborted
        | ActivityKind::Rebooted => Tone::Degraded,
        ActivityKind::ActivateRequested
        | ActivityKind::DrainPlanned
        | ActivityKind::PlanChanged
        | ActivityKind::OperationResumed
        | ActivityKind::NodeEnrolled => Tone::Pending,
        ActivityKind::AgentUpdated
        | ActivityKind::SignedIn
        | ActivityKind::SessionEnded
        | ActivityKind::TokenChanged
        | ActivityKind::LinkChanged
        | ActivityKind::BulkChanged
        | ActivityKind::PlanCancelled
        | ActivityKind::PlanEnded
        | ActivityKind::Unknown => Tone::Neutral,
    }
}

/// Newest first, each entry once: what was fetched, with what the stream brought since.
pub fn merged(fetched: &[ActivityEntry], live: &[ActivityEntry]) -> Vec<ActivityEntry> {
    let mut all: Vec<ActivityEntry> = fetched.iter().chain(live).cloned().collect();
    all.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.id));
    all.dedup_by_key(|entry| entry.id);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::Timestamp;
    use proptest::prelude::*;

    fn entry(id: i64) -> ActivityEntry {
        ActivityEntry {
            id,
            at: Timestamp::UNIX_EPOCH,
            kind: ActivityKind::Drained,
            actor_kind: ActorKind::Person,
            actor: Some("on-call".into()),
            origin: None,
            node_id: None,
            node_name: None,
            operation_id: None,
            message: Default::default(),
            reason: None,
        }
    }

    #[test]
    fn only_who_acted_is_named() {
        assert_eq!(actor(&entry(1)), Some("on-call"));
        assert_eq!(actor(&ActivityEntry { actor_kind: ActorKind::Outside, ..entry(1) }), None);
    }

    proptest! {
        #[test]
        fn every_entry_once_and_newest_first(a in prop::collection::vec(0..20i64, 0..20), b in prop::collection::vec(0..20i64, 0..20)) {
            let entries = |ids: &[i64]| ids.iter().map(|id| entry(*id)).collect::<Vec<_>>();
            let ids: Vec<i64> = merged(&entries(&a), &entries(&b)).iter().map(|e| e.id).collect();
            prop_assert!(ids.windows(2).all(|pair| pair[0] > pair[1]));
        }
    }
}
