//! The fleet as it is shown: one entry per node, made of what the engine shows, what the agent says, and the operation.
//!
//! It lives in memory behind one lock: see `view_lock`. Whoever wants to look for long copies handles of the nodes and lets go. Beats do not touch it; they
//! are folded in ten times a second, and sent once. Kinds of change are told apart, because they are sent differently: a mere heartbeat, the lack of
//! one, and anything else.
//!
//! The view must not know: the store, how frames travel, or what a use case is.

mod build;
mod counts;
mod diff;
mod entry;
pub(super) mod query;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Bound,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use pitlane_api::{Capacity, Counts, Node, NodeId, NodeSource, Operation, PlannedDrain, Thresholds, Timestamp, rules::Realm};
use pitlane_engine::EngineNode;

pub(super) use build::{derived_id, node_id};
pub(super) use diff::{Difference, Happening};
pub(super) use entry::Entry;
use entry::Known;

use super::agents::{Facts, update_for};

/// A frame with so many whole nodes carries no more of them that changed in details only. Browsers and server stand still to read and write whole nodes, and
/// after a restart of the server the details of all nodes are due in the same second.
const REFRESHED: usize = 100;

/// A guard that is asked again within this time does not look through the whole fleet for nodes that have aged meanwhile.
const LOOK_FOR_AGED_EVERY: Duration = Duration::from_millis(250);

/// Capacity of a node's realm as it is, and as it would be without the node.
///
/// `out_of_reach`: nodes, by the engine's ids, that could not take what runs on this one.
pub(super) fn capacities(nodes: &[Arc<Node>], id: &NodeId, out_of_reach: &[String]) -> (Capacity, Capacity) {
    let realm = nodes.iter().find(|node| node.id == *id).map_or(Realm::Real, |node| Realm::of(node.node_source));
    let barred: HashSet<&str> = out_of_reach.iter().map(String::as_str).collect();
    let count = || nodes.iter().map(AsRef::as_ref).filter(|other: &&Node| !barred.contains(other.engine_node_id.as_str()));
    (pitlane_api::rules::capacity(realm, count()), pitlane_api::rules::capacity_without(realm, count(), Some(id)))
}

/// What an entry is built with.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub thresholds: Thresholds,
    pub server_version: String,
    pub machine_id: Option<String>,
    /// What the engine's own process on a node is called.
    pub engine_process: &'static str,
    /// The newest agent of the simulated realm. Simulated agents carry versions of their own story, which the server's
    /// own version says nothing about; an update is true there when another node of the realm has it already.
    pub newest_simulated_agent: Option<String>,
}

impl Surroundings {
    fn heartbeat_every(&self) -> Duration {
        Duration::from_secs(self.thresholds.heartbeat_every_s)
    }

    /// The version an agent of this realm ought to have. Real agents come in the server's own binary.
    fn agent_ought_to_be(&self, realm: Realm) -> Option<&str> {
        match realm {
            Realm::Real => Some(&self.server_version),
            Realm::Simulated => self.newest_simulated_agent.as_deref(),
        }
    }

    fn heard_of_agent(&mut self, source: NodeSource, facts: Option<&Facts>) {
        let Some(report) = facts.and_then(|facts| facts.report.as_deref()) else { return };
        let known = self.newest_simulated_agent.as_deref();
        if source == NodeSource::Simulated && known.is_none_or(|known| update_for(known, &report.agent_version).is_some()) {
            self.newest_simulated_agent = Some(report.agent_version.clone());
        }
    }
}

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub now: Timestamp,
    pub elapsed: Duration,
}

/// Counts and capacity of the two realms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Totals {
    pub counts: Counts,
    pub simulated: Option<Counts>,
    pub capacity: Capacity,
    pub simulated_capacity: Option<Capacity>,
}

