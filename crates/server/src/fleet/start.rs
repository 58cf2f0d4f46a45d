//! Starting: what the store knows is taken up again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture, stream::BoxStream};
use pitlane_api::{ActivityKind, EngineKind, OperationKind, OperationState, say};
use pitlane_engine::{Change, Engine};
use pitlane_supervisor::Supervisor;
use tokio::sync::Notify;

use super::{
    Agents, Fleet, FleetSettings, Result, engine_state::EngineState, hub::Hub, lock, overdue, panic_safe_engine::PanicSafeEngine, plan, scribe,
    share, upkeep, view, view_lock::ViewLock,
};
use crate::store::{NewActivity, Store};

/// What an engine's own process on a node is called.
fn process(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Swarm => "Docker",
        EngineKind::Kubernetes => "kubelet",
        _ => "engine",
    }
}

impl Agents {
    /// A registry that agrees with the fleet's settings. Made first, since the embedded engine reads reports from it.
    pub fn for_fleet(settings: &FleetSettings) -> Self {
        let thresholds = &settings.thresholds;
        let (every, offline_after) = (Duration::from_secs(thresholds.heartbeat_every_s), Duration::from_secs(thresholds.offline_after_s));
        Self::new(settings.clock.clone(), every, offline_after)
    }
}

impl Fleet {
    /// Takes up what the store knows, lists the engine's nodes, and goes on with every operation that is not finished.
    /// An engine that does not answer is no reason not to start.
    ///
    /// # Errors
    /// Only where the store cannot be read.
    pub async fn start(settings: FleetSettings, store: Arc<dyn Store>, engine: Arc<dyn Engine>, agents: Arc<Agents>) -> Result<Arc<Self>> {
        let supervisor = Supervisor::new(settings.restarts);
        if let Some(of_the_driver) = engine.supervisor() {
            supervisor.adopt(of_the_driver);
        }
        let engine = Arc::new(PanicSafeEngine::new(engine, supervisor.clone()));
        Self::start_under(supervisor, settings, store, engine, agents).await
    }

    /// The same with a supervisor, and with the engine as it is.
    pub(super) async fn start_under(
        supervisor: Supervisor,
        settings: FleetSettings,
        store: Arc<dyn Store>,
        engine: Arc<dyn Engine>,
        agents: Arc<Agents>,
    ) -> Result<Arc<Self>> {
        let known_agents = store.agents().await?;
        for agent in &known_agents {
            agents.put(agent);
        }
        let plans = plan::Plans::new(store.open_plans().await?);
        let overdue = overdue::Told::new(store.told_overdue().await?);
        let links = store.share_links_until_activated(settings.clock.now()).await?;
        let clock_seen = upkeep::ClockSeen::new(store.latest_time().await?, settings.clock.elapsed());
        let surroundings = view::Surroundings {
            thresholds: settings.thresholds.clone(),
            server_version: settings.server_version.clone(),
            machine_id: settings.machine_id.clone(),
            engine_process: process(engine.kind()),
            newest_simulated_agent: None,
        };
        let fleet = Arc::new(Self {
            view: ViewLock::new(view::View::new(surroundings)),
            engine_state: Mutex::new(EngineState::default()),
            hub: Hub::new(),
            urgent: Notify::new(),
            gate: tokio::sync::Mutex::default(),
            moves: tokio::sync::Mutex::default(),
            node_locks: Mutex::new(HashMap::new()),
            reconcilers: Mutex::new(HashMap::new()),
            scribe: scribe::Desk::default(),
            intents: Default::default(),
            first_beats: Default::default(),
            links: share::Links::new(links),
            bulks: Default::default(),
            plans,
            overdue,
            lists: Mutex::new(HashMap::new()),
            last_tick: Mutex::new(settings.clock.elapsed()),
            ended: Mutex::default(),
            keeping: tokio::sync::Mutex::default(),
            clock_seen: Mutex::new(clock_seen),
            supervisor,
            settings,
            store,
            engine,
            agents,
        });
        fleet.take_up_operations().await?;
        fleet.take_up_intents().await?;
        fleet.take_up_plans();
        let changes = fleet.engine.watch();
        fleet.ask_version().await;
        fleet.relist().await;
        if fleet.engine.kind() == EngineKind::Embedded {
            // It answers from this process: whoever looks finds everything settled.
            fleet.settle_what_is_open().await;
        }
        fleet.forget_orphans(known_agents).await;
        fleet.keep_going(changes);
        for operation in fleet.store.unfinished_operations().await? {
            fleet.reconcile(&operation);
        }
        for bulk in fleet.store.unfinished_bulks().await? {
            fleet.carry_bulk(&bulk);
        }
        Ok(fleet)
    }

