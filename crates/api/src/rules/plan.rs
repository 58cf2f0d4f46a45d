//! A planned drain: what may be planned, when it begins, and when its time has gone by. Its guards are those of any drain.

use std::time::Duration;

use jiff::SignedDuration;

use super::{DrainInput, FieldError, check_drain, check_reason};
use crate::{DrainRequest, PLAN_LATE_MAX_S, PLAN_MAX_DAYS, PlanPatch, PlanRequest, PlanState, PlannedDrain, Refusal, Timestamp, say};

/// The longest maintenance that can be planned, in seconds.
const BACK_MAX_S: i64 = 366 * 24 * 3600;

/// What is to be done with a plan now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanNext {
    /// Its time comes in this long by the wall clock, which somebody may set.
    Wait(Duration),
    /// Begin it.
    Begin,
    /// Its time has gone by.
    Miss,
    /// Nothing: a person decides, or it is over.
    Rest,
}

/// Whether these times can be planned: the beginning ahead of now and not too far, the end behind the beginning.
///
/// # Errors
/// Names the field.
pub fn check_plan_times(starts_at: Timestamp, expected_back_at: Option<Timestamp>, now: Timestamp) -> Result<(), FieldError> {
    let wrong = |field, message| Err(FieldError { field, message });
    if starts_at <= now {
        return wrong("starts_at", say!("The time at which the drain shall begin lies in the past."));
    }
    if starts_at.duration_since(now) > SignedDuration::from_hours(24 * PLAN_MAX_DAYS) {
        return wrong("starts_at", say!("The time at which the drain shall begin is more than 90 days away."));
    }
    match expected_back_at {
        Some(at) if at <= starts_at => wrong("expected_back_at", say!("The node would be expected back before its drain begins.")),
        Some(at) if at.duration_since(starts_at).as_secs() > BACK_MAX_S => {
            wrong("expected_back_at", say!("The time at which the node is expected back is more than a year behind the beginning."))
        }
        _ => Ok(()),
    }
}

/// Whether a drain may be planned: what the person was shown must be what is there now, or the plan would be refused when
/// its time has come. Whether another node takes placements is asked only then; nobody knows it today.
///
/// # Errors
/// Those of [`check_drain`], but for the last node.
pub fn check_plan(input: &DrainInput<'_>, plan: &PlannedDrain) -> Result<(), Refusal> {
    check_drain(input, &DrainRequest { allow_last_schedulable: true, ..drain_of(plan) })
}

/// The drain that a plan asks for when its time has come.
pub fn drain_of(plan: &PlannedDrain) -> DrainRequest {
    DrainRequest {
        reason: plan.reason.clone(),
        expected_back_at: plan.expected_back_at,
        seen_stateful: plan.seen_stateful.clone(),
        acknowledge_unread: plan.acknowledge_unread,
        allow_last_schedulable: plan.allow_last_schedulable,
    }
}

/// When it may begin at the latest.
pub fn plan_latest(plan: &PlannedDrain) -> Timestamp {
    plan.starts_at.checked_add(SignedDuration::from_secs(PLAN_LATE_MAX_S)).unwrap_or(Timestamp::MAX)
}

/// What is to be done now. A clock that was set back makes one that is due wait again; one that began never begins anew.
pub fn plan_next(plan: &PlannedDrain, now: Timestamp) -> PlanNext {
    if !plan.state.may_begin() {
        return PlanNext::Rest;
    }
    if now < plan.starts_at {
        return PlanNext::Wait(plan.starts_at.duration_since(now).try_into().unwrap_or_default());
    }
    if now > plan_latest(plan) { PlanNext::Miss } else { PlanNext::Begin }
}

/// The request as a plan that waits; `blank` brings what is not the person's: ids, who, when.
///
/// # Errors
/// The first field that is wrong.
pub fn planned(request: &PlanRequest, blank: PlannedDrain, now: Timestamp) -> Result<PlannedDrain, FieldError> {
    check_plan_times(request.starts_at, request.expected_back_at, now)?;
    Ok(PlannedDrain {
        state: PlanState::Waiting,
        reason: check_reason(&request.reason)?,
        starts_at: request.starts_at,
        expected_back_at: request.expected_back_at,
        seen_stateful: request.seen_stateful.clone(),
        acknowledge_unread: request.acknowledge_unread,
        allow_last_schedulable: request.allow_last_schedulable,
        ..blank
    })
}

/// The same plan, changed: it waits again. One that was refused or missed needs a time that lies ahead; so does every other.
///
/// # Errors
/// The first field that is wrong.
pub fn plan_changed(plan: &PlannedDrain, patch: &PlanPatch, now: Timestamp) -> Result<PlannedDrain, FieldError> {
    let reason = patch.reason.as_deref().map(check_reason).transpose()?;
    let starts_at = patch.starts_at.unwrap_or(plan.starts_at);
    let expected_back_at = patch.expected_back_at.unwrap_or(plan.expected_back_at);
    check_plan_times(starts_at, expected_back_at, now)?;
    Ok(PlannedDrain {
        state: PlanState::Waiting,
        reason: reason.unwrap_or_else(|| plan.reason.clone()),
        starts_at,
        expected_back_at,
        seen_stateful: patch.seen_stateful.clone().unwrap_or_else(|| plan.seen_stateful.clone()),
        acknowledge_unread: patch.acknowledge_unread.unwrap_or(plan.acknowledge_unread),
        allow_last_schedulable: patch.allow_last_schedulable.unwrap_or(plan.allow_last_schedulable),
        message: None,
        last_refusal: None,
        updated_at: now,
        ..plan.clone()
    })
}

/// Whether a change has to be held against what is on the node now: the person says what they have seen, or the plan was
/// refused and would be again.
pub fn patch_needs_guards(plan: &PlannedDrain, patch: &PlanPatch) -> bool {
    patch.seen_stateful.is_some() || patch.acknowledge_unread.is_some() || plan.state == PlanState::Refused
}
