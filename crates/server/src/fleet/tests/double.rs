//! The engine with faults at chosen calls. What it lets through goes to the embedded engine.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use pitlane_api::{Capabilities, EngineKind, Node, NodeId, PlacementRequest, Scheduling, WorkloadList};
use pitlane_engine::{Change, Engine, EngineNode, Error, NewHost, Placing, Result, SetScheduling};
use pitlane_engine_embedded::EmbeddedEngine;
use tokio::sync::Notify;

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The engine does not answer.
    Away,
    /// The answer never comes, and nothing was done.
    HangBefore,
    /// It is done, and the answer never comes.
    HangAfter,
    /// It is done, and the answer is that the engine does not answer.
    LostAnswer,
    /// A right is missing.
    Refused,
    /// The driver panics, and nothing was done.
    Panic,
    /// It is done, and then the driver panics.
    PanicAfter,
    /// The engine answers as if it had not done what it did.
    Stale,
}

/// A call that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Nodes,
    Node,
    Workloads,
    Set,
    Remove,
    Version,
    /// `Away`: the watch ends at once.
    Watch,
    /// Only `Panic`.
    Capabilities,
}

/// A fault that is armed: after `skip` good calls, for `times` calls.
struct Armed {
    at: At,
    fault: Fault,
    skip: u32,
    times: u32,
}

/// The double.
pub struct Double {
    pub inner: Arc<EmbeddedEngine>,
    armed: Mutex<Vec<Armed>>,
    /// Told whenever a fault struck.
    pub struck: Notify,
    pub writes: AtomicU32,
    /// Writes wait here while it is closed.
    gate: tokio::sync::Semaphore,
    /// Nodes that could not take what runs on any other.
    pub barred: Mutex<Vec<String>>,
    /// It is reached over a network, where a call can arrive after nobody waits for it any more.
    pub is_far_away: AtomicBool,
}

impl Double {
    pub fn new(inner: Arc<EmbeddedEngine>) -> Self {
        Self {
            inner,
            armed: Mutex::default(),
            struck: Notify::new(),
            writes: AtomicU32::new(0),
            gate: tokio::sync::Semaphore::new(1),
            barred: Mutex::default(),
            is_far_away: AtomicBool::new(false),
        }
    }

    /// After `skip` good calls of `at`, every call goes wrong.
    pub fn arm(&self, at: At, fault: Fault, skip: u32) {
        self.arm_times(at, fault, skip, u32::MAX);
    }

    pub fn arm_times(&self, at: At, fault: Fault, skip: u32, times: u32) {
        self.armed.lock().unwrap().push(Armed { at, fault, skip, times });
    }

    /// The next write waits until the gate is opened.
    pub fn gate_set(&self) {
        self.gate.forget_permits(1);
    }

    pub fn open_gate(&self) {
        self.gate.add_permits(1);
    }

    /// No call answers.
    pub fn away(&self) {
        for at in [At::Nodes, At::Node, At::Workloads, At::Set, At::Remove, At::Version] {
            self.arm(at, Fault::Away, 0);
        }
    }

    /// Everything works again.
    pub fn heal(&self) {
        self.armed.lock().unwrap().clear();
    }

    pub fn writes(&self) -> u32 {
        self.writes.load(Ordering::SeqCst)
    }

    fn strikes(&self, at: At) -> Option<Fault> {
        let mut armed = self.armed.lock().unwrap();
        let found = armed.iter_mut().find(|armed| armed.at == at && armed.times > 0)?;
        if found.skip > 0 {
            found.skip -= 1;
            return None;
        }
        found.times -= 1;
        let fault = found.fault;
        drop(armed);
        self.struck.notify_one();
        Some(fault)
    }

    async fn before<T>(&self, fault: Option<Fault>) -> Option<Result<T>> {
        match fault? {
            Fault::Away => Some(Err(Error::unreachable(pitlane_api::Words::plain("it was told to")))),
            Fault::Refused => Some(Err(Error::Refused(pitlane_api::Words::plain("nodes/patch is not allowed")))),
            Fault::Panic => panic!("the driver was told to panic"),
            Fault::HangBefore => std::future::pending().await,
            Fault::HangAfter | Fault::LostAnswer | Fault::PanicAfter | Fault::Stale => None,
        }
    }

