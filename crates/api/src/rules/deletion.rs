//! Rule 10: deletion is guarded.

use crate::{Health, Operation, Refusal, Scheduling, WorkloadList};

/// Everything that decides whether a node can be removed.
#[derive(Debug, Clone, Copy)]
pub struct DeletionInput<'a> {
    /// First axis.
    pub health: Health,
    /// Second axis.
    pub scheduling: Scheduling,
    /// The unfinished operation.
    pub operation: Option<&'a Operation>,
    /// `None`: could not be read at all.
    pub list: Option<&'a WorkloadList>,
    /// An admin gave a reason to go on although the workloads could not be read.
    pub overridden: bool,
}

/// Only a node in maintenance, offline or pending, with no workloads, can be removed. An override helps against what
/// could not be read, never against what was read.
pub fn check_deletion(input: &DeletionInput<'_>) -> Result<(), Refusal> {
    let mut blockers = Vec::new();
    let mut unread = Vec::new();
    if input.scheduling != Scheduling::Maintenance && !matches!(input.health, Health::Offline | Health::Pending) {
        blockers.push("it is neither in maintenance nor offline nor pending".to_owned());
    }
    if let Some(operation) = input.operation.filter(|operation| !operation.state.is_finished()) {
        blockers.push(format!("a {} of it is not finished", operation.kind));
    }
    match input.list {
        // A node that never sent a heartbeat has nothing that could have been read.
        None if input.health == Health::Pending => {}
        None => unread.push("its workloads could not be read".to_owned()),
        Some(list) => {
            if !list.complete {
                unread.push("not all of its workloads could be read".to_owned());
            }
            if !list.workloads.is_empty() {
                let (n, running) = (list.workloads.len(), list.workloads.iter().filter(|workload| workload.is_running()).count());
                let workloads = if n == 1 { "workload" } else { "workloads" };
                blockers.push(format!("it has {n} {workloads}, {running} running"));
            }
        }
    }
    let overridable = blockers.is_empty();
    if !input.overridden {
        blockers.append(&mut unread);
    }
    if blockers.is_empty() { Ok(()) } else { Err(Refusal::DeletionBlocked { blockers, overridable }) }
}
