//! The Kubernetes objects the driver reads, with only the fields it uses.
//!
//! A page of five hundred whole pods is megabytes of text; what is not named here is skipped while it is read. Every
//! field is optional, because an API server of another version may leave out what this one sends.

use std::{borrow::Cow, collections::BTreeMap};

use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::Resource;
use pitlane_api::Timestamp;
use serde::Deserialize;

/// Says where a type lives in the API.
macro_rules! resource {
    ($name:ident, $scope:ty, $group:literal, $version:literal, $plural:literal) => {
        impl Resource for $name {
            type DynamicType = ();
            type Scope = $scope;
            fn kind(_: &()) -> Cow<'_, str> {
                stringify!($name).into()
            }
            fn group(_: &()) -> Cow<'_, str> {
                $group.into()
            }
            fn version(_: &()) -> Cow<'_, str> {
                $version.into()
            }
            fn plural(_: &()) -> Cow<'_, str> {
                $plural.into()
            }
            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    };
}

/// Declares objects: every field may be absent, names are Kubernetes' own.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident : $kind:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub(crate) struct $name {
            $($(#[$attribute])* pub $field: $kind,)*
        }
    )*};
}

resource!(Node, ClusterResourceScope, "", "v1", "nodes");
resource!(Lease, NamespaceResourceScope, "coordination.k8s.io", "v1", "leases");
resource!(Pod, NamespaceResourceScope, "", "v1", "pods");
resource!(PersistentVolumeClaim, NamespaceResourceScope, "", "v1", "persistentvolumeclaims");
resource!(PersistentVolume, ClusterResourceScope, "", "v1", "persistentvolumes");
resource!(PodDisruptionBudget, NamespaceResourceScope, "policy", "v1", "poddisruptionbudgets");

objects! {
    /// A node.
    Node { metadata: ObjectMeta, spec: NodeSpec, status: NodeStatus }
    /// What is wanted of a node.
    NodeSpec { unschedulable: bool, taints: Vec<Taint> }
    /// Keeps pods away that do not tolerate it.
    Taint { key: String, value: Option<String>, effect: String, time_added: Option<Timestamp> }
    /// What the kubelet says of its node.
    NodeStatus { allocatable: BTreeMap<String, String>, conditions: Vec<Condition>, addresses: Vec<Address>, node_info: NodeInfo }
    /// One of the kubelet's own readiness signals.
    Condition {
        #[serde(rename = "type")] kind: String,
        status: String,
        reason: Option<String>,
        message: Option<String>,
        last_transition_time: Option<Timestamp>,
    }
    /// Where the node is reached.
    Address { #[serde(rename = "type")] kind: String, address: String }
    /// Versions.
    NodeInfo { kubelet_version: String, container_runtime_version: String }

    /// A kubelet's sign of life.
    Lease { metadata: ObjectMeta, spec: LeaseSpec }
    /// When it last gave one.
    LeaseSpec { renew_time: Option<Timestamp> }

    /// A pod.
    Pod { metadata: ObjectMeta, spec: PodSpec, status: PodStatus }
    /// What is wanted of a pod.
    PodSpec {
        node_name: Option<String>,
        node_selector: BTreeMap<String, String>,
        affinity: Affinity,
        tolerations: Vec<Toleration>,
        containers: Vec<Container>,
        init_containers: Vec<Container>,
        overhead: BTreeMap<String, String>,
        volumes: Vec<PodVolume>,
    }
    /// Where it wants to run.
    Affinity { node_affinity: NodeAffinity, pod_anti_affinity: PodAntiAffinity }
    /// Which pods it must not be near.
    PodAntiAffinity { #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")] required: Vec<Apart> }
    /// Pods that must not be in the same part of the cluster: on one node, in one zone.
    Apart { label_selector: LabelSelector, topology_key: String, namespaces: Vec<String>, namespace_selector: Option<LabelSelector> }
    /// Which nodes it wants.
    NodeAffinity { #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")] required: Option<NodeSelector> }
    /// Nodes that match any of the terms.
    NodeSelector { node_selector_terms: Vec<NodeSelectorTerm> }
    /// Nodes that match all of the requirements.
    NodeSelectorTerm { match_expressions: Vec<Requirement>, match_fields: Vec<Requirement> }
    /// One requirement of a label or a field.
    Requirement { key: String, operator: String, values: Vec<String> }
    /// A taint that is put up with.
    Toleration { key: Option<String>, operator: Option<String>, value: Option<String>, effect: Option<String>, toleration_seconds: Option<i64> }
    /// A container of a pod.
    Container { image: Option<String>, resources: ContainerResources, volume_mounts: Vec<VolumeMount>, restart_policy: Option<String> }
    /// What it asks for.
    ContainerResources { requests: BTreeMap<String, String> }
    /// A volume as a container sees it.
    VolumeMount { name: String, mount_path: String, read_only: bool }
    /// A volume of a pod. At most one of the kinds is there.
    PodVolume {
        name: String,
        host_path: Option<HostPath>,
        empty_dir: Option<EmptyDir>,
        persistent_volume_claim: Option<ClaimSource>,
        ephemeral: Option<Named>,
    }
    /// A folder of the host.
    HostPath { path: String, #[serde(rename = "type")] kind: Option<String> }
    /// Scratch space.
    EmptyDir { medium: String }
    /// By claim.
    ClaimSource { claim_name: String, read_only: bool }
    /// Something of which only its being there counts.
    Named {}
    /// How a pod is.
    PodStatus { phase: String, start_time: Option<Timestamp>, container_statuses: Vec<ContainerStatus> }
    /// How a container is.
    ContainerStatus { restart_count: u32, state: ContainerState }
    /// What it does.
    ContainerState { running: Option<Running>, waiting: Option<Waiting>, terminated: Option<Terminated> }
    /// It runs.
    Running { started_at: Option<Timestamp> }
    /// It waits.
    Waiting { reason: Option<String> }
    /// It has ended.
    Terminated { finished_at: Option<Timestamp> }

    /// A claim to a volume.
    PersistentVolumeClaim { metadata: ObjectMeta, spec: ClaimSpec }
    /// What it got.
    ClaimSpec { volume_name: Option<String> }

    /// A volume.
    PersistentVolume { metadata: ObjectMeta, spec: VolumeSpec }
    /// Where it is, and what is behind it.
    VolumeSpec {
        node_affinity: VolumeNodeAffinity,
        local: Option<LocalVolume>,
        host_path: Option<HostPath>,
        csi: Option<Csi>,
        claim_ref: Option<ClaimRef>,
        storage_class_name: Option<String>,
    }
    /// Which nodes reach it.
    VolumeNodeAffinity { required: Option<NodeSelector> }
    /// A disk of one node.
    LocalVolume { path: String }
    /// By a storage driver.
    Csi { driver: String }
    /// Whose it is.
    ClaimRef { namespace: Option<String>, name: Option<String> }

    /// How many pods of a kind may be missing.
    PodDisruptionBudget { metadata: ObjectMeta, spec: BudgetSpec, status: BudgetStatus }
    /// Which pods.
    BudgetSpec { selector: Option<LabelSelector> }
    /// How many more may go.
    BudgetStatus { disruptions_allowed: i32 }
    /// Objects by their labels.
    LabelSelector { match_labels: BTreeMap<String, String>, match_expressions: Vec<Requirement> }
}
