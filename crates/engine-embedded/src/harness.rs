//! The harness with which this driver goes through the conformance suite, on whatever [`Records`] it is given.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use pitlane_api::{
    ContainerReport, ContainersReport, Health, Heartbeat, HeartbeatRequest, HeartbeatState, MountKind, MountReport, Node, NodeSource, PlacementNeeds,
    PlacementRequest, Resources, Scheduling, ServiceReport, SignalState, Status, Strategy, Timestamp, WorkloadCounts,
};
use pitlane_engine::{
    Engine, EngineNode, Error, NewHost, Reports, SetScheduling,
    conformance::{Harness, Placed},
};

use crate::{Changes, EmbeddedEngine, MemoryRecords, Records, Settings, StoredNode};

/// What keeps the records, and a way to change them that is not the driver's.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Opens the records anew, as a process that starts does.
    async fn open(&self) -> Result<Arc<dyn Records>, String>;

    /// Changes the scheduling of a host behind the driver's back, and touches no record.
    async fn set_outside(&self, engine_node_id: &str, scheduling: Scheduling) -> Result<(), String>;
}

/// [`MemoryRecords`] that outlive the driver.
#[derive(Default)]
pub struct MemoryBackend(Arc<MemoryRecords>);

#[async_trait]
impl Backend for MemoryBackend {
    async fn open(&self) -> Result<Arc<dyn Records>, String> {
        Ok(Arc::clone(&self.0) as Arc<dyn Records>)
    }

    async fn set_outside(&self, engine_node_id: &str, scheduling: Scheduling) -> Result<(), String> {
        if self.0.set_outside(engine_node_id, scheduling) { Ok(()) } else { Err(format!("there is no host {engine_node_id}")) }
    }
}

/// Agents that say what they are told to say.
#[derive(Default)]
pub struct ToldReports(Mutex<HashMap<String, (Arc<HeartbeatRequest>, Timestamp)>>);

impl ToldReports {
    fn told(&self) -> MutexGuard<'_, HashMap<String, (Arc<HeartbeatRequest>, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what the agent of a host says, beginning with a host on which nothing runs.
    pub fn tell(&self, engine_node_id: &str, change: impl FnOnce(&mut HeartbeatRequest)) {
        let mut told = self.told();
        let now = Timestamp::now();
        let mut report = told.get(engine_node_id).map_or_else(|| empty_report(now), |(report, _)| HeartbeatRequest::clone(report));
        change(&mut report);
        told.insert(engine_node_id.to_owned(), (Arc::new(report), now));
    }
}

impl Reports for ToldReports {
    fn latest(&self, engine_node_id: &str) -> Option<(Arc<HeartbeatRequest>, Timestamp)> {
        self.told().get(engine_node_id).cloned()
    }

    fn alive(&self, engine_node_id: &str) -> bool {
        self.told().contains_key(engine_node_id)
    }
}

/// A heartbeat of a host with Docker on which nothing runs.
pub fn empty_report(clock: Timestamp) -> HeartbeatRequest {
    HeartbeatRequest {
        seq: 1,
        boot_id: None,
        clock,
        agent_version: "0.1.0".into(),
        resources: Resources::default(),
        docker: ServiceReport { state: SignalState::Ok, expected: true, version: None, detail: String::new() },
        caddy: ServiceReport { state: SignalState::NotPresent, expected: false, version: None, detail: String::new() },
        containers: Some(ContainersReport { complete: true, ..ContainersReport::default() }),
        cannot_see: Vec::new(),
        labels: Default::default(),
        stopping: false,
    }
}

/// Records that can be cut off.
struct Cuttable {
    inner: Arc<dyn Records>,
    cut: Arc<AtomicBool>,
}

impl Cuttable {
    fn reach(&self) -> pitlane_engine::Result<&dyn Records> {
        if self.cut.load(Ordering::SeqCst) { Err(Error::unreachable(pitlane_api::Words::plain("cut-off"))) } else { Ok(self.inner.as_ref()) }
    }
}

