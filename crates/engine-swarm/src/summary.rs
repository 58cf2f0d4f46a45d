//! All tasks of the swarm, summed up: what is kept of them between two polls. Five thousand tasks become a few numbers
//! per node and the place of each slot.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use bollard::models::Task;
use pitlane_api::{WorkloadCounts, rules};

use crate::task::{self, Presence};

/// Sums over all tasks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Summary {
    per_node: HashMap<String, Sum>,
    /// Service id and slot to the nodes its tasks are on.
    places: HashMap<(String, i64), Vec<String>>,
    /// Changes when any task does.
    pub fingerprint: u64,
}

/// The tasks of one node.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sum {
    total: u32,
    stateful: u32,
    /// Tasks that reserve processors, memory.
    reserving: (u32, u32),
    nano_cpus: i64,
    memory_bytes: i64,
}

/// What the tasks of a node have reserved. `None`: not every one of them reserves, so the sum says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Reserved {
    pub cpu_cores: Option<f64>,
    pub memory_bytes: Option<u64>,
}

impl Summary {
    pub(crate) fn of(tasks: &[Task]) -> Self {
        let mut summary = Self::default();
        for task in tasks {
            // Order does not matter to a sum, and Swarm promises none.
            let mut hasher = DefaultHasher::new();
            (task.id.as_deref(), task.version.as_ref().and_then(|version| version.index)).hash(&mut hasher);
            summary.fingerprint = summary.fingerprint.wrapping_add(hasher.finish());
            let (Some(node), Presence::Here(_)) = (task.node_id.as_deref().filter(|id| !id.is_empty()), task::presence(task)) else { continue };
            if let Some(service) = &task.service_id {
                summary.places.entry((service.clone(), task.slot.unwrap_or_default())).or_default().push(node.to_owned());
            }
            summary.per_node.entry(node.to_owned()).or_default().add(task);
        }
        summary
    }

    /// How many tasks are on a node, and how many of them have data.
    pub(crate) fn counts(&self, node: &str) -> WorkloadCounts {
        let sum = self.per_node.get(node);
        WorkloadCounts { total: Some(sum.map_or(0, |sum| sum.total)), stateful: Some(sum.map_or(0, |sum| sum.stateful)) }
    }

    /// What its tasks have reserved.
    pub(crate) fn reserved(&self, node: &str) -> Reserved {
        let Some(sum) = self.per_node.get(node) else { return Reserved { cpu_cores: Some(0.0), memory_bytes: Some(0) } };
        Reserved {
            cpu_cores: (sum.reserving.0 == sum.total).then_some(sum.nano_cpus as f64 / 1e9),
            memory_bytes: (sum.reserving.1 == sum.total).then_some(u64::try_from(sum.memory_bytes).unwrap_or(0)),
        }
    }

    /// The nodes a service's tasks are on; with `slot`, that slot's.
    pub(crate) fn places(&self, service: &str, slot: Option<i64>) -> Vec<&str> {
        let of_service = self.places.iter().filter(|((id, at), _)| id == service && slot.is_none_or(|slot| slot == *at));
        let mut nodes: Vec<&str> = of_service.flat_map(|(_, nodes)| nodes).map(String::as_str).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

impl Sum {
    fn add(&mut self, task: &Task) {
        self.total += 1;
        self.stateful += u32::from(task::mounts(task).iter().any(rules::mount_holds_data));
        let reservations = task.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.reservations.as_ref());
        if let Some(cpus) = reservations.and_then(|reserved| reserved.nano_cpus).filter(|cpus| *cpus > 0) {
            self.reserving.0 += 1;
            self.nano_cpus += cpus;
        }
        if let Some(bytes) = reservations.and_then(|reserved| reserved.memory_bytes).filter(|bytes| *bytes > 0) {
            self.reserving.1 += 1;
            self.memory_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{ObjectVersion, ResourceObject, TaskSpec, TaskSpecResources, TaskState, TaskStatus};

    use super::*;

    fn task(id: &str, node: &str, version: u64, memory: Option<i64>) -> Task {
        let reservations = memory.map(|memory| ResourceObject { memory_bytes: Some(memory), ..ResourceObject::default() });
        Task {
            id: Some(id.into()),
            node_id: Some(node.into()),
            service_id: Some("s".into()),
            slot: Some(1),
            version: Some(ObjectVersion { index: Some(version) }),
            desired_state: Some(TaskState::RUNNING),
            status: Some(TaskStatus { state: Some(TaskState::RUNNING), ..TaskStatus::default() }),
            spec: Some(TaskSpec { resources: Some(TaskSpecResources { reservations, ..TaskSpecResources::default() }), ..TaskSpec::default() }),
            ..Task::default()
        }
    }

    #[test]
    fn one_task_that_reserves_nothing_makes_the_sum_meaningless() {
        let all = Summary::of(&[task("a", "n1", 1, Some(100)), task("b", "n1", 1, Some(50))]);
        assert_eq!(all.reserved("n1").memory_bytes, Some(150));
        assert_eq!(all.reserved("n1").cpu_cores, None);
        assert_eq!(all.reserved("n2").memory_bytes, Some(0));
        let some = Summary::of(&[task("a", "n1", 1, Some(100)), task("b", "n1", 1, None)]);
        assert_eq!(some.reserved("n1").memory_bytes, None);
        assert_eq!(some.counts("n1").total, Some(2));
    }

    #[test]
    fn the_fingerprint_follows_versions_and_not_order() {
        let (a, b) = (task("a", "n1", 1, None), task("b", "n1", 1, None));
        let one = Summary::of(&[a.clone(), b.clone()]).fingerprint;
        assert_eq!(one, Summary::of(&[b.clone(), a]).fingerprint);
        assert_ne!(one, Summary::of(&[task("a", "n1", 2, None), b]).fingerprint);
    }
}
