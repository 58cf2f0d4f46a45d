//! Rule 2 on Swarm: what Swarm does with a task whose node is in maintenance, as measured on a real swarm.
//!
//! A task that ends on a paused node is started on another node, where a local volume of the same name is new and
//! empty; so is one whose node goes away, about ten seconds later. A global service's task, and one that its
//! constraints pin here, waits. One that is never restarted stays stopped, wherever its node goes.

use bollard::models::{ServiceSpec, TaskSpecRestartPolicyConditionEnum as Condition};
use pitlane_api::{DataLives, Fate, Volume};

/// What decides it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'a> {
    /// One task per node.
    pub global: bool,
    /// Never restarted.
    pub never_again: bool,
    /// The constraints let another node pass.
    pub elsewhere: bool,
    /// Volumes that hold data.
    pub volumes: &'a [Volume],
}

/// `on_restart` and `on_node_down`.
pub(crate) fn fates(of: Circumstances<'_>) -> (Fate, Fate) {
    let moved = if of.volumes.is_empty() {
        Fate::Elsewhere
    } else if of.volumes.iter().any(|volume| volume.data_lives == DataLives::ThisNodeOnly) {
        Fate::ElsewhereEmpty
    } else if of.volumes.iter().all(|volume| volume.data_lives == DataLives::NetworkVolume) {
        Fate::ElsewhereWithData
    } else {
        Fate::Unknown
    };
    let fate = if of.global || !of.elsewhere { Fate::WaitsForNode } else { moved };
    if of.never_again { (Fate::StaysStopped, Fate::StaysStopped) } else { (fate, fate) }
}

/// Whether the service runs one task on every node.
pub(crate) fn is_global(service: &ServiceSpec) -> bool {
    service.mode.as_ref().is_some_and(|mode| mode.global.is_some() || mode.global_job.is_some())
}

/// Whether Swarm leaves an ended task alone.
pub(crate) fn is_never_restarted(service: &ServiceSpec) -> bool {
    let policy = service.task_template.as_ref().and_then(|template| template.restart_policy.as_ref());
    policy.and_then(|policy| policy.condition) == Some(Condition::NONE)
}

/// The number of tasks a replicated service wants.
pub(crate) fn replicas(service: &ServiceSpec) -> Option<i64> {
    service.mode.as_ref()?.replicated.as_ref()?.replicas
}

#[cfg(test)]
mod tests {
    use pitlane_api::VolumeKind;

    use super::*;

    fn volume(lives: DataLives) -> Volume {
        Volume { name: "v".into(), kind: VolumeKind::Named, data_lives: lives, destination: None, driver: None }
    }

    fn fate(global: bool, never_again: bool, elsewhere: bool, volumes: &[Volume]) -> Fate {
        fates(Circumstances { global, never_again, elsewhere, volumes }).0
    }

    #[test]
    fn what_moves_and_what_waits() {
        let (local, network, unknown) = (volume(DataLives::ThisNodeOnly), volume(DataLives::NetworkVolume), volume(DataLives::Unknown));
        assert_eq!(fate(false, false, true, &[]), Fate::Elsewhere);
        assert_eq!(fate(false, false, true, &[network.clone(), local.clone()]), Fate::ElsewhereEmpty);
        assert_eq!(fate(false, false, true, std::slice::from_ref(&network)), Fate::ElsewhereWithData);
        assert_eq!(fate(false, false, true, &[network, unknown]), Fate::Unknown);
        assert_eq!(fate(false, false, false, std::slice::from_ref(&local)), Fate::WaitsForNode);
        assert_eq!(fate(true, false, true, std::slice::from_ref(&local)), Fate::WaitsForNode);
        assert_eq!(fate(false, true, true, &[local]), Fate::StaysStopped);
    }
}
