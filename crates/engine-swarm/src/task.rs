//! One task as Swarm lists it, read for what matters here: whether it is still on its node, and its mounts.

use bollard::models::{Mount, MountType, Task, TaskState};
use pitlane_api::{MountKind, MountReport, Timestamp, WorkloadState};

/// Whether a task is still on its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It runs there, is about to, or was told to end and has not been seen to.
    Here(WorkloadState),
    /// It has ended; its volumes may still be there.
    Past(WorkloadState),
}

/// Swarm's two states of a task, in one word. A task that was told to end and has not is still here: on a node that is
/// down nobody knows whether it runs on.
pub(crate) fn presence(task: &Task) -> Presence {
    let state = task.status.as_ref().and_then(|status| status.state);
    let wanted = task.desired_state.is_none_or(|desired| desired <= TaskState::RUNNING);
    match state {
        Some(TaskState::RUNNING) if wanted => Presence::Here(WorkloadState::Running),
        Some(TaskState::RUNNING) => Presence::Here(WorkloadState::Unknown),
        Some(TaskState::COMPLETE | TaskState::SHUTDOWN | TaskState::REMOVE) => Presence::Past(WorkloadState::Stopped),
        Some(TaskState::FAILED | TaskState::REJECTED) => Presence::Past(WorkloadState::Failed),
        // Its node has been away so long that Swarm gave up on it.
        Some(TaskState::ORPHANED) => Presence::Here(WorkloadState::Unknown),
        Some(_) if wanted => Presence::Here(WorkloadState::Starting),
        // Told to end before it ever ran.
        Some(_) => Presence::Past(WorkloadState::Stopped),
        None => Presence::Here(WorkloadState::Unknown),
    }
}

/// The mounts its service asks for, in the words of an agent's report.
pub(crate) fn mounts(task: &Task) -> Vec<MountReport> {
    let container = task.spec.as_ref().and_then(|spec| spec.container_spec.as_ref());
    container.and_then(|container| container.mounts.as_deref()).unwrap_or_default().iter().map(mount).collect()
}

/// A mount in the words of an agent's report. The options are those the service asks for; a volume that was there
/// already keeps its own, which only an agent can see.
pub(crate) fn mount(mount: &Mount) -> MountReport {
    let kind = match mount.typ {
        Some(MountType::VOLUME) => MountKind::Volume,
        Some(MountType::BIND) => MountKind::Bind,
        Some(MountType::TMPFS | MountType::NPIPE) => MountKind::Tmpfs,
        Some(MountType::CLUSTER) => MountKind::Cluster,
        Some(MountType::IMAGE) => MountKind::Image,
        None => MountKind::Unknown,
    };
    let source = mount.source.clone().filter(|source| !source.is_empty());
    let driver = mount.volume_options.as_ref().and_then(|options| options.driver_config.as_ref());
    MountReport {
        kind,
        name: source.clone().filter(|_| kind != MountKind::Bind),
        source: source.filter(|_| kind == MountKind::Bind),
        destination: mount.target.clone().unwrap_or_default(),
        writable: mount.read_only != Some(true),
        driver: driver.and_then(|driver| driver.name.clone()).filter(|name| !name.is_empty()),
        driver_options: driver.and_then(|driver| driver.options.clone()).unwrap_or_default().into_iter().collect(),
    }
}

/// When it came into its state.
pub(crate) fn since(task: &Task) -> Option<Timestamp> {
    task.status.as_ref()?.timestamp.as_deref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use bollard::models::TaskStatus;

    use super::*;

    fn task(desired: TaskState, state: TaskState) -> Task {
        Task { desired_state: Some(desired), status: Some(TaskStatus { state: Some(state), ..TaskStatus::default() }), ..Task::default() }
    }

    #[test]
    fn a_task_that_was_told_to_end_and_was_not_seen_to_counts_as_here() {
        use TaskState as S;
        assert_eq!(presence(&task(S::RUNNING, S::RUNNING)), Presence::Here(WorkloadState::Running));
        assert_eq!(presence(&task(S::SHUTDOWN, S::RUNNING)), Presence::Here(WorkloadState::Unknown));
        assert_eq!(presence(&task(S::RUNNING, S::PREPARING)), Presence::Here(WorkloadState::Starting));
        assert_eq!(presence(&task(S::SHUTDOWN, S::SHUTDOWN)), Presence::Past(WorkloadState::Stopped));
        assert_eq!(presence(&task(S::SHUTDOWN, S::FAILED)), Presence::Past(WorkloadState::Failed));
        assert_eq!(presence(&task(S::SHUTDOWN, S::PENDING)), Presence::Past(WorkloadState::Stopped));
    }
}
