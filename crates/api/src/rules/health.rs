//! Health, heartbeat, and the two axes in one word.

use crate::{Health, HeartbeatState, Operation, OperationKind, Scheduling, Signal, SignalKind, SignalState, Status, Thresholds, Words, say};

/// The StackShift family's single status: deleting > failed > maintenance > offline > pending > degraded > healthy.
pub const fn status(health: Health, scheduling: Scheduling) -> Status {
    match (health, scheduling) {
        (Health::Deleting, _) => Status::Deleting,
        (Health::Failed, _) => Status::Failed,
        (_, Scheduling::Maintenance) => Status::Maintenance,
        (Health::Offline, _) => Status::Offline,
        (Health::Pending, _) => Status::Pending,
        (Health::Degraded, _) => Status::Degraded,
        (Health::Healthy, _) => Status::Healthy,
        (Health::Unknown, _) => Status::Unknown,
    }
}

/// Fresh, late or stale by age in seconds. `reported`: this engine or an agent can report a heartbeat at all.
pub fn heartbeat_state(age_s: Option<f64>, reported: bool, thresholds: &Thresholds) -> HeartbeatState {
    match age_s {
        _ if !reported => HeartbeatState::NotReported,
        None => HeartbeatState::Never,
        Some(age) if age > thresholds.offline_after_s as f64 => HeartbeatState::Stale,
        Some(age) if age > thresholds.late_after_s as f64 => HeartbeatState::Late,
        Some(_) => HeartbeatState::Fresh,
    }
}

/// Health in a sentence.
pub fn health_words(health: Health) -> Words {
    match health {
        Health::Pending => say!("pending"),
        Health::Healthy => say!("healthy"),
        Health::Degraded => say!("degraded"),
        Health::Offline => say!("offline"),
        Health::Failed => say!("failed"),
        Health::Deleting => say!("being removed"),
        Health::Unknown => say!("not known"),
    }
}

/// What health is derived from.
#[derive(Debug, Clone, Copy)]
pub struct HealthInput<'a> {
    /// The node is being removed.
    pub deleting: bool,
    /// The engine says that it failed.
    pub failed: bool,
    /// The engine says whether it reaches the node; `None` where it does not say.
    pub engine_reaches: Option<bool>,
    /// A clean heartbeat (or the engine's word) has confirmed it once, ever.
    pub confirmed: bool,
    /// Last sign of life.
    pub heartbeat: HeartbeatState,
    /// Readiness.
    pub signals: &'a [Signal],
}

/// Whether a signal can make a node degraded and block its activation. CPU, agent version and clock inform only.
pub(crate) const fn can_block(kind: SignalKind) -> bool {
    !matches!(kind, SignalKind::Cpu | SignalKind::Agent | SignalKind::Clock)
}

/// First axis. A node that was never confirmed stays pending, however long it is silent.
pub fn health(input: &HealthInput<'_>) -> Health {
    // Where the engine itself says that it reaches the node, an agent that fell silent is a fault and no absence: the
    // engine goes on placing there.
    let stale = input.heartbeat == HeartbeatState::Stale;
    let silent = input.engine_reaches == Some(false) || (stale && input.engine_reaches != Some(true));
    if input.deleting {
        Health::Deleting
    } else if input.failed {
        Health::Failed
    } else if !input.confirmed {
        Health::Pending
    } else if silent || (input.heartbeat == HeartbeatState::Never && input.engine_reaches.is_none()) {
        Health::Offline
    } else if stale || input.signals.iter().any(|signal| can_block(signal.kind) && signal.state == SignalState::Bad) {
        Health::Degraded
    } else {
        Health::Healthy
    }
}

/// Whether this operation is a drain that is not finished.
pub fn drain_pending(operation: Option<&Operation>) -> bool {
    operation.is_some_and(|operation| operation.kind == OperationKind::Drain && !operation.state.is_finished())
}