    /// The loops that a fleet lives by. `changes` is the engine's watch, opened before its nodes were listed.
    fn keep_going(self: &Arc<Self>, changes: BoxStream<'static, pitlane_engine::Result<Change>>) {
        let keep = |name, task: fn(Arc<Self>) -> BoxFuture<'static, ()>| {
            let fleet = self.clone();
            self.supervisor.keep(name, move || task(fleet.clone()));
        };
        keep("fleet.activity_writer", |fleet| fleet.scribe().boxed());
        keep("fleet.beats", |fleet| fleet.fold_on().boxed());
        keep("fleet.tick", |fleet| fleet.tick_on().boxed());
        keep("fleet.urgent_frames", |fleet| fleet.publish_urgent_on().boxed());
        keep("fleet.upkeep", |fleet| fleet.keep_house().boxed());
        keep("fleet.pruning", |fleet| fleet.prune_on().boxed());
        keep("fleet.expiry", |fleet| fleet.end_expired_on().boxed());
        let (fleet, mut first) = (self.clone(), Some(changes));
        self.supervisor.keep("fleet.engine_watch", move || {
            let (fleet, first) = (fleet.clone(), first.take());
            async move {
                let changes = match first {
                    Some(changes) => changes,
                    // What the watch before did not tell any more is in the list.
                    None => {
                        let changes = fleet.engine.watch();
                        fleet.relist().await;
                        changes
                    }
                };
                fleet.follow(changes).await;
            }
        });
    }

    /// Shows the operations that are not finished, and those that failed last.
    async fn take_up_operations(&self) -> Result<()> {
        for operation in self.store.last_operations().await? {
            self.view_mut().remember_version(&operation);
            let shown = !operation.state.is_finished() || operation.state == OperationState::Failed;
            if shown {
                self.view_mut().set_operation(&operation.node_id.clone(), Some(operation.clone()), None, self.moment());
            }
            if !operation.state.is_finished() {
                let message = match operation.kind {
                    OperationKind::Activate => say!("The server was started again and goes on with the activation."),
                    _ => say!("The server was started again and goes on with the drain."),
                };
                self.note(NewActivity {
                    node_id: Some(operation.node_id.clone()),
                    node_name: Some(operation.node_name.clone()),
                    operation_id: Some(operation.id.clone()),
                    ..NewActivity::by_system(self.settings.clock.now(), ActivityKind::OperationResumed, message)
                });
            }
        }
        Ok(())
    }

    /// An agent that lived and whose node the embedded engine does not have: a removal was cut short. Its host may
    /// enrol again.
    async fn forget_orphans(&self, agents: Vec<crate::store::Agent>) {
        if self.engine.kind() != EngineKind::Embedded || !lock(&self.engine_state).listed {
            return;
        }
        let orphans =
            agents.into_iter().filter(|agent| agent.last_report_at.is_some() && self.view().by_engine_node(&agent.engine_node_id).is_none());
        for agent in orphans.collect::<Vec<_>>() {
            match self.store.forget_node(&agent.node_id).await {
                Ok(()) => self.agents.forget(&agent.engine_node_id),
                Err(error) => tracing::warn!(%error, node = %agent.node_id, "the agent of a removed node could not be forgotten"),
            }
        }
    }
}
