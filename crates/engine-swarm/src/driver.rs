//! The driver itself.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use bollard::{
    models::{Node, NodeSpecAvailabilityEnum as Availability, Service, Task},
    query_parameters::{DeleteNodeOptionsBuilder, ListTasksOptions, ListTasksOptionsBuilder, UpdateNodeOptionsBuilder},
};
use futures::stream::BoxStream;
use pitlane_api::{Capabilities, EngineKind, NodeId, Scheduling, Timestamp, Words, WorkloadList, say};
use pitlane_engine::{Change, Engine, EngineNode, Error, Plan, Reports, Result, SetScheduling, plan};
use pitlane_supervisor::Supervisor;

use crate::{
    client::Client,
    commands,
    endpoint::Endpoint,
    error::Answer,
    mirror::{self, Mirror},
    notes, record,
    summary::Summary,
    workloads,
};

/// How often to read again and write again while the node's object changes under our hands.
const TRIES: u32 = 20;

/// How the driver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long one call may take before the manager counts as unreachable.
    pub bound: Duration,
    /// How often nodes are read where no event says that one changed.
    pub look_every: Duration,
    /// How soon tasks are read after something happened.
    pub tasks_first: Duration,
    /// How rarely they are read at most.
    pub tasks_max: Duration,
    /// How soon a manager that went away is tried again; doubles from there.
    pub retry_first: Duration,
    /// How rarely at most.
    pub retry_max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bound: Duration::from_secs(10),
            look_every: Duration::from_secs(2),
            tasks_first: Duration::from_secs(1),
            tasks_max: Duration::from_secs(15),
            retry_first: Duration::from_millis(250),
            retry_max: Duration::from_secs(3),
        }
    }
}

/// Docker Swarm. Its watch ends when it is dropped.
pub struct SwarmEngine {
    client: Arc<Client>,
    reports: Arc<dyn Reports>,
    mirror: Mirror,
}

impl SwarmEngine {
    /// Starts the driver, on the runtime this is called in. Whether the manager answers shows at the first call.
    pub fn start(endpoint: Endpoint, reports: Arc<dyn Reports>, settings: Settings) -> Self {
        let client = Arc::new(Client::new(endpoint, settings.bound));
        let mirror = Mirror::start(Arc::clone(&client), settings);
        Self { client, reports, mirror }
    }

    async fn inspect(&self, id: &str) -> Result<Node> {
        let owned = id.to_owned();
        match self.client.ask(|docker| async move { docker.inspect_node(&owned).await }).await {
            // Swarm also finds nodes by name and by the beginning of an id: only the id itself is meant here.
            Ok(node) if node.id.as_deref() == Some(id) => Ok(node),
            Ok(_) | Err(Answer::NotFound) => Err(Error::NotFound(id.to_owned())),
            Err(Answer::OutOfSequence) => Err(Error::Conflict),
            Err(Answer::Error(error)) => Err(error),
        }
    }

    async fn all(&self) -> Result<Vec<Node>> {
        self.client.call(|docker| async move { docker.list_nodes(None).await }).await
    }

    async fn services(&self) -> Result<Vec<Service>> {
        self.client.call(|docker| async move { docker.list_services(None).await }).await
    }

    async fn tasks_of(&self, id: &str) -> Result<Vec<Task>> {
        let options = ListTasksOptionsBuilder::default().filters(&HashMap::from([("node", vec![id])])).build();
        self.client.ask(|docker| async move { docker.list_tasks(Some(options)).await }).await.map_err(|answer| match answer {
            Answer::Error(error) => error,
            Answer::OutOfSequence => Error::Conflict,
            // Swarm looks the node of the filter up.
            Answer::NotFound => Error::NotFound(id.to_owned()),
        })
    }

    /// The sums over all tasks, read now where they were never read.
    async fn summary(&self) -> Result<Arc<Summary>> {
        if let Some(tasks) = self.mirror.tasks() {
            return Ok(tasks);
        }
        let tasks = self.client.call(|docker| async move { docker.list_tasks(None::<ListTasksOptions>).await }).await?;
        let summary = Arc::new(Summary::of(&tasks));
        self.mirror.learn(Arc::clone(&summary));
        self.mirror.learn_local(mirror::local_node(&self.client).await?);
        Ok(summary)
    }

