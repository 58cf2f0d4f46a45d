//! The driver itself.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use pitlane_api::{Capabilities, EngineKind, NodeId, Scheduling, Timestamp, Words, WorkloadList};
use pitlane_engine::{Change, Engine, EngineNode, Error, Result, SetScheduling};
use pitlane_supervisor::Supervisor;

use crate::{
    access::{Access, Clients},
    commands,
    follow::{self, Shared},
    kinds::Kind,
    objects::{Lease, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget},
    words::Doing,
    write,
};

/// How the driver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long one call may take before the API server counts as unreachable.
    pub bound: Duration,
    /// How often to ask whether the API server answers.
    pub ask_every: Duration,
    /// How long one watch may stand before it is begun anew, where it left off. A connection that died without a word,
    /// or a right that was taken away, is found out by it. At least a second.
    pub watch_for: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { bound: Duration::from_secs(10), ask_every: Duration::from_secs(5), watch_for: Duration::from_secs(25) }
    }
}

/// The Kubernetes engine. What it follows it follows until it is dropped.
pub struct KubernetesEngine {
    shared: Arc<Shared>,
    supervisor: Supervisor,
}

impl KubernetesEngine {
    /// Starts the driver, on the runtime this is called in. It need not find the cluster now: what is wrong with the way
    /// to it is what the methods say until it is right.
    pub fn start(access: Access, settings: Settings) -> Self {
        let shared = Arc::new(Shared::new(Clients::new(access), settings));
        let supervisor = Supervisor::default();
        keep(&supervisor, "engine-kubernetes.ask", &shared, follow::ask);
        keep(&supervisor, "engine-kubernetes.nodes", &shared, follow::follow::<Node>);
        keep(&supervisor, "engine-kubernetes.leases", &shared, follow::follow::<Lease>);
        keep(&supervisor, "engine-kubernetes.pods", &shared, follow::follow::<Pod>);
        keep(&supervisor, "engine-kubernetes.claims", &shared, follow::follow::<PersistentVolumeClaim>);
        keep(&supervisor, "engine-kubernetes.volumes", &shared, follow::follow::<PersistentVolume>);
        keep(&supervisor, "engine-kubernetes.budgets", &shared, follow::follow::<PodDisruptionBudget>);
        Self { shared, supervisor }
    }

    async fn bounded<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        match tokio::time::timeout(self.shared.bound, call).await {
            Ok(answer) => answer,
            Err(_) => Err(self.shared.too_slow()),
        }
    }
}

/// Keeps one of the driver's tasks going. One that is started again lists anew.
fn keep<Fut>(supervisor: &Supervisor, name: &'static str, shared: &Arc<Shared>, task: impl Fn(Arc<Shared>) -> Fut + Send + 'static)
where
    Fut: Future<Output = ()> + Send + 'static,
{
    let shared = Arc::clone(shared);
    supervisor.keep(name, move || task(Arc::clone(&shared)));
}

impl Drop for KubernetesEngine {
    fn drop(&mut self) {
        self.supervisor.close();
        self.shared.changes.close();
    }
}

#[async_trait]
impl Engine for KubernetesEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Kubernetes
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { remove: false, place: false, heartbeat: true, workloads: true }
    }

    async fn version(&self) -> Result<Option<String>> {
        let doing = Doing { verb: "get", resource: "version" };
        let ask = async { Ok(self.shared.clients.call(doing, |client| async move { client.apiserver_version().await }).await?) };
        let version = self.bounded(ask).await?;
        // Everybody may ask for the version. That it is told does not mean that anything else is.
        self.shared.known().await.map(|()| Some(version.git_version))
    }

    async fn nodes(&self) -> Result<Vec<EngineNode>> {
        self.shared.known().await?;
        Ok(self.shared.world().nodes().collect())
    }

    async fn node(&self, engine_node_id: &str) -> Result<EngineNode> {
        let found = self.bounded(write::read(&self.shared, engine_node_id)).await?;
        Ok(self.shared.world().shown(&found))
    }

    fn supervisor(&self) -> Option<&Supervisor> {
        Some(&self.supervisor)
    }

    fn watch(&self) -> BoxStream<'static, Result<Change>> {
        self.shared.changes.listen(Arc::clone(&self.shared.world), self.shared.problem())
    }

    async fn workloads(&self, engine_node_id: &str, node_id: &NodeId) -> Result<WorkloadList> {
        self.shared.known().await?;
        self.shared.all_known().await;
        let not_read: Vec<Words> =
            [Kind::Pods, Kind::Claims, Kind::Volumes, Kind::Budgets].into_iter().filter_map(|kind| self.shared.not_read(kind)).collect();
        let world = self.shared.world();
        let name = world.name_of(engine_node_id).ok_or_else(|| Error::NotFound(engine_node_id.to_owned()))?;
        Ok(WorkloadList {
            node_id: node_id.clone(),
            read_at: self.shared.asked_at().unwrap_or_else(Timestamp::now),
            complete: not_read.is_empty(),
            not_read,
            workloads: world.workloads(name),
            orphaned_volumes: world.orphaned_volumes(name),
            notes: Vec::new(),
        })
    }

    async fn drain_notes(&self, engine_node_id: &str, with: &[String]) -> Result<Vec<Words>> {
        self.shared.known().await?;
        self.shared.all_known().await;
        let world = self.shared.world();
        Ok(world.name_of(engine_node_id).map(|name| world.before_a_drain(name, with)).unwrap_or_default())
    }

    fn out_of_reach(&self, engine_node_id: &str) -> Vec<String> {
        let world = self.shared.world();
        world.name_of(engine_node_id).map(|name| world.out_of_reach(name)).unwrap_or_default()
    }

    async fn set_scheduling(&self, engine_node_id: &str, change: SetScheduling) -> Result<EngineNode> {
        self.bounded(write::set_scheduling(&self.shared, engine_node_id, &change)).await
    }

    fn equivalent_commands(&self, node: &EngineNode, target: Scheduling) -> Vec<String> {
        commands::commands(&node.name, target)
    }
}
