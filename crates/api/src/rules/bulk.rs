//! Bulk operations: what may be asked for, what comes next, and how they end. The guards of each node are those of a single one.

use std::collections::BTreeSet;

use super::{FieldError, check_expected_back, check_reason};
use crate::{
    BULK_AT_ONCE_MAX, BULK_MAX, BulkItem, BulkItemState, BulkOperation, BulkRequest, BulkResume, BulkState, BulkSummary, Capacity, Operation,
    OperationKind, OperationState, Refusal, Timestamp, Words, say,
};

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkNext {
    /// Begin this node, or find out whether it was begun before a crash.
    Start(usize),
    /// Something is under way.
    Wait,
    /// It is over.
    End(BulkState),
}

/// Whether the request can be read as a wish: its fields, not the fleet.
///
/// # Errors
/// The first field that is wrong.
pub fn check_bulk_request(request: &BulkRequest, now: Timestamp) -> Result<(), FieldError> {
    let wrong = |field, message: Words| Err(FieldError { field, message });
    if !matches!(request.kind, OperationKind::Drain | OperationKind::Activate) {
        return wrong("kind", say!("must be drain or activate"));
    }
    check_bulk_nodes(request.nodes.iter().map(|node| node.node_id.as_str()))?;
    if !(1..=BULK_AT_ONCE_MAX).contains(&request.at_once.unwrap_or(1)) {
        return wrong("at_once", say!("must be a whole number from 1 to {}", BULK_AT_ONCE_MAX));
    }
    if request.kind == OperationKind::Drain {
        check_reason(request.reason.as_deref().unwrap_or_default())?;
        check_expected_back(request.expected_back_at, now)?;
    }
    Ok(())
}

/// Whether the set is one: some nodes, not too many, each once.
///
/// # Errors
/// Names `nodes`.
pub fn check_bulk_nodes<'a>(nodes: impl Iterator<Item = &'a str>) -> Result<(), FieldError> {
    let mut seen = BTreeSet::new();
    let mut count = 0_usize;
    for node in nodes {
        count += 1;
        if !seen.insert(node) {
            return Err(FieldError { field: "nodes", message: say!("{} stands there twice", node) });
        }
    }
    if (1..=BULK_MAX).contains(&count) {
        return Ok(());
    }
    Err(FieldError { field: "nodes", message: say!("must be 1 to {} nodes; there are {}", BULK_MAX, count) })
}

/// Rule 3 over the whole set: some node must take placements after all of them, unless the person wants it so.
///
/// # Errors
/// [`Refusal::LastSchedulableNode`].
pub fn check_bulk_capacity(capacity_now: &Capacity, capacity_after: &Capacity, allow_last_schedulable: bool) -> Result<(), Refusal> {
    if takes_the_last(capacity_now, capacity_after) && !allow_last_schedulable {
        return Err(Refusal::LastSchedulableNode { remaining: capacity_after.nodes });
    }
    Ok(())
}

/// Whether the set takes every node that takes placements.
pub fn takes_the_last(capacity_now: &Capacity, capacity_after: &Capacity) -> bool {
    capacity_now.nodes > 0 && capacity_after.nodes == 0
}

const fn is_under_way(state: BulkItemState) -> bool {
    matches!(state, BulkItemState::Starting | BulkItemState::Running)
}

/// Whether a node in this state keeps the others from being begun.
const fn stops(state: BulkItemState) -> bool {
    matches!(state, BulkItemState::Refused | BulkItemState::Failed | BulkItemState::Aborted | BulkItemState::Unknown)
}

/// Whether another node may be begun: nobody wants an end, and nothing was refused.
pub fn bulk_may_begin(bulk: &BulkOperation) -> bool {
    bulk.state == BulkState::Running && !bulk.items.iter().any(|item| stops(item.state))
}

/// What comes next. A node that was being begun when the server was killed comes first: nobody knows yet whether it was.
pub fn bulk_next(bulk: &BulkOperation) -> BulkNext {
    if bulk.state.is_finished() {
        return BulkNext::End(bulk.state);
    }
    if let Some(at) = bulk.items.iter().position(|item| item.state == BulkItemState::Starting) {
        return BulkNext::Start(at);
    }
    let under_way = bulk.items.iter().filter(|item| is_under_way(item.state)).count();
    let waiting = bulk.items.iter().position(|item| item.state == BulkItemState::Waiting);
    match waiting.filter(|_| bulk_may_begin(bulk)) {
        Some(at) if under_way < usize::try_from(bulk.at_once.max(1)).unwrap_or(1) => BulkNext::Start(at),
        _ if under_way > 0 => BulkNext::Wait,
        _ if bulk.state == BulkState::Aborting => BulkNext::End(BulkState::Aborted),
        _ if bulk.items.iter().any(|item| stops(item.state)) => BulkNext::End(BulkState::Stopped),
        _ => BulkNext::End(BulkState::Completed),
    }
}

