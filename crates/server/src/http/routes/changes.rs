//! Taking a node out and bringing it back: what to know before, the two changes, and what can be done while they run.

use axum::{
    extract::{OriginalUri, State},
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use pitlane_api::{ActivateRequest, ActivationChecks, DrainPreview, DrainRequest, Envelope, MaintenancePatch, Node as ApiNode, Operation};

use crate::{
    fleet::{Actor, Call, Idempotency, IfMatch as Expected},
    http::{
        App,
        auth::{Caller, MayActivate, MayDrain, MayRead},
        extract::{Body, IfMatch, Node, NodeOperation, OptionalBody, idempotency_key},
        openapi::Refused,
        problem::{Result, ok, success},
        routes::nodes::with_etag,
    },
    store::SecretHash,
};

/// Longest body of a drain or of a plan for one, in bytes: the reason, and the identities of 1,000 stateful workloads of 250 characters each.
pub const DRAIN_MAX: usize = 256 << 10;

/// Who asks, as the fleet wants to know it.
pub fn actor(caller: Caller) -> Actor {
    Actor { kind: caller.kind(), name: caller.name, role: caller.role, origin: caller.origin }
}

impl From<IfMatch> for Expected {
    fn from(IfMatch(revision): IfMatch) -> Self {
        revision.map_or(Expected::Any, Expected::Is)
    }
}

/// What comes with a change that may be repeated.
pub struct Change {
    method: Method,
    uri: OriginalUri,
    headers: HeaderMap,
}

impl Change {
    /// As the fleet takes it.
    pub fn call(&self, caller: Caller, if_match: impl Into<Expected>, body_hash: SecretHash) -> Result<Call> {
        let route = format!("{} {}", self.method, self.uri.path());
        let idempotency = idempotency_key(&self.headers)?.map(|key| Idempotency { key, route, body_hash });
        Ok(Call { actor: actor(caller), if_match: if_match.into(), idempotency })
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Change {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> std::result::Result<Self, Self::Rejection> {
        let uri = OriginalUri::from_request_parts(parts, state).await?;
        Ok(Self { method: parts.method.clone(), uri, headers: parts.headers.clone() })
    }
}

/// What a drain would mean: who stays, what capacity remains, what stands in the way.
#[utoipa::path(
    get, path = "/nodes/{id}/drain-preview", tag = "drain", operation_id = "drain_preview",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "The preview", body = Envelope<DrainPreview>)),
)]
pub async fn drain_preview(State(app): State<App>, _: MayRead, Node(id): Node) -> Result<Response> {
    Ok(ok(app.fleet.drain_preview(&id).await?))
}

/// Takes a node out of the scheduler. Nothing that runs is moved. The answer is an operation: requested is not done.
#[utoipa::path(
    post, path = "/nodes/{id}/drain", tag = "drain", operation_id = "drain",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("If-Match" = String, Header, description = "The revision in double quotes, or `*`. Missing: 428.", pattern = r#"^(\*|(W/)?"[!#-~]{1,128}")$"#),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeat within 24 h has one effect and one answer.", pattern = "^[!-~]{1,200}$"),
    ),
    request_body = DrainRequest,
    responses(
        (status = 202, description = "Accepted and stored", body = Envelope<Operation>),
        (status = 409, description = "A rule refused it; `error.code` says which", body = Refused),
    ),
)]
pub async fn drain(
    State(app): State<App>,
    MayDrain(caller): MayDrain,
    Node(id): Node,
    if_match: IfMatch,
    change: Change,
    Body { value, hash }: Body<DrainRequest, DRAIN_MAX>,
) -> Result<Response> {
    let call = change.call(caller, if_match, hash)?;
    let operation = app.fleet.drain(&id, value, call).await?;
    Ok(success(StatusCode::ACCEPTED, "Accepted. The node is in maintenance once the engine has confirmed it.", operation))
}

