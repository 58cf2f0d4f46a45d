//! The watch: one task that keeps an eye on the manager and tells every receiver.
//!
//! Nodes are read when `/events` says that one changed, and at an interval besides, which also notices that the
//! swarm lost its leader or that the stream of events hangs. Tasks have no events: they are polled, soon after
//! something happened and then more and more rarely.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bollard::{
    models::{EventMessage, EventMessageTypeEnum, Node},
    query_parameters::{EventsOptionsBuilder, ListTasksOptions},
};
use futures::{Stream, StreamExt, stream::BoxStream};
use pitlane_engine::{Change, EngineNode, Error, Result};
use pitlane_supervisor::Supervisor;
use tokio::{
    sync::{Notify, broadcast},
    time::Instant,
};
use tokio_stream::wrappers::BroadcastStream;

use crate::{Settings, client::Client, node, summary::Summary};

/// How many changes a receiver may lag behind before it is told to list again.
const BACKLOG: usize = 4096;

/// Several events of one change (a label, then the availability) are read together.
const GATHER: Duration = Duration::from_millis(20);

/// What is known between two reads.
#[derive(Default)]
pub(crate) struct Known {
    /// Summed up; `None` until they were read once.
    pub tasks: Option<Arc<Summary>>,
    /// The node whose own socket is used.
    pub local: Option<String>,
    /// How many nodes have a name.
    names: HashMap<String, u32>,
}

/// Where receivers come from, and what wakes the task.
pub(crate) struct Mirror {
    known: Arc<Mutex<Known>>,
    changes: broadcast::Sender<Result<Change>>,
    wake: Arc<Notify>,
    supervisor: Supervisor,
}

impl Mirror {
    pub(crate) fn start(client: Arc<Client>, settings: Settings) -> Self {
        let (changes, _) = broadcast::channel(BACKLOG);
        let (known, wake) = (Arc::new(Mutex::new(Known::default())), Arc::new(Notify::new()));
        let supervisor = Supervisor::default();
        let (shared, out, woken) = (Arc::clone(&known), changes.clone(), Arc::clone(&wake));
        // One that is started again knows nothing of what was shown, and tells every receiver to list.
        supervisor.keep("engine-swarm.mirror", move || {
            let run = Run {
                client: Arc::clone(&client),
                settings,
                known: Arc::clone(&shared),
                out: out.clone(),
                wake: Arc::clone(&woken),
                shown: HashMap::new(),
                away: None,
                was_here: false,
            };
            run.forever()
        });
        Self { known, changes, wake, supervisor }
    }

