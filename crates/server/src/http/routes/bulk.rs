//! Many nodes in one go: what it would mean, asking for it, following it, ending it, going on with it.

use axum::{extract::State, http::StatusCode, response::Response};
use pitlane_api::{BulkList, BulkOperation, BulkPreview, BulkPreviewRequest, BulkRequest, BulkResume, Envelope};

use crate::{
    fleet::IfMatch,
    http::{
        App,
        auth::{MayDrain, MayRead},
        extract::{Body, Bulk, OptionalBody},
        openapi::Refused,
        problem::{Result, ok, success},
        routes::changes::{Change, actor},
    },
};

/// Longest body of a preview, in bytes: 500 ids of 128 characters.
const PREVIEW_MAX: usize = 128 << 10;
/// Longest body of a bulk operation, in bytes: 500 nodes, each with the stateful workloads that were seen, 2 KiB on average.
const BULK_BODY_MAX: usize = 1 << 20;

/// What a drain or an activation of a whole set would mean: each node, and the fleet after all of them. Changes nothing.
#[utoipa::path(
    post, path = "/bulk-operations/preview", tag = "bulk", operation_id = "bulk_preview",
    request_body = BulkPreviewRequest,
    responses((status = 200, description = "The preview", body = Envelope<BulkPreview>), (status = 404, description = "A node of the set is not there", body = Refused)),
)]
pub async fn preview(State(app): State<App>, _: MayRead, Body { value, .. }: Body<BulkPreviewRequest, PREVIEW_MAX>) -> Result<Response> {
    Ok(ok(app.fleet.bulk_preview(&value).await?))
}

/// Drains or activates many nodes, one after another or a few at a time. Every guard is asked again before each node; a drain stops at
/// the first refusal, an activation leaves out what is not clean.
#[utoipa::path(
    post, path = "/bulk-operations", tag = "bulk", operation_id = "create_bulk_operation",
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeat within 24 h has one effect and one answer.", pattern = "^[!-~]{1,200}$")),
    request_body = BulkRequest,
    responses(
        (status = 202, description = "Accepted and stored", body = Envelope<BulkOperation>),
        (status = 404, description = "A node of the set is not there", body = Refused),
        (status = 409, description = "`last_schedulable_node`: no node would take placements after all of them", body = Refused),
    ),
)]
pub async fn create(
    State(app): State<App>,
    MayDrain(caller): MayDrain,
    change: Change,
    Body { value, hash }: Body<BulkRequest, BULK_BODY_MAX>,
) -> Result<Response> {
    let call = change.call(caller, IfMatch::Any, hash)?;
    let bulk = app.fleet.accept_bulk(value, call).await?;
    Ok(success(StatusCode::ACCEPTED, "Accepted. Each node is done once the engine has confirmed it.", bulk))
}

/// The newest bulk operations.
#[utoipa::path(
    get, path = "/bulk-operations", tag = "bulk", operation_id = "list_bulk_operations",
    responses((status = 200, description = "Newest first", body = Envelope<BulkList>)),
)]
pub async fn list(State(app): State<App>, _: MayRead) -> Result<Response> {
    Ok(ok(app.fleet.bulk_operations().await?))
}

/// One bulk operation with each of its nodes.
#[utoipa::path(
    get, path = "/bulk-operations/{id}", tag = "bulk", operation_id = "bulk_operation",
    params(("id" = String, Path, description = "The bulk operation's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "As it stands", body = Envelope<BulkOperation>)),
)]
pub async fn one(State(app): State<App>, _: MayRead, Bulk(id): Bulk) -> Result<Response> {
    Ok(ok(app.fleet.bulk(&id).await?))
}

/// Begins no other node, and stops what is under way. What is done stays done.
#[utoipa::path(
    post, path = "/bulk-operations/{id}/abort", tag = "bulk", operation_id = "abort_bulk_operation",
    params(("id" = String, Path, description = "The bulk operation's id.", min_length = 1, max_length = 128)),
    responses(
        (status = 202, description = "It ends", body = Envelope<BulkOperation>),
        (status = 409, description = "`bulk_finished`: it is over already", body = Refused),
    ),
)]
pub async fn abort(State(app): State<App>, MayDrain(caller): MayDrain, Bulk(id): Bulk) -> Result<Response> {
    let bulk = app.fleet.abort_bulk(&id, actor(caller)).await?;
    Ok(success(StatusCode::ACCEPTED, "No other node is begun; what is under way is being stopped.", bulk))
}

/// Goes on with one that was stopped or aborted. What is done is not done again; what stopped it is tried again, or left out.
#[utoipa::path(
    post, path = "/bulk-operations/{id}/resume", tag = "bulk", operation_id = "resume_bulk_operation",
    params(("id" = String, Path, description = "The bulk operation's id.", min_length = 1, max_length = 128)),
    request_body(content = Option<BulkResume>),
    responses(
        (status = 202, description = "It goes on", body = Envelope<BulkOperation>),
        (status = 409, description = "`bulk_finished`: there is nothing to go on with", body = Refused),
    ),
)]
pub async fn resume(
    State(app): State<App>,
    MayDrain(caller): MayDrain,
    Bulk(id): Bulk,
    OptionalBody(Body { value, .. }): OptionalBody<BulkResume, BULK_BODY_MAX>,
) -> Result<Response> {
    let bulk = app.fleet.resume_bulk(&id, value, actor(caller)).await?;
    Ok(success(StatusCode::ACCEPTED, "It goes on.", bulk))
}
