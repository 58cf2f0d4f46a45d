//! Rules 7 and 8: requested is not done, and the engine is the truth.

use crate::{Operation, OperationId, OperationKind, OperationState, OperationStep, Refusal, Revision, Scheduling, say};

/// What can happen to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationEventKind {
    /// An attempt begins.
    Begin,
    /// The engine could not be reached or did not confirm.
    Wait,
    /// The engine showed the change.
    Confirm,
    /// A rule or the engine refused it for good.
    Fail,
    /// A person stopped it.
    Abort,
}

/// The state after an event; `None` where that event cannot happen in that state. Final states have no way out.
pub const fn transition(state: OperationState, event: OperationEventKind) -> Option<OperationState> {
    use OperationEventKind as Event;
    use OperationState as State;
    match (state, event) {
        (State::Completed | State::Failed | State::Aborted | State::Unknown, _) => None,
        // After a crash an operation is found in progress and begins again.
        (State::Pending | State::WaitingReconcile | State::InProgress, Event::Begin) => Some(State::InProgress),
        (State::InProgress, Event::Wait) => Some(State::WaitingReconcile),
        (State::InProgress, Event::Confirm) => Some(State::Completed),
        (_, Event::Fail) => Some(State::Failed),
        (_, Event::Abort) => Some(State::Aborted),
        (State::Pending | State::WaitingReconcile, Event::Wait | Event::Confirm) => None,
    }
}

/// The node as the engine itself shows it just now, not from a cache.
#[derive(Debug, Clone, Copy)]
pub struct EngineView<'a> {
    /// Whether the scheduler may place on it.
    pub scheduling: Scheduling,
    /// Of scheduling and record.
    pub revision: &'a Revision,
    /// The operation that wrote the record which stands there.
    pub record_operation: Option<&'a OperationId>,
}

/// What a reconciler does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The engine shows what was wanted: complete, and write nothing.
    Complete,
    /// Write to the engine.
    Write,
    /// It is over, for this reason.
    Fail(Refusal),
}

/// What to do with an unfinished operation, given what the engine shows and what the guards say now.
///
/// The record at the engine carries the operation's id, so that a drain knows its own write after a crash. Whatever
/// else changed since the operation was accepted was a person's doing, and Pitlane does not fight a person. `guards` is
/// only asked where something would be written.
pub fn decide(operation: &Operation, view: EngineView<'_>, guards: impl FnOnce() -> Result<(), Refusal>) -> Decision {
    let wanted = match operation.kind {
        OperationKind::Drain => Scheduling::Maintenance,
        OperationKind::Activate => Scheduling::Schedulable,
        OperationKind::Unknown => return Decision::Fail(Refusal::ChangedOutside { shows: say!("an operation of a newer version") }),
    };
    let own = match operation.kind {
        OperationKind::Drain => view.record_operation == Some(&operation.id),
        // An activation leaves no record behind. Schedulable is what was wanted, whoever did it.
        _ => true,
    };
    if view.scheduling == wanted && own {
        return Decision::Complete;
    }
    let untouched = *view.revision == operation.accepted_revision;
    // `Confirm` is reached only after the engine accepted the write: if it shows the old state, somebody took it back.
    // So did whoever left this operation's record on a node that is schedulable, even if a crash kept the write from
    // being noted here. (Stale records may therefore be removed only from nodes without an unfinished operation.)
    let taken_back = operation.step == OperationStep::Confirm || view.record_operation == Some(&operation.id);
    if !untouched || taken_back {
        return Decision::Fail(Refusal::ChangedOutside {
            shows: match view.scheduling {
                Scheduling::Maintenance => say!("it is in maintenance, and not by this operation"),
                _ => say!("it is schedulable"),
            },
        });
    }
    match guards() {
        Ok(()) => Decision::Write,
        Err(refusal) => Decision::Fail(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_states_are_final_and_every_other_can_be_left() {
        use OperationEventKind::*;
        for state in OperationState::ALL {
            let ways: Vec<_> = [Begin, Wait, Confirm, Fail, Abort].into_iter().filter_map(|event| transition(*state, event)).collect();
            assert_eq!(ways.is_empty(), state.is_finished(), "{state}");
        }
    }

    #[test]
    fn nothing_completes_before_it_began() {
        assert_eq!(transition(OperationState::Pending, OperationEventKind::Confirm), None);
        assert_eq!(transition(OperationState::WaitingReconcile, OperationEventKind::Confirm), None);
    }
}
