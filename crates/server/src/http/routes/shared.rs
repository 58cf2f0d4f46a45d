//! Public share links: part of the contract, not of this version. The console copies the link to a node's page, which
//! whoever may sign in can open.

use axum::response::Response;

use crate::http::{
    auth::{MayRead, MayShare},
    extract::{Node, PathId},
    openapi::Refused,
    problem::Problem,
};

fn later() -> Problem {
    Problem::unsupported("This version has no public share links yet. The address of the node's page can be sent to anybody who may sign in.")
}

/// Links to one node's status. Not in this version.
#[utoipa::path(
    get, path = "/nodes/{id}/share-links", tag = "share", operation_id = "list_share_links",
    params(("id" = String, Path, description = "The node's id.")),
    responses((status = 501, description = "Not in this version", body = Refused)),
)]
pub async fn list(_: MayRead, _: Node) -> Problem {
    later()
}

/// A new link to one node's status. Not in this version.
#[utoipa::path(
    post, path = "/nodes/{id}/share-links", tag = "share", operation_id = "create_share_link",
    params(("id" = String, Path, description = "The node's id.")),
    responses((status = 501, description = "Not in this version", body = Refused)),
)]
pub async fn create(_: MayShare, _: Node) -> Problem {
    later()
}

/// Revokes a link. Not in this version.
#[utoipa::path(
    delete, path = "/nodes/{id}/share-links/{link}", tag = "share", operation_id = "revoke_share_link",
    params(("id" = String, Path, description = "The node's id."), ("link" = String, Path, description = "The link's id.")),
    responses((status = 501, description = "Not in this version", body = Refused)),
)]
pub async fn revoke(_: MayShare) -> Problem {
    later()
}

/// One node's status, without signing in. Not in this version.
#[utoipa::path(
    get, path = "/shared/{token}", tag = "share", operation_id = "shared_status", security(()),
    params(("token" = String, Path, description = "From the link.")),
    responses((status = 501, description = "Not in this version", body = Refused)),
)]
pub async fn status(_: PathId) -> Response {
    axum::response::IntoResponse::into_response(later())
}

/// That status as it changes. Not in this version.
#[utoipa::path(
    get, path = "/shared/{token}/events", tag = "share", operation_id = "shared_events", security(()),
    params(("token" = String, Path, description = "From the link.")),
    responses((status = 501, description = "Not in this version", body = Refused)),
)]
pub async fn events(_: PathId) -> Response {
    axum::response::IntoResponse::into_response(later())
}