/// Changes the reason of a maintenance, or when the node is expected back.
#[utoipa::path(
    patch, path = "/nodes/{id}/maintenance", tag = "drain", operation_id = "patch_maintenance",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("If-Match" = String, Header, description = "The revision in double quotes, or `*`. Missing: 428.", pattern = r#"^(\*|(W/)?"[!#-~]{1,128}")$"#),
    ),
    request_body = MaintenancePatch,
    responses(
        (status = 200, description = "The node as it is now", body = Envelope<ApiNode>, headers(("ETag" = String, description = "The new revision"))),
        (status = 409, description = "Not in maintenance, or changed meanwhile", body = Refused),
    ),
)]
pub async fn maintenance(
    State(app): State<App>,
    MayDrain(caller): MayDrain,
    Node(id): Node,
    if_match: IfMatch,
    Body { value, .. }: Body<MaintenancePatch>,
) -> Result<Response> {
    let call = Call { actor: actor(caller), if_match: if_match.into(), idempotency: None };
    with_etag(app.fleet.patch_maintenance(&id, value, call).await?)
}

/// Whether the node is ready to be activated: each check, and how long everything has been clean.
#[utoipa::path(
    get, path = "/nodes/{id}/activation-checks", tag = "activate", operation_id = "activation_checks",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "The checks", body = Envelope<ActivationChecks>)),
)]
pub async fn activation_checks(State(app): State<App>, _: MayRead, Node(id): Node) -> Result<Response> {
    Ok(ok(app.fleet.activation_checks(&id)?))
}

/// Brings a node back to a schedulable state. Gated on its checks; an override carries a reason and is logged as such.
#[utoipa::path(
    post, path = "/nodes/{id}/activate", tag = "activate", operation_id = "activate",
    params(
        ("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128),
        ("If-Match" = String, Header, description = "The revision in double quotes, or `*`. Missing: 428.", pattern = r#"^(\*|(W/)?"[!#-~]{1,128}")$"#),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeat within 24 h has one effect and one answer.", pattern = "^[!-~]{1,200}$"),
    ),
    request_body(content = Option<ActivateRequest>),
    responses(
        (status = 202, description = "Accepted and stored", body = Envelope<Operation>),
        (status = 409, description = "`activation_blocked` with the checks, or another rule", body = Refused),
    ),
)]
pub async fn activate(
    State(app): State<App>,
    MayActivate(caller): MayActivate,
    Node(id): Node,
    if_match: IfMatch,
    change: Change,
    OptionalBody(Body { value, hash }): OptionalBody<ActivateRequest>,
) -> Result<Response> {
    let call = change.call(caller, if_match, hash)?;
    let operation = app.fleet.activate(&id, value, call).await?;
    Ok(success(StatusCode::ACCEPTED, "Accepted. The node takes placements once the engine has confirmed it.", operation))
}

/// Stops an operation. What the engine shows then is in the answer; nothing is undone.
#[utoipa::path(
    post, path = "/nodes/{id}/operations/{op}/abort", tag = "operations", operation_id = "abort",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128), ("op" = String, Path, description = "The operation's id.", min_length = 1, max_length = 128)),
    responses(
        (status = 200, description = "The operation, ended", body = Envelope<Operation>),
        (status = 409, description = "It is finished already", body = Refused),
    ),
)]
pub async fn abort(State(app): State<App>, MayDrain(caller): MayDrain, NodeOperation(id, operation): NodeOperation) -> Result<Response> {
    let call = Call { actor: actor(caller), if_match: Expected::Any, idempotency: None };
    Ok(ok(app.fleet.abort(&id, &operation, call).await?))
}

/// Tries an operation again at once instead of at its time.
#[utoipa::path(
    post, path = "/nodes/{id}/operations/{op}/retry", tag = "operations", operation_id = "retry",
    params(("id" = String, Path, description = "The node's id.", min_length = 1, max_length = 128), ("op" = String, Path, description = "The operation's id.", min_length = 1, max_length = 128)),
    responses(
        (status = 200, description = "The operation", body = Envelope<Operation>),
        (status = 409, description = "It is finished already", body = Refused),
    ),
)]
pub async fn retry(State(app): State<App>, _: MayDrain, NodeOperation(id, operation): NodeOperation) -> Result<Response> {
    Ok(ok(app.fleet.retry(&id, &operation).await?))
}
