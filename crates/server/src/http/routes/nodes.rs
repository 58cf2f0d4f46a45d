//! Nodes: looking at them, and removing one.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use pitlane_api::{
    ActivateRequest, ClearForWork, DiagnosticsPart, Envelope, Health, Node as ApiNode, NodePage, NodeSource, Operation, Samples, Scheduling, Status,
    Words, WorkloadList, say,
};

use crate::{
    fleet::{Call, NodeQuery, Sort},
    http::{
        App,
        auth::{MayRead, MayRemove},
        extract::{Body, IfMatch, Node, NodeOperation, OptionalBody},
        openapi::Refused,
        problem::{Problem, Result, ok},
        query::Query,
        routes::changes::actor,
    },
};

/// Nodes, a page at a time, with how many of them are in which state.
///
/// Lists take several words, separated by commas or given several times.
#[utoipa::path(
    get, path = "/nodes", tag = "nodes", operation_id = "list_nodes",
    params(
        ("status" = Option<Vec<Status>>, Query, description = "Any of these.", style = Form, explode = false),
        ("health" = Option<Vec<Health>>, Query, description = "Any of these.", style = Form, explode = false),
        ("scheduling" = Option<Vec<Scheduling>>, Query, description = "Any of these.", style = Form, explode = false),
        ("source" = Option<Vec<NodeSource>>, Query, description = "Any of these.", style = Form, explode = false),
        ("label" = Option<Vec<String>>, Query, description = "`key=value` or `key`; all must match."),
        ("q" = Option<String>, Query, description = "Words that must all be found in name, region, address, version, status or labels.", max_length = 200),
        ("sort" = Option<String>, Query, description = "name, attention, region, maintenance, heartbeat, cpu, memory, created; `-` before it turns it around.", pattern = "^-?(name|attention|region|maintenance|heartbeat|cpu|memory|created)$"),
        ("limit" = Option<u32>, Query, description = "Nodes on the page.", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before.", max_length = 1000),
    ),
    responses((status = 200, description = "A page", body = Envelope<NodePage>)),
)]
pub async fn list(State(app): State<App>, _: MayRead, query: Query) -> Result<Response> {
    let sort = match query.text("sort", 50)? {
        None => Sort::default(),
        Some(word) => Sort::from_word(&word).ok_or_else(|| {
            let words: Vec<_> = Sort::WORDS.iter().map(|(word, _)| *word).collect();
            Problem::field("sort", Words::plain(format!("must be one of {}, with - before it for the other way round", words.join(", "))))
        })?,
    };
    let request = NodeQuery {
        status: query.words("status", Status::ALL, Status::as_str)?,
        health: query.words("health", Health::ALL, Health::as_str)?,
        scheduling: query.words("scheduling", Scheduling::ALL, Scheduling::as_str)?,
        source: query.words("source", NodeSource::ALL, NodeSource::as_str)?,
        label: query.texts("label")?,
        q: query.text("q", 200)?,
        sort,
        limit: query.number("limit", 1, crate::fleet::MAX_LIMIT)?.unwrap_or(0),
        cursor: query.text("cursor", 1000)?,
    };
    Ok(ok(app.fleet.list(&request)?))
}

/// One node. Its `ETag` is its revision: what a change carries in `If-Match`.
#[utoipa::path(
    get, path = "/nodes/{id}", tag = "nodes", operation_id = "node",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "The node", body = Envelope<ApiNode>, headers(("ETag" = String, description = "The revision, in double quotes")))),
)]
pub async fn node(State(app): State<App>, _: MayRead, Node(id): Node) -> Result<Response> {
    with_etag(app.fleet.node(&id)?)
}

/// A node with its revision in `ETag`.
pub fn with_etag(node: ApiNode) -> Result<Response> {
    let etag = HeaderValue::from_str(&node.revision.quoted()).map_err(Problem::internal)?;
    let mut response = ok(node);
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

/// Everything on the node. `complete: false` is "not evaluated", never "none".
#[utoipa::path(
    get, path = "/nodes/{id}/workloads", tag = "nodes", operation_id = "workloads",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "The list", body = Envelope<WorkloadList>)),
)]
pub async fn workloads(State(app): State<App>, _: MayRead, Node(id): Node) -> Result<Response> {
    Ok(ok(app.fleet.workloads(&id).await?))
}

