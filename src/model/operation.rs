//! An operation, step by step. Requested is not done: only the engine's confirmation is.

use pitlane_api::{Node, Operation, OperationKind, OperationState, OperationStep, Scheduling, Timestamp};

use super::format;
use crate::words::tr;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Done,
    Now,
    Waiting,
    Failed,
    Ahead,
}

impl StepState {
    /// The word of `data-state`.
    pub const fn as_str(self) -> &'static str {
        match self {
            StepState::Done => "done",
            StepState::Now => "now",
            StepState::Waiting => "waiting",
            StepState::Failed => "failed",
            StepState::Ahead => "ahead",
        }
    }

    /// For a screen reader.
    pub fn spoken(self) -> String {
        match self {
            StepState::Done => tr!("done"),
            StepState::Now => tr!("in progress"),
            StepState::Waiting => tr!("waiting"),
            StepState::Failed => tr!("failed"),
            StepState::Ahead => tr!("not yet"),
        }
    }
}

const STEPS: [OperationStep; 4] = [OperationStep::Accepted, OperationStep::Guards, OperationStep::Engine, OperationStep::Confirm];

/// The steps of an operation in order, each with its words.
pub fn steps(operation: &Operation) -> Vec<(StepState, String)> {
    let reached = STEPS.iter().position(|step| *step == operation.step);
    STEPS
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let state = match (operation.state, reached) {
                (OperationState::Completed, _) => StepState::Done,
                (_, Some(reached)) if at < reached => StepState::Done,
                (_, Some(reached)) if at > reached => StepState::Ahead,
                (OperationState::Failed | OperationState::Aborted, Some(_)) => StepState::Failed,
                (OperationState::WaitingReconcile, Some(_)) => StepState::Waiting,
                (_, Some(_)) => StepState::Now,
                // Over, or a step of a newer server: what is known stands in the headline.
                (OperationState::Failed | OperationState::Aborted, None) => StepState::Failed,
                (_, None) => StepState::Now,
            };
            (state, words(*step, operation.kind))
        })
        .collect()
}

fn words(step: OperationStep, kind: OperationKind) -> String {
    match (step, kind) {
        (OperationStep::Accepted, _) => tr!("Accepted and stored"),
        (OperationStep::Guards, _) => tr!("Every guard checked again"),
        (OperationStep::Engine, OperationKind::Activate) => tr!("Making the node schedulable at the engine"),
        (OperationStep::Engine, _) => tr!("Taking the node out of the scheduler"),
        (OperationStep::Confirm, _) => tr!("The engine confirms it"),
        (OperationStep::Done | OperationStep::Unknown, _) => tr!("Done"),
    }
}

/// One line: what is going on, in the words of the vocabulary.
pub fn headline(operation: &Operation) -> String {
    let activates = operation.kind == OperationKind::Activate;
    match (operation.state, activates) {
        (OperationState::Completed, true) => tr!("Schedulable again, confirmed by the engine."),
        (OperationState::Completed, false) => tr!("In maintenance, confirmed by the engine."),
        (OperationState::Failed, true) => tr!("Activate failed."),
        (OperationState::Failed, false) => tr!("Drain failed."),
        (OperationState::Aborted, true) => tr!("Activate aborted."),
        (OperationState::Aborted, false) => tr!("Drain aborted."),
        (OperationState::WaitingReconcile, true) => tr!("Activating: waiting for the engine."),
        (OperationState::WaitingReconcile, false) => tr!("Draining: waiting for the engine."),
        (_, true) => tr!("Activating: {}.", doing(operation)),
        (_, false) => tr!("Draining: {}.", doing(operation)),
    }
}