#[async_trait]
impl Records for Cuttable {
    async fn all(&self) -> pitlane_engine::Result<Vec<StoredNode>> {
        self.reach()?.all().await
    }

    async fn get(&self, engine_node_id: &str) -> pitlane_engine::Result<Option<StoredNode>> {
        self.reach()?.get(engine_node_id).await
    }

    async fn admit(&self, host: NewHost) -> pitlane_engine::Result<StoredNode> {
        self.reach()?.admit(host).await
    }

    async fn set_scheduling(&self, engine_node_id: &str, change: &SetScheduling) -> pitlane_engine::Result<StoredNode> {
        self.reach()?.set_scheduling(engine_node_id, change).await
    }

    async fn remove(&self, engine_node_id: &str) -> pitlane_engine::Result<bool> {
        self.reach()?.remove(engine_node_id).await
    }

    async fn changes(&self, since: Option<u64>) -> pitlane_engine::Result<Changes> {
        self.reach()?.changes(since).await
    }
}

/// The embedded engine on a [`Backend`].
pub struct EmbeddedHarness {
    backend: Box<dyn Backend>,
    outside: Arc<dyn Records>,
    reports: Arc<ToldReports>,
    cut: Arc<AtomicBool>,
    engine: Mutex<Arc<dyn Engine>>,
    hosts: AtomicU32,
}

impl EmbeddedHarness {
    /// Starts the driver on records that are opened from the backend; a second opening is "outside".
    ///
    /// # Errors
    /// What the backend says.
    pub async fn start(backend: impl Backend + 'static) -> Result<Self, String> {
        let reports = Arc::new(ToldReports::default());
        let cut = Arc::new(AtomicBool::new(false));
        let engine = driver(backend.open().await?, &reports, &cut);
        let outside = backend.open().await?;
        Ok(Self { backend: Box::new(backend), outside, reports, cut, engine: Mutex::new(engine), hosts: AtomicU32::new(0) })
    }

    fn slot(&self) -> MutexGuard<'_, Arc<dyn Engine>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, node: &str, name: &str, mounts: Vec<MountReport>) -> String {
        self.reports.tell(node, |report| {
            let since = Timestamp::from_second(1_700_000_000).ok();
            let containers = report.containers.get_or_insert_default();
            containers.containers.push(ContainerReport {
                id: format!("{name}-{}", containers.containers.len()),
                name: name.to_owned(),
                image: "busybox".into(),
                state: "running".into(),
                since,
                labels: BTreeMap::new(),
                mounts,
                restart_policy: "always".into(),
                auto_remove: false,
            });
        });
        name.to_owned()
    }
}

fn driver(records: Arc<dyn Records>, reports: &Arc<ToldReports>, cut: &Arc<AtomicBool>) -> Arc<dyn Engine> {
    let records = Arc::new(Cuttable { inner: records, cut: Arc::clone(cut) });
    let settings = Settings { look_every: Duration::from_millis(20), bound: Duration::from_secs(10) };
    Arc::new(EmbeddedEngine::start(records, Arc::clone(reports) as Arc<dyn Reports>, settings))
}

