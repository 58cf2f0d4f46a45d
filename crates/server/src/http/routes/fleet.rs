//! The fleet as a whole: what it is, what happened, where something would be placed.

use axum::{extract::State, response::Response};
use pitlane_api::{ActivityKind, ActivityPage, Envelope, FleetInfo, NodeId, Placement, PlacementRequest, Words, say};

use crate::{
    fleet::ActivityRequest,
    http::{
        App,
        auth::{MayPlace, MayRead},
        export::{self, Format},
        extract::Body,
        problem::{Problem, Result, ok},
        query::Query,
    },
    store::ActivityQuery,
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
        ("actor" = Option<String>, Query, description = "Only by whoever has this name.", max_length = 200),
        ("kind" = Option<Vec<ActivityKind>>, Query, description = "Any of these.", style = Form, explode = false),
        ("since" = Option<pitlane_api::Timestamp>, Query, description = "Not before this time."),
        ("until" = Option<pitlane_api::Timestamp>, Query, description = "Before this time."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before.", max_length = 200),
        ("limit" = Option<u32>, Query, description = "Entries on the page.", minimum = 1, maximum = 500),
    ),
    responses((status = 200, description = "A page", body = Envelope<ActivityPage>)),
)]
pub async fn activity(State(app): State<App>, _: MayRead, query: Query) -> Result<Response> {
    let request = ActivityRequest { filter: filter(&query)?, cursor: query.text("cursor", 200)?, limit: query.number("limit", 1, 500)?.unwrap_or(0) };
    Ok(ok(app.fleet.activity(&request).await?))
}

/// What of the activity log is looked for.
fn filter(query: &Query) -> Result<ActivityQuery> {
    const TIME: &str = "a time such as 2030-01-31T18:00:00Z";
    Ok(ActivityQuery {
        node: query.text("node", 128)?.map(NodeId),
        actor: query.text("actor", 200)?,
        kinds: query.words("kind", ActivityKind::ALL, ActivityKind::as_str)?,
        since: query.parsed("since", TIME)?,
        until: query.parsed("until", TIME)?,
        ..ActivityQuery::default()
    })
}

/// The activity log as a file, newest first, with the same filters: for a spreadsheet (`csv`) or a program (`jsonl`, an entry a line).
#[utoipa::path(
    get, path = "/activity/export", tag = "fleet", operation_id = "export_activity",
    params(
        ("format" = Option<String>, Query, description = "csv, or jsonl.", pattern = "^(csv|jsonl)$"),
        ("node" = Option<String>, Query, description = "Only of this node.", max_length = 128),
        ("actor" = Option<String>, Query, description = "Only by whoever has this name.", max_length = 200),
        ("kind" = Option<Vec<ActivityKind>>, Query, description = "Any of these.", style = Form, explode = false),
        ("since" = Option<pitlane_api::Timestamp>, Query, description = "Not before this time."),
        ("until" = Option<pitlane_api::Timestamp>, Query, description = "Before this time."),
    ),
    responses((status = 200, description = "The file", content((String = "text/csv"), (String = "application/x-ndjson")))),
)]
pub async fn export(State(app): State<App>, MayRead(caller): MayRead, query: Query) -> Result<Response> {
    let format = match query.text("format", 20)?.as_deref() {
        None | Some("csv") => Format::Csv,
        Some("jsonl") => Format::JsonLines,
        Some(_) => return Err(Problem::field("format", Words::plain("must be csv or jsonl"))),
    };
    let request = ActivityRequest { filter: filter(&query)?, ..ActivityRequest::default() };
    let busy = |_| Problem::unavailable("too_many_exports", say!("Too many exports are being written. Wait until one of them has ended."), 10);
    let place = app.exports.open(caller.owner.clone(), caller.address).map_err(busy)?;
    export::file(app.fleet.clone(), request, format, place).await
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
