//! Drains that begin later: planned, changed, cancelled, listed.

use axum::{extract::State, http::StatusCode, response::Response};
use pitlane_api::{Envelope, PlanPatch, PlanRequest, PlannedDrain, PlannedDrains};

use crate::{
    fleet::{Call, IfMatch as Expected},
    http::{
        App,
        auth::{MayDrain, MayRead},
        extract::{Body, IfMatch, Node},
        openapi::Refused,
        problem::{Result, ok, success},
        routes::changes::{Change, DRAIN_MAX, actor},
    },
};

/// What is planned: what comes, and what was refused or missed and waits for a person's decision.
#[utoipa::path(
    get, path = "/planned-drains", tag = "plan", operation_id = "list_planned_drains",
    responses((status = 200, description = "The next one first", body = Envelope<PlannedDrains>)),
)]
pub async fn list(State(app): State<App>, _: MayRead) -> Result<Response> {
    Ok(ok(app.fleet.planned_drains()))
}

/// Plans a drain that begins later, by itself. Every guard is asked again when its time has come: one that refuses then drains
/// nothing, and leaves the decision to a person.
#[utoipa::path(
    post, path = "/nodes/{id}/planned-drain", tag = "plan", operation_id = "plan_drain",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("If-Match" = String, Header, description = "The node's revision in double quotes, or `*`. Missing: 428.", pattern = r#"^(\*|(W/)?"[!#-~]{1,128}")$"#),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeat within 24 h has one effect and one answer.", pattern = "^[!-~]{1,200}$"),
    ),
    request_body = PlanRequest,
    responses(
        (status = 201, description = "Planned and stored", body = Envelope<PlannedDrain>),
        (status = 409, description = "`already_planned`, or what stands in the way of any drain but for the last node", body = Refused),
    ),
)]
pub async fn create(
    State(app): State<App>,
    MayDrain(caller): MayDrain,
    Node(id): Node,
    if_match: IfMatch,
    change: Change,
    Body { value, hash }: Body<PlanRequest, DRAIN_MAX>,
) -> Result<Response> {
    let call = change.call(caller, if_match, hash)?;
    let plan = app.fleet.plan_drain(&id, value, call).await?;
    Ok(success(StatusCode::CREATED, "Planned. Every guard is asked again when its time has come.", plan))
}

/// Changes a planned drain. One that was refused or missed is planned anew by a time that lies ahead.
#[utoipa::path(
    patch, path = "/nodes/{id}/planned-drain", tag = "plan", operation_id = "change_planned_drain",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("If-Match" = String, Header, description = "The plan's revision in double quotes, or `*`. Missing: 428.", pattern = r#"^(\*|(W/)?"[!#-~]{1,128}")$"#),
    ),
    request_body = PlanPatch,
    responses(
        (status = 200, description = "The plan as it is now", body = Envelope<PlannedDrain>),
        (status = 409, description = "Changed meanwhile, or what stays on the node is not what was seen", body = Refused),
    ),
)]
pub async fn change(
    State(app): State<App>,
    MayDrain(caller): MayDrain,
    Node(id): Node,
    if_match: IfMatch,
    Body { value, .. }: Body<PlanPatch, DRAIN_MAX>,
) -> Result<Response> {
    let call = Call { actor: actor(caller), if_match: if_match.into(), idempotency: None };
    Ok(ok(app.fleet.change_plan(&id, value, call).await?))
}

/// Cancels a planned drain, or dismisses one that was refused or missed.
#[utoipa::path(
    delete, path = "/nodes/{id}/planned-drain", tag = "plan", operation_id = "cancel_planned_drain",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("If-Match" = String, Header, description = "The plan's revision in double quotes, or `*`. Missing: 428.", pattern = r#"^(\*|(W/)?"[!#-~]{1,128}")$"#),
    ),
    responses(
        (status = 200, description = "The plan, cancelled", body = Envelope<PlannedDrain>),
        (status = 409, description = "Changed meanwhile", body = Refused),
    ),
)]
pub async fn cancel(State(app): State<App>, MayDrain(caller): MayDrain, Node(id): Node, if_match: IfMatch) -> Result<Response> {
    let call = Call { actor: actor(caller), if_match: Expected::from(if_match), idempotency: None };
    Ok(ok(app.fleet.cancel_plan(&id, call).await?))
}
