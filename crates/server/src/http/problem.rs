//! Answers in the envelope: successes, and what is not one, with the request's id.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pitlane_api::{Envelope, ErrorBody, Refusal, Words, say};
use serde_json::Value;

use super::request_id;

/// What every handler gives back.
pub type Result<T> = std::result::Result<T, Problem>;

/// An answer that is not a success. What it says is for the person outside; what is for us goes to the log.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    message: Words,
    error: ErrorBody,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem with a word for programs and a sentence for a person.
    pub fn new(status: StatusCode, code: &str, message: Words) -> Self {
        let error = ErrorBody::new(code, &serde_json::json!({}));
        Self(Box::new(Inner { status, message, error, retry_after_s: None }))
    }

    /// Adds what belongs to the code.
    pub fn details(mut self, details: Value) -> Self {
        self.0.error.details = details;
        self
    }

    /// Adds when to come back.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds.max(1));
        self
    }

    /// 400: the request itself cannot be read. Said to whoever wrote the program, in plain English.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", Words::plain(message))
    }

    /// 401: nobody is signed in, or not any more.
    pub fn unauthorized(message: Words) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403: signed in, and not allowed.
    pub fn forbidden(code: &str, message: Words) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404.
    pub fn not_found(message: Words) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 422: a field is wrong. `details.field` names it.
    pub fn field(field: &str, message: Words) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", say!("{}: {}", field, &message));
        problem.0.error = ErrorBody::new("invalid_field", &serde_json::json!({ "field": field, "message": message }));
        problem
    }

    /// 428: a change without `If-Match`.
    pub fn precondition_required() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if_match_required",
            Words::plain("A change must carry If-Match with the node's revision (its ETag), or * to change whatever is there."),
        )
    }

    /// 429.
    pub fn rate_limited(seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", say!("Too many requests. Slow down and try again shortly.")).retry_after(seconds)
    }

    /// 501: not on this engine, or not in this version.
    pub fn unsupported(message: Words) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "not_supported", message)
    }

    /// 503: something Pitlane needs does not answer.
    pub fn unavailable(code: &str, message: Words, retry_after_s: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(retry_after_s)
    }

    /// 500. `inside` goes to the log under the request's id and to nobody outside.
    pub fn internal(inside: impl std::fmt::Display) -> Self {
        tracing::error!(error = %inside, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", say!("Pitlane failed at this. Its log says more under the request's id."))
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(StatusCode::CONFLICT, refusal.code(), refusal.message());
        problem.0.error = refusal.body();
        problem
    }
}

impl From<crate::store::Error> for Problem {
    fn from(error: crate::store::Error) -> Self {
        tracing::error!(%error, "the store failed");
        let retry = if error.is_transient() { 2 } else { 30 };
        Self::unavailable("store_unavailable", say!("Pitlane cannot read or write its database now, and changed nothing."), retry)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Inner { status, message, error, retry_after_s } = *self.0;
        let mut response = (status, json(&envelope(status, message, None::<()>, Some(error)))).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"pitlane\""));
        }
        response
    }
}

/// The envelope around an answer.
pub fn envelope<T>(status: StatusCode, message: Words, data: Option<T>, error: Option<ErrorBody>) -> Envelope<T> {
    Envelope {
        success: error.is_none(),
        status: status.canonical_reason().unwrap_or("Unknown").to_owned(),
        status_code: status.as_u16(),
        message,
        data,
        request_id: request_id::current(),
        error,
        words: Default::default(),
    }
}

/// An envelope as an answer, with what its sentences were made of.
pub fn json<T: serde::Serialize>(envelope: &Envelope<T>) -> Response {
    match pitlane_api::to_json(envelope) {
        Ok(text) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A success: 200 with data.
pub fn ok<T: serde::Serialize>(data: T) -> Response {
    success(StatusCode::OK, "", data)
}

/// A success with another code, or with a sentence for a person.
pub fn success<T: serde::Serialize>(status: StatusCode, message: &str, data: T) -> Response {
    (status, json(&envelope(status, Words::plain(message), Some(data), None))).into_response()
}
