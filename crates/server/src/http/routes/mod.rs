//! The calls, a file per subject. Each reads the request, asks the fleet, and wraps the answer.

pub mod agents;
pub mod bulk;
pub mod changes;
pub mod fleet;
pub mod health;
pub mod nodes;
pub mod plans;
pub mod sessions;
pub mod shared;

use super::problem::Problem;
use crate::fleet::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        use axum::http::StatusCode;
        match error {
            Error::NotFound(message) => Problem::not_found(message),
            Error::Refused(refusal) => refusal.into(),
            Error::Invalid { field, message } => Problem::field(&field, message),
            error @ Error::IdempotencyMismatch => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", error.words())
                .details(serde_json::json!({ "field": "Idempotency-Key" })),
            Error::EngineUnavailable { message, retry_after_s } => Problem::unavailable("engine_unavailable", message, retry_after_s),
            Error::EngineRefused(message) => Problem::unavailable("engine_refused", message, 60),
            Error::Unsupported(message) => Problem::unsupported(message),
            Error::StoreUnavailable { message } => {
                tracing::error!(error = %message, "the store failed");
                Problem::unavailable("store_unavailable", message, 10)
            }
            Error::Unauthorized(message) => Problem::unauthorized(message),
            Error::Forbidden(message) => Problem::forbidden("role", message),
            error @ Error::AlreadyClaimed { .. } => Problem::new(StatusCode::CONFLICT, "already_claimed", error.words()),
            error @ Error::ShuttingDown => Problem::unavailable("shutting_down", error.words(), 5),
            Error::Internal(inside) => Problem::internal(inside),
        }
    }
}
