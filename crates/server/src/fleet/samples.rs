//! Five minutes of a node's life, gathered in memory and kept once a minute.

use std::time::Duration;

use pitlane_api::{Health, HeartbeatState, Node, Sample, Scheduling, SignalKind, SignalState, Timestamp};

/// Length of a bucket in seconds.
pub(super) const BUCKET_S: i64 = 300;
/// Samples are kept this long.
pub(super) const KEEP: Duration = Duration::from_secs(24 * 3600);

/// The bucket that is being filled.
#[derive(Debug, Clone, Default)]
pub(in crate::fleet) struct Bucket {
    sample: Option<Sample>,
    /// Time watched within this bucket.
    watched: Duration,
    /// What an earlier run of the server kept of the same five minutes was added.
    merged: bool,
}

impl Bucket {
    /// Takes in what is shown of the node, and the beats that came. The first time, the node is not watched yet: its first beat counts.
    pub(super) fn add(&mut self, now: Timestamp, beats: u64, node: &Node) {
        let sample = self.sample.get_or_insert_with(|| empty(bucket_start(now), node.health));
        sample.beats = sample.beats.saturating_add(u32::try_from(beats).unwrap_or(u32::MAX));
        sample.health = worse(sample.health, node.health);
        sample.maintenance |= node.scheduling == Scheduling::Maintenance;
        let said = vouches(node);
        for signal in node.signals.iter().filter(|signal| is_yes_or_no(signal.kind)) {
            let state = if said { signal.state } else { SignalState::Unknown };
            sample.signals.entry(signal.name.clone()).and_modify(|kept| *kept = worse_signal(*kept, state)).or_insert(state);
        }
        if !said {
            return;
        }
        let resources = &node.resources;
        let share = |used: Option<u64>, total: Option<u64>| Some(used? as f64 * 100.0 / total.filter(|total| *total > 0)? as f64);
        highest(&mut sample.cpu_percent, resources.cpu_percent);
        highest(&mut sample.memory_percent, share(resources.memory_used_bytes, resources.memory_total_bytes));
        let disk = resources.disks.iter().filter_map(|disk| share(Some(disk.used_bytes), Some(disk.total_bytes))).reduce(f64::max);
        highest(&mut sample.disk_percent, disk);
    }

    /// Time goes on by `passed`. Gives back the bucket that ended, where one did.
    pub(super) fn watch(&mut self, now: Timestamp, passed: Duration, every: Duration, node: &Node) -> Option<Self> {
        let start = bucket_start(now);
        let ended = match &self.sample {
            Some(sample) if sample.at == start => None,
            _ => {
                let begun = Self { sample: Some(empty(start, node.health)), ..Self::default() };
                let ended = std::mem::replace(self, begun);
                // Only the very first bucket of a run can have been begun by another run.
                self.merged = ended.sample.is_some();
                self.add(now, 0, node);
                ended.sample.is_some().then_some(ended)
            }
        };
        self.watched += passed;
        if let Some(sample) = &mut self.sample {
            sample.expected = (self.watched.as_secs_f64() / every.as_secs_f64().max(0.001)) as u32;
        }
        ended
    }

    /// The bucket as it stands.
    pub(super) fn sample(&self) -> Option<&Sample> {
        self.sample.as_ref()
    }

    /// Whether an earlier run's bucket of the same five minutes is still to be looked up.
    pub(super) fn unmerged(&self) -> Option<Timestamp> {
        self.sample.as_ref().filter(|_| !self.merged).map(|sample| sample.at)
    }

    /// Adds what an earlier run kept of the same five minutes.
    pub(super) fn merge(&mut self, earlier: Option<&Sample>, every: Duration) {
        self.merged = true;
        let (Some(sample), Some(earlier)) = (&mut self.sample, earlier) else { return };
        if sample.at != earlier.at {
            return;
        }
        sample.beats = sample.beats.saturating_add(earlier.beats);
        sample.expected = sample.expected.saturating_add(earlier.expected);
        self.watched += every * earlier.expected;
        sample.health = worse(sample.health, earlier.health);
        highest(&mut sample.cpu_percent, earlier.cpu_percent);
        highest(&mut sample.memory_percent, earlier.memory_percent);
        highest(&mut sample.disk_percent, earlier.disk_percent);
        sample.maintenance |= earlier.maintenance;
        for (name, state) in &earlier.signals {
            sample.signals.entry(name.clone()).and_modify(|kept| *kept = worse_signal(*kept, *state)).or_insert(*state);
        }
    }
}

fn bucket_start(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(BUCKET_S) * BUCKET_S).unwrap_or(now)
}

fn empty(at: Timestamp, health: Health) -> Sample {
    Sample {
        at,
        beats: 0,
        expected: 0,
        cpu_percent: None,
        memory_percent: None,
        disk_percent: None,
        health,
        maintenance: false,
        signals: Default::default(),
    }
}

fn highest(kept: &mut Option<f64>, seen: Option<f64>) {
    *kept = match (*kept, seen) {
        (Some(kept), Some(seen)) => Some(kept.max(seen)),
        (kept, seen) => kept.or(seen),
    };
}

/// Pending is no illness; the others are ordered as they are declared.
fn worse(a: Health, b: Health) -> Health {
    let rank = |health| match health {
        Health::Unknown => 0,
        Health::Pending => 1,
        Health::Healthy => 2,
        Health::Degraded => 3,
        Health::Offline => 4,
        Health::Failed => 5,
        Health::Deleting => 6,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// Processor, memory and disk are figures of their own, the agent's version and the clock inform.
const fn is_yes_or_no(kind: SignalKind) -> bool {
    matches!(kind, SignalKind::Docker | SignalKind::Caddy | SignalKind::Condition)
}

/// Whether what the node said last can still be taken for what is: silence is unknown, and never a flat line.
fn vouches(node: &Node) -> bool {
    node.health != Health::Offline && !matches!(node.heartbeat.state, HeartbeatState::Stale | HeartbeatState::Never)
}

/// Bad is worth more than not knowing, and that more than good: a chart must not smooth either away.
fn worse_signal(a: SignalState, b: SignalState) -> SignalState {
    let rank = |state| match state {
        SignalState::NotPresent => 0,
        SignalState::Ok => 1,
        SignalState::Unknown => 2,
        SignalState::Bad => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_begin_at_whole_five_minutes() {
        let start = bucket_start(Timestamp::from_second(1_000_123).unwrap());
        assert_eq!(start.as_second() % 300, 0);
        assert!((0..300).contains(&(1_000_123 - start.as_second())));
    }

    #[test]
    fn the_worst_health_stays() {
        assert_eq!(worse(Health::Offline, Health::Healthy), Health::Offline);
        assert_eq!(worse(Health::Pending, Health::Healthy), Health::Healthy);
        assert_eq!(worse(Health::Degraded, Health::Healthy), Health::Degraded);
    }

    #[test]
    fn neither_bad_nor_unknown_is_smoothed_away() {
        let over = |states: &[SignalState]| states.iter().copied().reduce(worse_signal);
        assert_eq!(over(&[SignalState::Ok, SignalState::Bad, SignalState::Unknown, SignalState::Ok]), Some(SignalState::Bad));
        assert_eq!(over(&[SignalState::Ok, SignalState::Unknown, SignalState::Ok]), Some(SignalState::Unknown));
        assert_eq!(over(&[SignalState::NotPresent, SignalState::Ok]), Some(SignalState::Ok));
    }
}