/// What a refusal makes of a node. One that is already where it shall be needs nothing; one that is not ready to be activated stays in
/// maintenance, which is the safe side, and the others go on. Everything else stops the whole.
pub fn bulk_refused(kind: OperationKind, refusal: &Refusal) -> BulkItemState {
    match (kind, refusal) {
        (OperationKind::Drain, Refusal::AlreadyInMaintenance { .. })
        | (OperationKind::Activate, Refusal::AlreadySchedulable {} | Refusal::ActivationBlocked { .. }) => BulkItemState::Skipped,
        _ => BulkItemState::Refused,
    }
}

/// What the end of its operation makes of a node; `None` while it goes on.
pub fn bulk_settled(kind: OperationKind, operation: &Operation) -> Option<BulkItemState> {
    let blocked = kind == OperationKind::Activate && operation.refusal.as_ref().is_some_and(|refusal| refusal.code == "activation_blocked");
    match operation.state {
        OperationState::Completed => Some(BulkItemState::Done),
        OperationState::Failed if blocked => Some(BulkItemState::Skipped),
        OperationState::Failed => Some(BulkItemState::Failed),
        OperationState::Aborted => Some(BulkItemState::Aborted),
        _ => None,
    }
}

/// Whether a person may resume it: it is over, and something is left to do.
pub fn can_resume(bulk: &BulkOperation) -> bool {
    matches!(bulk.state, BulkState::Stopped | BulkState::Aborted)
}

/// The same, going on: what is done stays done, what stopped it is tried again, what is left out is left out.
pub fn bulk_resumed(bulk: &BulkOperation, resume: &BulkResume, by: &str, now: Timestamp) -> BulkOperation {
    let mut next = BulkOperation {
        state: BulkState::Running,
        requested_by: by.to_owned(),
        updated_at: now,
        finished_at: None,
        waiting_for: None,
        ..bulk.clone()
    };
    for item in next.items.iter_mut().filter(|item| item.state == BulkItemState::Waiting || stops(item.state)) {
        let skip = resume.skip.contains(&item.node_id);
        let seen = resume.nodes.iter().find(|node| node.node_id == item.node_id);
        let (seen_stateful, acknowledge_unread) = match seen {
            Some(node) => (node.seen_stateful.clone(), node.acknowledge_unread),
            None => (item.seen_stateful.clone(), item.acknowledge_unread),
        };
        *item = BulkItem {
            state: if skip { BulkItemState::Skipped } else { BulkItemState::Waiting },
            operation_id: None,
            message: skip.then(|| say!("Left out by {}.", by)),
            refusal: None,
            seen_stateful,
            acknowledge_unread,
            ..item.clone()
        };
    }
    next
}

/// In a line.
pub fn bulk_summary(bulk: &BulkOperation) -> BulkSummary {
    bulk_summary_of(bulk, bulk.items.iter().map(|item| (item.state, 1)))
}

/// In a line, where its items were counted elsewhere: how many are in which state.
pub fn bulk_summary_of(bulk: &BulkOperation, states: impl IntoIterator<Item = (BulkItemState, u32)>) -> BulkSummary {
    let (mut total, mut done, mut stopped) = (0_u32, 0_u32, 0_u32);
    for (state, count) in states {
        total = total.saturating_add(count);
        if matches!(state, BulkItemState::Done | BulkItemState::Skipped) {
            done = done.saturating_add(count);
        }
        if stops(state) {
            stopped = stopped.saturating_add(count);
        }
    }
    BulkSummary {
        id: bulk.id.clone(),
        kind: bulk.kind,
        state: bulk.state,
        reason: bulk.reason.clone(),
        requested_by: bulk.requested_by.clone(),
        created_at: bulk.created_at,
        updated_at: bulk.updated_at,
        total,
        done,
        stopped,
    }
}
