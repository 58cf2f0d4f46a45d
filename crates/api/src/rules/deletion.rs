//! Rule 10: deletion is guarded.

use crate::{Health, Operation, OperationKind, Refusal, Scheduling, WorkloadList, say};

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
        blockers.push(say!("it is neither in maintenance nor offline nor pending"));
    }
    if let Some(operation) = input.operation.filter(|operation| !operation.state.is_finished()) {
        blockers.push(match operation.kind {
            OperationKind::Activate => say!("an activation of it is not finished"),
            _ => say!("a drain of it is not finished"),
        });
    }
    match input.list {
        // A node that never sent a heartbeat has nothing that could have been read.
        None if input.health == Health::Pending => {}
        None => unread.push(say!("its workloads could not be read")),
        Some(list) => {
            if !list.complete {
                unread.push(say!("not all of its workloads could be read"));
            }
            if !list.workloads.is_empty() {
                let (n, running) = (list.workloads.len(), list.workloads.iter().filter(|workload| workload.is_running()).count());
                blockers.push(say!("it has 1 workload, {} running" | "it has {n} workloads, {} running" % n, running));
            }
        }
    }
    let overridable = blockers.is_empty();
    if !input.overridden {
        blockers.append(&mut unread);
    }
    if blockers.is_empty() { Ok(()) } else { Err(Refusal::DeletionBlocked { blockers, overridable }) }
}
