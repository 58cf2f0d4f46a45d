//! The registry of agents: who may speak for which node, and what each said last.
//!
//! Heartbeats live in memory. Two thousand a second must cost little, so a beat takes the lock of its own agent and
//! nothing else of weight: no store, no view of the fleet. The fleet fetches what changed ten times a second.
//!
//! The registry must not know: the view, the rules of scheduling, HTTP.

mod recent;
mod state;
mod version;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use pitlane_api::{HeartbeatRequest, NodeId, Timestamp};
use pitlane_engine::Reports;

pub(super) use recent::missed;
pub(super) use state::{Facts, News};
pub(super) use version::update_for;

use super::Clock;
use crate::store::{Agent, SecretHash, StoredReport};
use state::State;

/// Every agent that enrolled.
pub struct Agents {
    clock: Clock,
    every: Duration,
    offline_after: Duration,
    index: RwLock<Index>,
    /// Engine node ids of agents that have beaten since the fleet looked last.
    beaten: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Index {
    by_token: HashMap<SecretHash, Arc<Cell>>,
    by_engine_node: HashMap<String, Arc<Cell>>,
}

struct Cell {
    node_id: NodeId,
    engine_node_id: String,
    machine_id: String,
    token: SecretHash,
    state: Mutex<State>,
}

impl Cell {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A heartbeat that was refused, as the registry noted it.
pub(super) struct NotedRefusal {
    pub node_id: NodeId,
    /// Refusals since the last heartbeat that was taken.
    pub count: u64,
    /// The first one, or the first after a while.
    pub is_due_in_log: bool,
}

/// What a beat was answered.
pub(super) struct Taken {
    pub send_containers: bool,
    pub clock_offset_s: Option<f64>,
    /// It is the first one since the agent enrolled, its host booted or its version changed, as far as the store knows.
    pub unkept: Option<UnkeptBeat>,
}

/// A beat that is to be kept before it is answered.
#[derive(Debug)]
pub(super) struct UnkeptBeat {
    pub node_id: NodeId,
    pub engine_node_id: String,
    pub token: SecretHash,
    pub report: Arc<HeartbeatRequest>,
    /// When it arrived.
    pub at: Timestamp,
}

impl Agents {
    /// An empty registry. `every`: how often agents beat; `offline_after`: when silence counts as gone.
    pub fn new(clock: Clock, every: Duration, offline_after: Duration) -> Self {
        Self { clock, every, offline_after, index: RwLock::default(), beaten: Mutex::default() }
    }

    fn beaten(&self) -> MutexGuard<'_, Vec<String>> {
        self.beaten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cell(&self, engine_node_id: &str) -> Option<Arc<Cell>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).by_engine_node.get(engine_node_id).cloned()
    }