/// The step in the middle of a sentence.
fn doing(operation: &Operation) -> String {
    match (operation.step, operation.kind) {
        (OperationStep::Accepted, _) => tr!("accepted and stored"),
        (OperationStep::Guards, _) => tr!("every guard checked again"),
        (OperationStep::Engine, OperationKind::Activate) => tr!("making the node schedulable at the engine"),
        (OperationStep::Engine, _) => tr!("taking the node out of the scheduler"),
        (OperationStep::Confirm, _) => tr!("the engine confirms it"),
        (OperationStep::Done | OperationStep::Unknown, _) => tr!("done"),
    }
}

/// How often it was tried, and when it is tried again. Why stands in its last error.
pub fn tries(operation: &Operation, now: Timestamp) -> Option<String> {
    if operation.state.is_finished() {
        return None;
    }
    let next = operation.next_attempt_at.filter(|at| *at > now).map(|at| tr!("Next try {}.", format::relative(at, now)));
    if operation.last_error.is_none() && next.is_none() {
        return None;
    }
    let tries = (operation.attempt_count > 1).then(|| tr!("Tried once." | "Tried {n} times." % operation.attempt_count));
    Some([tries, next].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// The operation as the node bears it out. Its last event can be lost with a connection; what the node shows then counts.
pub fn as_shown(operation: &Operation, node: &Node) -> Operation {
    if let Some(current) = node.operation.as_ref().filter(|current| current.id == operation.id) {
        return if current.updated_at >= operation.updated_at { current.clone() } else { operation.clone() };
    }
    let wanted = match operation.kind {
        OperationKind::Activate => Scheduling::Schedulable,
        _ => Scheduling::Maintenance,
    };
    // The node has moved on since, and stands where the operation wanted it.
    let arrived = node.scheduling == wanted && node.updated_at > operation.updated_at;
    if !operation.state.is_finished() && arrived && node.operation.is_none() {
        return Operation { state: OperationState::Completed, step: OperationStep::Done, last_error: None, ..operation.clone() };
    }
    operation.clone()
}

/// Whether "Try now" can help.
pub fn can_retry(operation: &Operation) -> bool {
    operation.retryable && operation.state == OperationState::WaitingReconcile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::operation;

    #[test]
    fn nothing_is_done_before_the_engine_confirmed_it() {
        for state in OperationState::ALL {
            for step in OperationStep::ALL {
                let steps = steps(&operation(*state, *step));
                let all_done = steps.iter().all(|(state, _)| *state == StepState::Done);
                assert_eq!(all_done, *state == OperationState::Completed, "{state} at {step}");
                let says_so = headline(&operation(*state, *step)).starts_with("In maintenance");
                assert_eq!(says_so, *state == OperationState::Completed);
            }
        }
    }

    #[test]
    fn a_lost_event_is_made_good_by_the_node() {
        let op = operation(OperationState::InProgress, OperationStep::Engine);
        let mut node = crate::model::tests::node("n");
        assert_eq!(as_shown(&op, &node).state, OperationState::InProgress, "accepted a moment ago, no event yet");
        node.scheduling = Scheduling::Maintenance;
        assert_eq!(as_shown(&op, &node).state, OperationState::InProgress, "what the node showed before counts for nothing");
        node.updated_at = Timestamp::from_second(9).unwrap();
        assert_eq!(as_shown(&op, &node).state, OperationState::Completed);
        node.operation = Some(Operation { updated_at: node.updated_at, ..operation(OperationState::WaitingReconcile, OperationStep::Engine) });
        assert_eq!(as_shown(&op, &node).state, OperationState::WaitingReconcile, "its own word counts");
    }

    #[test]
    fn waiting_says_how_often_and_when() {
        let mut op = operation(OperationState::WaitingReconcile, OperationStep::Engine);
        op.last_error = Some(pitlane_api::Words::plain("The engine does not answer."));
        op.attempt_count = 3;
        op.next_attempt_at = Timestamp::from_second(8).ok();
        assert_eq!(tries(&op, Timestamp::UNIX_EPOCH).as_deref(), Some("Tried 3 times. Next try in 8 s."));
        assert!(can_retry(&op));
    }
}
