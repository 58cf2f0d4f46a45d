//! Objects that tests put into the cluster.

use std::sync::atomic::{AtomicU32, Ordering};

use k8s_openapi::api::{
    coordination::v1::Lease,
    core::v1::{Node, PersistentVolume, PersistentVolumeClaim, Pod},
};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use pitlane_api::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{control::Lab, wait::until};

/// A name that no other test uses.
pub fn name(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn object<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).expect("a Kubernetes object")
}

/// A node with a living kubelet, ready, with four processors and 8 GiB.
pub async fn node(lab: &Lab, client: &Client, name: &str) {
    let nodes: Api<Node> = Api::all(client.clone());
    let made = object(json!({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}, "spec": {}}));
    nodes.create(&PostParams::default(), &made).await.expect("a node");
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let good = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "Kubelet", "message": "as it should be", "lastTransitionTime": now});
    let room = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    let status = json!({"status": {"capacity": room, "allocatable": room, "nodeInfo": {"kubeletVersion": "v1.37.2", "containerRuntimeVersion": "containerd://2.2.0",
        "architecture": "amd64", "bootID": "", "kernelVersion": "", "kubeProxyVersion": "", "machineID": "", "operatingSystem": "linux", "osImage": "", "systemUUID": ""},
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "conditions": [good("Ready", "True"), good("MemoryPressure", "False"), good("DiskPressure", "False")]}});
    nodes.patch_status(name, &PatchParams::default(), &Patch::Merge(&status)).await.expect("its status");
    let leases: Api<Lease> = Api::namespaced(client.clone(), "kube-node-lease");
    let micros = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    let lease = object(json!({"metadata": {"name": name}, "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micros}}));
    leases.create(&PostParams::default(), &lease).await.expect("its lease");
    lab.kubelets.live(name);
}

/// A pod in the default namespace. `spec` is added to, or laid over, that of a container that sleeps.
pub async fn pod(client: &Client, name: &str, labels: Value, spec: Value) {
    let mut whole = json!({"containers": [{"name": "main", "image": "busybox", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}], "terminationGracePeriodSeconds": 0});
    for (key, value) in spec.as_object().into_iter().flatten() {
        whole[key] = value.clone();
    }
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    pods.create(&PostParams::default(), &object(json!({"metadata": {"name": name, "labels": labels}, "spec": whole}))).await.expect("a pod");
}

/// Takes a pod away at once, as a kubelet would at the end of its grace.
pub async fn remove_pod(client: &Client, name: &str) {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    pods.delete(name, &DeleteParams::default().grace_period(0)).await.expect("the pod goes");
}

/// A local volume of a node and a claim that is bound to it.
pub async fn local_claim(client: &Client, claim: &str, node: &str) {
    let spec = json!({"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "local": {"path": "/mnt/disk"}, "storageClassName": "local",
        "claimRef": {"namespace": "default", "name": claim},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}}});
    let volumes: Api<PersistentVolume> = Api::all(client.clone());
    volumes.create(&PostParams::default(), &object(json!({"metadata": {"name": format!("pv-{claim}")}, "spec": spec}))).await.expect("a volume");
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), "default");
    let spec = json!({"accessModes": ["ReadWriteOnce"], "storageClassName": "local", "volumeName": format!("pv-{claim}"), "resources": {"requests": {"storage": "1Gi"}}});
    claims.create(&PostParams::default(), &object(json!({"metadata": {"name": claim}, "spec": spec}))).await.expect("a claim");
    // What the volume controller would say.
    let bound = json!({"metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}}});
    claims.patch(claim, &PatchParams::default(), &Patch::Merge(&bound)).await.expect("bound");
    let bound = json!({"status": {"phase": "Bound"}});
    claims.patch_status(claim, &PatchParams::default(), &Patch::Merge(&bound)).await.expect("bound");
    volumes.patch_status(&format!("pv-{claim}"), &PatchParams::default(), &Patch::Merge(&bound)).await.expect("bound");
}

/// What the scheduler decided: the node, or why not.
pub async fn decision(client: &Client, pod: &str) -> Result<String, String> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    until(&format!("the scheduler decides about {pod}"), || async {
        let pod = pods.get(pod).await.ok()?;
        if let Some(node) = pod.spec.and_then(|spec| spec.node_name) {
            return Some(Ok(node));
        }
        let conditions = pod.status.and_then(|status| status.conditions).unwrap_or_default();
        let refused = conditions.into_iter().find(|condition| condition.type_ == "PodScheduled" && condition.status == "False")?;
        Some(Err(refused.message.unwrap_or_default()))
    })
    .await
}
