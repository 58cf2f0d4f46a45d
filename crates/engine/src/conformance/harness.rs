//! What a driver's tests bring, and the words in which a check fails.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use pitlane_api::{OperationId, Scheduling};

use crate::{Change, Engine, EngineNode, Record, Result, SetScheduling};

/// What a check found: it holds, it cannot be asked of this engine, or (`Err`) what is wrong, in words.
pub type Verdict = std::result::Result<Held, String>;

/// That nothing is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The promise holds.
    Yes,
    /// It cannot be asked of this engine, and why.
    NotHere(&'static str),
}

/// What the engine's scheduler did with a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// Put it on the node.
    There,
    /// Did not, and what it says.
    NotThere(String),
}

/// An engine with a driver, and hands that change things behind the driver's back, as people do.
///
/// An `Err` of any method is a fault of the harness and fails the check with its words.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The driver as it runs now; another one after [`Harness::restart_driver`].
    fn engine(&self) -> Arc<dyn Engine>;

    /// How long the slowest change may take to show.
    fn patience(&self) -> Duration;

    /// A node that is up and schedulable, has no record, and that no other check uses meanwhile: its engine node id.
    async fn add_node(&self) -> std::result::Result<String, String>;

    /// Runs a workload with a named volume of its own on the node, and returns its name in the driver's list once it runs.
    async fn run_stateful(&self, node: &str) -> std::result::Result<String, String>;

    /// Runs a workload without data on the node, and returns its name in the driver's list once it runs.
    async fn run_stateless(&self, node: &str) -> std::result::Result<String, String>;

    /// Makes the workloads of the node unreadable, in whole or in part. `false`: that cannot happen on this engine.
    async fn hide_workloads(&self, node: &str) -> std::result::Result<bool, String>;

    /// Changes the scheduling of a node without Pitlane (`docker node update`, `kubectl cordon`, a database shell) and
    /// touches no record.
    async fn set_scheduling_outside(&self, node: &str, scheduling: Scheduling) -> std::result::Result<(), String>;

    /// Puts a label on the node without Pitlane.
    async fn label_outside(&self, node: &str, key: &str, value: &str) -> std::result::Result<(), String>;

    /// Asks the engine's own scheduler to run something new that may only run on this node.
    async fn try_to_place_on(&self, node: &str) -> std::result::Result<Placed, String>;

    /// Cuts the driver off from its engine.
    async fn disconnect(&self) -> std::result::Result<(), String>;

    /// Undoes [`Harness::disconnect`].
    async fn reconnect(&self) -> std::result::Result<(), String>;

    /// Ends the driver and starts another one on the same engine, as a restart of the server does.
    async fn restart_driver(&self) -> std::result::Result<(), String>;
}

/// Fails a check with words unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}
pub(super) use ensure;

/// Says what was being done when an engine's call failed.
pub(super) trait During<T> {
    fn during(self, what: &str) -> std::result::Result<T, String>;
}

impl<T> During<T> for Result<T> {
    fn during(self, what: &str) -> std::result::Result<T, String> {
        self.map_err(|error| format!("{what}: {error} ({error:?})"))
    }
}

/// A record as a drain of Pitlane's leaves it. `operation` makes it one's own.
pub(super) fn record(operation: &str) -> Record {
    Record {
        reason: Some("kernel update".into()),
        by: Some("on-call".into()),
        since: None,
        expected_back_at: None,
        operation_id: Some(OperationId::from(operation)),
    }
}

/// A drain of the node as it was read.
pub(super) fn drain(node: &EngineNode, operation: &str) -> SetScheduling {
    SetScheduling { target: Scheduling::Maintenance, record: Some(record(operation)), expected: node.revision() }
}

/// An activation of the node as it was read.
pub(super) fn activate(node: &EngineNode) -> SetScheduling {
    SetScheduling { target: Scheduling::Schedulable, record: None, expected: node.revision() }
}

/// A fresh node, read.
pub(super) async fn fresh(harness: &dyn Harness) -> std::result::Result<EngineNode, String> {
    let id = harness.add_node().await?;
    let node = harness.engine().node(&id).await.during("reading a node that was just added")?;
    ensure!(node.scheduling == Scheduling::Schedulable, "the harness gave a node that is {}", node.scheduling);
    ensure!(node.record.is_none(), "the harness gave a node with a record: {:?}", node.record);
    Ok(node)
}

/// A fresh node in maintenance by Pitlane.
pub(super) async fn drained(harness: &dyn Harness, operation: &str) -> std::result::Result<EngineNode, String> {
    let node = fresh(harness).await?;
    harness.engine().set_scheduling(&node.engine_node_id, drain(&node, operation)).await.during("draining a fresh node")
}

/// Reads the node until it is as wanted: an engine may take a moment to show what was done behind the driver's back.
pub(super) async fn shows(
    harness: &dyn Harness,
    id: &str,
    what: &str,
    wanted: impl Fn(&EngineNode) -> bool + Send + Sync,
) -> std::result::Result<EngineNode, String> {
    let engine = harness.engine();
    let look = async {
        loop {
            let node = engine.node(id).await.during(what)?;
            if wanted(&node) {
                return Ok(node);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(harness, what, look).await?
}

/// Waits on a watch until the node is seen as wanted. A `Reset` is answered as a receiver should: by reading again.
pub(super) async fn watched(
    harness: &dyn Harness,
    watch: &mut BoxStream<'static, Result<Change>>,
    id: &str,
    what: &str,
    wanted: impl Fn(&EngineNode) -> bool + Send + Sync,
) -> std::result::Result<(), String> {
    let engine = harness.engine();
    let look = async {
        while let Some(change) = watch.next().await {
            let seen = match change {
                Ok(Change::Node(node)) if node.engine_node_id == id => Some(*node),
                Ok(Change::Reset) => Some(engine.node(id).await.during(what)?),
                _ => None,
            };
            if seen.as_ref().is_some_and(&wanted) {
                return Ok(());
            }
        }
        Err(format!("{what}: the watch ended"))
    };
    within(harness, what, look).await?
}

/// Bounds a wait by the harness's patience.
pub(super) async fn within<T>(harness: &dyn Harness, what: &str, wait: impl Future<Output = T> + Send) -> std::result::Result<T, String> {
    let patience = harness.patience();
    tokio::time::timeout(patience, wait).await.map_err(|_| format!("{what}: not seen within {} s", patience.as_secs_f32()))
}
