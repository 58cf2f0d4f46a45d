//! Everything on one node: its tasks, the containers its agent sees beside them, and data that was left behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bollard::models::{Node, Service, ServiceSpec, Task};
use pitlane_api::{
    ContainerReport, ContainersReport, DataLives, Fate, HeartbeatRequest, Identity, NodeId, SignalState, Timestamp, Volume, VolumeKind, Words,
    Workload, WorkloadKind, WorkloadList, WorkloadState, rules, say, seconds_between,
};

use crate::{
    constraints,
    fate::{self, Circumstances},
    node,
    notes::{self, Named},
    summary::Summary,
    task::{self, Presence},
};

/// Docker's label on a container that belongs to a task.
const TASK_ID: &str = "com.docker.swarm.task.id";
/// Docker's label on the services of a stack.
const STACK: &str = "com.docker.stack.namespace";

/// What the list is made of.
pub(crate) struct Read<'a> {
    pub node: &'a Node,
    pub nodes: &'a [Node],
    pub services: &'a [Service],
    /// The tasks of this node, past ones too.
    pub tasks: &'a [Task],
    pub summary: &'a Summary,
    /// The agent's last beat, and when it came.
    pub agent: Option<(Arc<HeartbeatRequest>, Timestamp)>,
    pub alive: bool,
    pub node_id: &'a NodeId,
    pub now: Timestamp,
}

impl Read<'_> {
    fn service(&self, id: Option<&str>) -> Option<(&Service, &ServiceSpec)> {
        let service = self.services.iter().find(|service| service.id.is_some() && service.id.as_deref() == id)?;
        Some((service, service.spec.as_ref()?))
    }

    fn containers(&self) -> Option<&ContainersReport> {
        self.agent.as_ref().and_then(|(report, _)| report.containers.as_ref())
    }

    /// The container of a task, as the agent sees it.
    fn container(&self, task: &Task) -> Option<&ContainerReport> {
        let id = task.id.as_deref()?;
        self.containers()?.containers.iter().find(|container| container.labels.get(TASK_ID).map(String::as_str) == Some(id))
    }

    /// Whether constraints let any other node have the task. Nodes that are down or in maintenance count: by the time
    /// it matters they may be back.
    fn has_elsewhere(&self, spec: &ServiceSpec) -> bool {
        let placement = spec.task_template.as_ref().and_then(|template| template.placement.as_ref());
        self.nodes.iter().any(|other| node::id(other) != node::id(self.node) && constraints::admits(placement, other))
    }
}

/// Puts the list together.
pub(crate) fn list(read: &Read<'_>) -> WorkloadList {
    let mut not_read = not_read(read);
    let mut workloads = Vec::new();
    let mut slots = BTreeSet::new();
    for task in read.tasks {
        if let Presence::Here(state) = task::presence(task) {
            slots.insert((task.service_id.clone(), task.slot));
            workloads.push(present(read, task, state));
        }
    }
    let left = left_behind(read, &slots);
    workloads.extend(left.iter().map(|(workload, _)| workload.clone()));
    if let Some(containers) = read.containers() {
        // Started by hand or by compose: no label of a task.
        let by_hand = containers.containers.iter().filter(|container| !container.labels.contains_key(TASK_ID));
        workloads.extend(by_hand.map(rules::workload_from_container));
    }
    let unknown = workloads.iter().filter(|workload| workload.kind == WorkloadKind::Task && workload.state == WorkloadState::Unknown).count();
    if unknown > 0 && !node::is_ready(read.node) {
        not_read.push(say!("whether {} of the tasks still run: Swarm does not reach this node", unknown));
    }
    let orphaned_volumes = read.containers().map(|containers| containers.orphaned_volumes.clone()).unwrap_or_default();
    let notes = left_notes(read, &left, &orphaned_volumes, &workloads);
    WorkloadList { node_id: read.node_id.clone(), read_at: read.now, complete: not_read.is_empty(), not_read, workloads, orphaned_volumes, notes }
}

/// What only an agent can see, where there is none or it sees too little.
fn not_read(read: &Read<'_>) -> Vec<Words> {
    let of = |why| say!("containers that were started by hand: {}", why);
    let Some((report, at)) = &read.agent else { return vec![of(say!("no agent runs on this node"))] };
    let mut words = Vec::new();
    if !read.alive {
        words.push(of(say!("the agent has said nothing for {} s, this is what it said last", seconds_between(*at, read.now))));
    }
    if !matches!(report.docker.state, SignalState::Ok | SignalState::NotPresent) {
        let detail = if report.docker.detail.is_empty() { say!("no reason given") } else { Words::plain(&report.docker.detail) };
        words.push(of(say!("the agent cannot read Docker on this node: {}", detail)));
    }
    match &report.containers {
        None => words.push(of(say!("the agent has not sent them yet"))),
        Some(containers) => {
            words.extend(containers.not_read.iter().map(Words::plain));
            if !containers.complete && words.is_empty() {
                words.push(of(say!("the agent could not read all of them, and does not say why")));
            }
        }
    }
    words
}

fn present(read: &Read<'_>, task: &Task, state: WorkloadState) -> Workload {
    let mut workload = base(read, task, state);
    let service = read.service(task.service_id.as_deref()).map(|(_, spec)| spec);
    let global = service.is_some_and(fate::is_global);
    (workload.on_restart, workload.on_node_down) = match service {
        Some(spec) => fate::fates(Circumstances {
            global,
            never_again: fate::is_never_restarted(spec),
            elsewhere: read.has_elsewhere(spec),
            volumes: &workload.volumes,
        }),
        None => (Fate::Unknown, Fate::Unknown),
    };
    workload.belongs_to_node = global;
    workload
}

