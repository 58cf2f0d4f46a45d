//! The watch: one task that asks [`Records`] what changed and tells every receiver.
//!
//! It asks whenever this driver wrote, and at an interval besides, since another process (a second server, somebody
//! with a database shell) may have written too.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use pitlane_engine::{Change, EngineNode, Result};
use pitlane_supervisor::Supervisor;
use tokio::sync::{Notify, broadcast};
use tokio_stream::wrappers::BroadcastStream;

use crate::Records;

/// How many changes a receiver may lag behind before it is told to list again.
const BACKLOG: usize = 4096;

/// Where receivers come from, and what wakes the task.
pub(crate) struct Watch {
    changes: broadcast::Sender<Result<Change>>,
    wake: Arc<Notify>,
    supervisor: Supervisor,
}

impl Watch {
    pub(crate) fn start(records: Arc<dyn Records>, every: Duration, bound: Duration) -> Self {
        let (changes, _) = broadcast::channel(BACKLOG);
        let wake = Arc::new(Notify::new());
        let supervisor = Supervisor::default();
        let (out, woken) = (changes.clone(), Arc::clone(&wake));
        // One that is started again has lost its place, and tells every receiver to list.
        supervisor.keep("engine-embedded.watch", move || run(Arc::clone(&records), out.clone(), Arc::clone(&woken), every, bound));
        Self { changes, wake, supervisor }
    }

    /// The task behind it.
    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Something was written: do not wait for the interval.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn receive(&self) -> BoxStream<'static, Result<Change>> {
        // A receiver that lagged lost its place; whoever it is lists again.
        BroadcastStream::new(self.changes.subscribe()).map(|item| item.unwrap_or(Ok(Change::Reset))).boxed()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.supervisor.close();
    }
}

async fn run(records: Arc<dyn Records>, out: broadcast::Sender<Result<Change>>, wake: Arc<Notify>, every: Duration, bound: Duration) {
    let mut place = None;
    let mut away = false;
    // Nobody listening is not an error: whoever comes later lists first.
    let tell = |item| drop(out.send(item));
    loop {
        match crate::driver::bounded(bound, records.changes(place)).await {
            Ok(changes) => {
                if place.is_none() || away {
                    tell(Ok(Change::Reset));
                    away = false;
                }
                place = Some(changes.upto);
                for node in changes.nodes {
                    tell(Ok(Change::Node(Box::new(EngineNode::from(node)))));
                }
                for id in changes.removed {
                    tell(Ok(Change::Removed(id)));
                }
            }
            Err(error) => {
                if !away {
                    tracing::warn!(%error, "the records of the embedded engine cannot be read");
                    tell(Err(error));
                    away = true;
                }
            }
        }
        tokio::select! {
            () = wake.notified() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
}