#[async_trait]
impl Harness for EmbeddedHarness {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.slot())
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    async fn add_node(&self) -> Result<String, String> {
        let number = self.hosts.fetch_add(1, Ordering::SeqCst);
        let host = NewHost {
            engine_node_id: format!("host-{number}"),
            id: format!("node-{number}").into(),
            name: format!("edge-{number:02}"),
            region: Some("lab".into()),
            source: NodeSource::Agent,
            public_ip: None,
            overlay_ip: None,
            labels: BTreeMap::from([("tier".to_owned(), "edge".to_owned())]),
            created_at: Timestamp::now(),
        };
        let node = self.engine().admit(host).await.map_err(|error| error.to_string())?;
        self.reports.tell(&node.engine_node_id, |_| {});
        Ok(node.engine_node_id)
    }

    async fn run_stateful(&self, node: &str) -> Result<String, String> {
        let volume = MountReport {
            kind: MountKind::Volume,
            name: Some("pgdata".into()),
            source: None,
            destination: "/var/lib/postgresql/data".into(),
            writable: true,
            driver: Some("local".into()),
            driver_options: BTreeMap::new(),
        };
        Ok(self.run(node, "postgres", vec![volume]))
    }

    async fn run_stateless(&self, node: &str) -> Result<String, String> {
        Ok(self.run(node, "web", Vec::new()))
    }

    async fn hide_workloads(&self, node: &str) -> Result<bool, String> {
        self.reports.tell(node, |report| {
            report.docker.state = SignalState::Bad;
            report.docker.detail = "permission denied".into();
        });
        Ok(true)
    }

    async fn set_scheduling_outside(&self, node: &str, scheduling: Scheduling) -> Result<(), String> {
        self.backend.set_outside(node, scheduling).await
    }

    async fn label_outside(&self, node: &str, key: &str, value: &str) -> Result<(), String> {
        let known = self.outside.get(node).await.map_err(|error| error.to_string())?;
        let mut host = known.ok_or_else(|| format!("there is no host {node}"))?.host;
        host.labels.insert(key.to_owned(), value.to_owned());
        self.outside.admit(host).await.map_err(|error| error.to_string())?;
        Ok(())
    }

    async fn try_to_place_on(&self, node: &str) -> Result<Placed, String> {
        let engine = self.engine();
        // The caller's view says that every node is fine and schedulable: the engine has to know better.
        let nodes: Vec<Node> = engine.nodes().await.map_err(|error| error.to_string())?.into_iter().map(as_seen).collect();
        let Some(wanted) = nodes.iter().find(|seen| seen.engine_node_id == node) else { return Err(format!("there is no host {node}")) };
        let request = PlacementRequest {
            strategy: Strategy::Pinned,
            selector_tags: Vec::new(),
            node_id: Some(wanted.id.clone()),
            requests: PlacementNeeds::default(),
            simulated: false,
        };
        let wanted = wanted.id.clone();
        match engine.place(&request, nodes).await.map_err(|error| error.to_string())? {
            Ok(Ok(placement)) if placement.node_id == wanted => Ok(Placed::There),
            Ok(Ok(placement)) => Err(format!("pinned to {wanted}, placed on {}", placement.node_id)),
            Ok(Err(refusal)) => Ok(Placed::NotThere(refusal.message().to_string())),
            Err(field) => Err(format!("{}: {}", field.field, field.message)),
        }
    }

    async fn disconnect(&self) -> Result<(), String> {
        self.cut.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn reconnect(&self) -> Result<(), String> {
        self.cut.store(false, Ordering::SeqCst);
        Ok(())
    }

    async fn restart_driver(&self) -> Result<(), String> {
        let records = self.backend.open().await?;
        *self.slot() = driver(records, &self.reports, &self.cut);
        Ok(())
    }
}

/// A node as a view would show it that takes every host for healthy and schedulable.
pub fn as_seen(node: EngineNode) -> Node {
    let revision = node.revision();
    let at = node.created_at.unwrap_or(Timestamp::UNIX_EPOCH);
    Node {
        id: node.id.unwrap_or_else(|| node.engine_node_id.as_str().into()),
        name: node.name,
        region: node.region,
        status: Status::Healthy,
        node_source: node.source,
        public_ip: node.public_ip,
        overlay_ip: node.overlay_ip,
        failure_reason: None,
        last_heartbeat_at: Some(at),
        created_at: at,
        updated_at: at,
        revision,
        health: Health::Healthy,
        scheduling: Scheduling::Schedulable,
        takes_placements: true,
        engine_node_id: node.engine_node_id,
        heartbeat: Heartbeat { state: HeartbeatState::Fresh, recent: Vec::new(), clock_offset_s: None },
        agent_version: None,
        engine_version: None,
        agent_update: None,
        labels: node.labels,
        runs_pitlane: false,
        signals: Vec::new(),
        resources: Resources::default(),
        workload_counts: WorkloadCounts::default(),
        maintenance: None,
        operation: None,
        planned: None,
    }
}