    /// Takes in an agent as the store keeps it; one that is there already has its token replaced.
    pub(super) fn put(&self, agent: &Agent) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let mut state = State::restored(agent);
        if let Some(old) = index.by_engine_node.remove(&agent.engine_node_id) {
            index.by_token.remove(&old.token);
            state = std::mem::take(&mut *old.state());
            if old.machine_id != agent.machine_id {
                state.replaced();
            }
            // Whoever enrols anew has to be heard anew.
            state.report_is_kept = agent.last_report_at.is_some();
        }
        let cell = Arc::new(Cell {
            node_id: agent.node_id.clone(),
            engine_node_id: agent.engine_node_id.clone(),
            machine_id: agent.machine_id.clone(),
            token: agent.token,
            state: Mutex::new(state),
        });
        index.by_token.insert(agent.token, cell.clone());
        index.by_engine_node.insert(agent.engine_node_id.clone(), cell);
    }

    /// Forgets the agent of a node.
    pub(super) fn forget(&self, engine_node_id: &str) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = index.by_engine_node.remove(engine_node_id) {
            index.by_token.remove(&old.token);
        }
    }

    /// Whether somebody has this token.
    pub(super) fn knows(&self, token: &SecretHash) -> bool {
        self.index.read().unwrap_or_else(PoisonError::into_inner).by_token.contains_key(token)
    }

    /// Takes in a beat; `None`: nobody has this token.
    pub(super) fn beat(&self, token: &SecretHash, beat: HeartbeatRequest) -> Option<Taken> {
        let cell = self.index.read().unwrap_or_else(PoisonError::into_inner).by_token.get(token).cloned()?;
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        let mut state = cell.state();
        let send_containers = state.take_in(beat, elapsed, now, self.every);
        let clock_offset_s = state.clock_offset_s;
        let listed = std::mem::replace(&mut state.listed, true);
        let report = state.report.clone().filter(|_| !state.report_is_kept);
        drop(state);
        if !listed {
            self.beaten().push(cell.engine_node_id.clone());
        }
        let unkept = report.map(|report| UnkeptBeat {
            node_id: cell.node_id.clone(),
            engine_node_id: cell.engine_node_id.clone(),
            token: *token,
            report,
            at: now,
        });
        Some(Taken { send_containers, clock_offset_s, unkept })
    }

    /// The store has a report of the agent with this token.
    pub(super) fn report_is_kept(&self, engine_node_id: &str, token: &SecretHash) {
        if let Some(cell) = self.cell(engine_node_id).filter(|cell| cell.token == *token) {
            cell.state().report_is_kept = true;
        }
    }

    /// Whether a clean beat has confirmed the node.
    pub(super) fn is_confirmed(&self, engine_node_id: &str) -> bool {
        self.cell(engine_node_id).is_some_and(|cell| cell.state().confirmed)
    }

    /// Notes that a heartbeat of this agent was refused because of a field; `None`: nobody has this token.
    pub(super) fn note_refusal(&self, token: &SecretHash, field: &str) -> Option<NotedRefusal> {
        let cell = self.index.read().unwrap_or_else(PoisonError::into_inner).by_token.get(token).cloned()?;
        let (count, is_due_in_log) = cell.state().note_refusal(field, self.clock.elapsed());
        Some(NotedRefusal { node_id: cell.node_id.clone(), count, is_due_in_log })
    }

    /// The nodes that have beaten since this was asked last, by engine node id.
    pub(super) fn take_beaten(&self) -> Vec<String> {
        let beaten = std::mem::take(&mut *self.beaten());
        for engine_node_id in &beaten {
            if let Some(cell) = self.cell(engine_node_id) {
                cell.state().listed = false;
            }
        }
        beaten
    }

    /// What is known of a node's agent; `None`: it has none.
    pub(super) fn facts(&self, engine_node_id: &str) -> Option<Facts> {
        let cell = self.cell(engine_node_id)?;
        let facts = cell.state().facts(&cell.machine_id, self.clock.elapsed(), self.every);
        Some(facts)
    }

    /// When the last beat since the start of this server came, by the monotonic clock. `None`: there is no agent.
    pub(super) fn beat_at(&self, engine_node_id: &str) -> Option<Option<Duration>> {
        self.cell(engine_node_id).map(|cell| cell.state().beat)
    }

    /// What a person should read of, told once.
    pub(super) fn take_news(&self, engine_node_id: &str) -> Vec<News> {
        self.cell(engine_node_id).map(|cell| std::mem::take(&mut cell.state().news)).unwrap_or_default()
    }

    /// A clean beat confirmed the node.
    pub(super) fn confirm(&self, engine_node_id: &str) {
        if let Some(cell) = self.cell(engine_node_id) {
            cell.state().confirmed = true;
        }
    }

    /// Reports that should survive a restart and were not kept yet.
    pub(super) fn take_reports_to_keep(&self) -> Vec<StoredReport> {
        let cells: Vec<Arc<Cell>> = self.index.read().unwrap_or_else(PoisonError::into_inner).by_engine_node.values().cloned().collect();
        let mut reports = Vec::new();
        for cell in cells {
            let mut state = cell.state();
            if !state.due(self.clock.elapsed()) {
                continue;
            }
            state.keep = false;
            state.kept = state.beat;
            if let (Some(report), Some(at)) = (&state.report, state.report_at)
                && let Ok(json) = serde_json::to_string(&**report)
            {
                reports.push(StoredReport { node_id: cell.node_id.clone(), report: json, at });
            }
        }
        reports
    }

    /// These could not be kept: they are due again.
    pub(super) fn keep_again(&self, reports: &[StoredReport]) {
        let cells: Vec<Arc<Cell>> = self.index.read().unwrap_or_else(PoisonError::into_inner).by_engine_node.values().cloned().collect();
        let due: std::collections::HashSet<&NodeId> = reports.iter().map(|report| &report.node_id).collect();
        for cell in cells.iter().filter(|cell| due.contains(&cell.node_id)) {
            cell.state().keep = true;
        }
    }
}

impl Reports for Agents {
    fn latest(&self, engine_node_id: &str) -> Option<(Arc<HeartbeatRequest>, Timestamp)> {
        let cell = self.cell(engine_node_id)?;
        let state = cell.state();
        Some((state.report.clone()?, state.report_at?))
    }

    fn alive(&self, engine_node_id: &str) -> bool {
        let beat = self.beat_at(engine_node_id).flatten();
        beat.is_some_and(|beat| self.clock.elapsed().saturating_sub(beat) <= self.offline_after)
    }
}