/// Every node.
pub(super) struct View {
    surroundings: Surroundings,
    entries: HashMap<NodeId, Entry>,
    by_engine_node: HashMap<String, NodeId>,
    /// Unfinished, or failed last; of nodes the engine has not shown yet too.
    operations: HashMap<NodeId, Operation>,
    /// Open ones, of nodes the engine has not shown yet too.
    plans: HashMap<NodeId, Box<PlannedDrain>>,
    /// Versions that nodes had when they were drained; of nodes the engine has not shown yet too.
    versions: HashMap<NodeId, String>,
    /// By name, for pages: sorting ten thousand names at every request would be felt.
    by_name: BTreeSet<(String, NodeId)>,
    /// Of every node; counted when somebody asks, and anew once a node or the second has changed.
    totals: OnceLock<Totals>,
    /// The same.
    facets: OnceLock<query::Facets>,
    /// The totals that were noticed last.
    totals_before: Totals,
    /// When it was looked for nodes that have aged.
    aged_at: Option<Duration>,
    /// Nodes to send whole.
    changed: HashSet<NodeId>,
    /// Nodes of which only a beat is to be sent.
    beats: HashSet<NodeId>,
    /// Nodes of which only the lack of a beat is to be sent.
    missed: HashSet<NodeId>,
    removed: Vec<NodeId>,
    /// Of `changed`: what the engine itself says anew about where things are placed. Nobody should wait a second for it.
    urgent: HashSet<NodeId>,
    totals_changed: bool,
    /// How often all nodes were walked through. Counted for tests.
    pub(super) walks: AtomicU32,
}

/// What changed since it was taken last.
pub(super) struct Changes {
    pub nodes: Vec<NodeId>,
    pub beats: Vec<NodeId>,
    pub missed: Vec<NodeId>,
    pub removed: Vec<NodeId>,
    pub totals: bool,
}

