//! Keeps the [`World`] as the API server shows it: one task per kind of object that lists and watches, and one that asks
//! every few seconds whether the API server answers, with the same credentials and rights as the rest.
//!
//! A watch that fails is begun anew with a list, so that nothing is missed without being noticed; so are all of them when
//! the API server was away and is back. What fails is kept with its words, per kind, for whoever asks what was not read.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use futures::StreamExt;
use kube::{
    Api, Client, Resource,
    api::ListParams,
    runtime::watcher::{self, Event, watcher},
};
use pitlane_api::{Timestamp, Words, say};
use pitlane_engine::{Error, Result};
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, watch};

use crate::{
    access::{self, Clients},
    changes::Changes,
    driver::Settings,
    kinds::{Followed, Kind},
    objects::Node,
    words::{self, Doing},
    world::World,
};

/// Longest pause before a failed watch is begun anew.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Pause where a right is missing: it will not be there a second later.
const DENIED_PAUSE: Duration = Duration::from_secs(10);

/// How one kind of object is followed.
#[derive(Debug, Clone, Default)]
struct State {
    /// Listed in full since the last restart.
    synced: bool,
    /// Why it is not followed just now.
    problem: Option<Error>,
}

#[derive(Debug, Default)]
struct Standing {
    kinds: [State; Kind::COUNT],
    /// Why the API server cannot be asked; `None` with `asked_at`: it answers.
    away: Option<Error>,
    /// When it answered last.
    asked_at: Option<Timestamp>,
}

/// What the tasks share with the driver.
pub(crate) struct Shared {
    pub clients: Clients,
    pub world: Arc<RwLock<World>>,
    pub changes: Changes,
    standing: Mutex<Standing>,
    /// Something in `standing` changed for the better or the worse.
    moved: watch::Sender<()>,
    /// All kinds are to be listed anew.
    restart: watch::Sender<()>,
    /// Ask now whether the API server answers.
    doubt: Notify,
    /// How long one call may take.
    pub bound: Duration,
    /// How often to ask.
    every: Duration,
    /// How long a watch may stand, in seconds.
    watch_s: u32,
}

impl Shared {
    pub fn new(clients: Clients, settings: Settings) -> Self {
        Self {
            clients,
            world: Arc::default(),
            changes: Changes::default(),
            standing: Mutex::default(),
            moved: watch::Sender::new(()),
            restart: watch::Sender::new(()),
            doubt: Notify::new(),
            bound: settings.bound,
            every: settings.ask_every,
            watch_s: u32::try_from(settings.watch_for.as_secs()).unwrap_or(u32::MAX).max(1),
        }
    }

