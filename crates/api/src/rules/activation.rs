//! Rule 5: Activate is gated on health.

use crate::{
    ActivateRequest, ActivationChecks, Check, CheckKind, CheckOutcome, Health, HeartbeatState, Node, OperationId, OperationKind, Refusal, Scheduling,
    Signal, SignalKind, SignalState, Timestamp, Words, say,
};

use super::{health::can_block, signals::signal_name};

/// Everything that decides whether a node may be activated.
#[derive(Debug, Clone)]
pub struct ActivationInput<'a> {
    /// Now, by the server's clock.
    pub now: Timestamp,
    /// The node.
    pub node: &'a Node,
    /// The activation that asks again before it writes.
    pub own: Option<&'a OperationId>,
    /// Age of the last heartbeat in seconds, by the server's monotonic clock.
    pub heartbeat_age_s: Option<f64>,
    /// Whether a heartbeat was ever reported for this node.
    pub heartbeat_before: bool,
    /// Signals that were ever seen `ok` or `bad`, by kind and name. Missing now, they block.
    pub reported_before: &'a [(SignalKind, String)],
    /// [`Settle::clean_for_ms`].
    pub clean_for_ms: u64,
    /// Length of the settle window in seconds.
    pub settle_window_s: u64,
    /// Whether the engine answers.
    pub engine_reachable: bool,
}

/// Every check, in the order of the screen.
pub fn activation_checks(input: &ActivationInput<'_>, commands: Vec<String>) -> ActivationChecks {
    let mut checks = Vec::new();
    if !input.engine_reachable {
        checks.push(check(CheckKind::Engine, say!("Engine reachable"), CheckOutcome::Blocked, say!("does not answer")));
    }
    checks.push(heartbeat(input));
    checks.push(settled(input));
    checks.extend(signals(input));
    if let Some(operation) = input.node.operation.as_ref().filter(|operation| !operation.state.is_finished() && Some(&operation.id) != input.own) {
        let (outcome, detail) = match operation.kind {
            OperationKind::Drain => (CheckOutcome::Ok, say!("a pending drain will be aborted")),
            _ => (CheckOutcome::Blocked, say!("an activation by {} is not finished", &operation.requested_by)),
        };
        checks.push(check(CheckKind::Operation, say!("No other operation"), outcome, detail));
    }
    ActivationChecks {
        node_id: input.node.id.clone(),
        revision: input.node.revision.clone(),
        read_at: input.now,
        clean: checks.iter().all(|check| check.outcome != CheckOutcome::Blocked),
        checks,
        settle_window_s: input.settle_window_s,
        settled_for_s: (input.clean_for_ms / 1000).min(input.settle_window_s),
        notice: notice(input),
        commands,
    }
}

/// Whether the activation may be accepted, or written. Asked again before every write to the engine.
pub fn check_activation(input: &ActivationInput<'_>, request: &ActivateRequest) -> Result<(), Refusal> {
    if input.node.health == Health::Deleting {
        return Err(Refusal::NodeIsDeleting {});
    }
    let other = input.node.operation.as_ref().filter(|operation| !operation.state.is_finished() && Some(&operation.id) != input.own);
    match other {
        Some(operation) if operation.kind != OperationKind::Drain => {
            return Err(Refusal::OperationInProgress { operation: Box::new(operation.clone()) });
        }
        None if input.node.scheduling == Scheduling::Schedulable => return Err(Refusal::AlreadySchedulable {}),
        _ => {}
    }
    if request.override_.is_some() {
        return Ok(());
    }
    // A drain that has not reached the engine is merely taken back: the node is schedulable as it stands.
    if other.is_some() && input.node.scheduling == Scheduling::Schedulable {
        return Ok(());
    }
    let checks = activation_checks(input, Vec::new());
    if checks.clean { Ok(()) } else { Err(Refusal::ActivationBlocked { checks: Box::new(checks) }) }
}

fn check(kind: CheckKind, name: Words, outcome: CheckOutcome, detail: Words) -> Check {
    Check { kind, name, outcome, detail }
}

fn heartbeat(input: &ActivationInput<'_>) -> Check {
    let age = || input.heartbeat_age_s.map_or_else(|| say!("none yet"), |age| say!("{} s ago", age.round() as u64));
    let (outcome, detail) = match input.node.heartbeat.state {
        HeartbeatState::Fresh => (CheckOutcome::Ok, age()),
        HeartbeatState::NotReported if !input.heartbeat_before => (CheckOutcome::NotRequired, say!("not reported by this engine")),
        HeartbeatState::NotReported => (CheckOutcome::Blocked, say!("was reported before, and is missing now")),
        HeartbeatState::Late => (CheckOutcome::Blocked, say!("late, {}", age())),
        HeartbeatState::Stale => (CheckOutcome::Blocked, say!("stale, {}", age())),
        HeartbeatState::Never | HeartbeatState::Unknown => (CheckOutcome::Blocked, say!("none yet")),
    };
    check(CheckKind::Heartbeat, say!("Heartbeat fresh"), outcome, detail)
}

