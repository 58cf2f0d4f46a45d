//! One node of the view, with what is remembered of it beyond what is shown.

use std::{sync::Arc, time::Duration};

use pitlane_api::{HeartbeatState, Node, NodeId, Operation, PlannedDrain, SignalKind, SignalState, rules};
use pitlane_engine::EngineNode;

use super::{
    Moment, Surroundings,
    build::{self, Material},
    diff::{self, Difference, Happening},
};
use crate::fleet::{
    agents::{Facts, missed},
    samples::Bucket,
};

/// Details that change with every beat (processor use in words) are refreshed so often, where a frame has room for them.
const REFRESH: Duration = Duration::from_secs(60);

/// What was known of a node before the engine showed it.
pub(super) struct Known {
    pub operation: Option<Operation>,
    /// The version it had when it was drained.
    pub version: Option<String>,
    pub plan: Option<Box<PlannedDrain>>,
}

/// One node.
pub(in crate::fleet) struct Entry {
    /// As the engine showed it last.
    pub engine: EngineNode,
    /// As it is shown. Replaced as a whole, so that whoever copies the handle has it as it was.
    pub node: Arc<Node>,
    /// Unfinished, or the one that failed last.
    pub operation: Option<Operation>,
    /// The planned drain that is open.
    pub plan: Option<Box<PlannedDrain>>,
    /// The version it had when it was drained.
    pub version: Option<String>,
    /// On its way out.
    pub deleting: bool,
    /// How long it has been clean.
    pub settle: rules::Settle,
    /// Signals that were ever `ok` or `bad`.
    pub reported_before: Vec<(SignalKind, String)>,
    /// A heartbeat was reported once.
    pub heartbeat_before: bool,
    /// An agent speaks for it.
    has_agent: bool,
    /// Monotonic time of the newest beat that was folded in.
    pub beat: Option<Duration>,
    /// A first clean beat came, and the registry and the store were not told yet.
    pub to_confirm: bool,
    /// Five minutes of its life.
    pub bucket: Bucket,
    /// Newest beat's score.
    pub score: u8,
    beats: u64,
    refreshed: Duration,
}

impl Entry {
    pub(super) fn new(
        id: NodeId,
        engine: EngineNode,
        facts: Option<Facts>,
        Known { operation, version, plan }: Known,
        surroundings: &Surroundings,
        moment: Moment,
    ) -> Self {
        let created_at = engine.created_at.unwrap_or(moment.now);
        let material = Material {
            id,
            engine: &engine,
            facts: facts.as_ref(),
            operation: operation.as_ref(),
            plan: plan.as_deref(),
            version: version.as_deref(),
            deleting: false,
            previous: &[],
            confirmed: false,
            created_at,
        };
        let node = build::node(&material, surroundings, moment);
        let mut entry = Self {
            engine,
            node: Arc::new(node),
            operation,
            plan,
            version,
            deleting: false,
            settle: rules::Settle::default(),
            reported_before: Vec::new(),
            heartbeat_before: false,
            has_agent: false,
            beat: None,
            to_confirm: false,
            bucket: Bucket::default(),
            score: 0,
            beats: 0,
            refreshed: moment.elapsed,
        };
        entry.remember(facts.as_ref(), surroundings, moment);
        entry
    }

    /// Builds the node anew, and says how it differs from what was shown. `room`: the frame has room for one that need not be in it.
    pub(super) fn rebuild(&mut self, facts: Option<Facts>, surroundings: &Surroundings, moment: Moment, room: bool) -> (Difference, Vec<Happening>) {
        let material = Material {
            id: self.node.id.clone(),
            engine: &self.engine,
            facts: facts.as_ref(),
            operation: self.operation.as_ref(),
            plan: self.plan.as_deref(),
            version: self.version.as_deref(),
            deleting: self.deleting,
            previous: &self.node.signals,
            confirmed: self.to_confirm,
            created_at: self.node.created_at,
        };
        let mut node = build::node(&material, surroundings, moment);
        if node.health == pitlane_api::Health::Pending && self.is_clean_beat(&node, facts.as_ref()) {
            // The first clean beat confirms the node; the store hears of it with the next tick.
            self.to_confirm = true;
            node = build::node(&Material { confirmed: true, ..material }, surroundings, moment);
        }
        let refresh = room && moment.elapsed.saturating_sub(self.refreshed) >= REFRESH;
        let beaten = facts.as_ref().is_some_and(|facts| facts.beats != self.beats);
        let difference = diff::difference(&self.node, &node, beaten, refresh);
        if difference == Difference::Node {
            self.refreshed = moment.elapsed;
        }
        node.updated_at = if diff::differs_in_substance(&self.node, &node) { moment.now } else { self.node.updated_at };
        let happenings = diff::happenings(&self.node, &node, facts.as_ref());
        self.node = Arc::new(node);
        self.remember(facts.as_ref(), surroundings, moment);
        (difference, happenings)
    }

