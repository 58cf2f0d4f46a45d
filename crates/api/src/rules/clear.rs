//! Rule 6: "clear for destructive work".

use crate::{ClearForWork, Operation, Scheduling, Timestamp, WorkloadList, seconds_between};

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
        because.push("The node is not in maintenance.".to_owned());
    }
    if let Some(operation) = input.operation.filter(|operation| !operation.state.is_finished()) {
        because.push(format!("A {} is not finished.", operation.kind));
    }
    match input.list {
        None => not_read.push("The workloads on this node.".to_owned()),
        Some(list) => {
            if seconds_between(list.read_at, input.now) > LIST_MAX_AGE_S {
                not_read.push(format!("The workloads since {} s ago.", seconds_between(list.read_at, input.now)));
            }
            if !list.complete {
                let reasons = if list.not_read.is_empty() { "no reason given".to_owned() } else { list.not_read.join("; ") };
                not_read.push(format!("All of the workloads: {reasons}."));
            }
            let (running, stopped): (Vec<_>, Vec<_>) =
                list.workloads.iter().filter(|workload| workload.stateful).partition(|workload| workload.is_running());
            if !running.is_empty() {
                because.push(format!("{} still running.", counted(running.len(), "stateful workload is", "stateful workloads are")));
            }
            if !stopped.is_empty() {
                because.push(format!("{} stopped and left data here.", counted(stopped.len(), "stateful workload is", "stateful workloads are")));
            }
            if !list.orphaned_volumes.is_empty() {
                let n = list.orphaned_volumes.len();
                because.push(format!(
                    "{} used by nothing and may hold data: {}.",
                    counted(n, "volume is", "volumes are"),
                    shorten(&list.orphaned_volumes)
                ));
            }
        }
    }
    match input.holds_engine_data {
        Some(true) => because.push("The node holds data of the engine itself.".to_owned()),
        None => not_read.push("Whether the node holds data of the engine itself.".to_owned()),
        Some(false) => {}
    }
    match input.holds_pitlane_store {
        Some(true) => because.push("Pitlane's own store is on this node.".to_owned()),
        None => not_read.push("Whether Pitlane's own store is on this node.".to_owned()),
        Some(false) => {}
    }
    ClearForWork { clear: because.is_empty() && not_read.is_empty(), because, not_read }
}

fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn shorten(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    match names.len().saturating_sub(3) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