/// Heartbeats and signals in five-minute buckets, a day back at most.
#[utoipa::path(
    get, path = "/nodes/{id}/samples", tag = "nodes", operation_id = "samples",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("since" = Option<pitlane_api::Timestamp>, Query, description = "Not before this time."),
    ),
    responses((status = 200, description = "Oldest first", body = Envelope<Samples>)),
)]
pub async fn samples(State(app): State<App>, _: MayRead, Node(id): Node, query: Query) -> Result<Response> {
    let since = query.parsed("since", "a time such as 2030-01-31T18:00:00Z")?;
    Ok(ok(app.fleet.samples(&id, since).await?))
}

/// Everything that helps somebody else to see what is the matter with the node, as plain text: versions, facts, health and signals,
/// thresholds, the operation, checks, counts, the last activity, and what was not read. What people wrote is left out, and counted, unless `include` asks
/// for it; no names and addresses of people. What has the form of a secret is removed from the rest, which is a second belt and no promise.
#[utoipa::path(
    get, path = "/nodes/{id}/diagnostics", tag = "nodes", operation_id = "diagnostics",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("include" = Option<Vec<DiagnosticsPart>>, Query, description = "What people wrote: `reasons`, the values of `labels` that are not well known, what the `activity` log quotes.", style = Form, explode = false),
    ),
    responses((status = 200, description = "The bundle", body = String, content_type = "text/plain")),
)]
pub async fn diagnostics(State(app): State<App>, _: MayRead, Node(id): Node, query: Query) -> Result<Response> {
    let include = query.words("include", DiagnosticsPart::ALL, DiagnosticsPart::as_str)?;
    let mut response = Response::new(app.fleet.diagnostics(&id, include).await?.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(response)
}

/// Whether the host can be wiped without losing data, and what was not read.
#[utoipa::path(
    get, path = "/nodes/{id}/clear-for-work", tag = "nodes", operation_id = "clear_for_work",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "Whether, and why not", body = Envelope<ClearForWork>)),
)]
pub async fn clear_for_work(State(app): State<App>, _: MayRead, Node(id): Node) -> Result<Response> {
    Ok(ok(app.fleet.clear_for_work(&id).await?))
}

/// One operation of a node, also when it is finished.
#[utoipa::path(
    get, path = "/nodes/{id}/operations/{op}", tag = "nodes", operation_id = "operation",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128), ("op" = String, Path, description = "The operation's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "As it stands", body = Envelope<Operation>)),
)]
pub async fn operation(State(app): State<App>, _: MayRead, NodeOperation(node, operation): NodeOperation) -> Result<Response> {
    let found = app.store.operation(&operation).await?.filter(|found| found.node_id == node);
    found.map(ok).ok_or_else(|| Problem::not_found(say!("This node has no such operation.")))
}

/// Removes a node for good. Only in maintenance, offline or pending, and only without workloads.
#[utoipa::path(
    delete, path = "/nodes/{id}", tag = "nodes", operation_id = "remove_node",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("If-Match" = String, Header, description = "The revision in double quotes, or `*`. Missing: 428.", pattern = r#"^(\*|(W/)?"[!#-~]{1,128}")$"#),
    ),
    request_body(content = Option<ActivateRequest>, description = "`override.reason` removes it although its workloads could not be read."),
    responses(
        (status = 200, description = "Removed", body = Envelope<serde_json::Value>),
        (status = 409, description = "`deletion_blocked` with the blockers, or `revision_conflict`", body = Refused),
    ),
)]
pub async fn remove(
    State(app): State<App>,
    MayRemove(caller): MayRemove,
    Node(id): Node,
    if_match: IfMatch,
    OptionalBody(Body { value, .. }): OptionalBody<ActivateRequest>,
) -> Result<Response> {
    let reason = value.override_.map(|overridden| overridden.reason);
    let call = Call { actor: actor(caller), if_match: if_match.into(), idempotency: None };
    app.fleet.remove(&id, reason, call).await?;
    Ok(crate::http::problem::success(axum::http::StatusCode::OK, "Removed.", serde_json::json!({})))
}
