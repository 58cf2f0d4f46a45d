//! What is kept of a pod: enough to tell what it is, what it asks for, where else it could run, and what data it has.

use std::collections::BTreeMap;

use pitlane_api::{MountKind, MountReport, Timestamp, WorkloadState, rules};

use crate::{
    objects::{Apart, Container, NodeSelector, Pod, PodVolume, Toleration},
    quantity,
};

/// The taint of a node that went away. Every pod is given a toleration of some minutes for it.
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// Folders a node's own pods write to without keeping anything there that a person would miss.
const NODES_OWN: &[&str] =
    &["/var/lib/kubelet", "/var/lib/cni", "/var/lib/calico", "/var/lib/containerd", "/var/log", "/opt/cni", "/etc", "/usr", "/lib"];

/// A pod, by namespace and name.
pub(crate) type Key = (Box<str>, Box<str>);

/// What made a pod, and makes it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A Deployment, through its ReplicaSet.
    Deployment(Box<str>),
    /// A StatefulSet; the ordinal is the last part of the pod's name.
    StatefulSet(Box<str>),
    /// A DaemonSet: belongs to the node.
    DaemonSet(Box<str>),
    /// The kubelet itself, from a file on the node.
    Mirror,
    /// A Job.
    Job(Box<str>),
    /// Something else that makes pods, by kind and name.
    Other(Box<str>, Box<str>),
    /// Nobody: when it is gone, it is gone.
    Nobody,
}

impl Owner {
    /// Whether it goes where its node goes.
    pub fn belongs_to_node(&self) -> bool {
        matches!(self, Owner::DaemonSet(_) | Owner::Mirror)
    }
}

/// A volume that holds data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    /// By claim.
    Claim(Box<str>),
    /// A folder of the host.
    HostPath(Box<str>),
    /// Scratch space on the node's disk.
    EmptyDir,
}

/// A volume that holds data, as the pod names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataVolume {
    pub name: Box<str>,
    pub data: Data,
    /// Where a container sees it.
    pub destination: Option<Box<str>>,
}

/// Which nodes it can run on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wants {
    pub node_selector: BTreeMap<String, String>,
    pub required: Option<NodeSelector>,
    pub tolerations: Vec<Toleration>,
    /// Pods that it must be apart from.
    pub apart: Vec<Apart>,
}

/// A pod that is bound to a node.
#[derive(Debug, Clone)]
pub(crate) struct PodFacts {
    pub key: Key,
    /// Name of its node.
    pub node: Box<str>,
    pub labels: BTreeMap<String, String>,
    pub owner: Owner,
    pub image: Option<Box<str>>,
    pub state: WorkloadState,
    pub since: Option<Timestamp>,
    pub restarts: u32,
    pub cpu_millis: u64,
    pub memory_bytes: u64,
    pub wants: Wants,
    /// It is never evicted because its node went away.
    pub waits_for_node: bool,
    pub data: Vec<DataVolume>,
}

impl PodFacts {
    /// `None`: it is not bound to a node.
    pub fn read(pod: Pod) -> Option<Self> {
        let node = pod.spec.node_name.as_deref().filter(|node| !node.is_empty())?.into();
        let name: Box<str> = pod.metadata.name.as_deref()?.into();
        let namespace: Box<str> = pod.metadata.namespace.as_deref().unwrap_or_default().into();
        let owner = owner(&pod, &name);
        let data = data(&pod, &owner);
        let (cpu_millis, memory_bytes) = requests(&pod);
        let waits_for_node = tolerates_forever(&pod.spec.tolerations);
        let tolerations = pod.spec.tolerations.iter().filter(|toleration| toleration.toleration_seconds.is_none()).cloned().collect();
        Some(Self {
            node,
            image: pod.spec.containers.first().and_then(|container| container.image.as_deref()).map(Into::into),
            state: state(&pod),
            since: since(&pod),
            restarts: pod.status.container_statuses.iter().map(|status| status.restart_count).sum(),
            cpu_millis,
            memory_bytes,
            waits_for_node,
            owner,
            data,
            key: (namespace, name),
            labels: pod.metadata.labels.unwrap_or_default(),
            wants: Wants {
                node_selector: pod.spec.node_selector,
                required: pod.spec.affinity.node_affinity.required,
                tolerations,
                apart: pod.spec.affinity.pod_anti_affinity.required,
            },
        })
    }