impl View {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            entries: HashMap::new(),
            by_engine_node: HashMap::new(),
            operations: HashMap::new(),
            plans: HashMap::new(),
            versions: HashMap::new(),
            by_name: BTreeSet::new(),
            totals: OnceLock::new(),
            facets: OnceLock::new(),
            totals_before: counts::totals(std::iter::empty(), Timestamp::MIN),
            aged_at: None,
            changed: HashSet::new(),
            beats: HashSet::new(),
            missed: HashSet::new(),
            removed: Vec::new(),
            urgent: HashSet::new(),
            totals_changed: true,
            walks: AtomicU32::new(0),
        }
    }

    /// Called by whatever walks through all nodes.
    fn walk(&self) {
        if cfg!(test) {
            self.walks.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn get(&self, id: &NodeId) -> Option<&Entry> {
        self.entries.get(id)
    }

    pub(super) fn by_engine_node(&self, engine_node_id: &str) -> Option<&Entry> {
        self.by_engine_node.get(engine_node_id).and_then(|id| self.entries.get(id))
    }

    /// The operation that is shown with a node, whether the engine has shown the node yet or not.
    pub(super) fn operation(&self, id: &NodeId) -> Option<&Operation> {
        self.operations.get(id)
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> + Clone {
        self.walk();
        self.entries.values().map(|entry| &*entry.node)
    }

    /// Handles of every node, in no order.
    pub(super) fn all(&self) -> Vec<Arc<Node>> {
        self.walk();
        self.entries.values().map(|entry| entry.node.clone()).collect()
    }

    /// Handles of every node, by name.
    pub(super) fn all_by_name(&self) -> Vec<Arc<Node>> {
        self.nodes_behind(None).cloned().collect()
    }

    /// Every node behind this one, by name and id.
    fn nodes_behind(&self, place: Option<(String, NodeId)>) -> impl Iterator<Item = &Arc<Node>> {
        let from = place.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_name.range((from, Bound::Unbounded)).filter_map(|(_, id)| self.entries.get(id)).map(|entry| &entry.node)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn facets(&self, now: Timestamp) -> &query::Facets {
        self.facets.get_or_init(|| query::Facets::of(self.nodes(), now))
    }

    pub(super) fn engine_node_ids(&self) -> Vec<String> {
        self.by_engine_node.keys().cloned().collect()
    }

    pub(super) fn totals(&self, now: Timestamp) -> &Totals {
        self.totals.get_or_init(|| counts::totals(self.nodes(), now))
    }

    /// What was counted holds no longer.
    fn uncount(&mut self) {
        self.totals = OnceLock::new();
        self.facets = OnceLock::new();
    }

    /// Somebody panicked in the middle of a change: what is made of the entries is made anew, and every node is sent again.
    pub(super) fn recover(&mut self) {
        self.by_engine_node = self.entries.values().map(|entry| (entry.engine.engine_node_id.clone(), entry.node.id.clone())).collect();
        self.by_name = self.entries.values().map(|entry| (entry.node.name.clone(), entry.node.id.clone())).collect();
        self.changed = self.entries.keys().cloned().collect();
        self.totals_changed = true;
        self.uncount();
    }

    /// Puts what the engine shows of a node in place of what it showed before, and gives back what happened to it.
    pub(super) fn put(&mut self, engine: EngineNode, facts: Option<Facts>, moment: Moment) -> Vec<Happening> {
        let id = node_id(&engine);
        let name = engine.name.clone();
        self.surroundings.heard_of_agent(engine.source, facts.as_ref());
        match self.entries.get_mut(&id) {
            Some(entry) => {
                if entry.node.name != name {
                    self.by_name.remove(&(entry.node.name.clone(), id.clone()));
                    self.by_name.insert((name, id.clone()));
                }
                let shown = (entry.node.scheduling, entry.node.revision.clone(), entry.node.health);
                entry.engine = engine;
                let happenings = self.rebuild(&id, facts, moment);
                if self.entries.get(&id).is_some_and(|entry| shown != (entry.node.scheduling, entry.node.revision.clone(), entry.node.health)) {
                    self.urgent.insert(id);
                }
                happenings
            }
            None => {
                self.by_engine_node.insert(engine.engine_node_id.clone(), id.clone());
                self.by_name.insert((name, id.clone()));
                // Gone and back before anybody was told: it changed. To be told now that it is gone would be wrong.
                self.removed.retain(|gone| *gone != id);
                self.uncount();
                let known = Known {
                    operation: self.operations.get(&id).cloned(),
                    version: self.versions.get(&id).cloned(),
                    plan: self.plans.get(&id).cloned(),
                };
                self.entries.insert(id.clone(), Entry::new(id.clone(), engine, facts, known, &self.surroundings, moment));
                self.changed.insert(id);
                Vec::new()
            }
        }
    }

    /// Builds a node anew from what is known now.
    pub(super) fn rebuild(&mut self, id: &NodeId, facts: Option<Facts>, moment: Moment) -> Vec<Happening> {
        let Some(entry) = self.entries.get_mut(id) else { return Vec::new() };
        self.surroundings.heard_of_agent(entry.engine.source, facts.as_ref());
        let (difference, happenings) = entry.rebuild(facts, &self.surroundings, moment, self.changed.len() < REFRESHED);
        match difference {
            Difference::None => {}
            // What came after a lack of it that nobody was told of yet: a client puts both into its row by itself in that order only.
            Difference::Beat if self.missed.remove(id) => {
                self.changed.insert(id.clone());
            }
            Difference::Beat => {
                self.beats.insert(id.clone());
            }
            Difference::Missed => {
                self.missed.insert(id.clone());
            }
            Difference::Node => {
                self.uncount();
                self.changed.insert(id.clone());
            }
        }
        happenings
    }

    /// Remembers the version a node had when it was drained. Told with the node's newest operation, finished or not, so that a
    /// restart knows it too.
    pub(super) fn remember_version(&mut self, operation: &Operation) {
        let id = &operation.node_id;
        match &operation.version {
            Some(version) => self.versions.insert(id.clone(), version.clone()),
            None => self.versions.remove(id),
        };
        if let Some(entry) = self.entries.get_mut(id) {
            entry.version = operation.version.clone();
        }
    }

    /// Sets the operation that is shown with a node.
    pub(super) fn set_operation(&mut self, id: &NodeId, operation: Option<Operation>, facts: Option<Facts>, moment: Moment) {
        match &operation {
            Some(operation) => self.operations.insert(id.clone(), operation.clone()),
            None => self.operations.remove(id),
        };
        if let Some(entry) = self.entries.get_mut(id) {
            entry.operation = operation;
            self.rebuild(id, facts, moment);
            self.uncount();
        }
    }

    /// Sets the planned drain that is shown with a node, or that there is none.
    pub(super) fn set_plan(&mut self, id: &NodeId, plan: Option<Box<PlannedDrain>>, facts: Option<Facts>, moment: Moment) {
        match &plan {
            Some(plan) => self.plans.insert(id.clone(), plan.clone()),
            None => self.plans.remove(id),
        };
        if let Some(entry) = self.entries.get_mut(id) {
            entry.plan = plan;
            self.rebuild(id, facts, moment);
            self.urgent.insert(id.clone());
        }
    }

    /// Marks a node as being removed, or not.
    pub(super) fn set_deleting(&mut self, id: &NodeId, deleting: bool, facts: Option<Facts>, moment: Moment) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.deleting = deleting;
            self.rebuild(id, facts, moment);
            self.uncount();
        }
    }

    /// The node is gone.
    pub(super) fn remove(&mut self, engine_node_id: &str, _now: Timestamp) -> Option<Entry> {
        let id = self.by_engine_node.remove(engine_node_id)?;
        let entry = self.entries.remove(&id)?;
        self.by_name.remove(&(entry.node.name.clone(), id.clone()));
        self.changed.remove(&id);
        self.beats.remove(&id);
        self.missed.remove(&id);
        self.urgent.remove(&id);
        self.removed.push(id);
        self.uncount();
        Some(entry)
    }

    /// Nodes whose heartbeat has aged into another state, or that missed a beat, since they were built. The beats that came are folded in already.
    pub(super) fn aged(&mut self, moment: Moment) -> Vec<NodeId> {
        self.walk();
        self.aged_at = Some(moment.elapsed);
        let surroundings = &self.surroundings;
        let aged = |entry: &mut Entry| entry.has_aged(surroundings, moment);
        self.entries.values_mut().filter_map(|entry| aged(entry).then(|| entry.node.id.clone())).collect()
    }

    /// The same for a guard, which may be asked for each node of a large set: it looks through the fleet again only after a moment.
    pub(super) fn aged_since_looked_at(&mut self, moment: Moment) -> Vec<NodeId> {
        match self.aged_at {
            Some(at) if moment.elapsed.saturating_sub(at) < LOOK_FOR_AGED_EVERY => Vec::new(),
            _ => self.aged(moment),
        }
    }

    /// Counts and sums up anew, and notices whether that changed anything; cheap enough for every second, too dear for every beat.
    pub(super) fn recount(&mut self, now: Timestamp) {
        self.uncount();
        let totals = self.totals(now).clone();
        if totals != self.totals_before {
            self.totals_before = totals;
            self.totals_changed = true;
        }
    }

    /// Something about the engine or the fleet as a whole changed.
    pub(super) fn touch_totals(&mut self) {
        self.totals_changed = true;
    }

    /// A node was sent whole just now.
    pub(super) fn sent(&mut self, id: &NodeId) {
        self.changed.remove(id);
        self.beats.remove(id);
        self.missed.remove(id);
        self.urgent.remove(id);
    }

    /// Whether something waits that is not to wait for the second's frame.
    pub(super) fn is_urgent(&self) -> bool {
        !self.urgent.is_empty() || !self.removed.is_empty()
    }

    /// What is not to wait for the second's frame; beats and the rest stay for it.
    pub(super) fn take_urgent(&mut self) -> Changes {
        let urgent = std::mem::take(&mut self.urgent);
        let nodes: Vec<NodeId> = urgent.into_iter().filter(|id| self.changed.remove(id)).collect();
        for id in &nodes {
            self.beats.remove(id);
            self.missed.remove(id);
        }
        Changes {
            nodes,
            beats: Vec::new(),
            missed: Vec::new(),
            removed: std::mem::take(&mut self.removed),
            totals: std::mem::take(&mut self.totals_changed),
        }
    }

    pub(super) fn take_changes(&mut self) -> Changes {
        self.urgent.clear();
        let sent = std::mem::take(&mut self.changed);
        let left = |ids: &mut HashSet<NodeId>| std::mem::take(ids).into_iter().filter(|id| !sent.contains(id)).collect();
        let (beats, missed) = (left(&mut self.beats), left(&mut self.missed));
        Changes {
            nodes: sent.into_iter().collect(),
            beats,
            missed,
            removed: std::mem::take(&mut self.removed),
            totals: std::mem::take(&mut self.totals_changed),
        }
    }

    /// Continues a bucket that an earlier run of the server began.
    pub(super) fn merge_sample(&mut self, id: &NodeId, earlier: Option<&pitlane_api::Sample>, every: Duration) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.bucket.merge(earlier, every);
        }
    }

    /// Whether a first clean beat confirmed the node and nobody was told yet.
    pub(super) fn take_confirmed(&mut self, id: &NodeId) -> bool {
        self.entries.get_mut(id).is_some_and(|entry| std::mem::take(&mut entry.to_confirm))
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.walk();
        self.entries.values()
    }

    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.values_mut()
    }
}
