//! The envelope around every answer, as in the StackShift REST API.

use serde::{Deserialize, Serialize};

wire! {
    /// The `error` of an answer that is not a success.
    #[derive(Eq)]
    pub struct ErrorBody {
        /// A word for programs; see [`crate::Refusal`].
        pub code: String,
        /// What belongs to that code.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(value_type = Object))]
        pub details: serde_json::Value,
    }
}

/// An answer: `data` on success, else `error`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Envelope<T> {
    /// Whether it worked.
    pub success: bool,
    /// The words of the status code.
    pub status: String,
    /// The HTTP status code.
    pub status_code: u16,
    /// For a person.
    #[serde(default)]
    pub message: String,
    /// What was asked for.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    /// Why it did not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
    /// Quote this when asking for help; it stands in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

fn none<T>() -> Option<T> {
    None
}