    /// The task behind it.
    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Something was written: do not wait for the event.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn receive(&self) -> BoxStream<'static, Result<Change>> {
        // A receiver that lagged lost its place; whoever it is lists again.
        BroadcastStream::new(self.changes.subscribe()).map(|item| item.unwrap_or(Ok(Change::Reset))).boxed()
    }

    /// A node as it is shown.
    pub(crate) fn show(&self, found: &Node) -> EngineNode {
        show(&lock(&self.known), found)
    }

    /// What was last known of the tasks.
    pub(crate) fn tasks(&self) -> Option<Arc<Summary>> {
        lock(&self.known).tasks.clone()
    }

    /// Whether no other node has this name.
    pub(crate) fn is_unique(&self, name: &str) -> bool {
        lock(&self.known).names.get(name) == Some(&1)
    }

    /// Takes in tasks that were read for another purpose.
    pub(crate) fn learn(&self, tasks: Arc<Summary>) {
        lock(&self.known).tasks = Some(tasks);
    }

    /// Takes in which node the socket belongs to.
    pub(crate) fn learn_local(&self, id: Option<String>) {
        lock(&self.known).local = id;
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.supervisor.close();
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    // Nothing in here panics half-way through a change, so what a poisoned lock guards is whole.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

fn show(known: &Known, found: &Node) -> EngineNode {
    node::engine_node(found, known.tasks.as_deref(), known.local.as_deref())
}

/// The id of the node whose engine answers, where that is this host's own.
pub(crate) async fn local_node(client: &Client) -> Result<Option<String>> {
    if !client.endpoint().is_local() {
        return Ok(None);
    }
    let info = client.call(|docker| async move { docker.info().await }).await?;
    Ok(info.swarm.and_then(|swarm| swarm.node_id).filter(|id| !id.is_empty()))
}

struct Run {
    client: Arc<Client>,
    settings: Settings,
    known: Arc<Mutex<Known>>,
    out: broadcast::Sender<Result<Change>>,
    wake: Arc<Notify>,
    /// What receivers were told last.
    shown: HashMap<String, EngineNode>,
    /// What was said when the manager went away.
    away: Option<Error>,
    was_here: bool,
}

impl Run {
    async fn forever(mut self) {
        let mut pause = self.settings.retry_first;
        loop {
            let since = Instant::now();
            let news = match self.follow().await {
                // The stream of events ended, as it does when an engine restarts. Where it was open for long, look at
                // once; an engine that gives no events at all is not asked in a hurry.
                Ok(()) => since.elapsed() > self.settings.retry_max,
                Err(error) if self.away.as_ref() == Some(&error) => false,
                Err(error) => {
                    tracing::warn!(%error, "the swarm's manager");
                    self.tell(Err(error.clone()));
                    self.away = Some(error);
                    true
                }
            };
            pause = if news { self.settings.retry_first } else { (pause * 2).min(self.settings.retry_max) };
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Follows the manager until it goes away (`Err`) or its stream of events ends (`Ok`).
    async fn follow(&mut self) -> Result<()> {
        let local = local_node(&self.client).await?;
        lock(&self.known).local = local;
        let events = events(&self.client).await?;
        tokio::pin!(events);
        self.read_tasks().await?;
        let found = self.list().await?;
        if self.away.take().is_some() || !self.was_here {
            // Whoever listens lists again; what follows is told against what stands here now.
            self.shown = found.into_iter().map(|node| (node.engine_node_id.clone(), node)).collect();
            self.tell(Ok(Change::Reset));
            self.was_here = true;
        } else {
            self.tell_differences(found);
        }

        let mut poll = self.settings.tasks_first;
        let mut look_at = Instant::now() + self.settings.look_every.min(Duration::from_secs(1));
        let mut tasks_at = Instant::now() + poll;
        loop {
            tokio::select! {
                event = events.next() => match event {
                    None => return Ok(()),
                    Some(Err(error)) => {
                        tracing::debug!(%error, "the stream of events ended");
                        return Ok(());
                    }
                    Some(Ok(event)) => {
                        // A service's event says that its tasks are about to change; so does a node's.
                        poll = self.settings.tasks_first;
                        tasks_at = tasks_at.min(Instant::now() + poll);
                        if event.typ == Some(EventMessageTypeEnum::NODE) {
                            look_at = look_at.min(Instant::now() + GATHER);
                        }
                    }
                },
                () = self.wake.notified() => {
                    look_at = Instant::now();
                    poll = self.settings.tasks_first;
                    tasks_at = tasks_at.min(Instant::now() + poll);
                }
                () = tokio::time::sleep_until(look_at) => {
                    let found = self.list().await?;
                    self.tell_differences(found);
                    look_at = Instant::now() + self.settings.look_every;
                }
                () = tokio::time::sleep_until(tasks_at) => {
                    if self.read_tasks().await? {
                        poll = self.settings.tasks_first;
                        look_at = Instant::now();
                    } else {
                        poll = (poll * 2).min(self.settings.tasks_max);
                    }
                    tasks_at = Instant::now() + poll;
                }
            }
        }
    }

    async fn list(&self) -> Result<Vec<EngineNode>> {
        let nodes = self.client.call(|docker| async move { docker.list_nodes(None).await }).await?;
        let mut known = lock(&self.known);
        known.names.clear();
        for found in &nodes {
            *known.names.entry(node::name(found).to_owned()).or_default() += 1;
        }
        Ok(nodes.iter().map(|found| show(&known, found)).collect())
    }

    /// Whether any task changed.
    async fn read_tasks(&self) -> Result<bool> {
        let tasks = self.client.call(|docker| async move { docker.list_tasks(None::<ListTasksOptions>).await }).await?;
        let summary = Summary::of(&tasks);
        let mut known = lock(&self.known);
        let changed = known.tasks.as_ref().map(|tasks| tasks.fingerprint) != Some(summary.fingerprint);
        if changed {
            known.tasks = Some(Arc::new(summary));
        }
        Ok(changed)
    }

    fn tell_differences(&mut self, found: Vec<EngineNode>) {
        let mut now = HashMap::with_capacity(found.len());
        for node in found {
            if self.shown.get(&node.engine_node_id) != Some(&node) {
                self.tell(Ok(Change::Node(Box::new(node.clone()))));
            }
            now.insert(node.engine_node_id.clone(), node);
        }
        for id in self.shown.keys().filter(|id| !now.contains_key(*id)) {
            self.tell(Ok(Change::Removed(id.clone())));
        }
        self.shown = now;
    }

    fn tell(&self, item: Result<Change>) {
        // Nobody listening is not an error: whoever comes later lists first.
        drop(self.out.send(item));
    }
}

async fn events(client: &Client) -> Result<impl Stream<Item = std::result::Result<EventMessage, bollard::errors::Error>> + use<>> {
    let docker = client.bounded(client.docker()).await?;
    let filters = HashMap::from([("type", vec!["node", "service"])]);
    Ok(docker.events(Some(EventsOptionsBuilder::default().filters(&filters).build())))
}
