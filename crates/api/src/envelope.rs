//! The envelope around every answer, as in the StackShift REST API.

use serde::{Deserialize, Serialize};

use crate::{
    Glossary, Read, Words,
    words::{collecting, knowing},
};

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
        /// What the sentences in `details` were made of, by their English.
        #[serde(default, skip_serializing_if = "Glossary::is_empty")]
        pub words: Glossary,
    }
}

impl ErrorBody {
    /// A code, with what belongs to it.
    pub fn new(code: &str, details: &impl Serialize) -> Self {
        let (details, words) = collecting(|| serde_json::to_value(details));
        Self { code: code.to_owned(), details: details.unwrap_or_default(), words }
    }

    /// A sentence among the details, such as the one about a wrong field that leaves out its name.
    pub fn sentence(&self, name: &str) -> Option<Words> {
        knowing(self.words.clone(), || self.details.get(name).cloned().and_then(Words::read))
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
    pub message: Words,
    /// What was asked for.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    /// Why it did not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
    /// Quote this when asking for help; it stands in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What the sentences of this answer were made of, by their English: [`crate::to_json`] adds it.
    #[serde(default, skip_serializing_if = "Glossary::is_empty")]
    pub words: Glossary,
}

fn none<T>() -> Option<T> {
    None
}
