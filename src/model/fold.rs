//! How the event stream folds into what is shown. Decoding here, storing in `state`.

use pitlane_api::{
    ActivityEvent, Beat, EVENT_ACTIVITY, EVENT_BULK, EVENT_NODES, EVENT_OPERATION, EVENT_REMOVED, EVENT_SNAPSHOT, Health, HeartbeatState, Node,
    NodesEvent, OperationEvent, Read, RemovedEvent, SnapshotEvent, Timestamp, read_json,
};

use crate::words::{self, tr};

/// One message of the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Snapshot(SnapshotEvent),
    Nodes(NodesEvent),
    Removed(RemovedEvent),
    Operation(Box<OperationEvent>),
    Activity(ActivityEvent),
    /// As it came: a first visit does not read it.
    Bulk(String),
}

/// Data that is not what its event's name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUnderstood;

fn read<T: Read>(data: &str) -> Result<T, NotUnderstood> {
    read_json(data).ok_or(NotUnderstood)
}

/// The names of the events the console listens to.
pub const EVENTS: [&str; 6] = [EVENT_SNAPSHOT, EVENT_NODES, EVENT_REMOVED, EVENT_OPERATION, EVENT_ACTIVITY, EVENT_BULK];

impl Message {
    /// Reads one message. `Ok(None)` is an event of a newer server, which is no error.
    ///
    /// # Errors
    /// Data that is not what the event's name promises.
    pub fn decode(event: &str, data: &str) -> Result<Option<Self>, NotUnderstood> {
        Ok(Some(match event {
            EVENT_SNAPSHOT => Self::Snapshot(read(data)?),
            EVENT_NODES => Self::Nodes(read(data)?),
            EVENT_REMOVED => Self::Removed(read(data)?),
            EVENT_OPERATION => Self::Operation(Box::new(read(data)?)),
            EVENT_ACTIVITY => Self::Activity(read(data)?),
            EVENT_BULK => Self::Bulk(data.to_owned()),
            _ => return Ok(None),
        }))
    }

    /// The server's clock when it was sent, where that was read; ages are counted from it.
    pub fn server_time(&self) -> Option<Timestamp> {
        Some(match self {
            Self::Snapshot(event) => event.server_time,
            Self::Nodes(event) => event.server_time,
            Self::Removed(event) => event.server_time,
            Self::Operation(event) => event.server_time,
            Self::Activity(event) => event.server_time,
            Self::Bulk(_) => return None,
        })
    }
}

/// How many beats the strip shows.
pub const STRIP: usize = 30;

/// What a plain heartbeat changes. Kept apart from the node, so that a beat redraws an age, a strip and two meters
/// and nothing else of a card.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pulse {
    /// Last heartbeat by the server's clock.
    pub at: Option<Timestamp>,
    /// Oldest first; see [`pitlane_api::Heartbeat::recent`].
    pub recent: Vec<u8>,
    /// 0 to 100.
    pub cpu_percent: Option<f64>,
    /// Bytes in use.
    pub memory_used: Option<u64>,
}

impl Pulse {
    /// The pulse as the whole node carries it.
    pub fn of(node: &Node) -> Self {
        Self {
            at: node.last_heartbeat_at,
            recent: node.heartbeat.recent.clone(),
            cpu_percent: node.resources.cpu_percent,
            memory_used: node.resources.memory_used_bytes,
        }
    }

    /// Takes a beat in. One that is not newer than the last is ignored, since a resumed stream may repeat itself.
    pub fn beat(&mut self, beat: &Beat) {
        if self.at.is_some_and(|at| at >= beat.at) {
            return;
        }
        self.at = Some(beat.at);
        self.push(beat.beat);
        // A beat that leaves a figure out says nothing about it.
        self.cpu_percent = beat.cpu_percent.or(self.cpu_percent);
        self.memory_used = beat.memory_used_bytes.or(self.memory_used);
    }

    /// So many beats are missing since the last one that came.
    pub fn missed(&mut self, beats: u8) {
        for _ in self.recent.iter().rev().take_while(|beat| **beat == 0).count()..usize::from(beats).min(STRIP) {
            self.push(0);
        }
    }

