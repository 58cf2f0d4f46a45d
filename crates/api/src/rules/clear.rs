//! Rule 6: "clear for destructive work".

use crate::{ClearForWork, Operation, OperationKind, Scheduling, Timestamp, Words, WorkloadList, say, seconds_between};

/// A list of workloads older than this does not count as read, in seconds.
pub const LIST_MAX_AGE_S: u64 = 30;

/// Everything that decides whether a host can be wiped.
#[derive(Debug, Clone, Copy)]
pub struct ClearInput<'a> {
    /// Now, by the server's clock.
    pub now: Timestamp,
    /// As the engine confirmed it.
    pub scheduling: Scheduling,
    /// The unfinished operation.
    pub operation: Option<&'a Operation>,
    /// `None`: could not be read at all.
    pub list: Option<&'a WorkloadList>,
    /// The node keeps state of the engine itself: manager or etcd data. `None`: not read.
    pub holds_engine_data: Option<bool>,
    /// Pitlane's own store is on this node. `None`: not known.
    pub holds_pitlane_store: Option<bool>,
}

/// Clear only where everything was read and nothing is left. A node that was never read looks empty too, and may hold
/// the only good copy.
pub fn clear_for_work(input: &ClearInput<'_>) -> ClearForWork {
    let mut because = Vec::new();
    let mut not_read = Vec::new();
    if input.scheduling != Scheduling::Maintenance {
        because.push(say!("The node is not in maintenance."));
    }
    if let Some(operation) = input.operation.filter(|operation| !operation.state.is_finished()) {
        because.push(match operation.kind {
            OperationKind::Activate => say!("An activation is not finished."),
            _ => say!("A drain is not finished."),
        });
    }
    match input.list {
        None => not_read.push(say!("The workloads on this node.")),
        Some(list) => {
            if seconds_between(list.read_at, input.now) > LIST_MAX_AGE_S {
                not_read.push(say!("The workloads since {} s ago.", seconds_between(list.read_at, input.now)));
            }
            if !list.complete {
                let reasons = if list.not_read.is_empty() { say!("no reason given") } else { Words::in_line(list.not_read.iter().cloned()) };
                not_read.push(say!("All of the workloads: {}.", reasons));
            }
            let (running, stopped): (Vec<_>, Vec<_>) =
                list.workloads.iter().filter(|workload| workload.stateful).partition(|workload| workload.is_running());
            if !running.is_empty() {
                because.push(say!("1 stateful workload is still running." | "{n} stateful workloads are still running." % running.len()));
            }
            if !stopped.is_empty() {
                because.push(say!(
                    "1 stateful workload is stopped and left data here." | "{n} stateful workloads are stopped and left data here." % stopped.len()
                ));
            }
            if !list.orphaned_volumes.is_empty() {
                because.push(say!(
                    "1 volume is used by nothing and may hold data: {}."
                        | "{n} volumes are used by nothing and may hold data: {}." % list.orphaned_volumes.len(),
                    shorten(&list.orphaned_volumes)
                ));
            }
        }
    }
    match input.holds_engine_data {
        Some(true) => because.push(say!("The node holds data of the engine itself.")),
        None => not_read.push(say!("Whether the node holds data of the engine itself.")),
        Some(false) => {}
    }
    match input.holds_pitlane_store {
        Some(true) => because.push(say!("Pitlane's own store is on this node.")),
        None => not_read.push(say!("Whether Pitlane's own store is on this node.")),
        Some(false) => {}
    }
    ClearForWork { clear: because.is_empty() && not_read.is_empty(), because, not_read }
}

fn shorten(names: &[String]) -> Words {
    let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    match names.len().saturating_sub(3) {
        0 => Words::plain(shown.join(", ")),
        more => say!("{} and {} more", shown.join(", "), more),
    }
}
