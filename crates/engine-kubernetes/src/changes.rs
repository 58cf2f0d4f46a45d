//! Who listens for changes, and what each of them has not heard yet.
//!
//! A listener holds the ids of nodes that look different, not their states: however slow it is, it holds at most one
//! entry per node, and reads the newest state when it gets to it.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak},
};

use futures::stream::{self, BoxStream, StreamExt};
use pitlane_engine::{Change, Error, Result};
use tokio::sync::Notify;

use crate::world::World;

/// The listeners of a driver.
#[derive(Debug, Default)]
pub(crate) struct Changes(Mutex<Vec<Weak<Listener>>>);

#[derive(Debug, Default)]
struct Listener {
    pending: Mutex<Pending>,
    woken: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    away: Option<Error>,
    reset: bool,
    nodes: BTreeSet<Box<str>>,
    closed: bool,
}

impl Pending {
    /// In words for the listener, with the nodes as they are now.
    fn told(self, world: &RwLock<World>, out: &mut VecDeque<Result<Change>>) {
        out.extend(self.away.map(Err));
        if self.reset {
            out.push_back(Ok(Change::Reset));
        }
        let world = world.read().unwrap_or_else(PoisonError::into_inner);
        out.extend(self.nodes.into_iter().map(|id| {
            Ok(match world.node(&id) {
                Some(node) => Change::Node(Box::new(node)),
                None => Change::Removed(id.into()),
            })
        }));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here panics half-way through a change, so what a poisoned lock guards is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Changes {
    /// A new listener. `away`: what is wrong at the moment it begins to listen.
    pub fn listen(&self, world: Arc<RwLock<World>>, away: Option<Error>) -> BoxStream<'static, Result<Change>> {
        let listener = Arc::new(Listener { pending: Mutex::new(Pending { away, ..Pending::default() }), woken: Notify::new() });
        lock(&self.0).push(Arc::downgrade(&listener));
        stream::unfold((listener, world, VecDeque::new()), |(listener, world, mut ready)| async move {
            loop {
                if let Some(next) = ready.pop_front() {
                    return Some((next, (listener, world, ready)));
                }
                let taken = std::mem::take(&mut *lock(&listener.pending));
                if taken.closed {
                    return None;
                }
                taken.told(&world, &mut ready);
                if ready.is_empty() {
                    // A word that came in between is kept for the next one who waits.
                    listener.woken.notified().await;
                }
            }
        })
        .boxed()
    }

    fn each(&self, tell: impl Fn(&mut Pending)) {
        lock(&self.0).retain(|listener| {
            let Some(listener) = listener.upgrade() else { return false };
            tell(&mut lock(&listener.pending));
            listener.woken.notify_one();
            true
        });
    }

    /// These nodes look different, or are gone.
    pub fn nodes(&self, ids: &[Box<str>]) {
        if !ids.is_empty() {
            self.each(|pending| pending.nodes.extend(ids.iter().cloned()));
        }
    }

    /// Changes may have been missed. What was about to be told is in the list that is read now.
    pub fn reset(&self) {
        self.each(|pending| {
            pending.nodes.clear();
            pending.reset = true;
        });
    }

    /// The engine went away.
    pub fn away(&self, error: &Error) {
        self.each(|pending| {
            pending.reset = false;
            pending.away = Some(error.clone());
        });
    }
}

impl Changes {
    /// The driver is gone.
    pub fn close(&self) {
        self.each(|pending| pending.closed = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_slow_listener_hears_the_newest_and_nothing_twice() {
        let changes = Changes::default();
        let world = Arc::new(RwLock::new(World::default()));
        let mut listener = changes.listen(world, Some(Error::unreachable(pitlane_api::Words::plain("away"))));
        for _ in 0..1000 {
            changes.nodes(&["u1".into()]);
        }
        assert_eq!(listener.next().now_or_never(), Some(Some(Err(Error::unreachable(pitlane_api::Words::plain("away"))))));
        assert_eq!(listener.next().now_or_never(), Some(Some(Ok(Change::Removed("u1".into())))));
        assert_eq!(listener.next().now_or_never(), None, "nothing more");
        changes.nodes(&["u1".into()]);
        changes.reset();
        assert_eq!(listener.next().now_or_never(), Some(Some(Ok(Change::Reset))));
        assert_eq!(listener.next().now_or_never(), None, "the list has it");
        changes.close();
        assert_eq!(listener.next().now_or_never(), Some(None), "the driver is gone");
    }
}