    fn push(&mut self, beat: u8) {
        if self.recent.len() >= STRIP {
            self.recent.drain(..=self.recent.len() - STRIP);
        }
        self.recent.push(beat);
    }
}

/// A change of a node that a person who does not look at the screen should hear of.
pub fn announcement(before: &Node, after: &Node) -> Option<String> {
    let name = &after.name;
    if before.scheduling != after.scheduling {
        return Some(match after.scheduling {
            pitlane_api::Scheduling::Maintenance => tr!("{} is in maintenance", name),
            _ => tr!("{} is schedulable again", name),
        });
    }
    if before.health != after.health {
        return Some(match after.health {
            Health::Pending => tr!("{} is pending", name),
            Health::Healthy => tr!("{} is healthy", name),
            Health::Degraded => tr!("{} is degraded", name),
            Health::Offline => tr!("{} is offline", name),
            Health::Failed => tr!("{} is failed", name),
            Health::Deleting => tr!("{} is deleting", name),
            Health::Unknown => tr!("The health of {} is not known", name),
        });
    }
    let late = |node: &Node| node.heartbeat.state == HeartbeatState::Late;
    if late(after) && !late(before) {
        return Some(tr!("The heartbeat of {} is late", name));
    }
    let failed = |node: &Node| node.operation.as_ref().and_then(|op| op.last_error.clone());
    match (failed(before), failed(after)) {
        (None, Some(error)) => Some(tr!("{}: {}", name, words::told(&error))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::node;
    use pitlane_api::Scheduling;
    use proptest::prelude::*;

    fn beat(at: i64) -> Beat {
        Beat { id: "a".into(), at: Timestamp::from_second(at).unwrap_or_default(), beat: 100, cpu_percent: Some(3.0), memory_used_bytes: None }
    }

    #[test]
    fn an_unknown_event_is_no_error_and_nonsense_is() {
        assert_eq!(Message::decode("from-the-future", "{}").ok(), Some(None));
        assert!(Message::decode(EVENT_SNAPSHOT, "{}").is_err());
    }

    #[test]
    fn a_repeated_beat_counts_once() {
        let mut pulse = Pulse { memory_used: Some(7), ..Pulse::default() };
        pulse.beat(&beat(10));
        let once = pulse.clone();
        pulse.beat(&beat(10));
        pulse.beat(&beat(9));
        assert_eq!(pulse, once);
        assert_eq!((pulse.cpu_percent, pulse.memory_used), (Some(3.0), Some(7)));
    }

    #[test]
    fn what_is_missed_is_shown_once_and_only_since_the_last_beat() {
        let mut pulse = Pulse { recent: vec![0, 100], ..Pulse::default() };
        for beats in [1, 1, 2] {
            pulse.missed(beats);
        }
        pulse.beat(&beat(10));
        pulse.missed(1);
        assert_eq!(pulse.recent, [0, 100, 0, 0, 100, 0]);
        pulse.missed(255);
        assert_eq!(pulse.recent, [0; STRIP]);
    }

    #[test]
    fn what_matters_is_announced_and_beats_are_not() {
        let before = node("a");
        assert_eq!(announcement(&before, &before.clone()), None);
        let mut after = before.clone();
        after.health = Health::Offline;
        assert_eq!(announcement(&before, &after).as_deref(), Some("a is offline"));
        after.scheduling = Scheduling::Maintenance;
        assert_eq!(announcement(&before, &after).as_deref(), Some("a is in maintenance"));
    }

    proptest! {
        #[test]
        fn the_strip_never_outgrows_itself(start in 0..60usize, times in prop::collection::vec(1..1_000i64, 0..80)) {
            let mut pulse = Pulse { recent: vec![0; start], ..Pulse::default() };
            for at in times {
                pulse.beat(&beat(at));
            }
            prop_assert!(pulse.recent.len() <= STRIP.max(start));
        }

        #[test]
        fn no_text_panics_the_decoder(event in ".{0,12}", data in ".{0,60}") {
            let _ = Message::decode(&event, &data);
        }
    }
}