    /// What comes of a call that was done.
    async fn after(&self, fault: Option<Fault>) -> Result<()> {
        match fault {
            Some(Fault::HangAfter) => {
                self.struck.notify_one();
                std::future::pending().await
            }
            Some(Fault::LostAnswer) => Err(Error::unreachable(pitlane_api::Words::plain("the answer got lost"))),
            Some(Fault::PanicAfter) => panic!("the driver was told to panic"),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Engine for Double {
    fn kind(&self) -> EngineKind {
        if self.is_far_away.load(Ordering::SeqCst) { EngineKind::Swarm } else { self.inner.kind() }
    }

    fn capabilities(&self) -> Capabilities {
        assert_eq!(self.strikes(At::Capabilities), None, "the driver was told to panic");
        self.inner.capabilities()
    }

    async fn version(&self) -> Result<Option<String>> {
        let fault = self.strikes(At::Version);
        match self.before(fault).await {
            Some(answer) => answer,
            None => self.inner.version().await,
        }
    }

    async fn nodes(&self) -> Result<Vec<EngineNode>> {
        let fault = self.strikes(At::Nodes);
        match self.before(fault).await {
            Some(answer) => answer,
            None => self.inner.nodes().await,
        }
    }

    async fn node(&self, engine_node_id: &str) -> Result<EngineNode> {
        let fault = self.strikes(At::Node);
        match self.before(fault).await {
            Some(answer) => answer,
            None => self.inner.node(engine_node_id).await,
        }
    }

    fn watch(&self) -> BoxStream<'static, Result<Change>> {
        match self.strikes(At::Watch) {
            Some(Fault::Panic) => futures::stream::poll_fn(|_| panic!("the driver was told to panic")).boxed(),
            Some(_) => futures::stream::empty().boxed(),
            None => self.inner.watch(),
        }
    }

    async fn workloads(&self, engine_node_id: &str, node_id: &NodeId) -> Result<WorkloadList> {
        let fault = self.strikes(At::Workloads);
        match self.before(fault).await {
            Some(answer) => answer,
            None => self.inner.workloads(engine_node_id, node_id).await,
        }
    }

    async fn set_scheduling(&self, engine_node_id: &str, change: SetScheduling) -> Result<EngineNode> {
        let fault = self.strikes(At::Set);
        if let Some(answer) = self.before(fault).await {
            return answer;
        }
        if self.gate.available_permits() == 0 {
            self.struck.notify_one();
        }
        drop(self.gate.acquire().await.unwrap());
        let before = self.inner.node(engine_node_id).await?;
        let written = self.inner.set_scheduling(engine_node_id, change).await?;
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.after(fault).await?;
        Ok(if fault == Some(Fault::Stale) { before } else { written })
    }

    async fn drain_notes(&self, _: &str, with: &[String]) -> Result<Vec<pitlane_api::Words>> {
        Ok(if with.is_empty() { Vec::new() } else { vec![pitlane_api::Words::plain(format!("drained with {}", with.join(" ")))] })
    }

    fn out_of_reach(&self, _: &str) -> Vec<String> {
        self.barred.lock().unwrap().clone()
    }

    fn equivalent_commands(&self, node: &EngineNode, target: Scheduling) -> Vec<String> {
        self.inner.equivalent_commands(node, target)
    }

    async fn admit(&self, host: NewHost) -> Result<EngineNode> {
        self.inner.admit(host).await
    }

    async fn remove(&self, engine_node_id: &str) -> Result<()> {
        let fault = self.strikes(At::Remove);
        if let Some(answer) = self.before(fault).await {
            return answer;
        }
        self.inner.remove(engine_node_id).await?;
        self.after(fault).await
    }

    async fn place(&self, request: &PlacementRequest, nodes: Vec<Node>) -> Result<Placing> {
        self.inner.place(request, nodes).await
    }
}
