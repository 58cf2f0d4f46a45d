//! The fleet as a whole: what it is, what happened, where something would be placed.

use axum::{extract::State, response::Response};
use pitlane_api::{ActivityPage, Envelope, FleetInfo, NodeId, Placement, PlacementRequest};

use crate::{
    fleet::ActivityRequest,
    http::{
        App,
        auth::{MayPlace, MayRead},
        extract::Body,
        problem::{Result, ok},
        query::Query,
    },
};

/// The fleet: name, engine, counts, capacity, thresholds.
#[utoipa::path(get, path = "/fleet", tag = "fleet", operation_id = "fleet", responses((status = 200, description = "The fleet", body = Envelope<FleetInfo>)))]
pub async fn fleet(State(app): State<App>, _: MayRead) -> Response {
    ok(app.fleet.info())
}

/// Who did what, when, from where, and what changed outside. Newest first.
#[utoipa::path(
    get, path = "/activity", tag = "fleet", operation_id = "activity",
    params(
        ("node" = Option<String>, Query, description = "Only of this node.", max_length = 128),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before.", max_length = 200),
        ("limit" = Option<u32>, Query, description = "Entries on the page.", minimum = 1, maximum = 500),
    ),
    responses((status = 200, description = "A page", body = Envelope<ActivityPage>)),
)]
pub async fn activity(State(app): State<App>, _: MayRead, query: Query) -> Result<Response> {
    let request = ActivityRequest {
        node: query.text("node", 128)?.map(NodeId),
        cursor: query.text("cursor", 200)?,
        limit: query.number("limit", 1, 500)?.unwrap_or(0),
    };
    Ok(ok(app.fleet.activity(&request).await?))
}

/// Which node would a workload be placed on? A drained node is never chosen.
#[utoipa::path(
    post, path = "/placements", tag = "fleet", operation_id = "place",
    request_body = PlacementRequest,
    responses(
        (status = 200, description = "The node that would be chosen", body = Envelope<Placement>),
        (status = 409, description = "No node can take it: `placement_blocked` says why each was passed over", body = crate::http::openapi::Refused),
        (status = 501, description = "This engine has a scheduler of its own", body = crate::http::openapi::Refused),
    ),
)]
pub async fn place(State(app): State<App>, _: MayPlace, Body { value, .. }: Body<PlacementRequest>) -> Result<Response> {
    Ok(ok(app.fleet.place(value).await?))
}
