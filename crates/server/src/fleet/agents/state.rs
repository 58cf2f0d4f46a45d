//! What is known of one agent: its last report, when it came, and how regularly it beats.

use std::{sync::Arc, time::Duration};

use pitlane_api::{ContainersReport, HeartbeatRequest, Timestamp, WorkloadCounts, rules};

use super::recent::Recent;
use crate::store::Agent;

/// An unchanged report is kept this often, so that a restarted server knows about when the last beat came.
const KEEP_EVERY: Duration = Duration::from_secs(300);

/// A refusal that goes on is logged this often.
const LOG_REFUSAL_EVERY: Duration = Duration::from_secs(600);
/// Longest path of a field that is remembered, in characters.
const FIELD_MAX: usize = 120;
/// News that wait to be told at most. The fleet asks ten times a second; of a node that the engine does not have, it never asks.
const NEWS_MAX: usize = 8;

/// The heartbeats of an agent that were refused since the last one that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// The field that the last one was refused for.
    field: String,
    count: u64,
    /// When it was logged last, by the monotonic clock.
    logged: Duration,
}

/// One agent. Lives behind its own lock, so that beats of different agents do not wait for each other.
#[derive(Debug, Default)]
pub(super) struct State {
    pub report: Option<Arc<HeartbeatRequest>>,
    /// When the report arrived, by wall clock.
    pub report_at: Option<Timestamp>,
    /// When the last beat arrived, by the monotonic clock. `None`: none since this server started.
    pub beat: Option<Duration>,
    pub recent: Recent,
    /// Score of the newest beat.
    pub score: u8,
    /// Beats since this server started.
    pub beats: u64,
    pub clock_offset_s: Option<f64>,
    pub counts: WorkloadCounts,
    /// A clean heartbeat confirmed the node once.
    pub confirmed: bool,
    /// The store has a report since the agent enrolled, and since its host booted and its version changed.
    pub report_is_kept: bool,
    /// The agent said that it ends on purpose.
    pub stopping: bool,
    /// What a person should read of, not yet told.
    pub news: Vec<News>,
    /// The report changed in a way that should survive a restart.
    pub keep: bool,
    /// Which beat was kept last, by the monotonic clock.
    pub kept: Option<Duration>,
    /// It stands in the registry's list of agents that have beaten.
    pub listed: bool,
    /// Since the last beat that was taken.
    pub refused: Option<Refused>,
}

/// Something an agent's beat gave away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fleet) enum News {
    /// The host booted anew.
    Rebooted,
    /// The agent's version changed.
    Updated {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
}

/// What the view needs of an agent. `report` is shared, not copied.
#[derive(Debug, Clone)]
pub(in crate::fleet) struct Facts {
    pub machine_id: String,
    pub report: Option<Arc<HeartbeatRequest>>,
    pub report_at: Option<Timestamp>,
    pub beat: Option<Duration>,
    pub score: u8,
    pub recent: Vec<u8>,
    pub beats: u64,
    pub clock_offset_s: Option<f64>,
    pub counts: WorkloadCounts,
    pub confirmed: bool,
    pub stopping: bool,
    /// The field because of which the server refuses what the agent reports, since the last beat that it took.
    pub refused: Option<String>,
}

impl State {
    /// As a restarted server finds it.
    pub(super) fn restored(agent: &Agent) -> Self {
        let report: Option<HeartbeatRequest> = agent.last_report.as_deref().and_then(|json| serde_json::from_str(json).ok());
        Self {
            counts: report.as_ref().and_then(|report| report.containers.as_ref()).map(counts).unwrap_or_default(),
            report: report.map(Arc::new),
            report_at: agent.last_report_at,
            confirmed: agent.confirmed_at.is_some(),
            report_is_kept: agent.last_report_at.is_some(),
            ..Self::default()
        }
    }

