//! How a node differs from what was shown a moment ago: not at all, by a heartbeat or the lack of one, or otherwise; and what of it a
//! person should read in the activity log.

use pitlane_api::{
    Disk, Health, Node, Signal, SignalKind, Words,
    rules::{
        report_bounds::{cut_to_json_bytes, json_bytes},
        signal_name,
    },
    say,
};

use crate::fleet::agents::Facts;

/// How it is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fleet) enum Difference {
    /// Not at all.
    None,
    /// As a beat.
    Beat,
    /// As a beat that did not come.
    Missed,
    /// Whole.
    Node,
}

/// Something a person should read of.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fleet) enum Happening {
    /// It went offline. `on_purpose`: its agent had said that it ends. `refused`: it goes on, and the server refuses what it reports because of this field.
    HeartbeatLost { on_purpose: bool, refused: Option<String> },
    /// It is no longer offline.
    HeartbeatBack,
    /// Another change of health.
    Health { from: Health, to: Health, because: Vec<Words> },
}

/// `beaten`: a beat came in between. `refresh`: words that change with every beat are due to be sent.
pub(super) fn difference(shown: &Node, now: &Node, beaten: bool, refresh: bool) -> Difference {
    if differs_in_substance(shown, now) || (refresh && shown.signals != now.signals) {
        Difference::Node
    } else if beaten {
        Difference::Beat
    } else if shown.heartbeat.recent != now.heartbeat.recent {
        Difference::Missed
    } else {
        Difference::None
    }
}

/// Whether anything but a heartbeat and what comes with every one has changed.
pub(super) fn differs_in_substance(a: &Node, b: &Node) -> bool {
    a.name != b.name
        || a.region != b.region
        || a.status != b.status
        || a.node_source != b.node_source
        || a.public_ip != b.public_ip
        || a.overlay_ip != b.overlay_ip
        || a.failure_reason != b.failure_reason
        || a.revision != b.revision
        || a.health != b.health
        || a.scheduling != b.scheduling
        || a.takes_placements != b.takes_placements
        || a.heartbeat.state != b.heartbeat.state
        || a.agent_version != b.agent_version
        || a.engine_version != b.engine_version
        || a.agent_update != b.agent_update
        || a.labels != b.labels
        || a.runs_pitlane != b.runs_pitlane
        || a.workload_counts != b.workload_counts
        || a.maintenance != b.maintenance
        || a.operation != b.operation
        || a.planned != b.planned
        || a.resources.cpu_cores != b.resources.cpu_cores
        || a.resources.memory_total_bytes != b.resources.memory_total_bytes
        || a.resources.cpu_cores_reserved != b.resources.cpu_cores_reserved
        || a.resources.memory_reserved_bytes != b.resources.memory_reserved_bytes
        || !same_disks(&a.resources.disks, &b.resources.disks)
        || !same_signals(&a.signals, &b.signals)
}

/// Disks are compared by whole percent: bytes move with every line a log writes.
fn same_disks(a: &[Disk], b: &[Disk]) -> bool {
    let percent = |disk: &Disk| disk.used_bytes.saturating_mul(100).checked_div(disk.total_bytes);
    let same = |(a, b): (&Disk, &Disk)| a.role == b.role && a.mount == b.mount && a.total_bytes == b.total_bytes && percent(a) == percent(b);
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// Details of processor, memory and clock move with every beat; their states do not.
fn same_signals(a: &[Signal], b: &[Signal]) -> bool {
    let moves = |kind| matches!(kind, SignalKind::Cpu | SignalKind::Memory | SignalKind::Clock);
    let same = |(a, b): (&Signal, &Signal)| a.kind == b.kind && a.name == b.name && a.state == b.state && (moves(a.kind) || a.detail == b.detail);
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// Most bytes that the details of signals have together in an entry of the activity log: the whole of each stands with the node.
const DETAILS_IN_ENTRY: usize = 100;

/// A detail within a sentence, cut to what is left for it: what somebody else worded may be long.
fn short(detail: &Words, left: &mut usize) -> Words {
    let short = cut_to_json_bytes(detail, *left);
    *left -= json_bytes(&short);
    if short == detail.english() { detail.clone() } else { Words::plain(short) }
}

/// What happened between the two.
pub(super) fn happenings(before: &Node, now: &Node, facts: Option<&Facts>) -> Vec<Happening> {
    if before.health == now.health || now.health == Health::Deleting || before.health == Health::Deleting {
        return Vec::new();
    }
    let because = || {
        let mut left = DETAILS_IN_ENTRY;
        let bad = now.signals.iter().filter(|signal| signal.state == pitlane_api::SignalState::Bad);
        bad.map(|signal| say!("{} {}", signal_name(signal.kind, &signal.name), short(&signal.detail, &mut left))).collect()
    };
    vec![match (before.health, now.health) {
        (_, Health::Offline) => {
            Happening::HeartbeatLost { on_purpose: facts.is_some_and(|facts| facts.stopping), refused: facts.and_then(|facts| facts.refused.clone()) }
        }
        (Health::Offline, _) => Happening::HeartbeatBack,
        (from, to) => Happening::Health { from, to, because: because() },
    }]
}
