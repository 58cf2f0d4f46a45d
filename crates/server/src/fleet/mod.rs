//! The use cases of the control plane, and what keeps them going.
//!
//! * [`Agents`]: who may speak for which node, and what each said last.
//! * the view: what the fleet looks like, in memory; `observe` folds in what the engine shows, `tick` what agents say; `keep`
//!   keeps of it what is to survive a restart.
//! * one file per use case: `drain`, `activate`, `stop` (abort and retry), `maintenance`, `remove`, `enroll`, `reads`.
//! * `plan`: drains that begin later, by themselves.
//! * `intents`: what is asked of the engine beside operations, settled into what really happened.
//! * `reconcile`: carries accepted operations out until they are done, through crashes and absences.
//! * [`Hub`](hub::Hub): the event stream.
//!
//! Five locks, always taken in this order: a node's (its scheduling is read, judged and written by one at a time), the
//! fleet's gate (guards that look at other nodes, and what they let pass, are one step), the pen of planned drains, that of
//! moves (what is kept of an operation is shown before anybody keeps the next), the view's (see `view_lock` for what nobody
//! does while it is held).
//!
//! Every background task has a name and runs under the [`Supervisor`]: loops are restarted, and what runs once and panics is
//! logged and counted. State that such work leaves behind (`running`, `told`) is put right by whoever started it.
//!
//! The fleet must not know axum, SQLite, or any one engine.

mod accept;
mod activate;
mod agents;
mod bulk;
mod clock;
mod diagnostics;
mod drain;
mod engine_state;
mod enroll;
mod first_beats;
mod guards;
mod hub;
mod intents;
mod keep;
mod maintenance;
mod observe;
mod overdue;
mod panic_safe_engine;
mod place;
mod plan;
mod publish;
mod reads;
mod reconcile;
mod remove;
mod report_check;
mod samples;
mod scribe;
mod share;
mod start;
mod stop;
mod tick;
mod types;
mod upkeep;
mod view;
mod view_lock;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use pitlane_api::{NodeId, OperationId};
use pitlane_engine::Engine;
use pitlane_supervisor::{FailingTask, NoResult, Supervisor};
use tokio::sync::{Notify, OwnedMutexGuard};

pub use agents::Agents;
pub use clock::Clock;
pub use hub::Frame;
pub use reads::ActivityRequest;
pub use types::{Actor, Backoff, Call, Error, FleetSettings, Idempotency, Identity, IfMatch, Result};
pub use view::query::{DEFAULT_LIMIT, MAX_LIMIT, NodeQuery, Sort, SortKey};

use crate::store::Store;
use engine_state::EngineState;
use view::Moment;
use view_lock::ViewLock;

/// The fleet: every use case is a method of it. `http` calls them; nothing else does.
pub struct Fleet {
    settings: FleetSettings,
    store: Arc<dyn Store>,
    engine: Arc<dyn Engine>,
    agents: Arc<Agents>,
    view: ViewLock,
    engine_state: Mutex<EngineState>,
    hub: hub::Hub,
    /// Something waits that is not to wait for the second's frame.
    urgent: Notify,
    gate: tokio::sync::Mutex<()>,
    /// An operation is kept and shown in one step, so that of two who move it the later one's word is shown.
    moves: tokio::sync::Mutex<()>,
    node_locks: Mutex<HashMap<NodeId, Weak<tokio::sync::Mutex<()>>>>,
    /// The reconciler of every unfinished operation, to be woken before its time.
    reconcilers: Mutex<HashMap<OperationId, Arc<Notify>>>,
    scribe: scribe::Desk,
    intents: intents::Intents,
    first_beats: first_beats::FirstBeats,
    links: share::Links,
    bulks: bulk::Bulks,
    plans: plan::Plans,
    overdue: overdue::Told,
    lists: Mutex<HashMap<NodeId, pitlane_api::WorkloadList>>,
    last_tick: Mutex<Duration>,
    /// Five minutes that are over and not kept yet.
    ended: Mutex<Vec<(NodeId, samples::Bucket)>>,
    /// Whoever keeps samples holds this: what an earlier run kept is added to once.
    keeping: tokio::sync::Mutex<()>,
    clock_seen: Mutex<upkeep::ClockSeen>,
    supervisor: Supervisor,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What these guard is changed by single calls of collections, so a panic of whoever held one leaves it whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fleet {
    fn view(&self) -> view_lock::Reading<'_> {
        self.view.read()
    }

    fn view_mut(&self) -> view_lock::Changing<'_> {
        self.view.write()
    }

    fn moment(&self) -> Moment {
        Moment { now: self.settings.clock.now(), elapsed: self.settings.clock.elapsed() }
    }

    /// The settings it was started with.
    pub fn settings(&self) -> &FleetSettings {
        &self.settings
    }

    /// How many event streams are open.
    pub fn subscribers(&self) -> usize {
        self.hub.subscribers()
    }

    /// Whoever reads, judges and writes a node's scheduling holds this.
    async fn lock_node(&self, id: &NodeId) -> OwnedMutexGuard<()> {
        let mutex = {
            let mut locks = lock(&self.node_locks);
            match locks.get(id).and_then(Weak::upgrade) {
                Some(mutex) => mutex,
                None => {
                    locks.retain(|_, lock| lock.strong_count() > 0);
                    let mutex = Arc::new(tokio::sync::Mutex::new(()));
                    locks.insert(id.clone(), Arc::downgrade(&mutex));
                    mutex
                }
            }
        };
        mutex.lock_owned().await
    }

    /// Background tasks that keep failing: for whoever asks whether the server is ready.
    pub fn failing_tasks(&self) -> Vec<FailingTask> {
        self.supervisor.failing()
    }

    /// Where the background tasks run, for those that the server has beside the fleet's own.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Runs something in the background until it is done or the server shuts down.
    fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.supervisor.once(name, work);
    }

    /// Runs a use case to its end even where the client goes away half-way: between what the store keeps and what the
    /// view shows nobody may stop.
    async fn to_the_end<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        match self.supervisor.detached("fleet.use_case", work).await {
            Ok(result) => result,
            Err(NoResult::Panicked(panic)) => Err(Error::Internal(format!("panic: {panic}"))),
            Err(NoResult::ShutDown) => Err(Error::ShuttingDown),
        }
    }

    /// Ends every stream and every task, and keeps what lives in memory. What is half-way through the engine is picked
    /// up by the next start.
    pub async fn shutdown(&self) {
        self.hub.close();
        self.supervisor.shutdown().await;
        self.scribe_now().await;
        self.keep_samples_and_reports().await;
    }

    /// What `kill -9` does: nothing more is kept.
    #[cfg(test)]
    async fn crash(&self) {
        self.supervisor.shutdown().await;
    }
}