    /// Has data on this node or on a volume. A StatefulSet says so itself.
    pub fn stateful(&self) -> bool {
        !self.data.is_empty() || matches!(self.owner, Owner::StatefulSet(_))
    }

    /// Whether it has ended.
    pub fn ended(&self) -> bool {
        matches!(self.state, WorkloadState::Stopped | WorkloadState::Failed)
    }
}

fn tolerates_forever(tolerations: &[Toleration]) -> bool {
    tolerations.iter().any(|toleration| {
        let key = toleration.key.as_deref().unwrap_or_default();
        let effect = toleration.effect.as_deref().unwrap_or_default();
        toleration.toleration_seconds.is_none() && (key.is_empty() || key == UNREACHABLE) && (effect.is_empty() || effect == "NoExecute")
    })
}

fn owner(pod: &Pod, name: &str) -> Owner {
    let annotations = pod.metadata.annotations.as_ref();
    if annotations.is_some_and(|annotations| annotations.contains_key("kubernetes.io/config.mirror")) {
        return Owner::Mirror;
    }
    let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
    let Some(owner) = owners.iter().find(|owner| owner.controller == Some(true)) else { return Owner::Nobody };
    match owner.kind.as_str() {
        "StatefulSet" => Owner::StatefulSet(owner.name.as_str().into()),
        "DaemonSet" => Owner::DaemonSet(owner.name.as_str().into()),
        "Job" => Owner::Job(owner.name.as_str().into()),
        "Node" => Owner::Mirror,
        "ReplicaSet" => {
            // A Deployment's ReplicaSet is its name with the hash that its pods carry as a label. To read that from
            // names costs no further right.
            let hash = pod.metadata.labels.as_ref().and_then(|labels| labels.get("pod-template-hash"));
            match hash.and_then(|hash| owner.name.strip_suffix(hash.as_str())).and_then(|rest| rest.strip_suffix('-')) {
                Some(deployment) if !deployment.is_empty() && name.starts_with(deployment) => Owner::Deployment(deployment.into()),
                _ => Owner::Other("ReplicaSet".into(), owner.name.as_str().into()),
            }
        }
        kind => Owner::Other(kind.into(), owner.name.as_str().into()),
    }
}

/// What the scheduler counts: the sum of the containers, or the largest of those that run before them, and the overhead.
fn requests(pod: &Pod) -> (u64, u64) {
    let of = |container: &Container| {
        let requests = &container.resources.requests;
        (
            requests.get("cpu").and_then(|cpu| quantity::millis(cpu)).unwrap_or(0),
            requests.get("memory").and_then(|memory| quantity::bytes(memory)).unwrap_or(0),
        )
    };
    let sidecar = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    let mut sum = (0_u64, 0_u64);
    for (cpu, memory) in pod.spec.containers.iter().chain(pod.spec.init_containers.iter().filter(sidecar)).map(of) {
        sum = (sum.0.saturating_add(cpu), sum.1.saturating_add(memory));
    }
    for (cpu, memory) in pod.spec.init_containers.iter().filter(|container| !sidecar(container)).map(of) {
        sum = (sum.0.max(cpu), sum.1.max(memory));
    }
    let overhead = &pod.spec.overhead;
    (
        sum.0.saturating_add(overhead.get("cpu").and_then(|cpu| quantity::millis(cpu)).unwrap_or(0)),
        sum.1.saturating_add(overhead.get("memory").and_then(|memory| quantity::bytes(memory)).unwrap_or(0)),
    )
}

