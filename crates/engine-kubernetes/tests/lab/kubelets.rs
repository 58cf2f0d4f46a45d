//! The part of kubelets that a control plane sees: leases that are renewed, and pods that run once they are bound. On a
//! thread and runtime of their own, because they outlive each single test.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::{coordination::v1::Lease, core::v1::Pod};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
    runtime::{WatchStreamExt, watcher},
};
use pitlane_api::Timestamp;
use serde_json::json;

use crate::control;

/// How often a lease is renewed. Real kubelets take ten seconds.
pub const EVERY: Duration = Duration::from_secs(2);

/// Which nodes have a kubelet that lives.
#[derive(Clone, Default)]
pub struct Kubelets {
    alive: Arc<Mutex<BTreeSet<String>>>,
    /// Held while leases are renewed.
    round: Arc<tokio::sync::Mutex<()>>,
    hold: Arc<()>,
}

impl Kubelets {
    pub fn start(kubeconfig: PathBuf) -> Self {
        let kubelets = Self::default();
        let (alive, round) = (Arc::clone(&kubelets.alive), Arc::clone(&kubelets.round));
        let hold = Arc::downgrade(&kubelets.hold);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let client = control::client(&kubeconfig).await;
                let run = async { tokio::join!(renew(client.clone(), alive, round), run_pods(client)) };
                let mut tick = tokio::time::interval(Duration::from_millis(200));
                let gone = async {
                    while hold.strong_count() > 0 {
                        tick.tick().await;
                    }
                };
                tokio::select! { _ = run => {}, () = gone => {} }
            });
        });
        kubelets
    }

    /// From now on the node's kubelet lives.
    pub fn live(&self, node: &str) {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).insert(node.to_owned());
    }

    /// From now on it does not.
    pub fn die(&self, node: &str) {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).remove(node);
    }

    /// From now on it does not, and no renewal of it is on its way any more.
    pub async fn rest(&self, node: &str) {
        self.die(node);
        drop(self.round.lock().await);
    }
}

async fn renew(client: Client, alive: Arc<Mutex<BTreeSet<String>>>, round: Arc<tokio::sync::Mutex<()>>) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        let _round = round.lock().await;
        let names = alive.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let client = &client;
        // A kubelet whose API server is away tries again; so do these, with the next tick.
        futures::stream::iter(names).for_each_concurrent(8, |name| async move { drop(renew_one(client, &name).await) }).await;
    }
}

/// Renews the lease of a node.
pub async fn renew_one(client: &Client, node: &str) -> kube::Result<Lease> {
    let leases: Api<Lease> = Api::namespaced(client.clone(), "kube-node-lease");
    let renewed = json!({"spec": {"renewTime": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()}});
    leases.patch(node, &PatchParams::default(), &Patch::Merge(&renewed)).await
}

async fn run_pods(client: Client) {
    let pods: Api<Pod> = Api::all(client.clone());
    let config = watcher::Config::default().fields("spec.nodeName!=,status.phase=Pending");
    let seen = watcher(pods, config).default_backoff().applied_objects();
    seen.filter_map(|pod| async { pod.ok() })
        .for_each_concurrent(16, |pod| {
            let client = client.clone();
            async move {
                let (Some(name), Some(namespace)) = (&pod.metadata.name, &pod.metadata.namespace) else { return };
                let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                let container = json!({"name": "main", "image": "busybox", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {"startedAt": now}}});
                let status = json!({"status": {"phase": "Running", "startTime": now, "containerStatuses": [container]}});
                let pods: Api<Pod> = Api::namespaced(client, namespace);
                drop(pods.patch_status(name, &PatchParams::default(), &Patch::Merge(&status)).await);
            }
        })
        .await;
}

/// All of a list, for tests that count.
pub async fn all<K>(api: &Api<K>) -> Vec<K>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned + kube::Resource + Send + 'static,
{
    let list = futures::stream::once(async { api.list(&Default::default()).await.map(|list| list.items) });
    list.try_concat().await.expect("a list")
}