    pub fn world(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Ok` where nodes are followed and the API server answers; `None`: not yet known.
    fn ready(&self) -> Option<Result<()>> {
        let standing = self.standing();
        let nodes = &standing.kinds[Kind::Nodes as usize];
        match (&standing.away, &nodes.problem, nodes.synced) {
            (Some(error), _, _) | (None, Some(error), false) => Some(Err(error.clone())),
            (None, _, true) => Some(Ok(())),
            (None, None, false) => None,
        }
    }

    /// What is wrong with the engine just now.
    pub fn problem(&self) -> Option<Error> {
        self.ready().and_then(Result::err)
    }

    /// Waits, within the bound, until nodes are known.
    pub async fn known(&self) -> Result<()> {
        let mut moved = self.moved.subscribe();
        let wait = async {
            loop {
                match self.ready() {
                    Some(ready) => return ready,
                    None => drop(moved.changed().await),
                }
            }
        };
        tokio::time::timeout(self.bound, wait).await.unwrap_or_else(|_| Err(self.too_slow()))
    }

    /// Waits, within the bound, until every kind is either followed or known not to be.
    pub async fn all_known(&self) {
        let mut moved = self.moved.subscribe();
        let settled = |standing: &Standing| standing.away.is_some() || standing.kinds.iter().all(|state| state.synced || state.problem.is_some());
        let wait = async {
            while !settled(&self.standing()) {
                drop(moved.changed().await);
            }
        };
        drop(tokio::time::timeout(self.bound, wait).await);
    }

    pub fn too_slow(&self) -> Error {
        Error::unreachable(say!("the API server has not answered within {} s", self.bound.as_secs_f32().to_string()))
    }

    /// Why what is known of a kind is not what the API server would say now; `None`: it is.
    pub fn not_read(&self, kind: Kind) -> Option<Words> {
        let standing = self.standing();
        let state = &standing.kinds[kind as usize];
        match (&state.problem, &standing.away, state.synced) {
            (Some(error), _, _) | (None, Some(error), _) => Some(say!("{}: {}", kind.plural(), words::of(error))),
            (None, None, false) => Some(say!("{}: not listed yet", kind.plural())),
            (None, None, true) => None,
        }
    }

    /// When the API server answered last.
    pub fn asked_at(&self) -> Option<Timestamp> {
        self.standing().asked_at
    }

    fn synced(&self, kind: Kind) {
        let mut standing = self.standing();
        standing.kinds[kind as usize] = State { synced: true, problem: None };
        let back = kind == Kind::Nodes && standing.away.is_none();
        drop(standing);
        if back {
            self.changes.reset();
        }
        self.moved.send_replace(());
    }

    fn failed(&self, kind: Kind, error: Error) {
        let denied = matches!(error, Error::Refused(_));
        let mut standing = self.standing();
        let state = &mut standing.kinds[kind as usize];
        let news = state.problem.as_ref() != Some(&error);
        state.synced &= !denied;
        state.problem = Some(error.clone());
        drop(standing);
        if news {
            tracing::warn!(resource = kind.plural(), %error, "not followed just now");
            if denied {
                self.lost(kind);
                if kind == Kind::Nodes {
                    self.changes.away(&error);
                }
            }
        }
        self.doubt.notify_one();
        self.moved.send_replace(());
    }

    /// What is not to be shown any more once a right is gone.
    fn lost(&self, kind: Kind) {
        let mut world = self.world_mut();
        let touched = match kind {
            Kind::Leases => world.forget_beats(),
            Kind::Pods => {
                world.pods_read = false;
                world.nodes().map(|node| node.name.into()).collect()
            }
            _ => return,
        };
        let ids: Vec<_> = world.ids(&touched).collect();
        drop(world);
        self.changes.nodes(&ids);
    }

    /// Whether the API server answered just now.
    fn asked(&self, answer: Result<()>) {
        let mut standing = self.standing();
        match answer {
            Ok(()) => {
                standing.asked_at = Some(Timestamp::now());
                if standing.away.take().is_some() {
                    // What happened meanwhile is in no watch: list everything anew, and tell that it is back after that.
                    standing.kinds = Default::default();
                    drop(standing);
                    tracing::info!("the API server answers again");
                    self.restart.send_replace(());
                }
            }
            Err(error) => {
                let news = standing.away.as_ref() != Some(&error);
                standing.away = Some(error.clone());
                drop(standing);
                if news {
                    tracing::warn!(%error, "the API server cannot be asked");
                    self.changes.away(&error);
                }
                self.moved.send_replace(());
            }
        }
    }

    /// Feeds the world and tells the listeners.
    pub fn feed(&self, feed: impl FnOnce(&mut World, Timestamp) -> Vec<Box<str>>) {
        let mut world = self.world_mut();
        let ids = feed(&mut world, Timestamp::now());
        drop(world);
        self.changes.nodes(&ids);
    }
}

/// Asks every few seconds whether the API server answers.
pub(crate) async fn ask(shared: Arc<Shared>) {
    loop {
        let answer = match tokio::time::timeout(shared.bound, one_node(&shared)).await {
            Ok(answer) => answer,
            Err(_) => Err(shared.too_slow()),
        };
        let pause = match &answer {
            Ok(()) => shared.every,
            Err(Error::Refused(_)) => {
                // Somebody may have signed in again, or renewed the file.
                shared.clients.renew().await;
                shared.every
            }
            Err(_) => shared.every.min(Duration::from_secs(1)),
        };
        let waits_anyway = shared.clients.retry_after();
        shared.asked(answer);
        tokio::select! {
            () = tokio::time::sleep(jittered(waits_anyway.unwrap_or_default().max(pause))) => {}
            // Not at once, so that six watches that fail together are one question.
            () = async { shared.doubt.notified().await; tokio::time::sleep(Duration::from_millis(200)).await } => {}
        }
    }
}

async fn one_node(shared: &Shared) -> Result<()> {
    let cached = ListParams::default().limit(1).match_any();
    let doing = Doing { verb: "list", resource: "nodes" };
    let ask = |client| {
        let cached = cached.clone();
        async move { Api::<Node>::all(client).list_metadata(&cached).await.map(drop) }
    };
    Ok(shared.clients.call(doing, ask).await?)
}

/// Follows one kind of object, for ever.
pub(crate) async fn follow<K>(shared: Arc<Shared>)
where
    K: Followed + Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    // One that is started again after a panic may have missed something: what it knew is not read until it has listed anew.
    shared.standing().kinds[K::KIND as usize] = State::default();
    let mut restart = shared.restart.subscribe();
    let mut pause = Duration::ZERO;
    let mut refused_before = false;
    loop {
        let ended = tokio::select! {
            ended = once::<K>(&shared, &mut pause) => ended,
            _ = restart.changed() => {
                pause = Duration::ZERO;
                continue;
            }
        };
        let Err(error) = ended else {
            // The place in the watch was too old: that is the server's ordinary way to ask for a new list.
            refused_before = false;
            continue;
        };
        let mut denied = matches!(error, Error::Refused(_));
        let error = if denied && !shared.clients.is_ready().await { access::starting() } else { error };
        // What is forbidden is asked once more: an API server that has just started forbids what it does not know yet.
        let believed = !denied || refused_before;
        refused_before = denied;
        denied &= matches!(error, Error::Refused(_));
        if !believed {
            continue;
        }
        shared.failed(K::KIND, error);
        pause = if denied { DENIED_PAUSE } else { (pause * 2).clamp(Duration::from_millis(250), LONGEST_PAUSE) };
        let pause = jittered(pause.max(shared.clients.retry_after().unwrap_or_default()));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = restart.changed() => {}
        }
    }
}

/// One list and the watch after it. `Ok`: begin anew at once.
async fn once<K>(shared: &Shared, pause: &mut Duration) -> Result<()>
where
    K: Followed + Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let client: Client = shared.clients.get().await?;
    let mut config = watcher::Config::default().timeout(shared.watch_s);
    config.field_selector = K::FIELDS.map(Into::into);
    let mut events = Box::pin(watcher(K::api(client), config));
    let mut listed: Vec<K::Facts> = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed = Vec::new(),
            Ok(Event::InitApply(object)) => listed.extend(K::facts(object)),
            Ok(Event::InitDone) => {
                let all = std::mem::take(&mut listed);
                shared.feed(|world, now| K::replace(world, all, now));
                *pause = Duration::ZERO;
                shared.synced(K::KIND);
            }
            Ok(Event::Apply(object)) => shared.feed(|world, now| K::facts(object).map(|facts| K::put(world, facts, now)).unwrap_or_default()),
            Ok(Event::Delete(object)) => shared.feed(|world, _| K::facts(object).map(|facts| K::remove(world, facts)).unwrap_or_default()),
            Err(error) => return given_up(shared, K::KIND, &error),
        }
    }
    Ok(())
}

/// Why a watch ended. `Ok`: it expired.
fn given_up(shared: &Shared, kind: Kind, error: &watcher::Error) -> Result<()> {
    let doing = |verb| Doing { verb, resource: kind.plural() };
    let of = |error: &kube::Error, verb| shared.clients.error(error, doing(verb));
    match error {
        watcher::Error::WatchError(status) if status.code == 410 => {
            tracing::debug!(resource = kind.plural(), "the watch expired; listing anew");
            Ok(())
        }
        watcher::Error::WatchError(status) => Err(words::from_status(status, doing("watch"), shared.clients.retry_after())),
        watcher::Error::InitialListFailed(error) => Err(of(error, "list")),
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.code == 410 => Ok(()),
        watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => Err(of(error, "watch")),
        watcher::Error::NoResourceVersion => Err(Error::unreachable(say!("the API server lists {} without a resource version", kind.plural()))),
    }
}

/// Spread by a quarter, so that many drivers do not come back at once.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.75..1.25))
}