/// Takes placements: schedulable, healthy or degraded, and no drain pending.
pub fn takes_placements(scheduling: Scheduling, health: Health, operation: Option<&Operation>) -> bool {
    scheduling == Scheduling::Schedulable && matches!(health, Health::Healthy | Health::Degraded) && !drain_pending(operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_follows_the_order_of_the_contract() {
        assert_eq!(status(Health::Deleting, Scheduling::Maintenance), Status::Deleting);
        assert_eq!(status(Health::Failed, Scheduling::Maintenance), Status::Failed);
        assert_eq!(status(Health::Offline, Scheduling::Maintenance), Status::Maintenance);
        assert_eq!(status(Health::Offline, Scheduling::Schedulable), Status::Offline);
        assert_eq!(status(Health::Pending, Scheduling::Schedulable), Status::Pending);
        assert_eq!(status(Health::Degraded, Scheduling::Schedulable), Status::Degraded);
        assert_eq!(status(Health::Healthy, Scheduling::Schedulable), Status::Healthy);
    }

    #[test]
    fn heartbeat_ages_at_the_thresholds() {
        let thresholds = Thresholds::default();
        let state = |age| heartbeat_state(Some(age), true, &thresholds);
        assert_eq!(state(15.0), HeartbeatState::Fresh);
        assert_eq!(state(15.1), HeartbeatState::Late);
        assert_eq!(state(30.0), HeartbeatState::Late);
        assert_eq!(state(30.1), HeartbeatState::Stale);
        assert_eq!(heartbeat_state(None, true, &thresholds), HeartbeatState::Never);
        assert_eq!(heartbeat_state(Some(1.0), false, &thresholds), HeartbeatState::NotReported);
    }

    fn signal(kind: SignalKind, state: SignalState) -> Signal {
        Signal { kind, name: kind.to_string(), state, detail: Words::default(), since: None }
    }

    fn with(signals: &[Signal], heartbeat: HeartbeatState, confirmed: bool) -> Health {
        health(&HealthInput { deleting: false, failed: false, engine_reaches: None, confirmed, heartbeat, signals })
    }

    #[test]
    fn only_signals_that_can_block_degrade() {
        let bad = |kind| with(&[signal(kind, SignalState::Bad)], HeartbeatState::Fresh, true);
        assert_eq!(bad(SignalKind::Disk), Health::Degraded);
        assert_eq!(bad(SignalKind::Docker), Health::Degraded);
        assert_eq!(bad(SignalKind::Cpu), Health::Healthy);
        assert_eq!(bad(SignalKind::Agent), Health::Healthy);
        assert_eq!(bad(SignalKind::Clock), Health::Healthy);
        assert_eq!(with(&[signal(SignalKind::Caddy, SignalState::NotPresent)], HeartbeatState::Fresh, true), Health::Healthy);
    }

    #[test]
    fn a_silent_agent_on_a_node_that_its_engine_reaches_is_a_fault_and_no_absence() {
        let with = |engine_reaches, heartbeat| {
            health(&HealthInput { deleting: false, failed: false, engine_reaches, confirmed: true, heartbeat, signals: &[] })
        };
        assert_eq!(with(Some(true), HeartbeatState::Stale), Health::Degraded);
        assert_eq!(with(Some(true), HeartbeatState::NotReported), Health::Healthy);
        assert_eq!(with(Some(false), HeartbeatState::Fresh), Health::Offline);
        assert_eq!(with(None, HeartbeatState::Stale), Health::Offline);
    }

    #[test]
    fn pending_until_confirmed_and_offline_when_silent() {
        assert_eq!(with(&[], HeartbeatState::Never, false), Health::Pending);
        assert_eq!(with(&[], HeartbeatState::Stale, false), Health::Pending);
        assert_eq!(with(&[], HeartbeatState::Stale, true), Health::Offline);
        assert_eq!(with(&[], HeartbeatState::Late, true), Health::Healthy);
        assert_eq!(with(&[], HeartbeatState::NotReported, true), Health::Healthy);
    }
}