/// A task without its fate. Its mounts are those its container really has where an agent sees it, else those the
/// service asks for.
fn base(read: &Read<'_>, task: &Task, state: WorkloadState) -> Workload {
    let service = read.service(task.service_id.as_deref()).map(|(_, spec)| spec);
    let seen = read.container(task);
    let image = task.spec.as_ref().and_then(|spec| spec.container_spec.as_ref()?.image.clone()).unwrap_or_default();
    let service_name = service.and_then(|spec| spec.name.clone()).or_else(|| task.service_id.clone()).unwrap_or_else(|| "a task".into());
    let slot = task.slot.filter(|slot| *slot > 0).map(|slot| slot.to_string());
    let mut workload = rules::workload_from_container(&ContainerReport {
        id: task.id.clone().unwrap_or_default(),
        name: slot.as_ref().map_or_else(|| service_name.clone(), |slot| format!("{service_name}.{slot}")),
        // The digest says nothing to a person.
        image: image.split('@').next().unwrap_or_default().to_owned(),
        state: String::new(),
        since: task::since(task),
        labels: Default::default(),
        mounts: seen.map_or_else(|| task::mounts(task), |container| container.mounts.clone()),
        restart_policy: String::new(),
        auto_remove: false,
    });
    for volume in workload.volumes.iter_mut().filter(|volume| volume.kind == VolumeKind::Named && Some(&volume.name) == volume.destination.as_ref()) {
        // A mount without a source: Docker makes a volume and names it itself.
        volume.kind = VolumeKind::Anonymous;
    }
    let volumes = std::mem::take(&mut workload.identity.volumes);
    workload.identity = Identity { volumes, ..Identity::new("swarm", &[&service_name, slot.as_deref().unwrap_or("global")]) };
    workload.kind = WorkloadKind::Task;
    workload.state = state;
    workload.stack = service.and_then(|spec| spec.labels.as_ref()?.get(STACK).cloned());
    workload
}

/// Past tasks whose local volume is still on the node, the newest of each slot, with the volumes. Where an agent sees all
/// volumes, one that it does not see is gone.
fn left_behind(read: &Read<'_>, slots: &BTreeSet<(Option<String>, Option<i64>)>) -> Vec<(Workload, Task)> {
    let mut past: Vec<&Task> = read.tasks.iter().filter(|task| matches!(task::presence(task), Presence::Past(_))).collect();
    past.sort_by(|a, b| b.updated_at.cmp(&a.updated_at));
    let mut seen = slots.clone();
    let mut left = Vec::new();
    for task in past {
        let Presence::Past(state) = task::presence(task) else { continue };
        // A task that never ran left nothing.
        let ran = task.status.as_ref().and_then(|status| status.container_status.as_ref()?.container_id.as_ref()).is_some_and(|id| !id.is_empty());
        if !ran || !seen.insert((task.service_id.clone(), task.slot)) {
            continue;
        }
        let mut workload = base(read, task, state);
        workload.volumes.retain(|volume| is_local(volume) && still_there(read, volume));
        if workload.volumes.is_empty() {
            continue;
        }
        (workload.on_restart, workload.on_node_down) = (Fate::StaysStopped, Fate::StaysStopped);
        left.push((workload, task.clone()));
    }
    left
}

fn is_local(volume: &Volume) -> bool {
    volume.data_lives == DataLives::ThisNodeOnly && volume.kind == VolumeKind::Named
}

fn still_there(read: &Read<'_>, volume: &Volume) -> bool {
    let Some(containers) = read.containers().filter(|containers| containers.complete && read.alive) else { return true };
    containers.orphaned_volumes.contains(&volume.name)
        || containers.containers.iter().flat_map(|container| &container.mounts).any(|mount| mount.name.as_deref() == Some(volume.name.as_str()))
}

/// "The data of mail_spool is still here, and mail now runs empty on n3."
fn left_notes(read: &Read<'_>, left: &[(Workload, Task)], orphaned: &[String], workloads: &[Workload]) -> Vec<Words> {
    let used: BTreeSet<&str> =
        workloads.iter().filter(|workload| workload.is_running()).flat_map(|workload| &workload.volumes).map(|volume| volume.name.as_str()).collect();
    let mut sentences = BTreeMap::new();
    let mut tell = |volume: &str, service: &ServiceSpec, id: &str, slot: Option<i64>| {
        let elsewhere: Vec<&str> = read.summary.places(id, slot).into_iter().filter(|place| *place != node::id(read.node)).collect();
        if !elsewhere.is_empty() && !used.contains(volume) {
            let nodes = Named(read.nodes).names(&elsewhere);
            let service = service.name.as_deref().unwrap_or(id);
            let sentence = say!("The data of {} is still here, and {} now runs empty on {}.", volume, service, notes::listed(&nodes, 3));
            sentences.insert(sentence.to_string(), sentence);
        }
    };
    for (workload, task) in left {
        let Some((service, spec)) = read.service(task.service_id.as_deref()).filter(|(_, spec)| !fate::is_global(spec)) else { continue };
        for volume in &workload.volumes {
            tell(&volume.name, spec, service.id.as_deref().unwrap_or_default(), task.slot);
        }
    }
    for service in read.services {
        let Some(spec) = service.spec.as_ref().filter(|spec| !fate::is_global(spec)) else { continue };
        let mounts = spec.task_template.as_ref().and_then(|template| template.container_spec.as_ref()?.mounts.as_deref()).unwrap_or_default();
        for mount in mounts.iter().map(task::mount) {
            if let Some(volume) = mount.name.filter(|name| orphaned.contains(name)) {
                tell(&volume, spec, service.id.as_deref().unwrap_or_default(), None);
            }
        }
    }
    sentences.into_values().collect()
}