    /// Takes in a beat. Gives back whether the agent should send its containers with the next one.
    pub(super) fn take_in(&mut self, mut beat: HeartbeatRequest, elapsed: Duration, now: Timestamp, every: Duration) -> bool {
        let before = self.report.take();
        let sent_containers = beat.containers.is_some();
        if let Some(before) = &before {
            if let (Some(old), Some(new)) = (&before.boot_id, &beat.boot_id)
                && old != new
            {
                self.add_news(News::Rebooted);
            }
            if before.agent_version != beat.agent_version {
                self.add_news(News::Updated { from: before.agent_version.clone(), to: beat.agent_version.clone() });
            }
            // What is told of such a beat is told once, also over a kill of the server.
            self.report_is_kept &= before.boot_id == beat.boot_id && before.agent_version == beat.agent_version;
        }
        // "Unchanged" holds within one run of the agent only, and only while this server has been listening to it.
        let same_run = self.beat.is_some() && before.as_ref().is_some_and(|before| beat.seq > before.seq && before.boot_id == beat.boot_id);
        match &beat.containers {
            Some(containers) => self.counts = counts(containers),
            None if same_run => beat.containers = before.and_then(containers_of),
            None => self.counts = WorkloadCounts::default(),
        }
        self.keep |= sent_containers || self.beat.is_none();
        self.clock_offset_s = Some(round_tenth(offset_s(beat.clock, now)));
        self.score = self.recent.beat(self.beat.map(|last| elapsed.saturating_sub(last)), every);
        self.beat = Some(elapsed);
        self.beats += 1;
        self.stopping = beat.stopping;
        self.refused = None;
        self.report_at = Some(now);
        let missing = beat.containers.is_none();
        self.report = Some(Arc::new(beat));
        missing
    }

    fn add_news(&mut self, news: News) {
        if self.news.len() < NEWS_MAX {
            self.news.push(news);
        }
    }

    /// Notes a heartbeat that was refused. Gives back how many were, and whether the log should say so.
    pub(super) fn note_refusal(&mut self, field: &str, elapsed: Duration) -> (u64, bool) {
        let before = self.refused.take();
        let is_due = before.as_ref().is_none_or(|before| elapsed.saturating_sub(before.logged) >= LOG_REFUSAL_EVERY);
        let logged = before.as_ref().filter(|_| !is_due).map_or(elapsed, |before| before.logged);
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        self.refused = Some(Refused { field: crate::plain::cut(field, FIELD_MAX), count, logged });
        (count, is_due)
    }

    /// A new agent took the place of the old one: what the old one said of the host is not its word.
    pub(super) fn replaced(&mut self) {
        *self = Self { confirmed: self.confirmed, listed: self.listed, ..Self::default() };
    }

    /// Whether the report is due to be kept: it changed, or what is kept makes the last beat look long ago.
    pub(super) fn due(&self, elapsed: Duration) -> bool {
        let old = self.kept.is_none_or(|kept| elapsed.saturating_sub(kept) >= KEEP_EVERY);
        self.beat.is_some() && (self.keep || (old && self.kept != self.beat))
    }

    pub(super) fn facts(&self, machine_id: &str, elapsed: Duration, every: Duration) -> Facts {
        Facts {
            machine_id: machine_id.to_owned(),
            report: self.report.clone(),
            report_at: self.report_at,
            beat: self.beat,
            score: self.score,
            recent: self.recent.row(self.beat.map(|beat| elapsed.saturating_sub(beat)), every),
            beats: self.beats,
            clock_offset_s: self.clock_offset_s,
            counts: self.counts,
            confirmed: self.confirmed,
            stopping: self.stopping,
            refused: self.refused.as_ref().map(|refused| refused.field.clone()),
        }
    }
}

/// The containers of a report, moved out where nobody else reads it: beats are many and lists are long.
fn containers_of(report: Arc<HeartbeatRequest>) -> Option<ContainersReport> {
    match Arc::try_unwrap(report) {
        Ok(report) => report.containers,
        Err(shared) => shared.containers.clone(),
    }
}

/// How many run, and how many of these have data. Nothing is said of a list that is not whole.
fn counts(containers: &ContainersReport) -> WorkloadCounts {
    if !containers.complete {
        return WorkloadCounts::default();
    }
    let running = containers.containers.iter().map(rules::workload_from_container).filter(|workload| workload.is_running());
    let (total, stateful) = running.fold((0, 0), |(total, stateful), workload| (total + 1, stateful + u32::from(workload.stateful)));
    WorkloadCounts { total: Some(total), stateful: Some(stateful) }
}

fn offset_s(agent: Timestamp, server: Timestamp) -> f64 {
    agent.duration_since(server).as_secs_f64()
}

fn round_tenth(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
