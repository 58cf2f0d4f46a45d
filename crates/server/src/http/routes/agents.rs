//! What agents call: enrolling once, then beating.

use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use pitlane_api::{EnrollRequest, EnrollResponse, Envelope, HeartbeatRequest, HeartbeatResponse, Words};

use crate::{
    http::{
        App,
        auth::bearer,
        extract::{Body, StrangersBody},
        guard,
        limits::Who,
        openapi::Refused,
        problem::{Problem, Result, ok},
    },
    store::SecretHash,
};

/// Longest enrolment, in bytes: 64 labels as long as they may be, and the names.
const ENROLMENT_MAX: usize = 48 << 10;

/// Longest heartbeat, in bytes: 1,000 containers of 4 KiB each, with their labels and mounts. Read only for an agent that is known.
const HEARTBEAT_MAX: usize = 4 << 20;

/// Binds an agent to its node. The enrolment token is in the body; the answer carries the agent's own.
#[utoipa::path(
    post, path = "/agents/enroll", tag = "agents", operation_id = "enroll", security(()),
    request_body = EnrollRequest,
    responses(
        (status = 200, description = "Bound", body = Envelope<EnrollResponse>),
        (status = 409, description = "`already_claimed`: another agent has this node, and an admin must allow the replacement", body = Refused),
    ),
)]
pub async fn enroll(
    State(app): State<App>,
    parts: Parts,
    body: std::result::Result<StrangersBody<EnrollRequest, ENROLMENT_MAX>, Problem>,
) -> Result<Response> {
    let address = guard::client(&app, &parts);
    let failing = Who::Failing(address);
    let StrangersBody(value) = body.or_else(|problem| app.limits.check(Who::Address(address)).and(Err(problem)))?;
    let token = SecretHash::of(&value.token);
    let look = async { app.store.enrolment_token(&token).await.map_err(Problem::from) };
    // Whoever has a token that is there is not charged for neighbours who have none. Whether it is still good is asked where it is spent.
    if app.secrets.find(&app.limits, failing.clone(), token, look).await?.is_some() {
        app.limits.check(Who::Enrolling(token))?;
    }
    let answer = app.fleet.enroll(value, address.map(|ip| ip.to_string())).await.map_err(Problem::from);
    if answer.as_ref().is_err_and(|problem| problem.status() == StatusCode::UNAUTHORIZED) {
        app.limits.check(failing)?;
    }
    let answer = answer?;
    guard::known(&parts);
    Ok(ok(answer))
}

/// An agent whose token is known, with that token.
pub struct KnownAgent(String);

impl FromRequestParts<App> for KnownAgent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Some(token) = bearer(&parts.headers) else {
            app.limits.check(Who::Address(guard::client(app, parts)))?;
            return Err(Problem::unauthorized(Words::plain("A heartbeat carries the agent's own token: enrol first.")));
        };
        let hash = SecretHash::of(token);
        if !app.fleet.knows_agent(&hash) {
            app.limits.check(Who::Unknown(guard::client(app, parts)))?;
            return Err(Problem::unauthorized(Words::plain("This agent's token is not known: enrol again.")));
        }
        guard::known(parts);
        app.limits.heartbeat(hash)?;
        Ok(Self(token.to_owned()))
    }
}

/// A sign of life with everything the agent sees. Authorised by the agent's own token.
#[utoipa::path(
    post, path = "/agents/heartbeat", tag = "agents", operation_id = "heartbeat", security(("agent" = [])),
    request_body = HeartbeatRequest,
    responses((status = 200, description = "Taken in", body = Envelope<HeartbeatResponse>)),
)]
pub async fn heartbeat(
    State(app): State<App>,
    KnownAgent(token): KnownAgent,
    Body { value, .. }: Body<HeartbeatRequest, HEARTBEAT_MAX>,
) -> Result<Response> {
    metrics::counter!("pitlane_heartbeats_total").increment(1);
    Ok(ok(app.fleet.heartbeat(&token, value).await?))
}
