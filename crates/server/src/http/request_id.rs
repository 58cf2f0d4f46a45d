//! Every request has an id: taken over from `x-request-id` where it is sane, else made. It stands in the answer's
//! header, in the envelope, and in the log; the log never carries a query string, a header or a body.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, header::HeaderName},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

/// The header, both ways.
pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that is being answered by this task.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Ids from outside go into logs, so only plain ones are taken over.
fn sane(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The outermost layer.
pub async fn layer(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| sane(id))
        .map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned);
    let method = request.method().clone();
    // The pattern, not the path: a path may carry the secret of a shared link, and metrics need few labels.
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id = %id, %method, route = %route);
    let answer = async {
        let started = Instant::now();
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        let seconds = started.elapsed().as_secs_f64();
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(X_REQUEST_ID.clone(), value);
        }
        let method = if is_usual(&method) { method.to_string() } else { "other".to_owned() };
        let labels = [("method", method), ("route", route), ("status", status.to_string())];
        metrics::counter!("pitlane_http_requests_total", &labels).increment(1);
        metrics::histogram!("pitlane_http_request_duration_seconds", &labels[..2]).record(seconds);
        if status >= 500 && status != 501 {
            tracing::warn!(status, ms = seconds * 1e3, "answered");
        } else {
            tracing::debug!(status, ms = seconds * 1e3, "answered");
        }
        response
    };
    CURRENT.scope(id.clone(), answer.instrument(span)).await
}

/// Anybody can invent methods; metrics must not grow by them.
fn is_usual(method: &axum::http::Method) -> bool {
    matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS")
}

#[cfg(test)]
mod tests {
    use super::sane;

    #[test]
    fn only_plain_ids_are_taken_over() {
        assert!(sane("0198c0de-cafe-7000-8000-000000000000"));
        assert!(!sane("short"));
        assert!(!sane("with a space and more"));
        assert!(!sane(&"a".repeat(65)));
        assert!(!sane("new\nline-in-the-log"));
    }
}