fn state(pod: &Pod) -> WorkloadState {
    match pod.status.phase.as_str() {
        "Running" => {
            let waits = pod.status.container_statuses.iter().any(|status| status.state.waiting.is_some());
            if waits { WorkloadState::Starting } else { WorkloadState::Running }
        }
        "Pending" | "" => WorkloadState::Starting,
        "Succeeded" => WorkloadState::Stopped,
        "Failed" => WorkloadState::Failed,
        _ => WorkloadState::Unknown,
    }
}

/// When the last of its containers started or ended, else when the kubelet took it.
fn since(pod: &Pod) -> Option<Timestamp> {
    let latest = pod.status.container_statuses.iter().filter_map(|status| {
        let running = status.state.running.as_ref().and_then(|running| running.started_at);
        running.or_else(|| status.state.terminated.as_ref().and_then(|ended| ended.finished_at))
    });
    latest.max().or(pod.status.start_time)
}

fn data(pod: &Pod, owner: &Owner) -> Vec<DataVolume> {
    pod.spec.volumes.iter().filter_map(|volume| data_volume(pod, owner, volume)).collect()
}

fn data_volume(pod: &Pod, owner: &Owner, volume: &PodVolume) -> Option<DataVolume> {
    let containers = || pod.spec.containers.iter().chain(&pod.spec.init_containers);
    let mounts = || containers().flat_map(|container| &container.volume_mounts).filter(|mount| mount.name == volume.name);
    let writable = || mounts().any(|mount| !mount.read_only);
    let data = if let Some(claim) = &volume.persistent_volume_claim {
        Data::Claim(claim.claim_name.as_str().into())
    } else if volume.ephemeral.is_some() {
        // The claim that Kubernetes makes for a generic ephemeral volume is called like this.
        let pod_name = pod.metadata.name.as_deref().unwrap_or_default();
        Data::Claim(format!("{pod_name}-{}", volume.name).into())
    } else if let Some(host) = &volume.host_path {
        if !writable() || !host_path_holds_data(&host.path, host.kind.as_deref(), owner) {
            return None;
        }
        Data::HostPath(host.path.as_str().into())
    } else if let Some(empty) = &volume.empty_dir {
        // Memory is gone with the pod by design, and what the node's own pods keep in scratch space is theirs.
        if empty.medium == "Memory" || owner.belongs_to_node() {
            return None;
        }
        Data::EmptyDir
    } else {
        return None;
    };
    let destination = mounts().next().map(|mount| mount.mount_path.as_str().into());
    Some(DataVolume { name: volume.name.as_str().into(), data, destination })
}

