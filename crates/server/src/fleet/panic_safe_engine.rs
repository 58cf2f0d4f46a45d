//! The engine as the fleet calls it: a driver that panics gives an error, and nothing of the fleet is unwound.
//!
//! It also holds the rule that no driver is called while the view is locked: a driver may take as long as its engine does.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt, stream::BoxStream};
use pitlane_api::{Capabilities, EngineKind, Node, NodeId, PlacementRequest, Scheduling, Words, WorkloadList};
use pitlane_engine::{Change, Engine, EngineNode, Error, NewHost, Placing, Result, SetScheduling};
use pitlane_supervisor::{Supervisor, catch_panic, panic_message};

use super::view_lock;

/// A driver behind a wall.
pub(super) struct PanicSafeEngine {
    driver: Arc<dyn Engine>,
    supervisor: Supervisor,
    // Both are what a driver is, not what it finds: asked once.
    kind: EngineKind,
    capabilities: Capabilities,
}

impl PanicSafeEngine {
    pub(super) fn new(driver: Arc<dyn Engine>, supervisor: Supervisor) -> Self {
        let (kind, capabilities) = (driver.kind(), driver.capabilities());
        Self { driver, supervisor, kind, capabilities }
    }

    async fn call<T>(&self, name: &'static str, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        view_lock::assert_not_held(name);
        catch_panic(call).await.unwrap_or_else(|panic| Err(self.failed(name, panic)))
    }

    fn failed(&self, name: &'static str, panic: String) -> Error {
        self.supervisor.note_panic(name, &panic);
        Error::Failed(panic)
    }

    fn ask<T: Default>(&self, name: &'static str, ask: impl FnOnce() -> T) -> T {
        view_lock::assert_not_held(name);
        catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|panic| {
            self.supervisor.note_panic(name, &panic_message(panic.as_ref()));
            T::default()
        })
    }
}

#[async_trait]
impl Engine for PanicSafeEngine {
    fn kind(&self) -> EngineKind {
        self.kind
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn version(&self) -> Result<Option<String>> {
        self.call("engine.version", self.driver.version()).await
    }

    async fn nodes(&self) -> Result<Vec<EngineNode>> {
        self.call("engine.nodes", self.driver.nodes()).await
    }

    async fn node(&self, engine_node_id: &str) -> Result<EngineNode> {
        self.call("engine.node", self.driver.node(engine_node_id)).await
    }

    /// A watch that panics ends: whoever follows it begins another one, and lists.
    fn watch(&self) -> BoxStream<'static, Result<Change>> {
        let supervisor = self.supervisor.clone();
        let changes = match catch_unwind(AssertUnwindSafe(|| self.driver.watch())) {
            Ok(changes) => changes,
            Err(panic) => {
                supervisor.note_panic("engine.watch", &panic_message(panic.as_ref()));
                return futures::stream::empty().boxed();
            }
        };
        futures::stream::unfold(changes, move |mut changes| {
            let supervisor = supervisor.clone();
            async move {
                match AssertUnwindSafe(changes.next()).catch_unwind().await {
                    Ok(change) => change.map(|change| (change, changes)),
                    Err(panic) => {
                        supervisor.note_panic("engine.watch", &panic_message(panic.as_ref()));
                        None
                    }
                }
            }
        })
        .boxed()
    }

    fn supervisor(&self) -> Option<&Supervisor> {
        self.driver.supervisor()
    }

    async fn workloads(&self, engine_node_id: &str, node_id: &NodeId) -> Result<WorkloadList> {
        self.call("engine.workloads", self.driver.workloads(engine_node_id, node_id)).await
    }

    async fn drain_notes(&self, engine_node_id: &str, with: &[String]) -> Result<Vec<Words>> {
        self.call("engine.drain_notes", self.driver.drain_notes(engine_node_id, with)).await
    }

    fn out_of_reach(&self, engine_node_id: &str) -> Vec<String> {
        self.ask("engine.out_of_reach", || self.driver.out_of_reach(engine_node_id))
    }

    async fn set_scheduling(&self, engine_node_id: &str, change: SetScheduling) -> Result<EngineNode> {
        self.call("engine.set_scheduling", self.driver.set_scheduling(engine_node_id, change)).await
    }

    fn equivalent_commands(&self, node: &EngineNode, target: Scheduling) -> Vec<String> {
        self.ask("engine.equivalent_commands", || self.driver.equivalent_commands(node, target))
    }

    async fn admit(&self, host: NewHost) -> Result<EngineNode> {
        self.call("engine.admit", self.driver.admit(host)).await
    }

    async fn remove(&self, engine_node_id: &str) -> Result<()> {
        self.call("engine.remove", self.driver.remove(engine_node_id)).await
    }

    async fn place(&self, request: &PlacementRequest, nodes: Vec<Node>) -> Result<Placing> {
        self.call("engine.place", self.driver.place(request, nodes)).await
    }
}
