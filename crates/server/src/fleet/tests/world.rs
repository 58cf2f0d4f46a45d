//! A fleet to tell stories with.

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::StreamExt;
use pitlane_api::*;
use pitlane_engine::{Engine, SetScheduling};
use pitlane_engine_embedded::{EmbeddedEngine, Settings};
use pitlane_supervisor::Supervisor;

use super::double::Double;
use crate::{
    fleet::{Actor, Agents, Backoff, Call, Clock, Fleet, FleetSettings, Idempotency, Identity, IfMatch, clock::plus},
    store::{EnrolmentToken, SecretHash, SqliteStore, Store},
};

pub const TOKEN: &str = "enrol-me";
/// Nothing in these stories takes longer, unless it never happens.
const NEVER: Duration = Duration::from_secs(60);

/// A host with an agent.
#[derive(Debug, Clone)]
pub struct Host {
    pub id: NodeId,
    pub token: String,
    pub seq: u64,
    pub report: HeartbeatRequest,
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct World {
    folder: Folder,
    pub settings: FleetSettings,
    pub store: Arc<SqliteStore>,
    pub engine: Arc<Double>,
    pub fleet: Arc<Fleet>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(adjust: impl FnOnce(&mut FleetSettings)) -> Self {
        Self::prepared(adjust, |_| {}, true).await
    }

    /// `prepare`: what is wrong with the engine from the start on. `walled`: as in a server; else a driver that panics unwinds the fleet,
    /// as a mistake of the fleet's own would.
    pub async fn prepared(adjust: impl FnOnce(&mut FleetSettings), prepare: impl FnOnce(&Double), walled: bool) -> Self {
        let folder = Folder(std::env::temp_dir().join(format!("pitlane-fleet-{}", uuid::Uuid::new_v4())));
        std::fs::create_dir_all(&folder.0).unwrap();
        let store = Arc::new(SqliteStore::open(folder.0.join("pitlane.db")).await.unwrap());
        let mut settings = FleetSettings {
            name: "test".into(),
            server_version: "1.0.0".into(),
            backoff: Backoff { first: Duration::from_secs(1), max: Duration::from_secs(60), jitter: 0.0 },
            clock: Clock::manual(Timestamp::now()),
            ..FleetSettings::default()
        };
        adjust(&mut settings);
        let token = EnrolmentToken {
            id: "many".into(),
            hash: SecretHash::of(TOKEN),
            multi_use: true,
            allow_replace: false,
            engine_node_id: None,
            created_by: "test".into(),
            created_at: settings.clock.now(),
            expires_at: Timestamp::MAX,
            used_at: None,
        };
        store.create_enrolment_token(&token, &[]).await.unwrap();
        let (engine, fleet) = start_with(&settings, &store, prepare, walled).await;
        Self { folder, settings, store, engine, fleet }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.0.join("pitlane.db")
    }

    /// A server that was killed and started again: nothing but the store is left.
    pub async fn crash_and_start(&mut self) {
        self.start_again(false).await;
    }

    /// The same while the engine does not answer.
    pub async fn start_without_engine(&mut self) {
        self.start_again(true).await;
    }

    /// The same with the machine's clock at this time.
    pub async fn crash_and_start_at(&mut self, now: Timestamp) {
        self.fleet.crash().await;
        self.settings.clock = Clock::manual(now);
        let (engine, fleet) = start(&self.settings, &self.store, false).await;
        self.engine = engine;
        self.fleet = fleet;
    }

    async fn start_again(&mut self, away: bool) {
        self.fleet.crash().await;
        self.settings.clock = Clock::manual(plus(self.settings.clock.now(), Duration::from_secs(1)));
        let (engine, fleet) = start(&self.settings, &self.store, away).await;
        self.engine = engine;
        self.fleet = fleet;
    }

    /// Enrols a host; it has not beaten yet.
    pub async fn enrol(&self, name: &str) -> Host {
        self.enrol_as(name, false).await
    }

    pub async fn enrol_as(&self, name: &str, simulated: bool) -> Host {
        let answer = self.fleet.enroll(enrolment(name, TOKEN, simulated), Some("192.0.2.7".into())).await.unwrap();
        Host { id: answer.node_id, token: answer.agent_token, seq: 0, report: clean_report() }
    }

    /// Hosts that have beaten once, cleanly.
    pub async fn hosts(&self, names: &[&str]) -> Vec<Host> {
        let mut hosts = Vec::new();
        for name in names {
            hosts.push(self.enrol(name).await);
        }
        // Many at once, as hosts come.
        futures::future::join_all(hosts.iter_mut().map(|host| self.first_beat(host))).await;
        self.fleet.tick();
        hosts
    }

    /// All of them beat. On a busy machine an attempt can come before that, and is made again by a clock that stands still: it is made at once.
    pub fn beat(&self, hosts: &mut [Host]) {
        for host in hosts {
            self.beat_one(host);
        }
        self.fleet.wake_all();
    }

    /// The first beat since a host enrolled, which is kept before it is answered.
    pub async fn first_beat(&self, host: &mut Host) -> HeartbeatResponse {
        host.seq += 1;
        let beat = HeartbeatRequest { seq: host.seq, clock: self.settings.clock.now(), ..host.report.clone() };
        self.fleet.heartbeat(&host.token, beat).await.unwrap()
    }

    pub fn beat_one(&self, host: &mut Host) -> HeartbeatResponse {
        host.seq += 1;
        let beat = HeartbeatRequest { seq: host.seq, clock: self.settings.clock.now(), ..host.report.clone() };
        self.fleet.take_in_heartbeat(&host.token, beat).unwrap().0
    }

    /// Time goes by, second by second; the hosts beat every five.
    pub fn live(&self, hosts: &mut [Host], seconds: u64) {
        for second in 1..=seconds {
            self.settings.clock.advance(Duration::from_secs(1));
            if second % 5 == 0 {
                self.beat(hosts);
            }
            self.fleet.tick();
        }
    }

    /// Long enough for the settle window.
    pub fn settle(&self, hosts: &mut [Host]) {
        self.live(hosts, 70);
    }

    /// Time goes by in silence.
    pub fn wait(&self, seconds: u64) {
        self.live(&mut [], seconds);
    }

    pub fn node(&self, id: &NodeId) -> Node {
        self.fleet.node(id).unwrap()
    }

    /// Somebody changes the node at the engine, without Pitlane.
    pub async fn outside(&self, host: &Host, target: Scheduling) {
        let engine_node_id = self.node(&host.id).engine_node_id;
        let expected = self.engine.inner.node(&engine_node_id).await.unwrap().revision();
        self.engine.inner.set_scheduling(&engine_node_id, SetScheduling { target, record: None, expected }).await.unwrap();
    }

    /// What the engine itself shows.
    pub async fn shown(&self, host: &Host) -> pitlane_engine::EngineNode {
        self.engine.inner.node(&self.node(&host.id).engine_node_id).await.unwrap()
    }

    pub async fn drain(&self, host: &Host) -> crate::fleet::Result<Operation> {
        self.fleet.drain(&host.id, drain_request(), call("ada")).await
    }

    pub async fn activate(&self, host: &Host) -> crate::fleet::Result<Operation> {
        self.fleet.activate(&host.id, ActivateRequest::default(), call("ada")).await
    }

    /// Waits until an operation is in this state, for the store and for whoever looks, and gives it back.
    pub async fn reaches(&self, id: &OperationId, state: OperationState) -> Operation {
        let mut last = None;
        let reached = self.until(async || {
            last = self.store.operation(id).await.unwrap();
            last.as_ref().is_some_and(|operation| operation.state == state && self.shows(operation))
        });
        let reached = reached.await;
        assert!(reached, "the operation never was {state}: {last:?}");
        last.unwrap()
    }

    /// Whether the view has caught up with the store.
    fn shows(&self, operation: &Operation) -> bool {
        match self.fleet.view().operation(&operation.node_id) {
            Some(shown) if shown.id == operation.id => shown == operation,
            Some(_) => true,
            None => operation.state.is_finished(),
        }
    }

    /// Waits for something that follows from what was done. `false`: it did not.
    pub async fn until(&self, mut happened: impl AsyncFnMut() -> bool) -> bool {
        let mut frames = self.fleet.subscribe(None);
        let deadline = tokio::time::Instant::now() + NEVER;
        while tokio::time::Instant::now() < deadline {
            self.fleet.tick();
            if happened().await {
                return true;
            }
            // A frame tells of most changes; the rest is looked for again shortly.
            let _ = tokio::time::timeout(Duration::from_millis(5), frames.next()).await;
        }
        false
    }

    /// The activity log, oldest first.
    pub async fn activity(&self) -> Vec<ActivityEntry> {
        self.fleet.scribe_now().await;
        let query = crate::store::ActivityQuery { limit: 10_000, ..Default::default() };
        let mut entries = self.store.activity(&query).await.unwrap();
        entries.reverse();
        entries
    }

    pub async fn count(&self, kind: ActivityKind) -> usize {
        self.activity().await.iter().filter(|entry| entry.kind == kind).count()
    }
}

async fn start(settings: &FleetSettings, store: &Arc<SqliteStore>, away: bool) -> (Arc<Double>, Arc<Fleet>) {
    start_with(
        settings,
        store,
        |engine| {
            if away {
                engine.away()
            }
        },
        true,
    )
    .await
}

async fn start_with(settings: &FleetSettings, store: &Arc<SqliteStore>, prepare: impl FnOnce(&Double), walled: bool) -> (Arc<Double>, Arc<Fleet>) {
    let agents = Arc::new(Agents::for_fleet(settings));
    let driver = Settings { look_every: Duration::from_millis(20), ..Settings::default() };
    let engine = Arc::new(Double::new(Arc::new(EmbeddedEngine::start(store.clone(), agents.clone(), driver))));
    prepare(&engine);
    let fleet = if walled {
        Fleet::start(settings.clone(), store.clone(), engine.clone(), agents).await
    } else {
        Fleet::start_under(Supervisor::new(settings.restarts), settings.clone(), store.clone(), engine.clone(), agents).await
    };
    (engine, fleet.unwrap())
}

pub fn enrolment(name: &str, token: &str, simulated: bool) -> EnrollRequest {
    EnrollRequest {
        token: token.into(),
        name: name.into(),
        machine_id: format!("machine-{name}"),
        engine_node_id: None,
        region: Some("fra".into()),
        public_ip: None,
        overlay_ip: None,
        labels: [("role".to_owned(), "edge".to_owned())].into(),
        agent_version: "1.0.0".into(),
        simulated,
    }
}

pub fn service(state: SignalState) -> ServiceReport {
    ServiceReport { state, expected: state != SignalState::NotPresent, version: None, detail: String::new() }
}

/// A host in good health, with one container that keeps nothing.
pub fn clean_report() -> HeartbeatRequest {
    HeartbeatRequest {
        seq: 0,
        boot_id: Some("boot-1".into()),
        clock: Timestamp::UNIX_EPOCH,
        agent_version: "1.0.0".into(),
        resources: Resources {
            cpu_cores: Some(4.0),
            cpu_percent: Some(10.0),
            memory_total_bytes: Some(8 << 30),
            memory_used_bytes: Some(2 << 30),
            disks: vec![Disk { role: "root".into(), mount: "/".into(), total_bytes: 100 << 30, used_bytes: 20 << 30 }],
            ..Resources::default()
        },
        docker: service(SignalState::Ok),
        caddy: service(SignalState::NotPresent),
        containers: Some(containers(vec![container("web", None)])),
        cannot_see: Vec::new(),
        labels: Default::default(),
        stopping: false,
    }
}

pub fn containers(containers: Vec<ContainerReport>) -> ContainersReport {
    ContainersReport { complete: true, not_read: Vec::new(), containers, orphaned_volumes: Vec::new() }
}

pub fn container(name: &str, volume: Option<&str>) -> ContainerReport {
    let mount = |name: &str| MountReport {
        kind: MountKind::Volume,
        name: Some(name.into()),
        source: None,
        destination: "/data".into(),
        writable: true,
        driver: Some("local".into()),
        driver_options: Default::default(),
    };
    ContainerReport {
        id: format!("id-{name}"),
        name: name.into(),
        image: "image".into(),
        state: "running".into(),
        since: None,
        labels: Default::default(),
        mounts: volume.map(mount).into_iter().collect(),
        restart_policy: "always".into(),
        auto_remove: false,
    }
}

pub fn drain_request() -> DrainRequest {
    DrainRequest { reason: "kernel upgrade".into(), ..DrainRequest::default() }
}

pub fn overriding() -> ActivateRequest {
    ActivateRequest { override_: Some(Override { reason: "seen with my own eyes".into() }) }
}

pub fn call(name: &str) -> Call {
    let identity = Identity::Session(name.into());
    let actor = Actor { name: name.into(), identity, kind: ActorKind::Person, role: Role::Admin, origin: Some("192.0.2.1".into()) };
    Call { actor, if_match: IfMatch::Any, idempotency: None }
}

pub fn at(revision: &Revision) -> Call {
    Call { if_match: IfMatch::Is(revision.clone()), ..call("ada") }
}

pub fn with_key(key: &str, body: &str) -> Call {
    let idempotency = Idempotency { key: key.into(), route: "POST /nodes/x/drain".into(), body_hash: SecretHash::of(body) };
    Call { idempotency: Some(idempotency), ..call("ada") }
}

/// The code of a refusal.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: crate::fleet::Result<T>) -> Refusal {
    match result {
        Err(crate::fleet::Error::Refused(refusal)) => refusal,
        other => panic!("not a refusal: {other:?}"),
    }
}
