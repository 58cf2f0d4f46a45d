//! The driver on the lab, and the lab's hands, for the conformance suite and for the tests beside it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use pitlane_api::{ContainersReport, NodeId, Scheduling, Workload, WorkloadList};
use pitlane_engine::{
    Engine, EngineNode, Record, Reports, SetScheduling,
    conformance::{Harness, Placed},
};
use pitlane_engine_swarm::{Endpoint, Settings, SwarmEngine};

use crate::{agents::Told, hands::Lab, proxy::Proxy};

/// The driver, connected to node 1 by a cable that can be pulled.
pub struct OnTheLab {
    pub proxy: Proxy,
    pub agents: Arc<Told>,
    engine: Mutex<Option<Arc<dyn Engine>>>,
    given: AtomicU32,
    named: AtomicU32,
    /// Dropped last: the cable lies in its folder, and a lab of one's own takes the folder away.
    pub lab: Lab,
}

impl OnTheLab {
    pub async fn start() -> Self {
        Self::on(Lab::take().await)
    }

    pub fn on(lab: Lab) -> Self {
        let proxy = Proxy::lay(&lab.folder().join("cable.sock"), &lab.socket(1));
        let agents = Arc::new(Told::default());
        let engine = Some(driver(&proxy, &agents));
        Self { lab, proxy, agents, engine: Mutex::new(engine), given: AtomicU32::new(0), named: AtomicU32::new(0) }
    }

    fn name(&self, what: &str) -> String {
        format!("{what}{}", self.named.fetch_add(1, Ordering::SeqCst))
    }

    async fn run(&self, id: &str, what: &str, args: &[&str]) -> Result<String, String> {
        let name = self.name(what);
        let constraint = format!("node.id=={id}");
        let args: Vec<&str> = ["--constraint", &constraint].into_iter().chain(args.iter().copied()).collect();
        self.lab.service(&name, &args).await;
        Ok(format!("{name}.1"))
    }
}

impl OnTheLab {
    /// A node of the lab as the driver shows it.
    pub async fn node(&self, number: u32) -> EngineNode {
        let id = self.lab.id(number).await;
        self.engine().node(&id).await.unwrap()
    }

    /// Its workloads.
    pub async fn workloads(&self, number: u32) -> WorkloadList {
        let id = self.lab.id(number).await;
        self.engine().workloads(&id, &NodeId::from("here")).await.unwrap()
    }

    /// One of them, by name.
    pub async fn workload(&self, number: u32, name: &str) -> Workload {
        let list = self.workloads(number).await;
        list.workloads.iter().find(|workload| workload.name == name).cloned().unwrap_or_else(|| panic!("{name} is not on n{number}: {list:?}"))
    }

    /// Drains a node, as an operation with this id does.
    pub async fn drain(&self, number: u32, operation: &str) -> EngineNode {
        let node = self.node(number).await;
        self.engine().set_scheduling(&node.engine_node_id, drain(&node, operation)).await.unwrap()
    }

    /// Activates it.
    pub async fn activate(&self, number: u32) -> EngineNode {
        let node = self.node(number).await;
        let change = SetScheduling { target: Scheduling::Schedulable, record: None, expected: node.revision() };
        self.engine().set_scheduling(&node.engine_node_id, change).await.unwrap()
    }
}

/// A drain of the node as it was read.
pub fn drain(node: &EngineNode, operation: &str) -> SetScheduling {
    let record =
        Record { reason: Some("kernel update".into()), by: Some("on-call".into()), operation_id: Some(operation.into()), ..Record::default() };
    SetScheduling { target: Scheduling::Maintenance, record: Some(record), expected: node.revision() }
}

/// A driver of its own on the same cable.
pub fn driver(proxy: &Proxy, agents: &Arc<Told>) -> Arc<dyn Engine> {
    let settings = Settings { bound: Duration::from_secs(5), ..Settings::default() };
    Arc::new(SwarmEngine::start(Endpoint::Socket(proxy.path().to_owned()), Arc::clone(agents) as Arc<dyn Reports>, settings))
}

#[async_trait]
impl Harness for OnTheLab {
    fn engine(&self) -> Arc<dyn Engine> {
        self.engine.lock().unwrap().clone().unwrap()
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// The lab has three nodes and a check may want five, one after another: from the fourth on a node is given again,
    /// as it was in the beginning. The workers come first, since a manager cannot be removed.
    async fn add_node(&self) -> Result<String, String> {
        let given = self.given.fetch_add(1, Ordering::SeqCst);
        if given >= 3 {
            self.lab.run(&["restore"]).await;
        }
        let number = [2, 3, 1][given as usize % 3];
        let id = self.lab.id(number).await;
        self.agents.tell(&id, ContainersReport { complete: true, ..ContainersReport::default() });
        Ok(id)
    }

    async fn run_stateful(&self, node: &str) -> Result<String, String> {
        let mount = format!("type=volume,source={},target=/data", self.name("store"));
        self.run(node, "stateful", &["--mount", &mount]).await
    }

    async fn run_stateless(&self, node: &str) -> Result<String, String> {
        self.run(node, "stateless", &[]).await
    }

    async fn hide_workloads(&self, node: &str) -> Result<bool, String> {
        self.agents.forget(node);
        Ok(true)
    }

    async fn set_scheduling_outside(&self, node: &str, scheduling: Scheduling) -> Result<(), String> {
        let word = if scheduling == Scheduling::Maintenance { "pause" } else { "active" };
        self.lab.try_run(&["docker", "1", "node", "update", "--availability", word, node]).await.map(drop)
    }

    async fn label_outside(&self, node: &str, key: &str, value: &str) -> Result<(), String> {
        self.lab.try_run(&["docker", "1", "node", "update", "--label-add", &format!("{key}={value}"), node]).await.map(drop)
    }

    async fn try_to_place_on(&self, node: &str) -> Result<Placed, String> {
        let name = self.name("placed");
        let constraint = format!("node.id=={node}");
        self.lab
            .try_run(&[
                "docker",
                "1",
                "service",
                "create",
                "--detach",
                "-q",
                "--name",
                &name,
                "--no-resolve-image",
                "--stop-grace-period",
                "1s",
                "--constraint",
                &constraint,
                "lab:1",
            ])
            .await?;
        let decide = async {
            let mut again = tokio::time::interval(Duration::from_millis(50));
            loop {
                again.tick().await;
                let state = self.lab.docker(1, &["service", "ps", &name, "--no-trunc", "--format", "{{.CurrentState}}|{{.Error}}"]).await;
                match state.split_once('|') {
                    Some((state, _)) if state.starts_with("Running") => return Placed::There,
                    // Swarm says why nothing fits.
                    Some((state, why)) if state.starts_with("Pending") && !why.is_empty() => return Placed::NotThere(why.to_owned()),
                    _ => {}
                }
            }
        };
        let placed = tokio::time::timeout(self.patience(), decide).await.map_err(|_| "the scheduler does not decide".to_owned());
        self.lab.docker(1, &["service", "rm", &name]).await;
        placed
    }

    async fn disconnect(&self) -> Result<(), String> {
        self.proxy.pull();
        Ok(())
    }

    async fn reconnect(&self) -> Result<(), String> {
        self.proxy.plug();
        Ok(())
    }

    async fn restart_driver(&self) -> Result<(), String> {
        *self.engine.lock().unwrap() = None;
        *self.engine.lock().unwrap() = Some(driver(&self.proxy, &self.agents));
        Ok(())
    }
}
