//! What agents call: enrolling once, then beating.

use axum::{extract::State, http::request::Parts, response::Response};
use pitlane_api::{EnrollRequest, EnrollResponse, Envelope, HeartbeatRequest, HeartbeatResponse, Words};

use crate::{
    http::{
        App,
        auth::bearer,
        extract::Body,
        guard,
        limits::Who,
        openapi::Refused,
        problem::{Problem, Result, ok},
    },
    store::SecretHash,
};

/// Longest heartbeat, in bytes: it carries every container of a host.
pub const HEARTBEAT_MAX: usize = 4 << 20;

/// Binds an agent to its node. The enrolment token is in the body; the answer carries the agent's own.
#[utoipa::path(
    post, path = "/agents/enroll", tag = "agents", operation_id = "enroll", security(()),
    request_body = EnrollRequest,
    responses(
        (status = 200, description = "Bound", body = Envelope<EnrollResponse>),
        (status = 409, description = "`already_claimed`: another agent has this node, and an admin must allow the replacement", body = Refused),
    ),
)]
pub async fn enroll(State(app): State<App>, parts: Parts, Body { value, .. }: Body<EnrollRequest>) -> Result<Response> {
    let address = guard::client(&app, &parts);
    app.limits.enrolment(address)?;
    let answer = app.fleet.enroll(value, address.map(|ip| ip.to_string())).await.map_err(Problem::from);
    if answer.as_ref().is_err_and(|problem| problem.status() == axum::http::StatusCode::UNAUTHORIZED) {
        app.limits.check(Who::Failing(address))?;
    }
    Ok(ok(answer?))
}

/// A sign of life with everything the agent sees. Authorised by the agent's own token.
#[utoipa::path(
    post, path = "/agents/heartbeat", tag = "agents", operation_id = "heartbeat", security(("agent" = [])),
    request_body = HeartbeatRequest,
    responses((status = 200, description = "Taken in", body = Envelope<HeartbeatResponse>)),
)]
pub async fn heartbeat(State(app): State<App>, parts: Parts, Body { value, .. }: Body<HeartbeatRequest>) -> Result<Response> {
    let Some(token) = bearer(&parts.headers) else {
        app.limits.check(Who::Address(guard::client(&app, &parts)))?;
        return Err(Problem::unauthorized(Words::plain("A heartbeat carries the agent's own token: enrol first.")));
    };
    app.limits.heartbeat(SecretHash::of(token))?;
    metrics::counter!("pitlane_heartbeats_total").increment(1);
    match app.fleet.heartbeat(token, value).await.map_err(Problem::from) {
        Err(problem) if problem.status() == axum::http::StatusCode::UNAUTHORIZED => {
            app.limits.check(Who::Address(guard::client(&app, &parts)))?;
            Err(problem)
        }
        answer => Ok(ok(answer?)),
    }
}