fn settled(input: &ActivationInput<'_>) -> Check {
    let window = input.settle_window_s;
    let outcome = if input.clean_for_ms >= window * 1000 { CheckOutcome::Ok } else { CheckOutcome::Blocked };
    check(CheckKind::Settled, say!("Clean for the settle window"), outcome, say!("{} of {} s", (input.clean_for_ms / 1000).min(window), window))
}

/// CPU, memory and disk in one line, as people read them; every other signal in its own.
fn signals(input: &ActivationInput<'_>) -> Vec<Check> {
    let is_resource = |signal: &&Signal| matches!(signal.kind, SignalKind::Cpu | SignalKind::Memory | SignalKind::Disk);
    let before = |kind: SignalKind, name: &str| input.reported_before.iter().any(|(k, n)| *k == kind && n == name);
    let mut checks = Vec::new();
    let resources: Vec<&Signal> = input.node.signals.iter().filter(is_resource).collect();
    if !resources.is_empty() {
        let blocking: Vec<Words> = resources
            .iter()
            .filter(|signal| outcome(signal, before(signal.kind, &signal.name)) == CheckOutcome::Blocked)
            .map(|signal| say!("{} {}", signal_name(signal.kind, &signal.name), &signal.detail))
            .collect();
        let shares: Vec<&str> = resources.iter().map(|signal| signal.detail.english().split(" %").next().unwrap_or("—")).collect();
        let unread = resources.iter().all(|signal| signal.state == SignalState::Unknown);
        let (outcome, detail) = match (blocking.is_empty(), unread) {
            (false, _) => (CheckOutcome::Blocked, Words::listed(blocking)),
            (true, true) => (CheckOutcome::NotRequired, say!("not reported")),
            (true, false) => (CheckOutcome::Ok, Words::plain(format!("{} %", shares.join(" · ")))),
        };
        checks.push(check(CheckKind::Signal, say!("CPU, memory, disk"), outcome, detail));
    }
    for signal in input.node.signals.iter().filter(|signal| !is_resource(signal)) {
        let name = if signal.kind == SignalKind::Agent { say!("Agent version") } else { signal_name(signal.kind, &signal.name) };
        checks.push(check(CheckKind::Signal, name, outcome(signal, before(signal.kind, &signal.name)), signal.detail.clone()));
    }
    for (kind, name) in input.reported_before {
        if can_block(*kind) && !input.node.signals.iter().any(|signal| signal.kind == *kind && signal.name == *name) {
            checks.push(check(CheckKind::Signal, signal_name(*kind, name), CheckOutcome::Blocked, say!("was reported before, and is missing now")));
        }
    }
    checks
}

fn outcome(signal: &Signal, reported_before: bool) -> CheckOutcome {
    match signal.state {
        SignalState::Ok => CheckOutcome::Ok,
        _ if !can_block(signal.kind) => CheckOutcome::NotRequired,
        SignalState::Bad => CheckOutcome::Blocked,
        SignalState::NotPresent => CheckOutcome::NotRequired,
        SignalState::Unknown if reported_before => CheckOutcome::Blocked,
        SignalState::Unknown => CheckOutcome::NotRequired,
    }
}

/// A drain of the last hour by somebody is said before it is undone.
fn notice(input: &ActivationInput<'_>) -> Option<Words> {
    let maintenance = input.node.maintenance.as_ref()?;
    let minutes = crate::seconds_between(maintenance.since?, input.now) / 60;
    let by = maintenance.by.as_ref().map_or_else(|| say!("somebody outside Pitlane"), Words::plain);
    match minutes {
        0 => Some(say!("Drained less than a minute ago by {}.", by)),
        n if n < 60 => Some(say!("Drained 1 minute ago by {}." | "Drained {n} minutes ago by {}." % n, by)),
        _ => None,
    }
}

/// How long everything has been clean without a gap. Times are milliseconds of any one monotonic clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settle {
    clean_since: Option<u64>,
    observed_at: Option<u64>,
}

impl Settle {
    /// Takes in an observation. What is not clean, or comes more than `max_gap_ms` after the last one, starts anew.
    pub fn observe(&mut self, now_ms: u64, clean: bool, max_gap_ms: u64) {
        let gap = self.observed_at.is_none_or(|at| now_ms.saturating_sub(at) > max_gap_ms);
        self.clean_since = match (clean, self.clean_since) {
            (false, _) => None,
            (true, Some(since)) if !gap => Some(since),
            (true, _) => Some(now_ms),
        };
        self.observed_at = Some(now_ms);
    }

    /// How long it has been clean, up to the last observation, in milliseconds.
    pub fn clean_for_ms(&self) -> u64 {
        match (self.clean_since, self.observed_at) {
            (Some(since), Some(at)) => at.saturating_sub(since),
            _ => 0,
        }
    }
}

/// Whether a node is clean as the settle window understands it: heartbeat as good as it can be and nothing bad.
pub fn is_clean(node: &Node) -> bool {
    matches!(node.heartbeat.state, HeartbeatState::Fresh | HeartbeatState::NotReported)
        && !node.signals.iter().any(|signal| can_block(signal.kind) && signal.state == SignalState::Bad)
        && !matches!(node.health, Health::Offline | Health::Failed | Health::Deleting | Health::Unknown)
}