    fn is_clean_beat(&self, node: &Node, facts: Option<&Facts>) -> bool {
        facts.is_some_and(|facts| facts.beat.is_some() && !facts.confirmed) && rules::is_clean(node)
    }

    /// What the settle window, the checks and the samples need to know later.
    fn remember(&mut self, facts: Option<&Facts>, surroundings: &Surroundings, moment: Moment) {
        for signal in self.node.signals.iter().filter(|signal| matches!(signal.state, SignalState::Ok | SignalState::Bad)) {
            if !self.reported_before.iter().any(|(kind, name)| *kind == signal.kind && *name == signal.name) {
                self.reported_before.push((signal.kind, signal.name.clone()));
            }
        }
        self.heartbeat_before |= !matches!(self.node.heartbeat.state, HeartbeatState::NotReported | HeartbeatState::Never);
        self.has_agent = facts.is_some();
        let clean = rules::is_clean(&self.node);
        let max_gap_ms = surroundings.thresholds.late_after_s * 1000;
        match facts {
            Some(facts) => {
                let new_beats = facts.beats.saturating_sub(self.beats);
                // An agent's node is observed when it beats. In between only bad news counts.
                if let Some(beat) = facts.beat.filter(|_| new_beats > 0) {
                    self.settle.observe(millis(beat), clean, max_gap_ms);
                } else if !clean {
                    self.settle.observe(millis(moment.elapsed), false, max_gap_ms);
                }
                self.bucket.add(moment.now, new_beats, &self.node);
                self.beats = facts.beats;
                self.beat = facts.beat;
                self.score = facts.score;
            }
            None => {
                self.settle.observe(millis(moment.elapsed), clean, max_gap_ms);
                self.bucket.add(moment.now, 0, &self.node);
            }
        }
    }

    /// Whether time alone has changed what is to be shown. A node without an agent is observed here: it does not beat.
    pub(super) fn has_aged(&mut self, surroundings: &Surroundings, moment: Moment) -> bool {
        let state = match self.has_agent {
            false => {
                self.settle.observe(millis(moment.elapsed), rules::is_clean(&self.node), surroundings.thresholds.late_after_s * 1000);
                build::engine_state(&self.engine, surroundings, moment)
            }
            true => build::agent_state(self.beat, self.node.last_heartbeat_at.is_some(), surroundings, moment),
        };
        let missed = self.beat.map_or(0, |beat| missed(moment.elapsed.saturating_sub(beat), surroundings.heartbeat_every()));
        state != self.node.heartbeat.state || missed != trailing_misses(&self.node.heartbeat.recent)
    }

    /// Beats that are missing since the last one that came, as the row shows them.
    pub(in crate::fleet) fn missed(&self) -> u8 {
        u8::try_from(trailing_misses(&self.node.heartbeat.recent)).unwrap_or(u8::MAX)
    }

    /// Age of the last sign of life in seconds, by the monotonic clock where an agent reports it.
    pub(in crate::fleet) fn heartbeat_age_s(&self, moment: Moment) -> Option<f64> {
        match self.beat {
            Some(beat) => Some(moment.elapsed.saturating_sub(beat).as_secs_f64()),
            None => self.node.last_heartbeat_at.map(|at| moment.now.duration_since(at).as_secs_f64().max(0.0)),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn trailing_misses(recent: &[u8]) -> usize {
    recent.iter().rev().take_while(|score| **score == 0).count()
}