    /// Writes scheduling and record in one update, against the version that was read. `false`: somebody was faster.
    async fn write(&self, mut found: Node, target: Scheduling, record: Option<&pitlane_engine::Record>) -> Result<bool> {
        let id = found.id.clone().unwrap_or_default();
        let version = found.version.and_then(|version| version.index).unwrap_or_default();
        let mut spec = found.spec.take().unwrap_or_default();
        spec.availability = Some(match (target, spec.availability) {
            // Somebody set Swarm's own drain: it is maintenance already, and theirs.
            (Scheduling::Maintenance, Some(Availability::DRAIN)) => Availability::DRAIN,
            (Scheduling::Maintenance, _) => Availability::PAUSE,
            _ => Availability::ACTIVE,
        });
        record::write(spec.labels.get_or_insert_default(), record);
        let options = UpdateNodeOptionsBuilder::default().version(i64::try_from(version).unwrap_or(i64::MAX)).build();
        let named = id.clone();
        match self.client.ask(|docker| async move { docker.update_node(&named, spec, options).await }).await {
            Ok(()) => Ok(true),
            Err(Answer::OutOfSequence) => Ok(false),
            Err(Answer::NotFound) => Err(Error::NotFound(id)),
            Err(Answer::Error(error)) => Err(error),
        }
    }
}

#[async_trait]
impl Engine for SwarmEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Swarm
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { remove: true, place: false, heartbeat: false, workloads: true }
    }

    async fn version(&self) -> Result<Option<String>> {
        let version = self.client.call(|docker| async move { docker.version().await }).await?;
        Ok(version.version)
    }

    async fn nodes(&self) -> Result<Vec<EngineNode>> {
        self.summary().await?;
        let nodes = self.all().await?;
        Ok(nodes.iter().map(|node| self.mirror.show(node)).collect())
    }

    async fn node(&self, engine_node_id: &str) -> Result<EngineNode> {
        Ok(self.mirror.show(&self.inspect(engine_node_id).await?))
    }

    fn supervisor(&self) -> Option<&Supervisor> {
        Some(self.mirror.supervisor())
    }

    fn watch(&self) -> BoxStream<'static, Result<Change>> {
        self.mirror.receive()
    }

    async fn workloads(&self, engine_node_id: &str, node_id: &NodeId) -> Result<WorkloadList> {
        let (nodes, services, tasks) = tokio::try_join!(self.all(), self.services(), self.tasks_of(engine_node_id))?;
        let Some(at) = nodes.iter().position(|node| node.id.as_deref() == Some(engine_node_id)) else {
            return Err(Error::NotFound(engine_node_id.to_owned()));
        };
        let summary = self.summary().await?;
        Ok(workloads::list(&workloads::Read {
            node: &nodes[at],
            nodes: &nodes,
            services: &services,
            tasks: &tasks,
            summary: &summary,
            agent: self.reports.latest(engine_node_id),
            alive: self.reports.alive(engine_node_id),
            node_id,
            now: Timestamp::now(),
        }))
    }

    async fn drain_notes(&self, engine_node_id: &str, _with: &[String]) -> Result<Vec<Words>> {
        let (nodes, services, summary) = tokio::try_join!(self.all(), self.services(), self.summary())?;
        Ok(notes::before_a_drain(engine_node_id, &nodes, &services, &summary))
    }

    async fn set_scheduling(&self, engine_node_id: &str, change: SetScheduling) -> Result<EngineNode> {
        for _ in 0..TRIES {
            let found = self.inspect(engine_node_id).await?;
            match plan(&self.mirror.show(&found), &change, Timestamp::now())? {
                Plan::Nothing => return Ok(self.mirror.show(&found)),
                Plan::Write(record) => {
                    if self.write(found, change.target, record.as_ref()).await? {
                        self.mirror.wake();
                        return self.node(engine_node_id).await;
                    }
                }
            }
        }
        Err(Error::unreachable(say!("the node's object at the swarm changes faster than it can be written")))
    }

    fn equivalent_commands(&self, node: &EngineNode, target: Scheduling) -> Vec<String> {
        let which = if self.mirror.is_unique(&node.name) { &node.name } else { &node.engine_node_id };
        commands::commands(node, which, target)
    }

    async fn remove(&self, engine_node_id: &str) -> Result<()> {
        self.inspect(engine_node_id).await?;
        let owned = engine_node_id.to_owned();
        // Without force Swarm removes only nodes that are down. A node in maintenance with nothing on it may go while
        // it is up; a manager is refused either way until it was demoted.
        let options = DeleteNodeOptionsBuilder::default().force(true).build();
        let removed = self.client.ask(|docker| async move { docker.delete_node(&owned, Some(options)).await }).await;
        self.mirror.wake();
        match removed {
            Ok(()) => Ok(()),
            Err(Answer::NotFound) => Err(Error::NotFound(engine_node_id.to_owned())),
            Err(Answer::OutOfSequence) => Err(Error::Conflict),
            Err(Answer::Error(error)) => Err(error),
        }
    }
}
