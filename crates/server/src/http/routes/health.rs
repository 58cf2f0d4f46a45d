//! For those who run it: is it alive, is it ready, what does it count, what does it offer.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use pitlane_api::{Action, Counts, Envelope, Words, say};
use pitlane_supervisor::FailingTask;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::http::{
    App,
    auth::Caller,
    fixed::Fixed,
    guard::{Anybody, Probe},
    metrics_handle, openapi,
    problem::{Problem, Result, ok},
};

/// The process runs and answers. It says nothing of what it works with: a server that is alive and not ready needs no restart.
#[utoipa::path(get, path = "/healthz", tag = "health", operation_id = "healthz", security(()), responses((status = 200, description = "It runs", body = Envelope<Value>)))]
pub async fn healthz(_: Probe) -> Response {
    ok(json!({ "alive": true }))
}

/// The store can be written, the engine answers, and no background task keeps failing. 503 says which does not.
#[utoipa::path(get, path = "/readyz", tag = "health", operation_id = "readyz", security(()), responses((status = 200, description = "All of it is so", body = Envelope<Value>)))]
pub async fn readyz(State(app): State<App>, _: Probe) -> Result<Response> {
    let store = app.writable().await;
    let engine = app.fleet.info().engine;
    if let Err(error) = &store {
        tracing::warn!(%error, "not ready: the store cannot be written");
        return Err(Problem::unavailable("store_unavailable", error.words(), 10));
    }
    if !engine.reachable {
        let why = engine.message.unwrap_or_else(|| say!("no reason given"));
        return Err(Problem::unavailable("engine_unavailable", say!("The engine does not answer: {}", why), 10));
    }
    let failing = app.fleet.failing_tasks();
    if !failing.is_empty() {
        for FailingTask { name, failures, last } in &failing {
            tracing::warn!(task = name, failures, last, "not ready: a background task keeps failing");
        }
        let names: Vec<&str> = failing.iter().map(|task| task.name).collect();
        let why = Words::plain(format!("Background tasks keep failing and are started again: {}. The log says why.", names.join(", ")));
        return Err(Problem::unavailable("tasks_failing", why, 10));
    }
    Ok(ok(json!({ "store": true, "engine": true, "tasks": true })))
}

/// Counts for Prometheus. Open on loopback; from elsewhere it wants a token of any role.
#[utoipa::path(get, path = "/metrics", tag = "health", operation_id = "metrics", security((), ("token" = []), ("session" = [])), responses((status = 200, description = "Prometheus' text format", content_type = "text/plain", body = String)))]
pub async fn metrics(State(app): State<App>, mut parts: Parts) -> Result<Response> {
    // Behind a proxy every request comes from loopback, so that says nothing there.
    let local = app.settings.listen.ip().is_loopback() && !app.settings.tls_terminated_upstream && app.settings.trusted_proxies.is_empty();
    if local {
        Anybody::from_request_parts(&mut parts, &app).await?;
    } else {
        Caller::from_request_parts(&mut parts, &app).await?.require(Action::Read)?;
    }
    let info = app.fleet.info();
    gauges("real", &info.counts);
    gauges("simulated", &info.simulated.unwrap_or_default());
    metrics::gauge!("pitlane_engine_reachable").set(if info.engine.reachable { 1.0 } else { 0.0 });
    metrics::gauge!("pitlane_event_streams").set(app.fleet.subscribers() as f64);
    let handle = metrics_handle().map_err(Problem::internal)?;
    handle.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response())
}

fn gauges(realm: &'static str, counts: &Counts) {
    let states = [
        ("pending", counts.pending),
        ("healthy", counts.healthy),
        ("degraded", counts.degraded),
        ("offline", counts.offline),
        ("failed", counts.failed),
        ("deleting", counts.deleting),
    ];
    for (health, count) in states {
        metrics::gauge!("pitlane_nodes", "realm" => realm, "health" => health).set(f64::from(count));
    }
    metrics::gauge!("pitlane_nodes_taking_placements", "realm" => realm).set(f64::from(counts.takes_placements));
    metrics::gauge!("pitlane_nodes_in_maintenance", "realm" => realm).set(f64::from(counts.maintenance));
    metrics::gauge!("pitlane_nodes_overdue", "realm" => realm).set(f64::from(counts.overdue));
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "health", operation_id = "openapi", security(()), responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Value)))]
pub async fn openapi(_: Anybody, headers: HeaderMap) -> Result<Response> {
    static DOCUMENT: OnceCell<Fixed> = OnceCell::const_new();
    let build =
        async || tokio::task::spawn_blocking(|| Fixed::json(&openapi::document())).await.map_err(Problem::internal)?.map_err(Problem::internal);
    Ok(DOCUMENT.get_or_try_init(build).await?.answer(&headers))
}