fn host_path_holds_data(path: &str, kind: Option<&str>, owner: &Owner) -> bool {
    if matches!(kind, Some("Socket" | "CharDevice")) {
        return false;
    }
    let path = path.trim_end_matches('/');
    let under = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if owner.belongs_to_node() && (path.is_empty() || NODES_OWN.iter().any(|folder| under(folder))) {
        return false;
    }
    // What is data on a host is one rule for every engine.
    rules::mount_holds_data(&MountReport {
        kind: MountKind::Bind,
        source: Some(path.to_owned()),
        destination: String::new(),
        name: None,
        driver: None,
        driver_options: BTreeMap::new(),
        writable: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn facts(metadata: Value, spec: Value, status: Value) -> PodFacts {
        let mut pod = json!({"metadata": {"name": "web-0", "namespace": "shop"}, "spec": {"nodeName": "n1"}, "status": status});
        for (part, extra) in [("metadata", metadata), ("spec", spec)] {
            for (key, value) in extra.as_object().unwrap() {
                pod[part][key] = value.clone();
            }
        }
        PodFacts::read(serde_json::from_value(pod).unwrap()).unwrap()
    }

    fn owned(kind: &str, name: &str) -> Value {
        json!({"ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": true}]})
    }

    #[test]
    fn owners() {
        let owner = |metadata: Value| facts(metadata, json!({}), json!({})).owner;
        assert_eq!(owner(owned("StatefulSet", "web")), Owner::StatefulSet("web".into()));
        assert_eq!(owner(owned("DaemonSet", "logs")), Owner::DaemonSet("logs".into()));
        assert_eq!(owner(owned("Job", "backup")), Owner::Job("backup".into()));
        assert_eq!(owner(json!({})), Owner::Nobody);
        assert_eq!(owner(json!({"annotations": {"kubernetes.io/config.mirror": "x"}})), Owner::Mirror);
        let mut replica = owned("ReplicaSet", "web-6d4f");
        replica["labels"] = json!({"pod-template-hash": "6d4f"});
        assert_eq!(owner(replica), Owner::Deployment("web".into()));
        assert_eq!(owner(owned("ReplicaSet", "web-6d4f")), Owner::Other("ReplicaSet".into(), "web-6d4f".into()));
    }

    #[test]
    fn what_holds_data() {
        let data = |metadata: Value, volume: Value, read_only: bool| {
            let spec = json!({"containers": [{"volumeMounts": [{"name": "v", "mountPath": "/data", "readOnly": read_only}]}], "volumes": [volume]});
            facts(metadata, spec, json!({})).data
        };
        let claim = json!({"name": "v", "persistentVolumeClaim": {"claimName": "pg"}});
        assert_eq!(data(json!({}), claim, false)[0].data, Data::Claim("pg".into()));
        assert_eq!(data(json!({}), json!({"name": "v", "ephemeral": {}}), false)[0].data, Data::Claim("web-0-v".into()));
        let host = |path: &str| json!({"name": "v", "hostPath": {"path": path}});
        assert_eq!(data(json!({}), host("/srv/db"), false)[0].data, Data::HostPath("/srv/db".into()));
        assert!(data(json!({}), host("/srv/db"), true).is_empty(), "read only");
        assert!(data(json!({}), host("/var/run/docker.sock"), false).is_empty(), "a socket");
        assert!(data(owned("DaemonSet", "logs"), host("/var/log/"), false).is_empty(), "what every node's own pods write");
        assert_eq!(data(json!({}), host("/var/log"), false).len(), 1, "another pod that writes there");
        assert_eq!(data(json!({"annotations": {"kubernetes.io/config.mirror": "x"}}), host("/var/lib/etcd"), false).len(), 1);
        assert_eq!(data(json!({}), json!({"name": "v", "emptyDir": {}}), false)[0].data, Data::EmptyDir);
        assert!(data(json!({}), json!({"name": "v", "emptyDir": {"medium": "Memory"}}), false).is_empty());
        assert!(data(json!({}), json!({"name": "v", "configMap": {"name": "c"}}), false).is_empty());
    }

    #[test]
    fn what_the_scheduler_counts() {
        let spec = json!({"containers": [{"resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}, {"resources": {"requests": {"cpu": "1"}}}],
            "initContainers": [{"resources": {"requests": {"cpu": "200m", "memory": "1Gi"}}}, {"restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}}],
            "overhead": {"cpu": "10m"}});
        let facts = facts(json!({}), spec, json!({}));
        assert_eq!((facts.cpu_millis, facts.memory_bytes), (1160, 1 << 30));
    }

    #[test]
    fn how_it_is() {
        let status = |phase: &str, state: Value| {
            facts(json!({}), json!({}), json!({"phase": phase, "containerStatuses": [{"restartCount": 3, "state": state}]}))
        };
        let running = status("Running", json!({"running": {"startedAt": "2026-11-01T10:00:00Z"}}));
        assert_eq!((running.state, running.restarts), (WorkloadState::Running, 3));
        assert_eq!(running.since, Some("2026-11-01T10:00:00Z".parse().unwrap()));
        assert_eq!(status("Running", json!({"waiting": {"reason": "CrashLoopBackOff"}})).state, WorkloadState::Starting);
        assert!(status("Succeeded", json!({"terminated": {}})).ended());
    }

    #[test]
    fn who_waits_for_a_node_that_went_away() {
        let waits = |tolerations: Value| facts(json!({}), json!({"tolerations": tolerations}), json!({})).waits_for_node;
        let usual = json!([{"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]);
        assert!(!waits(usual));
        assert!(!waits(json!([])));
        assert!(waits(json!([{"operator": "Exists"}])));
    }
}
